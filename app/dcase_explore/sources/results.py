"""
Result folders: the score files that the challenge's baseline writes, one folder per model.

A folder holds, without header lines,

- ``anomaly_score_<dataset?><machine>_section_<NN>_test[_seed<k>][<suffix>].csv`` with ``file name,score``,
- ``decision_result_<…same…>.csv`` with ``file name,0|1``;

2020 writes ``anomaly_score_<machine>_id_<NN>.csv``, 2021 ``…_source_test.csv`` and ``…_target_test.csv``, and scores of
training clips stand in ``…_train.csv``. File names carry section, domain, label and attributes, so a folder of scores
alone makes a clip table. Metric tables are left alone; what else looks like a score file is named and left out.
"""

import csv
import math
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Literal

import pandas as pd

from dcase_explore import clips
from dcase_explore.clip_names import parse_clip_name
from dcase_explore.columns import machine_type, name_problem
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some

MAX_FILE_BYTES = 64 * 2**20
"""A score file of a whole challenge is well below a megabyte."""

MAX_DEPTH = 4
"""Levels of folders that are looked into, the one given included: results/dev_data/baseline_MSE has three."""

LARGEST = 3.4e38
"""Scores are kept as float32."""

_FILE_NAME = re.compile(
    r"(?P<kind>anomaly_score|decision_result)_(?:DCASE\d{4}T\d)?(?P<machine>[A-Za-z0-9]+?)"
    r"_(?:section_\d+_(?:source_|target_)?(?:train|test)|id_\d+)(?:_seed(?P<seed>\d+))?(?:\D.*)?\.csv"
)
_LOOKS_LIKE = re.compile(r"(?:anomaly_score|decision_result)")


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
    """

    path: Path
    kind: Literal["anomaly_score", "decision_result"]
    machine: str
    seed: str | None


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
    found = []
    for path in sorted(folder.glob("*.csv")):
        match = _FILE_NAME.fullmatch(path.name)
        if match:
            kind: Literal["anomaly_score", "decision_result"] = (
                "anomaly_score" if match["kind"] == "anomaly_score" else "decision_result"
            )
            found.append(ScoreFile(path, kind, machine_type(match["machine"]), match["seed"]))
    return found


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
    match = _FILE_NAME.fullmatch(file_name)
    return machine_type(match["machine"]) if match else None


def result_folders(folder: Path) -> list[Path]:
    """
    Folders that hold score files: the folder itself, or those some way below it.

    Parameters
    ----------
    folder
        A result folder or the parent of several.

    Returns
    -------
    list of pathlib.Path
        Nearest first, then by name; empty when there is none.
    """
    level, found = [folder], []
    for _ in range(MAX_DEPTH):
        found += [place for place in level if any(file.kind == "anomaly_score" for file in score_files(place))]
        level = [child for place in level for child in sorted(place.iterdir()) if child.is_dir() and _is_shown(child)]
    return found


def _is_shown(folder: Path) -> bool:
    return not folder.name.startswith(".")


def read_results(folders: list[Path]) -> pd.DataFrame:
    """
    Clip table of one or more models' results.

    Parameters
    ----------
    folders
        Result folders; each is a model of its folder's name, and where a folder holds several seeds each seed is a
        model of its own.

    Returns
    -------
    pandas.DataFrame
        Clip table with ``anomaly_score_<model>`` and, where there are decision files, ``prediction_<model>``.

    Raises
    ------
    ExploreError
        A line that is not ``file name,number``, a file that is too large, a clip scored twice by one model, or two
        folders of one name.
    """
    scores: dict[str, dict[str, float]] = {}
    decisions: dict[str, dict[str, float]] = {}
    facts: dict[str, tuple[str, str, str]] = {}
    for folder in folders:
        files = score_files(folder)
        _note_left_out(folder, files)
        several = len({file.seed for file in files}) > 1
        models: dict[str, list[ScoreFile]] = defaultdict(list)
        for file in files:
            models[f"{folder.absolute().name}{f'_seed{file.seed}' if several and file.seed else ''}"].append(file)
        for model, its_files in models.items():
            problem = name_problem(model)
            if problem:
                raise ExploreError(f"{folder}: {problem}: rename the folder")
            if model in scores:
                raise ExploreError(f"two result folders are called {model}: rename one of them, {folder} say")
            scores[model], decisions[model] = {}, {}
            for file in its_files:
                into = scores[model] if file.kind == "anomaly_score" else decisions[model]
                for line, name, value in _rows(file):
                    facts_of_name = parse_clip_name(name)
                    split = (facts_of_name and facts_of_name.split) or "test"
                    clip = clips.clip_id(split, file.machine, name)
                    if clip in into:
                        where = f"{file.path}, line {line}"
                        raise ExploreError(
                            f"{where}: {name} has a value already in model {model}: keep one of its files"
                        )
                    into[clip] = value
                    facts[clip] = (file.machine, name, split)
    if not facts:
        raise ExploreError(f"the score files in {some(folders)} hold no clip at all: run the baseline's test again")
    return _table(facts, scores, decisions)


def _note_left_out(folder: Path, files: list[ScoreFile]) -> None:
    """Name what looks like a score file and is not read."""
    read = {file.path for file in files}
    left = [path.name for path in sorted(folder.glob("*.csv")) if path not in read and _LOOKS_LIKE.match(path.name)]
    if left:
        note(f"{folder}: left out, as not named like the baseline's: {counted(len(left), 'file')} ({some(left)})")


def _rows(file: ScoreFile) -> list[tuple[int, str, float]]:
    """Line, file name and number of each row of a score or decision file."""
    rows = []
    try:
        if file.path.stat().st_size > MAX_FILE_BYTES:
            raise ExploreError(f"{file.path} is larger than {MAX_FILE_BYTES // 2**20} MB: that is no score file")
        with file.path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines)
            for row in reader:
                if not any(field.strip() for field in row):
                    continue
                where = f"{file.path}, line {reader.line_num}"
                if len(row) != 2:
                    raise ExploreError(f"{where}: expected 'file name,number', found {','.join(row)[:80]!r}")
                name = PureWindowsPath(row[0].strip()).name  # reads both kinds of slash
                if parse_clip_name(name) is None:
                    raise ExploreError(
                        f"{where}: {name[:80]!r} is not a clip name of the challenge, such as section_00_0000.wav"
                    )
                rows.append((reader.line_num, name, _number(row[1], file.kind, where)))
    except OSError as error:
        raise ExploreError(f"{file.path} cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ExploreError(f"{file.path} is not a CSV text file ({error})") from error
    return rows


def _number(text: str, kind: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ExploreError(f"{where}: {text[:40]!r} is not a number") from None
    if kind == "decision_result" and value not in (0.0, 1.0):
        raise ExploreError(f"{where}: a decision is 0 (normal) or 1 (anomaly), not {text[:40]}")
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise ExploreError(f"{where}: the score is {text.strip()}, which cannot be ranked")
    return value


def _table(
    facts: dict[str, tuple[str, str, str]], scores: dict[str, dict[str, float]], decisions: dict[str, dict[str, float]]
) -> pd.DataFrame:
    machines, names, splits = zip(*facts.values(), strict=True)
    frame = clips.facts_from_names(machines, names, splits)
    for model, values in scores.items():
        frame[f"anomaly_score_{model}"] = frame["clip_id"].map(values)
        missing = int(frame[f"anomaly_score_{model}"].isna().sum())
        if missing:
            note(f"{model}: scores for {len(values):,} of {len(frame):,} clips")
        if decisions[model]:
            frame[f"prediction_{model}"] = frame["clip_id"].map(decisions[model]).map({0.0: "normal", 1.0: "anomaly"})
            undecided = sorted(set(values) - set(decisions[model]))
            if undecided:
                note(f"{model}: no decision on {counted(len(undecided), 'scored clip')}, such as {some(undecided, 1)}")
    return clips.conform(frame)
