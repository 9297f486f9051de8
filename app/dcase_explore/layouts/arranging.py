"""
A layout while people arrange it in the page, and what is saved of it.

The page is given what binding left of a layout. What is saved is the layout as it was given, with what was changed in
the page: columns keep the names they were written with where another one stood for them, and what binding left out is
put back where it was, so that one file serves many data sets and a diff shows what somebody changed.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from dcase_explore.columns import in_display_order
from dcase_explore.layouts.binding import Binding, bind
from dcase_explore.layouts.checking import check
from dcase_explore.layouts.normal import normal, widgets
from dcase_explore.layouts.older import in_todays_words
from dcase_explore.layouts.vocabulary import COLUMN_WIDTHS, WIDGETS, Node

ORIGIN = "widgetOfFile"
"""Key that tells, within a config in the page, which widget of the given layout it was; never in a file."""


class Arrangement:
    """
    One page's layout, from the file to the page and back.

    Parameters
    ----------
    layout
        Root node in its normal form.
    columns
        Columns of the table at hand that have values.

    Attributes
    ----------
    binding
        The layout fitted to the table.
    on_change
        Called with no arguments when the page was arranged otherwise.
    """

    def __init__(self, layout: Node, columns: Sequence[str]) -> None:
        self._columns = list(columns)
        self.binding = bind(layout, columns)
        self._arranged = self._opened = _numbered(self.binding)
        self.on_change: Callable[[], None] = lambda: None

    def shown(self) -> Node:
        """What the page is given: the layout as last arranged."""
        return self._arranged

    def reset(self) -> Node:
        """Forget what was arranged; what the page is given then."""
        self._arranged = self._opened
        self.on_change()
        return self._arranged

    def arrange(self, layout: Node) -> list[str]:
        """
        Take what the page was arranged to, or a layout that was loaded in the page.

        Parameters
        ----------
        layout
            Root node as the page sends it.

        Returns
        -------
        list of str
            What was replaced and left out of a layout that was loaded.

        Raises
        ------
        ExploreError
            A layout with anything that the page does not know or must not show; then all stays as it was.
        """
        arranged = copy.deepcopy(layout)
        changes: list[str] = []
        numbers = [_take_number(widget) for widget in _any_widgets(arranged)]
        if any(number is not None for number in numbers):
            check(arranged, "the layout")
            self._arranged = copy.deepcopy(layout)
        else:  # nothing of what was shown is left: another layout
            arranged, changes = in_todays_words(arranged)
            check(arranged, "the layout")
            self.binding = bind(normal(arranged), self._columns)
            self._arranged = self._opened = _numbered(self.binding)
            changes += self.binding.changes
        self.on_change()
        return changes

    def layout(self) -> Node:
        """
        The layout as it is saved.

        Returns
        -------
        dict
            Root node in its normal form.
        """
        return normal(_Return(self.binding, self._arranged).layout())

    @property
    def changed(self) -> bool:
        """Whether what would be saved differs from what was given."""
        return self.layout() != self.binding.original


def _numbered(binding: Binding) -> Node:
    """The bound layout as the page is given it: each widget with the number of the one it was."""
    numbered = copy.deepcopy(binding.layout)
    for widget, number in zip(widgets(numbered), binding.origins, strict=True):
        widget.setdefault("config", {})[ORIGIN] = number
    return numbered


def _take_number(widget: Any) -> int | None:
    config = widget.get("config") if isinstance(widget, dict) else None
    number = config.pop(ORIGIN, None) if isinstance(config, dict) else None
    return number if isinstance(number, int) else None


def _any_widgets(node: Any) -> Iterator[Any]:
    """As `widgets`, of a tree that is not checked yet."""
    children = node.get("children") if isinstance(node, dict) else None
    if isinstance(node, dict) and node.get("kind") == "widget":
        yield node
    for child in children if isinstance(children, list) else []:
        yield from _any_widgets(child)


class _Return:
    """
    The way back from an arranged page to a file.

    Every node that comes from the given layout is known by the numbers of the widgets in it.
    """

    def __init__(self, binding: Binding, arranged: Node) -> None:
        self._given = list(widgets(binding.original))
        self._shown = dict(zip(binding.origins, widgets(binding.layout), strict=True))
        self._titles = _titles_in_page(binding)
        self._columns, self._names = binding.columns, binding.names
        self._original = binding.original
        self._root = copy.deepcopy(arranged)
        self._numbers: dict[int, int] = {}  # number of a widget of the given layout by id of the node

    def layout(self) -> Node:
        for widget in list(widgets(self._root)):
            number = _take_number(widget)
            if number in self._shown and number not in self._numbers.values():
                self._numbers[id(widget)] = number
                self._merge(widget, number)
            else:
                self._merge(widget, None)
        self._put_back(self._original, self._number_given(self._original))
        weights = {node.get("weight") for node in _nodes(self._original)}
        for node in _nodes(self._root):
            if (
                "weight" in node and node["weight"] not in weights
            ):  # dragged: a pixel more or less is in the fifteenth digit
                node["weight"] = float(f"{node['weight']:.4g}")
        return self._root

    # One widget

    def _merge(self, widget: Node, number: int | None) -> None:
        """Undo in place what binding did to a widget; keep what was done to it in the page."""
        given = self._given[number] if number is not None else {}
        shown = self._shown[number] if number is not None else {}
        if number is not None and widget.get("name") == self._titles[number]:
            widget["name"] = given.get("name")
        before, arranged, its = shown.get("config") or {}, widget.get("config") or {}, WIDGETS[widget["type"]]
        written = given.get("config") or {}
        config: Node = {}
        for key in {**written, **arranged}:
            old, new = before.get(key), arranged.get(key)
            if number is not None and new == old:
                config[key] = written.get(key)
            elif key in (*its.needed, *its.extra):
                config[key] = self._named(new)
            elif key == "views" and widget["type"] == "inspector":
                config[key] = self._lenses(new or [], old or [], written.get(key) or [])
            elif key in its.lists and widget["type"] == "table":
                config[key] = self._listed(new or [], written.get(key) or [])
            elif key in its.lists:
                config[key] = [self._named(column) for column in new or []]
            elif key == "sorting":
                config[key] = [[self._named(column), order] for column, order in new or []]
            elif key == COLUMN_WIDTHS:
                absent = {
                    column: width for column, width in (written.get(key) or {}).items() if not self._columns[column]
                }
                config[key] = {**absent, **{self._named(column): width for column, width in (new or {}).items()}}
            else:
                config[key] = new
        if config or given.get("config") is not None:
            widget["config"] = config
        else:
            widget.pop("config", None)

    def _named(self, column: str | None) -> str | None:
        """Name that a column of the table has in the file."""
        return self._names.get(column, column) if column else column

    def _listed(self, arranged: Sequence[str], written: Sequence[str]) -> list[str]:
        """Columns of a table in the order of the file, with those that this data does not have; new ones last."""
        shown = {column: self._columns.get(column) for column in written}
        kept = [column for column in written if shown[column] is None or shown[column] in arranged]
        added = {self._named(column) or "" for column in arranged if column not in shown.values()}
        return [*kept, *in_display_order(sorted(added - set(kept)))]

    def _lenses(self, arranged: Sequence[Node], before: Sequence[Node], written: Sequence[Node]) -> list[Node]:
        was, given = ({lens["key"]: lens for lens in lenses} for lenses in (before, written))
        lenses = []
        for lens in arranged:
            key = lens.get("key")
            if key in was and lens == was[key]:
                lenses.append(given[key])
            else:
                lenses.append({**lens, "columns": [self._named(column) for column in lens["columns"]]})
        for place, lens in enumerate(written):
            if lens["key"] not in was:  # left out by binding: behind the lens it stood behind
                ahead = [other["key"] for other in written[:place]]
                spots = [spot for spot, other in enumerate(lenses) if other.get("key") in ahead]
                lenses.insert(spots[-1] + 1 if spots else 0, lens)
        return lenses

    # What binding left out

    def _number_given(self, layout: Node) -> dict[int, frozenset[int]]:
        """Numbers of the widgets in each node of the given layout, by the node's id."""
        count = iter(range(len(self._given)))
        numbers: dict[int, frozenset[int]] = {}

        def visit(node: Node) -> frozenset[int]:
            own = {next(count)} if node.get("kind") == "widget" else set()
            numbers[id(node)] = frozenset(own.union(*(visit(child) for child in node.get("children", []))))
            return numbers[id(node)]

        visit(layout)
        return numbers

    def _put_back(self, node: Node, given: dict[int, frozenset[int]]) -> None:
        """Put back what binding left out below one node of the given layout."""
        children = node.get("children", [])
        for place, child in enumerate(children):
            if not given[id(child)].isdisjoint(self._present()):
                self._put_back(child, given)
                continue
            back = self._left_out(child, iter(sorted(given[id(child)])))
            if back is None:
                continue
            siblings = [(other, True) for other in reversed(children[:place])]
            siblings += [(other, False) for other in children[place + 1 :]]
            if not any(self._beside(back, node, other, given, after) for other, after in siblings):
                self._anywhere(back)

    def _left_out(self, node: Node, numbers: Iterator[int]) -> Node | None:
        """Copy of a node with those of its widgets that binding left out; None without any."""
        if node["kind"] == "widget":
            number = next(numbers)
            if number in self._shown:  # it was closed in the page
                return None
            back = copy.deepcopy(node)
            self._numbers[id(back)] = number
            return back
        children = [inner for child in node["children"] if (inner := self._left_out(child, numbers))]
        return {**node, "children": children} if children else None

    def _beside(self, back: Node, outer: Node, sibling: Node, given: dict[int, frozenset[int]], after: bool) -> bool:
        """Put a node back beside its sibling, where that is still to be found as a whole."""
        wanted, whole = given[id(sibling)] & self._present(), given[id(outer)]
        level = ("widget",) if sibling["kind"] == "widget" else ("tab", "split")
        found = [
            (parent, node)
            for parent in _nodes(self._root)
            for node in parent.get("children", [])
            if node["kind"] in level and wanted and wanted <= self._inside(node) <= given[id(sibling)]
        ]
        if not found:
            return False
        fitting = [
            (parent, node)
            for parent, node in found
            if self._inside(parent) <= whole and parent.get("orientation") == outer.get("orientation")
        ]
        # Splits that hold one node alone are alike: the one as deep as it was.
        depth, there = _depth(self._original, sibling), fitting or found
        parent, node = min(there, key=lambda pair: abs(_depth(self._root, pair[1]) - depth))
        if not fitting and sibling["kind"] != "widget":
            # The page has merged the split that held both: make it again.
            split = {"kind": "split", "orientation": outer["orientation"], "weight": node.get("weight", 1)}
            split["children"], parent["children"][_place(parent, node)] = [node], split
            node["weight"], parent = sibling["weight"], split
        parent["children"].insert(_place(parent, node) + after, back)
        return True

    def _anywhere(self, back: Node) -> None:
        """Put widgets back into the tab that holds the nearest one of the given layout."""
        tabs = [node for node in _nodes(self._root) if node.get("kind") == "tab" and self._inside(node)]
        first = min(self._inside(back))
        for widget in list(widgets(back)):
            if tabs:
                nearest = min(tabs, key=lambda tab: min(abs(number - first) for number in self._inside(tab)))
                nearest["children"].append(widget)
            else:
                tabs = [{"kind": "tab", "weight": 1, "children": [widget]}]
                self._root["children"] += tabs

    def _inside(self, node: Node) -> frozenset[int]:
        return frozenset(self._numbers[id(widget)] for widget in widgets(node) if id(widget) in self._numbers)

    def _present(self) -> frozenset[int]:
        return self._inside(self._root)


def _titles_in_page(binding: Binding) -> dict[int, str]:
    """What the page calls each widget: it makes names unique."""
    titles: dict[int, str] = {}
    for widget, number in zip(widgets(binding.layout), binding.origins, strict=True):
        name = widget.get("name") or WIDGETS[widget["type"]].title
        title, count = name, 2
        while title in titles.values():
            title, count = f"{name} ({count})", count + 1
        titles[number] = title
    return titles


def _nodes(node: Node) -> Iterator[Node]:
    """A node and all below it, from the top."""
    yield node
    for child in node.get("children", []):
        yield from _nodes(child)


def _depth(root: Node, node: Node) -> int:
    """Levels from the root to a node in it."""
    level, depth = [root], 0
    while level and all(other is not node for other in level):
        level, depth = [child for other in level for child in other.get("children", [])], depth + 1
    return depth


def _place(parent: Node, node: Node) -> int:
    """Place of a node among its parent's children, by identity: equal ones may stand beside it."""
    return next(place for place, child in enumerate(parent["children"]) if child is node)
