"""Layout files are untrusted: what the page does not know or must not show is refused, and said where it stands."""

import math
from typing import Any

from dcase_explore.errors import ExploreError, meant
from dcase_explore.layouts.vocabulary import LENSES, UNSAFE_LENSES, WIDGETS, Node

MAX_DEPTH = 32
"""Levels of JSON; the page's own layouts have about a dozen."""


def check(layout: Node, path: str) -> None:
    """
    Refuse what the page does not know or must not show.

    Parameters
    ----------
    layout
        Root node, as JSON gives it.
    path
        File it comes from, for the sentence.

    Raises
    ------
    ExploreError
        Names the file and the place in it, as in ``layout.children[0].config.colorBy``.
    """
    _check_depth(layout, path)
    _check_node(layout, path, "layout", 0)


def _check_depth(layout: Node, path: str) -> None:
    level: list[Any] = [layout]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise ExploreError(f"{path} is nested deeper than {MAX_DEPTH} levels, which no layout is")


def _check_node(node: Any, path: str, where: str, depth: int) -> None:
    """Refuse what the page does not know or must not show, and say where it stands."""
    _require(isinstance(node, dict), path, where, "must be an object")
    kind = node.get("kind")
    if depth:
        _require(kind in ("split", "tab"), path, f"{where}.kind", f"must be split or tab, not {kind!r}")
    children = node.get("children", [])
    _require(isinstance(children, list), path, f"{where}.children", "must be a list")
    orientation = node.get("orientation")
    _require(
        orientation in (None, "horizontal", "vertical"), path, f"{where}.orientation", "must be horizontal or vertical"
    )
    _require(_is_number(node.get("weight", 1)), path, f"{where}.weight", "must be a number")
    for number, child in enumerate(children):
        (_check_widget if kind == "tab" else _check_node)(child, path, f"{where}.children[{number}]", depth + 1)


def _check_widget(widget: Any, path: str, where: str, _: int) -> None:
    _require(isinstance(widget, dict), path, where, "must be an object")
    _require(widget.get("kind") == "widget", path, f"{where}.kind", f"must be widget, not {widget.get('kind')!r}")
    kind, config = widget.get("type"), widget.get("config")
    if not isinstance(kind, str) or kind not in WIDGETS:
        raise ExploreError(f"{path}: {where}.type is no widget: {kind!r}; {meant(str(kind), WIDGETS)}")
    _require(isinstance(widget.get("name"), str | None), path, f"{where}.name", "must be text")
    if config is None:
        return
    where = f"{where}.config"
    _require(isinstance(config, dict), path, where, "must be an object")
    references = WIDGETS[kind]
    for key in (*references.needed, *references.extra):
        _require(isinstance(config.get(key), str | None), path, f"{where}.{key}", "must be the name of a column")
    for key in references.lists:
        _require(_are_columns(config.get(key) or []), path, f"{where}.{key}", "must be a list of columns")
    sorting = config.get("sorting") or []
    _require(
        isinstance(sorting, list) and all(_are_columns(pair) and len(pair) == 2 for pair in sorting),
        path,
        f"{where}.sorting",
        "must be a list of column and order",
    )
    lenses = config.get("views") or []
    _require(isinstance(lenses, list), path, f"{where}.views", "must be a list of lenses")
    for number, lens in enumerate(lenses):
        at = f"{where}.views[{number}]"
        _require(isinstance(lens, dict) and isinstance(lens.get("view"), str), path, at, "must be a lens with a view")
        view = lens["view"]
        _require(
            view in LENSES, path, f"{at}.view", f"is no lens: {view!r}; {meant(view, sorted(LENSES - UNSAFE_LENSES))}"
        )
        _require(_are_columns(lens.get("columns")), path, f"{at}.columns", "must be a list of columns")
        _require(
            lens["view"] not in UNSAFE_LENSES,
            path,
            f"{at}.view",
            f"is {lens['view']}, which runs what a column holds: use SafeHtmlLens",
        )


def _require(kept: bool, path: str, where: str, rule: str) -> None:
    if not kept:
        raise ExploreError(f"{path}: {where} {rule}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _are_columns(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(column, str | None) for column in value)
