"""The real Spotlight in a process of its own, behind the page: started when it is first needed."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcase_explore.errors import ExploreError
from dcase_explore.messages import note

if TYPE_CHECKING:
    from dcase_explore.stored import Stored

SECRET = "DCASE_EXPLORE_BEHIND"  # noqa: S105 - a name
"""Variable by which it is told whom to answer: a command line can be read by others."""
SECRET_HEADER = "x-dcase-explore"  # noqa: S105 - a name
END_SECONDS = 3


class Behind:
    """
    The process, if there is any.

    Attributes
    ----------
    secret
        Without which it answers nobody.
    """

    def __init__(self) -> None:
        self.secret = secrets.token_urlsafe(16)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._shows: Path | None = None
        self._closed = False

    @property
    def running(self) -> bool:
        """Whether it was needed, and is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return self._process.pid if self._process is not None and self.running else None

    def port(self, stored: "Stored") -> int:
        """
        Have it show something, and wait until it does.

        Parameters
        ----------
        stored
            What to show.

        Returns
        -------
        int
            Where it answers, on this machine.

        Raises
        ------
        ExploreError
            When it cannot be started, or cannot show that.
        """
        with self._lock:
            if self._closed:
                raise ExploreError("the page is closed")
            if not self.running:
                self._start()
            if self._shows != stored.folder:
                self._shows = None
                answer = self._ask(str(stored.folder))
                if answer["error"]:
                    raise ExploreError(str(answer["error"]))
                self._port, self._shows = int(answer["port"]), stored.folder
            return self._port

    def close(self) -> None:
        """End it, and make sure that it does."""
        self._closed = True
        process = self._process
        if process is None:
            return
        end_process(process, END_SECONDS)
        self._process = None

    def _start(self) -> None:
        note("starting Spotlight behind the page, which takes some seconds")
        self._shows = None
        self._process = start_python("dcase_explore.viewer.spotlight", [str(os.getpid())], {SECRET: self.secret})

    def _ask(self, folder: str) -> dict[str, Any]:
        process = self._process
        try:
            if process is None or process.stdin is None or process.stdout is None:
                raise BrokenPipeError
            process.stdin.write(f"{json.dumps(folder)}\n".encode())
            process.stdin.flush()
            line = process.stdout.readline()
        except (OSError, ValueError):
            line = b""
        if not line:
            code = process.wait() if process is not None else None
            raise ExploreError(f"Spotlight did not start (its process ended with {code}): try again")
        answer: dict[str, Any] = json.loads(line)
        return answer


def start_python(module: str, arguments: list[str], variables: dict[str, str]) -> "subprocess.Popen[bytes]":
    """
    Run ``main`` of a module of this package in a process that is told things on its stdin, and answers on its stdout.

    Parameters
    ----------
    module
        Its name.
    arguments, variables
        What it is given; others can read arguments.

    Returns
    -------
    subprocess.Popen
        In a session of its own, for what interrupts this process is sent to all processes of its session.
    """
    # The working folder is kept out of its path, for what lies there may be called as a library is.
    package = str(Path(__file__).parents[2])
    code = f"import sys; sys.path.append({package!r}); from {module} import main; main()"
    return subprocess.Popen(  # noqa: S603 - this interpreter, this package
        [sys.executable, "-P", "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Its helpers would warn of what is put away when it ends.
        env={**os.environ, **variables, "PYTHONWARNINGS": "ignore::UserWarning"},
        start_new_session=True,
    )


def end_process(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """
    End a process that `start_python` started, and make sure that it does.

    Parameters
    ----------
    process
        Which ends by itself when an empty line comes by its stdin, or nothing more.
    seconds
        To wait for it; then it is killed, with all that it started itself.
    """
    with contextlib.suppress(OSError):  # it was gone already
        if process.stdin:
            process.stdin.write(b"\n")  # another process may hold the pipe as well, so that closing it were not enough
            process.stdin.close()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        kill_group(process)
        process.wait()
    if process.stdout:
        process.stdout.close()


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """End a process that `start_python` started, with all that it started itself."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    else:  # Windows
        process.kill()
