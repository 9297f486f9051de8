"""
Operating conditions that cost AUC: attribute values, and the target domain, whose normals rank higher than others.

Each is compared with the source normals other than its own; one of both domains with a like mixture of both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dcase_explore.columns import ATTRIBUTE, DOMAINS
from dcase_explore.findings.chance import ALPHA, PERMUTATIONS, dealt, mean_interval, wilson_interval
from dcase_explore.findings.finding import LEAST_AUC, Finding, costing, models_of, sections_of
from dcase_explore.messages import counted

FEWEST, FEWEST_OTHERS = 3, 5
"""Normals of a condition, and of those it is compared with, below which nothing can be told."""
_WITHIN = 0.8
"""Share of a condition's normals that are another one's, from which it lies within that one."""
_BEYOND_HOST = 0.005
"""Probability by chance that a condition exceeds the rest of the one it lies in, below which it is told as well."""
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
    called
        How many of how many of its normals are decided anomalous.
    others_called
        Share of those that it is compared with that are; NaN without decisions.
    p
        Probability that any condition of the machine type exceeds the others by so much by chance: corrected for the
        number of conditions (Westfall and Young 1993: costs permuted among the normals of each section).
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
    others_called: float
    p: float = 1.0
    section: int | None = None

    @property
    def excess(self) -> float:
        """Sum over its normals of what they cost more than others."""
        return (self.cost - self.others) * len(self.rows)


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
    excesses, chances = [], np.full(PERMUTATIONS, -np.inf)
    sections = sections_of(clips[clips[f"auc_cost_{model}"].notna() & (clips["label"] == "normal")])
    for place, normals in enumerate(sections):
        costs = normals[f"auc_cost_{model}"].to_numpy(np.float64)
        domains = normals["domain"].to_numpy(object) if "domain" in normals else np.full(len(normals), None)
        compared = [(*group, _others(domains, group[2])) for group in _groups(normals)]
        groups = [(name, column, its, others) for name, column, its, others in compared if others is not None]
        if not groups or costs.std() == 0:
            continue
        decisions = normals.get(f"prediction_{model}", pd.Series(None, normals.index)).to_numpy(object)
        called, decided = decisions == "anomaly", pd.notna(decisions)
        number = normals["section"].iloc[0] if len(sections) > 1 else np.nan
        excess, highest = _excess(costs, [its / its.sum() - others for _, _, its, others in groups], place)
        excesses += excess.tolist()
        chances = np.maximum(chances, highest)
        for name, column, its, others in groups:
            decided_others = float((others * decided).sum())
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
                    float((others * called).sum()) / decided_others if decided_others else np.nan,
                    section=None if pd.isna(number) else int(number),
                )
            )
    return [replace(its, p=_at_least(excess, chances)) for its, excess in zip(found, excesses, strict=True)]


def _others(domains: np.ndarray, its: np.ndarray) -> np.ndarray | None:
    """
    Weights, adding up to 1, of the normals that a condition's are compared with; None where there are too few.

    The source normals, or all where no domain is known. A condition that occurs in both domains is compared with a like
    mixture of both, or it would be found where it is the domain that costs.
    """
    source, target = (domains == domain for domain in DOMAINS)
    shares = [(np.ones(len(its), bool), 1)]
    if source.any():
        in_both = (its & source).any() and (target & ~its).any()
        shares = [(source, (its & source).sum()), (target, (its & target).sum())] if in_both else [(source, 1)]
    weights = np.zeros(len(its))
    for domain, share in shares:
        others = domain & ~its
        weights[others] = share / max(1, others.sum())
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
        Of rule ``attribute_values``: one per condition, for all models that it costs more. A condition within another
        one, such as an attribute value of the target domain, has to cost more than the rest of that one.
    """
    by_condition: dict[tuple[str, str, int | None], dict[str, Condition]] = {}
    for model in models_of(clips):
        costs = clips.loc[clips["label"] == "normal", f"auc_cost_{model}"].dropna().astype(np.float64)
        for its in _telling(conditions(clips, model), costs):
            by_condition.setdefault((its.column, its.name, its.section), {})[model] = its
    found = []
    for (_, name, section), by_model in by_condition.items():
        rows = pd.Index(dict.fromkeys(row for its in by_model.values() for row in its.rows))
        found.append(
            costing(
                "attribute_values",
                clips,
                list(by_model),
                f"{'' if section is None else f'section {section:02d}, '}{name}: "
                f"its {counted(len(rows), 'normal')} cost {' and '.join(by_model)} more than others",
                ["attributes", "domain", "label"],
                " ".join(_sentence(model, condition) for model, condition in by_model.items()),
                rows,
            )
        )
    return [finding for finding in found if finding]


def _sentence(model: str, condition: Condition) -> str:
    low, high = condition.cost_interval
    text = (
        f"For {model} they cost {condition.cost:.2f} on average (95 % interval {low:.2f} to {high:.2f}), "
        f"the {condition.n_others} they are compared with {condition.others:.2f}"
    )
    called, decided = condition.called
    if decided and not np.isnan(condition.others_called):
        low, high = wilson_interval(called, decided)
        text += (
            f"; {called} of {decided} are called anomalous ({low:.0%} to {high:.0%}), "
            f"of the others {condition.others_called:.0%}"
        )
    return f"{text}."


def _telling(found: list[Condition], costs: pd.Series) -> list[Condition]:
    """Conditions that neither chance explains nor another one that they lie in."""
    worth = [its for its in found if its.p <= ALPHA and its.excess >= LEAST_AUC * len(costs)]
    # What costs most in all, first. The domain may cost too little to be told, and still explain its values.
    worth.sort(key=lambda its: -its.excess)
    told: list[Condition] = []
    for condition in worth:
        hosts = [*told, *(its for its in found if its.column == "domain" and its not in told and its.excess > 0)]
        if all(_adds_to(host, condition, worth, costs) for host in hosts if host is not condition):
            told.append(condition)
    return told


def _adds_to(host: Condition, condition: Condition, among: list[Condition], costs: pd.Series) -> bool:
    """Whether a condition costs more than the rest of another one that it lies in; True where it does not lie in it."""
    within = {id(its): host.rows.isin(its.rows) for its in among if its.rows.isin(host.rows).mean() >= _WITHIN}
    inside = within.get(id(condition))
    if inside is None:
        return True
    comparisons = {
        key: its / its.sum() - ~its / (~its).sum()
        for key, its in within.items()
        if its.sum() >= FEWEST and not its.all()
    }
    if id(condition) not in comparisons:
        return False
    excess, highest = _excess(costs[host.rows].to_numpy(), list(comparisons.values()))
    return _at_least(excess[list(comparisons).index(id(condition))], highest) <= _BEYOND_HOST


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


def _excess(costs: np.ndarray, comparisons: list[np.ndarray], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """What each comparison exceeds by, and the highest of all when costs are dealt out at random, again and again."""
    weights = np.stack(comparisons, axis=1)
    # One scale for small and large groups, for higher and lower costs.
    weights /= np.sqrt((weights**2).sum(axis=0)) * (costs.std() or 1)
    return costs @ weights, np.concatenate([(deal @ weights).max(axis=1) for deal in dealt(costs, seed)])


def _at_least(excess: float, chances: np.ndarray) -> float:
    """Probability of at least so much by chance."""
    return float(((chances >= excess - _ROUNDING).sum() + 1) / (PERMUTATIONS + 1))
