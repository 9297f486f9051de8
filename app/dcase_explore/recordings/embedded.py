"""Recordings that are embedded in the Parquet files of an exported dataset, read one at a time."""

import hashlib
import itertools
import os
import re
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from dcase_explore.errors import ExploreError
from dcase_explore.parquet import read_parts
from dcase_explore.parquet.opening import opened
from dcase_explore.parquet.pages import Size, sizes
from dcase_explore.parquet.types import AUDIO
from dcase_explore.recordings.kept import MAX_RECORDING_BYTES, NotHere, Origin

_PATH_BYTES = 4_096
"""Of a name, at most."""


class _Where(NamedTuple):
    """Place of a clip's row."""

    file: Path
    row: int


def shards(dataset: Path) -> list[Path]:
    """
    Parquet files of a dataset.

    Parameters
    ----------
    dataset
        A Parquet file, or a folder with such files, or with a folder ``data`` of them.

    Returns
    -------
    list of pathlib.Path
        By name; empty where there are none.
    """
    if dataset.is_file():
        return [dataset] if dataset.suffix.lower() == ".parquet" else []
    for folder in (dataset / "data", dataset):
        try:
            found = sorted(path for path in folder.glob("*.parquet") if path.is_file() and path.name[0] != ".")
        except OSError:
            found = []
        if found:
            return found
    return []


def origin_in(dataset: Path) -> tuple[str, Origin]:
    """
    Origin of the recordings of a dataset, and the name of their folder.

    Parameters
    ----------
    dataset
        As of `shards`.

    Returns
    -------
    name, origin
        For `dcase_explore.recordings.kept.place`; both change with the files.
    """
    where = os.path.abspath(dataset)  # noqa: PTH100 - not resolved: it is what people called it
    state = hashlib.blake2b(repr((where, _state(shards(dataset)))).encode(), digest_size=8).hexdigest()
    name = re.sub(r"[^A-Za-z0-9_-]", "_", Path(where).stem)[:60]
    return f"{name}-{state}", {"kind": "embedded", "folder": where, "state": state}


def read(origin: Origin, clip_id: str) -> bytes:
    """
    One recording out of the files it is embedded in.

    Parameters
    ----------
    origin
        As `origin_in` made it.
    clip_id
        Which clip.

    Returns
    -------
    bytes
        Content of the file that was embedded.

    Raises
    ------
    NotHere
        When the files are not there any more, or others, or hold no recording of the clip.
    """
    dataset = Path(origin["folder"])
    files = shards(dataset)
    if not files:
        raise NotHere(f"{dataset}, which holds this recording, is not there any more")
    now = origin_in(dataset)[1]["state"]
    if origin.get("state", now) != now:
        raise NotHere(f"{dataset} has changed since it was opened: open it again to hear its recordings")
    try:
        found = _index(_state(files)).get(clip_id)
        content = None if found is None else _content(found)
    except (ExploreError, OSError) as error:
        raise NotHere(f"{clip_id} cannot be read: {error}") from error
    if content is None:
        raise NotHere(f"{dataset} holds no recording of {clip_id}")
    return content


def with_recording(file: Path) -> np.ndarray | None:
    """
    Which clips of a file have a recording embedded; the recordings are not read.

    Parameters
    ----------
    file
        One of `shards`.

    Returns
    -------
    numpy.ndarray or None
        bool, shape (rows,); None where the file has no recordings.

    Raises
    ------
    ExploreError
        When it is damaged.
    """
    with opened(file) as parquet:
        if not _has_recordings(parquet.schema_arrow):
            return None
        paths = sizes(file).get(f"{AUDIO}.path", Size())
        if paths.bytes > 2**20 + _PATH_BYTES * parquet.metadata.num_rows:
            raise ValueError("the names of its recordings are too long")
        audio = parquet.read(columns=[f"{AUDIO}.path"], use_threads=False).column(AUDIO)
        return np.asarray(audio.is_valid().to_numpy(), bool)


def clip_id_in(key: str) -> str:
    """Identity of a clip by the path it has in the enriched dataset: its last two parts."""
    return "/".join(PurePosixPath(key).parts[-2:])


def _state(files: list[Path]) -> tuple[tuple[str, int, int], ...]:
    """What changes whenever the files do."""
    status = [(path, path.stat()) for path in files]
    return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in status)


@lru_cache(maxsize=8)
def _index(state: tuple[tuple[str, int, int], ...]) -> dict[str, _Where]:
    """Where each clip's row is, by columns of text alone."""
    index: dict[str, _Where] = {}
    for file in (Path(name) for name, _, _ in state):
        for row, clip_id in enumerate(_clip_ids(file)):
            if clip_id is not None:
                index.setdefault(clip_id, _Where(file, row))
    return index


def _clip_ids(file: Path) -> list[str | None]:
    try:
        return list(read_parts([file], ["clip_id"])[0]["clip_id"])
    except ExploreError:
        keys = read_parts([file], ["path"])[0]["path"]
        return [None if key is None else clip_id_in(key) for key in keys]


def _has_recordings(schema: pa.Schema) -> bool:
    """Whether the column ``audio`` is what `datasets` embeds recordings as."""
    kind = schema.field(AUDIO).type if AUDIO in schema.names else None
    return kind is not None and pa.types.is_struct(kind) and {"bytes", "path"} <= {field.name for field in kind}


def _content(where: _Where) -> bytes | None:
    with opened(where.file) as file:
        if not _has_recordings(file.schema_arrow):
            return None
        row, group = where.row, 0
        while row >= file.metadata.row_group(group).num_rows:
            row -= file.metadata.row_group(group).num_rows
            group += 1
        # Row by row, so that no more than one recording is unpacked, whatever the file says of itself.
        batches = file.iter_batches(1, row_groups=[group], columns=[f"{AUDIO}.bytes"], use_threads=False)
        audio = next(itertools.islice(batches, row, None)).column(AUDIO)[0]
        content = audio["bytes"].as_buffer() if audio.is_valid and audio["bytes"].is_valid else b""
        if len(content) > MAX_RECORDING_BYTES:
            raise NotHere(f"the recording is larger than {MAX_RECORDING_BYTES // 2**20} MB")
        return bytes(content) or None
