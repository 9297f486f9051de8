"""The exploration: a clip table with all that is known of it, to be looked into, shown, exported."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.column_names import describe, members
from dcase_explore.credits import Credit
from dcase_explore.errors import ExploreError
from dcase_explore.findings import Measured, condition_costs, in_view
from dcase_explore.findings.distances import separation_frame
from dcase_explore.findings.finding import Finding, findings_frame, models_of
from dcase_explore.messages import counted, some
from dcase_explore.recordings import fetch_all, not_here
from dcase_explore.score_names import BUILT_IN
from dcase_explore.scoring import comparable, improvement
from dcase_explore.scoring.intervals import Intervals, intervals
from dcase_explore.scoring.official import ModelScore, scores_frame
from dcase_explore.scoring.thresholds import Thresholds


@dataclass(frozen=True)
class Exploration:
    """
    A clip table with how the models do on it and what was found in it.

    Attributes
    ----------
    frame
        Conforming clip table, one row per clip in view.
    title
        Name of the data.
    credits
        Whose data these are, where that is known.
    models
        How each model does by the official score, on all clips of the chosen machine types, in view or not.
    findings
        Worst first; their rows are positions in the frame.
    thresholds
        Where decisions come from, by model and machine type.
    distances
        SEP and DSUP, by machine type and embedding.
    descriptions
        Tooltips of columns that say more than the contract does.
    given
        Clip table of the chosen machine types before it was scored: with the user's own results and what it lacked to
        be mapped and ranked; rows in view or not.
    notes_file
        Where notes on its clips are kept; None for data that were handed over without saying where.
    sampled
        How its clips were chosen where there were more than asked for, or than a page can carry; empty otherwise.
    looked
        Whether findings have been looked for; otherwise they are still to come.
    made
        By column: what made it, where the data say that.
    """

    frame: pd.DataFrame = field(repr=False)
    title: str
    credits: tuple[Credit, ...] = ()
    models: Sequence[ModelScore] = field(default=(), repr=False)
    findings: Sequence[Finding] = field(default=(), repr=False)
    thresholds: Thresholds = field(default_factory=dict, repr=False)
    distances: Measured = field(default_factory=dict, repr=False)
    descriptions: Mapping[str, str] = field(default_factory=dict, repr=False)
    given: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    notes_file: Path | None = field(default=None, repr=False)
    sampled: str = field(default="", repr=False)
    looked: bool = field(default=True, repr=False)
    made: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """Name in the page's title bar: of the data, and how many of its clips are shown if not all."""
        return f"{self.title} ({self.sampled.partition(' are ')[0]})" if self.sampled else self.title

    def comparable(self) -> Sequence[ModelScore]:
        """
        Models that have a score to compare.

        Raises
        ------
        ExploreError
            When there is none: no scores, no labels, or one class only.
        """
        return comparable(self.frame, self.models)

    @property
    def embedding_names(self) -> list[str]:
        """Embeddings that its clips have, the user's own first."""
        there = members(columns_with_values(self.frame), "embeddings_<embedding>")
        return sorted(there, key=lambda name: name in BUILT_IN)

    @property
    def model_names(self) -> list[str]:
        """Models that have labelled test clips, the user's own first."""
        return models_of(self.frame)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row per model, machine type and section: AUCs, pAUCs, decisions' precision, recall and F1."""
        return scores_frame(self.models)

    @cached_property
    def intervals(self) -> Intervals:
        """How sure the official scores are, and by how much models differ; `Intervals.to_frame` is a table of it."""
        return intervals(self.given if len(self.given) else self.frame, self.models)

    @cached_property
    def terms(self) -> pd.DataFrame:
        """One row per number of each official score: what the score would be, were it at the median of the others."""
        return improvement.to_frame([term for model in self.models for term in improvement.terms(model)])

    @property
    def findings_table(self) -> pd.DataFrame:
        """One row per finding, worst first: what it says, how many clips it has, the AUC that these cost."""
        return findings_frame(self.findings)

    @cached_property
    def conditions(self) -> pd.DataFrame:
        """One row per model, machine type and condition: what its clips cost, beside others of their domain."""
        return condition_costs.to_frame(condition_costs.condition_costs(self.frame))

    @cached_property
    def separation(self) -> pd.DataFrame:
        """One row per machine type and embedding: SEP and DSUP with their 95 % intervals."""
        return separation_frame(self.distances)

    @property
    def is_whole(self) -> bool:
        """Whether all clips that its models were scored on are in view."""
        return all(self._counted(model.model) >= sum(row.n_clips for row in model.sections) for model in self.models)

    def _counted(self, model: str) -> int:
        """Clips in view that a model is scored on."""
        known = (self.frame["split"] == "test") & self.frame["label"].notna()
        return int((known & self.frame[f"anomaly_score_{model}"].notna()).sum())

    @property
    def columns(self) -> pd.DataFrame:
        """One row per column of the table, by its name: what it holds."""
        found = {name: column.description if (column := describe(name)) else "" for name in self.frame.columns}
        meanings = pd.Series({**found, **{name: text for name, text in self.descriptions.items() if name in found}})
        return pd.DataFrame({"meaning": meanings}).rename_axis("column")

    def fetch(self, paths: Iterable[str]) -> None:
        """
        Make sure that recordings are on this machine, which those of the hub are once they were played.

        Parameters
        ----------
        paths
            Of the table's ``path`` or ``nearest_normal``; those that are here already are left alone.

        Raises
        ------
        dcase_explore.errors.ExploreError
            When they cannot be had; what has arrived is kept.
        """
        fetch_all(paths)

    @property
    def computed(self) -> list[str]:
        """Columns that follow from the others: costs, decisions, distances, in the order of the table."""
        return [name for name in self.frame.columns if name not in self.given.columns]

    def only(self, rows: Sequence[int] | np.ndarray | pd.Series) -> "Exploration":
        """
        The same with some of its clips in view.

        What clips cost, how models do and what was found stay those of the whole.

        Parameters
        ----------
        rows
            Positions, or whether to keep each row: bool, shape (rows,).

        Returns
        -------
        Exploration
            Findings without a clip in view are left out.

        Raises
        ------
        ExploreError
            No clip left.
        """
        positions = np.arange(len(self.frame))[np.asarray(rows)]
        if not len(positions):
            raise ExploreError(f"{self.title}: no clip is left in view")
        frame = self.frame.iloc[positions].reset_index(drop=True)
        return replace(self, frame=frame, findings=in_view(self.findings, positions))

    def summary(self) -> str:
        """One line of what is in it."""
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
            f"{counted(len(self.findings), 'finding') if self.looked else 'findings to come'}"
        )


def columns_with_values(frame: pd.DataFrame) -> list[str]:
    """Columns of which at least one row has a value; the others are as good as absent."""
    return [name for name in frame.columns if frame[name].notna().any()]
