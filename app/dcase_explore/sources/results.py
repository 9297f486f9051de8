"""
Result folders: score files alone, one folder per model.

File names carry section, domain, label and attributes, so a folder of scores alone makes a clip table; see
`score_files`. Metric tables are left alone; what else looks like a score file is named and left out.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dcase_explore import clips
from dcase_explore.clip_names import parse_clip_name
from dcase_explore.column_names import members
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some
from dcase_explore.score_names import name_problem
from dcase_explore.sources.kinds import Asked, Kind, Seen, Source
from dcase_explore.sources.model_names import model_names
from dcase_explore.sources.score_files import ScoreFile, looks_like_scores, rows_of, score_file, score_files


def _used(asked: Asked) -> list[Path]:
    return [folder.path for folder in asked.folders if any(map(_holds_scores, folder.files))]


def _holds_scores(name: str) -> bool:
    file = score_file(Path(name)) if name.lower().endswith(".csv") else None
    return file is not None and file.kind == "anomaly_score"


def _read(asked: Asked) -> Source:
    folders = _used(asked)
    names = model_names(folders)
    note(f"{asked.title}: results of {some(names)}")
    if left := _left_out(asked):
        note(f"{asked.title}: left out, as not named like the baseline's: {left}")
    frame = read_results(folders, called=asked.called)
    by_name = dict(zip(names, folders, strict=True))
    models = members(frame.columns, "anomaly_score_<score>")
    return Source(frame, asked.title, models={name: by_name[name] for name in models if name in by_name})


def _left_out(asked: Asked) -> str | None:
    """Folders whose score files are all of another naming, in words."""
    used = set(_used(asked))
    left = [
        f"{folder.path.relative_to(asked.path)} ({next(filter(looks_like_scores, folder.files))})"
        for folder in asked.folders
        if folder.path not in used and any(map(looks_like_scores, folder.files))
    ]
    return f"{counted(len(left), 'folder')}, {some(left)}" if left else None


def _saw(asked: Asked) -> Seen | None:
    if used := _used(asked):
        return Seen(f"score files ({some(folder.name for folder in used)})", "give their folder by --data or --scores")
    if left := _left_out(asked):
        how = "rename them to anomaly_score_<machine>_section_<NN>_test.csv (or give each by --scores NAME=FILE)"
        return Seen(f"score files of another naming in {left}", how)
    return None


def read_results(folders: Sequence[Path], *, called: Callable[[Path], str] = str) -> pd.DataFrame:
    """
    Clip table of one or more models' results.

    Parameters
    ----------
    folders
        Result folders; each is a model, called as `dcase_explore.sources.model_names` says, and where a folder holds
        several seeds each seed is a model of its own.
    called
        What an error calls a path.

    Returns
    -------
    pandas.DataFrame
        Clip table with ``anomaly_score_<model>`` and, where there are decision files, ``prediction_<model>``.

    Raises
    ------
    ExploreError
        A line that is not ``file name,number``, a file that is too large, or a clip scored twice by one model.
    """
    table = _Table()
    for folder, name in zip(folders, model_names([path.absolute() for path in folders]), strict=True):
        files = score_files(folder)
        _note_left_out(called(folder), folder, files)
        several = len({file.seed for file in files}) > 1
        by_model: dict[str, list[ScoreFile]] = defaultdict(list)
        for file in files:
            by_model[f"{name}{f'_seed{file.seed}' if several and file.seed else ''}"].append(file)
        for model, model_files in by_model.items():
            if problem := name_problem(model):
                raise ExploreError(f"{called(folder)}: {problem}: rename the folder")
            table.take(model, model_files, called)
    if not table.facts:
        where = some(map(called, folders))
        raise ExploreError(f"the score files in {where} hold no clip at all: run the baseline's test again")
    return table.frame()


@dataclass(frozen=True)
class _Facts:
    """What is known of a clip by the file that scores it."""

    name: str
    split: str
    file: ScoreFile


class _Table:
    """Clips, scores and decisions as they come in."""

    def __init__(self) -> None:
        self.facts: dict[str, _Facts] = {}
        self.scores: dict[str, dict[str, float]] = {}
        self.decisions: dict[str, dict[str, float]] = {}

    def take(self, model: str, files: Sequence[ScoreFile], called: Callable[[Path], str]) -> None:
        self.scores[model], self.decisions[model] = {}, {}
        for file in files:
            into = self.scores[model] if file.kind == "anomaly_score" else self.decisions[model]
            for line, name, value in rows_of(file, called):
                facts = parse_clip_name(name)
                split = (facts and facts.split) or file.split
                clip = clips.clip_id(split, file.machine, name)
                if clip in into:
                    where = f"{called(file.path)}, line {line}"
                    raise ExploreError(f"{where}: {name} has a value already in model {model}: keep one of its files")
                into[clip] = value
                self.facts.setdefault(clip, _Facts(name, split, file))

    def frame(self) -> pd.DataFrame:
        known = list(self.facts.values())
        machines = [facts.file.machine for facts in known]
        frame = clips.facts_from_names(machines, [facts.name for facts in known], [facts.split for facts in known])
        for column in ("section", "domain", "year"):
            said = pd.Series([getattr(facts.file, column) for facts in known], frame.index, dtype=object)
            if said.notna().any():
                by_name = (
                    frame[column].astype(object) if column in frame else pd.Series(None, frame.index, dtype=object)
                )
                frame = frame.assign(**{column: by_name.where(by_name.notna(), said)})
        for model, values in self.scores.items():
            frame[f"anomaly_score_{model}"] = frame["clip_id"].map(values)
            missing = int(frame[f"anomaly_score_{model}"].isna().sum())
            if missing:
                note(f"{model}: scores for {len(values):,} of {len(frame):,} clips")
            decided = self.decisions[model]
            if decided:
                frame[f"prediction_{model}"] = frame["clip_id"].map(decided).map({0.0: "normal", 1.0: "anomaly"})
                undecided = sorted(set(values) - set(decided))
                if undecided:
                    note(f"{model}: no decision on {counted(len(undecided), 'scored clip')}, such as {undecided[0]}")
        return clips.conform(frame)


def _note_left_out(shown: str, folder: Path, files: list[ScoreFile]) -> None:
    """Name what looks like a score file and is not read."""
    read = {file.path for file in files}
    left = [path.name for path in sorted(folder.iterdir()) if path not in read and looks_like_scores(path.name)]
    if left:
        note(f"{shown}: left out, as not named like the baseline's: {counted(len(left), 'file')} ({some(left)})")


RESULTS = Kind(
    "score files as the challenge's baseline and submissions have them, no audio needed",
    "anomaly_score_<machine>_section_00_test.csv",
    "--data path/to/results --layout extended --class valve",
    lambda asked: bool(_used(asked)),
    _read,
    _saw,
)
