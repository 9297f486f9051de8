"""
Operating conditions that cost AUC: the target domain, attribute values, ranges and combinations of them.

`dcase_explore.findings.search` finds them, among normals and among anomalies; here they are put into words.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from dcase_explore.columns import DOMAINS
from dcase_explore.findings import needs
from dcase_explore.findings.chance import mean_interval, wilson_interval
from dcase_explore.findings.conditions import TARGET, Candidates, Condition, Part, attribute_name, candidates
from dcase_explore.findings.dealing import probabilities
from dcase_explore.findings.finding import LEAST_AUC, Estimate, Finding, at_most, costing, sections_of
from dcase_explore.findings.rule import MachineClips, Rule
from dcase_explore.findings.search import Told, search, told_of
from dcase_explore.messages import counted

DOMAIN = 0.1
"""Share of a rule's level that goes to the target domain."""
LEVELS = {"normal": 0.02, "anomaly": 0.01}
"""Of the two rules."""
_RULES = {"normal": "attribute_values", "anomaly": "missed_attribute_values"}


def find_conditions(machine: MachineClips, label: str) -> list[Finding]:
    """
    Find the conditions whose clips of one class cost more AUC than clips like them.

    Parameters
    ----------
    machine
        One machine type.
    label
        ``"normal"``, or ``"anomaly"``: conditions in which they are missed.

    Returns
    -------
    list of Finding
        One of each condition, of all the models that it costs.
    """
    of_label = machine.clips[(machine.clips["label"] == label) & (machine.clips["split"] == "test")]
    sections = sections_of(of_label)
    found = []
    for clips in sections:
        told = told_by_model(clips, machine.models, LEVELS[label] / len(sections))
        by_condition: dict[Condition, dict[str, Told]] = {}
        for model, conditions in told.items():
            for one in conditions:
                by_condition.setdefault(one.condition, {})[model] = one
        section = f"section {int(clips['section'].iloc[0]):02d}, " if len(sections) > 1 else ""
        found += [_finding(machine, clips, label, section, models, len(sections)) for models in by_condition.values()]
    return [finding for finding in found if finding]


def told_by_model(clips: pd.DataFrame, models: Sequence[str], level: float) -> dict[str, list[Told]]:
    """
    What is told of each model.

    Parameters
    ----------
    clips
        Clips of one section and label.
    models
        Names of scores.
    level
        Probability of telling anything of a model where there is nothing.

    Returns
    -------
    dict of str to list of Told
        Their rows are of the clips that the model scores.
    """
    told: dict[str, list[Told]] = {}
    kept: dict[bytes, Candidates] = {}
    for model in models:
        scored = clips[f"auc_cost_{model}"].notna().to_numpy()
        scored_clips = clips[scored]
        if scored_clips.empty:
            continue
        strata = domains_of(scored_clips)
        if scored.tobytes() not in kept:
            kept[scored.tobytes()] = candidates(scored_clips, strata)
        known = {one.condition for others in told.values() for one in others}
        costs = scored_clips[f"auc_cost_{model}"].to_numpy(np.float64)
        domain = _target(costs, scored_clips, level * DOMAIN)
        told[model] = domain + search(costs, scored_clips, kept[scored.tobytes()], strata, level * (1 - DOMAIN), known)
    return told


def domains_of(clips: pd.DataFrame) -> np.ndarray:
    """Number of each clip's domain."""
    values = clips["domain"].to_numpy(object) if "domain" in clips else np.full(len(clips), None)
    return np.unique(
        [DOMAINS.index(value) if value in DOMAINS else len(DOMAINS) for value in values], return_inverse=True
    )[1]


def _target(costs: np.ndarray, clips: pd.DataFrame, level: float) -> list[Told]:
    """The target domain, where its clips cost more than those of the source domain."""
    domains = clips["domain"].to_numpy(object) if "domain" in clips else np.full(len(clips), None)
    known = np.isin(domains, DOMAINS)
    target = domains == "target"
    if not target.any() or not (domains == "source").any() or costs[known].std() == 0:
        return []
    strata = (~known).astype(np.int64)
    p = float(probabilities(costs, target[:, None], strata, level=level)[0])
    told = told_of(TARGET, costs, target, strata, p)
    return [told] if p <= level and told.excess >= LEAST_AUC * len(costs) else []


def _finding(
    machine: MachineClips, clips: pd.DataFrame, label: str, section: str, told: dict[str, Told], sections: int
) -> Finding | None:
    models, first = list(told), next(iter(told.values()))
    scored = {model: clips.index[clips[f"auc_cost_{model}"].notna()] for model in models}
    rows = pd.Index(dict.fromkeys(row for model, one in told.items() for row in scored[model][one.rows]))
    name = first.condition.name
    rival = next((one.rival for one in told.values() if one.rival), None)
    if rival:
        name += f", or {rival.name}"
    costs = [_costs(clips, model, one, label) for model, one in told.items()]
    sentences = [sentence for sentence, _ in costs]
    sentences += [_inseparable(first.condition, rival)] if rival else []
    sentences += _training(machine.clips, first.condition)
    found = costing(
        _RULES[label],
        machine.clips,
        models,
        f"{section}{name}: its {counted(len(rows), label)} cost {' and '.join(models)} more than others",
        ["attributes", "domain", "label"],
        " ".join(sentences),
        rows,
        {model: one.excess / len(scored[model]) / sections for model, one in told.items()},
    )
    if found is not None:
        found = replace(found, estimates=tuple(one for _, estimates in costs for one in estimates))
    # The anomalies of a condition may have other faults, of which attributes tell nothing.
    return at_most(found, "medium") if label == "anomaly" else found


def _costs(clips: pd.DataFrame, model: str, told: Told, label: str) -> tuple[str, list[Estimate]]:
    """What the clips of a condition cost a model, and what those do that it is compared with: in words, in numbers."""
    scored = clips[clips[f"auc_cost_{model}"].notna()]
    costs = scored[f"auc_cost_{model}"].to_numpy(np.float64)[told.rows]
    mean = Estimate("mean_auc_cost", model, told.cost, *mean_interval(costs), told.others)
    where = "of their domain " if "domain" in clips and told.condition != TARGET else ""
    where = "of the source domain " if told.condition == TARGET else where
    text = (
        f"For {model} they cost {told.cost:.2f} on average (95 % interval {mean.low:.2f} to {mean.high:.2f}), "
        f"the {told.n_others} others {where}they are compared with {told.others:.2f}"
    )
    if told.before:
        text += f" (alike in what was told before: {', '.join(one.name for one in told.before)})"
    for match in told.matches:
        named = attribute_name(clips, match.column) or match.column
        if match.overlap == 0:
            text += f"; none of them has a counterpart with the same {named}"
        elif match.overlap < match.clips:
            text += (
                f"; of the {match.clips}, {match.overlap} have a counterpart with the same {named}: "
                f"{match.cost:.2f} against {match.others:.2f}"
            )
        elif abs(match.others - told.others) >= 0.005:
            text += f", others with the same {named} {match.others:.2f}"
    called, share = _called(scored, model, told.rows, label)
    return f"{text}{called}.", [mean, *share]


def _called(clips: pd.DataFrame, model: str, rows: np.ndarray, label: str) -> tuple[str, list[Estimate]]:
    """How many of a condition's clips are decided wrongly, beside the others."""
    if f"prediction_{model}" not in clips:
        return "", []
    decisions = clips[f"prediction_{model}"].to_numpy(object)
    wrong, word = ("anomaly", "anomalous") if label == "normal" else ("normal", "normal")
    own, others = (decisions[part][pd.notna(decisions[part])] == wrong for part in (rows, ~rows))
    if not len(own) or not len(others):
        return "", []
    if not 0.025 < (decisions == wrong).mean() < 0.975:  # all are called the same
        return "", []
    share = Estimate(
        f"called_{word}", model, float(own.mean()), *wilson_interval(int(own.sum()), len(own)), float(others.mean())
    )
    said = (
        f"; {own.sum()} of {len(own)} are called {word} ({share.low:.0%} to {share.high:.0%}), "
        f"of the others {share.others:.0%}"
    )
    return said, [share]


def _inseparable(condition: Condition, rival: Part) -> str:
    return (
        f"The data do not separate {condition.name} from {rival.name}: more clips of {rival.name} that are not "
        f"{condition.name} would, or of {condition.name} that are not {rival.name}."
    )


def _training(clips: pd.DataFrame, condition: Condition) -> list[str]:
    """Whether training clips cover a condition."""
    train = clips[clips["split"] == "train"]
    if train.empty or not set(condition.columns) <= set(train) or train[list(condition.columns)].isna().all(axis=None):
        return []
    return [f"{condition.name}: {int(condition.holds(train).sum()):,} of {counted(len(train), 'training clip')}."]


RULES = (
    Rule(
        name="attribute_values",
        things="conditions",
        finds="the target domain, attribute values, ranges of numeric ones (vel 23 to 25) and combinations of two "
        "whose normals cost more AUC than others like them",
        speaks="not by chance, with everything that was tried (costs permuted within the domain and what was told "
        "before); what the data do not separate is told as one",
        look=lambda machine: find_conditions(machine, "normal"),
        needs=(needs.scores,),
        level=LEVELS["normal"],
        parts=(("conditions but the domain", needs.attributes),),
    ),
    Rule(
        name="missed_attribute_values",
        things="conditions of missed anomalies",
        finds="the same among anomalies: conditions in which they are missed",
        speaks="the same",
        look=lambda machine: find_conditions(machine, "anomaly"),
        needs=(needs.scores,),
        level=LEVELS["anomaly"],
    ),
)
