"""
The score files that the challenge's baseline and its participants write, without header lines.

- ``anomaly_score_<dataset?><machine>_section_<NN>_test[_seed<k>][<suffix>].csv`` with ``file name,score``,
- ``decision_result_<…same…>.csv`` with ``file name,0|1``;

2020 writes ``anomaly_score_<machine>_id_<NN>.csv``, 2021 ``…_source_test.csv`` and ``…_target_test.csv``, submissions
leave ``_test`` out, and scores of training clips stand in ``…_train.csv``.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Literal

from dcase_explore.clip_names import is_clip, without_ending
from dcase_explore.columns import machine_type
from dcase_explore.errors import ExploreError
from dcase_explore.tables.dialect import is_number
from dcase_explore.tables.text import rows

LARGEST = 3.4e38
"""Scores are kept as float32."""

_FILE_NAME = re.compile(
    r"(?P<kind>anomaly_score|decision_result)_(?:DCASE(?P<year>\d{4})T\d)?(?P<machine>[A-Za-z0-9]+?)"
    r"_(?:section_(?P<section>\d+)(?:_(?P<domain>source|target))?(?:_(?P<split>train|test))?|id_(?P<id>\d+))"
    r"(?:_seed(?P<seed>\d+))?(?:\D.*)?\.(?:csv|CSV)",
    re.ASCII,
)
_LOOKS_LIKE = re.compile(r".*(?:anomaly[ _-]?score|decision[ _-]?result).*\.(?:csv|tsv|txt)", re.IGNORECASE)


@dataclass(frozen=True)
class ScoreFile:
    """
    One recognised file of a result folder.

    Attributes
    ----------
    path
        Where it is.
    kind
        ``"anomaly_score"`` or ``"decision_result"``.
    machine
        Machine type, without the name of the dataset before it.
    seed
        Seed of the run as text, None where the name has none.
    split
        ``"train"`` or ``"test"``.
    section
        Section, or machine id of 2020.
    domain
        ``"source"`` or ``"target"`` where there is a file for each.
    year
        Year of the challenge, where no other names its files so.
    """

    path: Path
    kind: Literal["anomaly_score", "decision_result"]
    machine: str
    seed: str | None
    split: str
    section: int
    domain: str | None
    year: int | None


def score_file(path: Path) -> ScoreFile | None:
    """
    Recognise a score or decision file by its name.

    Parameters
    ----------
    path
        Of any file.

    Returns
    -------
    ScoreFile or None
        None when it is not named like the baseline's.
    """
    match = _FILE_NAME.fullmatch(path.name)
    if not match:
        return None
    year = int(match["year"]) if match["year"] else 2020 if match["id"] else 2021 if match["domain"] else None
    return ScoreFile(
        path,
        "anomaly_score" if match["kind"] == "anomaly_score" else "decision_result",
        machine_type(match["machine"]),
        match["seed"],
        match["split"] or "test",
        int(match["section"] or match["id"]),
        match["domain"],
        year,
    )


def score_files(folder: Path) -> list[ScoreFile]:
    """
    Recognise the score and decision files that lie directly in a folder.

    Parameters
    ----------
    folder
        A folder.

    Returns
    -------
    list of ScoreFile
        Sorted by name; empty when the folder is no result folder.
    """
    return [file for path in sorted(folder.iterdir()) if (file := score_file(path))]


def looks_like_scores(file_name: str) -> bool:
    """Whether a file that is called so may hold scores, be it named like the baseline's or not."""
    return _LOOKS_LIKE.match(file_name) is not None


def machine_in_name(file_name: str) -> str | None:
    """
    Machine type that a score file is of, by its name.

    Parameters
    ----------
    file_name
        Name of the file, without folders.

    Returns
    -------
    str or None
        None when it is not named like the baseline's.
    """
    file = score_file(Path(file_name))
    return file.machine if file else None


def rows_of(file: ScoreFile, called: Callable[[Path], str] = str) -> Iterator[tuple[int, str, float]]:
    """
    Read a score or decision file.

    Parameters
    ----------
    file
        Which one.
    called
        What an error calls a path.

    Yields
    ------
    line, name, value : int, str, float
        Number of each line, from 1, the clip's file name in it, and the number beside that.

    Raises
    ------
    ExploreError
        A line that is not ``file name,number``; a file that is too large or no text.
    """
    for line, fields in rows(file.path, called(file.path), 0):
        where = f"{called(file.path)}, line {line}"
        if len(fields) != 2:
            raise ExploreError(f"{where}: expected 'file name,number', found {','.join(fields)[:80]!r}")
        name = PureWindowsPath(fields[0]).name  # reads both kinds of slash
        if not is_clip(name) and without_ending(name) == name:
            raise ExploreError(f"{where}: {name[:80]!r} is no clip name, such as section_00_0000.wav or any other .wav")
        yield line, name, number(fields[1], file.kind, where)


def number(text: str, kind: str, where: str) -> float:
    """
    Score or decision that stands in a file.

    Parameters
    ----------
    text
        Of one field.
    kind
        ``"anomaly_score"`` or ``"decision_result"``.
    where
        What an error calls it.

    Returns
    -------
    float
        Finite, within what float32 holds.

    Raises
    ------
    ExploreError
        Anything else.
    """
    value = float(text) if is_number(text) else None
    if value is None:
        raise ExploreError(f"{where}: {text[:40]!r} is not a number")
    if kind == "decision_result" and value not in (0.0, 1.0):
        raise ExploreError(f"{where}: a decision is 0 (normal) or 1 (anomaly), not {text[:40]}")
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise ExploreError(f"{where}: the score is {text.strip()}, which cannot be ranked")
    return value
