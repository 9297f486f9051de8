"""
One clip table in one Parquet file, typed so that `datasets` and the hub's viewer know what each column is.

`types` is the way into Arrow, `values` the way back; files are not trusted (`opening`).
"""

import json
import re
from collections.abc import Mapping, Sequence
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
from dcase_explore.parquet.opening import bounded, is_list, is_vectors, opened, reason_of
from dcase_explore.parquet.types import ABOUT, AUDIO, TYPES, Typed
from dcase_explore.parquet.values import named, series_of

ROWS_PER_GROUP = 5_000


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
            raise ExploreError(f"{where}: column {name} cannot be read ({reason_of(error)}): leave it out") from error
    return pd.DataFrame(read), [part.about for part in parts], [part.rows for part in parts]


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
            table = bounded(path, again, list(columns or readable))
        chunks = {name: table.column(name).chunks or [pa.nulls(0)] for name in columns or readable}
        for name in chunks.keys() & labels.keys():
            if pa.types.is_integer(schema.field(name).type):
                chunks[name] = [named(chunk, labels[name]) for chunk in chunks[name]]
        return _Part(chunks, table.num_rows, text, _json(beside, ABOUT), _json(beside, TYPES))


def _is_opaque(kind: pa.DataType) -> bool:
    """Recordings, pictures and other things that are no values of a table."""
    is_values = not (pa.types.is_struct(kind) or pa.types.is_map(kind) or pa.types.is_union(kind))
    return not is_values or bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)
    )


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
