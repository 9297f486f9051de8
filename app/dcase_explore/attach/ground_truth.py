"""Ground truth of evaluation sets, which are published without labels: filled in, or compared with what is known."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.attach.matching import Names
from dcase_explore.attach.truth_files import Truth, TruthFile, truth_files, truths
from dcase_explore.clip_names import file_identity
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some


def attach_ground_truth(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    """
    Fill in label, domain and attributes of clips whose names do not say them.

    Parameters
    ----------
    frame
        Conforming clip table.
    path
        An evaluator's folder, one of its folders of ground truth, or a file of it; see
        `dcase_explore.attach.truth_files`.

    Returns
    -------
    pandas.DataFrame
        Conforming clip table. What it knows already is compared, and that is said; where the ground truth differs, the
        ground truth stands.

    Raises
    ------
    ExploreError
        A place without ground truth, a line of another form, clips that data without labels do not have.
    """
    where = f"--ground-truth {path}"
    files = truth_files(path)
    told = _by_name(
        ((file.holds, truth) for file in files for truth in truths(file, len(frame))), set(frame["clip_id"]), where
    )
    if not told:
        raise ExploreError(f"{where}: {'its files hold' if path.is_dir() else 'holds'} not a single clip")
    try:
        rows, left_out = _rows(frame, list(told), where)
    except ExploreError as error:
        labelled = frame.loc[frame["split"] == "test", "label"] if "label" in frame else pd.Series(dtype=object)
        if not len(labelled) or labelled.isna().any():
            raise
        note(f"{error}; all {len(labelled):,} test clips carry their labels already, which stand")
        return frame
    if left_out:
        note(f"{where}: left out, as not in this data: {some(left_out)}")
    there = rows >= 0
    values = pd.DataFrame(list(told.values()))[there]
    values.index = frame.index[rows[there]]
    changed = _filled(frame, values, where)
    _say(files, values, len(frame))
    return clips.conform(changed)


def _by_name(found: Iterable[tuple[str, Truth]], ids: set[str], where: str) -> dict[str, dict[str, object]]:
    """
    Facts by what each clip is called in the data: its name as it was published, or its full one.

    A list of labels decides over the labels in a list of full names; two lines of one list have to agree.
    """
    told: dict[str, dict[str, object]] = {}
    said: dict[tuple[str, str, str], object] = {}
    known = {clip.partition("/")[2].partition("_")[2] for clip in ids}
    for holds, truth in found:
        names = [_called(truth.machine, name) for name in truth.names]
        there = (
            name
            for name, file in zip(names, truth.names, strict=True)
            if name in ids or (truth.machine is None and file_identity(file) in known)
        )
        facts = {column: value for column, value in truth.facts.items() if value is not None}
        name = next(there, names[0])
        for column in ("label", "domain"):
            if column in facts and (before := said.setdefault((holds, name, column), facts[column])) != facts[column]:
                both = f"{before} and {facts[column]}"
                raise ExploreError(f"{where}: says {both} of {name}: keep one {column} of each clip")
        told.setdefault(name, {}).update(facts)
    return told


def _called(machine: str | None, name: str) -> str:
    return name if machine is None else clips.clip_id("test", machine, name)


def _rows(frame: pd.DataFrame, names: list[str], where: str) -> tuple[np.ndarray, list[str]]:
    matched = Names(frame).match(names, where, some_only=True)
    if not (matched.rows >= 0).any():
        raise ExploreError(f"{where}: is of {some(matched.left_out)}, which this data does not have")
    return matched.rows, matched.left_out


def _filled(frame: pd.DataFrame, values: pd.DataFrame, where: str) -> pd.DataFrame:
    """With these values in their rows; those of labels and domains that are known already are compared."""
    changed = frame.assign(
        **{column: frame[column].astype(object) if column in frame else None for column in values.columns}
    )
    for column in values.columns:
        new = values[column].dropna()
        before = changed.loc[new.index, column]
        if column == "year":
            new = new[before.isna()]
        elif column in ("label", "domain") and before.notna().any():
            differ = int((before.notna() & (before != new)).sum())
            agree = int(before.notna().sum()) - differ
            if differ:
                note(
                    f"{where}: differs in {column} from {counted(differ, 'clip')} as named, and is believed, "
                    f"such as {frame.loc[before.index[before.notna() & (before != new)][0], 'clip_id']}"
                )
            if agree:
                note(f"{where}: agrees with the {column} that {counted(agree, 'clip')} carry already")
        changed.loc[new.index, column] = new
    return changed


def _say(files: list[TruthFile], values: pd.DataFrame, total: int) -> None:
    plural = {"label": "labels", "domain": "domains", "attributes": "attributes", "list": "a list"}
    read = {file.path.name if file.holds == "list" else file.path.parent.name: plural[file.holds] for file in files}
    kinds = ", ".join(f"{holds} in {source}" for source, holds in read.items())
    labelled, in_domain = (int(values[name].notna().sum()) if name in values else 0 for name in ("label", "domain"))
    note(f"ground truth ({kinds}): label of {labelled:,} and domain of {in_domain:,} of {total:,} clips")
