"""Where an embedding's domains part and its anomalies lie apart, by their distance to the source training normals."""

import numpy as np
import pandas as pd

from dcase_explore.findings import needs
from dcase_explore.findings.distances import Auc, Distances, holds
from dcase_explore.findings.finding import Estimate, Finding, Severity
from dcase_explore.findings.rule import MachineClips, Rule
from dcase_explore.messages import counted

LEVEL = 0.002
"""Probability by chance, of each of the two rules."""
HIGH_DSUP, MEDIUM_DSUP = 0.9, 0.7
"""DSUP from which a shift is of high severity, of medium severity."""
FAR = 0.95
"""Share of the normals that an anomaly has to be farther than, to be counted as separate."""


def find_shift(machine: MachineClips) -> list[Finding]:
    """
    Find the embeddings whose target normals lie farther from the source training normals than the source normals.

    Parameters
    ----------
    machine
        One machine type.

    Returns
    -------
    list of Finding
        Of rule ``embedding_domain_shift``, where chance does not explain it.
    """
    found = []
    for name, measured in machine.distances.items():
        if not measured.dsup or not _beats_chance(measured.dsup):
            continue
        distances, clips = _known(machine.clips, measured)
        normals = clips.index[(clips["split"] == "test") & holds(clips, "label", "normal")]
        rows = _farthest(distances, normals[holds(clips.loc[normals], "domain", "target")])
        source = distances[normals[holds(clips.loc[normals], "domain", "source")]]
        beyond = int((distances[rows] > source.quantile(FAR)).sum())
        dsup = measured.dsup.value
        severity: Severity = "high" if dsup >= HIGH_DSUP else "medium" if dsup >= MEDIUM_DSUP else "low"
        found.append(
            Finding(
                "embedding_domain_shift",
                machine.machine_type,
                f"{machine.machine_type}: in {name} the target domain lies farther from the source training clips",
                severity,
                _columns(name),
                f"Distance to the source training normals tells target from source normals with {_say(measured.dsup)} "
                f"(DSUP; 0.5 means shared support). {beyond} of {counted(len(rows), 'target normal')} lie farther than "
                f"{FAR:.0%} of the source normals.",
                rows,
                estimates=(_estimate("dsup", name, measured.dsup),),
            )
        )
    return found


def find_separation(machine: MachineClips) -> list[Finding]:
    """
    Find the embeddings whose anomalies lie farther from the source training normals than the normals.

    Parameters
    ----------
    machine
        One machine type.

    Returns
    -------
    list of Finding
        Of rule ``embedding_separation``, where chance does not explain it within each domain.
    """
    found = []
    for name, measured in machine.distances.items():
        if not measured.sep or not _beats_chance(measured.sep):
            continue
        distances, clips = _known(machine.clips, measured)
        test = clips["split"] == "test"
        edge = distances[clips.index[test & holds(clips, "label", "normal")]].quantile(FAR)
        anomalies = clips.index[test & holds(clips, "label", "anomaly")]
        rows = _farthest(distances, anomalies[(distances[anomalies] > edge).to_numpy()])
        models = ", ".join(f"{model} {_auc_of_model(machine.clips, model):.3f}" for model in machine.models)
        if not len(rows):
            continue
        found.append(
            Finding(
                "embedding_separation",
                machine.machine_type,
                f"{machine.machine_type}: in {name} anomalies lie farther from the source training clips",
                "low",
                _columns(name),
                f"Distance to the source training normals tells anomalies from normals with {_say(measured.sep)} "
                f"(SEP){f'; for comparison, AUC of {models}' if models else ''}. {counted(len(rows), 'anomaly')} "
                f"of {len(anomalies)} lie farther than {FAR:.0%} of the normals.",
                rows,
                estimates=(_estimate("sep", name, measured.sep),),
            )
        )
    return found


def _known(clips: pd.DataFrame, measured: Distances) -> tuple[pd.Series, pd.DataFrame]:
    """Distances that are defined, and their clips."""
    distances = pd.Series(measured.distance, measured.rows).dropna()
    return distances, clips.loc[distances.index]


def _columns(name: str) -> tuple[str, ...]:
    return ("domain", "label", f"domain_distance_{name}", "nearest_normal")


def _beats_chance(auc: Auc) -> bool:
    return auc.p <= LEVEL


def _say(auc: Auc) -> str:
    low, high = auc.interval
    cosine = f", cosine {auc.cosine:.3f}" if auc.cosine is not None else ""
    return f"AUC {auc.value:.3f} ({low:.2f} to {high:.2f}{cosine})"


def _estimate(name: str, embedding: str, auc: Auc) -> Estimate:
    return Estimate(name, embedding, auc.value, *auc.interval)


def _farthest(distances: pd.Series, rows: pd.Index) -> np.ndarray:
    return np.asarray(distances[rows].sort_values(ascending=False, kind="stable").index)


def _auc_of_model(clips: pd.DataFrame, model: str) -> float:
    return 1 - float(clips.loc[clips["label"] == "normal", f"auc_cost_{model}"].mean())


RULES = (
    Rule(
        name="embedding_domain_shift",
        things="domain shift",
        finds="target normals lie farther from the source training normals than source normals: DSUP",
        speaks="not by chance (Mann and Whitney's test)",
        look=find_shift,
        needs=(needs.domains, needs.embeddings, needs.training),
        level=LEVEL,
    ),
    Rule(
        name="embedding_separation",
        things="distances",
        finds="anomalies lie farther from them than normals: SEP",
        speaks="the same, within each domain",
        look=find_separation,
        needs=(needs.embeddings, needs.training),
        level=LEVEL,
    ),
)
