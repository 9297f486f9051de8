"""
What columns are for: a layout's first score, its second embedding, its first attribute, or nothing but themselves.

A score has a column of each family (score, decision, correctness, cost), so has an embedding (vectors, map, distance),
and an attribute has its values. Which score is a layout's first is told by where it names them, not by their names:
another table's first one takes its part, in all families at once.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from dcase_explore.column_names import member, members
from dcase_explore.columns import ATTRIBUTE
from dcase_explore.layouts.naming import Reference
from dcase_explore.score_names import BUILT_IN

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
_FAMILIES = {"score": SCORE_FAMILIES, "embedding": EMBEDDING_FAMILIES}


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
    for word, families in _FAMILIES.items():
        for family in families:
            if column.startswith(_start(family)) and (name := member(column, family)):
                return f"{word} {name}"
    return column


def roles(named: Sequence[Reference]) -> dict[str, list[str]]:
    """
    A layout's scores, embeddings and attributes: its first, its second and so on.

    Parameters
    ----------
    named
        What the layout names, in the order of the file.

    Returns
    -------
    dict
        ``"score"`` and ``"embedding"`` to their names, ``"attribute"`` to the columns of values. What widgets are about
        comes before what tables and inspectors merely list.
    """
    about = [reference.column for reference in named if not reference.listed]
    listed = [reference.column for reference in named if reference.listed]
    found = {kind: distinct([*_members(about, of), *_members(listed, of)]) for kind, of in _FAMILIES.items()}
    return {**found, "attribute": distinct(name for name in about if _is_attribute(name))}


def stand_ins(named: Sequence[Reference], columns: Sequence[str]) -> dict[str, str]:
    """
    Column that takes the part of each that the table does not have.

    Parameters
    ----------
    named
        What a layout names, in the order of the file.
    columns
        Of the table, in order.

    Returns
    -------
    dict
        By name, for all columns of a score or an embedding at once, whether named or not; the user's own go first.
        No column takes two parts.
    """
    about = [reference.column for reference in named if not reference.listed]
    listed = [reference.column for reference in named if reference.listed]
    order = roles(named)
    found: dict[str, str] = {}
    for kind, families in _FAMILIES.items():
        there, shown = _members(columns, families), _members(about, families)
        # What is only listed may also take a widget's part: a table does not lose it by that.
        free = [name for name in sorted(there, key=lambda name: name in BUILT_IN) if name not in shown]
        missing = [name for name in order[kind] if name not in there]
        for old in missing[: len(free)]:
            wanted = [family for family in families if _of(family, old) in (about if old in shown else listed)]
            # The user's own first; among them one that can stand in wherever the other one is shown.
            new = max(free, key=lambda name: (name not in BUILT_IN, sum(_of(one, name) in columns for one in wanted)))
            free.remove(new)
            found.update({_of(family, old): _of(family, new) for family in families})
    missing = [name for name in order["attribute"] if name not in columns]
    attributes = [name for name in ("attributes", *sorted(columns)) if name in columns and _is_attribute(name)]
    free = [name for name in distinct(attributes) if name not in about]
    return {**found, **dict(zip(missing, free, strict=False))}


def written_as(named: Iterable[str], parts: Mapping[str, str], columns: Iterable[str]) -> dict[str, str]:
    """
    The way back: name in the layout of each column of the table that takes another one's part.

    Parameters
    ----------
    named
        Columns that the layout names: those keep their names.
    parts
        As of `stand_ins`.
    columns
        Of the table.

    Returns
    -------
    dict
        By column of the table, whether a widget shows it or not.
    """
    own, there = {owner(name) for name in named}, set(columns)
    cast = {owner(name) for name in named if parts.get(name) in there}
    return {new: old for old, new in parts.items() if owner(old) in cast and owner(new) not in own}


def distinct(names: Iterable[str]) -> list[str]:
    """Names in their order, each once."""
    return list(dict.fromkeys(names))


def _start(family: str) -> str:
    """What columns of a family begin with, which tells sooner than their pattern that one is not of it."""
    return family.partition("<")[0]


def _of(family: str, name: str) -> str:
    """Column of a family that belongs to a score or an embedding."""
    return re.sub("<.*>", lambda _: name, family)


def _is_attribute(column: str) -> bool:
    """Whether a column holds the values of an attribute, or of all of them in words."""
    return column == "attributes" or bool(ATTRIBUTE.fullmatch(column) and column.endswith("v"))


def _members(columns: Sequence[str], families: Sequence[str]) -> list[str]:
    """Scores or embeddings that any of the columns belongs to, those with the family's first column first."""
    return distinct(
        name
        for family in families
        for name in members([column for column in columns if column.startswith(_start(family))], family)
    )
