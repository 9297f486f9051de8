"""
Metrics of a section over and over again, its clips drawn anew within each domain and label.

Resampling is in weights: how often each clip was drawn. All metrics of all draws come out of a few matrix products.
"""

from collections.abc import Collection, Mapping

import numpy as np

from dcase_explore.scoring.metrics import MAX_FPR, RANKING

DRAWS = 2_000
SEED = 20230601


def draw(strata: np.ndarray, seed: int, draws: int = DRAWS) -> np.ndarray:
    """
    Draw clips with replacement, from each stratum as many as it has.

    Parameters
    ----------
    strata
        Numbers, shape (clips,).
    seed
        Another one draws otherwise.
    draws
        How often.

    Returns
    -------
    numpy.ndarray
        How often each clip was drawn, float64, shape (draws, clips).
    """
    rng = np.random.default_rng([SEED, seed])
    weights = np.zeros((draws, len(strata)))
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        drawn = rng.integers(0, len(rows), (draws, len(rows))) + np.arange(draws)[:, None] * len(rows)
        weights[:, rows] = np.bincount(drawn.ravel(), minlength=draws * len(rows)).reshape(draws, len(rows))
    return weights


def drawn_metrics(
    scores: np.ndarray,
    anomalous: np.ndarray,
    domains: np.ndarray,
    weights: np.ndarray,
    *,
    names: Collection[str] = RANKING,
    own_anomalies: bool = False,
) -> Mapping[str, np.ndarray]:
    """
    Ranking metrics of a section's clips, each clip as often as it was drawn.

    Parameters
    ----------
    scores, anomalous, domains, own_anomalies
        As in `dcase_explore.scoring.metrics.section_metrics`.
    weights
        As of `draw`.
    names
        Of the metrics that are wanted.

    Returns
    -------
    dict of str to numpy.ndarray
        Those of them that are defined; float64, shape (draws,). With weights
        of one they are those of `section_metrics`.
    """
    found = {}
    for name in names:
        metric, _, domain = name.partition("_")
        within = domains == domain if domain else np.ones(len(scores), bool)
        if metric == "pauc":
            found[name] = _partial_auc(scores, ~anomalous & within, anomalous & within, weights)
        else:
            against = anomalous & within if own_anomalies else anomalous
            found[name] = _auc(scores, ~anomalous & within, against, weights)
    return {name: values for name, values in found.items() if values is not None}


def _auc(scores: np.ndarray, normal: np.ndarray, anomalous: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    if not normal.any() or not anomalous.any():
        return None
    fpr, tpr = _curve(scores, normal, anomalous, weights)
    return np.asarray((np.diff(fpr, axis=1) * (tpr[:, 1:] + tpr[:, :-1])).sum(axis=1) / 2)


def _partial_auc(
    scores: np.ndarray, normal: np.ndarray, anomalous: np.ndarray, weights: np.ndarray
) -> np.ndarray | None:
    if not normal.any() or not anomalous.any():
        return None
    fpr, tpr = _curve(scores, normal, anomalous, weights, MAX_FPR)
    start, end = np.minimum(fpr[:, :-1], MAX_FPR), np.minimum(fpr[:, 1:], MAX_FPR)
    run = np.diff(fpr, axis=1)
    slope = np.divide(np.diff(tpr, axis=1), run, out=np.zeros_like(run), where=run > 0)
    left = tpr[:, :-1] + slope * (start - fpr[:, :-1])
    right = tpr[:, :-1] + slope * (end - fpr[:, :-1])
    area = ((end - start) * (left + right) / 2).sum(axis=1)
    chance = MAX_FPR**2 / 2
    return np.asarray((1 + (area - chance) / (MAX_FPR - chance)) / 2)


def _curve(
    scores: np.ndarray, normal: np.ndarray, anomalous: np.ndarray, weights: np.ndarray, up_to: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """False and true positive rates at each distinct score from the highest down, 0 first, as far as a draw needs."""
    there = np.flatnonzero(normal | anomalous)
    order = there[np.argsort(-scores[there], kind="stable")]
    last_of_ties = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    fpr = _passed(weights, normal, order)[:, last_of_ties]
    last_of_ties = last_of_ties[: int((fpr < up_to).sum(axis=1).max()) + 1]
    tpr = _passed(weights, anomalous, order[: last_of_ties[-1] + 1])[:, last_of_ties]
    return np.pad(fpr[:, : len(last_of_ties)], ((0, 0), (1, 0))), np.pad(tpr, ((0, 0), (1, 0)))


def _passed(weights: np.ndarray, of: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Share of some clips, by weight, that is among the first of an order: after each of it."""
    passed = np.cumsum(weights[:, order] * of[order], axis=1)
    return np.asarray(passed / weights[:, of].sum(axis=1, keepdims=True))
