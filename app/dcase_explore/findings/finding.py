"""A finding: named rows worth a look, with a severity and a sentence that says why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd

from dcase_explore.column_names import members
from dcase_explore.score_names import BUILT_IN, is_light
from dcase_explore.scoring.metrics import auc_costs

Severity = Literal["high", "medium", "low"]

SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")
"""Worst first."""

HIGH_AUC, MEDIUM_AUC, LEAST_AUC = 0.1, 0.03, 0.01
"""AUC that a finding's clips cost, from which it is of high severity, of medium severity, and worth saying at all."""


@dataclass(frozen=True)
class Estimate:
    """
    A number that a finding tells, and how sure it is.

    Attributes
    ----------
    name
        ``mean_auc_cost`` of its clips, the share of them that is ``called_anomalous`` or ``called_normal`` and wrongly
        so, ``sep``, ``dsup``.
    of
        Model or embedding.
    value, low, high
        With the ends of its 95 % interval.
    others
        The same of the clips that they are compared with; None where there are none.
    """

    name: str
    of: str
    value: float
    low: float
    high: float
    others: float | None = None


@dataclass(frozen=True)
class Finding:
    """
    Rows worth a look.

    Attributes
    ----------
    rule
        What was looked for.
    machine_type
        What it is about.
    title
        A line that a person understands.
    severity
        Of what costs AUC: high from 0.1 of AUC that it explains, medium from 0.03, low below (mean over its models);
        medium at most where no model clearly beats chance. Of all else the rule says.
    columns
        What to look at.
    description
        Why, with the numbers.
    rows
        Positions in the clip table, int64, shape (clips,), worst first.
    auc_lost
        AUC that the clips cost, 0 to 1, by model; empty where a rule has nothing to do with the score.
    auc_lost_shares
        The same as a share of all the AUC that the model loses on the machine type.
    auc_explained
        The part of it that is beyond what clips like them cost, or beyond what chance gives, by model: what findings
        are ranked by.
    estimates
        Numbers of the description that have an interval.
    """

    rule: str
    machine_type: str
    title: str
    severity: Severity
    columns: tuple[str, ...]
    description: str
    rows: np.ndarray = field(repr=False, compare=False)
    auc_lost: Mapping[str, float] = field(default_factory=dict)
    auc_lost_shares: Mapping[str, float] = field(default_factory=dict)
    auc_explained: Mapping[str, float] = field(default_factory=dict)
    estimates: tuple[Estimate, ...] = ()

    @property
    def auc_lost_share(self) -> float | None:
        """Mean over its models; None where a rule has nothing to do with the score."""
        return float(np.mean(list(self.auc_lost_shares.values()))) if self.auc_lost_shares else None

    @property
    def weight(self) -> tuple[int, float]:
        """Key to sort findings by, worst first."""
        return SEVERITIES.index(self.severity), -float(np.mean([*self.auc_explained.values()] or [0]))


def models_of(clips: pd.DataFrame) -> list[str]:
    """
    Models that have labelled test clips among these, the user's own first.

    Parameters
    ----------
    clips
        Rows of a scored clip table.

    Returns
    -------
    list of str
        Those of ``auc_cost_<score>`` that have a value; light ears only where fewer than two others, and none of the
        user's own, are there.
    """
    there = [
        name
        for name in members(clips.columns, "auc_cost_<score>")
        if clips[f"auc_cost_{name}"].notna().any() and {"label", f"anomaly_score_{name}"} <= set(clips.columns)
    ]
    better = [name for name in there if not is_light(name, clips.columns)]
    suffice = len(better) > 1 or any(name not in BUILT_IN for name in better)
    return sorted(better if suffice else there, key=lambda name: name in BUILT_IN)


def sections_of(clips: pd.DataFrame) -> list[pd.DataFrame]:
    """One machine type's clips by section; all together where sections are not known."""
    if "section" not in clips:
        return [clips]
    return [section for _, section in clips.groupby("section", dropna=False)]


def scored_sections(clips: pd.DataFrame, model: str) -> list[tuple[pd.Index, np.ndarray, np.ndarray]]:
    """
    Sections in which a model can be scored.

    Parameters
    ----------
    clips
        One machine type's rows of a scored clip table.
    model
        Name of the score.

    Returns
    -------
    list of tuple
        Of each section that has both classes: index labels of its scored clips; their scores, float64, higher is more
        anomalous; which of them are anomalies, bool; each of shape (clips,).
    """
    found = []
    needed = [name for name in ("section", "label", f"anomaly_score_{model}") if name in clips]
    for section in sections_of(clips.loc[clips[f"auc_cost_{model}"].notna(), needed]):
        anomalous = (section["label"] == "anomaly").to_numpy()
        if 0 < anomalous.sum() < len(section):
            found.append((section.index, section[f"anomaly_score_{model}"].to_numpy(dtype=np.float64), anomalous))
    return found


def auc_lost(clips: pd.DataFrame, model: str, rows: np.ndarray) -> tuple[float, float]:
    """
    What some clips of a machine type cost a model.

    Counted in pairs of a normal and an anomaly that are ranked the wrong way round: those in which one of these clips
    stands would not be there without it. For normals alone, or anomalies alone, that is the sum of their AUC costs.

    Parameters
    ----------
    clips
        One machine type's rows of a scored clip table.
    model
        Name of the score.
    rows
        Index labels of the clips in question.

    Returns
    -------
    lost : float
        AUC, mean over the sections, 0 to 1.
    total : float
        All the AUC that the model loses, 1 minus its mean AUC over the sections.
    """
    lost, total, sections = 0.0, 0.0, scored_sections(clips, model)
    for index, scores, anomalous in sections:
        rest, pairs = ~index.isin(rows), anomalous.sum() * (~anomalous).sum()
        wrong, left = _wrong_pairs(scores, anomalous), _wrong_pairs(scores[rest], anomalous[rest])
        lost, total = lost + float((wrong - left) / pairs), total + float(wrong / pairs)
    return (lost / len(sections), total / len(sections)) if sections else (0.0, 0.0)


def _wrong_pairs(scores: np.ndarray, anomalous: np.ndarray) -> float:
    if anomalous.all() or not anomalous.any():
        return 0.0
    return float(auc_costs(scores, anomalous)[~anomalous].sum() * anomalous.sum())


def costing(
    rule: str,
    clips: pd.DataFrame,
    models: Sequence[str],
    title: str,
    columns: Sequence[str],
    why: str,
    rows: pd.Index,
    explained: Mapping[str, float] | None = None,
    least: float = LEAST_AUC,
) -> Finding | None:
    """
    Make a finding about clips that cost AUC.

    Parameters
    ----------
    rule, title, why
        See `Finding`; what the clips cost is added to the description.
    clips
        One machine type's rows of a scored clip table.
    models
        Models that the clips cost something.
    columns
        What to look at besides scores and costs.
    rows
        Index labels of the clips, in any order.
    explained
        AUC that is beyond what clips like them cost, by model; None for all that they cost.
    least
        AUC below which it is not worth a look.

    Returns
    -------
    Finding or None
        With the costliest clips first; None where they cost too little to be worth a look.
    """
    costs = clips.loc[rows, [f"auc_cost_{model}" for model in models]].mean(axis=1)
    ordered = costs.sort_values(ascending=False, kind="stable").index.to_numpy()
    found = {model: auc_lost(clips, model, ordered) for model in models}
    beyond = explained or {model: lost for model, (lost, _) in found.items()}
    worth = float(np.mean(list(beyond.values())))
    if worth < least:
        return None
    severity: Severity = "high" if worth >= HIGH_AUC else "medium" if worth >= MEDIUM_AUC else "low"
    shares = {model: lost / total if total else 0.0 for model, (lost, total) in found.items()}
    said = [
        f"{shares[model]:.0%} of the {total:.2f} AUC that {model} loses here" for model, (_, total) in found.items()
    ]
    machine_type = str(clips["class"].iloc[0])
    model_columns = [name for model in models for name in (f"anomaly_score_{model}", f"auc_cost_{model}")]
    return Finding(
        rule,
        machine_type,
        f"{machine_type}: {title}",
        severity,
        (*columns, *model_columns),
        f"{why} Together they carry {' and '.join(said)}.",
        ordered,
        {model: lost for model, (lost, _) in found.items()},
        shares,
        dict(beyond),
    )


def at_most(found: Finding | None, severity: Severity) -> Finding | None:
    """The finding with no higher severity."""
    if found is None:
        return None
    return replace(found, severity=max(found.severity, severity, key=SEVERITIES.index))


def findings_frame(findings: Sequence[Finding]) -> pd.DataFrame:
    """
    Findings as a table.

    Parameters
    ----------
    findings
        In any order.

    Returns
    -------
    pandas.DataFrame
        One row each: rule, class, severity, title, n_clips, ``auc_lost`` and ``auc_explained`` (means over its models,
        0 to 1; NaN where a rule has nothing to do with the score), description.
    """
    rows = [
        (
            one.rule,
            one.machine_type,
            one.severity,
            one.title,
            len(one.rows),
            *(
                np.mean(list(by_model.values())) if by_model else np.nan
                for by_model in (one.auc_lost, one.auc_explained)
            ),
            one.description,
        )
        for one in findings
    ]
    names = ("rule", "class", "severity", "title", "n_clips", "auc_lost", "auc_explained", "description")
    return pd.DataFrame(rows, columns=list(names))
