"""Clips that one of two models gets wrong and the other does not, and the few that they rank at opposite ends."""

import math
from itertools import combinations
from statistics import NormalDist

import numpy as np
import pandas as pd

from dcase_explore.findings import needs
from dcase_explore.findings.chance import normal_tail
from dcase_explore.findings.finding import Finding, auc_lost, costing, sections_of
from dcase_explore.findings.rule import MachineClips, Rule
from dcase_explore.findings.rules.wrong_clips import DOES, FEWEST, is_wrong
from dcase_explore.messages import counted

LEVEL = 0.002
"""Probability by chance, of all pairs of models together."""
OUTLYING = 4.0
"""Standard deviations of the usual difference of two models' ranks, from which a clip's is an outlier."""
OPPOSITE = 0.5
"""Share of the class between a clip's two ranks, from which they are at opposite ends."""
FEWEST_RANKED = 20
"""Clips of a class, below which the usual difference is not known."""
_NORMAL = NormalDist()


def find_disagreements(machine: MachineClips) -> list[Finding]:
    """
    Find the clips that the worse of two models gets wrong and the other does not.

    Where one is clearly the worse by AUC, of several pairs of models the one that differs most; where none is, the few
    clips that two models rank at opposite ends.

    Parameters
    ----------
    machine
        One machine type.

    Returns
    -------
    list of Finding
        Of rule ``disagreements``: normals, and anomalies.
    """
    clips, pairs = machine.clips, list(combinations(machine.models, 2))
    told = [
        (abs(lost), lost, pair) for pair in pairs for lost, p in [_more_lost(clips, *pair)] if p * len(pairs) <= LEVEL
    ]
    if not told:
        few = [
            _opposite(clips, *pair, label, LEVEL / len(pairs) / 2) for pair in pairs for label in ("normal", "anomaly")
        ]
        return [finding for finding in few if finding]
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
                f"{worse} alone {DOES[label]}; {better} alone gets {int((also & ~wrong).sum())} wrong. "
                f"The AUC of {worse} is {abs(lost):.2f} lower.",
                rows,
                {worse: _more_on(clips, worse, better, rows)},
            )
        )
    return [finding for finding in found if finding]


def _more_on(clips: pd.DataFrame, worse: str, better: str, rows: pd.Index) -> float:
    """AUC that some clips of one class cost one model more than another."""
    own, other = (auc_lost(clips, model, rows.to_numpy())[0] for model in (worse, better))
    return own - other


def _opposite(clips: pd.DataFrame, one: str, other: str, label: str, level: float) -> Finding | None:
    """
    The few clips of a class that two models rank at opposite ends, where they rank the others much alike.

    Ranks become normal scores, whose difference has the same spread everywhere if the models differ by noise alone; the
    spread is that of most clips, which a few do not move.
    """
    named = [f"anomaly_score_{one}", f"anomaly_score_{other}"]
    of_label = clips[clips[[f"auc_cost_{one}", f"auc_cost_{other}"]].notna().all(axis=1) & (clips["label"] == label)]
    apart = []
    for section in sections_of(of_label):
        if len(section) < FEWEST_RANKED:
            continue
        ranks = (section[named].rank() - 0.5) / len(section)
        gap = _normal_scores(ranks[named[0]]) - _normal_scores(ranks[named[1]])
        gap -= np.median(gap)
        spread = max(1.4826 * np.median(np.abs(gap)), np.quantile(np.abs(gap), 0.9) / 1.645)
        ends = np.abs(ranks[named[0]] - ranks[named[1]]).to_numpy() >= OPPOSITE
        apart.append(pd.Series(ends & (np.abs(gap) > OUTLYING * spread), section.index))
    if not apart:
        return None
    found = pd.concat(apart)
    rows, by_chance = found.index[found], math.erfc(OUTLYING / math.sqrt(2))
    if not len(rows) or _at_least(len(rows), len(found), by_chance) > level:
        return None
    higher = int((of_label.loc[rows, f"auc_cost_{one}"] > of_label.loc[rows, f"auc_cost_{other}"]).sum())
    return costing(
        "disagreements",
        clips,
        [one, other],
        f"{counted(len(rows), label)} that {one} and {other} rank at opposite ends",
        ["label", "domain"],
        f"{one} and {other} rank the other {len(found) - len(rows)} much alike; these differ by more than "
        f"{OUTLYING:.0f} standard deviations of that. {higher} of them cost {one} more, "
        f"{len(rows) - higher} cost {other} more.",
        rows,
        least=0.0,
    )


def _normal_scores(shares: pd.Series) -> np.ndarray:
    # scipy.special takes longer to import than all of this to compute.
    return np.array([_NORMAL.inv_cdf(share) for share in shares.tolist()])


def _at_least(count: int, trials: int, share: float) -> float:
    """Probability of so many or more of so many trials."""
    from scipy.special import bdtrc

    return float(bdtrc(count - 1, trials, share))


def _more_lost(clips: pd.DataFrame, one: str, other: str) -> tuple[float, float]:
    """
    How much more AUC one model loses than another on the clips that both score, and the probability of that by chance.

    DeLong et al. 1988: costs are the placements whose paired differences the test is made of.
    """
    names = [f"auc_cost_{one}", f"auc_cost_{other}"]
    means, variance = [], 0.0
    for section in sections_of(clips[clips[names].notna().all(axis=1)]):
        more = (section[names[0]] - section[names[1]]).to_numpy(np.float64)
        parts = [more[(section["label"] == label).to_numpy()] for label in ("normal", "anomaly")]
        if min(map(len, parts)) >= FEWEST:
            means.append(float(parts[0].mean()))
            variance += sum(float(part.var(ddof=1)) / len(part) for part in parts)
    mean = float(np.mean(means)) if means else 0.0
    if not variance:  # every clip differs by as much, or none does
        return mean, 0.0 if mean else 1.0
    return mean, 2 * normal_tail(abs(mean) * len(means) / math.sqrt(variance))


RULES = (
    Rule(
        name="disagreements",
        things="disagreements",
        finds="clips that one model gets wrong and another does not, or that two models rank at opposite ends",
        speaks="the AUCs differ clearly (DeLong's test); otherwise, outliers of the difference of two models' ranks",
        look=find_disagreements,
        needs=(needs.scores, needs.two_models),
        level=LEVEL,
    ),
)
