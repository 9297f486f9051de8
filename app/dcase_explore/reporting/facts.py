"""What a report says, before it is put into words and pictures."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np
import pandas as pd

from dcase_explore.credits import Credit
from dcase_explore.exploration import Exploration
from dcase_explore.findings import shown
from dcase_explore.messages import counted, note, some
from dcase_explore.reporting.comparing import Comparison, compare, official_difference, pairs
from dcase_explore.reporting.conditions import Section, costs_by_condition
from dcase_explore.reporting.curves import Curve, curves_of
from dcase_explore.score_names import BUILT_IN
from dcase_explore.scoring.intervals import Intervals
from dcase_explore.scoring.official import ModelScore, official_scores

MOST_MODELS = 4
"""Models whose curves and bars are drawn; more would not be read side by side."""
HEARD = 3
"""Clips of a finding that are heard, costliest first."""


@dataclass(frozen=True)
class Group:
    """
    Clips that belong together: those of a finding, or those that changed most between two runs.

    Attributes
    ----------
    anchor
        Where it stands in the file.
    title, text
        What it is, and why.
    rows
        Positions in the clip table, worst first, int64, shape (clips,).
    tags
        Severity, rule and the like, to be shown beside the title.
    models
        Whose scores and costs are shown beside its clips.
    said
        What is said of single clips, by row.
    """

    anchor: str
    title: str
    text: str
    rows: np.ndarray = field(repr=False)
    tags: tuple[str, ...]
    models: tuple[str, ...]
    said: Mapping[int, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Facts:
    """
    All that a report says.

    Attributes
    ----------
    title
        Name of the data.
    credits
        Whose they are; empty where that is not known.
    frame
        Clip table in view, to which the rows of groups belong.
    clips
        Clips of the chosen machine types, in view or not.
    models
        Those that have a score, the user's own first.
    intervals
        How sure their official scores are; None without a model.
    without_score
        Names of models that have none.
    curves
        ROC curves by model and section, of the models that are drawn.
    conditions
        Mean costs by section.
    findings, found
        Those reported, and how many there are.
    comparisons
        Of pairs of models.
    changes
        Clips that changed most, of each comparison.
    """

    title: str
    credits: tuple[Credit, ...]
    frame: pd.DataFrame = field(repr=False)
    clips: int
    models: tuple[ModelScore, ...]
    intervals: Intervals | None
    without_score: tuple[str, ...]
    curves: dict[str, dict[str, tuple[Curve, ...]]]
    conditions: tuple[Section, ...]
    findings: tuple[Group, ...]
    found: int
    comparisons: tuple[Comparison, ...]
    changes: tuple[tuple[Group, ...], ...]

    @property
    def groups(self) -> list[Group]:
        """All groups of clips, in the order of the file."""
        return [*self.findings, *(group for changed in self.changes for group in changed)]

    @property
    def drawn(self) -> list[str]:
        """Models whose curves and bars are drawn."""
        return list(self.curves)


def facts_of(exploration: Exploration, other: Exploration | None = None) -> Facts:
    """
    Gather what a report says.

    Parameters
    ----------
    exploration
        What it is about.
    other
        What it is compared with; without it, the best model is compared with the others of the same run.

    Returns
    -------
    Facts
        Without what the data do not have.

    Raises
    ------
    ExploreError
        When there is nothing of `other` to compare with.
    """
    models = tuple(sorted(exploration.models, key=lambda model: model.model in BUILT_IN))
    whole = _with_costs(exploration)
    scored = [model.model for model in models]
    drawn = models[:MOST_MODELS]
    if len(drawn) < len(models):
        note(f"curves and bars are drawn of {len(drawn)} models; without them: {some(scored[MOST_MODELS:])}")
    labelled = bool(drawn) and "label" in whole
    told = shown(exploration.findings)
    comparisons = _comparisons(exploration, whole, other) if models else []
    findings = tuple(
        Group(
            f"finding-{number}",
            finding.title,
            finding.description,
            finding.rows,
            (finding.severity, finding.rule.replace("_", " "), *_share(finding.auc_lost_share)),
            tuple(finding.auc_lost) or tuple(scored),
        )
        for number, finding in enumerate(told, start=1)
    )
    rows_in_view = pd.Series(np.arange(len(exploration.frame)), exploration.frame["clip_id"].to_numpy())
    numbers = count(1)
    return Facts(
        exploration.title,
        exploration.credits,
        exploration.frame,
        len(whole),
        models,
        exploration.intervals if models else None,
        tuple(name for name in _scores(exploration.frame) if name not in scored),
        {model.model: curves_of(whole, model) for model in drawn} if labelled else {},
        tuple(costs_by_condition(whole, [model.model for model in drawn])) if labelled else (),
        findings,
        len(exploration.findings),
        tuple(one for one, _ in comparisons),
        tuple(_changes(one, model, whole, rows_in_view, numbers) for one, model in comparisons) if other else (),
    )


def _with_costs(exploration: Exploration) -> pd.DataFrame:
    """The whole table, in view or not, with what clips cost."""
    if len(exploration.given) <= len(exploration.frame):
        return exploration.frame
    _, costs = official_scores(exploration.given, exploration.thresholds)
    return exploration.given.assign(**costs)


def _scores(frame: pd.DataFrame) -> list[str]:
    return [name.removeprefix("anomaly_score_") for name in frame.columns if str(name).startswith("anomaly_score_")]


def _share(share: float | None) -> tuple[str, ...]:
    return () if share is None else (f"{share:.0%} of the AUC lost",)


def _comparisons(
    exploration: Exploration, whole: pd.DataFrame, other: Exploration | None
) -> list[tuple[Comparison, str]]:
    """Each with the name of the model that is asked about."""
    if other is not None:
        before = _with_costs(other)
        titles = _apart(other.title, exploration.title)
        paired = pairs(other.models, exploration.models, titles)[:MOST_MODELS]
        found = []
        for old, new in paired:
            given = (whole, old, new, before, _names(old.model, new.model, titles))
            found.append((replace(compare(*given), official=official_difference(*given)), new.model))
        return found
    own = [model for model in exploration.models if model.official_score is not None]
    own = [model for model in own if model.definition == own[0].definition]
    best = max(own, key=lambda model: model.official_score or 0.0, default=None)
    pairs_of_run = [
        (compare(whole, model, best, whole, (model.model, best.model)), best.model)
        for model in own[:MOST_MODELS]
        if best is not None and model is not best and _common(whole, model.model, best.model)
    ]
    return [(one, name) for one, name in pairs_of_run if one.differences]


def _names(before: str, after: str, titles: tuple[str, str]) -> tuple[str, str]:
    return (before, after) if before != after else (f"{before} ({titles[0]})", f"{after} ({titles[1]})")


def _apart(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one != other else (f"{one}, before", f"{other}, after")


def _common(frame: pd.DataFrame, one: str, other: str) -> bool:
    return bool((frame[f"auc_cost_{one}"].notna() & frame[f"auc_cost_{other}"].notna()).any())


def _changes(
    comparison: Comparison, model: str, whole: pd.DataFrame, in_view: pd.Series, numbers: "count[int]"
) -> tuple[Group, ...]:
    found = []
    clip_ids, after = whole["clip_id"].to_numpy(), whole[f"auc_cost_{model}"].to_numpy(np.float64)
    for word, rows in (("more", comparison.worse), ("less", comparison.better)):
        rows = rows[np.isin(clip_ids[rows], in_view.index)]
        there = in_view[clip_ids[rows]].to_numpy(np.int64)
        if len(there):
            costs = zip(there[:HEARD].tolist(), comparison.cost_before[rows[:HEARD]], after[rows[:HEARD]], strict=True)
            found.append(
                Group(
                    f"change-{next(numbers)}",
                    f"{counted(len(there), 'clip')} that cost {comparison.after} {word} than before",
                    f"Those whose AUC cost {'rose' if word == 'more' else 'fell'} most come first.",
                    there,
                    (),
                    (model,),
                    {row: f"AUC cost {was:.2f} before, {now:.2f} now." for row, was, now in costs},
                )
            )
    return tuple(found)
