"""
Fits a layout to the table at hand.

A score or an embedding that the table does not have is replaced by one that it has, consistently in every widget, the
user's own first; a widget with nothing left to show is dropped, and so is one that without its colours shows what
another one shows with colours.
"""

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dcase_explore.columns import BUILT_IN, member, members
from dcase_explore.layouts.vocabulary import WIDGETS, Node, References

SCORE_FAMILIES = (
    "anomaly_score_<score>",
    "prediction_<score>",
    "prediction_correct_<score>",
    "auc_cost_<score>",
)
EMBEDDING_FAMILIES = (
    "embeddings_<embedding>",
    "map_<embedding>_x",
    "map_<embedding>_y",
    "domain_distance_<embedding>",
)


def bind(layout: Node, columns: Iterable[str]) -> tuple[Node, list[str]]:
    """
    Fit a layout to a table.

    Parameters
    ----------
    layout
        A checked layout; it is not changed.
    columns
        Columns of the table at hand, in order. Columns without any value should be left out.

    Returns
    -------
    layout : dict
        The layout that names only columns of the table.
    changes : list of str
        What was replaced and what was dropped, one sentence part each; empty when nothing had to change.
    """
    names = list(columns)
    binding = _Binding(names, _replacements(*_named_columns(layout), names))
    bound = copy.deepcopy(layout)
    children = _where(bound.get("children", []), binding.widget)
    bound["children"] = _where(children, binding.shows_more)
    replaced = [f"{new} for {old}" for old, new in binding.replaced.items()]
    dropped = [f"left out {', '.join(binding.dropped)}"] if binding.dropped else []
    return bound, replaced + dropped


class _Binding:
    """One walk over a layout's nodes, noting what it replaces and drops."""

    def __init__(self, columns: Sequence[str], replacements: dict[str, str]) -> None:
        self.columns = frozenset(columns)
        self.replacements = replacements
        self.replaced: dict[str, str] = {}  # by name of a score or an embedding, in words
        self.dropped: list[str] = []
        self.kept: list[Node] = []
        self.lost: dict[int, str] = {}  # column that a kept widget has to do without, by the widget's id

    def widget(self, widget: Node) -> bool:
        """Bind one widget in place; False when it has nothing left to show."""
        config, references = widget.get("config") or {}, WIDGETS[widget["type"]]
        title = _title(widget)
        bound: dict[str, Any] = {key: self.column(config.get(key)) for key in (*references.needed, *references.extra)}
        for key in references.needed:
            if config.get(key) and not bound[key]:
                self.dropped.append(f"{title} (no {self.missing(config[key])})")
                return False
        for key in references.lists:
            listed = [column for column in config.get(key) or [] if column]
            bound[key] = _distinct(found for column in listed if (found := self.column(column)))
            if listed and not bound[key] and references.lists_needed:
                self.dropped.append(f"{title} (no {self.missing(listed[0])})")
                return False
        self.lost.update({id(widget): config[key] for key in references.extra if config.get(key) and not bound[key]})
        config.update({key: value for key, value in bound.items() if key in config})
        if "sorting" in config:
            config["sorting"] = [
                [found, order] for name, order in config["sorting"] or [] if (found := self.column(name))
            ]
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
            self.dropped.append(f"{_title(widget)} (no {self.missing(lost)})")
            return False
        return True

    def lens(self, lens: Node, others: Sequence[tuple[str, list[str]]]) -> bool:
        """Bind one lens in place; False when it has nothing left to show, or what another one shows."""
        bound = [self.column(column) for column in lens["columns"]]
        if not bound or bound[0] is None:
            return False
        columns = [column for column in bound if column]
        if columns != lens["columns"] and (lens["view"], columns) in others:
            return False
        lens["columns"] = columns
        return True

    def column(self, name: str | None) -> str | None:
        if name is None or name in self.columns:
            return name
        replacement = self.replacements.get(name)
        if replacement not in self.columns:
            return None
        self.replaced[_owner(name)] = _owner(replacement)
        return replacement

    def missing(self, name: str) -> str:
        """What the table lacks: a whole score or embedding, or of one that it has the column."""
        wanted = self.replacements.get(name, name)
        return wanted if _owner(wanted) in map(_owner, self.columns) else _owner(wanted)


def _where(nodes: list[Node], keep: Callable[[Node], bool]) -> list[Node]:
    """Nodes without the widgets that are not kept, and without the tabs and splits that this leaves empty."""
    kept = []
    for node in nodes:
        if node.get("kind") == "widget":
            if keep(node):
                kept.append(node)
            continue
        node["children"] = _where(node.get("children", []), keep)
        if node["children"]:
            kept.append(node)
    return kept


def _includes(widget: Node, other: Node) -> bool:
    """Whether a widget shows all that another one does."""
    extra = WIDGETS[other["type"]].extra
    config, others = widget.get("config") or {}, other["config"]
    return bool(widget["type"] == other["type"]) and all(
        config.get(key) == value or (key in extra and value is None) for key, value in others.items()
    )


def _title(widget: Node) -> str:
    return f"'{widget.get('name') or widget['type']}'"


def _owner(column: str) -> str:
    """Score or embedding that a column belongs to, in words."""
    for word, families in (("score", SCORE_FAMILIES), ("embedding", EMBEDDING_FAMILIES)):
        for family in families:
            name = member(column, family)
            if name:
                return f"{word} {name}"
    return column


def _named_columns(layout: Node) -> tuple[list[str], list[str]]:
    """Columns that widgets are about, in order, and those that tables and inspectors list."""
    roles: list[str] = []
    listed: list[str] = []
    waiting = [layout]
    while waiting:
        node = waiting.pop(0)
        waiting = [*node.get("children", []), *waiting]
        config, references = node.get("config") or {}, WIDGETS.get(node.get("type", ""), References())
        roles += [config[key] for key in (*references.needed, *references.extra) if config.get(key)]
        (listed if node.get("type") == "table" else roles).extend(
            column for key in references.lists for column in config.get(key) or [] if column
        )
        listed += [column for lens in config.get("views") or [] for column in lens["columns"] if column]
    return roles, listed


def _replacements(roles: Sequence[str], listed: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """Column that would stand in for each of a score or an embedding that the table does not have."""
    replacements: dict[str, str] = {}
    for families in (SCORE_FAMILIES, EMBEDDING_FAMILIES):
        there = _members(columns, families)
        shown = _members(roles, families)
        # What is only listed may also take a widget's empty place: a table does not lose it by that.
        free = [name for name in sorted(there, key=lambda name: name in BUILT_IN) if name not in shown]
        missing = [name for name in _distinct([*shown, *_members(listed, families)]) if name not in there]
        for old, new in zip(missing, free, strict=False):
            for family in families:
                head, _, tail = family.partition("<")
                tail = tail.partition(">")[2]
                replacements[f"{head}{old}{tail}"] = f"{head}{new}{tail}"
    return replacements


def _members(columns: Sequence[str], families: Sequence[str]) -> list[str]:
    """Scores or embeddings that any of the columns belongs to, those with the family's first column first."""
    return _distinct(name for family in families for name in members(columns, family))


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
