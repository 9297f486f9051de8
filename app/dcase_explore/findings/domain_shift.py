"""
Distance to the source training normals, and what it says of an embedding.

Two numbers that answer the two questions of arXiv 2107.10880: **SEP**, the AUC of that distance for anomalies against
normals, and **DSUP**, the AUC of it for target normals against source normals, 0.5 where the domains share support.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.findings.chance import ALPHA, auc_of
from dcase_explore.findings.finding import Finding, Severity, models_of
from dcase_explore.findings.neighbors import Neighbors, nearest_neighbors
from dcase_explore.messages import counted

HIGH_DSUP, MEDIUM_DSUP = 0.9, 0.7
"""DSUP from which a shift is of high severity, of medium severity."""
FAR = 0.95
"""Share of the normals that an anomaly has to be farther than, to be counted as separate."""


@dataclass(frozen=True)
class Auc:
    """AUC of the Euclidean distance, its probability by chance and 95 % interval; AUC of the cosine distance."""

    value: float
    p: float
    interval: tuple[float, float]
    cosine: float | None


@dataclass(frozen=True)
class Support:
    """
    What distances say of one embedding on one machine type.

    Attributes
    ----------
    embedding
        Its name.
    rows
        Index labels of the clips that have a vector.
    nearest
        Position in `rows` of the nearest training normal (of any domain), int64; -1 where there is none. Where there is
        no training split at all, of the nearest other normal of the test split.
    nearest_distance
        Euclidean distance to it.
    distance
        Mean Euclidean distance to the five nearest source training normals, scaled: 1 is the median of the source test
        normals (of the source training normals where there are none). Float64, NaN where undefined.
    sep
        AUC of the distance for anomalous against normal test clips.
    dsup
        AUC of the distance for target against source normal test clips.
    any_domain
        Whether no domain is known, so that all training normals count as source.
    trained
        Whether there are training normals.
    """

    embedding: str
    rows: pd.Index
    nearest: np.ndarray
    nearest_distance: np.ndarray
    distance: np.ndarray
    sep: Auc | None
    dsup: Auc | None
    any_domain: bool
    trained: bool


def support(its: pd.DataFrame, embedding: str) -> Support | None:
    """
    Measure one embedding on one machine type.

    Parameters
    ----------
    its
        One machine type's rows of a clip table.
    embedding
        Name of the embedding.

    Returns
    -------
    Support or None
        None where no clip has a vector.
    """
    matrix, present = clips.vectors(its, embedding)
    if not len(matrix):
        return None
    its = its[present]
    train, normal = (its["split"] == "train").to_numpy(), _is(its, "label", "normal")
    # Training clips are normals unless the data say otherwise.
    training = train & ~_is(its, "label", "anomaly")
    any_domain = "domain" not in its or its.loc[train, "domain"].isna().all()
    source = training if any_domain else training & _is(its, "domain", "source")
    trained = bool(training.any())
    far = nearest_neighbors(matrix, np.flatnonzero(source))
    # The nearest of any domain: the nearer of the nearest source clip and the nearest of the few others.
    rest = nearest_neighbors(matrix, np.flatnonzero((training if trained else normal) & ~source), k=1)
    nearer = np.where(np.isnan(far.distance), True, rest.distance < far.distance)
    test = ~train
    source_test = test & normal & (_is(its, "domain", "source") if "domain" in its else True)
    typical = source_test if source_test.any() else source
    scale = float(np.median(far.euclidean[typical])) if typical.any() else np.nan
    distance = far.euclidean / scale if scale > 0 else np.full(len(its), np.nan)
    anomaly = test & _is(its, "label", "anomaly")
    target = test & normal & _is(its, "domain", "target")
    return Support(
        embedding,
        its.index,
        np.where(nearer, rest.nearest, far.nearest),
        np.where(nearer, rest.distance, far.distance),
        distance,
        _auc(far, anomaly, test & normal),
        None if any_domain else _auc(far, target, test & normal & _is(its, "domain", "source")),
        bool(any_domain),
        trained,
    )


def find_shift(its: pd.DataFrame, measured: Support) -> list[Finding]:
    """
    Find what an embedding says of domains and of anomalies, where chance does not explain it.

    Parameters
    ----------
    its
        One machine type's rows of a scored clip table.
    measured
        What `support` measured on it.

    Returns
    -------
    list of Finding
        Of rules ``embedding_domain_shift`` (its target normals lie farther from the source training normals than its
        source normals) and ``embedding_separation`` (its anomalies do, than its normals).
    """
    found = []
    machine_type, name = str(its["class"].iloc[0]), measured.embedding
    distances = pd.Series(measured.distance, measured.rows).dropna()
    if distances.empty:
        return []
    clip = its.loc[distances.index]
    test_normals = clip.index[(clip["split"] == "test") & _is(clip, "label", "normal")]
    columns = ("domain", "label", f"domain_distance_{name}", "nearest_normal")
    if measured.dsup and _beats_chance(measured.dsup):
        rows = _farthest(distances, test_normals[_is(clip.loc[test_normals], "domain", "target")])
        source = distances[test_normals[_is(clip.loc[test_normals], "domain", "source")]]
        beyond = int((distances[rows] > source.quantile(FAR)).sum())
        severity: Severity = (
            "high" if measured.dsup.value >= HIGH_DSUP else "medium" if measured.dsup.value >= MEDIUM_DSUP else "low"
        )
        found.append(
            Finding(
                "embedding_domain_shift",
                machine_type,
                f"{machine_type}: the target domain lies apart in {name}",
                severity,
                columns,
                f"Distance to the source training normals tells target from source normals with {_say(measured.dsup)} "
                f"(DSUP; 0.5 means shared support). {beyond} of {counted(len(rows), 'target normal')} lie farther than "
                f"{FAR:.0%} of the source normals, and are as far from what was trained on as an anomaly may be.",
                rows,
            )
        )
    if measured.sep and _beats_chance(measured.sep):
        edge = distances[test_normals].quantile(FAR)
        anomalies = clip.index[(clip["split"] == "test") & _is(clip, "label", "anomaly")]
        rows = _farthest(distances, anomalies[(distances[anomalies] > edge).to_numpy()])
        models = ", ".join(f"{model} {_auc_of_model(its, model):.3f}" for model in models_of(its))
        if len(rows):
            found.append(
                Finding(
                    "embedding_separation",
                    machine_type,
                    f"{machine_type}: {name} tells anomalies apart by distance alone",
                    "low",
                    columns,
                    f"Distance to the source training normals tells anomalies from normals with {_say(measured.sep)} "
                    f"(SEP){f'; for comparison, AUC of {models}' if models else ''}. {counted(len(rows), 'anomaly')} "
                    f"of {len(anomalies)} lie farther than {FAR:.0%} of the normals.",
                    rows,
                )
            )
    return found


def _is(its: pd.DataFrame, column: str, value: str) -> np.ndarray:
    return (its[column] == value).to_numpy() if column in its else np.zeros(len(its), bool)


def _auc(far: Neighbors, high: np.ndarray, low: np.ndarray) -> Auc | None:
    if not high.any() or not low.any() or np.isnan(far.euclidean).any():
        return None
    cosine = None if np.isnan(far.cosine).any() else auc_of([(far.cosine[high], far.cosine[low])])[0]
    return Auc(*auc_of([(far.euclidean[high], far.euclidean[low])]), cosine)


def _beats_chance(auc: Auc) -> bool:
    return auc.p <= ALPHA


def _say(auc: Auc) -> str:
    low, high = auc.interval
    cosine = f", cosine {auc.cosine:.3f}" if auc.cosine is not None else ""
    return f"AUC {auc.value:.3f} ({low:.2f} to {high:.2f}{cosine})"


def _farthest(distances: pd.Series, rows: pd.Index) -> np.ndarray:
    return np.asarray(distances[rows].sort_values(ascending=False, kind="stable").index)


def _auc_of_model(its: pd.DataFrame, model: str) -> float:
    return 1 - float(its.loc[its["label"] == "normal", f"auc_cost_{model}"].mean())
