"""The page's server in this process: it answers at once, from a stored exploration, and imports nothing for it."""

import contextlib
import http.client
import json
import secrets
import ssl
import threading
import time
from typing import TYPE_CHECKING

from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.viewer.address import Address, bind_to
from dcase_explore.viewer.guard import LOOPBACK

if TYPE_CHECKING:
    from dcase_explore.layouts.arranging import Arrangement
    from dcase_explore.stored import Stored

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
    asks
        Whether the page is shown to those alone who know its address, for a token is a part of that.

    Raises
    ------
    ExploreError
        When the port is taken or the host is not this machine's.
    """

    def __init__(self, address: Address, token: str | None = None, *, asks: bool = False) -> None:
        self._address = address
        self._framed = token is not None
        self._token = token or (secrets.token_urlsafe(16) if asks else None)
        self._asks = asks
        self._socket = bind_to(address)
        self._port = self._socket.getsockname()[1]
        self._thread: threading.Thread | None = None
        # Told by an event, for Python takes a thread that it waits for as ended when it is interrupted meanwhile.
        self._ended = threading.Event()

    @property
    def url(self) -> str:
        """Address of the page."""
        host, port = self._address.host, self._port
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self._address.certificate else 'http'}://{shown}:{port}{self._folder}"

    @property
    def _folder(self) -> str:
        """Start of the path of all that is asked for."""
        return f"/{self._token}/" if self._asks else "/"

    def show(self, stored: "Stored", arrangement: "Arrangement") -> None:
        """
        Start the server in a thread, or have the running one show something else.

        Parameters
        ----------
        stored
            What to show.
        arrangement
            Its layout.

        Raises
        ------
        ExploreError
            When the server cannot be started.
        """
        if self._thread is None:
            self._begin(stored, arrangement)
        else:
            self._page.show(stored, arrangement)
            self._others.tell("refresh")
            self._others.tell("issuesUpdated")
            self._others.tell("resetLayout")

    def _begin(self, stored: "Stored", arrangement: "Arrangement") -> None:
        """Start the server."""
        import uvicorn

        from dcase_explore.viewer import statics
        from dcase_explore.viewer.app import application
        from dcase_explore.viewer.behind import Behind
        from dcase_explore.viewer.handing_on import HandingOn
        from dcase_explore.viewer.protocol import Protocol
        from dcase_explore.viewer.shown import Page

        self._page = Page()
        self._page.show(stored, arrangement)
        self._behind = Behind()
        self._others = HandingOn(self._page, self._behind)
        if statics.version() != statics.TESTED:
            note(
                f"Spotlight {statics.version() or 'of an unknown version'} is installed, and the page was tested with "
                f"{statics.TESTED}: Spotlight's own server answers, which takes some seconds longer"
            )
        app = application(
            self._page,
            self._others,
            any_host=self._address.host not in LOOPBACK,
            token=self._token,
            asks=self._asks,
            framed=self._framed,
        )
        config = uvicorn.Config(
            app,
            http=Protocol,
            lifespan="off",
            log_level="critical",
            ws_per_message_deflate=False,
            server_header=False,
            ssl_certfile=self._address.certificate,
            ssl_keyfile=self._address.key,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="page", daemon=True)
        self._thread.start()
        while not self._server.started:
            if self._ended.is_set():
                raise ExploreError("the page's server did not start: try again with --debug")
            time.sleep(0.002)

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except (OSError, ValueError):
            if not self._server.should_exit:  # otherwise its socket was closed while it was still at something
                raise
        finally:
            self._ended.set()

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

    def renew(self, stored: "Stored") -> None:
        """
        Show the same clips with other values: layout, filters and selection stay as they are.

        Parameters
        ----------
        stored
            What to show; row by row the clips that are shown now.
        """
        self._page.renew(stored)
        self._others.tell("refresh")

    def say(self, sentence: str, *, holds: bool = False) -> None:
        """
        Say something in all pages that are open.

        Parameters
        ----------
        sentence
            What.
        holds
            Whether pages that are opened later are told as well, until something else is said.
        """
        if self._thread is not None:
            self._others.say(sentence, holds=holds)

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
        while self._thread is not None and not self._ended.wait(0.5):
            pass

    def close(self) -> None:
        """End the server and every process it started."""
        if self._thread is not None:
            self._behind.close()
            self._server.should_exit = True
            self._ended.wait(STOP_SECONDS)
            self._thread = None
            self._page.stored.close()
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
            connection.request("GET", f"{self._folder}{path[1:]}")
            answer = connection.getresponse()
            body = answer.read()
        if answer.status != 200:
            raise ExploreError(f"{self.url.rstrip('/')}{path} answers {answer.status} instead of 200")
        return body
