"""What normals of each domain and attribute value cost a model, with intervals, whether a finding tells it or not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dcase_explore.columns import ATTRIBUTE, DOMAINS
from dcase_explore.findings.chance import mean_interval
from dcase_explore.findings.finding import sections_of

FEWEST = 3
"""Normals of a condition, below which its mean says nothing."""
_DOMAINS = tuple(f"{domain} domain" for domain in DOMAINS)
MOST_VALUES = 30
"""Values of an attribute that are drawn: those with most normals."""


@dataclass(frozen=True)
class Cost:
    """
    Mean AUC cost of some normals.

    Attributes
    ----------
    mean
        0 to 1: the share of anomalies that score below one of them, on average; 1 minus it is their AUC.
    interval
        95 % confidence interval (Student's t).
    """

    mean: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Bar:
    """
    A domain or an attribute value.

    Attributes
    ----------
    name
        ``"target domain"``, ``"vel 25"``.
    kind
        Domain in which it occurs, ``"source"`` or ``"target"``, or ``"both"``.
    is_domain
        Whether it is all of that domain.
    clips
        Its normals in the test split.
    costs
        By model; a model that scores fewer than three of them is not there.
    """

    name: str
    kind: str
    is_domain: bool
    clips: int
    costs: dict[str, Cost]


@dataclass(frozen=True)
class Section:
    """
    The conditions of one section.

    Attributes
    ----------
    name
        ``"valve 00"``.
    bars
        Domains first, then attribute by attribute, values in order.
    overall
        Mean cost of all its normals, by model.
    left_out
        Values with too few normals, or beyond the number that is drawn.
    """

    name: str
    bars: tuple[Bar, ...]
    overall: dict[str, float]
    left_out: int


def costs_by_condition(frame: pd.DataFrame, models: Sequence[str]) -> list[Section]:
    """
    Mean AUC cost of the normals of every domain and attribute value.

    Parameters
    ----------
    frame
        Scored clip table.
    models
        Names of scores with a column ``auc_cost_<score>``.

    Returns
    -------
    list of Section
        Of those that have two conditions at least.
    """
    found = []
    for machine, of_machine in frame.groupby("class", observed=True, sort=True):
        for clips in sections_of(of_machine[(of_machine["label"] == "normal") & (of_machine["split"] == "test")]):
            costs = {model: clips[f"auc_cost_{model}"].to_numpy(np.float64) for model in models}
            costs = {model: values for model, values in costs.items() if not np.isnan(values).all()}
            groups, left_out = _groups(clips)
            bars = [
                Bar(name, _occurs_in(clips, rows), name in _DOMAINS, int(rows.sum()), _costs(costs, rows))
                for name, rows in groups
            ]
            bars = [bar for bar in bars if bar.costs]
            if len(bars) < 2:
                continue
            number = clips["section"].iloc[0] if "section" in clips else np.nan
            name = str(machine) if pd.isna(number) else f"{machine} {int(number):02d}"
            overall = {model: float(np.nanmean(values)) for model, values in costs.items()}
            found.append(Section(name, tuple(bars), overall, left_out))
    return found


def _costs(costs: dict[str, np.ndarray], rows: np.ndarray) -> dict[str, Cost]:
    found = {}
    for model, values in costs.items():
        known = values[rows & ~np.isnan(values)]
        if len(known) >= FEWEST:
            found[model] = Cost(float(known.mean()), mean_interval(known))
    return found


def _occurs_in(clips: pd.DataFrame, rows: np.ndarray) -> str:
    domains = set(clips["domain"][rows]) if "domain" in clips else set()
    return str(domains.pop()) if len(domains) == 1 and domains <= set(DOMAINS) else "both"


def _groups(clips: pd.DataFrame) -> tuple[list[tuple[str, np.ndarray]], int]:
    """Name and rows (bool) of each condition; how many are left out."""
    found, left_out = [], 0
    for domain in DOMAINS if "domain" in clips else ():
        rows = (clips["domain"] == domain).to_numpy()
        if rows.any():
            found.append((f"{domain} domain", rows))
    for column in clips.columns:
        if ATTRIBUTE.fullmatch(str(column)) and str(column).endswith("v"):
            values = list(_values(clips, str(column)))
            enough = [one for one in values if one[1].sum() >= FEWEST]
            enough = sorted(enough, key=lambda one: -int(one[1].sum()))[:MOST_VALUES]
            drawn = {name for name, _ in enough}
            if len({rows.tobytes() for _, rows in values}) > 1:  # one value of all clips is no condition
                found += [one for one in values if one[0] in drawn]
                left_out += len(values) - len(drawn)
    return found, left_out


def _values(clips: pd.DataFrame, column: str) -> Iterator[tuple[str, np.ndarray]]:
    values = clips[column].to_numpy(object)
    names = clips[f"{column[:-1]}p"].to_numpy(object) if f"{column[:-1]}p" in clips else np.full(len(clips), None)
    there = set(values[pd.notna(values)])
    order = clips[column].cat.categories if isinstance(clips[column].dtype, pd.CategoricalDtype) else sorted(there)
    for value in order:
        if value in there:
            rows = values == value
            attribute = set(names[rows & pd.notna(names)])
            yield f"{attribute.pop()} {value}" if len(attribute) == 1 else str(value), rows
