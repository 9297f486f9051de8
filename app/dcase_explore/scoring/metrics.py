"""The challenge's metrics of one section, and what each clip costs them."""

from typing import Any

import numpy as np

from dcase_explore.columns import DOMAINS

MAX_FPR = 0.1
"""False-positive rate up to which the partial AUC looks."""

RANKING = ("auc", "auc_source", "auc_target", "pauc", "pauc_source", "pauc_target")
"""Metrics of the scores, in reading order."""

DECISIONS = (
    *("precision_source", "precision_target", "recall_source", "recall_target"),
    *("f1_source", "f1_target"),
)
"""Metrics of the decisions, in reading order."""

METRICS = (*RANKING, *DECISIONS)


def auc_costs(scores: np.ndarray, anomalous: np.ndarray) -> np.ndarray:
    """
    What each clip of a section costs the AUC: the share of the other class on its wrong side.

    Parameters
    ----------
    scores
        Anomaly scores, finite, shape (clips,); higher is more anomalous.
    anomalous
        bool, shape (clips,): which of them are anomalies.

    Returns
    -------
    numpy.ndarray
        float64, shape (clips,), 0 to 1: for a normal the share of anomalies that score below it, for an anomaly the
        share of normals that score above it, ties one half; NaN throughout where there is one class only. The AUC is
        ``1 - costs[~anomalous].mean()``, that of a domain the same over its normals.
    """
    costs = np.full(len(scores), np.nan)
    if anomalous.all() or not anomalous.any():
        return costs
    below, tied = _share_below(scores[~anomalous], scores[anomalous])
    costs[~anomalous] = below + tied / 2
    below, tied = _share_below(scores[anomalous], scores[~anomalous])
    costs[anomalous] = 1 - below - tied / 2
    return costs


def _share_below(scores: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of others below each score, and share tied with it."""
    others = np.sort(others)
    left, right = np.searchsorted(others, scores, "left"), np.searchsorted(others, scores, "right")
    return left / len(others), (right - left) / len(others)


def section_metrics(
    scores: np.ndarray,
    anomalous: np.ndarray,
    domains: np.ndarray,
    flagged: np.ndarray | None = None,
    *,
    own_anomalies: bool = False,
) -> dict[str, float]:
    """
    Metrics of one section's test clips, by the definitions of DCASE Task 2 since 2022.

    Parameters
    ----------
    scores
        Anomaly scores, finite, shape (clips,); higher is more anomalous.
    anomalous
        bool, shape (clips,): which of them are anomalies.
    domains
        ``"source"``, ``"target"`` or null, shape (clips,).
    flagged
        float64, shape (clips,): decisions, 1 for anomaly, 0 for normal, NaN where there is none.
    own_anomalies
        Whether AUC of a domain ranks its normals against its own anomalies alone, as in 2021.

    Returns
    -------
    dict of str to float
        Of `METRICS` those that are defined: ``auc_source`` needs anomalies and source normals (it ranks the domain's
        normals against *all* anomalies), ``pauc`` both classes (all clips; McClish-standardised, chance is 0.5),
        ``pauc_source`` both classes within the domain, precision, recall and F1 a decided anomaly within the domain
        (precision is 0, as in the official tables, where none is called anomalous).
    """
    costs = auc_costs(scores, anomalous)
    found: dict[str, float | None] = {"auc": _mean(1 - costs[~anomalous]), "pauc": _partial_auc(scores, anomalous)}
    for domain in DOMAINS:
        within = domains == domain
        domain_costs = auc_costs(scores[within], anomalous[within]) if own_anomalies else costs[within]
        found[f"auc_{domain}"] = _mean(1 - domain_costs[~anomalous[within]])
        found[f"pauc_{domain}"] = _partial_auc(scores[within], anomalous[within])
        if flagged is not None:
            decided = within & ~np.isnan(flagged)
            by_name = _decision_metrics(flagged[decided] == 1, anomalous[decided])
            found |= {f"{name}_{domain}": number for name, number in by_name.items()}
    return {name: value for name in METRICS if (value := found.get(name)) is not None}


def _mean(values: np.ndarray) -> float | None:
    return float(values.mean()) if len(values) and not np.isnan(values).any() else None


def _partial_auc(scores: np.ndarray, anomalous: np.ndarray) -> float | None:
    return None if anomalous.all() or not anomalous.any() else partial_auc(scores, anomalous)


def partial_auc(scores: np.ndarray, anomalous: np.ndarray, max_fpr: float = MAX_FPR) -> float:
    """
    Area under the ROC curve up to a false-positive rate, standardised so that chance is 0.5 and the best is 1.

    The same number as ``sklearn.metrics.roc_auc_score(anomalous, scores, max_fpr=max_fpr)``, whose import takes longer
    than all else that a score needs.

    Parameters
    ----------
    scores
        Anomaly scores, finite, shape (clips,); higher is more anomalous.
    anomalous
        bool, shape (clips,): which of them are anomalies; both classes must occur.
    max_fpr
        False-positive rate at which to stop.

    Returns
    -------
    float
        Standardised after McClish, Medical Decision Making 9(3), 1989.
    """
    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    hits = np.cumsum(anomalous[order])[last_of_ties]
    tpr = np.append(0, hits / anomalous.sum())
    fpr = np.append(0, (last_of_ties + 1 - hits) / (~anomalous).sum())
    stop = np.searchsorted(fpr, max_fpr, "right")
    at_stop = np.interp(max_fpr, fpr[stop - 1 : stop + 1], tpr[stop - 1 : stop + 1])
    area = np.trapezoid(np.append(tpr[:stop], at_stop), np.append(fpr[:stop], max_fpr))
    chance = max_fpr**2 / 2
    return float((1 + (area - chance) / (max_fpr - chance)) / 2)


def _decision_metrics(flagged: np.ndarray, anomalous: np.ndarray) -> dict[str, float]:
    anomalies, alarms = int(anomalous.sum()), int(flagged.sum())
    if not anomalies:
        return {}
    hits = int((flagged & anomalous).sum())
    return {
        "precision": hits / alarms if alarms else 0.0,
        "recall": hits / anomalies,
        "f1": 2 * hits / (alarms + anomalies),
    }


def means(values: list[dict[str, float]]) -> dict[str, dict[str, Any]]:
    """
    Arithmetic and harmonic mean of each metric over sections.

    Parameters
    ----------
    values
        Metrics of each section; one that is not defined in a section is left out of its mean.

    Returns
    -------
    dict
        ``{"arithmetic_mean": {metric: float}, "harmonic_mean": {metric: float}}`` of the metrics defined anywhere.
    """
    columns = {name: there for name in METRICS if (there := [row[name] for row in values if name in row])}
    return {
        "arithmetic_mean": {name: float(np.mean(column)) for name, column in columns.items()},
        "harmonic_mean": {name: harmonic_mean(column) for name, column in columns.items()},
    }


def harmonic_mean(values: list[float]) -> float:
    """Harmonic mean of numbers from 0 to 1; 0 where one of them is 0."""
    return 0.0 if min(values) == 0 else len(values) / sum(1 / value for value in values)
