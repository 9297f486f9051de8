"""Puts an exploration together: source, your own results, enrichment, scores, the rows asked for, a layout for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.attach import attach
from dcase_explore.columns import ATTRIBUTE, DOMAINS, SPLITS, members
from dcase_explore.enrich import enrich
from dcase_explore.errors import ExploreError, meant
from dcase_explore.layouts.binding import bind
from dcase_explore.layouts.files import read_layout
from dcase_explore.messages import counted, note, some
from dcase_explore.scoring import Scored, score
from dcase_explore.scoring.official import ModelScore
from dcase_explore.sources import read_sources


@dataclass(frozen=True)
class Options:
    """
    What to show.

    Attributes
    ----------
    data
        Sources: ``"demo"`` or paths; see `dcase_explore.sources`.
    class_name
        Machine types; empty for all. Case is ignored.
    split, domain
        ``"train"`` or ``"test"``; ``"source"`` or ``"target"``; None for both.
    limit
        At most so many clips, evenly spaced over the table; None for all.
    layout
        Curated name or file.
    scores, embeddings
        The user's own, by name; see `dcase_explore.attach.attach`.
    ground_truth
        Folder of labels for an evaluation set.
    """

    data: Sequence[str | pd.DataFrame] = ("hub",)
    class_name: Sequence[str] = ()
    split: str | None = None
    domain: str | None = None
    limit: int | None = None
    layout: str = "simple"
    scores: Mapping[str, object] = field(default_factory=dict)
    embeddings: Mapping[str, object] = field(default_factory=dict)
    ground_truth: str | Path | None = None


@dataclass(frozen=True)
class Exploration:
    """
    Everything the viewer is given.

    Attributes
    ----------
    frame
        Conforming clip table of the rows to show.
    title
        Name of the data, shown in the page.
    layout
        Layout bound to the frame.
    layout_name
        What the layout is called.
    models
        How each model does by the official score, on all clips of the chosen machine types.
    descriptions
        Tooltips of columns that say more than the contract does.
    """

    frame: pd.DataFrame
    title: str
    layout: dict[str, Any] = field(repr=False)
    layout_name: str = "simple"
    models: Sequence[ModelScore] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict, repr=False)

    def summary(self) -> str:
        """One line of what is shown."""
        machine_types = clips.machine_types_present(self.frame)
        of = machine_types[0] if len(machine_types) == 1 else f"{len(machine_types)} machine types"
        there = columns_with_values(self.frame)
        brief = {model.model: f" {model.brief()}".rstrip() for model in self.models}
        scores = [f"{name}{brief.get(name, '')}" for name in members(there, "anomaly_score_<score>")]
        maps = members(there, "map_<embedding>_x")
        audible = int(self.frame["path"].notna().sum()) if "path" in self.frame else 0
        return (
            f"{self.title} · {counted(len(self.frame), 'clip')} of {of}, {audible:,} with sound · "
            f"scores: {some(scores) or 'none'} · maps: {some(maps) or 'none'} · layout {self.layout_name}"
        )


def load_scored(options: Options, *, with_maps: bool = True) -> tuple[Scored, str]:
    """
    Read the clip table of whole machine types, with the user's own results, enriched and scored.

    Parameters
    ----------
    options
        What to show; layout, split, domain and limit play no part.
    with_maps
        Whether maps are wanted; without them, recordings are only listened to where there is no score at all.

    Returns
    -------
    scored : Scored
        Conforming clip table, and how its models do.
    title : str
        Name of the data.

    Raises
    ------
    ExploreError
        Unreadable source, results that do not fit it, unknown machine type.
    """
    source = read_sources(options.data)
    # Before anything is left out, for arrays without names are matched by position in the whole table.
    frame = attach(
        source.frame, scores=options.scores, embeddings=options.embeddings, ground_truth=options.ground_truth
    )
    # Machine types are independent of each other, so the others need not be listened to; splits and domains are not.
    frame = _of_machine_types(frame, options.class_name)
    if with_maps or not members(frame.columns, "anomaly_score_<score>"):
        frame = enrich(frame, with_maps=with_maps)
    return score(frame), source.title


def restricted(frame: pd.DataFrame, options: Options) -> pd.DataFrame:
    """
    Only the rows asked for.

    Parameters
    ----------
    frame
        Conforming clip table.
    options
        Split, domain and limit count.

    Returns
    -------
    pandas.DataFrame
        Conforming clip table.

    Raises
    ------
    ExploreError
        No clip left.
    """
    for column, value in (("split", options.split), ("domain", options.domain)):
        if value is not None:
            frame = _where(frame, column, value)
    if options.limit is not None and options.limit < len(frame):
        rows = np.linspace(0, len(frame) - 1, options.limit).astype(int)
        note(f"showing {options.limit:,} of {len(frame):,} clips, evenly spaced")
        frame = frame.iloc[rows].reset_index(drop=True)
    return frame


def explore(options: Options) -> Exploration:
    """
    Build an exploration.

    Parameters
    ----------
    options
        What to show.

    Returns
    -------
    Exploration
        Ready for a viewer.

    Raises
    ------
    ExploreError
        As `load_scored` and `restricted`; unknown or refused layout.
    """
    layout = read_layout(options.layout)  # first: a typo should not wait for the data
    scored, title = load_scored(options)
    frame = restricted(scored.frame, options)
    bound, changes = bind(layout, columns_with_values(frame))
    if not bound["children"]:
        raise ExploreError(f"layout {options.layout} has nothing to show of this data: try --layout simple")
    name = Path(options.layout).stem
    if changes:
        note(f"layout {name}: {'; '.join(changes)}")
    return Exploration(frame, title, bound, name, scored.models, scored.descriptions())


def columns_with_values(frame: pd.DataFrame) -> list[str]:
    """Columns of which at least one row has a value; the others are as good as absent."""
    return [name for name in frame.columns if frame[name].notna().any()]


def _of_machine_types(frame: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    if not wanted:
        return frame
    there = clips.machine_types_present(frame)
    by_lower = {name.lower(): name for name in there}
    for name in wanted:
        if name.lower() not in by_lower:
            raise ExploreError(f"there is no machine type {name} in this data: {meant(name, there)}")
    keep = frame["class"].isin([by_lower[name.lower()] for name in wanted])
    return clips.conform(_without_empty_attributes(frame[keep]))


def _without_empty_attributes(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the attribute columns that only the other machine types have."""
    return frame.drop(
        columns=[name for name in frame.columns if ATTRIBUTE.fullmatch(name) and frame[name].isna().all()]
    )


def _where(frame: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    values = SPLITS if column == "split" else DOMAINS
    if value not in values:
        raise ExploreError(f"there is no {column} {value}: {meant(str(value), values)}")
    kept = frame[frame[column] == value] if column in frame else frame.iloc[:0]
    if kept.empty:
        raise ExploreError(f"no clip of this data is known to be of the {value} {column}: leave --{column} out")
    return kept.reset_index(drop=True)
