"""
The normal form of a layout: one form for one view, whoever wrote the file.

Spotlight's builders, its page and people leave out or write out different things, and give lenses random keys. In the
normal form what Spotlight would fill in is written, what is null is left out, orientations are said, and a lens's key
says what it shows.
"""

from collections import Counter
from typing import Any

from dcase_explore.layouts.vocabulary import COLUMN_WIDTHS, WIDGETS, Node

MAX_KEY = 150
"""Characters of a lens's key, before a number that tells it from another one."""


def normal(layout: Node) -> Node:
    """
    Bring a layout into its normal form.

    Parameters
    ----------
    layout
        A checked layout; it is not changed.

    Returns
    -------
    dict
        A copy that shows the same, in the page and in `spotlight.show`.
    """
    # Spotlight stacks the root's children where nothing is said, and turns at every split.
    orientation = layout.get("orientation") or "vertical"
    return {
        "orientation": orientation,
        "children": [_normal_node(child, orientation) for child in layout.get("children", [])],
    }


def _normal_node(node: Node, outer: str) -> Node:
    shared = {"kind": node["kind"], "weight": _number(node.get("weight", 1))}
    if node["kind"] == "tab":
        return {**shared, "children": [_normal_widget(widget) for widget in node.get("children", [])]}
    orientation = node.get("orientation") or ("vertical" if outer == "horizontal" else "horizontal")
    children = [_normal_node(child, orientation) for child in node.get("children", [])]
    return {**shared, "orientation": orientation, "children": children}


def _normal_widget(widget: Node) -> Node:
    config = widget.get("config")
    found = {"kind": "widget", "type": widget["type"], "name": widget.get("name")}
    if config is not None:
        known = WIDGETS[widget["type"]]
        filled = {**{name: key.default for name, key in known.keys.items()}, **_without_nulls(config)}
        for key in known.one:  # the page saves a choice that was taken back as ""
            filled[key] = filled[key] or None
        if filled.get("views") is not None and widget["type"] == "inspector":
            filled["views"] = _normal_lenses(filled["views"])
        for key in (COLUMN_WIDTHS, "sorting"):
            filled[key] = filled.get(key) or None
        found["config"] = _without_nulls(filled)
    return _without_nulls(found)


def _normal_lenses(lenses: list[Node]) -> list[Node]:
    counts: Counter[str] = Counter()
    found = []
    for lens in lenses:
        name = f"{lens['view']} {', '.join(lens['columns'])}"[:MAX_KEY]
        counts[name] += 1
        # A key of its own for each lens: the page keeps a lens's settings under it.
        key = name if counts[name] == 1 else f"{name} ({counts[name]})"
        settings = _without_nulls(lens.get("settings") or {}) or None
        found.append(_without_nulls({**lens, "settings": settings, "key": key}))
    return found


def _without_nulls(node: Node) -> Node:
    return {key: value for key, value in node.items() if value is not None}


def _number(value: Any) -> Any:
    """A whole number as such: 60.0 and 60 are the same weight."""
    return int(value) if value == int(value) else value
