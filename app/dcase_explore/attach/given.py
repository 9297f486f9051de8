"""What people hand over in Python: arrays, tensors, lists, mappings, columns and tables, brought into one form."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from dcase_explore.attach.frames import given_in_frame
from dcase_explore.attach.naming import names_in_index, text_of
from dcase_explore.attach.numbers import Given, Kind, numbers
from dcase_explore.column_names import describe
from dcase_explore.errors import ExploreError
from dcase_explore.tables.handed import array_of, frame_of


def given(values: object, kind: Kind, name: str, where: str) -> Given:
    """
    Bring values handed over in Python into one form.

    Parameters
    ----------
    values
        Array-like, mapping or Series keyed by ``clip_id`` or file name, or a frame with a column of such names; of any
        library.
    kind
        ``"scores"`` or ``"embeddings"``.
    name
        What they will be called.
    where
        What an error calls them.

    Returns
    -------
    Given
        Not yet compared with any table; scores and vectors may still hold NaN.

    Raises
    ------
    ExploreError
        As `dcase_explore.attach.numbers.numbers`; a frame that leaves open which column is meant.
    """
    table = frame_of(values, where)
    if isinstance(table, pd.DataFrame):
        return given_in_frame(table, kind, name, where, lambda row: f"{where}, row {row}")
    if isinstance(table, pd.Series):
        return Given(numbers(table.to_list(), kind, where), names_in_index(table.index, where))
    if isinstance(values, Mapping):
        names = [text_of(key) for key in values]
        if None in names:
            raise ExploreError(
                f"{where}: key {str(list(values)[names.index(None)])[:40]!r} is no clip_id and no file name"
            )
        return Given(numbers(array_of(list(values.values()), where), kind, where), [name for name in names if name])
    return Given(numbers(array_of(values, where), kind, where), None)


def clip_table(data: object) -> object:
    """
    Bring a table handed over in Python as data into a form that is read.

    Parameters
    ----------
    data
        Anything.

    Returns
    -------
    object
        A frame for what other libraries call a table and for a mapping of columns; anything else as it is.

    Raises
    ------
    ExploreError
        As `dcase_explore.tables.handed.frame_of`; for what names no data and is none.
    """
    if isinstance(data, str | Path):
        return data
    table = frame_of(data, "data")
    if isinstance(table, pd.DataFrame):
        kept = any(name is not None and name not in table and describe(str(name)) for name in table.index.names)
        return table.reset_index() if kept else table
    raise ExploreError(f"data: {type(data).__name__} is no table: give a pandas frame, or what names the data")
