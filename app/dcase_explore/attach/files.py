"""Scores and embeddings from files."""

from pathlib import Path

import numpy as np

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
    if not path.exists():
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
            return _in_archive(read_npz(path, where, rows), kind, where)
        if suffix in (".csv", ".tsv"):
            table = read_csv(path, where, rows, text=lambda column: column.lower() in NAME_COLUMNS)
            return _in_table(table, kind, name, machine_in_name(path.name))
        return _in_table(read_parquet(path, where, rows), kind, name, None)
    except OSError as error:
        raise ExploreError(f"{where}: cannot be read ({error.strerror or error})") from error
    except MemoryError as error:
        raise ExploreError(f"{where}: does not fit into memory") from error


def _in_archive(arrays: dict[str, np.ndarray], kind: Kind, where: str) -> Given:
    """One array of numbers and one of names, or an array for each clip."""
    texts = [key for key, array in arrays.items() if array.dtype.kind in "US"]
    others = [key for key in arrays if key not in texts]
    if arrays and not texts and all(is_clip(key) for key in arrays):
        return Given(numbers(list(arrays.values()), kind, where), list(arrays))
    wide = [key for key in others if arrays[key].ndim == 2 and arrays[key].dtype.kind == "f"]
    remark = None
    if kind == "embeddings" and len(wide) == 1 and len(others) > 1:  # facts of the clips beside their vectors
        remark = f"array {wide[0]} is taken; left out: {some([key for key in others if key not in wide])}"
        others = wide
    if len(others) == 1 and len(texts) <= 1:
        values = numbers(arrays[others[0]], kind, where)
        names = _names(arrays[texts[0]], texts[0], where) if texts else None
        if names is not None and len(names) != len(values):
            raise ExploreError(f"{where}: {len(names):,} names in {texts[0]} for {len(values):,} values in {others[0]}")
        return Given(values, names, None, remark)
    raise ExploreError(
        f"{where}: holds arrays {some(arrays, 6) or '(none)'}, of which none is plainly the {kind}: "
        "keep one array of numbers and, beside it, one of clip names"
    )


def _names(array: np.ndarray, key: str, where: str) -> list[str]:
    if array.dtype.kind == "U":
        return [str(name) for name in array.ravel()]
    try:
        return [bytes(name).decode() for name in array.ravel()]
    except UnicodeDecodeError as error:
        raise ExploreError(f"{where}: array {key} holds names that are not in UTF-8: save them as text") from error


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
