"""
Which conditions cost more than chance explains, each compared with clips that are like it.

Costs are dealt out among the clips of each stratum (domain, and what was told before), by `dealing`. A condition is
held beside clips that are like it in each other attribute, by `matching`. What is told first becomes a stratum of what
is looked for next.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dcase_explore.findings.conditions import OTHERS, Candidates, Condition, Part, attribute_columns, values_of
from dcase_explore.findings.dealing import probabilities, prominence
from dcase_explore.findings.finding import LEAST_AUC
from dcase_explore.findings.matching import COUNTERPARTS, FEW, Match, beside, match

REFINED = 0.02
"""Probability by chance that a part of a range costs more than the rest of it, below which it is told instead."""
MOST_TOLD = 6
"""Conditions of a machine type and model."""


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
    single = np.array([not (one.is_combination or one.parts[0].is_range) for one in found.conditions])
    while len(told) < MOST_TOLD and found.conditions and costs.std() > 0:
        p = probabilities(costs, found.holds, strata, single, level=level)
        worth = [
            number
            for number in np.flatnonzero(p <= level).tolist()
            if _is_worth(costs, found.holds[:, number], strata)
            and not any(_again(found, number, earlier) for earlier in told)
        ]
        best = next(_in_order(costs, clips, found, strata, worth, columns, known), None)
        if best is None:
            break
        number, matches, rival = best
        while (part := _sharper(costs, found, number, strata)) is not None:
            number, matches = part, ()
        rows = found.holds[:, number]
        one = told_of(found.conditions[number], costs, rows, strata, float(p[number]))
        before = tuple(earlier.condition for earlier in told)
        told.append(replace(one, before=before, matches=matches, rival=rival))
        strata = np.unique(strata * 2 + rows, return_inverse=True)[1]
    return told


def told_of(condition: Condition, costs: np.ndarray, rows: np.ndarray, strata: np.ndarray, p: float) -> Told:
    """A condition with what its clips cost, and the others of their strata."""
    cost, others, n_others = beside(costs, rows, strata)
    return Told(condition, rows, p, cost, others, n_others)


def _in_order(
    costs: np.ndarray,
    clips: pd.DataFrame,
    found: Candidates,
    strata: np.ndarray,
    worth: Sequence[int],
    columns: Sequence[str],
    known: Collection[Condition],
) -> Iterator[tuple[int, tuple[Match, ...], Part | None]]:
    """Conditions that could be told next, with what they are beside clips alike in other attributes, and a rival."""
    z, stands_out = prominence(costs, found.holds, strata), dict[str, int]()
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
        for matched in matches:
            if matched.confirms:
                continue
            if matched.overlap < COUNTERPARTS * matched.clips and matched.apart:
                rival = values_of(clips, matched.column, matched.apart)
            elif matched.column in stands_out:
                other = stands_out[matched.column]
                explained |= match(costs, clips, found.holds[:, other], strata, column).confirms
                rival = found.conditions[other].parts[0]
        if not explained:
            yield number, matches, rival
    for number in sorted(worth, key=lambda number: -z[number]):
        if found.conditions[number].is_combination:
            yield number, (), None


def _excess(costs: np.ndarray, rows: np.ndarray, strata: np.ndarray) -> float:
    cost, others, _ = beside(costs, rows, strata)
    return float((cost - others) * rows.sum())


def _is_worth(costs: np.ndarray, rows: np.ndarray, strata: np.ndarray) -> bool:
    """Whether clips cost enough to be told, beside others that are not the exception themselves."""
    cost, others, n_others = beside(costs, rows, strata)
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
    own = (costs[rows], found.holds[rows][:, inside], strata[rows])
    return inside[int(prominence(*own).argmax())] if probabilities(*own, times=FEW).min() <= REFINED else None


def _alike(found: Candidates, one: int, other: int) -> bool:
    """Whether two conditions have most of their clips in common."""
    return bool(
        2 * (found.holds[:, one] & found.holds[:, other]).sum() >= (found.holds[:, one] | found.holds[:, other]).sum()
    )


def _again(found: Candidates, number: int, told: Told) -> bool:
    """Whether a condition says of an attribute what was told of it: what lies in a told range is not told again."""
    same = found.conditions[number].columns == told.condition.columns
    return same and bool((found.holds[:, number] & told.rows).any())
