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
from dcase_explore.parquet.types import MAX_COLUMNS

MAX_ROWS = 10_000_000
MAX_BYTES = 2 * 2**30
"""What a file may hold in memory; the enriched data set with both embeddings has a sixteenth of it."""
_AT_ONCE = 65_536
"""Values that are gone through together."""
_LARGE = 64 * 2**20
"""Bytes: texts of no smaller file are a burden; repeated ones are held once."""
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


def bounded(file: pq.ParquetFile, columns: list[str], most: int | None = None) -> pa.Table:
    """
    Read columns as long as they fit.

    Parameters
    ----------
    file
        As `opened` hands it out.
    columns
        Which.
    most
        Bytes that they may take; None for `MAX_BYTES`.

    Returns
    -------
    pyarrow.Table
        In their order.

    Raises
    ------
    ValueError
        When they would take more; `opened` says it in a sentence.
    """
    most = MAX_BYTES if most is None else most
    groups = range(file.metadata.num_row_groups)
    expected = least_bytes(file, columns)
    tables, size = [file.schema_arrow.empty_table().select(columns)], 0
    for number in groups:
        if max(expected, size) > most:
            raise _TooLargeError(f"is larger than {most / 2**30:.3g} GB: keep fewer columns or rows in it")
        # On this thread alone: a process that ends right after Arrow's threads read aborts.
        tables.append(file.read_row_group(number, columns=columns, use_threads=False).select(columns))
        size += tables[-1].nbytes
    return pa.concat_tables(tables)


def least_bytes(file: pq.ParquetFile, columns: Sequence[str], copies: int = 1) -> int:
    """
    What columns will take in memory at least: a small file may repeat a number as often as it likes.

    Parameters
    ----------
    file
        As `opened` hands it out.
    columns
        Which.
    copies
        How often long texts are held while they are read.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    Exception
        Arrow's, where one is damaged.
    """
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    rows = sum(group.num_rows for group in groups)
    size: int = rows * sum(_width(file.schema_arrow.field(name).type) for name in columns)
    large = sum(group.total_byte_size for group in groups) > _LARGE
    for leaf_number in range(len(file.schema)):
        leaf = file.schema.column(leaf_number)
        is_text = leaf.physical_type == "BYTE_ARRAY"
        if not leaf.path.startswith(tuple(f"{name}." for name in columns)) and leaf.path not in columns:
            continue
        if leaf.max_repetition_level or (is_text and large):
            # Once it has been gone through: asked for what is damaged, pyarrow ends the process.
            file.scan_contents([leaf.path], batch_size=_AT_ONCE)
            chunks = [group.column(leaf_number) for group in groups]
            each = _LEAF_BYTES.get(leaf.physical_type, 8)
            size += sum(
                copies * chunk.total_uncompressed_size if is_text else each * chunk.num_values for chunk in chunks
            )
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
