"""
Clips that models get wrong: hard normals, missed anomalies, and clips that only one of two models gets wrong.

A model gets a clip wrong when it decides so, or ranks it on the wrong side of most clips of the other class (AUC cost
above one half).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from dcase_explore.findings.chance import ALPHA, auc_of, normal_tail, overlap_by_chance
from dcase_explore.findings.finding import (
    SEVERITIES,
    Finding,
    Rule,
    Severity,
    costing,
    models_of,
    scored_sections,
    sections_of,
)
from dcase_explore.messages import counted

WRONG_COST = 0.5
"""AUC cost above which a clip stands on the wrong side of most clips of the other class."""
MOST = 0.5
"""Share of a class that a model decides wrongly, above which its decisions tell nothing of single clips."""
FEWEST = 10
"""Clips of each class in a section, below which two AUCs cannot be compared."""
CLEAR = 0.005
"""Probability by chance of a model's AUC, below which it clearly ranks better than chance."""

_OTHER = {"normal": "anomaly", "anomaly": "normal"}
_RULES: dict[str, Rule] = {"normal": "hard_normals", "anomaly": "missed_anomalies"}
_DOES = {
    "normal": "calls every one of them anomalous or ranks it above most anomalies",
    "anomaly": "calls every one of them normal or ranks it below most normals",
}


def find_wrong(clips: pd.DataFrame) -> list[Finding]:
    """
    Find the hard normals and the missed anomalies of a machine type.

    With several models, those that every one of them gets wrong, if they are more than independent models would have in
    common; otherwise those of each model. A model that does not clearly rank better than chance is said not to, instead
    of its ranking being read clip by clip.

    Parameters
    ----------
    clips
        One machine type's rows of a scored clip table.

    Returns
    -------
    list of Finding
        Of rules ``hard_normals`` and ``missed_anomalies``.
    """
    models = models_of(clips)
    skills = {model: skill for model in models if (skill := _skill(clips, model))}
    scored = {model: int(clips[f"auc_cost_{model}"].notna().sum()) for model in skills}
    # One that scores a few of the clips would leave but those to be had in common, one that ranks at random none.
    comparable = [model for model in skills if scored[model] >= max(scored.values()) / 2]
    clear = [model for model in comparable if skills[model].p <= CLEAR]
    comparable = clear if len(clear) > 1 else comparable
    found: list[Finding | None] = []
    for label in ("normal", "anomaly"):
        common = _wrong_for_all(clips, comparable, label, lucky=not clear) if len(comparable) > 1 else None
        alone = [model for model in skills if not common or model not in comparable]
        found += [common, *(_wrong_for_one(clips, model, label, skills[model]) for model in alone)]
    return [finding for finding in found if finding]


def find_disagreements(clips: pd.DataFrame) -> list[Finding]:
    """
    Find the clips that the worse of two models gets wrong and the other does not.

    Only where one is clearly the worse by AUC; of several pairs of models the one that differs most.

    Parameters
    ----------
    clips
        One machine type's rows of a scored clip table.

    Returns
    -------
    list of Finding
        Of rule ``disagreements``: normals, and anomalies.
    """
    pairs = list(combinations(models_of(clips), 2))
    told = [
        (abs(lost), lost, pair) for pair in pairs for lost, p in [_more_lost(clips, *pair)] if p * len(pairs) <= ALPHA
    ]
    if not told:
        return []
    _, lost, pair = max(told)
    worse, better = pair if lost > 0 else pair[::-1]
    found = []
    for label in ("normal", "anomaly"):
        wrong, also = is_wrong(clips, worse, label), is_wrong(clips, better, label)
        known = clips[f"auc_cost_{better}"].notna().to_numpy()
        rows = clips.index[wrong & ~also & known]
        if not len(rows):
            continue
        found.append(
            costing(
                "disagreements",
                clips,
                [worse],
                f"{counted(len(rows), label)} that {worse} gets wrong and {better} does not",
                ["label", "domain", f"anomaly_score_{better}", f"auc_cost_{better}"],
                f"{worse} alone {_DOES[label]}; {better} alone gets {int((also & ~wrong).sum())} wrong. "
                f"The AUC of {worse} is {abs(lost):.2f} lower.",
                rows,
            )
        )
    return [finding for finding in found if finding]


def _more_lost(clips: pd.DataFrame, one: str, other: str) -> tuple[float, float]:
    """
    How much more AUC one model loses than another on the clips that both score, and the probability of that by chance.

    DeLong et al. 1988: costs are the placements whose paired differences the test is made of.
    """
    names = [f"auc_cost_{one}", f"auc_cost_{other}"]
    means, variance = [], 0.0
    for its in sections_of(clips[clips[names].notna().all(axis=1)]):
        more = (its[names[0]] - its[names[1]]).to_numpy(np.float64)
        parts = [more[(its["label"] == label).to_numpy()] for label in ("normal", "anomaly")]
        if min(map(len, parts)) >= FEWEST:
            means.append(float(parts[0].mean()))
            variance += sum(float(part.var(ddof=1)) / len(part) for part in parts)
    mean = float(np.mean(means)) if means else 0.0
    if not variance:  # every clip differs by as much, or none does
        return mean, 0.0 if mean else 1.0
    return mean, 2 * normal_tail(abs(mean) * len(means) / math.sqrt(variance))


def is_wrong(clips: pd.DataFrame, model: str, label: str) -> np.ndarray:
    """
    Whether a model gets each clip wrong.

    Parameters
    ----------
    clips
        Rows of a scored clip table.
    model
        Name of the score.
    label
        ``"normal"`` or ``"anomaly"``: of which class.

    Returns
    -------
    numpy.ndarray
        bool, shape (clips,): False for clips of the other class and for those without a cost.
    """
    of_label = (clips["label"] == label).to_numpy() & clips[f"auc_cost_{model}"].notna().to_numpy()
    wrong = (clips[f"auc_cost_{model}"] > WRONG_COST).to_numpy()
    if f"prediction_{model}" in clips:
        called = (clips[f"prediction_{model}"] == _OTHER[label]).to_numpy()
        decided = of_label & clips[f"prediction_{model}"].notna().to_numpy()
        if decided.any() and called[decided].mean() <= MOST:
            wrong = wrong | called
    return np.asarray(wrong & of_label)


@dataclass(frozen=True)
class _Skill:
    """A model's AUC on a machine type, and the probability by chance of one as high."""

    auc: float
    p: float
    fewest: int
    """Clips of the smaller class."""


def _skill(clips: pd.DataFrame, model: str) -> _Skill | None:
    """How well a model ranks; None where no section has both classes."""
    groups = [(scores[anomalous], scores[~anomalous]) for _, scores, anomalous in scored_sections(clips, model)]
    if not groups:
        return None
    auc, p, _ = auc_of(groups)
    return _Skill(auc, p, min(sum(map(len, side)) for side in zip(*groups, strict=True)))


def _wrong_for_all(clips: pd.DataFrame, models: Sequence[str], label: str, lucky: bool) -> Finding | None:
    """Clips that all models get wrong; `lucky` where none of them clearly ranks better than chance."""
    costs = clips[[f"auc_cost_{model}" for model in models]]
    there = clips[costs.notna().all(axis=1) & (clips["label"] == label)]
    if there.empty or (lucky and label == "anomaly"):  # said once
        return None
    by_model = {model: is_wrong(there, model, label) for model in models}
    rows = there.index[np.all(list(by_model.values()), axis=0)]
    expected, p = overlap_by_chance(
        [[wrong[there.index.isin(its.index)] for wrong in by_model.values()] for its in sections_of(there)]
    )
    if not len(rows) or p > ALPHA:
        return None
    get = "both models get" if len(models) == 2 else f"all {len(models)} models get"
    title = f"{counted(len(rows), label)} that {get} wrong"
    why = (
        f"Each of {' and '.join(models)} {_DOES[label]}; if they erred independently they would have "
        f"{expected:{'.0f' if expected >= 1 else '.1f'}} in common."
    )
    if lucky:
        none = "neither" if len(models) == 2 else "none"
        title += f", and {none} is clearly better than chance"
        why += f" {none.capitalize()} of them clearly ranks better than chance here: they may share luck alone."
    found = costing(_RULES[label], clips, models, title, ["label", "domain"], why, rows)
    return _at_most(found, "medium") if lucky else found


def _wrong_for_one(clips: pd.DataFrame, model: str, label: str, skill: _Skill) -> Finding | None:
    rows = clips.index[is_wrong(clips, model, label)]
    if not len(rows):
        return None
    auc = f"Its AUC is {skill.auc:.3f}"
    most: Severity = "high"
    if skill.p <= CLEAR:
        title, why = f"{counted(len(rows), label)} that {model} gets wrong", f"{model} {_DOES[label]}."
    elif label == "anomaly":  # said once
        return None
    elif 1 - skill.p <= CLEAR:
        title = f"{model} ranks worse than chance"
        why = f"{auc}: are its scores reversed? Higher must mean more anomalous. These are the normals it gets wrong."
    elif skill.fewest < FEWEST:
        title, most = f"too few clips to tell whether {model} is better than chance", "low"
        why = f"{auc}, over {skill.fewest} clips of the smaller class. These are the normals it gets wrong."
    else:
        title, most = f"{model} is not clearly better than chance", "medium"
        why = (
            f"{auc}, which scores without meaning reach with a probability of {skill.p:.1%}, so that which clips it "
            "gets wrong may be luck. These are the normals among them, costliest first."
        )
    return _at_most(costing(_RULES[label], clips, [model], title, ["label", "domain"], why, rows), most)


def _at_most(found: Finding | None, severity: Severity) -> Finding | None:
    """The finding with no higher severity."""
    if found is None:
        return None
    return replace(found, severity=max(found.severity, severity, key=SEVERITIES.index))
