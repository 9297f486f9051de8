"""The official score of DCASE Task 2, per model: metrics of every machine type and section, and their means."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore.columns import DOMAINS, members
from dcase_explore.scoring.metrics import DECISIONS, METRICS, RANKING, auc_costs, harmonic_mean, means, section_metrics
from dcase_explore.scoring.thresholds import Threshold, Thresholds

OFFICIAL = ("auc_source", "auc_target", "pauc")
"""The three numbers of each section whose harmonic mean is the official score."""


@dataclass(frozen=True)
class SectionScore:
    """
    One model on one section.

    Attributes
    ----------
    machine_type, section
        Which one.
    n_clips
        Test clips with a label and a score.
    metrics
        Those of `dcase_explore.scoring.metrics.METRICS` that are defined.
    undefined
        Why a metric is not defined, by its name.
    threshold
        Where its decisions come from; None without decisions.
    scored_on, decided_on
        Digests of the clips that have a score and a decision: two models can be compared where they are equal.
    """

    machine_type: str
    section: int | None
    n_clips: int
    metrics: dict[str, float]
    undefined: dict[str, str] = field(default_factory=dict)
    threshold: Threshold | None = None
    scored_on: int = 0
    decided_on: int = 0

    @property
    def name(self) -> str:
        """``"valve 00"``."""
        return self.machine_type if self.section is None else f"{self.machine_type} {self.section:02d}"


@dataclass(frozen=True)
class ModelScore:
    """
    One model on every section that can be scored.

    Attributes
    ----------
    model
        Its name.
    sections
        In the dataset's order of machine types.
    """

    model: str
    sections: tuple[SectionScore, ...]

    @property
    def official_score(self) -> float | None:
        """
        Ω: harmonic mean of AUC (source), AUC (target) and pAUC over all machine types and sections.

        Over those that are defined; None where the domain of no clip is known, for pAUC alone is another number.
        """
        numbers = [section.metrics[name] for section in self.sections for name in OFFICIAL if name in section.metrics]
        of_domains = any(name in section.metrics for section in self.sections for name in OFFICIAL[:2])
        return harmonic_mean(numbers) if of_domains else None

    @property
    def machine_types(self) -> list[str]:
        """Machine types that it is scored on."""
        return list(dict.fromkeys(section.machine_type for section in self.sections))

    def means(self, machine_type: str | None = None) -> dict[str, dict[str, Any]]:
        """
        Arithmetic and harmonic mean of each metric.

        Parameters
        ----------
        machine_type
            Over its sections; None for all machine types and sections.

        Returns
        -------
        dict
            As `dcase_explore.scoring.metrics.means`.
        """
        return means([row.metrics for row in self.sections if machine_type in (None, row.machine_type)])

    def undefined(self) -> dict[tuple[tuple[str, ...], str], list[str]]:
        """Sections by which metrics they lack and why."""
        found: dict[tuple[tuple[str, ...], str], list[str]] = {}
        for section in self.sections:
            for reason in dict.fromkeys(section.undefined.values()):
                metrics = tuple(name for name, its in section.undefined.items() if its == reason)
                found.setdefault((metrics, reason), []).append(section.name)
        return found

    def brief(self) -> str:
        """One number in words: Ω, or the mean AUC where no domain is known."""
        if self.official_score is not None:
            return f"Ω {self.official_score:.4f}"
        mean = self.means()["arithmetic_mean"].get("auc")
        return "" if mean is None else f"AUC {mean:.4f}"


def official_scores(frame: pd.DataFrame, thresholds: Thresholds) -> tuple[list[ModelScore], pd.DataFrame]:
    """
    Score every model of a clip table.

    Parameters
    ----------
    frame
        Clip table; test clips with label and score count, others are left out.
    thresholds
        Origins of decisions, by model and machine type.

    Returns
    -------
    scores : list of ModelScore
        In the order of the table's score columns; without models that have no labelled test clip.
    costs : pandas.DataFrame
        ``auc_cost_<score>`` of each of them, float32, one row per clip, NaN where undefined.
    """
    labels = _codes(frame, "label")
    known = (frame["split"] == "test").to_numpy() & pd.notna(labels)
    anomalous, domains = labels == "anomaly", _codes(frame, "domain")
    sections = frame["section"] if "section" in frame else pd.Series(np.nan, frame.index)
    groups = frame.groupby([frame["class"], sections], observed=True, dropna=False).indices
    found, costs = [], {}
    for model in members(frame.columns, "anomaly_score_<score>"):
        scores = frame[f"anomaly_score_{model}"].to_numpy(dtype=np.float64)
        flagged = _flagged(frame, model)
        scored, cost = known & ~np.isnan(scores), np.full(len(frame), np.nan)
        its = []
        for (machine, section), group in groups.items():
            rows = group[scored[group]]
            if not len(rows):
                continue
            decided = rows[~np.isnan(flagged[rows])]
            cost[rows] = auc_costs(scores[rows], anomalous[rows])
            metrics = section_metrics(scores[rows], anomalous[rows], domains[rows], flagged[rows])
            wanted = {*RANKING, *(DECISIONS if len(decided) else ())} - set(metrics)
            its.append(
                SectionScore(
                    machine,
                    None if pd.isna(section) else int(section),
                    len(rows),
                    metrics,
                    {name: _why_undefined(name, anomalous[rows], domains[rows]) for name in METRICS if name in wanted},
                    thresholds.get(model, {}).get(machine),
                    hash(rows.tobytes()),
                    hash(decided.tobytes()),
                )
            )
        if its:
            found.append(ModelScore(model, tuple(its)))
            costs[f"auc_cost_{model}"] = cost.astype(np.float32)
    return found, pd.DataFrame(costs, index=frame.index)


def _codes(frame: pd.DataFrame, column: str) -> np.ndarray:
    values = frame[column] if column in frame else pd.Series(None, frame.index)
    return np.asarray(values, dtype=object)


def _flagged(frame: pd.DataFrame, model: str) -> np.ndarray:
    codes = {"normal": 0.0, "anomaly": 1.0}
    return np.array([codes.get(decision, np.nan) for decision in _codes(frame, f"prediction_{model}")])


def _why_undefined(metric: str, anomalous: np.ndarray, domains: np.ndarray) -> str:
    """What is lacking for a metric of a section."""
    if not anomalous.any():
        return "no anomalies"
    if anomalous.all():
        return "no normals"
    domain = metric.rpartition("_")[2]
    if not np.isin(domains, DOMAINS).any():
        return "no domains"
    within = domains == domain
    if not within.any():
        return f"no {domain} clips"
    if metric.startswith(("auc", "pauc")) and not (within & ~anomalous).any():
        return f"no {domain} normals"
    return f"no {domain} anomalies" if not (within & anomalous).any() else f"no decided {domain} anomalies"
