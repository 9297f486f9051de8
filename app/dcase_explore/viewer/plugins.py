"""Spotlight's plugins, listed and handed out as Spotlight does, without importing them."""

import ast
import importlib.util
import pkgutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dcase_explore.viewer.statics import content_of, file_in

if TYPE_CHECKING:
    from starlette.requests import Request

DEFAULT_PRIORITY = 1000
"""Of a plugin that does not say."""


@dataclass(frozen=True)
class Plugin:
    """
    A plugin of the page.

    Attributes
    ----------
    name
        Of its package.
    folder
        Of its package.
    priority
        Lower ones come first.
    """

    name: str
    folder: Path
    priority: int

    @property
    def script(self) -> Path:
        """What the page imports, where it has anything for the page."""
        return self.folder / "frontend" / "main.js"


@cache
def plugins() -> tuple[Plugin, ...]:
    """
    All that are installed, in their order.

    Returns
    -------
    tuple of Plugin
        Empty where there are none.
    """
    found = importlib.util.find_spec("renumics.spotlight_plugins")
    places = list(found.submodule_search_locations or ()) if found else []
    by_name: dict[str, Plugin] = {}
    for module in pkgutil.iter_modules(places):
        path = getattr(module.module_finder, "path", None)
        if path is not None and module.ispkg:
            folder = Path(path) / module.name
            by_name.setdefault(module.name, Plugin(module.name, folder, _priority(folder / "__init__.py")))
    return tuple(sorted(by_name.values(), key=lambda plugin: plugin.priority))


def routes() -> list[Route]:
    """Routes of the list, and of the plugins' files."""

    async def listed(_: "Request") -> Response:
        return JSONResponse(
            [
                {
                    "name": plugin.name,
                    "priority": plugin.priority,
                    "dev": False,
                    "entrypoint": f"../api/plugins/{plugin.name}/main.js" if plugin.script.is_file() else None,
                }
                for plugin in plugins()
            ]
        )

    async def file(request: "Request") -> Response:
        return await anyio.to_thread.run_sync(_file, request.path_params["name"], request.path_params["path"])

    return [Route("/api/plugins/", listed), Route("/api/plugins/{name}/{path:path}", file)]


def _file(name: str, path: str) -> Response:
    plugin = next((plugin for plugin in plugins() if plugin.name == name), None)
    found = plugin and file_in(plugin.folder / "frontend", path)
    return content_of(found) if found else Response(status_code=404)


def _priority(path: Path) -> int:
    """What a plugin says of itself, without running it."""
    try:
        module = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return DEFAULT_PRIORITY
    for statement in module.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Constant):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            named = any(isinstance(target, ast.Name) and target.id == "__priority__" for target in targets)
            if named and isinstance(statement.value.value, int):
                return statement.value.value
    return DEFAULT_PRIORITY
