"""Decisions that call nearly all clips the same, and what other thresholds would give."""

import numpy as np
import pandas as pd

from dcase_explore.findings import needs
from dcase_explore.findings.finding import Finding
from dcase_explore.findings.rule import MachineClips, Rule
from dcase_explore.messages import counted
from dcase_explore.scoring.thresholds import FEWEST, PERCENTILE

SAME = 0.95
"""Share of the test clips that are called the same, from which decisions tell nothing."""
_CALLED = {"anomaly": "anomalous", "normal": "normal"}


def find_thresholds(machine: MachineClips) -> list[Finding]:
    """
    Find the models whose decisions call nearly all clips of a machine type the same.

    Parameters
    ----------
    machine
        One machine type.

    Returns
    -------
    list of Finding
        Of rule ``thresholds``: the clips that are decided wrongly, costliest first.
    """
    found = [_of_model(machine, model) for model in machine.models if f"prediction_{model}" in machine.clips]
    return [finding for finding in found if finding]


def _of_model(machine: MachineClips, model: str) -> Finding | None:
    named = [f"anomaly_score_{model}", f"prediction_{model}", f"auc_cost_{model}"]
    test = machine.clips[(machine.clips["split"] == "test") & machine.clips[["label", *named]].notna().all(axis=1)]
    if len(test) < FEWEST or test["label"].nunique() < 2:
        return None
    anomalous, called = (test["label"] == "anomaly").to_numpy(), (test[named[1]] == "anomaly").to_numpy()
    share = float(called.mean())
    if max(share, 1 - share) < SAME:
        return None
    same = "anomaly" if share >= SAME else "normal"
    count = int(called.sum() if same == "anomaly" else (~called).sum())
    scores = test[named[0]].to_numpy(np.float64)
    others = [f"F1 is {_f1(called, anomalous):.2f}"]
    train = machine.clips.loc[machine.clips["split"] == "train", named[0]].dropna().to_numpy(np.float64)
    if len(train) >= FEWEST:
        at = float(np.quantile(train, PERCENTILE))
        others.append(
            f"{_f1(scores > at, anomalous):.2f} with a threshold at the {PERCENTILE:.0%} quantile of the "
            f"{counted(len(train), 'training clip')}, {at:.4g}"
        )
    best, at = max((_f1(scores > at, anomalous), at) for at in [scores.min() - 1, *np.unique(scores)])
    others.append(f"{best:.2f} with the best one in hindsight, {at:.4g}, which nobody knows beforehand")
    wrong = test[called != anomalous].sort_values(named[2], ascending=False, kind="stable")
    return Finding(
        "thresholds",
        machine.machine_type,
        f"{machine.machine_type}: {model} calls {count} of {counted(len(test), 'test clip')} {_CALLED[same]}",
        "low",
        (named[1], "label", "domain", named[0]),
        f"Decisions that call nearly all clips the same say nothing. {'; '.join(others)}.",
        wrong.index.to_numpy(),
    )


def _f1(called: np.ndarray, anomalous: np.ndarray) -> float:
    hits = int((called & anomalous).sum())
    return 2 * hits / (int(called.sum()) + int(anomalous.sum()))


def _decided(frame: pd.DataFrame) -> str | None:
    return needs.scores(frame) or needs.decisions(frame)


RULES = (
    Rule(
        name="thresholds",
        things="thresholds",
        finds="decisions that call nearly all clips of a machine type the same, beside what a threshold at the 90th "
        "percentile of the training clips and the best one in hindsight would give",
        speaks=f"{SAME:.0%} of the test clips".replace("%", " %"),
        look=find_thresholds,
        needs=(_decided,),
    ),
)
