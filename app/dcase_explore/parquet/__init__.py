"""
One clip table in one Parquet file, typed so that `datasets` and the hub's viewer know what each column is.

Files are not trusted: columns, rows and bytes are bounded, and whatever damaged bytes lead to is said in one sentence.
`types` is the way into Arrow, `values` the way back.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dcase_explore import clips
from dcase_explore.cache import in_the_making
from dcase_explore.errors import ExploreError, meant
from dcase_explore.messages import note, some
from dcase_explore.parquet.types import ABOUT, AUDIO, MAX_COLUMNS, TYPES, Typed
from dcase_explore.parquet.values import named, series_of

ROWS_PER_GROUP = 5_000
MAX_ROWS = 10_000_000
MAX_BYTES = 2 * 2**30
"""What a file may hold in memory; the enriched data set with both embeddings has a sixteenth of it."""

_AT_ONCE = 65_536
"""Values that are gone through together."""
_LARGE = 64 * 2**20
"""Bytes: texts of no smaller file are a burden; repeated ones are held once."""
_LEAF_BYTES = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4}

_INDEX = re.compile(r"__index_level_\d+__")


def write(frame: pd.DataFrame, path: Path, about: Mapping[str, Any], *, plain: bool = False) -> None:
    """
    Write a table, whole or not at all.

    Parameters
    ----------
    frame
        A clip table, or some columns of one.
    path
        File, overwritten; its folder is made when it is not there.
    about
        What is said of it, and given back by `read`; anything that JSON holds.
    plain
        Whether to leave out what is written for `datasets`, whose import takes a second.

    Raises
    ------
    ExploreError
        When a column holds what no column of Parquet can.
    OSError
        When the disk is full or cannot be written; nothing is left behind then.
    """
    typed = Typed.plain(frame, about) if plain else Typed.of(frame, about)
    path.parent.mkdir(parents=True, exist_ok=True)
    with in_the_making(path) as temporary:
        with typed.writer(temporary) as writer:
            for start in range(0, len(frame), ROWS_PER_GROUP):
                writer.write_table(typed.rows(np.arange(start, min(start + ROWS_PER_GROUP, len(frame)))))
        temporary.replace(path)


def read(path: Path, columns: Sequence[str] | None = None) -> tuple[pd.DataFrame, dict[str, Any]]:
    """
    Read a table that `write`, `datasets` or pandas wrote.

    Parameters
    ----------
    path
        Parquet file.
    columns
        Which, in this order; None for all. Embedded recordings are never among them.

    Returns
    -------
    frame : pandas.DataFrame
        Conforming where it has ``clip_id``, ``class`` and ``split``.
    about : dict
        What was said of it; empty where another program wrote it.

    Raises
    ------
    ExploreError
        When there is no such file or column, or the file is damaged, too large, or breaks the contract.
    """
    frame, (about,), _ = read_parts([path], columns)
    if {"clip_id", "class", "split"} <= set(frame.columns):
        try:
            frame = clips.conform(frame)
        except ExploreError as error:
            raise ExploreError(f"{path}: {error}") from error
    return frame, about


def read_parts(
    paths: Sequence[Path], columns: Sequence[str] | None = None
) -> tuple[pd.DataFrame, list[dict[str, Any]], list[int]]:
    """
    Read the files of one table, one after the other, as they are.

    Parameters
    ----------
    paths
        Parquet files; a column that some of them lack is null there.
    columns
        As in `read`.

    Returns
    -------
    frame : pandas.DataFrame
        Not conforming yet.
    abouts : list of dict
        What was said of it, in each file.
    lengths : list of int
        Rows of each file.

    Raises
    ------
    ExploreError
        As `read`; when the files do not go together.
    """
    parts = [_read_part(path, columns) for path in paths]
    types = {name: how for part in reversed(parts) for name, how in part.types.items()}
    read: dict[str, pd.Series] = {}
    for name in columns or dict.fromkeys(name for part in parts for name in part.columns):
        # Taken out, so that Arrow's memory of one column is given back before the next is made.
        chunks = [chunk for part in parts for chunk in part.columns.pop(name, [pa.nulls(part.rows)])]
        try:
            text = any(name in part.text for part in parts)
            read[name] = series_of(name, chunks, text=text, how=types.get(name))
        except Exception as error:
            where = paths[0] if len(paths) == 1 else paths[0].parent
            raise ExploreError(f"{where}: column {name} cannot be read ({_reason(error)}): leave it out") from error
    return pd.DataFrame(read), [part.about for part in parts], [part.rows for part in parts]


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
            f"{path} is no Parquet file that can be read ({_reason(error)}): write or download it again"
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


@dataclass(frozen=True)
class _Part:
    """One file: its columns in chunks, and what stands beside them."""

    columns: dict[str, list[pa.Array]]
    rows: int
    text: frozenset[str]
    about: dict[str, Any]
    types: dict[str, Any]


def _read_part(path: Path, columns: Sequence[str] | None) -> _Part:
    with opened(path) as file:
        schema = file.schema_arrow
        beside = schema.metadata or {}
        labels = _labels(_json(beside, b"huggingface"))
        opaque = [field.name for field in schema if _is_opaque(field.type)]
        readable = [name for name in schema.names if name not in opaque and not _INDEX.fullmatch(name)]
        for name in columns or ():
            if name not in readable:
                raise ExploreError(f"{path} has no column {name}: {meant(name, readable)}")
        for field in schema:
            if is_list(field.type) and not is_vectors(field.type):
                raise ExploreError(
                    f"{path}: column {field.name} holds lists of other things than numbers: leave it out"
                )
        left_out = [name for name in opaque if name != AUDIO]
        if left_out and columns is None:
            note(f"{path}: left out, for they are no columns of a table: {some(left_out)}")
        # Text as a dictionary takes no memory for repetition, however often a small file repeats a long text.
        text = frozenset(f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type))
        how = {"read_dictionary": sorted(text), "page_checksum_verification": True}
        with pq.ParquetFile(path, metadata=file.metadata, **how) as again:
            table = bounded(again, list(columns or readable))
        chunks = {name: table.column(name).chunks or [pa.nulls(0)] for name in columns or readable}
        for name in chunks.keys() & labels.keys():
            if pa.types.is_integer(schema.field(name).type):
                chunks[name] = [named(chunk, labels[name]) for chunk in chunks[name]]
        return _Part(chunks, table.num_rows, text, _json(beside, ABOUT), _json(beside, TYPES))


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:200] or type(error).__name__


def _is_opaque(kind: pa.DataType) -> bool:
    """Recordings, pictures and other things that are no values of a table."""
    is_values = not (pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_union(kind))
    return not is_values or bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    )


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


def _json(beside: Mapping[bytes, bytes], key: bytes) -> dict[str, Any]:
    found = json.loads(beside.get(key, b"{}"))
    if not isinstance(found, dict):
        raise ValueError(f"what it says under {key.decode()} is not understood")
    return found


def _labels(huggingface: dict[str, Any]) -> dict[str, list[str]]:
    """Names of the classes of each column that `datasets` knows as class labels."""
    features = huggingface.get("info", {}).get("features", {})
    labels = {n: feature["names"] for n, feature in features.items() if feature.get("_type") == "ClassLabel"}
    for name, names in labels.items():
        if not isinstance(names, list) or not all(isinstance(each, str) for each in names) or not names:
            raise ValueError(f"the classes of its column {name} have no names")
        if len(set(names)) < len(names):
            raise ValueError(f"two classes of its column {name} have the same name")
    return labels
