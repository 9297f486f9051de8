"""
Fits a layout to the table at hand.

A score or an embedding that the table does not have is replaced by one that it has, consistently in every widget, the
user's own first; a widget with nothing left to show is dropped, and so is one that without its colours shows what
another one shows with colours.
"""

import copy
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dcase_explore.errors import ExploreError, meant
from dcase_explore.layouts.naming import Reference, references
from dcase_explore.layouts.roles import distinct, owner, stand_ins, written_as
from dcase_explore.layouts.tree import widgets
from dcase_explore.layouts.vocabulary import COLUMN_WIDTHS, WIDGETS, Node
from dcase_explore.messages import some

OF_THE_PAGE = ("tag", "note")
"""Columns that the page itself adds to any table: see the widgets' `notes`."""


@dataclass(frozen=True)
class Binding:
    """
    A layout fitted to a table.

    Attributes
    ----------
    original
        The layout as it was given.
    layout
        What is left of it, naming only columns of the table.
    origins
        For each widget of `layout`, its number among those of `original`, in the order of the file.
    columns
        For each column that `original` names, the one that stands for it; None where there is none.
    names
        For each column that stands for another one, whether it is shown or not, the name of that one.
    absent
        Places of `original` whose columns the table does not have.
    changes
        What was replaced and what was dropped, one sentence part each; empty when nothing had to change.
    left_out
        Of these, the widgets that have nothing to show.
    """

    original: Node
    layout: Node
    origins: tuple[int, ...]
    columns: Mapping[str, str | None]
    names: Mapping[str, str]
    absent: tuple[Reference, ...]
    changes: tuple[str, ...]
    left_out: tuple[str, ...]

    def require_some(self, name: str) -> None:
        """
        Refuse a layout that shows nothing of the table.

        Parameters
        ----------
        name
            Of the layout, for the sentence.

        Raises
        ------
        ExploreError
            When no widget is left.
        """
        if not any(widgets(self.layout)):
            raise ExploreError(f"layout {name} has nothing to show of this data: try --layout simple")

    def require_all(self, name: str, columns: Iterable[str]) -> None:
        """
        Refuse a layout that does not fit the table as it is.

        Parameters
        ----------
        name
            Of the layout, for the sentence.
        columns
            Of the table.

        Raises
        ------
        ExploreError
            Names the first place and column that the table does not have.
        """
        if self.absent:
            first, rest = self.absent[0], len(self.absent) - 1
            raise ExploreError(
                f"{name}: {first.where} names {first.column}, which this data does not have"
                f"{f' ({rest:,} more such places)' if rest else ''}; {meant(first.column, columns)} "
                "(without --strict-layout what can be replaced is, and the rest is left out)"
            )


def bind(layout: Node, columns: Iterable[str]) -> Binding:
    """
    Fit a layout to a table.

    Parameters
    ----------
    layout
        Root node in its normal form; it is not changed.
    columns
        Columns of the table at hand, in order. Columns without any value should be left out; those that the page adds
        are always there.

    Returns
    -------
    Binding
        The layout that names only columns of the table, and what became of the rest.
    """
    there, named = distinct([*columns, *OF_THE_PAGE]), list(references(layout))
    parts = stand_ins(named, there)
    stands_for = {one.column: _stand_in(one.column, parts, there) for one in named}
    walk = _Walk(stands_for, parts, {owner(name) for name in there})
    bound = copy.deepcopy(layout)
    numbers = {id(widget): number for number, widget in enumerate(widgets(bound))}
    children = _pruned(bound.get("children", []), walk.widget)
    bound["children"] = _pruned(children, walk.shows_more)
    replaced = {owner(old): owner(new) for old, new in stands_for.items() if new and new != old}
    missing = distinct(walk.missing(name) for name, new in stands_for.items() if name and not new)
    missing = [name for name in missing if name not in walk.reasons]
    changes = [f"{new} for {old}" for old, new in replaced.items()]
    changes += [f"without {some(missing)}"] if missing else []
    left_out = [f"left out {', '.join(walk.dropped)}"] if walk.dropped else []
    return Binding(
        original=layout,
        layout=bound,
        origins=tuple(numbers[id(widget)] for widget in widgets(bound)),
        columns=stands_for,
        names=written_as(stands_for, parts, there),
        absent=tuple(one for one in named if stands_for[one.column] != one.column),
        changes=(*changes, *left_out),
        left_out=tuple(left_out),
    )


def _stand_in(name: str, parts: Mapping[str, str], there: Sequence[str]) -> str | None:
    """The column that stands for one: itself, another one, or none."""
    if name in there:
        return name
    return parts[name] if parts.get(name) in there else None


class _Walk:
    """One walk over a layout's nodes, putting in what stands for each column and noting what has to go."""

    def __init__(self, stands_for: Mapping[str, str | None], parts: Mapping[str, str], owners: Collection[str]) -> None:
        self.stands_for, self.parts, self.owners = stands_for, parts, owners
        self.dropped: list[str] = []
        self.reasons: set[str] = set()  # what they lacked
        self.kept: list[Node] = []
        self.lost: dict[int, str] = {}  # column that a kept widget has to do without, by the widget's id

    def widget(self, widget: Node) -> bool:
        """Bind one widget in place; False when it has nothing left to show."""
        config, known = widget.get("config") or {}, WIDGETS[widget["type"]]
        title = _title(widget)
        for key in (*known.one, *known.several):
            written = config.get(key)
            if not written:
                continue
            bound: Any = self.stands_for[written] if key in known.one else self.all_of(filter(None, written))
            if bound:
                config[key] = bound
            elif known.keys[key].needed and any(written):
                self.drop(title, written if key in known.one else next(filter(None, written)))
                return False
            elif key in known.one:
                self.lost[id(widget)] = config.pop(key)
            else:
                config[key] = []
        if "sorting" in config:
            config["sorting"] = [
                [found, order] for name, order in config["sorting"] if (found := self.stands_for[name])
            ]
        if COLUMN_WIDTHS in config:
            widths = config.pop(COLUMN_WIDTHS)
            kept = {found: width for name, width in widths.items() if (found := self.stands_for[name])}
            config.update({COLUMN_WIDTHS: kept} if kept else {})
        if widget["type"] == "inspector" and config.get("views"):
            others = [(lens["view"], lens["columns"]) for lens in config["views"]]
            config["views"] = [lens for lens in config["views"] if self.lens(lens, others)]
            if not config["views"]:
                self.dropped.append(title)
                return False
        self.kept.append(widget)
        return True

    def shows_more(self, widget: Node) -> bool:
        """Whether a bound widget still shows what no other does, though it had to do without a column."""
        lost = self.lost.get(id(widget))
        if lost and any(_includes(other, widget) for other in self.kept if other is not widget):
            self.kept = [other for other in self.kept if other is not widget]
            self.drop(_title(widget), lost)
            return False
        return True

    def lens(self, lens: Node, others: Sequence[tuple[str, list[str]]]) -> bool:
        """Bind one lens in place; False when it has nothing left to show, or what another one shows."""
        first, columns = lens["columns"][0], self.all_of(filter(None, lens["columns"]), once=False)
        if not first or not self.stands_for[first]:
            return False
        if columns != lens["columns"] and (lens["view"], columns) in others:
            return False
        lens["columns"] = columns
        return True

    def all_of(self, names: Iterable[str], *, once: bool = True) -> list[str]:
        """What stands for columns, without those that nothing stands for."""
        found = [column for name in names if (column := self.stands_for[name])]
        return distinct(found) if once else found

    def drop(self, title: str, column: str) -> None:
        self.dropped.append(f"{title} (no {self.missing(column)})")
        self.reasons |= {owner(column), self.missing(column)}

    def missing(self, name: str) -> str:
        """What the table lacks: a whole score or embedding, or of one that it has the column."""
        wanted = self.parts.get(name, name)
        return wanted if owner(wanted) in self.owners else owner(wanted)


def _pruned(nodes: list[Node], keep: Callable[[Node], bool]) -> list[Node]:
    """Nodes without the widgets that are not kept, and without the tabs and splits that this leaves empty."""
    kept = []
    for node in nodes:
        if node["kind"] == "widget":
            if keep(node):
                kept.append(node)
            continue
        node["children"] = _pruned(node["children"], keep)
        if node["children"]:
            kept.append(node)
    return kept


def _includes(widget: Node, other: Node) -> bool:
    """Whether a widget shows all that another one does."""
    known = WIDGETS[other["type"]]
    extra = [key for key in known.one if not known.keys[key].needed]
    config, others = widget.get("config") or {}, other["config"]
    return bool(widget["type"] == other["type"]) and all(
        config.get(key) == others.get(key) or (key in extra and others.get(key) is None) for key in {**config, **others}
    )


def _title(widget: Node) -> str:
    return f"'{widget.get('name') or WIDGETS[widget['type']].title}'"
