"""
Your own results, beside the data: anomaly scores and embeddings as columns of the clip table, ground truth as facts.

`given` brings what is handed over in Python into one form, `files` does so for files, both by `frames` and `numbers`;
`matching` finds each name's row, `position` that of values without names; `ground_truth` reads the organisers' labels
of evaluation sets.
"""

import os
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.attach.files import read_file
from dcase_explore.attach.given import given
from dcase_explore.attach.ground_truth import attach_ground_truth
from dcase_explore.attach.matching import Names
from dcase_explore.attach.numbers import Given, Kind
from dcase_explore.attach.position import rows_in_order
from dcase_explore.attach.several import are_files, once, together
from dcase_explore.column_names import member, members
from dcase_explore.columns import COLUMNS, SPLITS
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some
from dcase_explore.score_names import knn_of, name_problem
from dcase_explore.sources import read_scores

_NAME = re.compile(r"[^\W_](?:[\w .+@()-]{0,78}[\w.+@()-])?")
_FAMILIES: dict[Kind, str] = {"scores": "anomaly_score_<score>", "embeddings": "embeddings_<embedding>"}


def attach(
    frame: pd.DataFrame,
    *,
    scores: Mapping[str, object] | None = None,
    embeddings: Mapping[str, object] | None = None,
    ground_truth: str | Path | None = None,
) -> pd.DataFrame:
    """
    Add the user's own scores and embeddings, and the ground truth of an evaluation set.

    Parameters
    ----------
    frame
        Conforming clip table, unfiltered: arrays without names are matched by position in it.
    scores, embeddings
        By name: an array in the order of the table, a mapping or Series keyed by ``clip_id`` or file name, a frame, or
        the path of a file or a list of paths; of scores also that of a result folder. Scores are one number per clip,
        higher is more anomalous; embeddings one vector per clip.
    ground_truth
        Folder of labels and domains.

    Returns
    -------
    pandas.DataFrame
        Conforming clip table, the attached columns before others of their kind. Partial coverage is said on stderr.

    Raises
    ------
    ExploreError
        Names that are taken, values that cannot be matched or ranked.
    """
    for kind, values in (("scores", scores), ("embeddings", embeddings)):
        if values is not None and not isinstance(values, Mapping):
            raise ExploreError(f"{kind}: give each a name, as in {kind}={{'mine': {type(values).__name__}}}")
    if ground_truth is not None:
        frame = attach_ground_truth(frame, Path(os.path.expanduser(ground_truth)))  # noqa: PTH111 - see sources
    columns = _columns(frame, "scores", scores or {}) | _columns(frame, "embeddings", embeddings or {})
    if not columns:
        return frame
    for name in members([*columns, *frame.columns], "embeddings_<embedding>"):
        if knn_of(name) in members(columns, "anomaly_score_<score>"):
            raise ExploreError(
                f"scores {knn_of(name)}: that is what distances in {name} are called: choose another name"
            )
    # What the table has of a score or embedding that was taken out of it belongs to that one.
    stale = [name for name in frame.columns if _owner(name) in {_owner(column) for column in columns}]
    rest = {name: frame[name] for name in frame.columns if name not in stale}
    return clips.conform(pd.DataFrame({**columns, **rest}))


def _columns(frame: pd.DataFrame, kind: Kind, wanted: Mapping[str, object]) -> dict[str, pd.Series]:
    """New columns of one kind, in the order asked for."""
    if not wanted:
        return {}
    columns: dict[str, pd.Series] = {}
    family = _FAMILIES[kind]
    prefix = family.partition("<")[0]
    names = Names(frame)
    for asked, values in wanted.items():
        _check_name(asked, kind)
        where = f"{kind} {asked} ({values})" if isinstance(values, str | Path) else f"{kind} {asked}"
        several = are_files(values)
        for name, given_values in _read(asked, values, kind, where, len(frame)).items():
            if name in members([*frame.columns, *columns], family):
                raise ExploreError(f"{kind} {name}: that name is taken already: choose another one")
            rows = _rows(given_values, frame, names, where, repeats=several)
            if several:
                rows = once(given_values.array, rows, frame["clip_id"].to_numpy(), where)
            _check_finite(given_values.array, rows, frame, kind, where)
            there = rows >= 0
            if given_values.remark:
                note(f"{name}: {given_values.remark}")
            _say_coverage(name, rows[there], frame, by_position=given_values.names is None)
            columns[f"{prefix}{name}"] = _spread(given_values.array[there], rows[there], frame)
            if given_values.decisions is not None:
                columns[f"prediction_{name}"] = _spread(given_values.decisions[there], rows[there], frame)
    return columns


def _owner(column: str) -> tuple[str, str] | None:
    """Kind and name of the score or embedding that a column belongs to."""
    for kind in ("score", "embedding"):
        for family in COLUMNS:
            name = member(column, family.name) if f"<{kind}>" in family.name else None
            if name:
                return kind, name
    return None


def _spread(array: np.ndarray, rows: np.ndarray, frame: pd.DataFrame) -> pd.Series:
    """Column with these values in these rows and nothing in the others."""
    values = list(array) if array.ndim == 2 else array
    return pd.Series(values, frame.index[rows], dtype=object if array.ndim == 2 else None).reindex(frame.index)


def _check_name(name: str, kind: Kind) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ExploreError(
            f"{kind} {name!r}: a name has at most 80 letters, digits, spaces and . _ + - @ ( ), a letter or digit first"
        )
    problem = name_problem(name)
    if problem:
        raise ExploreError(f"{kind} {name}: {problem}: choose another name")


def _read(name: str, values: object, kind: Kind, where: str, rows: int) -> dict[str, Given]:
    """Values by the name they get: a folder may hold several models."""
    if are_files(values):
        parts: dict[str, dict[str, Given]] = defaultdict(dict)
        for path in values:  # type: ignore[attr-defined]
            for its_name, part in _read(name, path, kind, f"{kind} {name} ({path})", rows).items():
                parts[its_name][str(path)] = part
        return {its_name: together(by_path, where) for its_name, by_path in parts.items()}
    if not isinstance(values, str | Path):
        return {name: given(values, kind, name, where)}
    path = Path(os.path.expanduser(values))  # noqa: PTH111 - see sources
    try:
        is_folder = path.is_dir()
    except OSError as error:
        raise ExploreError(f"{where[:200]}: {error.strerror}") from error
    results = read_scores(path) if kind == "scores" else None
    if results is None and not is_folder:
        return {name: read_file(path, kind, name, where, rows)}
    if results is None:
        files = "score files anomaly_score_<machine>_section_00_test.csv"
        raise ExploreError(f"{where}: expected {files if kind == 'scores' else 'a file, not a folder'}")
    models = members(results.columns, "anomaly_score_<score>")
    return {name if len(models) == 1 else f"{name}_{model}": _of_model(results, model) for model in models}


def _of_model(results: pd.DataFrame, model: str) -> Given:
    scored = results[results[f"anomaly_score_{model}"].notna()]
    decisions = scored.get(f"prediction_{model}")
    return Given(
        scored[f"anomaly_score_{model}"].to_numpy(dtype=np.float64),
        scored["clip_id"].to_list(),
        None if decisions is None else decisions.astype(object).to_numpy(),
    )


def _rows(given_values: Given, frame: pd.DataFrame, names: Names, where: str, *, repeats: bool) -> np.ndarray:
    """Row of the table of each value; -1 for clips that the data do not have."""
    if given_values.names is None:
        return rows_in_order(given_values, frame, where)
    if not given_values.names:
        raise ExploreError(f"{where}: there is not a single value")
    matched = names.match(given_values.names, where, repeats=repeats)
    if not (matched.rows >= 0).any():
        raise ExploreError(f"{where}: all of it is of {some(matched.left_out)}, which this data does not have")
    if matched.left_out:
        note(f"{where}: left out, as not in this data: {some(matched.left_out)}")
    return matched.rows


def _check_finite(values: np.ndarray, rows: np.ndarray, frame: pd.DataFrame, kind: Kind, where: str) -> None:
    with np.errstate(over="ignore"):
        held = np.isfinite(values.astype(np.float32, copy=False)).reshape(len(values), -1).all(axis=1)
    bad = np.flatnonzero(~held & (rows >= 0))
    if len(bad) and np.isfinite(values[bad]).all():
        example = frame["clip_id"].iloc[rows[bad[0]]]
        raise ExploreError(f"{where}: values beyond {np.finfo(np.float32).max:.2g}, as of {example}: scale them down")
    if len(bad):
        named_clips = some(frame["clip_id"].iloc[rows[bad]])
        what = "score" if kind == "scores" else "vector"
        raise ExploreError(
            f"{where}: {counted(len(bad), what)} with NaN, infinity or more than float32 holds, of {named_clips}: "
            "leave clips without a value out, by giving the others with their names"
        )


def _say_coverage(name: str, rows: np.ndarray, frame: pd.DataFrame, *, by_position: bool) -> None:
    """Say how many clips have a value, and which whole splits and machine types have none."""
    if by_position:
        note(f"{name}: {len(rows):,} clips, matched by position")
    if len(rows) == len(frame):
        return
    covered = frame.iloc[rows]
    without = [split for split in SPLITS if (frame["split"] == split).any() and not (covered["split"] == split).any()]
    there = clips.machine_types_present(covered)
    without += [machine for machine in clips.machine_types_present(frame) if machine not in there]
    note(f"{name}: {len(rows):,} of {len(frame):,} clips" + (f"; none for {some(without, 7)}" if without else ""))
