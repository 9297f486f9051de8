"""
Layouts of Spotlight, today's and earlier ones, in the words that are known here.

Spotlight 1.0 to 1.2 had experimental widgets and editing lenses that are gone; some words are older still. Its models
also read the names of their fields where files otherwise have the page's keys.
"""

import copy
from collections.abc import Iterator
from typing import Any

from dcase_explore.layouts.tree import widgets
from dcase_explore.layouts.vocabulary import COLUMN_WIDTHS, SHOWN_AS_TEXT, WIDGETS, Node

_RENAMED = {"data-grid": "table", "details": "inspector", "simmap": "similaritymap"}
"""Names the page still understands, but not `spotlight.show`."""

_SCATTERPLOT_GL = {
    "xColumnKey": "xAxisColumn",
    "yColumnKey": "yAxisColumn",
    "colorColumnKey": "colorBy",
    "sizeColumnKey": "sizeBy",
}
_EDITING_LENSES = ("Autocomplete", "Switch")
_LENSES = {"RougeScoreView": "RougeScore"}
_SETTINGS = {"colorAtributeName": "colorAttribute"}  # as it was spelled
_GONE_SETTINGS = ("xExtents", "isXSynchronized", "syncedYDomains")
"""What a zoomed sequence looked like, in one release."""


def in_todays_words(layout: Node) -> tuple[Node, list[str]]:
    """
    Translate a layout that an earlier Spotlight saved.

    Parameters
    ----------
    layout
        Root node as parsed: nothing in it is checked yet.

    Returns
    -------
    layout : dict
        A copy in today's words; what is no older word is left for the check.
    changes : list of str
        What looks different from then, one sentence part each.
    """
    translated = copy.deepcopy(layout)
    changes: list[str] = []
    for widget in widgets(translated):
        changes += _translate(widget)
    return translated, list(dict.fromkeys(changes))


def _translate(widget: Node) -> Iterator[str]:
    """Translate one widget in place."""
    kind, config = widget.get("type"), widget.get("config")
    kind = _RENAMED.get(kind, kind) if isinstance(kind, str) else kind
    if config is not None and not isinstance(config, dict):
        return
    config = config or {}
    if kind == "experimental/scatterplot-gl":
        kind = "scatterplot"
        widget["config"] = config = {_SCATTERPLOT_GL.get(key, key): value for key, value in config.items()}
        yield "the experimental scatter plot as a scatter plot"
    elif kind == "experimental/audio-overview":
        kind = "inspector"
        columns = [config[key] for key in ("audioColumnKey", "windowColumnKey") if config.get(key)]
        views = [{"view": "AudioView", "columns": columns}] if columns else []
        widget["config"] = config = {"views": views, "visibleColumns": 1}
        yield "the audio overview as an inspector of one column"
    if not isinstance(kind, str) or kind not in WIDGETS:
        return
    widget["type"] = kind
    _respell(config, {key.older: name for name, key in WIDGETS[kind].keys.items() if key.older})
    if kind == "table" and isinstance(config.get("sorting"), list):
        config["sorting"] = [[column, "ASC"] if isinstance(column, str) else column for column in config["sorting"]]
    if kind == "table":
        widths = config.pop("columnWidths", None)
        config.update({} if widths is None or config.get(COLUMN_WIDTHS) else {COLUMN_WIDTHS: widths})
    lenses: Any = config.get("views") if kind == "inspector" else None
    for lens in lenses if isinstance(lenses, list) else []:
        if isinstance(lens, dict):
            yield from _translate_lens(lens)


def _translate_lens(lens: Node) -> Iterator[str]:
    _respell(lens, {"type": "view", "id": "key"})
    view, settings = lens.get("view"), lens.get("settings")
    if not isinstance(view, str):
        return
    if view in _EDITING_LENSES:
        yield f"the lens {view}, which edited values, as one that shows them"
        view = "ScalarView"
    if view in SHOWN_AS_TEXT:
        yield f"the lens {view}, which runs or fetches what a column holds, as one that shows its text"
        view = "TextLens"
    lens["view"] = _LENSES.get(view, view)
    if isinstance(settings, dict):
        _respell(settings, _SETTINGS)
        for key in _GONE_SETTINGS if view == "SequenceView" else ():
            settings.pop(key, None)


def _respell(config: Node, names: dict[str, str]) -> None:
    """Spell keys as the page does, in place."""
    for older, name in names.items():
        if older in config and name not in config:
            config[name] = config.pop(older)
