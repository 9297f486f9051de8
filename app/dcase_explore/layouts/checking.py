"""Layout files are untrusted: what the page does not know or must not show is refused, and said where it stands."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from unicodedata import category

from dcase_explore.errors import ExploreError, meant, nearest
from dcase_explore.layouts import declared
from dcase_explore.layouts.tree import widgets
from dcase_explore.layouts.vocabulary import (
    BOOLEAN,
    COLUMN_WIDTHS,
    LENSES,
    METRICS,
    NUMBER,
    ORDERS,
    RANGES,
    TEXT,
    UNSAFE_LENSES,
    WIDGETS,
    Node,
)
from dcase_explore.messages import plain

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
        return
    where = f"{where}.config"
    if config is None:
        return
    if not isinstance(config, dict):
        yield f"{where} must be an object, not {_shown(config)}"
        return
    extra = (COLUMN_WIDTHS,) if kind == "table" else ()
    yield from _unknown_keys(config, (*declared.keys(kind), *extra), f"{where}.")
    lenses = config.get("views") if kind == "inspector" else None
    yield from _value_problems(
        kind, {key: value for key, value in config.items() if key not in ("views", *extra)}, where
    )
    for key, (low, high) in RANGES.items():
        value: Any = config.get(key)
        if _is_number(value) and not low <= value <= high:
            yield f"{where}.{key} must be from {low} to {high}, not {_shown(value)}"
    if kind == "inspector" and isinstance(config.get("visibleColumns"), bool):  # which is 1 to a model
        yield f"{where}.visibleColumns must be a number, not {_shown(config['visibleColumns'])}"
    for number, pair in enumerate(_listed(config.get("sorting"))):
        if not (isinstance(pair, list) and len(pair) == 2 and pair[1] in ORDERS):
            yield f"{where}.sorting[{number}] must be a column and ASC or DESC, not {_shown(pair)}"
    if kind == "Metric" and isinstance(config.get("metric"), str) and config["metric"] not in METRICS:
        yield f"{where}.metric is no metric: {_shown(config['metric'])}; {meant(config['metric'][:80], METRICS)}"
    widths = config.get(COLUMN_WIDTHS) if extra else None
    if widths is not None and not (isinstance(widths, dict) and all(map(_is_number, widths.values()))):
        yield f"{where}.{COLUMN_WIDTHS} must be pixels by column, not {_shown(widths)}"
    if lenses is not None and not isinstance(lenses, list):
        yield f"{where}.views must be a list of lenses, not {_shown(lenses)}"
        return
    for number, lens in enumerate(lenses or []):
        yield from _lens_problems(lens, f"{where}.views[{number}]")


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
        yield f"{where}.view is no lens: {_shown(view)}; {meant(str(view)[:80], sorted(set(LENSES) - UNSAFE_LENSES))}"
        return
    if view in UNSAFE_LENSES:
        yield f"{where}.view is {view}, which runs what a column holds: use SafeHtmlLens"
    if settings is None:
        return
    if not isinstance(settings, dict):
        yield f"{where}.settings must be an object, not {_shown(settings)}"
        return
    yield from _unknown_keys(settings, LENSES[view], f"{where}.settings.")
    for key, value in settings.items():
        allowed = LENSES[view].get(key)
        if allowed is None or value is None or _is_allowed(value, allowed):
            continue
        words = allowed if isinstance(allowed, str) else " or ".join(allowed)
        yield f"{where}.settings.{key} must be {words}, not {_shown(value)}"


def _value_problems(widget: str, config: Node, where: str) -> Iterator[str]:
    """What Spotlight's own model of the widget's config refuses."""
    from pydantic import ValidationError

    try:
        declared.configs()[widget].model_validate(config, strict=True)
    except ValidationError as refusal:
        for error in refusal.errors(include_url=False):
            place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
            rule = error["msg"].replace("Input should be", "must be").replace("valid ", "")
            yield f"{where}{place} {rule}, not {_shown(error['input'])}{_nearest(error)}"


def _nearest(error: Any) -> str:
    """Sentence part with the words that one of Spotlight's may have been meant for."""
    if error["type"] != "literal_error" or not isinstance(error["input"], str):
        return ""
    words = nearest(error["input"][:80], re.findall(r"'([^']*)'", error["ctx"]["expected"]))
    return f"; did you mean {' or '.join(words)}?" if words else ""


def _name_problems(name: Any, where: str) -> Iterator[str]:
    if name is None:
        return
    if not isinstance(name, str) or len(name) > MAX_NAME or any(category(sign) in _CONTROLS for sign in name):
        yield f"{where} must be text of one line, {MAX_NAME} characters at most, not {_shown(name)}"


def _unknown_keys(node: Node, known: Iterable[str], at: str) -> Iterator[str]:
    names = list(known)
    for key in node:
        if key not in names:
            yield f"{at}{_cut(key)} is no key that is known here; {meant(key[:80], names)}"


def _is_allowed(value: Any, allowed: str | tuple[str, ...]) -> bool:
    if allowed == BOOLEAN:
        return isinstance(value, bool)
    if allowed == NUMBER:
        return _is_number(value)
    return isinstance(value, str) if allowed == TEXT else value in allowed


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _shown(value: Any) -> str:
    """A value as JSON would have it, cut to what fits a sentence."""
    text = {None: "null", True: "true", False: "false"}.get(value) if value is None or isinstance(value, bool) else None
    return text or _cut(repr(value))


def _cut(text: str) -> str:
    return plain(text if len(text) <= 60 else f"{text[:57]}...")
