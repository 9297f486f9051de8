"""Attribute files of a raw download, ``<machine>/attributes_<NN>.csv``: where a year has them, they decide."""

from pathlib import Path, PurePosixPath

import pandas as pd

from dcase_explore import clips
from dcase_explore.clip_names import NO_ATTRIBUTE, parse_clip_name
from dcase_explore.columns import ATTRIBUTE
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.sources.folder_names import read_folders
from dcase_explore.tables.text import rows

MOST_CLIPS = 10_000
"""Of a machine type; bounds what is read."""


def with_attributes(frame: pd.DataFrame, path: Path, machine: str) -> pd.DataFrame:
    """
    Replace the attributes that names gave by those of an attribute file, for the clips that it lists.

    Parameters
    ----------
    frame
        Clip table.
    path
        The file.
    machine
        Machine type of its folder.

    Returns
    -------
    pandas.DataFrame
        Clip table, attributes loosely typed.

    Raises
    ------
    ExploreError
        When it is no such file.
    """
    by_id = {clips.clip_id(split, machine, name): values for (split, name), values in _read(path).items()}
    ids = frame["clip_id"]
    rows = ids.isin(list(by_id))
    if by_id and not rows.any():
        note(f"{path} lists none of the clips beside it: their attributes are those of their names")
    there = {column for column in frame.columns if ATTRIBUTE.fullmatch(column)}
    columns = sorted({column for values in by_id.values() for column in values} | there)
    for column in columns:
        values = frame[column].astype(object) if column in frame else pd.Series(None, frame.index, dtype=object)
        values[rows] = [by_id[clip].get(column) for clip in ids[rows]]
        frame[column] = values
    # A column that is null throughout carries nothing: no attributes of that rank exist here.
    return frame.drop(columns=[column for column in columns if frame[column].isna().all()])


def is_no_attribute(text: str) -> bool:
    """Whether a cell says that there is no attribute."""
    return text.strip().lower() in ("", "nan", NO_ATTRIBUTE.lower())


def _read(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Attributes by split and file name: ``{("train", "section_….wav"): {"d1p": "pat", "d1v": "00"}}``."""
    listed: dict[tuple[str, str], dict[str, str]] = {}
    lines = rows(path, str(path), MOST_CLIPS)
    _, header = next(lines, (0, []))
    if "file_name" not in header:
        raise ExploreError(f"{path}, line 1: an attribute file starts with file_name,d1p,d1v,…")
    for _, fields in lines:
        row = dict(zip(header, fields, strict=False))
        recording = PurePosixPath(row["file_name"].replace("\\", "/"))
        name, folders = parse_clip_name(recording.name), read_folders(("", *recording.parent.parts), 0)
        split = (folders and folders.split) or (name.split if name else None)
        listed[split or "", recording.name] = {
            column: text for column, text in row.items() if ATTRIBUTE.fullmatch(column) and not is_no_attribute(text)
        }
    return listed
