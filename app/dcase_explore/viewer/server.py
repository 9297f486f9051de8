"""
Spotlight in this process, instead of a second one that imports everything again and is sent a pickled copy.

`SpotlightApp` is no documented API: the minor version is pinned and `tests/test_viewer.py` fails loudly when it moves.
"""

import contextlib
import http.client
import json
import multiprocessing
import multiprocessing.connection
import os
import socket
import sqlite3
import ssl
import sys
import threading
import warnings
import webbrowser
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.viewer.address import Address, bind_to
from dcase_explore.viewer.guard import LOOPBACK, Guard
from dcase_explore.viewer.page import main_script, sampling_rate_of
from dcase_explore.viewer.reports import Reports

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dcase_explore.explore import Exploration

STOP_SECONDS = 2


class Viewer:
    """
    One running page. The port is taken at once, so that a taken one is known before any data are read.

    Parameters
    ----------
    address
        Where to serve.

    Raises
    ------
    ExploreError
        When the port is taken or the host is not this machine's.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket = bind_to(address)
        self._port = self._socket.getsockname()[1]
        self._thread: threading.Thread | None = None
        self._reports: Reports | None = None

    @property
    def url(self) -> str:
        """Address of the page."""
        host, port = self._address.host, self._port
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self._address.certificate else 'http'}://{shown}:{port}/"

    def start(self, exploration: "Exploration") -> None:
        """
        Import Spotlight, start its server in a thread and hand it the exploration.

        Parameters
        ----------
        exploration
            What to show.

        Raises
        ------
        ExploreError
            When Spotlight cannot be started, or refuses the table or layout.
        """
        _import_spotlight()
        import uvicorn
        from renumics.spotlight.analysis.typing import DataIssue
        from renumics.spotlight.app import SpotlightApp
        from renumics.spotlight.app_config import AppConfig
        from renumics.spotlight.layout.nodes import Layout
        from starlette.routing import Route

        from dcase_explore.viewer import arranged, clip_source  # noqa: F401 - the second registers a data source
        from dcase_explore.viewer.fetching import Fetching

        try:
            layout = Layout.model_validate(exploration.arrangement.binding.layout)
        except ValueError as refusal:
            raise ExploreError(f"Spotlight refuses the layout {exploration.layout_name} ({refusal})") from refusal
        with _its_folders_writable():
            app = SpotlightApp()
        own = [Route("/static/main.js", _script_of(exploration)), *arranged.routes(exploration.arrangement)]
        app.router.routes[:0] = own
        app.add_middleware(Fetching, frame=exploration.frame)
        app.add_middleware(Guard, any_host=self._address.host not in LOOPBACK)
        config = uvicorn.Config(
            app,
            log_level="critical",
            ssl_certfile=self._address.certificate,
            ssl_keyfile=self._address.key,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        # Kept: Spotlight reports connected pages to the other end for as long as it runs.
        self._reports = reports = Reports()
        with reports:
            self._thread = threading.Thread(
                target=self._server.run, kwargs={"sockets": [self._socket]}, name="spotlight", daemon=True
            )
            self._thread.start()
            reports.wait("startup", self._thread)
            issues = [
                DataIssue(its.title, its.rows.tolist(), its.severity, list(its.columns), its.description)
                for its in exploration.findings
            ]
            app.update(AppConfig(dataset=exploration, layout=layout, custom_issues=issues, filebrowsing_allowed=False))
            error = reports.wait("update_complete", self._thread).get("error")
            if error:
                raise ExploreError(f"Spotlight cannot show this table ({type(error).__name__}: {error})")

    def open_browser(self) -> None:
        """Open the page in the user's browser, or say where it is when there is none."""
        headless = sys.platform.startswith("linux") and not (
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        )
        try:
            opened = not headless and webbrowser.open(self.url)
        except webbrowser.Error:
            opened = False
        if not opened:
            reason = "there is no display here" if headless else "no browser could be started"
            note(f"{reason}: open {self.url} yourself, from another machine through ssh -L {self._tunnel()}")

    def fetch_once(self) -> int:
        """
        Ask the running server for its own page and table, as a browser would.

        Returns
        -------
        int
            Rows in the table that came back.

        Raises
        ------
        ExploreError
            When either does not answer as it should.
        """
        page = self._get("/")
        if b"static/main.js" not in page:
            raise ExploreError(f"{self.url} answers, but not with Spotlight's page")
        columns = json.loads(self._get("/api/table/"))["columns"]
        return max((len(column["values"]) for column in columns if column["values"] is not None), default=0)

    def wait(self) -> None:
        """Block until the server ends or the process is interrupted."""
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(0.5)

    def close(self) -> None:
        """End the server and every process it started."""
        if self._thread is not None:
            # Projection workers first: the server's shutdown would wait for what they compute.
            for child in multiprocessing.active_children():
                child.kill()
            self._server.should_exit = True
            self._thread.join(STOP_SECONDS)
            self._thread = None
        if self._reports is not None:
            self._reports.close()
        self._socket.close()

    def _get(self, path: str) -> bytes:
        host, port = self._address.host, self._port
        if self._address.certificate:
            # To itself: the certificate names the host for others.
            context = ssl._create_unverified_context()  # noqa: S323
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=60, context=context
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        if answer.status != 200:
            raise ExploreError(f"{self.url.rstrip('/')}{path} answers {answer.status} instead of 200")
        return body

    def _tunnel(self) -> str:
        port = self._socket.getsockname()[1]
        return f"{port}:127.0.0.1:{port} {socket.gethostname()}"


def _script_of(exploration: "Exploration") -> Callable[["Request"], "Response"]:
    """Endpoint that serves the page's script fitted to the recordings."""
    from starlette.responses import Response

    frame = exploration.frame
    rate = sampling_rate_of(frame["path"].dropna().to_list() if "path" in frame else [])

    def serve(_: "Request") -> Response:
        return Response(main_script(rate), media_type="text/javascript", headers={"cache-control": "no-store"})

    return serve


def _import_spotlight() -> None:
    """Import Spotlight without its chatter about packages that are not needed here."""
    # By environment, so that its projection workers are quiet as well.
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("LOGURU_AUTOINIT", "0")
    warnings.filterwarnings("ignore", message="ORJSONResponse is deprecated")
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
