"""
What takes longer than the first picture may, computed in a process of its own while the page is served.

That process makes the whole exploration, with what was left out of the first picture, and keeps it; then the running
page shows it.
"""

import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from threading import Thread

from dcase_explore.errors import ExploreError
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.messages import note
from dcase_explore.options import Options
from dcase_explore.pending import Pending
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
        What it does not have yet.
    server
        Of the page that shows the rest.
    arrangement
        Layout of that page.
    """

    def __init__(self, options: Options, pending: Pending, server: Server, arrangement: Arrangement) -> None:
        self._pending = pending
        self._server = server
        self._arrangement = arrangement
        self._began = time.monotonic()
        self._closed = False
        note(pending.sentence())
        server.say(pending.sentence(), holds=True)
        self._process = start_python("dcase_explore.cli.completing", [str(os.getpid())], {})
        if self._process.stdin:
            self._process.stdin.write(f"{json.dumps(asdict(options), default=str)}\n".encode())
            self._process.stdin.flush()
        Thread(target=self._wait, name="completing", daemon=True).start()

    def close(self) -> None:
        """End the process, whatever it does."""
        self._closed = True
        if self._process.poll() is None:
            kill_group(self._process)
            self._process.wait()

    def _wait(self) -> None:
        line = self._process.stdout.readline() if self._process.stdout else b""
        self._process.wait()  # that has nothing else to do; what nobody waits for stays among the system's processes
        if self._closed:
            return
        try:
            answer = json.loads(line or b'{"error": "its process has ended"}')
            if answer["error"]:
                raise ExploreError(answer["error"])
            stored = Stored(Path(answer["folder"]))
            if self._pending.findings:  # there are columns more, and among many clips others that are shown
                self._arrangement.fit(stored.columns)
                self._server.show(stored, self._arrangement)
            else:
                self._server.renew(stored)
            sentence = f"ready after {time.monotonic() - self._began:.0f} s: {self._pending}"
        except (ExploreError, OSError) as reason:
            sentence = f"could not be computed ({reason}): {self._pending}"
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
    from dcase_explore.exploring import for_page
    from dcase_explore.stored import kept

    options = Options(**asked)
    error = folder = None
    try:
        found = kept.find(options) or kept.make(options, lambda: for_page(options))
        folder = str(found.stored.folder)
        error = None if found.stored.folder.is_dir() else "it cannot be kept"
    except (ExploreError, OSError) as reason:
        error = str(reason)
    answers.write(json.dumps({"error": error, "folder": folder}) + "\n")
    answers.flush()
