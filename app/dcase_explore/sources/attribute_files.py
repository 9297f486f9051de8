"""Attribute files of a raw download, ``<machine>/attributes_<NN>.csv``: where a year has them, they decide."""

import csv
from pathlib import Path, PurePosixPath

import pandas as pd

from dcase_explore import clips
from dcase_explore.clip_names import NO_ATTRIBUTE, parse_clip_name
from dcase_explore.columns import ATTRIBUTE
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.sources.folder_names import read_folders

MAX_BYTES = 64 * 2**20


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
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ExploreError(f"{path} is larger than {MAX_BYTES // 2**20} MB: that is no attribute file")
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if "file_name" not in (reader.fieldnames or []):
                raise ExploreError(f"{path}, line 1: an attribute file starts with file_name,d1p,d1v,…")
            for row in reader:
                place = PurePosixPath((row["file_name"] or "").replace("\\", "/"))
                known = {
                    column: text.strip()
                    for column, text in row.items()
                    if isinstance(column, str)
                    and ATTRIBUTE.fullmatch(column)
                    and isinstance(text, str)
                    and not is_no_attribute(text)
                }
                name, folders = parse_clip_name(place.name), read_folders(("", *place.parent.parts), 0)
                split = (folders and folders.split) or (name.split if name else None)
                listed[split or "", place.name] = known
    except OSError as error:
        raise ExploreError(f"{path} cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ExploreError(f"{path} is not a CSV text file ({error})") from error
    return listed
