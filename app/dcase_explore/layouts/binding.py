"""
Fits a layout to the table at hand.

A score or an embedding that the table does not have is replaced by one that it has, consistently in every widget, the
user's own first; a widget with nothing left to show is dropped.
"""

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from dcase_explore.columns import member, members
from dcase_explore.layouts.vocabulary import WIDGETS, Node, References

BUILT_IN = frozenset(
    {"ast-finetuned-audioset-10-10-0.4593", "dcase2023_task2_baseline_ae", "embedding_lof", "logmel", "logmel_lof"}
)
"""Scores and embeddings that come with the data or from enrichment; anything else is the user's own and goes first."""

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
    bound["children"] = binding.children(bound.get("children", []))
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

    def children(self, nodes: list[Node]) -> list[Node]:
        bound = []
        for node in nodes:
            if node.get("kind") == "widget":
                if self.widget(node):
                    bound.append(node)
                continue
            node["children"] = self.children(node.get("children", []))
            if node["children"]:
                bound.append(node)
        return bound

    def widget(self, widget: Node) -> bool:
        """Bind one widget in place; False when it has nothing left to show."""
        config, references = widget.get("config") or {}, WIDGETS[widget["type"]]
        title = f"'{widget.get('name') or widget['type']}'"
        bound: dict[str, Any] = {key: self.column(config.get(key)) for key in (*references.needed, *references.extra)}
        for key in references.needed:
            if config.get(key) and not bound[key]:
                self.dropped.append(f"{title} (no {_owner(config[key])})")
                return False
        for key in references.lists:
            listed = [column for column in config.get(key) or [] if column]
            bound[key] = _distinct(found for column in listed if (found := self.column(column)))
            if listed and not bound[key] and references.lists_needed:
                self.dropped.append(f"{title} (no {_owner(listed[0])})")
                return False
        config.update({key: value for key, value in bound.items() if key in config})
        if "sorting" in config:
            config["sorting"] = [
                [found, order] for name, order in config["sorting"] or [] if (found := self.column(name))
            ]
        if widget["type"] == "inspector" and config.get("views"):
            config["views"] = [lens for lens in config["views"] if self.lens(lens)]
            if not config["views"]:
                self.dropped.append(title)
                return False
        return True

    def lens(self, lens: Node) -> bool:
        bound = [self.column(column) for column in lens["columns"]]
        if not bound or bound[0] is None:
            return False
        lens["columns"] = [column for column in bound if column]
        return True

    def column(self, name: str | None) -> str | None:
        if name is None or name in self.columns:
            return name
        replacement = self.replacements.get(name)
        if replacement:
            self.replaced[_owner(name)] = _owner(replacement)
        return replacement


def _owner(column: str) -> str:
    """Score or embedding that a column belongs to, in words."""
    for word, families in (("score", SCORE_FAMILIES), ("embedding", EMBEDDING_FAMILIES)):
        for family in families:
            name = member(column, family)
            if name:
                return f"{word} {name}"
    return column


def _named_columns(layout: Node) -> tuple[list[str], list[str]]:
    """Columns that widgets are about, in order, and those that only tables list."""
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
        roles += [column for lens in config.get("views") or [] for column in lens["columns"] if column]
    return roles, listed


def _replacements(roles: Sequence[str], listed: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """Column that stands in for each named column of a score or an embedding that the table does not have."""
    replacements: dict[str, str] = {}
    for families in (SCORE_FAMILIES, EMBEDDING_FAMILIES):
        there = _members(columns, families)
        shown = _members(roles, families)
        # What only tables list may also take a widget's empty place: a table does not lose it by that.
        free = [name for name in sorted(there, key=lambda name: name in BUILT_IN) if name not in shown]
        missing = [name for name in _distinct([*shown, *_members(listed, families)]) if name not in there]
        for old, new in zip(missing, free, strict=False):
            for family in families:
                head, _, tail = family.partition("<")
                tail = tail.partition(">")[2]
                if f"{head}{new}{tail}" in columns:
                    replacements[f"{head}{old}{tail}"] = f"{head}{new}{tail}"
    return replacements


def _members(columns: Sequence[str], families: Sequence[str]) -> list[str]:
    """Scores or embeddings that any of the columns belongs to, those with the family's first column first."""
    return _distinct(name for family in families for name in members(columns, family))


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
