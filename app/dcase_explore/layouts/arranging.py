"""
A layout while people arrange it in the page, and what is saved of it.

The page is given what binding left of a layout. What is saved is the layout as it was given, with what was changed in
the page; see `restoring`.
"""

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any

from dcase_explore.layouts.binding import Binding, bind
from dcase_explore.layouts.checking import check
from dcase_explore.layouts.normal import normal
from dcase_explore.layouts.older import in_todays_words
from dcase_explore.layouts.restoring import restored
from dcase_explore.layouts.tree import widgets
from dcase_explore.layouts.vocabulary import Node

ORIGIN = "widgetOfFile"
"""Key that tells, within a config in the page, which widget of which layout it was; never in a file."""
_LAYOUT = 1_000
"""Widgets of one layout are counted from a multiple of this, more than the most that a layout may have."""


class Arrangement:
    """
    One page's layout, from the file to the page and back.

    Parameters
    ----------
    layout
        Root node in its normal form.
    columns
        Columns of the table at hand that have values.
    strict
        Whether layouts that name other columns are refused.
    name
        What the layout is called.

    Attributes
    ----------
    strict
        As given.
    on_change
        Called with no arguments when the page was arranged otherwise.
    """

    def __init__(self, layout: Node, columns: Sequence[str], *, strict: bool = False, name: str = "") -> None:
        self._columns = list(columns)
        self.strict = strict
        self.on_change: Callable[[], None] = lambda: None
        self._names: list[str] = []
        self._bindings: list[Binding] = []  # of the layout that was opened, and of each that was loaded in the page
        self._open(bind(layout, columns), name)

    @property
    def binding(self) -> Binding:
        """The layout that was opened, or loaded in the page, fitted to the table."""
        return self._bindings[self._current]

    @property
    def name(self) -> str:
        """What that layout is called."""
        return self._names[self._current]

    def shown(self) -> Node:
        """What the page is given: the layout as last arranged."""
        return self._arranged

    def reset(self) -> Node:
        """Go back to what was opened at first; what the page is given then."""
        self._current = 0
        self._arranged = _numbered(self.binding, 0)
        self._start = self.layout()
        self.on_change()
        return self._arranged

    def arrange(self, layout: Node) -> None:
        """
        Take what the page was arranged to.

        Parameters
        ----------
        layout
            Root node as the page sends it.

        Raises
        ------
        ExploreError
            A layout with anything that the page does not know or must not show; then all stays as it was.
        """
        layout, _ = in_todays_words(layout)
        untied = copy.deepcopy(layout)
        numbers = [number for widget in widgets(untied) if (number := _take_number(widget)) is not None]
        check(untied, "the layout")
        # Another page may still show a layout that was shown before one was loaded.
        known = (number // _LAYOUT for number in numbers if 0 <= number < len(self._bindings) * _LAYOUT)
        self._current = next(known, self._current)
        self._arranged = layout
        self.on_change()

    def load(self, layout: Node, name: str) -> Sequence[str]:
        """
        Show another layout.

        Parameters
        ----------
        layout
            Root node as parsed.
        name
            Of the file, for the sentence.

        Returns
        -------
        sequence of str
            What was replaced and left out of it.

        Raises
        ------
        ExploreError
            A layout that is not as it should be, or that shows nothing of this data; then all stays as it was.
        """
        translated, changes = in_todays_words(layout)
        check(translated, name)
        binding = bind(normal(translated), self._columns)
        if self.strict:
            binding.require_all(name, self._columns)
        binding.require_some(name)
        self._open(binding, name)
        self.on_change()
        return [*changes, *binding.changes]

    def layout(self) -> Node:
        """
        The layout as it is saved.

        Returns
        -------
        dict
            Root node in its normal form; fitted to the same table it gives the page as it is arranged.
        """
        if self._arranged == _numbered(self.binding, self._current):
            return copy.deepcopy(self.binding.original)
        arranged = copy.deepcopy(self._arranged)
        first = self._current * _LAYOUT
        numbers = {}
        for widget in widgets(arranged):
            number = _take_number(widget)
            if number is not None and 0 <= number - first < _LAYOUT:
                numbers[id(widget)] = number - first
        kept = normal(restored(self.binding, arranged, numbers)[0])
        if _views(bind(kept, self._columns).layout) == _views(arranged) or not any(widgets(arranged)):
            return kept
        # Without some widgets the layout's first score, say, is another one: then the names that are shown are saved,
        # and what would come up in place of what was closed is left out.
        without: set[int] = set()
        while True:
            kept, put_back = restored(self.binding, arranged, numbers, as_such=True, without=without)
            kept = normal(kept)
            back = {number for one in bind(kept, self._columns).origins if (number := put_back[one]) is not None}
            if not back:
                return kept
            without |= back

    def fit(self, columns: Sequence[str]) -> None:
        """
        Go on with another table, as the layout is arranged now.

        Parameters
        ----------
        columns
            Of that table, those that have values.
        """
        layout, name, start = self.layout(), self.name, self._start
        self._columns, self._names, self._bindings = list(columns), [], []
        self._open(bind(layout, columns), name)
        self._start = start

    @property
    def changed(self) -> bool:
        """Whether anything was arranged since the layout was opened."""
        return self.layout() != self._start

    def _open(self, binding: Binding, name: str) -> None:
        self._bindings.append(binding)
        self._names.append(name)
        self._current = len(self._bindings) - 1
        self._arranged = _numbered(binding, self._current)
        self._start = self.layout()


def _numbered(binding: Binding, opened: int) -> Node:
    """The bound layout as the page is given it: each widget with the number of the one it was."""
    numbered = copy.deepcopy(binding.layout)
    for widget, number in zip(widgets(numbered), binding.origins, strict=True):
        widget.setdefault("config", {})[ORIGIN] = opened * _LAYOUT + number
    return numbered


def _take_number(widget: Node) -> int | None:
    config = widget.get("config")
    number: Any = config.pop(ORIGIN, None) if isinstance(config, dict) else None
    if config == {}:
        del widget["config"]
    return number if isinstance(number, int) else None


def _views(layout: Node) -> list[str]:
    """What the widgets of a page show, without their names and places, and a table's columns in no order."""
    found = []
    for widget in widgets(normal(layout)):
        config = widget.get("config") or {}
        if widget["type"] == "table" and "visibleColumns" in config:
            config["visibleColumns"] = sorted(config["visibleColumns"])
        found.append(json.dumps([widget["type"], config], sort_keys=True))
    return sorted(found)
