"""The page's server, as an ASGI application: what is answered here, and by what; all else is handed on."""

from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from dcase_explore.viewer import arranged, chosen, notes, plugins, settings, statics, table, to_send, widgets
from dcase_explore.viewer.guard import Guard
from dcase_explore.viewer.headers import Headers
from dcase_explore.viewer.refusal import refusal

if TYPE_CHECKING:
    from starlette.requests import Request

    from dcase_explore.notes import Notes
    from dcase_explore.viewer.handing_on import HandingOn
    from dcase_explore.viewer.shown import Page

ALL = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def own_routes(page: "Page") -> list[BaseRoute]:
    """
    Routes that Spotlight does not have, or for which it has others: whatever is added to the page is added here.

    Parameters
    ----------
    page
        What is shown.
    """

    def its_notes() -> "Notes":
        from dcase_explore.notes import Notes
        from dcase_explore.notes.in_tables import notes_in

        # The table is not read for notes that it does not have.
        with_own = {"tag", "note"} & set(page.stored.kinds)
        return Notes(page.stored.notes_file, notes_in(page.stored.frame) if with_own else {})

    def its_intervals() -> bytes:
        from dcase_explore.stored.intervals import intervals_of

        return intervals_of(page.stored)

    return [
        *arranged.routes(lambda: page.arrangement),
        *page.rows.routes(),
        *widgets.routes(
            lambda: page.stored.facts,
            its_intervals,
            lambda: page.stored.frame,
            lambda: page.stored.clip_ids,
            lambda: page.arrangement,
            its_notes,
        ),
        *notes.routes(its_notes, lambda: page.stored.clip_ids),
        *to_send.routes(lambda: page.stored, its_notes),
    ]


def application(
    page: "Page", others: "HandingOn", *, any_host: bool, token: str | None, asks: bool, framed: bool
) -> Starlette:
    """
    The whole server.

    Parameters
    ----------
    page
        What is shown.
    others
        The way to the real Spotlight.
    any_host, token, asks
        See `Guard`.
    framed
        See `Headers`.
    """
    tested = statics.version() == statics.TESTED
    spotlights_own: list[BaseRoute] = [statics.script_route(page)]
    if tested:
        spotlights_own = [*statics.routes(page), *plugins.routes(), *settings.routes(), *table.routes(page)]
    routes: list[BaseRoute] = [
        *own_routes(page),
        *chosen.routes(page, others.tell),
        *spotlights_own,
        *table.cells(page, others),
        *(Route(path, _closed, methods=ALL) for path in ("/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json")),
        *(
            Route(path, _no_browsing, methods=ALL)
            for path in ("/api/browse/{path:path}", "/api/table/open/{path:path}")
        ),
        WebSocketRoute("/api/ws", others.talk),
        Route("/api/dcase/opened", others.opened),
        Route("/{path:path}", others.answer, methods=ALL),
    ]
    middleware: list[Any] = [
        Middleware(Headers, framed=framed),
        Middleware(Guard, any_host=any_host, token=token, asks=asks),
    ]
    app = Starlette(routes=routes, middleware=middleware, exception_handlers={Exception: _failed})
    app.router.redirect_slashes = False
    return app


async def _closed(_: "Request") -> Response:
    return Response(status_code=404)


async def _no_browsing(_: "Request") -> Response:
    return refusal("This page opens no other files", 403, "FilebrowsingNotAllowed")


async def _failed(_: "Request", error: Exception) -> Response:
    return refusal(f"This cannot be answered ({type(error).__name__}: {error})", 500)
