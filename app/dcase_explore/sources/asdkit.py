"""
ASDKit's output: ``<machine>/test_score.csv`` and, beside it, the embeddings in ``test_extract.npz``.

Columns are ``path``, ``section``, ``is_normal``, ``is_target`` and one ``AS-<backend>-<key>`` per score; each of these
is a model over all machine folders of a run. Runs side by side (recipes, seeds, epochs) are told apart by folders.
"""

import re
from collections import defaultdict
from pathlib import Path, PureWindowsPath

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.columns import DOMAINS, SPLITS, machine_type
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some
from dcase_explore.sources.folder_names import read_folders
from dcase_explore.sources.kinds import Asked, Kind, Seen, Source
from dcase_explore.sources.model_names import model_names
from dcase_explore.sources.score_files import number
from dcase_explore.tables.arrays import read_npz
from dcase_explore.tables.text import rows

MAX_COLUMNS = 1_000

_FILES = tuple(f"{split}_score.csv" for split in SPLITS)
_SCORE = re.compile(r"AS-[\w .+@()-]{1,76}")
_CODES = {"is_normal": ("anomaly", "normal"), "is_target": DOMAINS}


def _score_files(asked: Asked) -> list[Path]:
    if asked.path.is_file():
        return [asked.path] if asked.path.suffix.lower() == ".csv" and _scores_in(asked.path) else []
    return [path for path in asked.files(*_FILES) if path.name in _FILES and _scores_in(path)]


def _scores_in(path: Path) -> list[str]:
    """Columns of scores, by the first line; empty for a file of another kind."""
    try:
        _, header = next(rows(path, str(path), 0), (0, []))
    except ExploreError:
        return []
    names = [name for name in header[:MAX_COLUMNS] if _SCORE.fullmatch(name)]
    return names if "path" in header else []


def _read(asked: Asked) -> Source:
    files = _score_files(asked)
    runs = list(dict.fromkeys(path.parent.parent for path in files))
    names = model_names(runs)
    facts: dict[str, dict[str, object]] = {}
    values: dict[str, dict[str, object]] = defaultdict(dict)
    for path in files:
        run = names[runs.index(path.parent.parent)] if len(runs) > 1 else ""
        ids = _read_scores(path, run, asked.called(path), facts, values)
        extract = path.with_name(path.name.replace("_score.csv", "_extract.npz"))
        if ids and path.name in _FILES and extract.is_file():
            _read_vectors(extract, run, asked.called(extract), ids, facts, values)
    if not facts:
        raise ExploreError(f"{asked.path}: its files hold not a single clip: run ASDKit's score again")
    frame = pd.DataFrame(list(facts.values()))
    note(f"{asked.title}: ASDKit's scores of {some(frame['class'].unique(), 7)}")
    by_name = clips.facts_from_names(*(frame[name].tolist() for name in ("class", "file_name", "split")))
    for name in ("label", "domain"):
        both = by_name[name].notna() & frame[name].notna() if name in by_name else pd.Series(False, frame.index)
        differ = int((by_name[name][both].astype(object) != frame[name][both]).sum()) if both.any() else 0
        if differ:
            note(f"{asked.title}: {name} differs from the name of {counted(differ, 'clip')}: the column is believed")
    frame = by_name.assign(
        **{name: frame[name] for name in ("section", "label", "domain") if frame[name].notna().any()}
    )
    columns = {name: frame["clip_id"].map(by_clip) for name, by_clip in values.items()}
    return Source(clips.conform(frame.assign(**columns)), asked.title)


def _read_scores(
    path: Path, run: str, shown: str, facts: dict[str, dict[str, object]], values: dict[str, dict[str, object]]
) -> list[str]:
    """Take in one file; identities of its clips, in order."""
    of_folder = path.name in _FILES
    split, scores = path.name.partition("_")[0] if of_folder else "test", _scores_in(path)
    lines = rows(path, shown, 0)
    _, header = next(lines)
    ids: list[str] = []
    for line, fields in lines:
        where = f"{shown}, line {line}"
        if len(fields) != len(header):
            raise ExploreError(f"{where}: {counted(len(fields), 'field')}, where the first line has {len(header)}")
        row = dict(zip(header, fields, strict=True))
        *above, name = PureWindowsPath(row["path"]).parts or ("",)
        told = None if of_folder else read_folders(("", *above), 0)
        machine = machine_type(told.machine if told and told.machine else path.parent.name)
        clip = clips.clip_id(split, machine, name)
        if clip in values[_column("anomaly_score", run, scores[0])]:
            raise ExploreError(f"{where}: {name} stands there twice")
        ids.append(clip)
        facts.setdefault(
            clip,
            {
                "class": machine,
                "file_name": name,
                "split": split,
                "section": _whole(row.get("section", ""), where),
                "label": _code(row, "is_normal", where),
                "domain": _code(row, "is_target", where),
            },
        )
        for score in scores:
            values[_column("anomaly_score", run, score)][clip] = number(row[score], "anomaly_score", where)
    return ids


def _column(family: str, run: str, name: str) -> str:
    return f"{family}_{run}_{name}" if run else f"{family}_{name}"


def _code(row: dict[str, str], name: str, where: str) -> str | None:
    """Label or domain; null where there is no such column."""
    text = row.get(name, "").strip().lower()
    code = {"": None, "0": 0, "0.0": 0, "false": 0, "1": 1, "1.0": 1, "true": 1}.get(text, -1)
    if code == -1:
        raise ExploreError(f"{where}: {name} is 0 or 1, not {text[:40]!r}")
    return None if code is None else _CODES[name][code]


def _whole(text: str, where: str) -> int | None:
    if not text.strip():
        return None
    if not re.fullmatch(r"\d{1,4}(?:\.0)?", text.strip(), re.ASCII):
        raise ExploreError(f"{where}: a section is a number, not {text[:40]!r}")
    return int(float(text))


def _read_vectors(
    path: Path,
    run: str,
    shown: str,
    ids: list[str],
    facts: dict[str, dict[str, object]],
    values: dict[str, dict[str, object]],
) -> None:
    """Take in the vectors that lie beside a score file; its names are pickled in most, and then rows count."""
    every = read_npz(path, shown, len(ids), without_objects=True)
    arrays = {name: array for name, array in every.items() if array.shape[:1] == (len(ids),)}
    if others := [name for name, array in every.items() if array.ndim == 2 and name not in arrays]:
        note(f"{shown}: left out, for they have not a row for each of the {len(ids):,} scores beside: {some(others)}")
    matrices = {name: array for name, array in arrays.items() if array.ndim == 2 and array.dtype.kind == "f"}
    paths = arrays.get("path")
    rows = ids
    if paths is not None and paths.dtype.kind == "U":
        split, machine = ids[0].partition("/")[0], machine_type(path.parent.name)
        rows = [clips.clip_id(split, machine, PureWindowsPath(str(name)).name) for name in paths]
        if unknown := [str(name) for name, clip in zip(paths, rows, strict=True) if clip not in facts]:
            note(f"{shown}: left out, as not among the scores beside: {some(unknown)}")
    elif not all(_agrees(arrays, name, ids, facts) for name in ("section", *_CODES)):
        note(f"{shown}: left out, for its clips are others than those of the scores beside it, or in another order")
        return
    elif matrices:
        note(f"{shown}: its names are pickled and not read; rows are those of the scores beside it")
    for name, matrix in matrices.items():
        column = values[_column("embeddings", run, name)]
        column.update(zip(rows, np.ascontiguousarray(matrix, np.float32), strict=True))


def _agrees(arrays: dict[str, np.ndarray], name: str, ids: list[str], facts: dict[str, dict[str, object]]) -> bool:
    if name not in arrays:
        return True
    fact = {"is_normal": "label", "is_target": "domain"}.get(name, name)
    codes = arrays[name].ravel().tolist()
    known = [facts[clip][fact] for clip in ids]
    told = [_CODES[name][int(code)] if code in (0, 1) else None for code in codes] if name in _CODES else codes
    return all(one is None or one == other for one, other in zip(known, told, strict=True))


def _saw(asked: Asked) -> Seen | None:
    files = _score_files(asked)
    return (
        Seen(f"ASDKit's scores ({some(path.parent.name for path in files)})", "give their folder by --data")
        if files
        else None
    )


ASDKIT = Kind(
    "ASDKit's output, no audio needed",
    "<machine>/test_score.csv, with test_extract.npz beside it",
    "--data path/to/output/last --class valve",
    lambda asked: bool(_score_files(asked)),
    _read,
    _saw,
)
