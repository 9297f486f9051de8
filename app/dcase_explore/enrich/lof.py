"""Local outlier factor (Breunig et al., SIGMOD 2000) of embeddings against training normals."""

import numpy as np

MAX_NEIGHBORS = 20
FEWEST = 3
"""Clips below which no neighbourhood can be told from another."""
RECIPE = f"lof 1: at most {MAX_NEIGHBORS} neighbours, euclidean"


def lof_scores(matrix: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """
    Anomaly score of each clip: how much sparser its neighbourhood is than its neighbours'.

    Parameters
    ----------
    matrix
        Embeddings of one machine type, float32, shape (clips, dimensions).
    reference
        bool, shape (clips,): the clips that LOF is fitted on. Those are scored without counting themselves as
        neighbours.

    Returns
    -------
    numpy.ndarray
        float32, shape (clips,); about 1 for a typical clip, higher is more anomalous; NaN throughout where fewer than
        three clips can be fitted on.
    """
    from sklearn.neighbors import LocalOutlierFactor

    fitted_on = matrix[reference]
    scores = np.full(len(matrix), np.nan, dtype=np.float32)
    if len(fitted_on) < FEWEST:
        return scores
    # Of a handful of clips at most half may be neighbours, or every neighbourhood would be the whole.
    neighbors = min(MAX_NEIGHBORS, (len(fitted_on) - 1) // 2)
    model = LocalOutlierFactor(n_neighbors=neighbors, novelty=True).fit(fitted_on)
    scores[reference] = -model.negative_outlier_factor_
    if (~reference).any():
        scores[~reference] = -model.score_samples(matrix[~reference])
    return scores
