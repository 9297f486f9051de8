"""Which column of a table names its clips: one that is called so is used or refused, never passed over."""

import os
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore.clip_names import is_clip
from dcase_explore.column_names import describe
from dcase_explore.errors import ExploreError
from dcase_explore.tables.dialect import NAME_COLUMNS

MACHINE_COLUMNS = ("class", "machine_type", "machine")
_COUNTERS = re.compile(r"|index|level_\d+|unnamed: \d+\S*|__index_level_\d+__", re.IGNORECASE)


def is_counter(column: object) -> bool:
    """Whether a column is called like the row numbers that pandas writes."""
    return _COUNTERS.fullmatch(str(column).strip()) is not None


def names_in_frame(frame: pd.DataFrame, where: str, place: Callable[[int], str]) -> tuple[Any, list[str] | None]:
    """
    Names of the clips that a frame's rows are of.

    Parameters
    ----------
    frame
        Any frame with at least one row.
    where, place
        What an error calls the whole and one row of it.

    Returns
    -------
    column : object
        Column they stand in; None for the index or none.
    names : list of str or None
        None where the rows are those of the table by position.

    Raises
    ------
    ExploreError
        Rows without a name, a column called like one of names that holds none, rows numbered out of order.
    """
    column = _names_column(frame, where)
    if column is None:
        names = names_in_index(frame.index, where)
        for counter in [name for name in frame.columns if names is None and is_counter(name)]:
            if not _counts(frame[counter].to_numpy()):
                raise ExploreError(f"{where}: its rows are numbered out of order: write the clip_id of each instead")
        return None, names
    found = [text_of(value) for value in frame[column]]
    if None in found:
        value = str(frame[column].iloc[found.index(None)])[:40]
        held = f"names no clip, but holds {value}" if value else "is empty"
        raise ExploreError(f"{place(found.index(None))}: column {column} {held}")
    names = [name for name in found if name is not None]
    machine = next(
        (other for other in frame.columns if str(other).strip().lower() in MACHINE_COLUMNS and other != column), None
    )
    # A file name alone may belong to several machine types; the column beside it tells.
    if machine is not None:
        names = [
            _of_machine_type(name, str(machine_type)) for name, machine_type in zip(names, frame[machine], strict=True)
        ]
    return column, names


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
    names = [text_of(key) for key in index]
    texts = [name for name in names if name is not None]
    if len(texts) == len(names) and (names or not isinstance(index, pd.RangeIndex)):
        return texts
    if texts:
        raise ExploreError(f"{where}: its index names no clip in row {names.index(None)}")
    if isinstance(index, pd.RangeIndex) and (index.start, index.step) == (0, 1):
        return None
    raise ExploreError(
        f"{where}: the rows are indexed by {index.dtype}, not by clip_id or file name: "
        "set that index, or give to_numpy() in the order of the whole table"
    )


def text_of(value: object) -> str | None:
    """
    Name of a clip, whatever holds it.

    Parameters
    ----------
    value
        Text, bytes, a path, or recording and path as `datasets` keeps them.

    Returns
    -------
    str or None
        Stripped; None for anything else.
    """
    if isinstance(value, Mapping):
        value = value.get("path")
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, bytes | bytearray):
        try:
            value = value.rstrip(b"\0").decode()  # with which texts of one length are filled up
        except UnicodeDecodeError:
            return None
    return value.strip() or None if isinstance(value, str) else None


def _names_column(frame: pd.DataFrame, where: str) -> Any:
    """Column of clip names: one called so or holding some, or text beside numbers, whose names are unknown then."""
    columns = {str(column).strip().lower(): column for column in frame.columns}
    called = [columns[key] for key in NAME_COLUMNS if key in columns]
    first = {column: _first_text(frame[column]) for column in frame.columns}
    clips = [column for column in called if is_clip(first[column] or "")]
    if clips:
        return clips[0]
    facts = [column for column in frame.columns if column not in called and describe(str(column))]
    clips = [column for column in frame.columns if is_clip(first[column] or "") and column not in facts]
    if clips:
        _check_agree(frame, clips, where)
        return clips[0]
    for column in called:
        if first[column]:
            return column
    facts += [
        column for column in frame.columns if str(column).strip().lower() in MACHINE_COLUMNS and column not in facts
    ]
    texts = [column for column in frame.columns if first[column] and column not in facts]
    if texts and len(texts) < len(frame.columns) - len(facts):
        return texts[0]
    if called:
        held = frame[called[0]].dtype
        raise ExploreError(
            f"{where}: column {called[0]} holds no names of clips ({held}): write the clip_id or file name of each "
            "there, or leave it out"
        )
    return None


def _check_agree(frame: pd.DataFrame, columns: list[Any], where: str) -> None:
    """Refuse several columns that name clips, none of them called so, unless they name the same ones."""
    files = [[_file(text_of(value)) for value in frame[column]] for column in columns]
    other = next((column for column, named in zip(columns, files, strict=True) if named != files[0]), None)
    if other is not None:
        raise ExploreError(
            f"{where}: columns {columns[0]} and {other} name different clips: call the one that is meant clip_id"
        )


def _file(name: str | None) -> str | None:
    return name and name.replace("\\", "/").rpartition("/")[2]


def _first_text(column: pd.Series) -> str | None:
    values = column.to_numpy() if column.dtype == object else np.asarray(column.dropna().iloc[:1], dtype=object)
    return next((text for value in values if (text := text_of(value)) is not None), None)


def _of_machine_type(name: str, machine: str) -> str:
    """Name of a clip that says its machine type; a path or ``clip_id`` says more already and is left as it is."""
    return (
        name if "/" in name or "\\" in name or name.lower().startswith(f"{machine.lower()}_") else f"{machine}_{name}"
    )


def _counts(numbers: np.ndarray) -> bool:
    """Whether these are 0, 1, 2, … or 1, 2, 3, …, one for each row."""
    return any(np.array_equal(numbers, np.arange(start, start + len(numbers))) for start in (0, 1))
