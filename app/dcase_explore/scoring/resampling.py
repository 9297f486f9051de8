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
        weights[:, rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), draws)
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
            found[name] = _partial_auc(scores, anomalous, within, weights)
        else:
            against = anomalous & within if own_anomalies else anomalous
            found[name] = _auc(scores, ~anomalous & within, against, weights)
    return {name: values for name, values in found.items() if values is not None}


def _auc(scores: np.ndarray, normal: np.ndarray, anomalous: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    if not normal.any() or not anomalous.any():
        return None
    low, high = scores[normal, None], scores[anomalous]
    right = (high > low) + 0.5 * (high == low)
    own, others = weights[:, normal], weights[:, anomalous]
    return np.asarray(((own @ right) * others).sum(axis=1) / (own.sum(axis=1) * others.sum(axis=1)))


def _partial_auc(
    scores: np.ndarray, anomalous: np.ndarray, among: np.ndarray, weights: np.ndarray
) -> np.ndarray | None:
    if not (anomalous & among).any() or not (~anomalous & among).any():
        return None
    order = np.flatnonzero(among)[np.argsort(-scores[among], kind="stable")]
    last_of_ties = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    rates = []
    for of in (anomalous[order], ~anomalous[order]):
        passed = np.cumsum(weights[:, order] * of, axis=1)
        rates.append(np.pad(passed[:, last_of_ties] / passed[:, -1:], ((0, 0), (1, 0))))
    tpr, fpr = rates
    start, end = np.minimum(fpr[:, :-1], MAX_FPR), np.minimum(fpr[:, 1:], MAX_FPR)
    run = np.diff(fpr, axis=1)
    slope = np.divide(np.diff(tpr, axis=1), run, out=np.zeros_like(run), where=run > 0)
    left = tpr[:, :-1] + slope * (start - fpr[:, :-1])
    right = tpr[:, :-1] + slope * (end - fpr[:, :-1])
    area = ((end - start) * (left + right) / 2).sum(axis=1)
    chance = MAX_FPR**2 / 2
    return np.asarray((1 + (area - chance) / (MAX_FPR - chance)) / 2)
