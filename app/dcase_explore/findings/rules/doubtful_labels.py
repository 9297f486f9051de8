"""Clips whose label all models and all their neighbours speak against."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dcase_explore import clips as clip_table
from dcase_explore.findings import needs
from dcase_explore.findings.chance import overlap_by_chance
from dcase_explore.findings.finding import Finding, sections_of
from dcase_explore.findings.neighbors import nearest_rows
from dcase_explore.findings.rule import MachineClips, Rule
from dcase_explore.findings.rules.wrong_clips import CLEAR, skill_of
from dcase_explore.messages import counted

LEVEL = 0.002
"""Probability by chance, of all embeddings together."""
K = 5
"""Neighbours, all of which have to be of the other label."""


def find_doubtful(machine: MachineClips) -> list[Finding]:
    """
    Find the test clips whose label looks doubtful.

    Parameters
    ----------
    machine
        One machine type.

    Returns
    -------
    list of Finding
        Of rule ``doubtful_labels``: one of each embedding in which there are more of them than chance gives. Only
        models that clearly rank better than chance are asked.
    """
    skills = {model: skill_of(machine.clips, model) for model in machine.models}
    clear = [model for model, skill in skills.items() if skill is not None and skill.p <= CLEAR]
    found = [_in_embedding(machine, name, clear) for name in machine.distances if clear]
    return [finding for finding in found if finding]


def _in_embedding(machine: MachineClips, embedding: str, models: Sequence[str]) -> Finding | None:
    costs = machine.clips[[f"auc_cost_{model}" for model in models]]
    known = machine.clips[
        costs.notna().all(axis=1) & machine.clips["label"].notna() & (machine.clips["split"] == "test")
    ]
    groups, rows = [], []
    for section in sections_of(known):
        matrix, present = clip_table.vectors(section, embedding)
        there = section[present]
        if len(there) <= K:
            continue
        labels = there["label"].to_numpy(object)
        neighbours = (labels[nearest_rows(matrix, K)] != labels[:, None]).all(axis=1)
        by_models = np.all([_against(there, model) for model in models], axis=0)
        for label in dict.fromkeys(labels):
            groups.append([part[labels == label] for part in (by_models, neighbours)])  # noqa: PERF401 - to be read
        rows += there.index[by_models & neighbours].tolist()
    if not rows:
        return None
    expected, p = overlap_by_chance(groups)
    if p > LEVEL / len(machine.distances):
        return None
    ordered = costs.loc[rows].mean(axis=1).sort_values(ascending=False, kind="stable").index.to_numpy()
    return Finding(
        "doubtful_labels",
        machine.machine_type,
        f"{machine.machine_type}: {counted(len(rows), 'clip')} whose label looks doubtful",
        "low",
        ("label", *costs.columns, "nearest_normal"),
        f"{' and '.join(models)} rank each of them deeper in the other class than in its own, and its {K} nearest test "
        f"clips in {embedding} are all of the other class; by chance there would be {expected:.1f}. Listen to them: a "
        "label may be wrong, or models and embedding may be misled by the same sound.",
        ordered,
    )


def _against(clips: pd.DataFrame, model: str) -> np.ndarray:
    """Whether a larger share of the other class is on the wrong side of each clip than of its own beyond it."""
    scores, normal = clips[f"anomaly_score_{model}"].astype(np.float64), clips["label"] == "normal"
    beyond = scores.where(normal, -scores).groupby(normal).rank(ascending=False, method="max") - 1
    return np.asarray(clips[f"auc_cost_{model}"] > beyond / normal.groupby(normal).transform("size"))


RULES = (
    Rule(
        name="doubtful_labels",
        things="doubtful labels",
        finds="clips whose label all models that beat chance and all of their neighbours speak against",
        speaks="more of them than if models and neighbours spoke independently",
        look=find_doubtful,
        needs=(needs.scores, needs.embeddings),
        level=LEVEL,
    ),
)
