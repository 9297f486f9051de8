"""Layout files are untrusted: what the page does not know or must not show is refused, and said where it stands."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from unicodedata import category

from dcase_explore.errors import ExploreError, meant, nearest
from dcase_explore.layouts.text import cut
from dcase_explore.layouts.tree import widgets
from dcase_explore.layouts.vocabulary import (
    COLUMN,
    COLUMNS,
    FLAG,
    LENSES,
    NUMBER,
    ORDERS,
    SHOWN_AS_TEXT,
    SORTING,
    TEXT,
    TEXTS,
    UNSAFE_LENSES,
    VIEWS,
    WHOLE,
    WIDGETS,
    WIDTHS,
    Key,
    Node,
)

MAX_WIDGETS = 100
MAX_NUMBER = 1e9
MAX_NAME = 200
"""Characters of a title: longer ones push everything else off the page."""

_NODE_KEYS = {
    None: ("children", "orientation"),
    "split": ("children", "kind", "orientation", "weight"),
    "tab": ("children", "kind", "weight"),
}
_WIDGET_KEYS = ("config", "kind", "name", "type")
_LENS_KEYS = ("columns", "key", "name", "settings", "view")
_CONTROLS = ("Cc", "Cs", "Zl", "Zp")
_ORIENTATIONS = ("horizontal", "vertical")


def check(layout: Node, name: str) -> None:
    """
    Refuse what the page does not know or must not show.

    Parameters
    ----------
    layout
        Root node, in today's words.
    name
        File it comes from, for the sentence.

    Raises
    ------
    ExploreError
        Names the file and the first place in it, as in ``children[0].children[1].config.colorBy``.
    """
    for problem in problems(layout):
        raise ExploreError(f"{name}: {problem}")


def problems(layout: Node) -> Iterator[str]:
    """
    Everything in a layout that the page does not know or must not show.

    Parameters
    ----------
    layout
        Root node, in today's words, of any depth that `text.parse` lets through.

    Yields
    ------
    str
        Place and what is wrong there, with the nearest valid word.
    """
    count = sum(1 for _ in widgets(layout))
    if count > MAX_WIDGETS:
        yield f"it has {count:,} widgets, more than the {MAX_WIDGETS} that a page can show"
    else:
        yield from _node_problems(layout, "")


def _node_problems(node: Any, where: str) -> Iterator[str]:
    """Problems of the root, a split or a tab, and of all that is in it."""
    at = f"{where}." if where else ""
    if not isinstance(node, dict):
        yield f"{where} must be an object, not {_shown(node)}"
        return
    kind = node.get("kind")
    if where and kind not in ("split", "tab"):
        yield f"{at}kind must be split or tab here, not {_shown(kind)}"
        return
    yield from _unknown_keys(node, _NODE_KEYS[kind if where else None], at)
    orientation = node.get("orientation")
    if orientation is not None and orientation not in _ORIENTATIONS:
        yield f"{at}orientation must be horizontal or vertical, not {_shown(orientation)}"
    weight = node.get("weight", 1)
    if not _is_number(weight) or weight < 0:
        yield f"{at}weight must be a number from 0, not {_shown(weight)}"
    children = node.get("children", [])
    if not isinstance(children, list):
        yield f"{at}children must be a list, not {_shown(children)}"
        return
    if kind == "split" and not children:
        yield f"{where} is a split of nothing: leave it out"
    for number, child in enumerate(children):
        inner = f"{at}children[{number}]"
        yield from _widget_problems(child, inner) if kind == "tab" else _node_problems(child, inner)


def _widget_problems(widget: Any, where: str) -> Iterator[str]:
    if not isinstance(widget, dict):
        yield f"{where} must be an object, not {_shown(widget)}"
        return
    if widget.get("kind") != "widget":
        yield f"{where}.kind must be widget here, not {_shown(widget.get('kind'))}"
        return
    yield from _unknown_keys(widget, _WIDGET_KEYS, f"{where}.")
    yield from _name_problems(widget.get("name"), f"{where}.name")
    kind, config = widget.get("type"), widget.get("config")
    if not isinstance(kind, str) or kind not in WIDGETS:
        yield f"{where}.type is no widget: {_shown(kind)}; {meant(str(kind)[:80], WIDGETS)}"
    elif config is not None:
        yield from _config_problems(config, WIDGETS[kind].keys, f"{where}.config")


def _lens_problems(lens: Any, where: str) -> Iterator[str]:
    if not isinstance(lens, dict):
        yield f"{where} must be a lens, an object with view and columns, not {_shown(lens)}"
        return
    yield from _unknown_keys(lens, _LENS_KEYS, f"{where}.")
    yield from _name_problems(lens.get("name"), f"{where}.name")
    yield from _name_problems(lens.get("key"), f"{where}.key")
    view, columns, settings = lens.get("view"), lens.get("columns"), lens.get("settings")
    if not isinstance(columns, list) or not columns or not all(isinstance(column, str) for column in columns):
        yield f"{where}.columns must be a list of columns, not {_shown(columns)}"
    if not isinstance(view, str) or view not in LENSES:
        safe = sorted(set(LENSES) - UNSAFE_LENSES - SHOWN_AS_TEXT)
        yield f"{where}.view is no lens: {_shown(view)}; {meant(str(view)[:80], safe)}"
    elif view in UNSAFE_LENSES:
        yield f"{where}.view is {view}, which runs what a column holds: use TextLens"
    elif settings is not None:
        yield from _config_problems(settings, LENSES[view], f"{where}.settings")


def _config_problems(config: Any, keys: Mapping[str, Key], where: str) -> Iterator[str]:
    """Problems of a widget's config or of a lens's settings."""
    if not isinstance(config, dict):
        yield f"{where} must be an object, not {_shown(config)}"
        return
    yield from _unknown_keys(config, keys, f"{where}.")
    for name, value in config.items():
        if name in keys and value is not None:
            yield from _value_problems(value, keys[name], f"{where}.{name}")


def _value_problems(value: Any, key: Key, where: str) -> Iterator[str]:
    """Problems of what stands under one key."""
    if isinstance(key.holds, tuple):
        if not any(type(value) is type(word) and value == word for word in key.holds):
            *words, last = map(repr, key.holds)
            close = nearest(value[:80], map(str, key.holds)) if isinstance(value, str) else []
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            yield f"{where} must be {', '.join(words)} or {last}, not {_shown(value)}{hint}"
    elif key.holds == WIDTHS:
        if not isinstance(value, dict) or not all(_is_number(width) and width >= 0 for width in value.values()):
            yield f"{where} must be {key.holds}, not {_shown(value)}"
    elif isinstance(value, list) and key.holds in (COLUMNS, TEXTS, SORTING, VIEWS):
        for number, inner in enumerate(value):
            at = f"{where}[{number}]"
            if key.holds == VIEWS:
                yield from _lens_problems(inner, at)
            elif key.holds == SORTING:
                pair = isinstance(inner, list) and len(inner) == 2 and isinstance(inner[0], str)
                if not pair or inner[1] not in ORDERS:
                    yield f"{at} must be a column and ASC or DESC, not {_shown(inner)}"
            elif not isinstance(inner, str) and not (key.gaps and inner is None):
                yield f"{at} must be a string, not {_shown(inner)}"
    elif not _is(value, key.holds):
        yield f"{where} must be {key.holds}, not {_shown(value)}"
    elif key.bounds and not key.bounds[0] <= value <= key.bounds[1]:
        yield f"{where} must be from {key.bounds[0]:,} to {key.bounds[1]:,}, not {_shown(value)}"


def _is(value: Any, kind: str) -> bool:
    if kind == FLAG:
        return isinstance(value, bool)
    if kind in (NUMBER, WHOLE):
        return _is_number(value) and (kind == NUMBER or isinstance(value, int))
    return kind in (TEXT, COLUMN) and isinstance(value, str)


def _name_problems(name: Any, where: str) -> Iterator[str]:
    if name is None:
        return
    if not isinstance(name, str) or len(name) > MAX_NAME or any(category(sign) in _CONTROLS for sign in name):
        yield f"{where} must be text of one line, {MAX_NAME} characters at most, not {_shown(name)}"


def _unknown_keys(node: Node, known: Iterable[str], at: str) -> Iterator[str]:
    names = list(known)
    for key in node:
        if key not in names:
            yield f"{at}{cut(key)} is no key that is known here; {meant(key[:80], names)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def _shown(value: Any) -> str:
    """A value as JSON would have it, cut to what fits a sentence."""
    text = {None: "null", True: "true", False: "false"}.get(value) if value is None or isinstance(value, bool) else None
    return text or cut(repr(value))
