"""What chance alone would give: the tests that tell a finding from noise."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from dcase_explore.scoring.metrics import auc_costs

FAMILY = 0.05
"""Probability that all rules together tell something of a machine type and model where there is nothing."""

PERMUTATIONS = 1_999
"""Deals by which a probability is estimated where no formula gives it: the smallest is one in two thousand."""

SEED = 20230301
AT_ONCE = 2_000_000
_Z95 = 1.959963984540054


def dealt(values: np.ndarray, seed: int = 0) -> Iterator[np.ndarray]:
    """
    Deal values out at random, again and again, always in the same way.

    Parameters
    ----------
    values
        Shape (clips,).
    seed
        Another one deals otherwise.

    Yields
    ------
    numpy.ndarray
        Shape (deals, clips): each row a permutation; `PERMUTATIONS` rows in all, in blocks of bounded memory.
    """
    rng, block = np.random.default_rng([SEED, seed]), max(1, AT_ONCE // max(1, len(values)))
    for start in range(0, PERMUTATIONS, block):
        yield rng.permuted(np.tile(values, (min(block, PERMUTATIONS - start), 1)), axis=1)


def overlap_by_chance(groups: Sequence[Sequence[np.ndarray]]) -> tuple[float, float]:
    """
    How many clips several sets would have in common if each were drawn by itself.

    Parameters
    ----------
    groups
        Sets, bool, each of shape (clips,), group by group (section by section): each group's clips are drawn among
        themselves, as many as each set has there.

    Returns
    -------
    expected : float
        Clips in common, on average.
    p : float
        Probability of at least as many as there are.
    """
    expected, common, drawn = 0.0, 0, np.zeros(PERMUTATIONS)
    for first, *others in groups:
        expected += len(first) * float(np.prod([group.mean() for group in (first, *others)]))
        common += int(np.all([first, *others], axis=0).sum())
        decks = zip(*(dealt(group, seed) for seed, group in enumerate(others)), strict=True)
        drawn += np.concatenate([(first & np.all(deck, axis=0)).sum(axis=1) for deck in decks])
    return expected, float(((drawn >= common).sum() + 1) / (PERMUTATIONS + 1))


def normal_tail(z: float) -> float:
    """Probability that a standard normal variable exceeds `z`."""
    return math.erfc(z / math.sqrt(2)) / 2


def wilson_interval(count: int, trials: int) -> tuple[float, float]:
    """
    95 % confidence interval of a share (Wilson 1927).

    Parameters
    ----------
    count, trials
        Of how many how many; at least one trial.

    Returns
    -------
    tuple of float
        Lower and upper end, 0 to 1.
    """
    share, spread = count / trials, _Z95**2 / trials
    centre = (share + spread / 2) / (1 + spread)
    half = _Z95 / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return max(0.0, centre - half), min(1.0, centre + half)


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """
    95 % confidence interval of a mean of costs, 0 to 1, by Student's t.

    Parameters
    ----------
    values
        Shape (clips,).

    Returns
    -------
    tuple of float
        Lower and upper end, clipped to 0 to 1, which it is where there are fewer than two values.
    """
    if len(values) < 2:
        return 0.0, 1.0
    from scipy.special import stdtrit  # scipy.stats itself takes longer to import than all of this to compute

    half = float(stdtrit(len(values) - 1, 0.975)) * float(values.std(ddof=1)) / math.sqrt(len(values))
    return max(0.0, float(values.mean()) - half), min(1.0, float(values.mean()) + half)


def auc_of(groups: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float, tuple[float, float]]:
    """
    AUC of values that are expected to be higher against others, and whether chance explains it.

    Parameters
    ----------
    groups
        Higher and lower values, each of shape (clips,), not empty; several pairs (sections, say) are averaged.

    Returns
    -------
    auc : float
        Share of pairs in which the first is higher, ties one half.
    p : float
        One-sided: probability of at least this AUC if both come from one distribution (Mann and Whitney 1947; normal
        approximation, corrected for ties; conservative for very few values).
    interval : tuple of float
        95 % confidence interval (DeLong et al. 1988).
    """
    aucs, by_chance, spread = [], 0.0, 0.0
    for high, low in groups:
        values, is_high = np.concatenate([high, low]), np.arange(len(high) + len(low)) < len(high)
        costs = auc_costs(values, is_high)
        aucs.append(1 - float(costs[~is_high].mean()))
        n, (_, ties) = len(values), np.unique(values, return_counts=True)
        tied = float((ties.astype(np.float64) ** 3 - ties).sum()) / (n * (n - 1))
        by_chance += (n + 1 - tied) / (12 * len(high) * len(low))
        spread += sum(
            float(part.var(ddof=1)) / len(part) for part in (costs[is_high], costs[~is_high]) if len(part) > 1
        )
    auc, half = float(np.mean(aucs)), _Z95 * math.sqrt(spread) / len(aucs)
    deviation = math.sqrt(by_chance) / len(aucs)
    p = normal_tail((auc - 0.5) / deviation) if deviation > 0 else 1.0
    return auc, p, (max(0.0, auc - half), min(1.0, auc + half))
