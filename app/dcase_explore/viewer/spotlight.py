"""
The real Spotlight, behind the page: a process that shows the stored explorations it is told, one a line.

`SpotlightApp` is no documented API: the minor version is pinned, and `tests/test_contract.py` fails when it moves.
"""

import contextlib
import hmac
import json
import logging
import os
import signal
import socket
import sqlite3
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcase_explore.errors import ExploreError
from dcase_explore.viewer.behind import SECRET, SECRET_HEADER
from dcase_explore.viewer.guard import App, Receive, Scope, Send
from dcase_explore.viewer.lifeline import lines_of
from dcase_explore.viewer.spotlight_line import SpotlightLine

if TYPE_CHECKING:
    from dcase_explore.exploration import Exploration


def main() -> None:
    """Serve until the pipe is closed; the argument is the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the program
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever libraries print is no answer
    lines = lines_of(int(sys.argv[1]), lambda: None)
    spotlight = Spotlight(os.environ.pop(SECRET, ""))
    while True:
        error = None
        try:
            from dcase_explore.stored.exploration import read

            spotlight.show(read(Path(json.loads(lines.get()))))
        except (ExploreError, OSError) as reason:
            error = str(reason)
        answers.write(json.dumps({"error": error, "port": spotlight.port}) + "\n")
        answers.flush()


class Spotlight:
    """
    Spotlight's server in this process.

    Parameters
    ----------
    secret
        What a request has to bring in the header `SECRET_HEADER`.

    Attributes
    ----------
    port
        On this machine's loopback.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread: threading.Thread | None = None
        self._line: SpotlightLine | None = None
        self._app: Any = None

    def show(self, exploration: "Exploration") -> None:
        """
        Start the server in a thread, or have the running one show something else.

        Parameters
        ----------
        exploration
            What to show.

        Raises
        ------
        ExploreError
            When Spotlight cannot be started, or refuses the table.
        """
        _import_spotlight()
        from renumics.spotlight.analysis.typing import DataIssue
        from renumics.spotlight.app_config import AppConfig

        from dcase_explore.viewer import clip_source  # noqa: F401 - registers the exploration as a data source

        issues = [
            DataIssue(
                finding.title, finding.rows.tolist(), finding.severity, list(finding.columns), finding.description
            )
            for finding in exploration.findings
        ]
        if self._thread is None:
            self._begin()
        self._app.update(AppConfig(dataset=exploration, custom_issues=issues, filebrowsing_allowed=False))
        error = self._report("update_complete").get("error")
        if error:
            self._report("update_complete")  # which follows a failed one as well
            raise ExploreError(f"Spotlight cannot show this table ({type(error).__name__}: {error})")

    def _begin(self) -> None:
        """Start the server."""
        import uvicorn
        from renumics.spotlight.app import SpotlightApp

        with _its_folders_writable():
            self._app = SpotlightApp()
        self._app.add_middleware(_OnlyWithSecret, secret=self._secret)
        config = uvicorn.Config(self._app, log_level="critical", ws_per_message_deflate=False)
        server = uvicorn.Server(config)
        # Kept: Spotlight reports connected pages to the other end for as long as it runs.
        self._line = line = SpotlightLine()
        with line:
            self._thread = threading.Thread(
                target=server.run, kwargs={"sockets": [self._socket]}, name="spotlight", daemon=True
            )
            self._thread.start()
            self._report("startup")

    def _report(self, kind: str) -> dict[str, Any]:
        """Next report of a kind, waited for while the server lives."""
        if self._line is None or self._thread is None:
            raise ExploreError("Spotlight's server is not running")
        return self._line.wait(kind, self._thread)


class _OnlyWithSecret:
    """ASGI middleware that answers nobody but the program that started this process."""

    def __init__(self, app: App, secret: str) -> None:
        self._app = app
        self._secret = secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        brought = [value for name, value in scope["headers"] if name.lower() == SECRET_HEADER.encode()]
        if len(brought) == 1 and hmac.compare_digest(brought[0], self._secret):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})


def _import_spotlight() -> None:
    """Import Spotlight without its chatter about packages that are not needed here."""
    # By environment, so that its projection workers are quiet as well.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("LOGURU_AUTOINIT", "0")
    warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it trips over a page that goes while a map is computed
    with _its_folders_writable():
        from renumics import spotlight  # noqa: F401


@contextlib.contextmanager
def _its_folders_writable() -> Iterator[None]:
    """Say what to set where Spotlight cannot keep its settings and its cache."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise ExploreError(
            f"Spotlight cannot write its settings and cache ({error}): set XDG_CONFIG_HOME and XDG_CACHE_HOME to "
            "folders that can be written"
        ) from error
