"""
What our widgets ask the server: facts beside the table, what a clip is compared with, other layouts.

Nothing heavy is imported before somebody asks.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dcase_explore.errors import ExploreError
from dcase_explore.layouts.curated import curated_names
from dcase_explore.layouts.files import read_layout
from dcase_explore.layouts.library import library_names
from dcase_explore.messages import note
from dcase_explore.viewer.body import body_of

if TYPE_CHECKING:
    import pandas as pd
    from starlette.requests import Request

    from dcase_explore.layouts.arranging import Arrangement

MAX_BYTES = 2**12


def routes(
    facts: Callable[[], bytes],
    frame: "Callable[[], pd.DataFrame]",
    arrangement: "Callable[[], Arrangement]",
) -> list[Route]:
    """
    Routes under ``/api/dcase/``.

    Parameters
    ----------
    facts
        Gives `as_bytes` of `dcase_explore.facts.facts_of` what is shown now.
    frame
        Gives the clip table that is shown now.
    arrangement
        Gives its layout.

    Returns
    -------
    list of starlette.routing.Route
        ``facts``, ``nearest/<row>``, ``clip?clip_id=…`` (its row) and ``layout``.
    """

    def told(_: "Request") -> Response:  # not a coroutine: run beside the event loop
        return Response(facts(), media_type="application/json")

    def nearest(request: "Request") -> Response:
        from dcase_explore.nearest import nearest_of

        row, its = request.path_params["row"], frame()
        if row >= len(its):
            return Response(status_code=404)
        return Response(as_bytes(nearest_of(its, row)), media_type="application/json")

    def clip(request: "Request") -> Response:
        rows = (frame()["clip_id"] == request.query_params.get("clip_id")).to_numpy().nonzero()[0]
        return JSONResponse({"row": int(rows[0])}) if len(rows) else Response(status_code=404)

    async def layouts(request: "Request") -> Response:
        if request.method == "PUT":
            try:
                name = _name_in(await body_of(request, MAX_BYTES))
                changes = arrangement().load(read_layout(name), name)
            except ExploreError as reason:
                return JSONResponse({"title": str(reason), "detail": "", "type": "Problem"}, status_code=422)
            if changes:
                note(f"layout {name}: {'; '.join(changes)}")
        return JSONResponse({"layouts": [*curated_names(), *library_names()], "current": arrangement().name})

    return [
        Route("/api/dcase/facts", told, methods=["GET"]),
        Route("/api/dcase/nearest/{row:int}", nearest, methods=["GET"]),
        Route("/api/dcase/clip", clip, methods=["GET"]),
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


def as_bytes(document: dict[str, Any]) -> bytes:
    """A document as it is sent."""
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
