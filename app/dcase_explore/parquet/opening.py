"""
Opens Parquet files that are not trusted.

Columns, rows and bytes are bounded, and whatever damaged bytes lead to is said in one sentence.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted
from dcase_explore.parquet.pages import Size, sizes
from dcase_explore.parquet.types import MAX_COLUMNS

MAX_ROWS = 10_000_000
MAX_BYTES = 2 * 2**30
"""What a file may hold in memory; the enriched data set with both embeddings has a sixteenth of it."""
COPIES = 4
"""So often Arrow holds a text page: packed, unpacked, in the dictionary and in what finds it there."""
_BEYOND, _PER_ROW = 96 * 2**20, 64 * 2**10
"""Bytes: what a table may hold, and more for each of its rows, which is 16,384 float32."""
_LEAF_BYTES = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4}


class _TooLargeError(ValueError):
    """A file that would not fit into memory."""


@contextmanager
def opened(path: Path, **options: Any) -> Iterator[pq.ParquetFile]:
    """
    Open a file that is not trusted.

    Parameters
    ----------
    path
        Parquet file.
    **options
        Of `pyarrow.parquet.ParquetFile`.

    Yields
    ------
    pyarrow.parquet.ParquetFile
        Of a bearable size, with names for its columns that differ.

    Raises
    ------
    ExploreError
        In one sentence, whatever Arrow raises here or later, when damaged bytes make it run into something.
    """
    try:
        with pq.ParquetFile(path, **options) as file:
            names = file.schema_arrow.names
            if len(names) > MAX_COLUMNS or not 0 <= file.metadata.num_rows <= MAX_ROWS:
                raise ValueError(
                    f"it has {len(names):,} columns and {file.metadata.num_rows:,} rows, which is too much"
                )
            if len(set(names)) < len(names):
                raise ValueError("two of its columns have the same name")
            yield file
    except ExploreError:
        raise
    except _TooLargeError as error:
        raise ExploreError(f"{path} {error}") from error
    except Exception as error:
        raise ExploreError(
            f"{path} is no Parquet file that can be read ({reason_of(error)}): write or download it again"
        ) from error


def bounded(path: Path, file: pq.ParquetFile, columns: list[str]) -> pa.Table:
    """
    Read columns as long as they fit.

    Parameters
    ----------
    path
        Of the file.
    file
        As `opened` hands it out.
    columns
        Which.

    Returns
    -------
    pyarrow.Table
        In their order.

    Raises
    ------
    ValueError
        When they would take more; `opened` says it in a sentence.
    """
    rows = file.metadata.num_rows
    for copies, most in ((1, MAX_BYTES), (COPIES, _BEYOND + rows * _PER_ROW)):
        if least_bytes(path, file, columns, copies) > most:
            raise _TooLargeError(
                f"is larger than {most / 1e6:,.0f} MB, with {counted(rows, 'clip')}: keep fewer columns or rows in it"
            )
    tables = [file.schema_arrow.empty_table().select(columns)]
    for number in range(file.metadata.num_row_groups):
        # On this thread alone: a process that ends right after Arrow's threads read aborts.
        tables.append(file.read_row_group(number, columns=columns, use_threads=False).select(columns))
        if sum(table.nbytes for table in tables) > MAX_BYTES:
            raise _TooLargeError(f"is larger than {MAX_BYTES / 1e6:,.0f} MB: keep fewer columns or rows in it")
    return pa.concat_tables(tables)


def least_bytes(path: Path, file: pq.ParquetFile, columns: Sequence[str], copies: int = COPIES) -> int:
    """
    What columns will take in memory at least: a small file may repeat a number as often as it likes.

    Parameters
    ----------
    path
        Of the file.
    file
        As `opened` hands it out.
    columns
        Which.
    copies
        How often texts are held while they are read.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    Exception
        When it is damaged.
    """
    rows = file.metadata.num_rows
    size: int = rows * sum(_width(file.schema_arrow.field(name).type) for name in columns)
    unpacked = sizes(path)
    for number in range(len(file.schema)):
        leaf = file.schema.column(number)
        if not leaf.path.startswith(tuple(f"{name}." for name in columns)) and leaf.path not in columns:
            continue
        of_leaf = unpacked.get(leaf.path, Size())
        if leaf.max_repetition_level == 0 and of_leaf.count != rows:
            raise ValueError(f"its column {leaf.path} has {of_leaf.count:,} values for {rows:,} rows")
        if leaf.physical_type == "BYTE_ARRAY":
            size += copies * of_leaf.bytes
        elif leaf.max_repetition_level:
            size += max(_LEAF_BYTES.get(leaf.physical_type, 8) * of_leaf.count, of_leaf.bytes)
        else:
            size += max(0, of_leaf.bytes - 16 * rows)
    return size


def reason_of(error: Exception) -> str:
    """What an error says, on one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:200] or type(error).__name__


def is_list(kind: pa.DataType) -> bool:
    """Whether values are lists of whatever length."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def is_vectors(kind: pa.DataType) -> bool:
    """Whether values are lists, or lists of lists, of numbers."""
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if not is_list(kind):
        return False
    while is_list(kind):
        kind = kind.value_type
    return bool(pa.types.is_primitive(kind) or pa.types.is_null(kind))


def _width(kind: pa.DataType) -> int:
    """Bytes that a value takes at least, null or not."""
    if pa.types.is_fixed_size_list(kind):
        return int(kind.list_size) * _width(kind.value_type)
    return max(1, kind.bit_width // 8) if pa.types.is_primitive(kind) else 4
