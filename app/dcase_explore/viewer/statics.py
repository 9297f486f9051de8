"""The files of Spotlight's page, found without importing Spotlight, and handed out as this program changes them."""

import importlib.util
import re
import uuid
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.responses import Response
from starlette.routing import Route

from dcase_explore.errors import ExploreError
from dcase_explore.viewer.page import changed_script, clip_context
from dcase_explore.viewer.rows import SCRIPT
from dcase_explore.viewer.settings import COOKIE

if TYPE_CHECKING:
    from starlette.requests import Request

    from dcase_explore.viewer.shown import Page

TESTED = "1.8.2"
"""Version of Spotlight whose page is answered from what is stored."""

_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".png": "image/png",
}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<title>Spotlight</title>
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<link rel="icon" type="image/svg+xml" href="static/spotlight.svg">
<link rel="stylesheet" href="static/index.css">
<link rel="stylesheet" href="static/style.css">
<link rel="modulepreload" href="static/main.js">
{preloads}
</head>
<body>
<div id="root"></div><div id="modalRoot"></div><div id="popupRoot"></div><div id="selectMenuRoot"></div>
<script type="module" src="static/main.js"></script>
</body>
</html>
"""
"""The places in it are those that Spotlight's script looks for."""


@cache
def spotlight() -> Path:
    """
    Folder of the installed Spotlight.

    Raises
    ------
    ExploreError
        When it is not installed.
    """
    found = importlib.util.find_spec("renumics.spotlight")  # imports the empty package above it and no more
    if found is None or not found.submodule_search_locations:
        raise ExploreError("Renumics Spotlight is not installed: pip install renumics-spotlight")
    return Path(next(iter(found.submodule_search_locations)))


@cache
def version() -> str:
    """Version of the installed Spotlight; empty where it does not say."""
    try:
        found = re.search(r'__version__ = "([^"]+)"', (spotlight() / "__version__.py").read_text(encoding="utf-8"))
    except OSError:
        return ""
    return found[1] if found else ""


def statics() -> Path:
    """Folder of the page's files."""
    return spotlight() / "backend" / "statics"


def routes(page: "Page") -> list[Route]:
    """
    Routes of the page itself.

    Parameters
    ----------
    page
        What is shown.
    """

    async def index(request: "Request") -> Response:
        libraries = sorted(path.name for path in statics().glob("lib-*.js"))
        preloads = "\n".join(f'<link rel="modulepreload" href="static/{name}">' for name in libraries)
        answer = Response(PAGE.format(preloads=preloads), media_type="text/html")
        if COOKIE not in request.cookies:
            answer.set_cookie(COOKIE, str(uuid.uuid4()), samesite="none", secure=True, httponly=True)
        return answer

    async def file(request: "Request") -> Response:
        return await anyio.to_thread.run_sync(_file, statics(), request.path_params["path"])

    return [Route("/", index), script_route(page), Route("/static/{path:path}", file)]


def script_route(page: "Page") -> Route:
    """
    The page's script, fitted to the recordings.

    Parameters
    ----------
    page
        What is shown.
    """

    async def script(_: "Request") -> Response:
        changed = await anyio.to_thread.run_sync(changed_script, statics() / "main.js")
        content = clip_context(page.stored.rate).encode() + changed + SCRIPT.encode()
        return Response(content, media_type="text/javascript", headers={"cache-control": "no-store"})

    return Route("/static/main.js", script)


def file_in(folder: Path, name: str) -> Path | None:
    """
    A file of a folder that may be handed out.

    Parameters
    ----------
    folder
        Where.
    name
        Path below it, as somebody asks for it.

    Returns
    -------
    pathlib.Path or None
        None where there is no such file, or it lies outside.
    """
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder.resolve()) and path.is_file() and path.suffix in _TYPES else None
    except (OSError, ValueError):  # a name that is none: too long, with a zero byte
        return None


def content_of(path: Path) -> Response:
    """
    Hand a file out.

    Parameters
    ----------
    path
        As `file_in` gives it.
    """
    content = changed_script(path) if path.name.startswith("lib-") else path.read_bytes()
    return Response(content, media_type=_TYPES[path.suffix], headers={"cache-control": "no-store"})


def _file(folder: Path, name: str) -> Response:
    path = file_in(folder, name)
    return Response(status_code=404) if path is None else content_of(path)
