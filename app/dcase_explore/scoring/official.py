"""The official score of DCASE Task 2, per model: metrics of every machine type and section, and their means."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore.columns import DOMAINS, members
from dcase_explore.scoring.metrics import harmonic_mean, means, section_metrics
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
        Why one of the official three is not defined, by its name.
    threshold
        Where its decisions come from; None without decisions.
    """

    machine_type: str
    section: int
    n_clips: int
    metrics: dict[str, float]
    undefined: dict[str, str] = field(default_factory=dict)
    threshold: Threshold | None = None

    @property
    def name(self) -> str:
        """``"valve 00"``."""
        return f"{self.machine_type} {self.section:02d}"


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
        """Sections by which of the official numbers they lack and why."""
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
    from dcase_explore.scoring.metrics import auc_costs

    labels = _codes(frame, "label")
    known = (frame["split"] == "test").to_numpy() & pd.notna(labels)
    anomalous, domains = labels == "anomaly", _codes(frame, "domain")
    sections = frame["section"] if "section" in frame else pd.Series(0, frame.index)
    groups = frame.groupby([frame["class"], sections.fillna(0).astype(int)], observed=True).indices
    found, costs = [], {}
    for model in members(frame.columns, "anomaly_score_<score>"):
        scores = frame[f"anomaly_score_{model}"].to_numpy(dtype=np.float64)
        flagged = _flagged(frame, model)
        scored, cost = known & ~np.isnan(scores), np.full(len(frame), np.nan)
        rows_of = {key: rows[scored[rows]] for key, rows in groups.items()}
        its = []
        for (machine, section), rows in rows_of.items():
            if not len(rows):
                continue
            parts = scores[rows], anomalous[rows]
            cost[rows] = auc_costs(*parts)
            metrics = section_metrics(*parts, domains[rows], None if flagged is None else flagged[rows])
            threshold = thresholds.get(model, {}).get(machine)
            reasons = _undefined(metrics, anomalous[rows], domains[rows])
            its.append(SectionScore(machine, int(section), len(rows), metrics, reasons, threshold))
        if its:
            found.append(ModelScore(model, tuple(its)))
            costs[f"auc_cost_{model}"] = cost.astype(np.float32)
    return found, pd.DataFrame(costs, index=frame.index)


def _codes(frame: pd.DataFrame, column: str) -> np.ndarray:
    values = frame[column] if column in frame else pd.Series(None, frame.index)
    return np.asarray(values, dtype=object)


def _flagged(frame: pd.DataFrame, model: str) -> np.ndarray | None:
    column = f"prediction_{model}"
    if column not in frame:
        return None
    return np.asarray(frame[column].astype(object).map({"normal": 0.0, "anomaly": 1.0}), dtype=np.float64)


def _undefined(metrics: dict[str, float], anomalous: np.ndarray, domains: np.ndarray) -> dict[str, str]:
    """Why each of the official numbers that is missing is missing."""
    reasons = {}
    for name in OFFICIAL:
        if name in metrics:
            continue
        domain = name.removeprefix("auc_")
        if not anomalous.any():
            reasons[name] = "no anomalies"
        elif anomalous.all():
            reasons[name] = "no normals"
        else:
            reasons[name] = f"no {domain} normals" if np.isin(domains, DOMAINS).any() else "no domains"
    return reasons
