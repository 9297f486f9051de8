"""
A table of recordings: ``clips.csv`` or ``manifest.csv`` with a column ``path``.

Label, class, domain, section, split and attributes are taken as far as they are known. Paths start from the table's
folder. Columns of the clip table are taken as what they are there (scores among them); any other is an attribute of
its name.
"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dcase_explore.column_names import describe
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some
from dcase_explore.sources.kinds import Asked, Kind, Seen, Source
from dcase_explore.sources.listed_clips import clips_listed
from dcase_explore.sources.listed_rows import NAMED_OTHERWISE, word_of
from dcase_explore.tables.text import rows

NAMES = ("clips.csv", "manifest.csv", "metadata.csv")
MOST_CLIPS = 10_000
"""Bounds what is read, with the million rows more that every table may have."""
_PATHS = ("path", "file_name", "filename", "filepath", "file", "audio", "clip", "wav")
_ALSO = {
    "machine_type": "class",
    "machine": "class",
    "machine_id": "section",
    "id": "section",
    "subset": "split",
    "condition": "label",
    **NAMED_OTHERWISE,
}
"""What else columns are called, where the clip table's own name is not there."""


def _table_in(asked: Asked) -> Path | None:
    """The table that is meant: the file given, or one in the folder given."""
    if asked.path.suffix.lower() in (".csv", ".tsv"):
        there = [asked.path] if asked.path.is_file() else []
    else:
        there = [asked.path / name for folder in asked.folders[:1] for name in NAMES if name in folder.files]
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
    lower = [name.lower() for name in header]
    names = _columns(lower, header)
    coded = [index for index, name in enumerate(lower) if _ALSO.get(name) == names[index] in ("label", "domain")]
    for number in coded:
        note(f"{path.name}: column {header[number]} is taken for the {names[number]}")
    twice = [name for index, name in enumerate(names) if name and name in names[:index]]
    if twice:
        raise ExploreError(f"{path}: column {some(twice)} stands there twice")
    told = (
        (line, [word_of(text, lower[index]) if index in coded else text for index, text in enumerate(fields)])
        for line, fields in lines[1:]
    )
    return clips_listed(((line, _cells(fields, names)) for line, fields in told), path)


def _cells(fields: Sequence[str], names: Sequence[str]) -> dict[str, str] | str:
    if len(fields) != len(names):
        return f"{counted(len(fields), 'field')}, where the first line has {len(names)}"
    return dict(zip(names, fields, strict=True))


def _columns(lower: list[str], header: list[str]) -> list[str]:
    """What each column is in the clip table; attributes keep their names."""
    path = _paths_column(lower)
    names: list[str] = []
    for index, name in enumerate(lower):
        also = _ALSO.get(name, "")
        known = name if describe(name) else also if also and also not in (*lower, *names) else header[index]
        names.append("path" if index == path else "" if name in _PATHS and path is not None else known)
    return names


def _saw(asked: Asked) -> Seen | None:
    path = _table_in(asked)
    if path:
        return Seen(f"a table of recordings ({path.name})", f"give it by --data {path}")
    others = [name for folder in asked.folders[:1] for name in folder.files if name in NAMES]
    how = "write column names in its first line, one of them path"
    return Seen(f"{some(others)}, whose first line has no column path", how) if others else None


LISTED = Kind(
    "a table of your recordings, with a column path and as far as they are known label, class, split, attributes",
    "clips.csv, manifest.csv, or a .csv file of any name",
    "--data path/to/clips.csv",
    lambda asked: _table_in(asked) is not None,
    _read,
    _saw,
    lists=True,
)
