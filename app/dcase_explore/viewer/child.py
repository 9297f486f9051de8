"""
The viewer as a process of its own, for Python: a busy kernel must not freeze the page, nor the page the kernel.

It says where its page will be, and then shows the explorations whose paths it is told, one a line. It ends with the
pipe on which it is told: a kernel that dies leaves nothing behind.
"""

import contextlib
import json
import multiprocessing
import os
import queue
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from dcase_explore.errors import ExploreError
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.server import Server

SECRET = "DCASE_EXPLORE_PAGE"  # noqa: S105 - a name
"""Variable by which it is told the page's secret: a command line can be read by others."""


def main() -> None:
    """Serve until the pipe is closed; the arguments are the process that started this one, and the folder it shares."""
    parent, folder = int(sys.argv[1]), Path(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the kernel's cell
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever libraries print is no answer
    paths: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(paths, folder), daemon=True).start()
    threading.Thread(target=_end_with, args=(parent, folder), daemon=True).start()
    server = Server(Address(), os.environ.pop(SECRET, None))

    def answer(**document: Any) -> None:
        answers.write(json.dumps(document) + "\n")
        answers.flush()

    answer(url=server.url)
    with contextlib.suppress(ExploreError):  # said when there is something to show
        server.prepare()
    while True:
        sentence = _show(server, Path(paths.get()))
        answer(error=sentence)
        if sentence:
            server.tell(sentence)


def _show(server: Server, path: Path) -> str | None:
    """Show the exploration in a file and remove that; the reason where it cannot be shown."""
    from dcase_explore import handover

    try:
        server.show(handover.read(path))
    except (ExploreError, OSError) as reason:
        return str(reason)
    finally:
        path.unlink(missing_ok=True)
    return None


def _listen(paths: "queue.SimpleQueue[str]", folder: Path) -> None:
    """Hand on what is to be shown, a path a line; end at once with an empty line or the pipe, amid whatever is done."""
    for line in sys.stdin:
        if line == "\n":
            break
        paths.put(line.rstrip("\n"))
    _end(folder)


def _end_with(parent: int, folder: Path) -> None:
    """End when the process that started this one is gone, though another child of it may still hold the pipe."""
    while os.getppid() == parent:
        time.sleep(0.5)
    _end(folder)


def _end(folder: Path) -> None:
    for worker in multiprocessing.active_children():
        worker.kill()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)
