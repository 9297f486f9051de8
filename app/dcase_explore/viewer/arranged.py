"""
The page's layout: read, arranged, loaded and saved in the page.

In place of Spotlight's own routes, whose models drop what its page saved (column widths), which check nothing of a file
that is loaded in the page, and which keep arrangements in a database of the user's by the name of the data.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dcase_explore.errors import ExploreError
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.layouts.text import MAX_BYTES, as_bytes, parse
from dcase_explore.messages import note
from dcase_explore.viewer.body import body_of
from dcase_explore.viewer.refusal import refusal

if TYPE_CHECKING:
    from starlette.requests import Request

    from dcase_explore.layouts.vocabulary import Node

LOADED = "the layout loaded in the page"


def routes(current: Callable[[], Arrangement]) -> list[Route]:
    """
    Routes that stand before Spotlight's own.

    Parameters
    ----------
    current
        Gives the layout of what is shown.

    Returns
    -------
    list of starlette.routing.Route
        Reading, arranging, going back to what was opened, loading a file, and the file that is saved.
    """

    async def get(_: "Request") -> Response:
        return JSONResponse(current().shown())

    async def put(request: "Request") -> Response:
        try:
            current().arrange(await _layout_of(request))
        except ExploreError as reason:
            return _refused(reason)
        return JSONResponse(current().shown())

    async def load(request: "Request") -> Response:
        try:
            changes = current().load(parse(await body_of(request, MAX_BYTES), LOADED), LOADED)
        except ExploreError as reason:
            return _refused(reason)
        if changes:
            note(f"{LOADED}: {'; '.join(changes)}")
        return JSONResponse(current().shown())

    async def reset(_: "Request") -> Response:
        return JSONResponse(current().reset())

    async def save(request: "Request") -> Response:
        try:
            if request.method == "PUT":
                current().arrange(await _layout_of(request))
        except ExploreError as reason:
            return _refused(reason)
        return Response(as_bytes(current().layout()), media_type="application/json")

    return [
        Route("/api/layout/", get, methods=["GET"]),
        Route("/api/layout/", put, methods=["PUT"]),
        Route("/api/layout/reset", reset, methods=["PUT"]),
        Route("/api/layout/load", load, methods=["PUT"]),
        Route("/api/layout/file", save, methods=["GET", "PUT"]),
    ]


async def _layout_of(request: "Request") -> "Node":
    """The layout that the page sends wrapped in an object."""
    try:
        layout = json.loads(await body_of(request, MAX_BYTES))["layout"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise ExploreError("the layout cannot be read") from error
    return parse(json.dumps(layout).encode(), "the layout")


def _refused(reason: ExploreError) -> Response:
    note(f"refused in the page: {reason}")
    return refusal(str(reason))
