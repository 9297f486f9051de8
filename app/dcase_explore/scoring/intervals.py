"""
How sure the official score is: 95 % intervals of it and of its numbers, and of the difference of two models.

Clips are drawn anew within each section, domain and label (stratified bootstrap; Efron and Tibshirani, 1993); all
models on the same draws, so that their difference is paired. An interval is the value and 1.96 standard errors to
either side, of its logit where it lies between 0 and 1: that covers the truth as often as it says, where quantiles of
the draws do a little less often; pAUC's, which hangs on a tenth of the normals, does so too where these are few.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from dcase_explore.scoring.definitions import Definition
from dcase_explore.scoring.official import ModelScore
from dcase_explore.scoring.resampling import DRAWS, draw, drawn_metrics

_Z95 = 1.959963984540054
_EDGE = 1e-4


@dataclass(frozen=True)
class Interval:
    """A value, 0 to 1 (a difference: −1 to 1), with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ModelIntervals:
    """
    One model's official score and the numbers that it is made of.

    Attributes
    ----------
    model
        Its name.
    official
        Of the official score.
    numbers
        By machine type, section (None where there is one only) and metric.
    """

    model: str
    official: Interval
    numbers: Mapping[tuple[str, int | None, str], Interval]


@dataclass(frozen=True)
class Difference:
    """
    The official score of one model less that of another, both on the same clips.

    Attributes
    ----------
    model, other
        Their names.
    official
        The difference, above 0 where `model` is better.
    """

    model: str
    other: str
    official: Interval

    def sentence(self) -> str:
        """``"mine less baseline: +0.0208, 95 % interval +0.0044 to +0.0372, which chance does not explain"``."""
        one = self.official
        said = "" if one.low <= 0 <= one.high else ", which chance does not explain"
        return (
            f"{self.model} less {self.other}: {one.value:+.4f}, 95 % interval {one.low:+.4f} to {one.high:+.4f}{said}"
        )


@dataclass(frozen=True)
class Intervals:
    """
    Of all models.

    Attributes
    ----------
    models
        In the order given.
    differences
        Of each two that were scored on the same clips.
    """

    models: tuple[ModelIntervals, ...]
    differences: tuple[Difference, ...]

    def to_frame(self) -> pd.DataFrame:
        """
        All of them as a table.

        Returns
        -------
        pandas.DataFrame
            One row per number: model, less, class, section, metric, value, low, high. The metric ``official_score``
            has no class; where ``less`` names another model, it is the difference of the two.
        """
        rows: list[tuple[str, str | None, str | None, int | None, str, Interval]] = []
        for of_model in self.models:
            rows.append((of_model.model, None, None, None, "official_score", of_model.official))
            rows += [
                (of_model.model, None, machine, section, name, one)
                for (machine, section, name), one in of_model.numbers.items()
            ]
        rows += [(one.model, one.other, None, None, "official_score", one.official) for one in self.differences]
        table = pd.DataFrame([row[:5] for row in rows], columns=["model", "less", "class", "section", "metric"])
        table["section"] = table["section"].astype("Int64")
        for name in ("value", "low", "high"):
            table[name] = [getattr(row[5], name) for row in rows]
        return table


def intervals(frame: pd.DataFrame, models: Sequence[ModelScore], draws: int = DRAWS) -> Intervals:
    """
    Intervals of the official score.

    Parameters
    ----------
    frame
        Scored clip table, whole: all clips that the models were scored on.
    models
        How they do on it.
    draws
        How often clips are drawn anew; always in the same way.

    Returns
    -------
    Intervals
        Of the models that have an official score.
    """
    labels = frame["label"].to_numpy(object)
    known = (frame["split"] == "test").to_numpy() & pd.notna(labels)
    domains = frame["domain"].to_numpy(object) if "domain" in frame else np.full(len(frame), None)
    sections = frame["section"] if "section" in frame else pd.Series(np.nan, frame.index)
    drawn: dict[str, dict[tuple[str, int | None], Mapping[str, np.ndarray]]] = {one.model: {} for one in models}
    groups = frame.groupby([frame["class"], sections], observed=True, dropna=False).indices
    for number, ((machine, section), group) in enumerate(groups.items()):
        rows = group[known[group]]
        if not len(rows):
            continue
        anomalous = labels[rows] == "anomaly"
        weights = draw(pd.factorize(pd.Series(domains[rows]).astype(str) + labels[rows])[0], number, draws)
        key = (str(machine), None if pd.isna(section) else int(section))
        for one in models:
            scores = frame[f"anomaly_score_{one.model}"].to_numpy(np.float64)[rows]
            there = ~np.isnan(scores)
            if there.any():
                drawn[one.model][key] = drawn_metrics(
                    scores[there],
                    anomalous[there],
                    domains[rows][there],
                    weights[:, there] if not there.all() else weights,
                    names=one.definition.numbers,
                    own_anomalies=one.definition.own_anomalies,
                )
    found, official = [], {}
    for one in models:
        if one.official_score is None:
            continue
        official[one.model] = _official(one.definition, drawn[one.model], draws)
        numbers = {
            (row.machine_type, row.section, name): _of_share(row.metrics[name], values)
            for row in one.sections
            for name in one.definition.numbers
            if name in row.metrics and (values := drawn[one.model][row.machine_type, row.section].get(name)) is not None
        }
        found.append(ModelIntervals(one.model, _of_share(one.official_score, official[one.model]), numbers))
    return Intervals(tuple(found), tuple(_differences(models, official)))


def _official(
    definition: Definition, drawn: Mapping[tuple[str, int | None], Mapping[str, np.ndarray]], draws: int
) -> np.ndarray:
    """The official score of each draw."""
    sections = [
        (machine, list(metrics), np.stack([*metrics.values()]).T.tolist())
        for (machine, _), metrics in drawn.items()
        if metrics  # of normals alone nothing is defined
    ]
    scores = np.full(draws, np.nan)
    for number in range(draws):
        rows: dict[str, list[dict[str, float]]] = {}
        for machine, names, values in sections:
            defined = {name: value for name, value in zip(names, values[number], strict=True) if value == value}
            rows.setdefault(machine, []).append(defined)
        score = definition.score(rows)
        scores[number] = np.nan if score is None else score
    return scores


def _differences(models: Sequence[ModelScore], official: Mapping[str, np.ndarray]) -> list[Difference]:
    found = []
    for one, other in combinations([one for one in models if one.model in official], 2):
        on = [[(row.machine_type, row.section, row.scored_on) for row in scored.sections] for scored in (one, other)]
        if on[0] != on[1] or one.definition != other.definition:
            continue
        value = float(one.official_score or 0) - float(other.official_score or 0)
        half = _Z95 * float(np.nanstd(official[one.model] - official[other.model]))
        found.append(
            Difference(one.model, other.model, Interval(value, max(-1.0, value - half), min(1.0, value + half)))
        )
    return found


def _of_share(value: float, drawn: np.ndarray) -> Interval:
    """Interval of a number from 0 to 1."""
    drawn = np.clip(drawn[~np.isnan(drawn)], _EDGE, 1 - _EDGE)
    logits, centre = np.log(drawn / (1 - drawn)), np.clip(value, _EDGE, 1 - _EDGE)
    half = _Z95 * float(logits.std()) if len(logits) else np.inf
    low, high = (1 / (1 + np.exp(-(np.log(centre / (1 - centre)) + sign * half))) for sign in (-1, 1))
    return Interval(value, float(min(low, value)), float(max(high, value)))
