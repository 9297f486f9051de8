"""
Spotlight in this process, instead of a second one that imports everything again and is sent a pickled copy.

`SpotlightApp` is no documented API: the minor version is pinned and `tests/test_viewer.py` fails loudly when it moves.
"""

import asyncio
import contextlib
import http.client
import json
import multiprocessing
import multiprocessing.connection
import os
import sqlite3
import ssl
import threading
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dcase_explore.errors import ExploreError
from dcase_explore.viewer.address import Address, bind_to
from dcase_explore.viewer.guard import LOOPBACK, App, Guard, Receive, Scope, Send
from dcase_explore.viewer.page import main_script, sampling_rate_of
from dcase_explore.viewer.reports import Reports

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dcase_explore.exploration import View

STOP_SECONDS = 2


class Server:
    """
    One running page. The port is taken at once, so that a taken one is known before any data are read.

    Parameters
    ----------
    address
        Where to serve.
    token
        Secret by which a notebook server may hand requests on; see `Guard`.

    Raises
    ------
    ExploreError
        When the port is taken or the host is not this machine's.
    """

    def __init__(self, address: Address, token: str | None = None) -> None:
        self._address = address
        self._token = token
        self._socket = bind_to(address)
        self._port = self._socket.getsockname()[1]
        self._thread: threading.Thread | None = None
        self._reports: Reports | None = None
        self._ready = threading.Event()
        self._shown: View

    @property
    def url(self) -> str:
        """Address of the page."""
        host, port = self._address.host, self._port
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self._address.certificate else 'http'}://{shown}:{port}/"

    def prepare(self) -> None:
        """
        Import Spotlight, which takes seconds, before there is anything to show.

        Raises
        ------
        ExploreError
            When Spotlight cannot be started.
        """
        _import_spotlight()

    def show(self, exploration: "View") -> None:
        """
        Start Spotlight's server in a thread, or have the running one show something else.

        Parameters
        ----------
        exploration
            What to show.

        Raises
        ------
        ExploreError
            When Spotlight cannot be started, or refuses the table or layout.
        """
        self.prepare()
        from renumics.spotlight.analysis.typing import DataIssue
        from renumics.spotlight.app_config import AppConfig
        from renumics.spotlight.layout.nodes import Layout

        from dcase_explore.viewer import clip_source  # noqa: F401 - registers the exploration as a data source

        try:
            layout = Layout.model_validate(exploration.arrangement.binding.layout)
        except ValueError as refusal:
            raise ExploreError(f"Spotlight refuses the layout {exploration.layout_name} ({refusal})") from refusal
        self._shown = exploration
        issues = [
            DataIssue(its.title, its.rows.tolist(), its.severity, list(its.columns), its.description)
            for its in exploration.findings
        ]
        if self._thread is None:
            self._begin()
        self._rows.reset(len(exploration.frame))
        self._app.update(
            AppConfig(dataset=exploration, layout=layout, custom_issues=issues, filebrowsing_allowed=False)
        )
        error = self._report("update_complete").get("error")
        self._ready.set()
        if error:
            self._report("update_complete")  # which follows a failed one as well
            raise ExploreError(f"Spotlight cannot show this table ({type(error).__name__}: {error})")

    def _begin(self) -> None:
        """Start the server."""
        import uvicorn
        from renumics.spotlight.app import SpotlightApp
        from starlette.routing import Route

        from dcase_explore.viewer import arranged, facts, nearest
        from dcase_explore.viewer.fetching import Fetching
        from dcase_explore.viewer.rows import Rows

        self._rows = Rows()
        with _its_folders_writable():
            self._app = app = SpotlightApp()
        own = [Route("/static/main.js", self._script), *self._rows.routes()]
        own += arranged.routes(lambda: self._shown.arrangement)
        own += facts.routes(lambda: self._shown)
        own += nearest.routes(lambda: self._shown.frame)
        app.router.routes[:0] = own
        app.add_middleware(Fetching, frame=lambda: self._shown.frame)
        app.add_middleware(_OnceReady, ready=self._ready)
        app.add_middleware(Guard, any_host=self._address.host not in LOOPBACK, token=self._token)
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
            self._report("startup")

    def _report(self, kind: str) -> dict[str, Any]:
        """Next report of a kind, waited for while the server lives."""
        if self._reports is None or self._thread is None:
            raise ExploreError("Spotlight's server is not running")
        return self._reports.wait(kind, self._thread)

    def _script(self, _: "Request") -> "Response":
        """Endpoint that serves the page's script fitted to the recordings."""
        from starlette.responses import Response

        from dcase_explore.viewer.rows import SCRIPT

        frame = self._shown.frame
        rate = sampling_rate_of(frame["path"].dropna().to_list() if "path" in frame else [])
        return Response(main_script(rate) + SCRIPT, media_type="text/javascript", headers={"cache-control": "no-store"})

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

    def tell(self, sentence: str) -> None:
        """
        Answer everybody with a sentence, if there is no page to show.

        Parameters
        ----------
        sentence
            Why there is none.
        """
        if self._thread is not None:
            return
        body = f"{sentence}\n".encode()
        head = f"HTTP/1.1 503 -\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {len(body)}\r\n\r\n"

        def answer() -> None:
            with contextlib.suppress(OSError):  # closed
                while True:
                    connection, _ = self._socket.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.settimeout(1)
                        connection.recv(2**16)
                        connection.sendall(head.encode() + body)

        threading.Thread(target=answer, name="sentence", daemon=True).start()

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


class _OnceReady:
    """ASGI middleware that has whoever is early wait until there is something to show."""

    def __init__(self, app: App, ready: threading.Event) -> None:
        self._app = app
        self._ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while scope["type"] != "lifespan" and not self._ready.is_set():
            await asyncio.sleep(0.02)
        await self._app(scope, receive, send)


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
