"""
Clips that models get wrong: hard normals, missed anomalies, and clips that only one of two models gets wrong.

A model gets a clip wrong when it decides so, or ranks it on the wrong side of most clips of the other class (AUC cost
above one half).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dcase_explore.findings import needs
from dcase_explore.findings.chance import auc_of, overlap_by_chance
from dcase_explore.findings.finding import (
    Finding,
    Severity,
    at_most,
    auc_lost,
    costing,
    scored_sections,
    sections_of,
)
from dcase_explore.findings.rule import MachineClips, Rule
from dcase_explore.messages import counted

WRONG_COST = 0.5
"""AUC cost above which a clip stands on the wrong side of most clips of the other class."""
MOST_WRONG = 0.5
"""Share of a class that a model decides wrongly, above which its decisions tell nothing of single clips."""
FEWEST = 10
"""Clips of the smaller class, below which nothing can be told of a model."""
LEVEL = 0.002
"""Probability by chance of what several models have in common."""
CLEAR = 0.005
"""Probability by chance of a model's AUC, below which it clearly ranks better than chance."""

_OTHER = {"normal": "anomaly", "anomaly": "normal"}
_RULES = {"normal": "hard_normals", "anomaly": "missed_anomalies"}
DOES = {
    "normal": "calls every one of them anomalous or ranks it above most anomalies",
    "anomaly": "calls every one of them normal or ranks it below most normals",
}


def find_wrong(machine: MachineClips, label: str) -> list[Finding]:
    """
    Find the normals, or the anomalies, of a machine type that are got wrong.

    With several models, those that every one of them gets wrong, if they are more than independent models would have in
    common; otherwise those of each model. A model that does not clearly rank better than chance is said not to, instead
    of its ranking being read clip by clip.

    Parameters
    ----------
    machine
        One machine type.
    label
        ``"normal"`` or ``"anomaly"``.

    Returns
    -------
    list of Finding
        Of rule ``hard_normals`` or ``missed_anomalies``.
    """
    clips = machine.clips
    skills = {model: skill for model in machine.models if (skill := skill_of(clips, model))}
    scored = {model: int(clips[f"auc_cost_{model}"].notna().sum()) for model in skills}
    # One that scores a few of the clips would leave but those to be had in common, one that ranks at random none.
    comparable = [model for model in skills if scored[model] >= max(scored.values()) / 2]
    clear = [model for model in comparable if skills[model].p <= CLEAR]
    comparable = clear if len(clear) > 1 else comparable
    common = _wrong_for_all(clips, comparable, label, lucky=not clear) if len(comparable) > 1 else None
    alone = [model for model in skills if not common or model not in comparable]
    few = [model for model in alone if skills[model].is_open and skills[model].fewest < FEWEST]
    found = [common, *(_wrong_for_one(clips, model, label, skills[model]) for model in alone if model not in few)]
    if few and label == "normal":  # said once
        found.append(_of_few_clips(clips, few, skills))
    return [finding for finding in found if finding]


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
        if decided.any() and called[decided].mean() <= MOST_WRONG:
            wrong = wrong | called
    return np.asarray(wrong & of_label)


@dataclass(frozen=True)
class Skill:
    """A model's AUC on a machine type, and the probability by chance of one as high."""

    auc: float
    p: float
    fewest: int
    """Clips of the smaller class."""

    @property
    def is_open(self) -> bool:
        """Whether it is neither clearly better than chance nor clearly worse."""
        return CLEAR < self.p < 1 - CLEAR


def skill_of(clips: pd.DataFrame, model: str) -> Skill | None:
    """How well a model ranks; None where no section has both classes."""
    groups = [(scores[anomalous], scores[~anomalous]) for _, scores, anomalous in scored_sections(clips, model)]
    if not groups:
        return None
    auc, p, _ = auc_of(groups)
    return Skill(auc, p, min(sum(map(len, side)) for side in zip(*groups, strict=True)))


def _wrong_for_all(clips: pd.DataFrame, models: Sequence[str], label: str, lucky: bool) -> Finding | None:
    """Clips that all models get wrong; `lucky` where none of them clearly ranks better than chance."""
    costs = clips[[f"auc_cost_{model}" for model in models]]
    there = clips[costs.notna().all(axis=1) & (clips["label"] == label)]
    if there.empty or (lucky and label == "anomaly"):  # said once
        return None
    by_model = {model: is_wrong(there, model, label) for model in models}
    rows = there.index[np.all(list(by_model.values()), axis=0)]
    expected, p = overlap_by_chance(
        [[wrong[there.index.isin(section.index)] for wrong in by_model.values()] for section in sections_of(there)]
    )
    if not len(rows) or p > LEVEL:
        return None
    get = "both models get" if len(models) == 2 else f"all {len(models)} models get"
    title = f"{counted(len(rows), label)} that {get} wrong"
    why = (
        f"Each of {' and '.join(models)} {DOES[label]}; if they erred independently they would have "
        f"{expected:{'.0f' if expected >= 1 else '.1f'}} in common."
    )
    if lucky:
        none = "neither" if len(models) == 2 else "none"
        title += f", and {none} is clearly better than chance"
        why += f" {none.capitalize()} of them clearly ranks better than chance here: they may share luck alone."
    beyond = {model: auc_lost(clips, model, rows.to_numpy())[0] * (1 - expected / len(rows)) for model in models}
    found = costing(_RULES[label], clips, models, title, ["label", "domain"], why, rows, beyond)
    return at_most(found, "medium") if lucky else found


def _wrong_for_one(clips: pd.DataFrame, model: str, label: str, skill: Skill) -> Finding | None:
    rows = clips.index[is_wrong(clips, model, label)]
    if not len(rows):
        return None
    auc = f"Its AUC is {skill.auc:.3f}"
    most: Severity = "high"
    if skill.p <= CLEAR:
        title, why = f"{counted(len(rows), label)} that {model} gets wrong", f"{model} {DOES[label]}."
    elif label == "anomaly":  # said once
        return None
    elif 1 - skill.p <= CLEAR:
        title = f"{model} ranks worse than chance"
        why = f"{auc}: are its scores reversed? Higher must mean more anomalous. These are the normals it gets wrong."
    else:
        title, most = f"{model} is not clearly better than chance", "medium"
        why = (
            f"{auc}, which scores without meaning reach with a probability of {skill.p:.1%}, so that which clips it "
            "gets wrong may be luck. These are the normals among them, costliest first."
        )
    beyond = {model: _beyond_others(clips, model, label, rows)}
    return at_most(costing(_RULES[label], clips, [model], title, ["label", "domain"], why, rows, beyond), most)


def _of_few_clips(clips: pd.DataFrame, models: Sequence[str], skills: Mapping[str, Skill]) -> Finding | None:
    """The normals that models rank wrong of which it cannot be known whether that is luck: to be listened to."""
    wrong = {model: is_wrong(clips, model, "normal") for model in models}
    rows = clips.index[np.any(list(wrong.values()), axis=0)]
    if not len(rows):
        return None
    aucs = " and ".join(f"{skills[model].auc:.3f} ({model})" for model in models)
    fewest = min(skills[model].fewest for model in models)
    found = costing(
        _RULES["normal"],
        clips,
        models,
        f"{counted(len(rows), 'normal')} to listen to, that {' or '.join(models)} gets wrong",
        ["label", "domain"],
        f"AUC is {aucs}, of {counted(fewest, 'clip')} of the smaller class: which of them are got wrong may be "
        f"luck. From {FEWEST} such clips on it is said whether a model is better than chance.",
        rows,
        {model: _beyond_others(clips, model, "normal", clips.index[one]) for model, one in wrong.items()},
    )
    return at_most(found, "low")


def _beyond_others(clips: pd.DataFrame, model: str, label: str, rows: pd.Index) -> float:
    """AUC that some clips of a class cost more than its clips do on average."""
    sections = scored_sections(clips, model)
    lost = 0.0
    for index, _, anomalous in sections:
        of_label = index[anomalous == (label == "anomaly")]
        costs = clips.loc[of_label, f"auc_cost_{model}"].astype(np.float64)
        lost += float((costs - costs.mean())[of_label.isin(rows)].sum()) / len(of_label)
    return lost / len(sections)


RULES = (
    Rule(
        name="hard_normals",
        things="hard normals",
        finds="normals that every model calls anomalous or ranks above most anomalies",
        speaks="more of them in common than independent models would have, otherwise those of each; where no model "
        f"clearly ranks better than chance (probability {CLEAR}), that is said instead",
        look=lambda machine: find_wrong(machine, "normal"),
        needs=(needs.scores,),
        level=LEVEL + CLEAR,
    ),
    Rule(
        name="missed_anomalies",
        things="missed anomalies",
        finds="anomalies that every model calls normal or ranks below most normals",
        speaks="the same",
        look=lambda machine: find_wrong(machine, "anomaly"),
        needs=(needs.scores,),
        level=LEVEL,
    ),
)
