"""Keeps other sites out of the page: Host and Origin checks, which Spotlight's server does not make itself."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Guard:
    """
    ASGI middleware that answers 403 to a foreign Host or Origin, for requests and for WebSockets.

    A name that an attacker points at 127.0.0.1 (DNS rebinding) shows in Host; a script of another site, another port of
    this machine included, shows in Origin. A tunnel's own port is fine: Host is compared by name, Origin with Host.

    Parameters
    ----------
    app
        What is protected.
    any_host
        Whether any Host is answered: a server that others shall reach has names it cannot know, and TLS certificates
        keep a foreign name out.
    """

    def __init__(self, app: App, any_host: bool = False) -> None:
        self._app = app
        self._any_host = any_host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on or refuse it."""
        if scope["type"] not in ("http", "websocket") or self._allowed(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # Closing before accepting is a 403 on the wire.
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": b"403: this page answers only its own address\n"})

    def _allowed(self, scope: Scope) -> bool:
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        hosts = [value for name, value in headers if name == b"host"]
        origins = [value for name, value in headers if name == b"origin"]
        if len(hosts) != 1 or len(origins) > 1:
            return False
        try:
            name = urlsplit(f"//{hosts[0]}").hostname
        except ValueError:
            return False
        if not self._any_host and name not in LOOPBACK:
            return False
        secure = scope["scheme"] in ("https", "wss")
        return not origins or origins[0].lower() == f"{'https' if secure else 'http'}://{hosts[0]}".lower()
