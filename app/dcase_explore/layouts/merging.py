"""
One widget as it is saved: what the file says of it, with what was done to it in the page.

What was not changed in the page keeps its words; columns keep the names they were written with where another one stood
for them; and what the data at hand lack keeps its place in every list.
"""

from collections.abc import Sequence
from typing import Any

from dcase_explore.column_names import in_display_order
from dcase_explore.layouts.binding import Binding
from dcase_explore.layouts.vocabulary import COLUMN_WIDTHS, WIDGETS, Node


class Merging:
    """
    The way back of widgets from a page to a file.

    Parameters
    ----------
    binding
        What the page was given.
    """

    def __init__(self, binding: Binding) -> None:
        self._columns, self._names = binding.columns, binding.names

    def config(self, widget: Node, given: Node, shown: Node) -> Node | None:
        """
        Config of a widget as it is saved.

        Parameters
        ----------
        widget
            As the page has it.
        given, shown
            As the file has it and as the page was given it; empty for a widget that is new.

        Returns
        -------
        dict or None
            None where the widget has none in the file either.
        """
        written, before, arranged = (node.get("config") or {} for node in (given, shown, widget))
        config = {
            key: written.get(key)
            if shown and arranged.get(key) == before.get(key)
            else self._value(widget["type"], key, arranged.get(key), before.get(key), written.get(key))
            for key in {**written, **arranged}
        }
        return config if config or given.get("config") is not None else None

    def _value(self, kind: str, key: str, arranged: Any, before: Any, written: Any) -> Any:
        """What is saved under one key that was changed in the page."""
        known = WIDGETS[kind]
        if key in known.one:
            return self._named(arranged)
        if key == "views" and kind == "inspector":
            return self._lenses(arranged or [], before or [], written or [])
        if key in known.several:
            if known.keys[key].gaps:  # its columns are known by their place
                return [self._named(column) for column in arranged or []]
            return self._listed(arranged or [], written or [], sort=kind == "table")
        if key == "sorting":
            orders = {self._named(column): order for column, order in arranged or []}
            absent = [pair for pair in written or [] if not self._columns[pair[0]]]
            return [*([column, order] for column, order in orders.items()), *absent]
        if key == COLUMN_WIDTHS:
            unseen = {column: width for column, width in (written or {}).items() if not self._columns[column]}
            return {**unseen, **{self._named(column): width for column, width in (arranged or {}).items()}}
        return arranged

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
            same = lens == was.get(lens.get("key"))
            lenses.append(
                given[lens["key"]] if same else {**lens, "columns": [self._named(name) for name in lens["columns"]]}
            )
        found = [(lens.get("key"), lens) for lens in lenses]
        for number, lens in enumerate(written):
            if lens["key"] not in was:
                put_back(found, lens["key"], lens, [other["key"] for other in written[:number]])
        return [lens for _, lens in found]


def put_back(found: list[tuple[Any, Any]], known_by: Any, left_out: Any, ahead: Sequence[Any]) -> None:
    """
    Put what binding left out behind the nearest of those that it stood behind, or first.

    Parameters
    ----------
    found
        Lenses, widgets or nodes that are there, each with what it is known by; it is added to them.
    known_by, left_out
        The same of what was left out.
    ahead
        What those are known by that stood before it, in their order.
    """
    spots = {name: spot for spot, (name, _) in enumerate(found)}
    spot = next((spots[name] + 1 for name in reversed(ahead) if name in spots), 0)
    found.insert(spot, (known_by, left_out))
