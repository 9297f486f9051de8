"""A page with chosen widgets, for tests that drive them."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dcase_explore.exploration import View
from dcase_explore.exploring import explored
from dcase_explore.options import Options
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.server import Server


def layout_file(folder: Path, *widgets: dict[str, Any], inspector: dict[str, Any] | None = None) -> str:
    """A layout of these widgets, one above the other, and of the table."""
    shown = [*widgets, *([inspector] if inspector else []), {"type": "table"}]
    tabs = [{"kind": "tab", "weight": 50, "children": [{"kind": "widget", **widget}]} for widget in shown]
    path = folder / "widgets.json"
    path.write_text(json.dumps({"orientation": "vertical", "children": tabs}))
    return str(path)


@contextmanager
def shown(options: Options, **changed: Any) -> Iterator[tuple[Server, View]]:
    """The page of an exploration, without maps, which take long, served in this process."""
    view = explored(options, with_maps=False).arranged(options.layout)
    exploration = dataclasses.replace(view, **changed)
    server = Server(Address())
    try:
        server.show(exploration)
        yield server, exploration
    finally:
        server.close()
