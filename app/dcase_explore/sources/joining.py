"""Several sources as one clip table: joined clip by clip, what differs said."""

from dataclasses import replace

import pandas as pd

from dcase_explore import clips
from dcase_explore.clip_names import without_ending
from dcase_explore.column_names import describe, member, members
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some
from dcase_explore.recordings import not_here
from dcase_explore.sources.kinds import Source
from dcase_explore.sources.model_names import model_names

SCORES = "anomaly_score_<score>"


def joined(first: Source, second: Source, spec: str) -> Source:
    """
    All clips of both; where both know a fact the first one's counts.

    Parameters
    ----------
    first, second
        As they were read.
    spec
        What the second one is called.

    Returns
    -------
    Source
        Rows and columns in the order in which people gave the sources.

    Raises
    ------
    ExploreError
        When both hold models of one name that no folder tells apart.
    """
    first, second = _with_own_names(first, second, spec)
    credit = dict.fromkeys((*first.credits, *second.credits))
    made = {**second.made, **first.made}
    frame = _joined(first.frame, _with_ids_of(first.frame, second.frame), spec)
    return Source(frame, f"{first.title} + {second.title}", tuple(credit), {**first.models, **second.models}, made)


def _with_own_names(first: Source, second: Source, spec: str) -> tuple[Source, Source]:
    """Models that are called alike by the names of the folders above theirs."""
    alike = set(members(first.frame, SCORES)) & set(members(second.frame, SCORES))
    for model in sorted(alike):
        folders = [source.models.get(model) for source in (first, second)]
        if None in folders or folders[0] == folders[1]:
            raise ExploreError(
                f"--data {spec}: there is a model called {model} already: rename its folder, "
                f"or give it a name by --scores mine={spec}"
            )
        names = model_names([folder for folder in folders if folder])
        note(f"two models are called {model}: they are named {some(names)}, by the folders above theirs")
        first, second = _renamed(first, model, names[0]), _renamed(second, model, names[1])
    still = set(members(first.frame, SCORES)) & set(members(second.frame, SCORES))
    if still:
        raise ExploreError(f"--data {spec}: there is a model called {some(sorted(still))} already: rename its folder")
    return first, second


def _renamed(source: Source, model: str, name: str) -> Source:
    columns = {
        column: f"{family.partition('<')[0]}{name}"
        for column in source.frame.columns
        for family in (SCORES, "prediction_<score>", "prediction_correct_<score>", "auc_cost_<score>")
        if member(column, family) == model
    }
    models = {name if each == model else each: folder for each, folder in source.models.items()}
    return replace(source, frame=source.frame.rename(columns=columns), models=models)


def _with_ids_of(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """The second table under the first one's identities, where a clip's file differs in its ending alone."""
    known = set(first["clip_id"])
    by_stem: dict[str, list[str]] = {}
    for clip in first["clip_id"]:
        by_stem.setdefault(without_ending(clip), []).append(clip)
    new, taken = {}, set(second["clip_id"])
    for clip in second["clip_id"]:
        same = by_stem.get(without_ending(clip), [])
        if clip not in known and len(same) == 1 and same[0] not in taken:
            new[clip] = same[0]
    if len(set(new.values())) < len(new):  # one clip in several formats: whose it is, is anybody's guess
        return second
    return second.assign(clip_id=second["clip_id"].replace(new)) if new else second


def _joined(first: pd.DataFrame, second: pd.DataFrame, spec: str) -> pd.DataFrame:
    left = first.astype(_loose(first)).set_index("clip_id")
    right = second.astype(_loose(second)).set_index("clip_id")
    common = left.index.intersection(right.index)
    if common.empty:
        note(
            f"--data {spec} has no clip in common with the data before it "
            f"({first['clip_id'].iloc[0]} there, {second['clip_id'].iloc[0]} here): both are shown side by side"
        )
    else:
        note(f"--data {spec}: {len(common):,} of its {len(right):,} clips are known already and are joined")
    for column in left.columns.intersection(right.columns):
        contract = describe(column)
        if contract is None or contract.kind in ("audio", "vector") or column == "file_name":
            continue
        known = left.loc[common, column].notna() & right.loc[common, column].notna()
        differ = int((left.loc[common, column][known] != right.loc[common, column][known]).sum())
        if differ:
            note(
                f"column {column} differs between the sources for {counted(differ, 'clip')}: the first one's are shown"
            )
    if "path" in left and "path" in right:
        # A recording that is here goes before one that would have to be fetched.
        both = pd.DataFrame({"one": left["path"], "other": right["path"]}).loc[common].dropna()
        left.loc[[clip for clip, path in both["one"].items() if not_here([path])], "path"] = None
    joined = left.combine_first(right)
    # combine_first sorts rows and columns: keep the order in which people gave the sources.
    rows = [*left.index, *right.index.difference(left.index, sort=False)]
    columns = [*left.columns, *right.columns.difference(left.columns, sort=False)]
    return clips.conform(joined.loc[rows, columns].reset_index())


def _loose(frame: pd.DataFrame) -> dict[str, str]:
    """Categories as plain objects: two sources may know different ones."""
    return {name: "object" for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)}
