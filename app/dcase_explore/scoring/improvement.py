"""What each number of the official score costs it: what the score would be, were that number as good as the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dcase_explore.scoring.official import ModelScore


@dataclass(frozen=True)
class Term:
    """
    One number that an official score is made of.

    Attributes
    ----------
    model
        Whose.
    machine_type, section, metric
        Which.
    value
        0 to 1, higher is better.
    median
        Of the model's other numbers.
    official_score
        As it is.
    would_be
        The official score, were this number at that median.
    """

    model: str
    machine_type: str
    section: int | None
    metric: str
    value: float
    median: float
    official_score: float
    would_be: float

    @property
    def brings(self) -> float:
        """What it would bring to be at the median of the others; below 0 for a number that is better than that."""
        return self.would_be - self.official_score

    @property
    def name(self) -> str:
        """``"ToyTrain target"``, ``"valve 00 pAUC"``."""
        section = "" if self.section is None else f" {self.section:02d}"
        metric = {"auc_source": "source", "auc_target": "target", "pauc": "pAUC", "auc": "AUC"}.get(
            self.metric, self.metric.replace("_", " ")
        )
        return f"{self.machine_type}{section} {metric}"

    def sentence(self) -> str:
        """``"ToyTrain target 0.418: at the median of the others (0.571) the official score would be 0.5613"``."""
        return (
            f"{self.name} {self.value:.3f}: at the median of the others ({self.median:.3f}) "
            f"the official score would be {self.would_be:.4f}"
        )


def terms(model: ModelScore) -> list[Term]:
    """
    What each number costs a model.

    Parameters
    ----------
    model
        How it does.

    Returns
    -------
    list of Term
        What would bring most first; none where there is no official score or one number only.
    """
    official = model.official_score
    numbers = [
        (index, name)
        for index, row in enumerate(model.sections)
        for name in model.definition.numbers
        if name in row.metrics
    ]
    if official is None or len(numbers) < 2:
        return []
    found = []
    for index, name in numbers:
        row = model.sections[index]
        others = [model.sections[at].metrics[metric] for at, metric in numbers if (at, metric) != (index, name)]
        median = float(np.median(others))
        changed: dict[str, list[dict[str, float]]] = {}
        for at, other in enumerate(model.sections):
            metrics = other.metrics | {name: median} if at == index else other.metrics
            changed.setdefault(other.machine_type, []).append(metrics)
        section = row.section if len({each.section for each in model.sections}) > 1 else None
        would_be = float(model.definition.score(changed) or 0.0)
        found.append(Term(model.model, row.machine_type, section, name, row.metrics[name], median, official, would_be))
    return sorted(found, key=lambda term: -term.brings)


def to_frame(found: Sequence[Term]) -> pd.DataFrame:
    """One row per term: model, class, section, metric, value, median, official_score, would_be, brings."""
    table = pd.DataFrame(
        [
            (term.model, term.machine_type, term.section, term.metric, term.value, term.median, term.official_score)
            for term in found
        ],
        columns=["model", "class", "section", "metric", "value", "median", "official_score"],
    )
    table["section"] = table["section"].astype("Int64")
    return table.assign(would_be=[term.would_be for term in found], brings=[term.brings for term in found])
