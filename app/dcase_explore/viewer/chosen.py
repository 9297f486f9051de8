"""What Python has the page select: rows, or a finding's; told by Python, asked for by the page when it hears of it."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dcase_explore.errors import ExploreError
from dcase_explore.viewer.body import body_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from dcase_explore.viewer.shown import Page

MAX_BYTES = 2**25


def routes(page: "Page", tell: Callable[[str], None]) -> list[Route]:
    """
    Route ``/api/dcase/chosen``.

    Parameters
    ----------
    page
        What is shown.
    tell
        Tells all open pages something that they act upon.

    Returns
    -------
    list of starlette.routing.Route
        PUT: ``{"rows", "finding"}``, positions in the table and the title of the finding that they are of, or null.
        GET: the same with its ``number``; 0 while nothing was chosen of what is shown.
    """
    last: dict[str, Any] = {"number": 0}
    of = None

    async def chosen(request: "Request") -> Response:
        nonlocal last, of
        if request.method == "PUT":
            try:
                told = json.loads(await body_of(request, MAX_BYTES))
                rows, finding = told["rows"], told["finding"]
            except (ExploreError, ValueError, RecursionError, KeyError, TypeError):
                return Response(status_code=422)
            if not page.rows.are_rows(rows) or not (finding is None or isinstance(finding, str)):
                return Response(status_code=422)
            last, of = {"number": last["number"] + 1, "rows": rows, "finding": finding}, page.stored
            page.rows.select(rows[:1] if finding else rows)
            tell("issuesUpdated")  # of all that a page acts upon the least
        return JSONResponse(last if of is page.stored else {"number": 0})

    return [Route("/api/dcase/chosen", chosen, methods=["GET", "PUT"])]
