"""ROC curves: those whose areas the official score is made of."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dcase_explore.columns import DOMAINS
from dcase_explore.findings.chance import auc_of
from dcase_explore.scoring.official import ModelScore, SectionScore

FEWEST = 10
"""Clips of each class, below which an AUC's interval would say more than is known."""


@dataclass(frozen=True)
class Curve:
    """
    How one model ranks the normals of one domain against the anomalies of a section: all, or in 2021 the domain's own.

    Attributes
    ----------
    domain
        ``"source"``, ``"target"``, or ``"all"`` where no domain is known.
    fpr, tpr
        Shares of normals and of anomalies above each threshold, float64, shape (points,), from 0 to 1.
    auc
        Area under it: the official AUC of that domain.
    interval
        95 % confidence interval of the AUC (DeLong et al. 1988); None where that cannot be told.
    """

    domain: str
    fpr: np.ndarray
    tpr: np.ndarray
    auc: float
    interval: tuple[float, float] | None


def curves_of(frame: pd.DataFrame, model: ModelScore) -> dict[str, tuple[Curve, ...]]:
    """
    ROC curves of a model.

    Parameters
    ----------
    frame
        Clip table with the model's scores, of whole machine types.
    model
        The model, with the sections that it is scored on.

    Returns
    -------
    dict of str to tuple of Curve
        By section, ``"valve 00"``: one per domain that has normals, or one of all clips.
    """
    scored = frame[(frame["split"] == "test") & frame[f"anomaly_score_{model.model}"].notna() & frame["label"].notna()]
    own = model.definition.own_anomalies
    return {section.name: tuple(_curves(_clips(scored, section), model.model, own)) for section in model.sections}


def _clips(scored: pd.DataFrame, section: SectionScore) -> pd.DataFrame:
    of_machine = scored[scored["class"] == section.machine_type]
    if "section" not in of_machine:
        return of_machine
    return of_machine[
        of_machine["section"].isna() if section.section is None else of_machine["section"] == section.section
    ]


def _curves(clips: pd.DataFrame, model: str, own_anomalies: bool) -> Iterator[Curve]:
    scores = clips[f"anomaly_score_{model}"].to_numpy(np.float64)
    anomalous = (clips["label"] == "anomaly").to_numpy()
    domains = clips["domain"].to_numpy(object) if "domain" in clips else np.full(len(clips), None)
    known = [domain for domain in DOMAINS if (domains == domain).any()]
    for domain in known or ["all"]:
        normals = ~anomalous & (domains == domain) if known else ~anomalous
        anomalies = anomalous & (domains == domain) if known and own_anomalies else anomalous
        if normals.any() and anomalies.any():
            auc, _, interval = auc_of([(scores[anomalies], scores[normals])])
            # A perfect ranking has no variance to tell its interval from.
            known_width = min(normals.sum(), anomalies.sum()) >= FEWEST and interval[0] < interval[1]
            yield Curve(domain, *roc(scores[normals], scores[anomalies]), auc, interval if known_width else None)


def roc(normals: np.ndarray, anomalies: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Points of a ROC curve.

    Parameters
    ----------
    normals, anomalies
        Their scores, shape (clips,), not empty; higher is more anomalous.

    Returns
    -------
    fpr, tpr : numpy.ndarray
        float64, shape (points,): shares at or above each distinct score, from (0, 0) to (1, 1).
    """
    thresholds = np.unique(np.concatenate([normals, anomalies]))[::-1]
    fpr, tpr = (
        1 - np.searchsorted(np.sort(scores), thresholds, "left") / len(scores) for scores in (normals, anomalies)
    )
    points = np.stack([np.append(0.0, fpr), np.append(0.0, tpr)])
    # Where it turns, it bends: points amid a straight stretch draw nothing.
    right, up = np.diff(points, axis=1)
    turns = np.append(True, np.append(np.abs(right[:-1] * up[1:] - right[1:] * up[:-1]) > 1e-12, True))
    return points[0, turns], points[1, turns]
