"""Puts an exploration together: source, own results, enrichment, scores, findings, rows asked for, their layout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.attach import attach
from dcase_explore.columns import ATTRIBUTE, DOMAINS, SPLITS, members
from dcase_explore.enrich import enrich
from dcase_explore.errors import ExploreError, meant
from dcase_explore.findings import Found, find, shown
from dcase_explore.findings.finding import Finding
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.layouts.files import find_layout, read_layout
from dcase_explore.messages import counted, note, some
from dcase_explore.options import AUDIO, Options
from dcase_explore.recordings import fetch_all, not_here
from dcase_explore.scoring import Scored, score
from dcase_explore.scoring.official import ModelScore
from dcase_explore.sources import Source, read_sources


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
    arrangement
        Layout of the page, fitted to the frame.
    layout_name
        What the layout is called.
    models
        How each model does by the official score, on all clips of the chosen machine types.
    descriptions
        Tooltips of columns that say more than the contract does.
    findings
        Those of the rows to show, worst first; their rows are positions in the frame.
    """

    frame: pd.DataFrame
    title: str
    arrangement: Arrangement = field(repr=False)
    layout_name: str = "simple"
    models: Sequence[ModelScore] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict, repr=False)
    findings: Sequence[Finding] = ()

    def summary(self) -> str:
        """One line of what is shown."""
        machine_types = clips.machine_types_present(self.frame)
        of = machine_types[0] if len(machine_types) == 1 else f"{len(machine_types)} machine types"
        there = columns_with_values(self.frame)
        brief = {model.model: f" {model.brief()}".rstrip() for model in self.models}
        scores = [f"{name}{brief.get(name, '')}" for name in members(there, "anomaly_score_<score>")]
        maps = members(there, "map_<embedding>_x")
        paths = self.frame["path"].dropna() if "path" in self.frame else ()
        when = " (fetched when played)" if not_here(paths) else ""
        return (
            f"{self.title} · {counted(len(self.frame), 'clip')} of {of}, {len(paths):,} with sound{when} · "
            f"scores: {some(scores) or 'none'} · maps: {some(maps) or 'none'} · "
            f"{counted(len(self.findings), 'finding')} · layout {self.layout_name}"
        )


def load_scored(options: Options, *, listen: bool = True, with_maps: bool = True) -> tuple[Scored, Source]:
    """
    Read the clip table of whole machine types, with the user's own results, enriched and scored.

    Parameters
    ----------
    options
        What to show; layout, split, domain and limit play no part.
    listen
        Whether to listen to recordings that come without embeddings; otherwise only where there is no score at all.
    with_maps
        Whether maps are wanted.

    Returns
    -------
    scored : Scored
        Conforming clip table, and how its models do.
    source : Source
        What the data are called and whose they are; its frame is the table before it was scored.

    Raises
    ------
    ExploreError
        Unreadable source, results that do not fit it, unknown machine type.
    """
    if options.audio not in AUDIO:
        raise ExploreError(f"there is no audio {options.audio}: {meant(options.audio, AUDIO)}")
    source = read_sources(options.data, configs=options.config, with_audio=options.audio != "none")
    for credit in source.credits:
        note(credit.sentence())
    # Before anything is left out, for arrays without names are matched by position in the whole table.
    frame = attach(
        source.frame, scores=options.scores, embeddings=options.embeddings, ground_truth=options.ground_truth
    )
    # Machine types are independent of each other, so the others need not be listened to; splits and domains are not.
    frame = of_machine_types(frame, options.class_name)
    if options.audio == "all" and "path" in frame:
        fetch_all(frame["path"].dropna())
    if any(ATTRIBUTE.fullmatch(name) for name in frame.columns):
        frame = clips.conform(frame.assign(attributes=clips.attributes_in_words(frame)))
    if listen or not members(frame.columns, "anomaly_score_<score>"):
        frame = enrich(frame, with_maps=with_maps)
    return score(frame), replace(source, frame=frame)


def load_found(options: Options, *, with_maps: bool = True) -> tuple[Scored, Found, Source]:
    """
    The same, with what is found in it.

    Parameters
    ----------
    options, with_maps
        As in `load_scored`.

    Returns
    -------
    scored, source
        As of `load_scored`.
    found : Found
        Findings of the whole machine types, and the table with the columns that go with them.

    Raises
    ------
    ExploreError
        As `load_scored`.
    """
    scored, source = load_scored(options, with_maps=with_maps)
    return scored, find(scored.frame), source


def of_machine_types(frame: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """
    Rows of the machine types wanted.

    Parameters
    ----------
    frame
        Conforming clip table.
    wanted
        Names in any case; empty for all.

    Returns
    -------
    pandas.DataFrame
        Conforming clip table.

    Raises
    ------
    ExploreError
        When there is no such machine type.
    """
    if not wanted:
        return frame
    there = clips.machine_types_present(frame)
    by_lower = {name.lower(): name for name in there}
    for name in wanted:
        if name.lower() not in by_lower:
            raise ExploreError(f"there is no machine type {name} in this data: {meant(name, there)}")
    keep = frame["class"].isin([by_lower[name.lower()] for name in wanted])
    return clips.conform(_without_empty_attributes(frame[keep]))


def rows_asked_for(frame: pd.DataFrame, options: Options) -> np.ndarray:
    """
    Rows of one split, one domain, and so many at most.

    Parameters
    ----------
    frame
        Conforming clip table.
    options
        Split, domain and limit count.

    Returns
    -------
    numpy.ndarray
        Positions, int64, shape (rows,), in order.

    Raises
    ------
    ExploreError
        No clip left.
    """
    rows = np.arange(len(frame))
    for column, value in (("split", options.split), ("domain", options.domain)):
        if value is not None:
            rows = rows[_where(frame.iloc[rows], column, value)]
    if options.limit is not None and options.limit < len(rows):
        note(f"showing {options.limit:,} of {len(rows):,} clips, evenly spaced")
        rows = rows[np.linspace(0, len(rows) - 1, options.limit).astype(int)]
    return rows


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
        As `load_scored` and `rows_asked_for`; unknown or refused layout.
    """
    layout = read_layout(options.layout)  # first: a typo should not wait for the data
    scored, found, source = load_found(options)
    rows = rows_asked_for(found.frame, options)
    frame = found.frame.iloc[rows].reset_index(drop=True)
    findings = shown(found.findings, rows)
    columns = columns_with_values(frame)
    arrangement = Arrangement(layout, columns, strict=options.strict_layout)
    binding = arrangement.binding
    if options.strict_layout:
        binding.require_all(options.layout, columns)
    binding.require_some(options.layout)
    name = find_layout(options.layout).stem
    if binding.changes:
        note(f"layout {name}: {'; '.join(binding.changes)}")
    descriptions = {**scored.descriptions(), **found.descriptions}
    return Exploration(frame, source.title, arrangement, name, scored.models, descriptions, findings)


def columns_with_values(frame: pd.DataFrame) -> list[str]:
    """Columns of which at least one row has a value; the others are as good as absent."""
    return [name for name in frame.columns if frame[name].notna().any()]


def _without_empty_attributes(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the attribute columns that only the other machine types have."""
    return frame.drop(
        columns=[name for name in frame.columns if ATTRIBUTE.fullmatch(name) and frame[name].isna().all()]
    )


def _where(frame: pd.DataFrame, column: str, value: str) -> np.ndarray:
    values = SPLITS if column == "split" else DOMAINS
    if value not in values:
        raise ExploreError(f"there is no {column} {value}: {meant(str(value), values)}")
    kept = (frame[column] == value).to_numpy() if column in frame else np.zeros(len(frame), bool)
    if not kept.any():
        raise ExploreError(f"no clip of this data is known to be of the {value} {column}: leave --{column} out")
    return kept
