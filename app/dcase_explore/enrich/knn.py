"""Distance of an embedding to the nearest training normals, by which strong systems of the challenge score."""

import numpy as np

K = 1
"""Neighbours that are averaged over: of some conditions of the target domain there is but one training clip."""
RECIPE = f"knn 1: mean of the {K} nearest, euclidean"


def knn_scores(matrix: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """
    Anomaly score of each clip: its mean distance to the nearest reference clips.

    Parameters
    ----------
    matrix
        Embeddings of one machine type, float32, shape (clips, dimensions).
    reference
        bool, shape (clips,): the clips that can be neighbours, of others but not of themselves.

    Returns
    -------
    numpy.ndarray
        float32, shape (clips,), Euclidean distance; higher is more anomalous. NaN where no neighbour is left.
    """
    from sklearn.neighbors import NearestNeighbors

    fitted_on = matrix[reference]
    scores = np.full(len(matrix), np.nan, dtype=np.float32)
    # Of many dimensions a tree sees no more than brute force, and blocks of rows keep memory small.
    model = NearestNeighbors(n_neighbors=K, algorithm="brute")
    if len(fitted_on) > K:
        scores[reference] = model.fit(fitted_on).kneighbors()[0].mean(axis=1)
    if len(fitted_on) >= K and (~reference).any():
        scores[~reference] = model.fit(fitted_on).kneighbors(matrix[~reference])[0].mean(axis=1)
    return scores
