"""The official score of DCASE Task 2, per model: metrics of every machine type and section, and their means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore.column_names import members
from dcase_explore.columns import DOMAINS
from dcase_explore.messages import note
from dcase_explore.scoring.definitions import SINCE_2022, Definition, definition_of
from dcase_explore.scoring.metrics import DECISIONS, METRICS, RANKING, auc_costs, means, section_metrics
from dcase_explore.scoring.thresholds import Threshold, Thresholds


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
    definition
        Of the official score, and of a domain's AUC.
    beside
        The same by other years' definitions, where they were asked for.
    """

    model: str
    sections: tuple[SectionScore, ...]
    definition: Definition = SINCE_2022
    beside: tuple["ModelScore", ...] = ()

    @property
    def official_score(self) -> float | None:
        """By its definition, over the numbers that are defined; see `Definition.score`."""
        return self.definition.score(
            {name: [row.metrics for row in self.sections if row.machine_type == name] for name in self.machine_types}
        )

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
                metrics = tuple(name for name, why in section.undefined.items() if why == reason)
                found.setdefault((metrics, reason), []).append(section.name)
        return found

    def brief(self) -> str:
        """One number in words: Ω with the year that defined it unless it is today's, or the mean AUC without one."""
        if self.official_score is not None:
            return self.definition.brief(self.official_score)
        mean = self.means()["arithmetic_mean"].get("auc")
        return "" if mean is None else f"AUC {mean:.4f}"


def official_scores(
    frame: pd.DataFrame, thresholds: Thresholds, beside: Sequence[Definition] = ()
) -> tuple[list[ModelScore], pd.DataFrame]:
    """
    Score every model of a clip table.

    Parameters
    ----------
    frame
        Clip table; test clips with label and score count, others are left out. Its ``year`` tells which definition
        counts.
    thresholds
        Origins of decisions, by model and machine type.
    beside
        Other definitions to score by.

    Returns
    -------
    scores : list of ModelScore
        In the order of the table's score columns; without models that have no labelled test clip.
    costs : pandas.DataFrame
        ``auc_cost_<score>`` of each of them, float32, one row per clip, NaN where undefined. A clip is ranked against
        all of the other class in its section, whatever the definition.
    """
    table = _Table.of(frame)
    found, costs = [], {}
    for model in members(frame.columns, "anomaly_score_<score>"):
        scores = frame[f"anomaly_score_{model}"].to_numpy(dtype=np.float64)
        counted = table.known & ~np.isnan(scores)
        if not counted.any():
            continue
        cost = np.full(len(frame), np.nan)
        for group in table.groups.values():
            rows = group[counted[group]]
            cost[rows] = auc_costs(scores[rows], table.anomalous[rows])
        costs[f"auc_cost_{model}"] = cost.astype(np.float32)
        definition = _definition(frame, counted, model)
        flagged, of_model = _flagged(frame, model), thresholds.get(model, {})
        by = [
            ModelScore(model, _sections(table, scores, counted, flagged, of_model, each), each)
            for each in dict.fromkeys((definition, *beside))
        ]
        found.append(replace(by[0], beside=tuple(by[1:])))
    return found, pd.DataFrame(costs, index=frame.index)


def scores_frame(models: Sequence[ModelScore]) -> pd.DataFrame:
    """
    Scores as a table.

    Parameters
    ----------
    models
        How they do.

    Returns
    -------
    pandas.DataFrame
        One row per model and section: model, class, section, n_clips, and what could be computed of each metric.
    """
    known = [
        {"model": model.model, "class": row.machine_type, "section": row.section, "n_clips": row.n_clips, **row.metrics}
        for model in models
        for row in model.sections
    ]
    table = pd.DataFrame(known, columns=None if known else ["model", "class", "section", "n_clips"])
    return table.assign(section=table["section"].astype("Int64"))


@dataclass(frozen=True)
class _Table:
    """What of a clip table is the same for all models."""

    groups: Mapping[tuple[str, float], np.ndarray]
    known: np.ndarray
    anomalous: np.ndarray
    domains: np.ndarray

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "_Table":
        labels = _codes(frame, "label")
        sections = frame["section"] if "section" in frame else pd.Series(np.nan, frame.index)
        groups = frame.groupby([frame["class"], sections], observed=True, dropna=False).indices
        known = (frame["split"] == "test").to_numpy() & pd.notna(labels)
        return cls(groups, known, labels == "anomaly", _codes(frame, "domain"))


def _definition(frame: pd.DataFrame, counted: np.ndarray, model: str) -> Definition:
    """The one that counted in the year of all clips that a model is scored on."""
    years = frame["year"][counted].unique() if "year" in frame else [np.nan]
    known = {SINCE_2022 if pd.isna(year) else definition_of(int(year)) for year in years}
    if len(known) == 1:
        return known.pop()
    note(f"{model}: scored on clips of several years: its official score is by the definition {SINCE_2022.name}")
    return SINCE_2022


def _sections(
    table: _Table,
    scores: np.ndarray,
    counted: np.ndarray,
    flagged: np.ndarray,
    thresholds: Mapping[str, Threshold],
    definition: Definition,
) -> tuple[SectionScore, ...]:
    found = []
    ranking = RANKING if definition.has_domains else definition.numbers
    for (machine, section), group in table.groups.items():
        rows = group[counted[group]]
        if not len(rows):
            continue
        decided = rows[~np.isnan(flagged[rows])]
        arrays = scores[rows], table.anomalous[rows], table.domains[rows], flagged[rows]
        metrics = section_metrics(*arrays, own_anomalies=definition.own_anomalies)
        wanted = {*ranking, *(DECISIONS if len(decided) and definition.has_domains else ())} - set(metrics)
        found.append(
            SectionScore(
                machine,
                None if pd.isna(section) else int(section),
                len(rows),
                metrics,
                {name: _why_undefined(name, *arrays[1:3]) for name in METRICS if name in wanted},
                thresholds.get(machine),
                hash(rows.tobytes()),
                hash(decided.tobytes()),
            )
        )
    return tuple(found)


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
