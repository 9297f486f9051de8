"""Values without names are those of the table's rows in order, unless what stands beside them says otherwise."""

import datetime
import re
from collections.abc import Callable
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore.attach.naming import MACHINE_COLUMNS
from dcase_explore.attach.numbers import Given
from dcase_explore.clip_types import LABEL_CODES
from dcase_explore.errors import ExploreError

_READ: dict[str, Callable[[str], str]] = {
    "split": str,
    "section": lambda text: text.removeprefix("section_").removeprefix("id_").zfill(2),
    "domain": str,
    "label": lambda text: LABEL_CODES.get(text, text),
    **dict.fromkeys(MACHINE_COLUMNS, str),
}
"""How facts of clips are written beside values, as the table writes them."""
_TRUTH = re.compile(
    r"y|y_?true|gt|(?:ground_?)?truth|(?:is_)?(?:anomal(?:y|ous)|abnormal|normal|target|source)|labels|targets|domains"
)
"""What truths of two values are called, of which nobody says which is which."""


def rows_in_order(given: Given, frame: pd.DataFrame, where: str) -> np.ndarray:
    """
    Rows of the table that values without names belong to.

    Parameters
    ----------
    given
        Values, and what stood beside them.
    frame
        Clip table, unfiltered.
    where
        What an error calls the values.

    Returns
    -------
    numpy.ndarray
        0, 1, 2, …, one for each clip.

    Raises
    ------
    ExploreError
        Another number of values than of clips; rows that are numbered in another order, that have something beside them
        which may be their names, or of which the table says otherwise than they do.
    """
    if len(given.array) != len(frame):
        raise ExploreError(
            f"{where}: {len(given.array):,} values for {len(frame):,} clips: values without names are matched by "
            "position, which takes one for each clip of the whole table, before --class and other filters; "
            "give fewer with the clip_id or file name of each"
        )
    for column, values in given.beside.items():
        if _may_name(values):
            kind = type(values.dropna().iloc[0]).__name__
            raise ExploreError(
                f"{where}: column {column} may name the clips, but not as text ({kind}): write the clip_id of each "
                "there, or leave it out"
            )
        if _is_other_order(column, values):
            raise ExploreError(
                f"{where}: its rows are numbered out of order (column {column}): write the clip_id of each instead"
            )
        _compare(str(column).strip().lower(), values, frame, where)
        if _TRUTH.fullmatch(str(column).strip().lower()) and _is_another_truth(values, frame):
            raise ExploreError(
                f"{where}: values without names are matched by position, but column {column} is neither the label nor "
                "the domain of the clips in this order: write the clip_id of each beside its value, or leave it out"
            )
    return np.arange(len(frame))


def _may_name(values: pd.Series) -> bool:
    """Whether a column holds neither text nor numbers, truth values, times or vectors."""
    value = next((value for value in values if value is not None), None)
    if isinstance(value, list | tuple | np.ndarray):
        return any(isinstance(part, str | bytes) for part in value)
    return value is not None and not isinstance(
        value, str | Number | np.generic | datetime.date | datetime.time | datetime.timedelta | type(pd.NA)
    )


def _is_other_order(column: Any, values: pd.Series) -> bool:
    """Whether a column numbers the rows, but not from the first to the last; ranks of the values may do so."""
    if not pd.api.types.is_numeric_dtype(values.dtype) or "rank" in str(column).lower() or len(values) < 3:
        return False
    array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    steps = np.diff(np.sort(array))
    return bool(steps[0] > 0 and (steps == steps[0]).all() and not (np.diff(array) > 0).all())


def _is_another_truth(values: pd.Series, frame: pd.DataFrame) -> bool:
    """Whether a column of two values is neither label nor domain of the table's rows."""
    known = [
        frame[name].astype(object).where(frame[name].notna(), None)
        for name in ("label", "domain")
        if name in frame and frame[name].nunique() == 2
    ]
    values = values.reset_index(drop=True)
    if not known or values.isna().any() or values.nunique() != 2:
        return False
    pairs = [len(set(zip(column, values, strict=True)) - {(None, value) for value in values}) for column in known]
    return min(pairs) > 2


def _compare(key: str, values: pd.Series, frame: pd.DataFrame, where: str) -> None:
    """Refuse facts that are not the table's; words that it does not know are not compared."""
    column = "class" if key in MACHINE_COLUMNS else key
    if key not in _READ or column not in frame:
        return
    theirs = [_read(value, key) for value in frame[column]]
    for row, (value, expected) in enumerate(zip(values, theirs, strict=True)):
        found = _read(value, key)
        if expected is not None and found != expected and found in theirs:
            raise ExploreError(
                f"{where}: values without names are matched by position, but row {row} is of {column} {found} and so "
                f"is not {frame['clip_id'].iloc[row]}: write the clip_id of each beside its value"
            )


def _read(value: Any, key: str) -> str | None:
    """A fact as it is compared."""
    if not pd.api.types.is_scalar(value) or pd.isna(value):
        return None
    return _READ[key](f"{value:g}" if isinstance(value, int | float | np.number) else str(value).strip().lower())
