"""What a column's name says: which of the contract it is, of which score or embedding, and where it stands."""

import re
from collections import Counter
from collections.abc import Iterable

from dcase_explore.columns import COLUMNS, Column
from dcase_explore.score_names import COMPUTED, IN_SHORT


def _pattern(column: Column) -> re.Pattern[str]:
    escaped = re.escape(column.name)
    return re.compile(escaped.replace("<n>", r"([1-9])").replace("<score>", "(.+)").replace("<embedding>", "(.+)"))


# Longest first, so that prediction_correct_x is not read as the prediction of "correct_x".
_PATTERNS = sorted(((_pattern(c), c) for c in COLUMNS), key=lambda pair: -len(pair[1].name))
_ORDER = {column.name: position for position, column in enumerate(COLUMNS)}


def describe(name: str) -> Column | None:
    """
    Look up what a column of the clip table is.

    Parameters
    ----------
    name
        Name of the column, such as ``"anomaly_score_mine"``.

    Returns
    -------
    Column or None
        With the score's or embedding's name put into its description; None for a column that is not in the contract.
    """
    for pattern, column in _PATTERNS:
        match = pattern.fullmatch(name)
        if match:
            described = column.description.format(*match.groups()) if "{}" in column.description else column.description
            if column.name == "anomaly_score_<score>" and match[1] in COMPUTED:
                described = f"{described} {COMPUTED[match[1]]}"
            words = column.words.format(*(IN_SHORT.get(part, part) for part in match.groups()))
            return Column(name, column.kind, words, described, column.categories)
    return None


def in_words(columns: Iterable[str]) -> dict[str, str]:
    """
    What columns are called where people read them.

    Parameters
    ----------
    columns
        Of a clip table.

    Returns
    -------
    dict
        By name; those outside the contract, and those that would be called alike, are called by their names.
    """
    found = {name: column.words if (column := describe(name)) else name for name in columns}
    often = Counter(found.values())
    return {name: words if often[words] == 1 else name for name, words in found.items()}


def member(name: str, family: str) -> str | None:
    """
    Name of the score or embedding a column belongs to, if it is of that family.

    Parameters
    ----------
    name
        Name of a column.
    family
        One of `COLUMNS` by name, such as ``"anomaly_score_<score>"``.

    Returns
    -------
    str or None
        ``"mine"`` for ``anomaly_score_mine``.
    """
    for pattern, column in _PATTERNS:
        match = pattern.fullmatch(name)
        if match:
            return match.group(1) if column.name == family else None
    return None


def members(columns: Iterable[str], family: str) -> list[str]:
    """
    Names of all scores or embeddings that have a column of one family.

    Parameters
    ----------
    columns
        Columns of a clip table.
    family
        One of `COLUMNS` by name, such as ``"embeddings_<embedding>"``.

    Returns
    -------
    list of str
        In the order of the columns.
    """
    return [found for name in columns if (found := member(name, family)) is not None]


def in_display_order(columns: Iterable[str]) -> list[str]:
    """
    Sort columns as people read them: what the clip is, what the models say of it, where it is, vectors last.

    Parameters
    ----------
    columns
        Names of columns; of one family (all scores, say) the given order is kept, and a score's own columns
        (score, decision, correctness, cost) stand together.

    Returns
    -------
    list of str
        The same names; those outside the contract come last.
    """
    names = list(columns)
    scores: list[str] = []

    def place(name: str) -> tuple[int, ...]:
        for pattern, column in _PATTERNS:
            match = pattern.fullmatch(name)
            if not match:
                continue
            if "<n>" in column.name:
                return (_ORDER["d<n>p"], int(match[1]), _ORDER[column.name])
            if "<score>" in column.name:
                if match[1] not in scores:
                    scores.append(match[1])
                return (_ORDER["anomaly_score_<score>"], scores.index(match[1]), _ORDER[column.name])
            return (_ORDER[column.name],)
        return (len(_ORDER),)

    places = {name: place(name) for name in names}
    return sorted(names, key=places.__getitem__)
