"""
The page's server as a process of its own, for Python: a busy kernel must not freeze the page, nor the page the kernel.

It says where its page will be, and then shows the stored explorations it is told, with their layouts, one a line, or
what is to be said in the page. It ends with the pipe on which it is told: a kernel that dies leaves nothing behind.
"""

import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from dcase_explore.errors import ExploreError
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.stored import Stored
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.lifeline import lines_of
from dcase_explore.viewer.neighbours import has_neighbours
from dcase_explore.viewer.server import Server

SECRET = "DCASE_EXPLORE_PAGE"  # noqa: S105 - a name
"""Variable by which it is told the page's secret: a command line can be read by others."""


def main() -> None:
    """Serve until the pipe is closed; the arguments are the process that started this one, and the folder it shares."""
    parent, shared = int(sys.argv[1]), Path(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the kernel's cell
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever libraries print is no answer
    server: Server | None = None

    def put_away() -> None:
        if server is not None:
            server.close()
        shutil.rmtree(shared, ignore_errors=True)

    lines = lines_of(parent, put_away)
    server = Server(Address(), os.environ.pop(SECRET, None), asks=has_neighbours())

    def answer(**document: Any) -> None:
        answers.write(json.dumps(document) + "\n")
        answers.flush()

    answer(url=server.url)
    before: Path | None = None
    while True:
        told = json.loads(lines.get())
        if "folder" not in told:
            server.say(told["say"])
            continue
        folder = Path(told["folder"])
        sentence = _show(server, folder, told)
        # Spotlight, if it is there, has read what it shows.
        for done in (before, folder if sentence else None):
            if done is not None and shared in done.parents:
                shutil.rmtree(done, ignore_errors=True)
        before = before if sentence else folder
        answer(error=sentence)
        if sentence:
            server.tell(sentence)


def _show(server: Server, folder: Path, told: dict[str, Any]) -> str | None:
    """Show what is in a folder; the reason where it cannot be shown."""
    try:
        stored = Stored(folder)
        if told["again"]:
            server.renew(stored)
        else:
            layout = Arrangement(told["layout"], stored.columns, strict=told["strict"], name=told["name"])
            server.show(stored, layout)
        server.say(told["say"], holds=told["holds"])
    except (ExploreError, OSError) as reason:
        return str(reason)
    return None
