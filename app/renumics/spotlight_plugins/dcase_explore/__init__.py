"""
Our widgets in Spotlight's page, as plain modules that need no build step.

Spotlight finds this package by its place and has the page import ``frontend/main.js``; the modules beside it are served
by a route of our own. Neither `renumics` nor `renumics.spotlight_plugins` has an ``__init__``: both are namespaces that
the installed Spotlight is part of.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

FRONTEND = Path(__file__).parent / "frontend"


def routes() -> "list[Route]":
    """
    Routes of the modules that ``main.js`` imports.

    Returns
    -------
    list of starlette.routing.Route
        One, for ``/api/plugins/dcase_explore/<name>.js``.
    """
    from starlette.responses import FileResponse, Response
    from starlette.routing import Route

    modules = {path.name: path for path in FRONTEND.glob("*.js")}

    async def module(request: "Request") -> "Response":
        path = modules.get(request.path_params["name"])
        if path is None:
            return Response(status_code=404)
        # Asked for anew each time: a page must not mix the modules of two versions.
        return FileResponse(path, media_type="text/javascript", headers={"cache-control": "no-cache"})

    return [Route("/api/plugins/dcase_explore/{name}", module, methods=["GET"])]


def __activate__(app: Any) -> None:  # noqa: N807 - Spotlight's name for it
    """Have Spotlight's server serve them: what it calls when it starts."""
    app.router.routes[:0] = routes()
