"""
The way back from an arranged page to a file.

The page is given what binding leaves of a layout, and merges every split in which one node is left. On the way back
each node of the file takes up what the page has of its widgets: a node of the page belongs to the node of the file that
most of its widgets come from. What was left out is put back behind its neighbour, in splits made again where the page
has merged them, so that one file serves many data sets and a diff shows what somebody changed.
"""

import copy
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

from dcase_explore.layouts.binding import Binding
from dcase_explore.layouts.merging import Merging, put_back
from dcase_explore.layouts.tree import as_in_page, nodes, widgets
from dcase_explore.layouts.vocabulary import WIDGETS, Node


def restored(
    binding: Binding,
    arranged: Node,
    numbers: Mapping[int, int],
    *,
    as_such: bool = False,
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
    as_such
        Whether widgets are saved as the page shows them, rather than with the names and all the columns of the file.
    without
        Numbers of widgets that are not put back.

    Returns
    -------
    layout : dict
        Root node.
    put_back : list of int or None
        For each of its widgets, in the order of the file, its number if it was put back.
    """
    return _Restoring(binding, arranged, numbers, as_such, without).layout()


_Found = list[tuple[int | None, Node]]
"""Nodes or widgets, each with what it is known by."""


class _Restoring:
    """One way back; every widget is known by its number in the file."""

    def __init__(
        self, binding: Binding, arranged: Node, numbers: Mapping[int, int], as_such: bool, without: Collection[int]
    ) -> None:
        self._file, self._page = ({"kind": "split", **copy.deepcopy(root)} for root in (binding.original, arranged))
        self._given = list(widgets(self._file))
        shown = dict(zip(binding.origins, widgets(binding.layout), strict=True))
        self._not_back = {*without, *shown}  # what was shown and is not there was closed
        self._numbers = {id(widget): number for number, widget in enumerate(self._given)}
        self._there: set[int] = set()
        merging, titles = Merging(binding), _titles_in_page(binding)
        for original, widget in zip(widgets(arranged), widgets(self._page), strict=True):
            number = numbers.get(id(original))
            given: Node = {}
            before: Node = {}
            if number in shown and number not in self._there and widget["type"] == shown[number]["type"]:
                given, before = self._given[number], shown[number]
                self._numbers[id(widget)] = number
                self._there.add(number)
                if widget.get("name") == titles[number]:
                    widget["name"] = given.get("name")
            if not as_such:
                config = merging.config(widget, given, before)
                widget.pop("config", None)
                widget.update({} if config is None else {"config": config})

    def layout(self) -> tuple[Node, list[int | None]]:
        page = as_in_page(self._page)
        if page and self._of(page):
            root = self._taken_up(self._file, [page], "vertical")
        else:
            left = [back for child in self._file["children"] if (back := self._left_out(child))]
            root = {**self._page, "children": [*self._page["children"], *left]}
        if root["kind"] == "tab":
            root = {**self._page, "children": [root]}
        self._put_back_the_rest(root)
        weights = {node.get("weight") for node in nodes(self._file)}
        for node in nodes(root):
            if "weight" in node and node["weight"] not in weights:
                node["weight"] = float(f"{node['weight']:.4g}")  # dragged: the rest is less than a pixel
        found = [self._numbers.get(id(widget)) for widget in widgets(root)]
        layout: Node = {key: root[key] for key in ("orientation", "children") if key in root}
        return layout, [None if number in self._there else number for number in found]

    def _taken_up(self, given: Node, run: list[Node], orientation: str) -> Node:
        """
        A node of the file, with what the page has of it and what was left out of it.

        Parameters
        ----------
        given
            Split or tab of the file.
        run
            Nodes of the page that belong to it, with a widget of it at least; they stand beside each other.
        orientation
            In which they do.
        """
        weight = sum(node["weight"] for node in run)
        if given["kind"] == "tab":
            node = _one(run, orientation)
            tabs = [inner for inner in nodes(node) if inner["kind"] == "tab"]
            tab = max(tabs, key=lambda tab: len(self._of(tab) & self._of(given)))
            found: _Found = [(self._numbers.get(id(widget)), widget) for widget in tab["children"]]
            self._fill(found, given, [self._numbers[id(widget)] for widget in given["children"]])
            tab["children"] = [widget for _, widget in found]
            return {**node, "weight": weight}
        here = frozenset[int]().union(*map(self._of, run))
        present = [child for child in given["children"] if self._of(child) & here]
        merged = len(present) == 1  # by the page: one node is left in this split
        if merged:
            inner = self._taken_up(present[0], run, orientation)
            found, turn = [(id(present[0]), {**inner, "weight": present[0]["weight"]})], given["orientation"]
        else:
            inside, turn = run, orientation
            if len(run) == 1 and run[0]["kind"] == "split":
                inside, turn = run[0]["children"], run[0]["orientation"]
            found = self._parts(present, inside, turn)
        before = found[:]
        self._fill(found, given, list(map(id, given["children"])))
        if not merged and (len(run) > 1 or len(found) > len(before)):
            _weigh(before, present)
        if len(found) == 1 and len(given["children"]) > 1:
            return {**found[0][1], "weight": weight}
        return {"kind": "split", "orientation": turn, "weight": weight, "children": [node for _, node in found]}

    def _parts(self, present: Sequence[Node], inside: Sequence[Node], orientation: str) -> _Found:
        """Nodes of the page, each with the id of the child of the file's node that takes it up."""
        owners = [self._owner(node, present) for node in inside]
        for spot, owner in enumerate(owners):  # what is new between two nodes of one child stays there
            after = next((other for other in owners[spot:] if other is not None), None)
            if owner is None and spot and owners[spot - 1] == after:
                owners[spot] = after
        pairs = zip(owners, inside, strict=True)
        runs = [(owner, [node for _, node in run]) for owner, run in groupby(pairs, key=lambda pair: pair[0])]
        found: _Found = []
        for owner, run in runs:
            longest = max((other for same, other in runs if same == owner), key=len)
            if owner is None or run is not longest:  # new, or torn off
                found += [(None, node) for node in run]
            else:
                found.append((id(present[owner]), self._taken_up(present[owner], run, orientation)))
        return found

    def _owner(self, node: Node, present: Sequence[Node]) -> int | None:
        """Which of the children most of a node's widgets come from."""
        shares = [len(self._of(node) & self._of(child)) for child in present]
        return shares.index(max(shares)) if any(shares) else None

    # What binding left out

    def _fill(self, found: _Found, given: Node, known_by: Sequence[int]) -> None:
        """Put back the children of a node of which nothing was shown."""
        for number, child in enumerate(given["children"]):
            if not self._of(child) & self._there and (back := self._left_out(child)):
                put_back(found, known_by[number], back, known_by[:number])

    def _left_out(self, node: Node) -> Node | None:
        """Copy of a node with those of its widgets that binding left out; None without any."""
        if node["kind"] == "widget":
            number = self._numbers[id(node)]
            if number in self._not_back:
                return None
            back = copy.deepcopy(node)
            self._numbers[id(back)] = number
            return back
        inner = [one for child in node["children"] if (one := self._left_out(child))]
        return {**node, "children": inner} if inner else None

    def _put_back_the_rest(self, root: Node) -> None:
        """Put back what stood in a node whose widgets were moved apart, into the tab with the nearest of the file."""
        there = self._of(root)
        tabs = [node for node in nodes(root) if node.get("kind") == "tab" and self._of(node)]
        for number, widget in enumerate(self._given):
            if number not in there and (back := self._left_out(widget)):
                nearest = min(tabs, key=lambda tab: min(abs(other - number) for other in self._of(tab)))
                nearest["children"].append(back)

    def _of(self, node: Node) -> frozenset[int]:
        """Numbers of the widgets in a node that are the file's."""
        return frozenset(self._numbers[id(widget)] for widget in widgets(node) if id(widget) in self._numbers)


def _one(run: list[Node], orientation: str) -> Node:
    """One node that holds several."""
    return run[0] if len(run) == 1 else {"kind": "split", "orientation": orientation, "weight": 1, "children": run}


def _weigh(found: _Found, present: Sequence[Node]) -> None:
    """Give nodes of the page weights on the scale of the file, where siblings that they do not have are put back."""
    given = {id(child): child["weight"] for child in present}
    taken = [(known_by, node) for known_by, node in found if known_by in given]
    ours, theirs = sum(given[name] for name, _ in taken if name), sum(node["weight"] for _, node in taken)
    for _, node in found if ours and theirs and abs(ours / theirs - 1) > 1e-9 else ():
        node["weight"] *= ours / theirs


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
