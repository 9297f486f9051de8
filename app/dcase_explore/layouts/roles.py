"""
What columns are for: which score or embedding they belong to, and which one may stand in for one that is missing.

The roles of a layout's columns are a score's (score, decision, correctness, cost), an embedding's (vectors, map,
distance) and an attribute's value; anything else stands for itself.
"""

import re
from collections.abc import Iterable, Sequence

from dcase_explore.columns import ATTRIBUTE, BUILT_IN, member, members
from dcase_explore.layouts.references import Reference

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


def owner(column: str) -> str:
    """
    Score or embedding that a column belongs to.

    Parameters
    ----------
    column
        Any name.

    Returns
    -------
    str
        In words, as in ``"score mine"``; the column itself where it belongs to none.
    """
    for word, families in (("score", SCORE_FAMILIES), ("embedding", EMBEDDING_FAMILIES)):
        for family in families:
            name = member(column, family)
            if name:
                return f"{word} {name}"
    return column


def replacements(named: Sequence[Reference], columns: Sequence[str]) -> dict[str, str]:
    """
    Column that would stand in for each that the table does not have.

    Parameters
    ----------
    named
        What a layout names, in the order of the file: earlier ones choose first.
    columns
        Of the table, in order.

    Returns
    -------
    dict
        By name, for all columns of a score or an embedding at once, whether named or not; the user's own go first.
    """
    roles = [reference.column for reference in named if not reference.listed]
    listed = [reference.column for reference in named if reference.listed]
    found: dict[str, str] = {}
    for families in (SCORE_FAMILIES, EMBEDDING_FAMILIES):
        there = _members(columns, families)
        shown = _members(roles, families)
        # What is only listed may also take a widget's empty place: a table does not lose it by that.
        free = [name for name in sorted(there, key=lambda name: name in BUILT_IN) if name not in shown]
        missing = [name for name in distinct([*shown, *_members(listed, families)]) if name not in there]
        for old in missing[: len(free)]:
            wanted = [family for family in families if _of(family, old) in (roles if old in shown else listed)]
            # The user's own first; among them one that can stand in wherever the other one is shown.
            new = max(free, key=lambda name: (name not in BUILT_IN, sum(_of(one, name) in columns for one in wanted)))
            free.remove(new)
            found.update({_of(family, old): _of(family, new) for family in families})
    attributes = [name for name in ("attributes", *sorted(columns)) if name in columns and _is_attribute(name)]
    missing = distinct(name for name in roles if _is_attribute(name) and name not in columns)
    free = [name for name in distinct(attributes) if name not in roles]
    return {**found, **dict(zip(missing, free, strict=False))}


def _of(family: str, name: str) -> str:
    """Column of a family that belongs to a score or an embedding."""
    return re.sub("<.*>", lambda _: name, family)


def _is_attribute(column: str) -> bool:
    """Whether a column holds the values of an attribute, or of all of them in words."""
    return column == "attributes" or bool(ATTRIBUTE.fullmatch(column) and column.endswith("v"))


def _members(columns: Sequence[str], families: Sequence[str]) -> list[str]:
    """Scores or embeddings that any of the columns belongs to, those with the family's first column first."""
    return distinct(name for family in families for name in members(columns, family))


def distinct(names: Iterable[str]) -> list[str]:
    """Names in their order, each once."""
    return list(dict.fromkeys(names))
