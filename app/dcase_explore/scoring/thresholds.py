"""
Decisions: those that come with the data, otherwise from a threshold fitted to training clips.

The baseline's rule: a gamma distribution fitted to training scores, its 90th percentile, ``score > threshold``. It is
fitted here to the scores of training *clips*, one fit per machine type; the organisers' code fits the mean losses of
shuffled batches, so their own decisions differ.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.column_names import members
from dcase_explore.messages import note, some
from dcase_explore.store import Store, digest_of

PERCENTILE = 0.9
FEWEST = 10
"""Training clips below which a 90th percentile says nothing: not one of them need lie above it."""

RECIPE = f"gamma threshold 1: {PERCENTILE}"
_ABOVE = (0.03, 0.25)
"""Share of the training clips above a threshold that is meant to leave a tenth of them: otherwise the fit is astray."""


@dataclass(frozen=True)
class Threshold:
    """
    Where one model's decisions on one machine type come from.

    Attributes
    ----------
    value
        Clips that score above it are called anomalous; None where decisions came with the data.
    fitted_on
        Number of training clips it was fitted to; None where decisions came with the data.
    called, decided
        How many of how many test clips are called anomalous.
    between
        Highest score called normal and lowest called anomalous; None where a side is empty or they overlap, so that no
        one threshold explains the decisions.
    """

    value: float | None
    fitted_on: int | None
    called: int
    decided: int
    between: tuple[float, float] | None = None

    @property
    def origin(self) -> str:
        """In words."""
        if self.fitted_on is not None:
            threshold = f"{self.value:.4g}, 90th percentile of a gamma fit to {self.fitted_on:,} training clips"
        else:
            between = f", between {self.between[0]:.4g} and {self.between[1]:.4g}" if self.between else ""
            threshold = f"came with the data{between}"
        return f"{threshold}; {self.called:,} of {self.decided:,} test clips are called anomalous"

    @property
    def brief(self) -> str:
        """In a table's cell."""
        return f"{'data' if self.fitted_on is None else f'gamma {self.value:.4g}'}, {self.called}/{self.decided}"


Thresholds = Mapping[str, Mapping[str, Threshold]]
"""By model and machine type."""


def with_decisions(frame: pd.DataFrame) -> tuple[pd.DataFrame, Thresholds]:
    """
    Add ``prediction_<score>`` where it is missing and can be had, and ``prediction_correct_<score>``.

    Parameters
    ----------
    frame
        Conforming clip table.

    Returns
    -------
    frame : pandas.DataFrame
        With predictions as loose text, for `dcase_explore.clips.conform` to type.
    thresholds : mapping
        Of each model and machine type that has decisions.
    """
    thresholds: dict[str, dict[str, Threshold]] = {}
    test = (frame["split"] == "test").to_numpy()
    training = (frame["split"] == "train").to_numpy()
    if "label" in frame:
        training &= (frame["label"] != "anomaly").to_numpy()
    for model in members(frame.columns, "anomaly_score_<score>"):
        scores = frame[f"anomaly_score_{model}"].to_numpy(dtype=np.float64)
        column = f"prediction_{model}"
        decisions = np.array(frame[column] if column in frame else pd.Series(None, frame.index), dtype=object)
        thresholds[model], fitted, without = {}, [], []
        for machine in clips.machine_types_present(frame):
            rows = (frame["class"] == machine).to_numpy() & ~np.isnan(scores)
            reference = scores[rows & training]
            value, given = _kept_threshold(reference), pd.notna(decisions[rows])
            by_fit = np.where(scores[rows] > value, "anomaly", "normal") if value is not None else None
            if not given.any() and by_fit is None:
                without += [machine] if len(reference) else []
                continue
            # Decisions that the fit explains are its own, computed before: a loaded table has them already.
            is_fit = by_fit is not None and (not given.any() or (by_fit == decisions[rows]).all())
            if by_fit is not None and not given.any():
                decisions[rows] = by_fit
                fitted.append(machine)
            called, decided = decisions[rows & test] == "anomaly", pd.notna(decisions[rows & test])
            thresholds[model][machine] = Threshold(
                value if is_fit else None,
                len(reference) if is_fit else None,
                int(called.sum()),
                int(decided.sum()),
                None if is_fit else _between(scores[rows], decisions[rows]),
            )
        _say(model, fitted, without)
        if thresholds[model]:
            frame = frame.assign(**{column: decisions})
            if "label" in frame:
                frame[f"prediction_correct_{model}"] = _correct(frame[column], frame["label"].astype(object))
    return frame, {model: found for model, found in thresholds.items() if found}


def _say(model: str, fitted: list[str], without: list[str]) -> None:
    if fitted:
        note(f"{model}: decisions by the 90th percentile of a gamma fit to training clips, for {some(fitted, 7)}")
    if without:
        note(
            f"{model}: no decisions for {some(without, 7)}: "
            "too few training scores for a threshold, or no gamma distribution fits them"
        )


def _kept_threshold(scores: np.ndarray) -> float | None:
    """The threshold, fitted once: importing scipy's distributions takes longer than all else here."""
    if not len(scores):
        return None

    def fit() -> np.ndarray:
        threshold = gamma_threshold(scores)
        return np.array([np.nan if threshold is None else threshold]).view(np.float32)  # its bytes, not rounded

    with Store() as store:
        threshold = float(store.kept(digest_of(RECIPE, scores.tobytes()), fit).view(np.float64)[0])
    return None if np.isnan(threshold) else threshold


def gamma_threshold(scores: np.ndarray) -> float | None:
    """
    Fit a gamma distribution to training scores and take its 90th percentile.

    Parameters
    ----------
    scores
        Of training clips, finite, shape (clips,); higher is more anomalous.

    Returns
    -------
    float or None
        None where there are fewer than ten clips, where all score the same, or where the fit fails. Three parameters
        are fitted, as in the baseline; scale and shape alone where that fit leaves far from a tenth of the clips above.
    """
    if len(scores) < FEWEST or scores.min() == scores.max():
        return None
    threshold = _gamma_percentile(scores)
    # With three parameters the likelihood has no maximum for some samples, and the fit goes astray: fix the location.
    if _is_astray(threshold, scores) and scores.min() > 0:
        threshold = _gamma_percentile(scores, floc=0)
    return None if _is_astray(threshold, scores) else threshold


def _is_astray(threshold: float | None, scores: np.ndarray) -> bool:
    """Whether far from a tenth of the scores lie above; of a few clips there may be none."""
    if threshold is None or not scores.min() <= threshold <= scores.max():
        return True
    above = int((scores > threshold).sum())
    return not int(_ABOVE[0] * len(scores)) <= above <= _ABOVE[1] * len(scores)


def _gamma_percentile(scores: np.ndarray, **fixed: float) -> float | None:
    from scipy.stats import FitError, gamma

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return float(gamma.ppf(PERCENTILE, *gamma.fit(scores, **fixed)))
        except (FitError, ValueError):
            return None


def _between(scores: np.ndarray, decisions: np.ndarray) -> tuple[float, float] | None:
    normal, anomaly = scores[decisions == "normal"], scores[decisions == "anomaly"]
    if not len(normal) or not len(anomaly) or normal.max() > anomaly.min():
        return None
    return float(normal.max()), float(anomaly.min())


def _correct(predictions: pd.Series, labels: pd.Series) -> pd.Series:
    return (predictions == labels).where(predictions.notna() & labels.notna()).astype("boolean")
