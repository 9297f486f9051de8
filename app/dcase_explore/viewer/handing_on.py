"""
What is not answered here is handed on to the real Spotlight, requests and WebSockets alike.

The page's own WebSocket is answered here as long as the page only listens on it. The first thing that it asks, such as
the computation of a similarity map, opens a tunnel.
"""

import asyncio
import contextlib
import http.client
import json
import posixpath
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocketDisconnect

from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.viewer.behind import SECRET_HEADER, Behind
from dcase_explore.viewer.body import body_of
from dcase_explore.viewer.refusal import refusal

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.websockets import WebSocket

    from dcase_explore.viewer.shown import Page

MAX_BYTES = 2**25
"""Of what a request carries."""
ANSWER_SECONDS = 300

_OURS = frozenset(
    {"host", "origin", "connection", "upgrade", "keep-alive", "transfer-encoding", "content-length", "accept-encoding"}
    | {"te", "trailer", "proxy-authorization", SECRET_HEADER}
)
"""Headers that belong to one connection, and the one by which the real Spotlight knows us."""


_ASKED_BY_SCRIPTS = ("", "empty", "script", "style", "worker")
"""What browsers say a request is for, where a script, or a module that it imports, makes it."""


class HandingOn:
    """
    The way to the real Spotlight, which is started when it is first taken.

    Parameters
    ----------
    page
        What is shown, and what Spotlight shall show.
    behind
        The process it runs in.
    """

    def __init__(self, page: "Page", behind: Behind) -> None:
        self._page = page
        self._behind = behind
        self._sockets: set[WebSocket] = set()
        self._opened = 0
        self._said = ""
        self._loop: asyncio.AbstractEventLoop | None = None

    async def answer(self, request: "Request") -> Response:
        """
        Have Spotlight answer a request.

        Parameters
        ----------
        request
            Any that is not answered here.

        Returns
        -------
        starlette.responses.Response
            Its answer, or a sentence where there is none.
        """
        if request.headers.get("sec-fetch-dest", "") not in _ASKED_BY_SCRIPTS:
            return Response(status_code=404)  # a picture in a text, say, is no reason to start anything
        try:
            body = await body_of(request, MAX_BYTES)
        except ExploreError as reason:
            return refusal(str(reason), 413)
        headers = {name: value for name, value in request.headers.items() if name not in _OURS}
        query = f"?{request.url.query}" if request.url.query else ""
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
        try:
            status, its_headers, content = await anyio.to_thread.run_sync(
                self._ask, request.method, path + query, headers, body
            )
        except ExploreError as reason:
            return refusal(str(reason), 503)
        return Response(content, status_code=status, headers=its_headers)

    async def opened(self, _: "Request") -> Response:
        """How often the page was opened, and how often it is open now; each has a WebSocket as long as it is there."""
        return JSONResponse([self._opened, len(self._sockets)])

    async def talk(self, socket: "WebSocket") -> None:
        """
        Answer the page's WebSocket: listen, and open a tunnel for what is asked.

        Parameters
        ----------
        socket
            Not accepted yet.
        """
        self._loop = asyncio.get_running_loop()
        await socket.accept()
        self._opened += 1
        self._sockets.add(socket)
        for sentence in (self._page.stored.sampled, self._said):
            if sentence:
                await socket.send_text(_message("error", _notice(sentence)))
        tunnel: _Tunnel | None = None
        try:
            while True:
                asked = await socket.receive_text()
                if tunnel is None or tunnel.ended:
                    tunnel = _Tunnel(socket)
                    tunnel.begin(self._page, self._behind)
                await tunnel.send(asked)
        except (WebSocketDisconnect, KeyError):  # gone, or bytes, which the page never sends
            pass
        finally:
            self._sockets.discard(socket)
            if tunnel is not None:
                await tunnel.close()

    def say(self, sentence: str, *, holds: bool = False) -> None:
        """
        Say something in all pages, from any thread.

        Parameters
        ----------
        sentence
            What; empty to say no longer what was said before.
        holds
            Whether pages that are opened later are told as well, until something else is said.
        """
        self._said = sentence if holds else ""
        if sentence:
            self.tell("error", _notice(sentence))

    def tell(self, kind: str, data: Any = None) -> None:
        """
        Tell all pages something, from any thread.

        Parameters
        ----------
        kind
            ``"refresh"`` (the table is read again), ``"resetLayout"`` or ``"issuesUpdated"``.
        data
            What goes with it.
        """
        if self._loop is None or self._loop.is_closed():
            return
        text = _message(kind, data)

        async def send() -> None:
            for socket in list(self._sockets):
                with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it is going
                    await socket.send_text(text)

        asyncio.run_coroutine_threadsafe(send(), self._loop)

    def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, MutableMapping[str, str], bytes]:
        port = self._behind.port(self._page.stored)
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)) as connection:
            try:
                connection.request(method, path, body or None, {**headers, SECRET_HEADER: self._behind.secret})
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise ExploreError(f"Spotlight does not answer ({error}): try again") from error
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in (*_OURS, "location")}
        if location := answer.getheader("location"):
            kept["location"] = _from_here(location, path)
        return answer.status, kept, content


def _from_here(location: str, asked: str) -> str:
    """Where a redirect leads, as seen from what was asked for: its own port is nobody's business."""
    to, start = urlsplit(location), posixpath.dirname(urlsplit(f"http://here{asked}").path)
    folder, name = posixpath.split("/" + to.path.lstrip("/"))
    # With ./ before it no word of the path is taken for a scheme or a host.
    way = f"./{posixpath.relpath(folder, '/' + start.lstrip('/'))}/{name}"
    return f"{way}?{to.query}" if to.query else way


def _message(kind: str, data: Any) -> str:
    return json.dumps({"type": kind, "data": data})


def _notice(sentence: str) -> dict[str, str]:
    """What the page shows in a corner for a while."""
    return {"type": "Notice", "title": sentence, "detail": ""}


class _Tunnel:
    """One page's WebSocket, handed on."""

    def __init__(self, socket: "WebSocket") -> None:
        self._socket = socket
        self._asked: asyncio.Queue[str] = asyncio.Queue()
        self._pending: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether Spotlight has hung up."""
        return self._task is not None and self._task.done()

    def begin(self, page: "Page", behind: Behind) -> None:
        """Connect, which may take as long as Spotlight's start."""
        self._task = asyncio.create_task(self._run(page, behind))

    async def send(self, text: str) -> None:
        """Hand on what the page asks."""
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
            self._pending.add(str(json.loads(text)["data"]["task_id"]))
        await self._asked.put(text)

    async def close(self) -> None:
        """Hang up."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self, page: "Page", behind: Behind) -> None:
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        sentence = "Spotlight has ended: try again"
        try:
            port = await anyio.to_thread.run_sync(behind.port, page.stored)
            headers = {SECRET_HEADER: behind.secret}
            address = f"ws://127.0.0.1:{port}/api/ws"
            async with connect(
                address, additional_headers=headers, compression=None, max_size=None, proxy=None
            ) as spotlight:
                there = asyncio.create_task(self._there(spotlight))
                try:
                    async for text in spotlight:
                        await self._socket.send_text(self._told(text))
                finally:
                    there.cancel()
        except ExploreError as reason:
            sentence = str(reason)
        except (OSError, WebSocketException) as error:
            sentence = f"Spotlight has ended ({error}): try again"
        except RuntimeError:  # the page has gone
            return
        if self._pending:
            note(sentence)
        for task in self._pending:
            problem = {"type": "SpotlightEnded", "title": sentence, "detail": ""}
            text = json.dumps({"type": "task.error", "data": {"task_id": task, "error": problem}})
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await self._socket.send_text(text)

    async def _there(self, spotlight: Any) -> None:
        while True:
            await spotlight.send(await self._asked.get())

    def _told(self, text: str | bytes) -> str:
        said = text.decode() if isinstance(text, bytes) else text
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
            self._pending.discard(str(json.loads(said)["data"]["task_id"]))
        return said
