"""Scores and embeddings that stand in a frame, beside the names of their clips."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore.attach.numbers import Given, Kind, numbers
from dcase_explore.clip_names import is_clip, parse_clip_name, with_ending
from dcase_explore.columns import describe, member
from dcase_explore.errors import ExploreError
from dcase_explore.messages import some

NAME_COLUMNS = ("clip_id", "path", "file_name", "filename", "file", "clip", "name", "audio")
"""What a column of clip names may be called."""
_DECISION_COLUMNS = ("decision", "decisions", "prediction", "predictions")
_DECISIONS = {"0": "normal", "1": "anomaly", "normal": "normal", "anomaly": "anomaly"}
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
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ExploreError(f"{where}: column {some(twice)} stands there twice")
    columns = {str(column).strip().lower(): column for column in frame.columns}
    names_column = _names_column(frame, columns)
    names = _names_in(frame, columns, names_column, where)
    family = "anomaly_score_<score>" if kind == "scores" else "embeddings_<embedding>"
    rest = [
        column
        for key, column in columns.items()
        if key not in (*NAME_COLUMNS, *_DECISION_COLUMNS, "machine_type", "")
        and column != names_column
        and not _holds_names(frame[column])
        and (describe(str(column)) is None or member(str(column), family))
    ]
    if kind == "embeddings":
        vectors = [column for column in rest if _holds_vectors(frame[column])]
        called = [column for column in vectors if member(str(column), family) == name]
        rest = called or vectors or rest
        if len(vectors) > 1 and len(rest) > 1:
            raise ExploreError(f"{where}: several columns hold vectors ({some(rest)}): keep one beside the names")
        values = frame[rest[0]].to_list() if vectors else frame[rest].to_numpy()
        return Given(numbers(values, kind, where, place), names)
    called = [column for column in rest if member(str(column), family) == name] or [
        column for column in rest if str(column).strip().lower() in _SCORE_COLUMNS
    ]
    rest = called or rest
    if len(rest) != 1:
        listed = some(frame.columns, 6)
        raise ExploreError(
            f"{where}: {'no column holds' if not rest else 'several columns could be'} the scores (columns {listed}): "
            "keep one beside the names, called anomaly_score"
        )
    array = numbers(frame[rest[0]].to_list(), kind, where, place)
    decided = [columns[key] for key in (f"prediction_{name}".lower(), *_DECISION_COLUMNS) if key in columns]
    return Given(array, names, _decisions(frame[decided[0]], place) if decided else None)


def _decisions(column: pd.Series, place: Callable[[int], str]) -> np.ndarray:
    """Decisions in words; null where there is none."""
    found = np.full(len(column), None, dtype=object)
    for row, value in enumerate(column):
        if pd.isna(value) or value == "":
            continue
        text = str(int(value)) if isinstance(value, bool | int | float | np.number | np.bool_) else value
        if text not in _DECISIONS:
            raise ExploreError(f"{place(row)}: a decision is 0 (normal) or 1 (anomaly), not {str(value)[:40]}")
        found[row] = _DECISIONS[text]
    return found


def names_in_index(index: pd.Index, where: str) -> list[str] | None:
    """
    Names that an index holds.

    Parameters
    ----------
    index
        Of a Series or frame.
    where
        What an error calls it.

    Returns
    -------
    list of str or None
        None for an index that only counts.

    Raises
    ------
    ExploreError
        An index of numbers in any other order: whose they are is anybody's guess.
    """
    if isinstance(index, pd.RangeIndex) and (index.start, index.step) == (0, 1):
        return None
    if isinstance(index, pd.CategoricalIndex):
        index = pd.Index(list(index))
    if not pd.api.types.is_string_dtype(index.dtype):
        raise ExploreError(
            f"{where}: the rows are indexed by {index.dtype}, not by clip_id or file name: "
            "set that index, or give to_numpy() in the order of the whole table"
        )
    return [str(key) for key in index]


def _names_column(frame: pd.DataFrame, columns: dict[str, object]) -> Any:
    """Column of clip names: one called so or holding some, or text beside numbers, whose names are unknown then."""
    called = [columns[key] for key in NAME_COLUMNS if key in columns]
    known = next((column for column in (*called, *frame.columns) if _holds_names(frame[column])), None)
    if known is not None:
        return known
    described = [column for column in frame.columns if describe(str(column)) and column not in called]
    texts = [column for column in frame.columns if _holds_text(frame[column]) and column not in described]
    return texts[0] if texts and len(texts) < len(frame.columns) - len(described) else None


def _names_in(frame: pd.DataFrame, columns: dict[str, object], found: object | None, where: str) -> list[str] | None:
    """Names of the clips in their column, or in an index of text."""
    if found is None:
        return names_in_index(frame.index, where)
    names = [str(name).strip() for name in frame[found]]
    machine = columns.get("class", columns.get("machine_type"))
    # A file name alone may belong to several machine types; the column beside it tells.
    if machine is not None and machine != found:
        names = [_of_machine_type(name, str(its)) for name, its in zip(names, frame[machine], strict=True)]
    return names


def _of_machine_type(name: str, machine: str) -> str:
    """Name of a clip that says its machine type; a path or ``clip_id`` says more already and is left as it is."""
    return f"{machine}_{name}" if parse_clip_name(with_ending(name)) and "/" not in name and "\\" not in name else name


def _holds_names(column: pd.Series) -> bool:
    """Whether the first value names a clip; a clip_id does, for it ends in a file name."""
    return _holds_text(column) and is_clip(str(column.iloc[0]))


def _holds_text(column: pd.Series) -> bool:
    return bool(len(column)) and isinstance(column.iloc[0], str)


def _holds_vectors(column: pd.Series) -> bool:
    first = next((value for value in column if value is not None), None)
    return isinstance(first, list | tuple | np.ndarray)
