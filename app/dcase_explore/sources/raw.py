"""
Raw downloads: folders of recordings as the challenge's zip files unpack, for every year.

``<machine>/train/*.wav`` and ``<machine>/test/*.wav`` (2021 also ``source_test`` and ``target_test``), anywhere below
the folder given; ``<machine>/attributes_<NN>.csv`` beside them, where a year has it, decides over the file names.
"""

import csv
import os
from collections import Counter
from pathlib import Path, PurePosixPath

import pandas as pd

from dcase_explore import clips
from dcase_explore.clip_names import NO_ATTRIBUTE, parse_clip_name
from dcase_explore.columns import ATTRIBUTE, machine_type
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some

SPLIT_FOLDERS = {"train": "train", "test": "test", "source_test": "test", "target_test": "test"}
MAX_DEPTH = 6
"""Folders below the one given that are looked into; a raw download has three."""
MAX_CSV_BYTES = 64 * 2**20


def split_folders(folder: Path) -> list[Path]:
    """
    Folders called train or test (or one of 2021's) that hold WAV files.

    Parameters
    ----------
    folder
        Where to look, this folder included; links are followed, each folder is visited once.

    Returns
    -------
    list of pathlib.Path
        Sorted.
    """
    found = []
    seen: set[str] = set()
    start = folder.absolute()  # not resolved: a linked machine folder goes by the link's name
    top = len(start.parts)
    for place, below, files in os.walk(start, followlinks=True):
        path = Path(place)
        real = os.path.realpath(place)
        # Links last: a folder goes by its own name, not by that of a link to it.
        below[:] = sorted(
            (name for name in below if not name.startswith(".")), key=lambda n: ((path / n).is_symlink(), n)
        )
        if len(path.parts) - top >= MAX_DEPTH or real in seen:
            below.clear()
        if real in seen:
            continue
        seen.add(real)
        if path.name.lower() in SPLIT_FOLDERS and any(name.lower().endswith(".wav") for name in files):
            found.append(path)
    return found


def other_folders(splits: list[Path]) -> list[Path]:
    """
    Folders beside train and test that hold WAV files too, such as ``supplemental``.

    Parameters
    ----------
    splits
        As `split_folders` found them.

    Returns
    -------
    list of pathlib.Path
        Sorted.
    """
    beside = {child for machine in {split.parent for split in splits} for child in machine.iterdir() if child.is_dir()}
    return sorted(place for place in beside - set(splits) if any(place.glob("*.[wW][aA][vV]")))


def read_raw(folder: Path) -> pd.DataFrame:
    """
    Clip table of a raw download.

    Parameters
    ----------
    folder
        The download, one machine type of it, or anything above.

    Returns
    -------
    pandas.DataFrame
        Clip table with audio paths, facts from file names, attributes from the CSV files where they are.

    Raises
    ------
    ExploreError
        No file with a name of the challenge; an attribute file that cannot be read; one clip in two folders.
    """
    machines, names, splits, paths, strangers = [], [], [], [], []
    places = split_folders(folder)
    for place in places:
        for path in sorted(place.iterdir()):
            if path.suffix.lower() != ".wav":
                continue
            if parse_clip_name(path.name) is None:
                strangers.append(path)
                continue
            machines.append(machine_type(place.parent.name))
            names.append(path.name)
            splits.append(SPLIT_FOLDERS[place.name.lower()])
            paths.append(str(path))
    unwritable = [path for path in paths if not _is_text(path)]
    if unwritable:
        raise ExploreError(f"{unwritable[0]!a} is not a name in UTF-8: rename the folder or file")
    if not paths:
        example = f", such as {strangers[0].name}" if strangers else ""
        raise ExploreError(
            f"{folder} holds {len(strangers):,} WAV files but none named as a clip of the challenge{example}: "
            "expected <machine>/train|test/section_00_source_test_normal_0000.wav or normal_id_00_00000000.wav"
        )
    if others := other_folders(places):
        note(f"recordings in other folders than train and test are left out: {some(others)}")
    if strangers:
        note(
            f"left out, as not named like clips of the challenge: {counted(len(strangers), 'WAV file')} "
            f"({some(path.name for path in strangers)})"
        )
    ids = [clips.clip_id(*which) for which in zip(splits, machines, names, strict=True)]
    twice = [clip for clip, count in Counter(ids).items() if count > 1]
    if twice:
        both = [path for clip, path in zip(ids, paths, strict=True) if clip == twice[0]]
        raise ExploreError(
            f"{len(twice):,} clips stand in two folders below {folder}, such as {both[0]} and {both[1]}: "
            "give the folder of one copy"
        )
    frame = clips.facts_from_names(machines, names, splits)
    frame["path"] = paths
    machine_folders = {place.parent for place in places}
    for csv_path in sorted(found for machine in machine_folders for found in machine.glob("attributes_*.csv")):
        frame = _with_attributes(frame, csv_path)
    return clips.conform(frame)


def _is_text(path: str) -> bool:
    """Whether a path can be written down: some old archives unpack names in other encodings."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _with_attributes(frame: pd.DataFrame, csv_path: Path) -> pd.DataFrame:
    """Replace the attributes that names gave by those of an attribute file, for the clips that it lists."""
    listed = _read_attribute_file(csv_path)
    machine = machine_type(csv_path.parent.name)
    ids = frame["clip_id"]
    rows = ids.isin([clips.clip_id(split, machine, name) for split, name in listed])
    if listed and not rows.any():
        note(f"{csv_path} lists none of the clips beside it: their attributes are those of their names")
    by_id = {clips.clip_id(split, machine, name): values for (split, name), values in listed.items()}
    columns = sorted({column for values in by_id.values() for column in values} | _attribute_columns(frame))
    for column in columns:
        values = frame[column].astype(object) if column in frame else pd.Series(None, frame.index, dtype=object)
        values[rows] = [by_id[clip].get(column) for clip in ids[rows]]
        frame[column] = values
    # A column that is null throughout carries nothing: no attributes of that rank exist here.
    return frame.drop(columns=[column for column in columns if frame[column].isna().all()])


def _attribute_columns(frame: pd.DataFrame) -> set[str]:
    return {column for column in frame.columns if ATTRIBUTE.fullmatch(column)}


def _read_attribute_file(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Attributes by split and file name: ``{("train", "section_….wav"): {"d1p": "pat", "d1v": "00"}}``."""
    listed: dict[tuple[str, str], dict[str, str]] = {}
    try:
        if path.stat().st_size > MAX_CSV_BYTES:
            raise ExploreError(f"{path} is larger than {MAX_CSV_BYTES // 2**20} MB: that is no attribute file")
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if "file_name" not in (reader.fieldnames or []):
                raise ExploreError(f"{path}, line 1: an attribute file starts with file_name,d1p,d1v,…")
            for row in reader:
                place = PurePosixPath((row["file_name"] or "").replace("\\", "/"))
                values = {
                    column: text.strip()
                    for column, text in row.items()
                    if isinstance(column, str) and ATTRIBUTE.fullmatch(column) and isinstance(text, str)
                }
                known = {
                    column: text
                    for column, text in values.items()
                    if text and text.lower() not in (NO_ATTRIBUTE.lower(), "nan")
                }
                name = parse_clip_name(place.name)
                split = SPLIT_FOLDERS.get(place.parent.name.lower()) or (name.split if name else None)
                listed[split or "", place.name] = known
    except OSError as error:
        raise ExploreError(f"{path} cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ExploreError(f"{path} is not a CSV text file ({error})") from error
    return listed
