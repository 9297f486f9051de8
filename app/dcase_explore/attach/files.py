"""Scores and embeddings from files."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.attach.frames import given_in_frame
from dcase_explore.attach.numbers import Given, Kind, numbers
from dcase_explore.clip_names import is_clip, parse_clip_name
from dcase_explore.errors import ExploreError, meant
from dcase_explore.messages import some
from dcase_explore.sources.score_files import machine_in_name
from dcase_explore.tables import Table, read_parquet
from dcase_explore.tables.arrays import read_npy, read_npz
from dcase_explore.tables.dialect import NAME_COLUMNS
from dcase_explore.tables.text import read_csv

SUFFIXES = (".npy", ".npz", ".csv", ".parquet", ".tsv")
PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".ckpt")


def read_file(path: Path, kind: Kind, name: str, where: str, rows: int) -> Given:
    """
    Read scores or embeddings from a file.

    Parameters
    ----------
    path
        ``.npy``, ``.npz``, ``.csv``, ``.tsv`` or ``.parquet``.
    kind
        ``"scores"`` or ``"embeddings"``.
    name
        What they will be called.
    where
        What an error calls them.
    rows
        Of the table at hand: bounds what is read.

    Returns
    -------
    Given
        With names where the file has any.

    Raises
    ------
    ExploreError
        A file that is missing, too large, damaged, pickled, or holds something else.
    """
    suffix = path.suffix.lower()
    if not os.path.lexists(path):
        if not path.parent.is_dir():
            raise ExploreError(f"{where}: there is no such file, nor the folder {path.parent}")
        siblings = sorted(child.name for child in path.parent.iterdir() if not child.name.startswith("."))
        raise ExploreError(f"{where}: there is no such file; {meant(path.name, siblings)}")
    if suffix in PICKLES:
        raise ExploreError(f"{where}: pickles can run anything and are not read: save it with numpy.save as .npy")
    if suffix not in SUFFIXES:
        raise ExploreError(f"{where}: files of kind {suffix or 'no suffix'} are not read, but {', '.join(SUFFIXES)}")
    try:
        if suffix == ".npy":
            return Given(numbers(read_npy(path, where, rows), kind, where), None)
        if suffix == ".npz":
            return _in_archive(read_npz(path, where, rows), kind, name, where)
        if suffix in (".csv", ".tsv"):
            table = read_csv(path, where, rows, text=lambda column: column.lower() in NAME_COLUMNS)
            return _in_table(table, kind, name, machine_in_name(path.name))
        return _in_table(read_parquet(path, where, rows), kind, name, None)
    except OSError as error:
        raise ExploreError(f"{where}: cannot be read ({error.strerror or error})") from error
    except MemoryError as error:
        raise ExploreError(f"{where}: does not fit into memory") from error


def _in_archive(arrays: dict[str, np.ndarray], kind: Kind, name: str, where: str) -> Given:
    """An array for each clip, a single one, or several that are columns of one table."""
    if not arrays:
        raise ExploreError(f"{where}: holds no array")
    if all(map(is_clip, arrays)):
        return Given(numbers(list(arrays.values()), kind, where), list(arrays))
    if len(arrays) == 1:
        (array,) = arrays.values()
        return Given(numbers(array, kind, where), None)
    columns = {key: array for key, array in arrays.items() if array.ndim}
    lengths = {key: len(array) for key, array in columns.items()}
    if len(set(lengths.values())) > 1:
        each = some((f"{length:,} in {key}" for key, length in lengths.items()), 6)
        raise ExploreError(f"{where}: its arrays differ in length: {each}: keep one of values and one of their names")
    wide = {key for key, array in columns.items() if array.ndim > 1 and array.shape[1:] != (1,)}
    values = {key: list(array) if key in wide else array.ravel() for key, array in columns.items()}
    frame = pd.DataFrame({key: pd.Series(column) for key, column in values.items()})
    return given_in_frame(frame, kind, name, where, lambda row: f"{where}, row {row}")


def _in_table(table: Table, kind: Kind, name: str, machine: str | None) -> Given:
    given = given_in_frame(table.frame, kind, name, table.where, table.place)
    if machine and given.names is not None:
        # The baseline writes one file per machine type and leaves its name out of the rows.
        return Given(given.array, [_in_score_file(file_name, machine) for file_name in given.names], given.decisions)
    return given


def _in_score_file(name: str, machine: str) -> str:
    """Name of a clip that says all that its score file says; of names that are silent, its clips are test clips."""
    facts = parse_clip_name(name.strip())
    return clips.clip_id(facts.split or "test", machine, name.strip()) if facts else name
