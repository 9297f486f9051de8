"""The route by which our widgets are told what the page's table does not carry."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from dcase_explore.facts import facts_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from dcase_explore.exploration import View


def routes(current: "Callable[[], View]") -> list[Route]:
    """
    Routes that answer with the facts of a view.

    Parameters
    ----------
    current
        Gives what is shown now.

    Returns
    -------
    list of starlette.routing.Route
        One, for ``/api/dcase/facts``.
    """

    def facts(_: "Request") -> Response:  # not a coroutine: run beside the event loop
        return Response(as_bytes(facts_of(current())), media_type="application/json")

    return [Route("/api/dcase/facts", facts, methods=["GET"])]


def as_bytes(document: dict[str, Any]) -> bytes:
    """The answer as it is sent."""
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
