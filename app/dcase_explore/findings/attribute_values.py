"""
Operating conditions that cost AUC: attribute values, and the target domain, whose normals rank higher than others.

Each is compared with the source normals other than its own; one of both domains with a like mixture of both.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dcase_explore.columns import ATTRIBUTE, DOMAINS
from dcase_explore.findings.chance import ALPHA, PERMUTATIONS, dealt, mean_interval, wilson_interval
from dcase_explore.findings.finding import LEAST_AUC, Finding, costing, models_of, sections_of
from dcase_explore.messages import counted

FEWEST, FEWEST_OTHERS = 3, 5
"""Normals of a condition, and of those it is compared with, below which nothing can be told."""
_EXPLAINED = 0.8
"""Share of a condition's clips that lie in a reported one, from which the reported one explains it."""
_CLEARLY_MORE = 0.1
"""Mean AUC cost by which a condition within a reported one has to exceed it, to be reported as well."""
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Condition:
    """
    What an attribute value, or the target domain, costs one model.

    Attributes
    ----------
    name
        ``"vel 25"`` or ``"target domain"``.
    column
        Column that holds it.
    rows
        Index labels of its normals.
    cost, cost_interval
        Mean AUC cost of its normals, and its 95 % confidence interval.
    others
        Mean AUC cost of the normals that it is compared with.
    n_others
        How many those are.
    called, others_called
        How many of how many of its normals, and of those that it is compared with, are decided anomalous.
    p
        Probability that the costliest of all conditions of the section exceeds the others by so much by chance:
        corrected for the number of conditions (Westfall and Young 1993: costs permuted among the normals).
    section
        Part of the machine type; None where it has one only.
    """

    name: str
    column: str
    rows: pd.Index
    cost: float
    cost_interval: tuple[float, float]
    others: float
    n_others: int
    called: tuple[int, int]
    others_called: tuple[int, int]
    p: float
    section: int | None = None


def conditions(clips: pd.DataFrame, model: str) -> list[Condition]:
    """
    What each attribute value, and the target domain, costs a model.

    Parameters
    ----------
    clips
        One machine type's rows of a scored clip table.
    model
        Name of the score.

    Returns
    -------
    list of Condition
        Of those with enough normals, section by section, in the order of the attributes.
    """
    found: list[Condition] = []
    sections = sections_of(clips[clips[f"auc_cost_{model}"].notna() & (clips["label"] == "normal")])
    for normals in sections:
        costs = normals[f"auc_cost_{model}"].to_numpy(np.float64)
        domains = normals["domain"].to_numpy(object) if "domain" in normals else np.full(len(normals), None)
        groups = [
            (*group, weights) for group in _groups(normals) if (weights := _others(domains, group[2])) is not None
        ]
        if not groups or costs.std() == 0:
            continue
        decisions = normals.get(f"prediction_{model}", pd.Series(None, normals.index)).to_numpy(object)
        called, decided = decisions == "anomaly", pd.notna(decisions)
        number = normals["section"].iloc[0] if len(sections) > 1 else np.nan
        section = None if pd.isna(number) else int(number)
        chances = _by_chance(costs, [its / its.sum() - others for _, _, its, others in groups])
        for (name, column, its, others), p in zip(groups, chances, strict=True):
            found.append(
                Condition(
                    name,
                    column,
                    normals.index[its],
                    float(costs[its].mean()),
                    mean_interval(costs[its]),
                    float(costs @ others),
                    int((others > 0).sum()),
                    (int(called[its].sum()), int(decided[its].sum())),
                    (int(called[others > 0].sum()), int(decided[others > 0].sum())),
                    p,
                    section,
                )
            )
    return found


def _others(domains: np.ndarray, its: np.ndarray) -> np.ndarray | None:
    """
    Weights, adding up to 1, of the normals that a condition's are compared with; None where there are too few.

    The source normals, or all where no domain is known. A condition that occurs in both domains is compared with a like
    mixture of both, or it would be found where it is the domain that costs.
    """
    weights = (~its).astype(np.float64)
    of_domain = {domain: domains == domain for domain in DOMAINS}
    if of_domain["source"].any():
        shares = {domain: int((its & of_domain[domain]).sum()) for domain in DOMAINS}
        if not shares["source"] or not (of_domain["target"] & ~its).any():
            shares = {"source": 1, "target": 0}
        for domain, share in shares.items():
            others = of_domain[domain] & ~its
            weights[others] = share / max(1, others.sum())
        weights[~np.isin(domains, DOMAINS)] = 0
    if its.sum() < FEWEST or (weights > 0).sum() < FEWEST_OTHERS:
        return None
    return np.asarray(weights / weights.sum())


def find_attribute_values(clips: pd.DataFrame) -> list[Finding]:
    """
    Find the operating conditions whose normals cost more AUC than chance explains.

    Parameters
    ----------
    clips
        One machine type's rows of a scored clip table.

    Returns
    -------
    list of Finding
        Of rule ``attribute_values``: one per condition, for all models that it costs more.
    """
    by_condition: dict[tuple[str, int | None], dict[str, Condition]] = {}
    for model in models_of(clips):
        n_normals = int((clips[f"auc_cost_{model}"].notna() & (clips["label"] == "normal")).sum())
        for condition in _telling(conditions(clips, model), n_normals):
            by_condition.setdefault((condition.name, condition.section), {})[model] = condition
    found = []
    for (name, section), by_model in by_condition.items():
        first = next(iter(by_model.values()))
        where = f"section {section:02d}, {name}" if section is not None else name
        why = " ".join(_sentence(model, condition) for model, condition in by_model.items())
        of_whom = " and ".join(by_model)
        found.append(
            costing(
                "attribute_values",
                clips,
                list(by_model),
                f"{where}: its {counted(len(first.rows), 'normal')} cost {of_whom} more than others",
                ["attributes", "domain", "label"],
                why,
                pd.Index(dict.fromkeys(row for its in by_model.values() for row in its.rows)),
            )
        )
    return [finding for finding in found if finding]


def _sentence(model: str, condition: Condition) -> str:
    low, high = condition.cost_interval
    text = (
        f"For {model} they cost {condition.cost:.2f} on average (95 % interval {low:.2f} to {high:.2f}), "
        f"the {condition.n_others} they are compared with {condition.others:.2f}"
    )
    (called, decided), (others_called, others_decided) = condition.called, condition.others_called
    if decided and others_decided:
        low, high = wilson_interval(called, decided)
        text += (
            f"; {called} of {decided} are called anomalous ({low:.0%} to {high:.0%}), "
            f"of the others {others_called} of {others_decided}"
        )
    return f"{text}."


def _telling(found: list[Condition], n_normals: int) -> list[Condition]:
    """Conditions that chance does not explain, nor one that was told already."""
    worth = [
        condition
        for condition in found
        if condition.p <= ALPHA and (condition.cost - condition.others) * len(condition.rows) >= LEAST_AUC * n_normals
    ]
    # What costs most in all, first: a condition within another has to add to it.
    worth.sort(key=lambda condition: -(condition.cost - condition.others) * len(condition.rows))
    told: list[Condition] = []
    for condition in worth:
        explained = any(
            condition.rows.isin(other.rows).mean() >= _EXPLAINED and condition.cost < other.cost + _CLEARLY_MORE
            for other in told
        )
        if not explained:
            told.append(condition)
    return told


def _groups(normals: pd.DataFrame) -> Iterator[tuple[str, str, np.ndarray]]:
    """Name, column and rows (bool) of the target domain and of every attribute value."""
    if "domain" in normals and (normals["domain"] == "source").any():
        yield "target domain", "domain", (normals["domain"] == "target").to_numpy()
    for column in normals.columns:
        if not ATTRIBUTE.fullmatch(str(column)) or not column.endswith("v"):
            continue
        values = normals[column].to_numpy(object)
        names = normals.get(f"{column[:-1]}p", pd.Series(None, normals.index)).to_numpy(object)
        for value in dict.fromkeys(values[pd.notna(values)]):
            its = values == value
            attribute = set(names[its & pd.notna(names)])
            yield f"{attribute.pop()} {value}" if len(attribute) == 1 else str(value), column, its


def _by_chance(costs: np.ndarray, comparisons: list[np.ndarray]) -> np.ndarray:
    """Probability of each comparison's excess, or a greater one of any, when costs are dealt out at random."""
    weights = np.stack(comparisons, axis=1)
    weights /= np.sqrt((weights**2).sum(axis=0))  # one scale for small and large groups
    measured = costs @ weights - _ROUNDING
    exceeded = sum(((deal @ weights).max(axis=1)[:, None] >= measured).sum(axis=0) for deal in dealt(costs))
    return np.asarray((exceeded + 1) / (PERMUTATIONS + 1))
