"""What our widgets are told that the page's table and findings do not carry."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.responses import Response
from starlette.routing import Route

from dcase_explore.columns import members

if TYPE_CHECKING:
    from starlette.requests import Request

    from dcase_explore.exploration import Exploration


def facts_of(exploration: "Exploration") -> dict[str, Any]:
    """
    What the widgets need to know of an exploration.

    Parameters
    ----------
    exploration
        What is shown.

    Returns
    -------
    dict
        As JSON has it. ``exact``: values by column of the scores that the page's single precision would tie.
    """
    frame = exploration.frame
    columns = [f"anomaly_score_{model}" for model in members(frame.columns, "anomaly_score_<score>")]
    exact = {name: _listed(frame[name].to_numpy()) for name in columns if frame[name].dtype == np.float64}
    return {"exact": exact}


def routes(current: Callable[[], "Exploration"]) -> list[Route]:
    """
    Routes that answer with them.

    Parameters
    ----------
    current
        Gives what is shown now.

    Returns
    -------
    list of starlette.routing.Route
        One, for ``/api/dcase/facts``.
    """

    async def facts(_: "Request") -> Response:
        return Response(as_bytes(facts_of(current())), media_type="application/json")

    return [Route("/api/dcase/facts", facts, methods=["GET"])]


def as_bytes(document: dict[str, Any]) -> bytes:
    """The answer as it is sent."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _listed(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]
