"""How much of what each model loses all findings together explain, every pair of clips counted once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dcase_explore.findings.finding import Finding, auc_lost


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
    """

    model: str
    lost: Mapping[str, float]
    total: Mapping[str, float]

    @property
    def share(self) -> float:
        """Of all that it loses on the machine types together, 0 to 1."""
        return sum(self.lost.values()) / (sum(self.total.values()) or 1.0)


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
        for machine, its in frame.groupby("class", observed=True, sort=False):
            rows = [one.rows for one in findings if one.machine_type == str(machine) and model in one.auc_lost]
            chosen = np.unique(np.concatenate([np.zeros(0, np.int64), *rows]))
            lost[str(machine)], total[str(machine)] = auc_lost(its, model, chosen)
        found.append(Together(model, lost, total))
    return found
