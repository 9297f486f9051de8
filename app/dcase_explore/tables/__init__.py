"""
Tables from outside: CSV in the dialects people have, arrays of NumPy, Parquet.

None of them is trusted: only regular files are opened, what they claim is compared with the table at hand before
anything is allocated, and whatever is wrong with one is a sentence with its line or row. `text` reads CSV (`dialect`
guesses how it is written), `arrays` reads .npy and .npz, `kinds` tells what a file is by its first bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from dcase_explore.errors import ExploreError

if TYPE_CHECKING:
    import pyarrow as pa

MORE_ROWS = 1_000_000
"""So many rows may a file have beyond those of the table at hand: others' clips are left out."""

_BATCH = 1_024
_BEYOND, _PER_ROW = 96 * 2**20, 16 * 2**10


def most_bytes(rows: int) -> int:
    """
    What the values of a file may take in memory.

    While they are converted they are held up to three times, which for a small table is 300 MB.

    Parameters
    ----------
    rows
        Of the table at hand, each of which may take as much as 4,096 float32 do.

    Returns
    -------
    int
        Bytes.
    """
    return _BEYOND + rows * _PER_ROW


def too_large(where: str, rows: int) -> ExploreError:
    """What is said of a file that holds more than `most_bytes`."""
    return ExploreError(f"{where}: is larger than {most_bytes(rows) / 1e6:,.0f} MB, which {rows:,} clips do not need")


@dataclass(frozen=True)
class Table:
    """
    Rows and columns of a file.

    Attributes
    ----------
    frame
        Columns by name, stripped, ``""`` where one has none, and numbered where the file does not name them; float64
        where each value is a number, text otherwise, or whatever Parquet says. A fresh index.
    where
        What an error calls the file.
    lines
        Line of each row in a text file; None where rows are counted.
    """

    frame: pd.DataFrame
    where: str
    lines: Sequence[int] | None = None

    def place(self, row: int) -> str:
        """What an error calls one row: ``"scores.csv, line 7"``."""
        return f"{self.where}, row {row}" if self.lines is None else f"{self.where}, line {self.lines[row]}"


def read_parquet(path: Path, where: str, rows: int) -> Table:
    """
    Read a Parquet file.

    Parameters
    ----------
    path
        Of the file.
    where
        What an error calls it.
    rows
        Of the table at hand: bounds what is read.

    Returns
    -------
    Table
        With what pandas wrote beside it: an index of names stays one.

    Raises
    ------
    ExploreError
        When it is none, damaged or too large.
    """
    import pyarrow as pa

    from dcase_explore.parquet.opening import least_bytes, opened
    from dcase_explore.tables.kinds import open_kind

    open_kind(path, "Parquet", where).close()
    try:
        with opened(path) as described:
            schema = described.schema_arrow
            names, text, others = _columns(schema)
        with opened(path, read_dictionary=text) as file:
            if file.metadata.num_rows > rows + MORE_ROWS:
                raise ExploreError(f"{where}: has {file.metadata.num_rows:,} rows for {rows:,} clips")
            if least_bytes(path, file, [name for name in schema.names if name not in others]) > most_bytes(rows):
                raise too_large(where, rows)
            batches, size = [], 0
            for batch in file.iter_batches(_BATCH, columns=names, use_threads=False):
                batches.append(batch)
                size += batch.nbytes
                if size > most_bytes(rows):
                    raise too_large(where, rows)
            count = file.metadata.num_rows
            read = pa.Table.from_batches(batches, batches[0].schema) if batches else file.schema_arrow.empty_table()
            frame = read.to_pandas(use_threads=False)
    except ExploreError as error:
        raise ExploreError(f"{where}: {str(error).removeprefix(f'{path} ').removeprefix(f'{where}: ')}") from error
    unread = {name: [Nested()] * count for name in others}
    return Table(frame.assign(**unread) if unread and len(frame) == count else frame, where)


class Nested:
    """A value that is there and is neither text nor a number: a list of texts, a struct."""

    def __repr__(self) -> str:
        return "a nested value"


def _columns(schema: "pa.Schema") -> tuple[list[str], list[str], list[str]]:
    """
    What is read: of recordings beside their paths the paths alone; which of it is text; and what is not read.

    A small file may hold long texts, within lists and the like, more often than memory has room for.
    """
    import pyarrow as pa

    from dcase_explore.parquet.opening import is_vectors

    names, text, others = [], [], []
    for field in schema:
        is_audio = pa.types.is_struct(field.type) and field.type.get_field_index("path") >= 0
        if pa.types.is_nested(field.type) and not is_audio and not is_vectors(field.type):
            others.append(field.name)
            continue
        names.append(f"{field.name}.path" if is_audio else field.name)
        # As a dictionary, text takes no memory for repetition, however often a small file repeats a long one.
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type) or pa.types.is_binary(field.type):
            text.append(field.name)
    return names, text, others
