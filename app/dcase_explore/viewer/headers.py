"""What every answer carries for the browser: nothing foreign is loaded, no script but the page's own runs."""

import re
from collections.abc import MutableMapping
from typing import Any

from dcase_explore.viewer.guard import App, Receive, Scope, Send

_POLICY = (
    # Style sheets are made in the page, and pictures, sounds and fonts of what it holds already.
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' blob:{sockets}; "
    "base-uri 'none'; form-action 'none'{frames}"
)
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
OTHERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Headers:
    """
    ASGI middleware that puts the policies on whatever is answered.

    Parameters
    ----------
    app
        What answers.
    framed
        Whether pages of others may hold this one in a frame, as a notebook does.
    """

    def __init__(self, app: App, framed: bool = False) -> None:
        self._app = app
        self._framed = framed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the policies."""

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", self._policy(scope).encode())
                ours = {policy[0], *(name for name, _ in OTHERS)}
                others = [pair for pair in message.get("headers", []) if pair[0].lower() not in ours]
                message = {**message, "headers": [*others, policy, *OTHERS]}
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)

    def _policy(self, scope: Scope) -> str:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"host"]
        # Some browsers do not take a page's own WebSockets for 'self'.
        known = len(hosts) == 1 and _HOST.fullmatch(hosts[0])
        sockets = f" ws://{hosts[0]} wss://{hosts[0]}" if known else ""
        return _POLICY.format(sockets=sockets, frames="" if self._framed else "; frame-ancestors 'none'")
