"""The page's table, its findings and its cells, from what is stored."""

import re
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

import anyio.to_thread
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dcase_explore.messages import note
from dcase_explore.recordings import fetch
from dcase_explore.recordings.kept import NotHere, OnItsWay
from dcase_explore.stored.cells import read_at
from dcase_explore.viewer.refusal import refusal
from dcase_explore.viewer.sounds import NoSound, peaks_of, sound_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from dcase_explore.viewer.handing_on import HandingOn
    from dcase_explore.viewer.shown import Page

_PIECE = 2**20
"""Bytes of the table that are sent at a time."""
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def routes(page: "Page") -> list[Route]:
    """
    Routes of the table and of the findings.

    Parameters
    ----------
    page
        What is shown.
    """

    async def table(_: "Request") -> Response:
        return _sent(page.stored.table, page.stored.table_bytes)

    async def issues(_: "Request") -> Response:
        return _sent(page.stored.issues, page.stored.issues_bytes)

    return [Route("/api/table/", table), Route("/api/issues/", issues)]


def cells(page: "Page", others: "HandingOn") -> list[Route]:
    """
    Routes of single cells: texts, recordings, and the peaks of these.

    Parameters
    ----------
    page
        What is shown.
    others
        Answers for cells of other kinds.
    """

    async def cell(request: "Request") -> Response:
        return await answer(request, waveform=False)

    async def waveform(request: "Request") -> Response:
        return await answer(request, waveform=True)

    async def answer(request: "Request", *, waveform: bool) -> Response:
        column, row, stored = request.path_params["column"], request.path_params["row"], page.stored
        column_cells, kind = stored.cells(column), stored.kinds.get(column)
        if column_cells is None or (waveform and kind != "audio"):
            return await others.answer(request)
        if row >= stored.rows:
            return refusal(f"there is no row {row}: the table has {stored.rows:,}", 404)
        if kind == "text":
            return Response(
                await anyio.to_thread.run_sync(column_cells.__getitem__, row), media_type="application/json"
            )
        try:
            path = await anyio.to_thread.run_sync(column_cells.text, row)
            if path:
                await anyio.to_thread.run_sync(fetch, path)
            content = await anyio.to_thread.run_sync(peaks_of if waveform else sound_of, path)
        except NotHere as reason:
            if not isinstance(reason, OnItsWay):
                _say_once(str(reason))
            return refusal(str(reason), 503)
        except NoSound as reason:
            return refusal(str(reason), reason.status)
        return Response(content, media_type="application/json") if waveform else _ranged(request, content)

    return [Route("/api/table/{column}/{row:int}", cell), Route("/api/table/{column}/{row:int}/waveform", waveform)]


def _sent(file: "BinaryIO", size: int) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        for offset in range(0, size, _PIECE):
            yield await anyio.to_thread.run_sync(read_at, file.fileno(), min(_PIECE, size - offset), offset)

    headers = {"content-length": str(size), "cache-control": "no-store"}
    return StreamingResponse(pieces(), media_type="application/json", headers=headers)


def _ranged(request: "Request", content: bytes) -> Response:
    """All of a recording, or the range that is asked for."""
    headers = {"accept-ranges": "bytes", "cache-control": "no-store"}
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    kind = "application/octet-stream"
    if not asked or asked.groups() == ("", ""):
        return Response(content, media_type=kind, headers=headers)
    first, last = (int(digits) if digits else None for digits in asked.groups())
    start = max(0, len(content) - (last or 0)) if first is None else first
    end = len(content) if first is None or last is None else min(last + 1, len(content))
    if start >= end:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{len(content)}"})
    headers["content-range"] = f"bytes {start}-{end - 1}/{len(content)}"
    return Response(content[start:end], status_code=206, media_type=kind, headers=headers)


@lru_cache(maxsize=256)
def _say_once(sentence: str) -> None:
    note(sentence)
