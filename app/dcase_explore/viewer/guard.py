"""Keeps other sites out of the page: Host and Origin checks, which Spotlight's server does not make itself."""

import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "dcase-explore"
_HOST = re.compile(r"([A-Za-z0-9._\-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
"""A name or an address, and a port; nothing else that a URL may have there."""
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
    token
        A secret by which any Host is answered as well: a notebook server on another machine hands requests on under its
        own name. The page's address brings it once, ``?token=…``; then a cookie does, which no other site has. Or it
        is the first folder of the address, as of all that the page asks for then.
    asks
        Whether nobody is answered without the token: others use this machine.
    """

    def __init__(self, app: App, any_host: bool = False, token: str | None = None, asks: bool = False) -> None:
        self._app = app
        self._any_host = any_host
        self._token = token
        self._asks = asks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        inner = self._without_token(scope)
        known = inner is not None or self._knows_token(scope)
        if self._allowed(scope, known) and (known or not self._asks):
            await self._app(inner or scope, receive, self._with_cookie(send) if self._brings_token(scope) else send)
        elif scope["type"] == "websocket":
            # Closing before accepting is a 403 on the wire.
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            address = "the address that was printed, with its token" if self._asks else "its own address"
            await send({"type": "http.response.body", "body": f"403: this page answers only {address}\n".encode()})

    def _allowed(self, scope: Scope, known: bool) -> bool:
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        hosts = [value for name, value in headers if name == b"host"]
        origins = [value for name, value in headers if name == b"origin"]
        if len(hosts) != 1 or len(origins) > 1:
            return False
        if not _HOST.fullmatch(hosts[0]):
            return False
        try:
            name, _ = (parts := urlsplit(f"//{hosts[0]}")).hostname, parts.port
        except ValueError:  # no address in the brackets, no such port
            return False
        if not self._any_host and name not in LOOPBACK and not known:
            return False
        secure = scope["scheme"] in ("https", "wss")
        # What hands requests on may be asked by https and ask here by http.
        schemes = ("http", "https") if known else ("https" if secure else "http",)
        return not origins or origins[0].lower() in [f"{scheme}://{hosts[0]}".lower() for scheme in schemes]

    def _without_token(self, scope: Scope) -> Scope | None:
        """The request as it is without the token as its first folder; None where it has none."""
        if self._token is None:
            return None
        path = scope["path"].encode()
        folder = f"/{self._token}/".encode()
        if not secrets.compare_digest(path[: len(folder)], folder):
            return None
        raw = scope.get("raw_path") or path
        rest = raw[len(folder) - 1 :] if raw.startswith(folder) else path[len(folder) - 1 :]
        return {**scope, "path": scope["path"][len(folder) - 1 :], "raw_path": rest}

    def _brings_token(self, scope: Scope) -> bool:
        """Whether the address has the token."""
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        return self._token is not None and secrets.compare_digest(given.encode(), self._token.encode())

    def _knows_token(self, scope: Scope) -> bool:
        """Whether a request has the token, in its address or as a cookie."""
        if self._token is None:
            return False
        wanted = f"{COOKIE}={self._token}".encode()
        cookies = [
            one.strip() for name, value in scope["headers"] if name.lower() == b"cookie" for one in value.split(b";")
        ]
        return self._brings_token(scope) or any(secrets.compare_digest(one, wanted) for one in cookies)

    def _with_cookie(self, send: Send) -> Send:
        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                cookie = f"{COOKIE}={self._token}; HttpOnly; SameSite=Lax".encode()
                message = {**message, "headers": [*message.get("headers", []), (b"set-cookie", cookie)]}
            await send(message)

        return sending
