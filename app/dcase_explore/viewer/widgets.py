"""
What our widgets ask the server: facts beside the table, what a clip is compared with, other layouts.

Nothing heavy is imported before somebody asks.
"""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dcase_explore.errors import ExploreError
from dcase_explore.layouts.curated import curated_names
from dcase_explore.layouts.files import read_layout
from dcase_explore.layouts.library import library_names
from dcase_explore.messages import note
from dcase_explore.viewer.body import body_of
from dcase_explore.viewer.refusal import refusal

if TYPE_CHECKING:
    import pandas as pd
    from starlette.requests import Request

    from dcase_explore.layouts.arranging import Arrangement
    from dcase_explore.notes import Notes

MAX_BYTES, MAX_ROWS_BYTES = 2**12, 2**25


def routes(
    facts: Callable[[], bytes],
    intervals: Callable[[], bytes],
    frame: "Callable[[], pd.DataFrame]",
    clip_ids: Callable[[], Sequence[str]],
    arrangement: "Callable[[], Arrangement]",
    notes: "Callable[[], Notes]",
) -> list[Route]:
    """
    Routes under ``/api/dcase/``.

    Parameters
    ----------
    facts
        Gives `as_bytes` of `dcase_explore.facts.facts_of` what is shown now.
    intervals
        Gives `dcase_explore.facts.intervals_of` it likewise.
    frame
        Gives the clip table that is shown now.
    clip_ids
        Gives its clips, row by row, without reading all of it.
    arrangement
        Gives its layout.
    notes
        Gives the notes on its clips.

    Returns
    -------
    list of starlette.routing.Route
        ``facts``, ``intervals``, ``nearest/<row>``, ``clip?clip_id=…`` (its row), ``csv`` (of the rows that are sent)
        and ``layout``.
    """

    def told(_: "Request") -> Response:  # not a coroutine: run beside the event loop
        return Response(facts(), media_type="application/json")

    def sure(_: "Request") -> Response:
        return Response(intervals(), media_type="application/json")

    def nearest(request: "Request") -> Response:
        from dcase_explore.nearest import nearest_of

        row, clips = request.path_params["row"], frame()
        if row >= len(clips):
            return Response(status_code=404)
        return Response(as_bytes(nearest_of(clips, row)), media_type="application/json")

    def clip(request: "Request") -> Response:
        clip_id = request.query_params.get("clip_id")
        row = next((row for row, one in enumerate(clip_ids()) if one == clip_id), None)
        return Response(status_code=404) if row is None else JSONResponse({"row": row})

    def table(rows: list[int]) -> bytes:
        from dcase_explore.selection import as_csv

        clips = frame()
        if any(row >= len(clips) for row in rows):
            raise ExploreError("those rows are not in the table that is shown: load the page anew")
        return as_csv(clips, rows, json.loads(facts())["findings"], notes().read())

    async def csv(request: "Request") -> Response:
        try:
            rows = _rows_in(await body_of(request, MAX_ROWS_BYTES))
            return Response(await run_in_threadpool(table, rows), media_type="text/csv")
        except ExploreError as reason:
            return refusal(str(reason))

    async def layouts(request: "Request") -> Response:
        if request.method == "PUT":
            try:
                name = _name_in(await body_of(request, MAX_BYTES))
                changes = arrangement().load(read_layout(name), name)
            except ExploreError as reason:
                return refusal(str(reason))
            if changes and name not in curated_names():
                note(f"layout {name}: {'; '.join(changes)}")
        return JSONResponse({"layouts": [*curated_names(), *library_names()], "current": arrangement().name})

    return [
        Route("/api/dcase/facts", told, methods=["GET"]),
        Route("/api/dcase/intervals", sure, methods=["GET"]),
        Route("/api/dcase/nearest/{row:int}", nearest, methods=["GET"]),
        Route("/api/dcase/clip", clip, methods=["GET"]),
        Route("/api/dcase/csv", csv, methods=["PUT"]),
        Route("/api/dcase/layout", layouts, methods=["GET", "PUT"]),
    ]


def _name_in(body: bytes) -> str:
    """Name of a layout that the page asks for; never a file's."""
    try:
        name = json.loads(body)["layout"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise ExploreError("the page asks for no layout") from error
    if name not in [*curated_names(), *library_names()]:
        raise ExploreError(f"there is no layout of that name: {', '.join(curated_names())}")
    return str(name)


def _rows_in(body: bytes) -> list[int]:
    """Rows that the page sends."""
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ExploreError("the page asks for no rows") from error
    if not isinstance(rows, list) or not all(type(row) is int and row >= 0 for row in rows):
        raise ExploreError("the page asks for no rows")
    return rows


def as_bytes(document: dict[str, Any]) -> bytes:
    """A document as it is sent."""
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
