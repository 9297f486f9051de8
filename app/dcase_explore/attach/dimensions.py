"""Which columns of a table are the dimensions of an embedding: one family of numbers, the rest left out by name."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, some
from dcase_explore.tables.dialect import is_number

_NUMBERED = re.compile(r"(.*?)(\d+)(\D*)")
_MANY = 8
"""So many numbered columns are a family, even if one of them is missing."""
_FACTS = (
    r"(?:y|labels?|targets?|classe?s?)(?:_?(?:true|pred(?:icted)?|id|idx))?|ground_?truth|gt|fold|split|"
    r"(?:is_|y_)?(?:anomal(?:y|ous)|normal|target|source)|"
    r"(?:predictions?|decisions?|predicted|pred)(?:_.*)?|sections?|domains?|machines?|machine_?(?:id|type)|"
    r"seeds?|epochs?|batch|row|rank|offset|start|end|duration|length|seconds|sr|rate|sample_?rate|channels?"
)
FACT = re.compile(_FACTS, re.IGNORECASE)
"""Numbers that stand beside scores and are none."""
_NO_DIMENSION = re.compile(rf"{_FACTS}|as-.*|.*(?:^|_)(?:scores?|loss|prob(?:a|ability)?)", re.IGNORECASE)
"""Numbers that stand beside vectors and are no part of them."""


@dataclass(frozen=True)
class Dimensions:
    """
    Columns that are taken.

    Attributes
    ----------
    columns
        In the order of the table.
    remark
        What was taken and what was left out, for a note.
    """

    columns: list[Any]
    remark: str


def dimensions(frame: pd.DataFrame, among: Sequence[Any], left_out: Sequence[Any], where: str) -> Dimensions:
    """
    Choose the columns that make up vectors.

    Parameters
    ----------
    frame
        A table of a vector per row.
    among
        Columns to choose from, in order.
    left_out
        Columns that are left out already and worth a word.
    where
        What an error calls the table.

    Returns
    -------
    Dimensions
        The numbered columns, ``emb_0``, ``emb_1``, …; where none are numbered, all that are not called otherwise.

    Raises
    ------
    ExploreError
        When none is left, or several families of numbered columns could be meant.
    """
    plane = {"x", "y"} <= {str(column).lower() for column in among}
    likely = [
        column
        for column in among
        if (not _NO_DIMENSION.fullmatch(str(column)) or (plane and str(column).lower() == "y"))
        and _has_numbers(frame[column])
    ]
    families: dict[tuple[str, str], dict[Any, int]] = defaultdict(dict)
    for column in likely:
        match = _NUMBERED.fullmatch(str(column))
        if match:
            families[match[1], match[3]][column] = int(match[2])
    several = [list(family) for family in families.values() if _is_family(sorted(family.values()))]
    if len(several) > 1:
        listed = some((_span(family) for family in several), 4)
        raise ExploreError(f"{where}: several families of columns could be the dimensions ({listed}): keep one")
    taken = several[0] if several else likely
    if not taken:
        raise ExploreError(
            f"{where}: no column holds numbers that could be dimensions (columns {some(frame.columns, 6)})"
        )
    dimensions = set(taken)
    out = [*left_out, *(column for column in among if column not in dimensions)]
    rest = f"; left out: {some(out, 6)}" if out else ""
    which = _span(taken) if several else some(taken, 6)
    return Dimensions(taken, f"{counted(len(taken), 'dimension')}, {which}{rest}")


def _is_family(numbers: Sequence[int]) -> bool:
    """Whether columns of these numbers belong together: those that programs number have no gaps."""
    several, run = len(numbers) > 1, range(numbers[0], numbers[0] + len(numbers))
    return several and (len(numbers) >= _MANY or (numbers[0] <= 1 and list(numbers) == list(run)))


def _span(columns: Sequence[Any]) -> str:
    return f"{columns[0]} to {columns[-1]}" if len(columns) > 2 else some(columns)


def _has_numbers(column: pd.Series) -> bool:
    """Whether a column holds numbers, or some among texts, of which the row is then to be told."""
    if pd.api.types.is_bool_dtype(column.dtype):
        return False
    if pd.api.types.is_numeric_dtype(column.dtype):
        return True
    return any(_is_number(value) for value in column)


def _is_number(value: object) -> bool:
    return (
        is_number(value) if isinstance(value, str) else isinstance(value, int | float | np.number) and value is not None
    )
