"""
A table of recordings: ``clips.csv`` or ``manifest.csv`` with a column ``path``.

Label, class, domain, section, split and attributes are taken as far as they are known. Paths start from the table's
folder. Columns of the clip table are taken as what they are there (scores among them); any other is an attribute of
its name.
"""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from dcase_explore import clips
from dcase_explore.clip_names import parse_clip_name
from dcase_explore.columns import ATTRIBUTE, describe, machine_type
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some
from dcase_explore.recordings.references import resolve
from dcase_explore.sources.attribute_files import is_no_attribute
from dcase_explore.sources.folder_names import FolderFacts, read_folders
from dcase_explore.sources.kinds import Asked, Kind, Seen, Source
from dcase_explore.sources.listed_rows import domain_of, label_of, row_problem, section_of, split_of
from dcase_explore.tables.text import rows

NAMES = ("clips.csv", "manifest.csv", "metadata.csv")
MOST_CLIPS = 10_000
"""Bounds what is read, with the million rows more that every table may have."""
ATTRIBUTES = 9
_NOT_TAKEN = ("vector", "audio")
_PATHS = ("path", "file_name", "filename", "filepath", "file", "audio", "clip", "wav")
_ALSO = {
    "machine_type": "class",
    "machine": "class",
    "machine_id": "section",
    "id": "section",
    "subset": "split",
    "is_anomaly": "label",
    "condition": "label",
}
"""What else columns are called, where the clip table's own name is not there."""


def _table_in(asked: Asked) -> Path | None:
    """The table that is meant: the file given, or one in the folder given."""
    if asked.path.suffix.lower() in (".csv", ".tsv"):
        there = [asked.path] if asked.path.is_file() else []
    else:
        there = [asked.path / name for place in asked.folders[:1] for name in NAMES if name in place.files]
    return next((path for path in there if _paths_column(_header(path)) is not None), None)


def _header(path: Path) -> list[str]:
    try:
        return [name.lower() for name in next(rows(path, str(path), MOST_CLIPS), (0, []))[1]]
    except ExploreError:
        return []


def _paths_column(header: Sequence[str]) -> int | None:
    return next((header.index(name) for name in _PATHS if name in header), None)


def _read(asked: Asked) -> Source:
    path = _table_in(asked)
    assert path is not None  # noqa: S101 - it was recognised by having one
    return Source(read_listed(path), path.parent.name if path.name in NAMES else path.stem)


def read_listed(path: Path) -> pd.DataFrame:
    """
    Clip table of a table of recordings.

    Parameters
    ----------
    path
        A CSV file whose first line names its columns.

    Returns
    -------
    pandas.DataFrame
        Conforming clip table; a recording that is not there is said, and its clip is shown without sound.

    Raises
    ------
    ExploreError
        Rows whose values mean nothing, each named by its line; no row at all.
    """
    lines = list(rows(path, str(path), MOST_CLIPS))
    _, header = lines[0]
    names = _columns([name.lower() for name in header], header)
    twice = [name for place, name in enumerate(names) if name and name in names[:place]]
    if twice:
        raise ExploreError(f"{path}: column {some(twice)} stands there twice")
    numbers = [name for name in names if name != "section" and (its := describe(name)) and its.kind in ("float", "int")]
    bad: list[str] = []
    kept: list[dict[str, str]] = []
    for line, fields in lines[1:]:
        row = dict(zip(names, fields, strict=False))
        if problem := row_problem(row, len(fields), len(names), numbers):
            bad.append(f"line {line}: {problem}")
        else:
            kept.append(row)
    if bad:
        raise ExploreError(f"{path}: {counted(len(bad), 'row')} that mean nothing: {some(bad, 5)}")
    if not kept:
        raise ExploreError(f"{path} lists not a single recording: give each a row, its path first")
    return _frame(pd.DataFrame(kept), path)


def _columns(lower: list[str], header: list[str]) -> list[str]:
    """What each column is in the clip table; attributes keep their names."""
    path = _paths_column(lower)
    names = []
    for place, name in enumerate(lower):
        also = _ALSO.get(name, "")
        known = name if describe(name) else also if also and also not in lower else header[place]
        names.append("path" if place == path else "" if name in _PATHS and path is not None else known)
    return names


def _frame(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    table = table.drop(columns=[name for name in table if not name])
    table = table.mask(table.map(is_no_attribute), None).astype(object)
    paths = [str(text).replace("\\", "/") for text in table["path"]]
    told = [_folders(path.parent, text) for text in paths]
    machines = _filled(table, "class", [facts.machine if facts else None for facts in told], path.parent.name)
    splits = _filled(table, "split", [_split_by(text, facts) for text, facts in zip(paths, told, strict=True)], "test")
    splits = [split_of(text) or text for text in splits]
    machines = [machine_type(name) for name in machines]
    frame = clips.facts_from_names(machines, _names(path, paths, machines, splits), splits)
    for column, read in (("label", label_of), ("domain", domain_of)):
        frame = _with(frame, column, [getattr(facts, column) if facts else None for facts in told])
        frame = _with(frame, column, [read(text) if text is not None else None for text in _texts(table, column)])
    frame = _with(
        frame, "section", [section_of(text) if text is not None else None for text in _texts(table, "section")]
    )
    if "clip_id" in table and table["clip_id"].notna().all():
        frame = frame.assign(clip_id=table["clip_id"].to_numpy())
    found = resolve(paths, list(frame["clip_id"]), {}, path.parent)
    frame["path"] = found
    missing = [text for text, there in zip(paths, found, strict=True) if there is None]
    if len(missing) == len(paths):
        raise ExploreError(f"{path}: none of its recordings is there ({some(missing)}): paths start from its folder")
    if missing:
        note(f"{path}: {counted(len(missing), 'recording')} not there, shown without sound: {some(missing, 5)}")
    try:
        return clips.conform(_with_the_rest(frame, table))
    except ExploreError as error:
        raise ExploreError(f"{path}: {error}") from error


def _folders(folder: Path, text: str) -> FolderFacts | None:
    """What the folders in a path say, as far as they stand in the table."""
    above = PurePosixPath(text).parent.parts
    return read_folders((folder.name, *above), 0)


def _split_by(text: str, facts: FolderFacts | None) -> str | None:
    name = parse_clip_name(text)
    return facts.split if facts and facts.split else name.split if name else None


def _texts(table: pd.DataFrame, column: str) -> list[str | None]:
    return table[column].tolist() if column in table else [None] * len(table)


def _filled(table: pd.DataFrame, column: str, told: Sequence[str | None], otherwise: str) -> list[str]:
    """The table's values, what folders say where it is silent, or the same for all."""
    return [one or other or otherwise for one, other in zip(_texts(table, column), told, strict=True)]


def _with(frame: pd.DataFrame, column: str, values: Sequence[object]) -> pd.DataFrame:
    """With these values before those that the frame has."""
    new = pd.Series(list(values), frame.index, dtype=object)
    if new.isna().all():
        return frame
    known = frame[column].astype(object) if column in frame else pd.Series(None, frame.index, dtype=object)
    return frame.assign(**{column: new.where(new.notna(), known)})


def _names(table: Path, paths: Sequence[str], machines: Sequence[str], splits: Sequence[str]) -> list[str]:
    """As many of each path's last parts as it takes to tell all recordings apart."""
    parts = [PurePosixPath(text).parts for text in paths]
    for count in range(1, max(map(len, parts)) + 1):
        names = ["/".join(path[-count:]) for path in parts]
        ids = list(map(clips.clip_id, splits, machines, names))
        if len(set(ids)) == len(ids):
            return names
    again = next(text for text, clip in zip(paths, ids, strict=True) if ids.count(clip) > 1)
    raise ExploreError(f"{table}: a recording is listed twice, such as {again}: keep one row of each")


def _with_the_rest(frame: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """With the table's other columns: those of the contract as they are, any other as an attribute."""
    taken = {"path", "class", "split", "label", "domain", "section", "clip_id", "file_name"}
    # Vectors are not written so, and a path that is no clip's own could lead anywhere.
    left_out = [name for name in table if name not in taken and (its := describe(name)) and its.kind in _NOT_TAKEN]
    if left_out:
        note(f"columns {some(left_out)} are left out: vectors by --embeddings, recordings by path alone")
        table = table.drop(columns=left_out)
    own = [name for name in table if ATTRIBUTE.fullmatch(name)]
    if own:
        frame = frame.drop(columns=[name for name in frame if ATTRIBUTE.fullmatch(name)])
    more = [name for name in table if name not in taken and describe(name) is None and table[name].notna().any()]
    frame = frame.assign(**{name: table[name].to_numpy() for name in table if name not in taken and describe(name)})
    free = [number for number in range(1, ATTRIBUTES + 1) if f"d{number}v" not in frame and f"d{number}p" not in frame]
    if len(more) > len(free):
        note(f"columns {some(more[len(free) :])} are left out: a clip has at most {ATTRIBUTES} attributes")
    for number, name in zip(free, more, strict=False):
        values = table[name].to_numpy()
        frame[f"d{number}p"] = [None if value is None else name for value in values]
        frame[f"d{number}v"] = values
    return frame


def _saw(asked: Asked) -> Seen | None:
    path = _table_in(asked)
    return Seen(f"a table of recordings ({path.name})", f"give it by --data {path}") if path else None


LISTED = Kind(
    "a table of your recordings, with a column path and as far as they are known label, class, split, attributes",
    "clips.csv, manifest.csv, or a .csv file of any name",
    "--data path/to/clips.csv",
    lambda asked: _table_in(asked) is not None,
    _read,
    _saw,
)
