"""
What takes longer than the first picture may, computed in a process of its own while the page is served.

That process makes the whole exploration, with the maps for which principal components stand in, and keeps it; then the
running page shows it.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Thread

from dcase_explore.errors import ExploreError
from dcase_explore.messages import note, some
from dcase_explore.options import Options
from dcase_explore.stored import Stored
from dcase_explore.viewer.behind import kill_group, start_python
from dcase_explore.viewer.lifeline import lines_of
from dcase_explore.viewer.server import Server


class Completing:
    """
    The process, and what it is for.

    Parameters
    ----------
    options
        What is asked for.
    pending
        Embeddings whose map is not computed yet.
    server
        Of the page that shows the rest.
    """

    def __init__(self, options: Options, pending: Sequence[str], server: Server) -> None:
        self._pending = some(pending)
        self._server = server
        self._began = time.monotonic()
        sentence = (
            f"the map of {self._pending} is being computed; until it is ready its place is taken by the first two "
            "principal components"
        )
        note(sentence)
        server.say(sentence, holds=True)
        self._process = start_python("dcase_explore.cli.completing", [str(os.getpid())], {})
        if self._process.stdin:
            self._process.stdin.write(f"{json.dumps(asdict(options), default=str)}\n".encode())
            self._process.stdin.flush()
        Thread(target=self._wait, name="completing", daemon=True).start()

    def close(self) -> None:
        """End the process, whatever it does."""
        kill_group(self._process)
        self._process.wait()

    def _wait(self) -> None:
        line = self._process.stdout.readline() if self._process.stdout else b""
        try:
            answer = json.loads(line or b'{"error": "its process has ended"}')
            if answer["error"]:
                raise ExploreError(answer["error"])
            self._server.renew(Stored(Path(answer["folder"])))
            sentence = f"the map of {self._pending} is ready after {time.monotonic() - self._began:.0f} s"
        except (ExploreError, OSError) as reason:
            sentence = f"the map of {self._pending} could not be computed ({reason})"
        note(sentence)
        self._server.say(sentence)


def main() -> None:
    """Make one exploration whole, whose options are told, and answer with its folder."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the program
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with Path(os.devnull).open("w") as nowhere:  # all of it has been said before
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    if hasattr(os, "nice"):
        os.nice(5)  # the page goes first
    asked = json.loads(lines_of(int(sys.argv[1]), lambda: None).get())
    from dcase_explore.exploring import explored
    from dcase_explore.stored import kept

    options = Options(**asked)
    error = folder = None
    try:
        found = kept.find(options) or kept.make(options, lambda: explored(options))
        folder = str(found.stored.folder)
        error = None if found.stored.folder.is_dir() else "it cannot be kept"
    except (ExploreError, OSError) as reason:
        error = str(reason)
    answers.write(json.dumps({"error": error, "folder": folder}) + "\n")
    answers.flush()
