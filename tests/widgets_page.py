"""A page with chosen widgets, for tests that drive them."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcase_explore.exploring import explored
from dcase_explore.options import Options
from dcase_explore.view import View, arranged
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.server import Server
from exploring import stored

if TYPE_CHECKING:
    from playwright.sync_api import Page


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
    view = arranged(explored(options, with_maps=False), options.layout)
    exploration = dataclasses.replace(view, **changed)
    server = Server(Address())
    try:
        server.show(stored(exploration), exploration.arrangement)
        yield server, exploration
    finally:
        server.close()


def filtered(page: "Page", script: str) -> list[int]:
    """Set a filter by the page's own means, and the rows that it leaves."""
    # Written into the script, for the page lets nothing be evaluated in it.
    given = """async () => {
      const { useDataset, PredicateFilter, getApplicablePredicates } = globalThis.spotlight;
      const state = useDataset.getState();
      const filter = (key, predicate, value) => state.addFilter(new PredicateFilter(
        state.columnsByKey[key], getApplicablePredicates(state.columnsByKey[key].type.kind)[predicate], value));
      const code = (key, name) => state.columnsByKey[key].type.categories[name];
      FILTERS
      await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
      return Array.from(useDataset.getState().filteredIndices);
    }"""
    rows: list[int] = page.evaluate(given.replace("FILTERS", script))
    return rows
