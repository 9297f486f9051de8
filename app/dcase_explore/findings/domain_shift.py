"""Where an embedding's domains part and its anomalies lie apart, by their distance to the source training normals."""

import numpy as np
import pandas as pd

from dcase_explore.findings.chance import ALPHA
from dcase_explore.findings.distances import Auc, Distances, holds
from dcase_explore.findings.finding import Finding, Severity, models_of
from dcase_explore.messages import counted

HIGH_DSUP, MEDIUM_DSUP = 0.9, 0.7
"""DSUP from which a shift is of high severity, of medium severity."""
FAR = 0.95
"""Share of the normals that an anomaly has to be farther than, to be counted as separate."""


def find_shift(its: pd.DataFrame, measured: Distances) -> list[Finding]:
    """
    Find what an embedding says of domains and of anomalies, where chance does not explain it.

    Parameters
    ----------
    its
        One machine type's rows of a scored clip table.
    measured
        What `dcase_explore.findings.distances.measure_distances` measured on it.

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
    test_normals = clip.index[(clip["split"] == "test") & holds(clip, "label", "normal")]
    columns = ("domain", "label", f"domain_distance_{name}", "nearest_normal")
    if measured.dsup and _beats_chance(measured.dsup):
        rows = _farthest(distances, test_normals[holds(clip.loc[test_normals], "domain", "target")])
        source = distances[test_normals[holds(clip.loc[test_normals], "domain", "source")]]
        beyond = int((distances[rows] > source.quantile(FAR)).sum())
        severity: Severity = (
            "high" if measured.dsup.value >= HIGH_DSUP else "medium" if measured.dsup.value >= MEDIUM_DSUP else "low"
        )
        found.append(
            Finding(
                "embedding_domain_shift",
                machine_type,
                f"{machine_type}: in {name} the target domain lies farther from the source training clips",
                severity,
                columns,
                f"Distance to the source training normals tells target from source normals with {_say(measured.dsup)} "
                f"(DSUP; 0.5 means shared support). {beyond} of {counted(len(rows), 'target normal')} lie farther than "
                f"{FAR:.0%} of the source normals.",
                rows,
            )
        )
    if measured.sep and _beats_chance(measured.sep):
        edge = distances[test_normals].quantile(FAR)
        anomalies = clip.index[(clip["split"] == "test") & holds(clip, "label", "anomaly")]
        rows = _farthest(distances, anomalies[(distances[anomalies] > edge).to_numpy()])
        models = ", ".join(f"{model} {_auc_of_model(its, model):.3f}" for model in models_of(its))
        if len(rows):
            found.append(
                Finding(
                    "embedding_separation",
                    machine_type,
                    f"{machine_type}: in {name} anomalies lie farther from the source training clips",
                    "low",
                    columns,
                    f"Distance to the source training normals tells anomalies from normals with {_say(measured.sep)} "
                    f"(SEP){f'; for comparison, AUC of {models}' if models else ''}. {counted(len(rows), 'anomaly')} "
                    f"of {len(anomalies)} lie farther than {FAR:.0%} of the normals.",
                    rows,
                )
            )
    return found


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
