"""A condition beside clips that are like it: in their domain, and in one more attribute."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dcase_explore.findings.conditions import FEWEST, codes
from dcase_explore.findings.dealing import probability

CONFOUNDED = 0.05
"""Probability by chance of what is left of a condition's cost beside clips that are like it in another attribute."""
COUNTERPARTS = 0.25
"""Share of a condition's clips that have a counterpart, from which those speak for all of them."""
FEW = 499
"""Deals that are enough for that."""


@dataclass(frozen=True)
class Match:
    """
    A condition beside the clips that are like it in one more attribute.

    Attributes
    ----------
    column
        In which they are alike.
    clips, overlap
        How many the condition has, and how many of them have a counterpart.
    cost, others
        Mean cost of those, and of their counterparts; NaN where there are none.
    p
        Probability by chance that they exceed their counterparts by so much.
    apart
        Values of the column that only the condition has.
    """

    column: str
    clips: int
    overlap: int
    cost: float
    others: float
    p: float
    apart: tuple[str, ...]

    @property
    def confirms(self) -> bool:
        """Whether the condition costs more than its counterparts, and not by chance."""
        return self.overlap >= max(FEWEST, COUNTERPARTS * self.clips) and self.p <= CONFOUNDED


def match(costs: np.ndarray, clips: pd.DataFrame, rows: np.ndarray, strata: np.ndarray, column: str) -> Match:
    """
    Hold a condition beside clips of the same stratum that have the same value in another attribute.

    Parameters
    ----------
    costs, clips, strata
        As in `search`.
    rows
        bool, shape (clips,): the condition's clips.
    column
        Of the attribute's values.

    Returns
    -------
    Match
        Their mean costs and the probability by chance of the difference.
    """
    values = codes(clips, [column])
    both = np.unique(strata * (values.max() + 1) + values, return_inverse=True)[1]
    mixed = (np.bincount(both, rows) > 0) & (np.bincount(both, ~rows) > 0)
    own = rows & mixed[both]
    texts = clips[column].to_numpy(object)
    apart = [value for value in dict.fromkeys(texts[rows]) if pd.notna(value) and not ((texts == value) & ~rows).any()]
    if not own.any():
        return Match(column, int(rows.sum()), 0, np.nan, np.nan, 1.0, tuple(apart))
    there = mixed[both]
    p = probability(costs[there], rows[there], both[there], FEW)
    cost, others, _ = beside(costs, own, both)
    return Match(column, int(rows.sum()), int(own.sum()), cost, others, p, tuple(apart))


def beside(costs: np.ndarray, rows: np.ndarray, strata: np.ndarray) -> tuple[float, float, int]:
    """Mean cost of clips, mean cost of the others of their strata in like proportion, and how many those are."""
    own = np.bincount(strata, rows)
    rest = np.bincount(strata, ~rows)
    mixed = (own > 0) & (rest > 0)
    sums = np.bincount(strata, np.where(rows, 0.0, costs))
    shares = own[mixed] / own[mixed].sum() if mixed.any() else own[mixed]
    others = float((sums[mixed] / rest[mixed] * shares).sum()) if mixed.any() else np.nan
    return float(costs[rows].mean()), others, int(rest[mixed].sum())
