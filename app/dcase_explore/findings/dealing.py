"""
Whether conditions cost more than chance gives: costs are dealt out again and again among clips that are alike.

What is tried is held against the best of all that is tried in each deal: one correction for everything (the resampling
of Westfall and Young, 1993, by the smallest probability; the standardised linear statistics and their conditional
variance are those of Strasser and Weber, 1999, as in the conditional inference trees of Hothorn, Hornik and Zeileis,
2006).

Costs pile up near 0, the more so the better the model is, and a few large ones would make up the sum of a small group.
So several sums are looked at, each against its own kind: that of the costs' ranks within the stratum (Wilcoxon, 1945);
that of their logarithms, which speaks where clips that cost nothing elsewhere all cost something; and how many clips
are above the stratum's lower quartile, and above its median (Mood, 1950), which speaks where none of a group is as good
as the better ones elsewhere are. What that gains is printed by `tests/benchmarks/power.py`.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from dcase_explore.findings.chance import AT_ONCE, PERMUTATIONS, SEED

_STEP = 0.01
"""Added to costs before their logarithm is taken: what one of a hundred clips of the other class is."""
_CUTS = 0.25, 0.5
"""Ranks within the stratum, above which clips are counted."""
_ROUNDING = 1e-4
FIRST, CLEARLY = 249, 4.0
"""Deals after which it is seen whether all is by so many times less probable than what would be told."""


def probability(costs: np.ndarray, rows: np.ndarray, strata: np.ndarray, times: int = PERMUTATIONS) -> float:
    """Probability by chance that some clips cost so much more than the others of their strata; 1 where none could."""
    return float(probabilities(costs, rows[:, None], strata, times=times)[0])


def probabilities(
    costs: np.ndarray,
    holds: np.ndarray,
    strata: np.ndarray,
    kinds: np.ndarray | None = None,
    times: int = PERMUTATIONS,
    level: float = 1.0,
) -> np.ndarray:
    """
    Probability by chance that any of several conditions costs as much more than the others as each of them does.

    Parameters
    ----------
    costs
        float64, shape (clips,).
    holds
        bool, shape (clips, conditions).
    strata
        Numbers, shape (clips,); costs are dealt out within each.
    kinds
        Numbers, shape (conditions,): the few of one kind are not held against the many of another; None for one kind.
    times
        How often costs are dealt out.
    level
        Only what is not above it is wanted: where the first deals leave no doubt that everything is, they suffice.

    Returns
    -------
    numpy.ndarray
        Shape (conditions,); 1 where a deal changes nothing.
    """
    order, parts = _strata(strata)
    costs, holds = costs[order].astype(np.float64), holds[order]
    kinds = np.zeros(holds.shape[1]) if kinds is None else kinds
    sums = []
    ranks = _ranks(costs, parts)
    for values in (ranks, np.log(costs + _STEP), *((ranks > cut).astype(np.float64) for cut in _CUTS)):
        for kind in np.unique(kinds):
            moved, dealt, weights = _standardised(values.copy(), holds[:, kinds == kind], parts)
            if moved.any():
                sums.append((np.flatnonzero(kinds == kind)[moved], dealt, weights))
    if not sums:
        return np.ones(holds.shape[1])
    sizes = tuple(part.stop - part.start for part in parts)
    orders = _blocks(deals(sizes, times))
    highest = _highest(sums, next(orders))
    found = _held_against(sums, highest, holds.shape[1])
    if highest.shape[1] >= FIRST and found.min() > CLEARLY * level:
        return found
    highest = np.concatenate([highest, *(_highest(sums, deal) for deal in orders)], axis=1)
    return _held_against(sums, highest, holds.shape[1])


_Sum: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Conditions, and the values and weights whose product they are looked at by."""


def _blocks(orders: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """The first deals, then the others."""
    for number, deal in enumerate(orders):
        yield from (deal[:FIRST], deal[FIRST:]) if number == 0 else (deal,)


def _highest(sums: Iterable[_Sum], deal: np.ndarray) -> np.ndarray:
    """The highest of each kind of sum in each deal: shape (sums, deals)."""
    return np.array([(dealt[deal] @ weights).max(axis=1) for _, dealt, weights in sums])


def _held_against(sums: Iterable[_Sum], highest: np.ndarray, count: int) -> np.ndarray:
    """Probability of as small a probability, of any of the sums, as each condition has."""
    p = np.ones(count)
    for (those, dealt, weights), chances in zip(sums, highest, strict=True):
        p[those] = np.minimum(p[those], _at_least(dealt @ weights, chances))
    smallest = np.min([_at_least(chances, chances) for chances in highest], axis=0)
    return np.where(p < 1, _at_least(-p, -smallest), 1.0)


def _at_least(z: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Share of chances, itself among them, that are as high."""
    chances = np.sort(chances)
    higher = len(chances) - np.searchsorted(chances, z - _ROUNDING)
    return np.asarray((higher + 1) / (len(chances) + 1))


def prominence(costs: np.ndarray, holds: np.ndarray, strata: np.ndarray) -> np.ndarray:
    """
    By how much conditions stand out in what they cost, to choose among those that chance does not explain.

    Parameters
    ----------
    costs, holds, strata
        As in `probabilities`.

    Returns
    -------
    numpy.ndarray
        Sum of a condition's costs, of even spread, less what its strata let expect, in standard deviations over all
        deals: shape (conditions,). Minus infinity where a deal changes nothing.
    """
    order, parts = _strata(strata)
    # Shares have less spread near their ends: the angle whose squared sine they are has the same (Bartlett, 1947).
    angles = np.arcsin(np.sqrt(np.clip(costs[order].astype(np.float64), 0, 1)))
    moved, values, weights = _standardised(angles, holds[order], parts)
    z = np.full(holds.shape[1], -np.inf)
    z[moved] = values @ weights
    return z


def _strata(strata: np.ndarray) -> tuple[np.ndarray, list[slice]]:
    """Order in which the clips of each stratum stand together, and where."""
    ends = np.cumsum([size for size in np.bincount(strata).tolist() if size]).tolist()
    return np.argsort(strata, kind="stable"), [slice(*ends_of) for ends_of in zip([0, *ends[:-1]], ends, strict=True)]


def _standardised(
    values: np.ndarray, holds: np.ndarray, parts: Iterable[slice]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Conditions of which a deal changes the sum; values and weights whose product is that sum, standardised."""
    weights, variance = holds.astype(np.float64), np.zeros(holds.shape[1])
    for part in parts:
        weights[part] -= weights[part].mean(axis=0)
        values[part] -= values[part].mean()
        if (size := part.stop - part.start) > 1:
            variance += (weights[part] ** 2).sum(axis=0) * (values[part] ** 2).sum() / (size - 1)
    moved = variance > _ROUNDING
    weights = weights[:, moved] / np.sqrt(variance[moved])
    return moved, values.astype(np.float32), weights.astype(np.float32)


def _ranks(costs: np.ndarray, parts: Iterable[slice]) -> np.ndarray:
    """Ranks within each stratum, 0 to 1, those of equal costs averaged."""
    ranks = np.empty(len(costs))
    for part in parts:
        _, places, counts = np.unique(costs[part], return_inverse=True, return_counts=True)
        ranks[part] = ((counts.cumsum() - (counts - 1) / 2) / len(places))[places]
    return ranks


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
            drawn = rng.random((len(orders), size), dtype=np.float32)
            orders[:, start : start + size] = np.argsort(drawn, axis=1) + start
        yield orders
