"""
The way back from an arranged page to a file.

What is saved is the layout as it was given, with what was changed in the page: columns keep the names they were written
with where another one stood for them, and what binding left out is put back where it was, so that one file serves many
data sets and a diff shows what somebody changed.
"""

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

from dcase_explore.columns import in_display_order
from dcase_explore.layouts.binding import Binding
from dcase_explore.layouts.references import rename
from dcase_explore.layouts.tree import nodes, widgets
from dcase_explore.layouts.vocabulary import COLUMN_WIDTHS, WIDGETS, Node

Kept = Literal["all", "absent", "nothing"]
KEPT: tuple[Kept, ...] = ("all", "absent", "nothing")
"""Of what binding changed, as much as there is at first."""


def restored(
    binding: Binding,
    arranged: Node,
    numbers: Mapping[int, int],
    *,
    keep: Kept = "all",
    without: Collection[int] = (),
) -> tuple[Node, list[int | None]]:
    """
    Make a layout to save of what a page was arranged to.

    Parameters
    ----------
    binding
        The layout that the page was given.
    arranged
        Root node as the page has it; it is not changed.
    numbers
        For each widget of `arranged` that is one of the given layout, its number there, by the widget's id.
    keep
        Of the widgets in the page: the names that columns were written with (``"all"``), or the names that the page
        shows and what binding left out of the widgets (``"absent"``), or neither.
    without
        Numbers of widgets that are not put back.

    Returns
    -------
    layout : dict
        Root node.
    put_back : list of int or None
        For each of its widgets, in the order of the file, its number if it was put back.
    """
    return _Restoring(binding, arranged, numbers, keep, without).layout()


class _Restoring:
    """
    The way back from an arranged page to a file.

    Every node that comes from the given layout is known by the numbers of the widgets in it.
    """

    def __init__(
        self, binding: Binding, arranged: Node, numbers: Mapping[int, int], keep: Kept, without: Collection[int]
    ) -> None:
        self._given = list(widgets(binding.original))
        self._shown = dict(zip(binding.origins, widgets(binding.layout), strict=True))
        self._titles = _titles_in_page(binding)
        self._columns, self._names = binding.columns, binding.names
        self._keep = keep
        self._not_back = {*without, *self._shown}
        self._original = binding.original
        self._root = copy.deepcopy(arranged)
        self._numbers: dict[int, int] = {}  # number of a widget of the given layout by id of the node
        for widget, copied in zip(widgets(arranged), widgets(self._root), strict=True):
            number = numbers.get(id(widget))
            taken = number in self._numbers.values()
            if number in self._shown and not taken and copied["type"] == self._shown[number]["type"]:
                self._numbers[id(copied)] = number

    def layout(self) -> tuple[Node, list[int | None]]:
        there = set(self._numbers)
        for widget in widgets(self._root):
            if self._keep != "nothing":
                self._merge(widget, self._numbers.get(id(widget)))
            if self._keep == "absent":
                rename(widget, lambda column: self._columns.get(column) or column)
        self._put_back(self._original, self._number_given(self._original))
        weights = {node.get("weight") for node in nodes(self._original)}
        for node in nodes(self._root):
            if "weight" in node and node["weight"] not in weights:
                node["weight"] = float(f"{node['weight']:.4g}")  # dragged: the rest is less than a pixel
        return self._root, [
            None if id(widget) in there else self._numbers.get(id(widget)) for widget in widgets(self._root)
        ]

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
            elif key in its.lists and widget["type"] != "Metric":  # whose columns are known by their place
                config[key] = self._listed(new or [], written.get(key) or [], sort=widget["type"] == "table")
            elif key in its.lists:
                config[key] = [self._named(column) for column in new or []]
            elif key == "sorting":
                orders = {self._named(column): order for column, order in new or []}
                absent = [pair for pair in written.get(key) or [] if not self._columns[pair[0]]]
                config[key] = [*([column, order] for column, order in orders.items()), *absent]
            elif key == COLUMN_WIDTHS:
                unseen = {
                    column: width for column, width in (written.get(key) or {}).items() if not self._columns[column]
                }
                config[key] = {**unseen, **{self._named(column): width for column, width in (new or {}).items()}}
            else:
                config[key] = new
        if config or given.get("config") is not None:
            widget["config"] = config
        else:
            widget.pop("config", None)

    def _named(self, column: str | None) -> str | None:
        """Name that a column of the table has in the file."""
        return self._names.get(column, column) if column else column

    def _listed(self, arranged: Sequence[str], written: Sequence[str], *, sort: bool) -> list[str]:
        """Columns in the order of the file, with those that this data does not have; new ones last."""
        shown = {column: self._columns.get(column) for column in written}
        kept = [column for column in written if shown[column] is None or shown[column] in arranged]
        added = [self._named(column) or "" for column in arranged if column not in shown.values()]
        return [*kept, *(in_display_order(sorted(added)) if sort else added)]

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
            if number in self._not_back:  # it was closed in the page, say
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
            for parent in nodes(self._root)
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
        tabs = [node for node in nodes(self._root) if node.get("kind") == "tab" and self._inside(node)]
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


def _depth(root: Node, node: Node) -> int:
    """Levels from the root to a node in it."""
    level, depth = [root], 0
    while level and all(other is not node for other in level):
        level, depth = [child for other in level for child in other.get("children", [])], depth + 1
    return depth


def _place(parent: Node, node: Node) -> int:
    """Place of a node among its parent's children, by identity: equal ones may stand beside it."""
    return next(place for place, child in enumerate(parent["children"]) if child is node)
