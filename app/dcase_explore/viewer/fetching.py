"""Fetches a recording before Spotlight is asked for it: its own handlers would hold up the whole page meanwhile."""

import json
import re
from collections.abc import Callable
from functools import lru_cache

import anyio.to_thread
import pandas as pd

from dcase_explore.columns import describe
from dcase_explore.messages import note
from dcase_explore.recordings import NotHere, OnItsWay, fetch
from dcase_explore.viewer.guard import App, Receive, Scope, Send

_CELL = re.compile(r"/api/table/(?P<column>[^/]+)/(?P<row>\d{1,9})(?:/waveform)?")


class Fetching:
    """
    ASGI middleware that makes sure, in a thread of its own, that a recording asked for is on this machine.

    Where it is not to be had, the answer is Spotlight's own kind of refusal, whose title the page shows.

    Parameters
    ----------
    app
        What answers then.
    frame
        Gives the clip table that the page shows.
    """

    def __init__(self, app: App, frame: Callable[[], pd.DataFrame]) -> None:
        self._app = app
        self._frame = frame

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Fetch what is asked for, if it is a recording, and pass the request on."""
        path = self._recording(scope["path"]) if scope["type"] == "http" else None
        if path is not None:
            try:
                await anyio.to_thread.run_sync(fetch, path)
            except NotHere as reason:
                if not isinstance(reason, OnItsWay):
                    _say_once(str(reason))
                await _refuse(str(reason), send)
                return
        await self._app(scope, receive, send)

    def _recording(self, address: str) -> str | None:
        match, frame = _CELL.fullmatch(address), self._frame()
        if match is None or match["column"] not in frame or int(match["row"]) >= len(frame):
            return None
        column = describe(match["column"])
        if column is None or column.kind != "audio":
            return None
        path = frame[match["column"]].iloc[int(match["row"])]
        return path if isinstance(path, str) else None


async def _refuse(sentence: str, send: Send) -> None:
    body = json.dumps({"title": sentence, "detail": "", "type": "Problem"}).encode()
    await send({"type": "http.response.start", "status": 503, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


@lru_cache(maxsize=256)
def _say_once(sentence: str) -> None:
    note(sentence)
