"""
A copy of the table at hand that needs no program of ours: Parquet files with a card, whole or not at all.

Recordings are read, written and forgotten a hundred at a time, so that memory stays small however many there are.
"""

import contextlib
import itertools
import os
import re
import shlex
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from dcase_explore import clips, recordings
from dcase_explore.cache import in_the_making
from dcase_explore.columns import SPLITS
from dcase_explore.credits import Credit
from dcase_explore.errors import ExploreError
from dcase_explore.exporting.card import dataset_card
from dcase_explore.messages import counted, note, some
from dcase_explore.parquet import ROWS_PER_GROUP
from dcase_explore.parquet.types import AUDIO, Typed
from dcase_explore.progress import track
from dcase_explore.recordings import references
from dcase_explore.recordings.kept import MAX_RECORDING_BYTES, NotHere

DATA, CARD = "data", "README.md"
SHARD_BYTES = 500 * 10**6
CLIPS_PER_GROUP, GROUP_BYTES = 100, 32 * 2**20
"""Recordings that are read together later on, when one of them is played; ten seconds at 16 kHz are 320 kB."""


@dataclass(frozen=True)
class Exported:
    """
    What was written.

    Attributes
    ----------
    files
        Parquet files.
    bytes
        Of all files.
    rows
        Clips.
    """

    files: int
    bytes: int
    rows: int

    def __str__(self) -> str:
        size = f"{self.bytes / 10**6:,.1f} MB" if self.bytes >= 10**6 else f"{self.bytes / 1_000:,.1f} kB"
        return f"{counted(self.rows, 'clip')} in {counted(self.files, 'file')}, {size}"


def export(
    frame: pd.DataFrame,
    folder: Path,
    *,
    audio: bool,
    title: str,
    credit: Credit | None = None,
    derived: Sequence[str] = (),
    made: Mapping[str, str] = MappingProxyType({}),
) -> Exported:
    """
    Write a clip table as a dataset that `datasets.load_dataset` opens, and `--data` takes back unchanged.

    Parameters
    ----------
    frame
        Clip table.
    folder
        Where; it must not exist, or be empty.
    audio
        Whether to embed the recordings; otherwise the table refers to them.
    title
        Name of the data.
    credit
        Whose they are, where that is known.
    derived
        Columns that are computed from the others, and will be again when the folder is read; ``nearest_normal``, which
        is one as well, is left out.
    made
        By column: what made it, for the card and for programs.

    Returns
    -------
    Exported
        How much it was. Recordings that cannot be had are left out and said on stderr.

    Raises
    ------
    ExploreError
        When the folder is taken or cannot be written, then nothing is left behind; when the table cannot be exported.
    """
    folder = check_free(folder)
    frame = clips.conform(frame).drop(columns="nearest_normal", errors="ignore")
    if frame.empty:
        raise ExploreError("there is no clip to export: leave out what chooses clips, such as --class")
    paths = list(frame["path"]) if "path" in frame else [None] * len(frame)
    about = _about(frame, title, credit, derived) | ({"made": dict(made)} if made else {})
    if audio:
        if AUDIO in frame:
            raise ExploreError(f"the column {AUDIO} is in the way of the recordings: give yours another name")
        if not any(paths):
            raise ExploreError("this data has no recordings that could be embedded: leave out --audio")
        frame = frame.rename(columns={"path": AUDIO})
    elif "path" in frame:
        refer, about["origins"] = references.refer(paths, frame["clip_id"], folder)
        frame = frame.drop(columns="path") if refer is None else frame.assign(path=refer)
        _say_where(refer or ())
    typed = Typed.of(frame, about, audio=audio)
    card = dataset_card(frame, folder.name, title, credit, derived, made, audio=audio)
    try:
        with _whole(folder) as unfinished:
            (unfinished / CARD).write_text(card, encoding="utf-8", errors="replace")
            (unfinished / DATA).mkdir()
            files = _write_splits(typed, paths if audio else None, unfinished / DATA)
            size = sum(path.stat().st_size for path in (unfinished / CARD, *files))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error  # Arrow's own text is about bytes and files
        raise ExploreError(f"{folder} cannot be written ({reason}): free some space, or choose another") from error
    return Exported(len(files), size, len(frame))


def check_free(folder: Path) -> Path:
    """
    Make sure that a data set can be written to a folder.

    Parameters
    ----------
    folder
        As people gave it.

    Returns
    -------
    pathlib.Path
        Absolute, without links.

    Raises
    ------
    ExploreError
        When it holds something, or cannot be written.
    """
    folder = Path(os.path.realpath(os.path.expanduser(folder)))  # noqa: PTH111 - Path.expanduser raises for no user
    if not folder.parent.is_dir():
        raise ExploreError(f"there is no folder {folder.parent}: mkdir -p {shlex.quote(str(folder.parent))} makes it")
    if folder.exists() and not folder.is_dir():
        raise ExploreError(f"{folder} is a file: give a folder that is not there yet")
    entries = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    # What a killed export left of itself is in nobody's way.
    left = re.compile(rf"\.{re.escape(folder.name[:80])}\.(?:part|[0-9a-f]{{12}})")
    inside = [name for name in entries if not left.fullmatch(name)]
    if inside == [CARD] and any((folder / name / DATA).is_dir() for name in entries if left.fullmatch(name)):
        inside = []  # it was killed between its two last steps
    if CARD in inside and DATA in inside:
        away = f"rm -r {shlex.quote(str(folder))}"
        raise ExploreError(f"{folder} holds an export already: choose another folder, or remove it with {away}")
    if inside:
        raise ExploreError(f"{folder} holds other things ({some(inside)}): give a folder that is not there yet")
    existing = folder if folder.exists() else folder.parent
    if not os.access(existing, os.W_OK | os.X_OK):
        raise ExploreError(f"{existing} cannot be written (no write permission): choose another folder")
    return folder


def _say_where(refer: Iterable[str | None]) -> None:
    files = [each for each in refer if each is not None and not each.startswith(references.ORIGIN)]
    if files:
        note(
            f"recordings stay where they are, referred to as {files[0]}: "
            "they play as long as both folders move together; --audio embeds them"
        )


def _about(frame: pd.DataFrame, title: str, credit: Credit | None, derived: Sequence[str]) -> dict[str, Any]:
    """What the table itself does not say, for `dcase_explore.sources.exported`."""
    return {
        "title": title,
        "credit": None if credit is None else {**vars(credit), "citations": list(credit.citations)},
        "derived": [name for name in derived if name in frame],
        "columns": list(frame.columns),
        # Files go by split: how many rows of which came one after the other.
        "order": [[split, len(list(run))] for split, run in itertools.groupby(frame["split"])],
        "origins": {},
    }


def _write_splits(typed: Typed, paths: list[str | None] | None, data: Path) -> list[Path]:
    files: list[Path] = []
    problems: list[str] = []
    for split in SPLITS:
        rows = np.flatnonzero(typed.frame["split"] == split)
        groups = _groups(rows) if paths is None else _heard(rows, paths, problems)
        parts = _write_shards((typed.rows(*group) for group in groups), typed, data / split)
        names = [f"{part.name.removesuffix('.part')}-of-{len(parts):05d}.parquet" for part in parts]
        files += [part.rename(data / name) for part, name in zip(parts, names, strict=True)]
    if problems:
        note(f"{counted(len(problems), 'recording')} that cannot be had, exported without sound: {some(problems)}")
    return files


def _write_shards(tables: Iterator[pa.Table], typed: Typed, stem: Path) -> list[Path]:
    parts: list[Path] = []
    writer, size = None, 0
    try:
        for table in tables:
            if writer is None or size + table.nbytes > SHARD_BYTES:
                if writer is not None:
                    writer.close()
                parts.append(stem.with_name(f"{stem.name}-{len(parts):05d}.part"))
                writer, size = typed.writer(parts[-1]), 0
            writer.write_table(table, row_group_size=table.num_rows)
            size += table.nbytes
            del table  # before the next one is made
    except BaseException:
        with contextlib.suppress(Exception):  # what went wrong is known already
            if writer is not None:
                writer.close()
        raise
    if writer is not None:
        writer.close()
    return parts


def _groups(rows: np.ndarray) -> Iterator[tuple[np.ndarray]]:
    for start in range(0, len(rows), ROWS_PER_GROUP):
        yield (rows[start : start + ROWS_PER_GROUP],)


def _heard(
    rows: np.ndarray, paths: list[str | None], problems: list[str]
) -> Iterator[tuple[np.ndarray, list[bytes | None]]]:
    """Rows with the content of their recordings, so many at a time as go into one row group."""
    group: list[int] = []
    contents: list[bytes | None] = []
    size = 0
    for row in track(rows, len(rows), "embedding recordings"):
        content = _content(paths[row], problems)
        more = 0 if content is None else len(content)
        if group and (len(group) == CLIPS_PER_GROUP or size + more > GROUP_BYTES):
            yield np.array(group), contents
            contents.clear()  # here, for whoever took them holds on to the list
            group, size = [], 0
        group.append(int(row))
        contents.append(content)
        size += more
    if group:
        yield np.array(group), contents


def _content(path: str | None, problems: list[str]) -> bytes | None:
    if path is None:
        return None
    try:
        recordings.fetch(path)
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= MAX_RECORDING_BYTES:
            raise NotHere("no file, or an empty or far too large one")
        return Path(path).read_bytes()
    except (ExploreError, OSError, ValueError) as error:
        problems.append(f"{path} ({getattr(error, 'strerror', None) or error})")
        return None


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """A folder to write into that becomes the wanted one at the end, or is no more."""
    # An empty folder that is there may be mounted, or somebody may stand in it: it is filled, not replaced.
    is_there = folder.exists()
    moved = None
    with in_the_making(folder / folder.name if is_there else folder, folder=True) as unfinished:
        try:
            yield unfinished
            if is_there:
                moved = (unfinished / CARD).replace(folder / CARD)
                (unfinished / DATA).rename(folder / DATA)
            else:
                unfinished.rename(folder)
        except BaseException:
            if moved is not None:
                moved.unlink(missing_ok=True)
            raise
