"""
Which conditions cost more than chance explains, each compared with clips that are like it.

Costs are dealt out again and again among the clips of each stratum (domain, and what was told before), and what is
tried is held against the highest of all statistics of each deal: one correction for every value, range and combination
(the maximum statistic of Westfall and Young, 1993; the standardised linear statistic and its conditional variance are
those of Strasser and Weber, 1999, as in the conditional inference trees of Hothorn, Hornik and Zeileis, 2006). What is
told first becomes a stratum of what is looked for next.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd

from dcase_explore.findings.chance import AT_ONCE, PERMUTATIONS, SEED
from dcase_explore.findings.conditions import (
    FEWEST,
    OTHERS,
    Candidates,
    Condition,
    Part,
    attribute_columns,
    codes,
    values_of,
)
from dcase_explore.findings.finding import LEAST_AUC

CONFOUNDED = 0.05
"""Probability by chance of what is left of a condition's cost beside clips that are like it in another one."""
COUNTERPARTS = 0.25
"""Share of a condition's clips that have a counterpart, from which those speak for all of them."""
REFINED = 0.02
"""Probability by chance that a part of a range costs more than the rest of it, below which it is told instead."""
FEW = 499
"""Deals that are enough for `CONFOUNDED` and `REFINED`."""
MOST_TOLD = 6
"""Conditions of a machine type and model."""
_ROUNDING = 1e-4


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


@dataclass(frozen=True)
class Told:
    """
    A condition whose clips cost more than others.

    Attributes
    ----------
    condition
        Which.
    rows
        bool, shape (clips,): whether it holds.
    p
        Probability that any condition of the machine type exceeds the others by so much by chance.
    cost, others
        Mean cost of its clips, and of the others of their strata.
    n_others
        How many those are.
    before
        Conditions told before, in which its clips and the others are alike.
    matches
        Beside clips that are like it in each other attribute.
    rival
        Values of another attribute that the data do not separate from it.
    """

    condition: Condition
    rows: np.ndarray
    p: float
    cost: float
    others: float
    n_others: int
    before: tuple[Condition, ...] = ()
    matches: tuple[Match, ...] = ()
    rival: Part | None = None

    @property
    def excess(self) -> float:
        """Sum over its clips of what they cost more than others."""
        return (self.cost - self.others) * int(self.rows.sum())


def search(
    costs: np.ndarray,
    clips: pd.DataFrame,
    found: Candidates,
    strata: np.ndarray,
    level: float,
    known: Collection[Condition] = (),
) -> list[Told]:
    """
    Look for conditions that cost more than others like them.

    Values and ranges come first, those that cost most in all before others; of an attribute the value or range that
    stands out most, or the part of it that stands out of the rest. A condition that another one explains, matched value
    by value, is left out; two that explain each other are told as one. Then combinations of two attributes, beyond what
    was told.

    Parameters
    ----------
    costs
        AUC costs, float64, shape (clips,).
    clips
        Their rows of a clip table, of one section and label.
    found
        Their conditions.
    strata
        Numbers of what they are compared within, such as the domain: shape (clips,).
    level
        Probability of telling anything where there is nothing.
    known
        Conditions that were told of other models: of those that are much the same they are preferred.

    Returns
    -------
    list of Told
        At most `MOST_TOLD`, in the order in which they were found.
    """
    told: list[Told] = []
    columns = attribute_columns(clips)
    while len(told) < MOST_TOLD and found.conditions and costs.std() > 0:
        z, chances = max_statistic(costs, found.holds, strata)
        p = _at_least(z, chances)
        worth = [
            number
            for number in np.flatnonzero(p <= level).tolist()
            if _is_worth(costs, found.holds[:, number], strata) and not any(_again(found, number, its) for its in told)
        ]
        best = next(_in_order(costs, clips, found, strata, worth, z, columns, known), None)
        if best is None:
            break
        number, matches, rival = best
        while (part := _sharper(costs, found, number, strata)) is not None:
            number, matches = part, ()
        rows = found.holds[:, number]
        one = told_of(found.conditions[number], costs, rows, strata, float(p[number]))
        before = tuple(its.condition for its in told)
        told.append(replace(one, before=before, matches=matches, rival=rival))
        strata = np.unique(strata * 2 + rows, return_inverse=True)[1]
    return told


def told_of(condition: Condition, costs: np.ndarray, rows: np.ndarray, strata: np.ndarray, p: float) -> Told:
    """A condition with what its clips cost, and the others of their strata."""
    cost, others, n_others = _beside(costs, rows, strata)
    return Told(condition, rows, p, cost, others, n_others)


def probability(costs: np.ndarray, rows: np.ndarray, strata: np.ndarray, times: int = PERMUTATIONS) -> float:
    """Probability by chance that some clips cost so much more than the others of their strata; 1 where none could."""
    z, chances = max_statistic(costs, rows[:, None], strata, times)
    return float(_at_least(z, chances)[0])


def _at_least(z: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Probability of each statistic by chance."""
    chances = np.sort(chances)
    higher = len(chances) - np.searchsorted(chances, z - _ROUNDING)
    return np.asarray((higher + 1) / (len(chances) + 1))


def _in_order(
    costs: np.ndarray,
    clips: pd.DataFrame,
    found: Candidates,
    strata: np.ndarray,
    worth: Sequence[int],
    z: np.ndarray,
    columns: Sequence[str],
    known: Collection[Condition],
) -> Iterator[tuple[int, tuple[Match, ...], Part | None]]:
    """Conditions that could be told next, with what they are beside clips alike in other attributes, and a rival."""
    stands_out: dict[str, int] = {}
    for number in sorted(worth, key=lambda number: -z[number]):
        if not found.conditions[number].is_combination:
            stands_out.setdefault(found.conditions[number].columns[0], number)
    for number in worth:  # as of another model, where that is much the same
        first = stands_out.get(found.conditions[number].columns[0])
        if first is not None and found.conditions[number] in known and _alike(found, number, first):
            stands_out[found.conditions[number].columns[0]] = number
    for number in sorted(stands_out.values(), key=lambda number: -_excess(costs, found.holds[:, number], strata)):
        rows, column = found.holds[:, number], found.conditions[number].columns[0]
        matches = tuple(match(costs, clips, rows, strata, other) for other in columns if other != column)
        rival, explained = None, False
        for its in matches:
            if its.confirms:
                continue
            if its.overlap < COUNTERPARTS * its.clips and its.apart:
                rival = values_of(clips, its.column, its.apart)
            elif its.column in stands_out:
                other = stands_out[its.column]
                explained |= match(costs, clips, found.holds[:, other], strata, column).confirms
                rival = found.conditions[other].parts[0]
        if not explained:
            yield number, matches, rival
    for number in sorted(worth, key=lambda number: -z[number]):
        if found.conditions[number].is_combination:
            yield number, (), None


def max_statistic(
    costs: np.ndarray, holds: np.ndarray, strata: np.ndarray, times: int = PERMUTATIONS
) -> tuple[np.ndarray, np.ndarray]:
    """
    By how much conditions cost more than the others of their strata, and the highest that chance gives.

    Parameters
    ----------
    costs
        float64, shape (clips,).
    holds
        bool, shape (clips, conditions).
    strata
        Numbers, shape (clips,); costs are dealt out within each.
    times
        How often.

    Returns
    -------
    z : numpy.ndarray
        Sum of a condition's costs, of even spread, less what its strata let expect, in standard deviations over all
        deals: shape (conditions,). Minus infinity where a deal changes nothing.
    chances : numpy.ndarray
        Highest z of each deal, shape (times,).
    """
    order = np.argsort(strata, kind="stable")
    sizes = tuple(size for size in np.bincount(strata).tolist() if size)
    # Shares have less spread near their ends: the angle whose squared sine they are has the same (Bartlett, 1947).
    y, weights = np.arcsin(np.sqrt(np.clip(costs[order].astype(np.float64), 0, 1))), holds[order].astype(np.float64)
    variance, start = np.zeros(weights.shape[1]), 0
    for size in sizes:
        part = slice(start, start + size)
        weights[part] -= weights[part].mean(axis=0)
        y[part] -= y[part].mean()
        if size > 1:
            variance += (weights[part] ** 2).sum(axis=0) * (y[part] ** 2).sum() / (size - 1)
        start += size
    moved = variance > _ROUNDING
    if not moved.any():
        return np.full(len(moved), -np.inf), np.full(times, np.inf)
    weights = (weights[:, moved] / np.sqrt(variance[moved])).astype(np.float32)
    y = y.astype(np.float32)
    z = np.full(len(moved), -np.inf)
    z[moved] = y @ weights
    chances = np.concatenate([(y[deal] @ weights).max(axis=1) for deal in deals(sizes, times)])
    return z, chances


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
    beside = mixed[both]
    p = probability(costs[beside], rows[beside], both[beside], FEW)
    cost, others, _ = _beside(costs, own, both)
    return Match(column, int(rows.sum()), int(own.sum()), cost, others, p, tuple(apart))


def _beside(costs: np.ndarray, rows: np.ndarray, strata: np.ndarray) -> tuple[float, float, int]:
    """Mean cost of clips, mean cost of the others of their strata in like proportion, and how many those are."""
    own = np.bincount(strata, rows)
    rest = np.bincount(strata, ~rows)
    mixed = (own > 0) & (rest > 0)
    sums = np.bincount(strata, np.where(rows, 0.0, costs))
    shares = own[mixed] / own[mixed].sum() if mixed.any() else own[mixed]
    others = float((sums[mixed] / rest[mixed] * shares).sum()) if mixed.any() else np.nan
    return float(costs[rows].mean()), others, int(rest[mixed].sum())


def _excess(costs: np.ndarray, rows: np.ndarray, strata: np.ndarray) -> float:
    cost, others, _ = _beside(costs, rows, strata)
    return float((cost - others) * rows.sum())


def _is_worth(costs: np.ndarray, rows: np.ndarray, strata: np.ndarray) -> bool:
    """Whether clips cost enough to be told, beside others that are not the exception themselves."""
    cost, others, n_others = _beside(costs, rows, strata)
    return bool((cost - others) * rows.sum() >= LEAST_AUC * len(costs) and n_others >= OTHERS * rows.sum())


def _sharper(costs: np.ndarray, found: Candidates, number: int, strata: np.ndarray) -> int | None:
    """The part of a range that costs more than the rest of it."""
    rows, condition = found.holds[:, number], found.conditions[number]
    if condition.is_combination or not condition.parts[0].is_range:
        return None
    inside = [
        other
        for other, one in enumerate(found.conditions)
        if one.columns == condition.columns and not (found.holds[:, other] & ~rows).any() and other != number
    ]
    if not inside:
        return None
    z, chances = max_statistic(costs[rows], found.holds[rows][:, inside], strata[rows], FEW)
    return inside[int(z.argmax())] if _at_least(z, chances).min() <= REFINED else None


def _alike(found: Candidates, one: int, other: int) -> bool:
    """Whether two conditions have most of their clips in common."""
    return bool(
        2 * (found.holds[:, one] & found.holds[:, other]).sum() >= (found.holds[:, one] | found.holds[:, other]).sum()
    )


def _again(found: Candidates, number: int, told: Told) -> bool:
    """Whether a condition says of an attribute what was told of it: what lies in a told range is not told again."""
    same = found.conditions[number].columns == told.condition.columns
    return same and bool((found.holds[:, number] & told.rows).any())


@lru_cache(maxsize=64)
def _kept_deals(sizes: tuple[int, ...], times: int) -> tuple[np.ndarray, ...]:
    return tuple(_deals(sizes, times))


def deals(sizes: tuple[int, ...], times: int) -> Iterable[np.ndarray]:
    """
    Orders in which clips can be dealt out within their strata, always the same ones.

    Parameters
    ----------
    sizes
        Clips of each stratum, which stand one after the other.
    times
        How often.

    Returns
    -------
    iterable of numpy.ndarray
        Places, int32, shape (deals, clips): `times` rows in all, in blocks of bounded memory.
    """
    return _kept_deals(sizes, times) if sum(sizes) * times <= AT_ONCE / 4 else _deals(sizes, times)


def _deals(sizes: tuple[int, ...], times: int) -> Iterator[np.ndarray]:
    rng, n = np.random.default_rng([SEED, *sizes]), sum(sizes)
    starts = np.cumsum([0, *sizes])
    block = max(1, AT_ONCE // max(1, n))
    for first in range(0, times, block):
        orders = np.empty((min(block, times - first), n), np.int32)
        for start, size in zip(starts[:-1], sizes, strict=True):
            its = rng.random((len(orders), size), dtype=np.float32)
            orders[:, start : start + size] = np.argsort(its, axis=1) + start
        yield orders
