"""Scores and embeddings that stand in a frame, beside the names of their clips."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore.attach.dimensions import FACT, dimensions
from dcase_explore.attach.naming import MACHINE_COLUMNS, is_counter, names_in_frame, text_of
from dcase_explore.attach.numbers import Given, Kind, numbers
from dcase_explore.clip_names import is_clip
from dcase_explore.column_names import describe, member
from dcase_explore.errors import ExploreError
from dcase_explore.messages import some
from dcase_explore.tables.dialect import NAME_COLUMNS

_DECISION_COLUMNS = ("decision", "decisions", "prediction", "predictions")
_DECISIONS = {"0": "normal", "1": "anomaly", "normal": "normal", "anomaly": "anomaly"}
_DECISIONS |= {"false": "normal", "true": "anomaly"}
_SCORE_COLUMNS = ("anomaly_score", "anomaly_scores", "score", "scores")


def given_in_frame(frame: pd.DataFrame, kind: Kind, name: str, where: str, place: Callable[[int], str]) -> Given:
    """
    Values that stand in a frame, beside the names of their clips if there are any.

    Parameters
    ----------
    frame
        Of a CSV or Parquet file, or handed over; columns without header are numbered.
    kind
        ``"scores"`` or ``"embeddings"``.
    name
        What they will be called: of several score columns the one called ``anomaly_score_<name>`` is theirs.
    where, place
        What an error calls the whole and one row of it.

    Returns
    -------
    Given
        With names from a column called like a name column or holding clip names, or from an index of text.

    Raises
    ------
    ExploreError
        As `numbers`; no column or several that could be meant.
    """
    if not len(frame):
        raise ExploreError(f"{where}: there is not a single row")
    columns = {str(column).strip().lower(): column for column in frame.columns}
    if len(columns) < len(frame.columns):
        keys = pd.Index([str(column).strip().lower() for column in frame.columns])
        raise ExploreError(f"{where}: column {some(keys[keys.duplicated()].unique())} stands there twice")
    names_column, names = names_in_frame(frame, where, place)
    family = "anomaly_score_<score>" if kind == "scores" else "embeddings_<embedding>"
    rest, left_out = [], []
    for key, column in columns.items():
        if column == names_column or key in NAME_COLUMNS or is_clip(text_of(frame[column].iloc[0]) or ""):
            continue
        is_fact = describe(str(column)) is not None and not member(str(column), family)
        if is_fact or is_counter(column) or key in (*_DECISION_COLUMNS, *MACHINE_COLUMNS):
            left_out += [column] if key else []
        else:
            rest.append(column)
    if kind == "embeddings":
        return _embeddings(frame, rest, left_out, names, name, where, place)
    called = [column for column in rest if member(str(column), family) == name] or [
        column for column in rest if str(column).strip().lower() in _SCORE_COLUMNS
    ]
    # Labels and the like may stand beside; should they be all there is, one may be called like them.
    others = [column for column in rest if FACT.fullmatch(str(column).strip()) or _holds_vectors(frame[column])]
    likely = called or [column for column in rest if column not in others] or rest
    out = [column for column in (*left_out, *rest) if column not in likely]
    remark = f"{likely[0]} is taken; left out: {some(out, 6)}" if likely and out and not called else None
    rest = likely
    if len(rest) != 1:
        listed = some(frame.columns, 6)
        raise ExploreError(
            f"{where}: {'no column holds' if not rest else 'several columns could be'} the scores (columns {listed}): "
            "keep one beside the names, called anomaly_score"
        )
    array = numbers(_values(frame[rest[0]]), kind, where, place)
    decided = [columns[key] for key in (f"prediction_{name}".lower(), *_DECISION_COLUMNS) if key in columns]
    return Given(
        array, names, _decisions(frame[decided[0]], place) if decided else None, remark, _beside(frame, rest, names)
    )


def _embeddings(
    frame: pd.DataFrame,
    rest: list[Any],
    left_out: list[Any],
    names: list[str] | None,
    name: str,
    where: str,
    place: Callable[[int], str],
) -> Given:
    """One column of vectors, or a family of columns of numbers."""
    vectors = [column for column in rest if _holds_vectors(frame[column])]
    if not vectors:
        written = [column for column in rest if str(frame[column].iloc[0]).lstrip().startswith("[")]
        if written:
            raise ExploreError(
                f"{where}: column {written[0]} holds vectors written as text: give a column to each number, or save "
                "them as .npz or .parquet"
            )
        taken = dimensions(frame, rest, left_out, where)
        wide, beside = frame[taken.columns], _beside(frame, taken.columns, names)
        if all(pd.api.types.is_numeric_dtype(kind) for kind in wide.dtypes):
            return Given(
                numbers(wide.to_numpy(dtype=np.float64, na_value=np.nan), "embeddings", where),
                names,
                None,
                taken.remark,
                beside,
            )
        return Given(
            numbers(wide.to_numpy(dtype=object), "embeddings", where, place), names, None, taken.remark, beside
        )
    called = [column for column in vectors if member(str(column), "embeddings_<embedding>") == name] or vectors
    if len(called) > 1:
        raise ExploreError(f"{where}: several columns hold vectors ({some(called)}): keep one beside the names")
    out = [column for column in (*left_out, *rest) if column not in called]
    remark = f"{called[0]} is taken; left out: {some(out, 6)}" if out else None
    beside = _beside(frame, called, names)
    return Given(numbers(frame[called[0]].to_list(), "embeddings", where, place), names, None, remark, beside)


def _beside(frame: pd.DataFrame, taken: list[Any], names: list[str] | None) -> pd.DataFrame:
    """What may tell whose values are taken, where no names do."""
    return frame.drop(columns=taken) if names is None else pd.DataFrame()


def _values(column: pd.Series) -> Any:
    """Numbers as they are, others one by one, so that each is looked at."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.to_list()


def _decisions(column: pd.Series, place: Callable[[int], str]) -> np.ndarray:
    """Decisions in words; null where there is none."""
    found = np.full(len(column), None, dtype=object)
    for row, value in enumerate(column):
        if pd.isna(value) or value == "":
            continue
        text = f"{value:g}" if isinstance(value, int | float | np.number) else str(value).lower()
        if text not in _DECISIONS:
            raise ExploreError(f"{place(row)}: a decision is 0 (normal) or 1 (anomaly), not {str(value)[:40]}")
        found[row] = _DECISIONS[text]
    return found


def _holds_vectors(column: pd.Series) -> bool:
    first = next((value for value in column if value is not None), None)
    return isinstance(first, list | tuple | np.ndarray)
