"""Two models on the same clips: which ranks better where, and whether chance explains it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dcase_explore.columns import DOMAINS
from dcase_explore.errors import ExploreError
from dcase_explore.findings.chance import normal_tail
from dcase_explore.messages import some
from dcase_explore.scoring.intervals import Difference as OfficialDifference
from dcase_explore.scoring.intervals import intervals
from dcase_explore.scoring.metrics import auc_costs
from dcase_explore.scoring.official import ModelScore, official_scores

LEVEL = 0.05
"""Probability by chance, corrected for all differences of the pair (Holm 1979), below which one is told."""
FEWEST = 5
"""Normals, and anomalies, below which two AUCs cannot be compared."""
_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Difference:
    """
    How much better one model ranks than another, in one domain of one section.

    Attributes
    ----------
    section, domain
        ``"valve 00"``; ``"source"``, ``"target"``, or ``"all"`` where no domain is known.
    before, after
        AUC of the model that is compared with, and of the other, on the clips that both score.
    interval
        95 % confidence interval of the difference, after minus before (DeLong et al. 1988, paired).
    p
        Two-sided probability of such a difference by chance.
    corrected
        The same, corrected for all the differences of the two models (Holm 1979).
    normals, anomalies
        How many clips were compared.
    """

    section: str
    domain: str
    before: float
    after: float
    interval: tuple[float, float]
    p: float
    normals: int
    anomalies: int
    corrected: float = 1.0

    @property
    def more(self) -> float:
        """AUC gained; negative where it was lost."""
        return self.after - self.before

    @property
    def is_told(self) -> bool:
        """Whether chance does not explain it."""
        return self.corrected <= LEVEL


@dataclass(frozen=True)
class Comparison:
    """
    One model against another.

    Attributes
    ----------
    before, after
        Names of both, with that of their run where they are of two.
    symbol, omega
        What the official score is called, and that of both; None where there is none.
    differences
        Section by section, in the order of the score's table.
    worse, better
        Positions in the clip table of the test clips that cost most AUC more than before, and most less; costliest
        change first, int64.
    cost_before
        What each clip of the table cost before, float64, NaN where it was not scored.
    clips
        Test clips that both score.
    official
        How both official scores differ on these clips, for models of two runs; None where there is none.
    """

    before: str
    after: str
    symbol: str
    omega: tuple[float | None, float | None]
    differences: tuple[Difference, ...]
    worse: np.ndarray
    better: np.ndarray
    cost_before: np.ndarray
    clips: int
    official: OfficialDifference | None = None

    def told(self, sign: int) -> list[Difference]:
        """Differences that chance does not explain, for the better (1) or the worse (-1); largest first."""
        found = [one for one in self.differences if one.is_told and one.more * sign > 0]
        return sorted(found, key=lambda one: -abs(one.more))


def pairs(
    before: Sequence[ModelScore], after: Sequence[ModelScore], titles: tuple[str, str]
) -> list[tuple[ModelScore, ModelScore]]:
    """
    Which model of a run is compared with which of another.

    Parameters
    ----------
    before, after
        Models of both.
    titles
        Of both, for the error.

    Returns
    -------
    list of tuple
        Those of the same name, or the only one of each.

    Raises
    ------
    ExploreError
        When no two belong together.
    """
    by_name = {model.model: model for model in before}
    same = [(by_name[model.model], model) for model in after if model.model in by_name]
    if same:
        return same
    if len(before) == len(after) == 1:
        return [(before[0], after[0])]
    lists = [some(model.model for model in models) or "none" for models in (after, before)]
    raise ExploreError(
        f"no model of {titles[1]} ({lists[0]}) has the name of one of {titles[0]} ({lists[1]}): "
        "name them alike with --scores NAME=FILE, or give one model of each"
    )


def compare(
    frame: pd.DataFrame, before: ModelScore, after: ModelScore, others: pd.DataFrame, names: tuple[str, str]
) -> Comparison:
    """
    Compare two models on the clips that both score.

    Parameters
    ----------
    frame
        Scored clip table with the model that is asked about.
    before, after
        The model that is compared with, and the one that is asked about.
    others
        Scored clip table with the model that is compared with; it may be the same.
    names
        What both are called.

    Returns
    -------
    Comparison
        The change in AUC of each domain, and the clips that changed most.

    Raises
    ------
    ExploreError
        When both score no clip in common.
    """
    old, cost = _by_clip(others, before.model), f"auc_cost_{after.model}"
    known = (frame["split"] == "test") & frame["label"].notna() & frame[cost].notna() & frame["clip_id"].isin(old.index)
    rows = np.flatnonzero(known)
    clips = frame.iloc[rows]
    if clips.empty:
        raise ExploreError(f"{names[0]} and {names[1]} score no clip in common: they cannot be compared")
    earlier = old.loc[clips["clip_id"]]
    new, was = clips[f"anomaly_score_{after.model}"].to_numpy(np.float64), earlier["score"].to_numpy(np.float64)
    cost_before = np.full(len(frame), np.nan)
    cost_before[rows] = earlier["cost"]
    change = clips[cost].to_numpy(np.float64) - cost_before[rows]
    order = np.argsort(-change, kind="stable")
    sections = clips["section"] if "section" in clips else pd.Series(np.nan, clips.index)
    found: list[Difference] = []
    for (machine, number), where in clips.groupby(
        [clips["class"], sections], observed=True, dropna=False
    ).indices.items():
        name = str(machine) if pd.isna(number) else f"{machine} {int(number):02d}"
        found += _differences(name, clips.iloc[where], was[where], new[where], after.definition.own_anomalies)
    return Comparison(
        *names,
        after.definition.symbol,
        (before.official_score, after.official_score),
        tuple(_corrected(found)),
        rows[order[change[order] > 0]],
        rows[order[::-1][change[order[::-1]] < 0]],
        cost_before,
        len(clips),
    )


def official_difference(
    frame: pd.DataFrame, before: ModelScore, after: ModelScore, others: pd.DataFrame, names: tuple[str, str]
) -> OfficialDifference | None:
    """
    Tell how the official scores of two models differ, with the paired interval.

    Parameters
    ----------
    frame, before, after, others, names
        As `compare` takes them.

    Returns
    -------
    OfficialDifference or None
        Of the later less the earlier, on the clips that both score; None where these have no official score.
    """
    old = _by_clip(others, before.model)
    clips = frame[frame["clip_id"].isin(old.index) & frame[f"auc_cost_{after.model}"].notna()]
    both = clips[[name for name in ("class", "section", "split", "label", "domain", "year") if name in clips]].assign(
        **{
            f"anomaly_score_{names[1]}": clips[f"anomaly_score_{after.model}"],
            f"anomaly_score_{names[0]}": old.loc[clips["clip_id"], "score"].to_numpy(),
        }
    )
    models, _ = official_scores(both, {})
    return next(iter(intervals(both, models).differences), None)


def _by_clip(frame: pd.DataFrame, model: str) -> pd.DataFrame:
    scored = frame[["clip_id", f"anomaly_score_{model}", f"auc_cost_{model}"]].set_axis(
        ["clip_id", "score", "cost"], axis=1
    )
    return scored[scored["cost"].notna()].set_index("clip_id")


def _differences(
    name: str, clips: pd.DataFrame, was: np.ndarray, new: np.ndarray, own_anomalies: bool
) -> list[Difference]:
    anomalous = (clips["label"] == "anomaly").to_numpy()
    domains = clips["domain"].to_numpy(object) if "domain" in clips else np.full(len(clips), None)
    known = [domain for domain in DOMAINS if (domains == domain).any()]
    found = []
    for domain in known or ["all"]:
        normals = ~anomalous & (domains == domain) if known else ~anomalous
        anomalies = anomalous & (domains == domain) if known and own_anomalies else anomalous
        part = normals | anomalies
        if min(normals.sum(), anomalies.sum()) >= FEWEST:
            found.append(difference(name, domain, was[part], new[part], anomalous[part]))
    return found


def difference(section: str, domain: str, was: np.ndarray, new: np.ndarray, anomalous: np.ndarray) -> Difference:
    """
    Test whether two AUCs on the same clips differ (DeLong et al. 1988).

    Parameters
    ----------
    section, domain
        Of the clips.
    was, new
        Scores of both models, shape (clips,); higher is more anomalous.
    anomalous
        bool, shape (clips,): which of them are anomalies; at least two of each class.

    Returns
    -------
    Difference
        Not yet corrected for others.
    """
    costs = [auc_costs(scores, anomalous) for scores in (was, new)]
    aucs = [1 - float(cost[~anomalous].mean()) for cost in costs]
    less = costs[0] - costs[1]
    deviation = math.sqrt(sum(float(less[part].var(ddof=1)) / part.sum() for part in (anomalous, ~anomalous)))
    more = aucs[1] - aucs[0]
    p = 2 * normal_tail(abs(more) / deviation) if deviation > 0 else float(more == 0)
    interval = (more - _Z95 * deviation, more + _Z95 * deviation)
    normals, anomalies = int((~anomalous).sum()), int(anomalous.sum())
    return Difference(section, domain, aucs[0], aucs[1], interval, min(1.0, p), normals, anomalies)


def _corrected(found: list[Difference]) -> list[Difference]:
    """Each with its probability after Holm's step-down correction."""
    corrected, highest = [1.0] * len(found), 0.0
    for rank, number in enumerate(sorted(range(len(found)), key=lambda number: found[number].p)):
        highest = max(highest, min(1.0, (len(found) - rank) * found[number].p))
        corrected[number] = highest
    return [replace(one, corrected=p) for one, p in zip(found, corrected, strict=True)]
