"""Exported datasets: Parquet files that `data export`, `datasets` or pandas wrote, as a clip table."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.columns import ATTRIBUTE, SPLITS
from dcase_explore.credits import Credit
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some
from dcase_explore.parquet import read_parts
from dcase_explore.recordings import embedded, references
from dcase_explore.recordings.kept import place
from dcase_explore.sources.kinds import Asked, Kind, Seen, Source

_SPLIT = re.compile(rf"({'|'.join(SPLITS)})(?![a-zA-Z0-9])")


def read_exported(path: Path) -> Source:
    """
    Read an exported dataset.

    Parameters
    ----------
    path
        A Parquet file; or a folder that holds such files, or a folder ``data`` of them.

    Returns
    -------
    Source
        Its table as it was before it was exported, without what was computed from its other columns.

    Raises
    ------
    ExploreError
        When a file is damaged, the files do not belong together, or what a clip table needs is missing.
    """
    dataset = Path(os.path.abspath(path))  # noqa: PTH100 - not resolved: it is what people called it
    files = embedded.shards(dataset)
    if not files:
        raise ExploreError(f"{dataset} holds no Parquet file: give the folder that data export wrote")
    frame, abouts, lengths = read_parts(files)
    about = abouts[0]
    if any(other != about for other in abouts):
        raise ExploreError(f"{dataset} holds parts of different tables: keep each in a folder of its own")
    frame = frame.drop(columns=[name for name in _texts(about, "derived") if name in frame])
    frame = _with_identity(frame, files, lengths, dataset)
    frame = _with_paths(frame if about else _without_text_of_null(frame), about, files, dataset)
    frame = frame.iloc[_order(frame["split"], _list(about, "order"), dataset)]
    names = [name for name in _texts(about, "columns") if name in frame]
    try:
        conforming = clips.conform(frame[list(dict.fromkeys([*names, *frame.columns]))])
    except ExploreError as error:
        raise ExploreError(f"{dataset}: {error}") from error
    owner, written = _credit(about), about.get("made")
    told = written if isinstance(written, Mapping) else {}
    made = {name: how for name in conforming if (how := _printable(told.get(name), 1_000))}
    title = _printable(about.get("title")) or dataset.stem
    return Source(conforming, title, (owner,) if owner else (), made=made)


def _list(about: Mapping[str, Any], key: str) -> list[Any]:
    found = about.get(key)
    return found if isinstance(found, list) else []


def _texts(about: Mapping[str, Any], key: str) -> list[str]:
    return [each for each in _list(about, key) if isinstance(each, str)]


def _with_identity(frame: pd.DataFrame, files: Sequence[Path], lengths: Sequence[int], dataset: Path) -> pd.DataFrame:
    """With ``clip_id`` and ``split``, by paths and names of files where it has no such columns."""
    if "clip_id" not in frame and "path" in frame:
        keys = frame["path"].map(str, na_action="ignore").map(embedded.clip_id_in, na_action="ignore")
        frame = frame.assign(clip_id=keys)
        note(f"{dataset.name}: there is no column clip_id; the ends of its paths are taken, such as {some(keys[:1])}")
    splits = [match[1] for file in files if (match := _SPLIT.match(file.name))]
    if "split" not in frame and len(splits) == len(files):
        frame = frame.assign(split=np.repeat(splits, lengths))
    missing = [name for name in ("clip_id", "class", "split") if name not in frame]
    if missing:
        raise ExploreError(
            f"{dataset} is no clip table, for it has no column {' and no '.join(missing)}, only {some(frame, 8)}: add "
            f"{'it' if len(missing) == 1 else 'them'}, or give scores by --scores and vectors by --embeddings"
        )
    if frame.empty:
        raise ExploreError(f"{dataset} holds a table without a clip: export it again")
    return frame


def _without_text_of_null(frame: pd.DataFrame) -> pd.DataFrame:
    """Other programs write an attribute that a clip lacks as the text nan."""
    names = [name for name in frame if ATTRIBUTE.fullmatch(name) and (frame[name] == "nan").any()]
    if names:
        note(f"columns {some(names, 8)}: the text nan is taken for no attribute")
    return frame.assign(**{name: frame[name].astype(object).where(frame[name] != "nan", None) for name in names})


def _with_paths(frame: pd.DataFrame, about: Mapping[str, Any], files: Sequence[Path], dataset: Path) -> pd.DataFrame:
    # Paths start from the export's folder, whichever part of it was given.
    inside_data = bool(about) and files[0].parent.name == "data"
    folder = files[0].parent.parent if inside_data else dataset if dataset.is_dir() else dataset.parent
    said = about.get("origins")
    origins = said if isinstance(said, dict) else {}
    clip_ids = list(frame["clip_id"])

    def found(name: str) -> list[str | None] | None:
        written = [text if isinstance(text, str) else None for text in frame[name]] if name in frame else None
        return references.resolve(written, clip_ids, origins, folder) if written or origins else None

    paths = found("path")
    inside = _embedded(files, dataset, clip_ids)
    if inside is not None:
        paths = [one or other for one, other in zip(inside, paths or [None] * len(frame), strict=True)]
    if "path" in frame:
        missing = [text for text, path in zip(frame["path"], paths or (), strict=True) if text and not path]
        if missing:
            what = f"{counted(len(missing), 'recording')} that {dataset.name} refers to"
            note(f"{what} are not there or no recordings that are read, such as {missing[0]!r}: shown without sound")
    frame = frame.drop(columns=["path"], errors="ignore")
    if "nearest_normal" in frame:
        frame = frame.assign(nearest_normal=found("nearest_normal"))
    if paths is None or not (any(paths) or "path" in _texts(about, "columns")):
        return frame
    return frame.assign(path=pd.Series(paths, index=frame.index, dtype=object))


def _embedded(files: Sequence[Path], dataset: Path, clip_ids: Sequence[str]) -> list[str | None] | None:
    """Where embedded recordings will be once they are played; None where there are none."""
    there = [embedded.with_recording(file) for file in files]
    if all(rows is None for rows in there):
        return None
    if any(rows is None for rows in there):
        raise ExploreError(f"{dataset}: some of its files have recordings embedded and some have not: export it again")
    has_audio = np.concatenate([rows for rows in there if rows is not None])
    paths = references.in_place(place(*embedded.origin_in(dataset)), clip_ids)
    return [path if has else None for path, has in zip(paths, has_audio, strict=True)]


def _order(splits: pd.Series, runs: Sequence[Any], dataset: Path) -> np.ndarray:
    """Positions of the rows as they were before the splits were parted."""
    rows = {split: np.flatnonzero(splits == split) for split in SPLITS}
    taken = dict.fromkeys(SPLITS, 0)
    order: list[np.ndarray] = []
    for run in runs:
        split, count = run if isinstance(run, list) and len(run) == 2 else (None, None)
        if split not in rows or not isinstance(count, int) or count < 0:
            break
        order.append(rows[split][taken[split] : taken[split] + count])
        taken[split] += count
    if runs and [taken[split] for split in SPLITS] != [len(rows[split]) for split in SPLITS]:
        note(f"{dataset.name}: not all clips that were exported together are there; shown split by split")
    elif runs:
        return np.concatenate(order)
    return np.arange(len(splits))


def _credit(about: Mapping[str, Any]) -> Credit | None:
    written = about.get("credit")
    if not isinstance(written, Mapping):
        return None
    try:
        credit = Credit.of(written)
    except (KeyError, TypeError):
        return None
    texts = {name: _printable(getattr(credit, name)) for name in ("owners", "licence", "licence_id")}
    return Credit(**texts, citations=tuple(_printable(text, 2_000) for text in credit.citations[:100]))


def _printable(text: object, longest: int = 200) -> str:
    """Text that goes to a terminal: whoever wrote the file must not steer it."""
    return (
        "".join(letter if letter.isprintable() else " " for letter in text)[:longest] if isinstance(text, str) else ""
    )


def _saw(asked: Asked) -> Seen | None:
    files = embedded.shards(asked.path)
    return Seen(counted(len(files), "Parquet file"), "give their folder by --data, or by --scores") if files else None


EXPORTED = Kind(
    "what dcase-explore data export or share wrote, or a .parquet file of such a table",
    "data/*.parquet",
    "--data path/to/export",
    lambda asked: bool(embedded.shards(asked.path)),
    lambda asked: read_exported(asked.path),
    _saw,
    lists=True,
)
