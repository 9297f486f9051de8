"""What every condition costs every model, told or not: the table behind what findings say of conditions."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.findings.chance import mean_interval
from dcase_explore.findings.conditions import TARGET, Condition, attribute_columns, candidates
from dcase_explore.findings.dealing import probability
from dcase_explore.findings.finding import models_of, sections_of
from dcase_explore.findings.rules.costly_conditions import domains_of
from dcase_explore.findings.search import told_of


@dataclass(frozen=True)
class ConditionCost:
    """
    What the clips of a condition cost a model, beside others of their domain.

    Attributes
    ----------
    machine_type, section, label, model, condition
        Which; the condition by its name.
    n_clips, n_others
        How many it has, and how many others of their domains.
    cost, low, high
        Mean AUC cost of its clips, 0 to 1, with its 95 % interval.
    others
        Mean AUC cost of the others, in like proportion of the domains.
    p
        Probability by chance of that difference, for this condition alone: not corrected for how many there are.
    training_clips
        How many training clips the condition has.
    """

    machine_type: str
    section: int | None
    label: str
    model: str
    condition: str
    n_clips: int
    n_others: int
    cost: float
    low: float
    high: float
    others: float
    p: float
    training_clips: int


def condition_costs(frame: pd.DataFrame) -> list[ConditionCost]:
    """
    Cost of the target domain and of every attribute value.

    Parameters
    ----------
    frame
        Scored clip table.

    Returns
    -------
    list of ConditionCost
        By machine type, section, label and model, in the order of the table. Only conditions that findings look at.
    """
    found: list[ConditionCost] = []
    for machine in clips.machine_types_present(frame):
        of_machine = frame[frame["class"] == machine]
        models = models_of(of_machine)
        if not models:
            continue
        train = of_machine[of_machine["split"] == "train"]
        for label in ("normal", "anomaly"):
            for section in sections_of(of_machine[(of_machine["label"] == label) & (of_machine["split"] == "test")]):
                found += _of_section(section, train, label, models)
    return found


def _of_section(
    section: pd.DataFrame, train: pd.DataFrame, label: str, models: Sequence[str]
) -> Iterator[ConditionCost]:
    number = None if "section" not in section or section["section"].isna().all() else int(section["section"].iloc[0])
    for model in models:
        there = section[section[f"auc_cost_{model}"].notna()]
        if there.empty:
            continue
        costs, domains = there[f"auc_cost_{model}"].to_numpy(np.float64), domains_of(there)
        values = candidates(there, domains) if attribute_columns(there) else None
        named: list[tuple[Condition, np.ndarray, np.ndarray]] = []
        if "domain" in there and (there["domain"] == "source").any() and (there["domain"] == "target").any():
            named.append((TARGET, (there["domain"] == "target").to_numpy(), np.zeros(len(there), np.int64)))
        for column, condition in enumerate(values.conditions if values else ()):
            if not condition.is_combination and not condition.parts[0].is_range:
                named.append((condition, values.holds[:, column], domains))  # type: ignore[union-attr]
        for condition, rows, strata in named:
            p = probability(costs, rows, strata)
            told = told_of(condition, costs, rows, strata, p)
            low, high = mean_interval(costs[rows])
            yield ConditionCost(
                str(there["class"].iloc[0]),
                number,
                label,
                model,
                condition.name,
                int(rows.sum()),
                told.n_others,
                told.cost,
                low,
                high,
                told.others,
                p,
                int(condition.holds(train).sum()),
            )


def to_frame(found: Sequence[ConditionCost]) -> pd.DataFrame:
    """One row per condition, section, label and model; ``class`` is the machine type."""
    table = pd.DataFrame([asdict(one) for one in found], columns=list(ConditionCost.__dataclass_fields__))
    table["section"] = table["section"].astype("Int64")
    return table.rename(columns={"machine_type": "class"})
