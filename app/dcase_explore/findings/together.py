"""
What all findings together say of what each model loses: what their clips cost, and how much of it conditions explain.

Both are counted once. The first is large by itself where findings list the clips that a model ranks wrong; the second
is what is left of it beyond what clips cost of which no condition is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dcase_explore.findings.finding import Finding, auc_lost, scored_sections

CONDITIONS = {"normal": "attribute_values", "anomaly": "missed_attribute_values"}
"""Rules that tell conditions, by label of the clips."""


@dataclass(frozen=True)
class Together:
    """
    What the clips of all findings about a model cost it.

    Attributes
    ----------
    model
        Its name.
    lost, total
        AUC that those clips cost, and all that the model loses, 0 to 1, by machine type.
    explained
        AUC that the clips of told conditions cost beyond others, by label and machine type. What normals and what
        anomalies cost are the same wrong pairs, so that the two do not add up.
    """

    model: str
    lost: Mapping[str, float]
    total: Mapping[str, float]
    explained: Mapping[str, Mapping[str, float]]

    @property
    def share(self) -> float:
        """Of all that it loses on the machine types together, 0 to 1."""
        return sum(self.lost.values()) / (sum(self.total.values()) or 1.0)

    def explained_share(self, label: str) -> float:
        """Of all that it loses, what conditions of normals (or anomalies) explain: 0 to 1."""
        return sum(self.explained[label].values()) / (sum(self.total.values()) or 1.0)


def together(frame: pd.DataFrame, findings: Sequence[Finding]) -> list[Together]:
    """
    Count once what findings explain.

    Parameters
    ----------
    frame
        Scored clip table that they were found in.
    findings
        In any order.

    Returns
    -------
    list of Together
        One of each model that a finding costs something, over the machine types on which it loses anything.
    """
    models = dict.fromkeys(model for finding in findings for model in finding.auc_lost)
    found = []
    for model in models:
        lost, total = {}, {}
        explained: dict[str, dict[str, float]] = {label: {} for label in CONDITIONS}
        for machine, of_machine in frame.groupby("class", observed=True, sort=False):
            own = [one for one in findings if one.machine_type == str(machine) and model in one.auc_lost]
            chosen = np.unique(np.concatenate([np.zeros(0, np.int64), *(one.rows for one in own)]))
            lost[str(machine)], total[str(machine)] = auc_lost(of_machine, model, chosen)
            for label, rule in CONDITIONS.items():
                told = [one.rows for one in own if one.rule == rule]
                explained[label][str(machine)] = _beyond_others(of_machine, model, label, told)
        found.append(Together(model, lost, total, explained))
    return found


def _beyond_others(clips: pd.DataFrame, model: str, label: str, told: Sequence[np.ndarray]) -> float:
    """
    AUC that the clips of told conditions cost beyond those of their domain of which none is told.

    Where a domain has no such clips, for it is told itself say, beyond all of which the fewest are told.
    """
    sections, lost = scored_sections(clips, model), 0.0
    for index, _, anomalous in sections:
        of_label = clips.loc[index[anomalous == (label == "anomaly")]]
        costs = of_label[f"auc_cost_{model}"].to_numpy(np.float64)
        times = np.sum([of_label.index.isin(rows) for rows in told], axis=0) if told else np.zeros(len(of_label))
        domains = of_label["domain"].to_numpy(object) if "domain" in of_label else np.full(len(of_label), None)
        usual = np.full(len(of_label), costs[times == times.min()].mean())
        for domain in dict.fromkeys(domains):
            others = (domains == domain) & (times == 0)
            if others.any():
                usual[domains == domain] = costs[others].mean()
        lost += float((costs - usual)[times > 0].sum()) / len(of_label)
    return max(0.0, lost / len(sections)) if sections else 0.0
