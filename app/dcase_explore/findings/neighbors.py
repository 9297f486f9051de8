"""Nearest training clips of one machine type in one embedding, by scikit-learn: exact, in blocks of memory."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dcase_explore.store import Store, digest_of

K = 5
"""Neighbours that a distance is averaged over."""


@dataclass(frozen=True)
class Neighbors:
    """
    Distances of clips to reference clips.

    Attributes
    ----------
    euclidean, cosine
        Mean distance to the k nearest reference clips, not counting the clip itself; float64, shape (clips,). NaN
        where there is none; cosine is NaN where it was not asked for, and throughout where a vector is zero.
    nearest
        Row of the nearest reference clip (Euclidean), int64, shape (clips,); -1 where there is none.
    distance
        Euclidean distance to it, float64, shape (clips,).
    """

    euclidean: np.ndarray
    cosine: np.ndarray
    nearest: np.ndarray
    distance: np.ndarray


def nearest_neighbors(
    matrix: np.ndarray, reference: np.ndarray, k: int = K, cosine_of: np.ndarray | None = None
) -> Neighbors:
    """
    Find each clip's nearest reference clips.

    Parameters
    ----------
    matrix
        Embeddings, float32, shape (clips, dimensions).
    reference
        Rows that can be neighbours, int64, shape (references,).
    k
        How many to average over; fewer where there are fewer.
    cosine_of
        Rows whose cosine distance is asked for, int64, shape (rows,); None for all.

    Returns
    -------
    Neighbors
        Distances are computed in double precision.
    """
    everything = np.arange(len(matrix))
    asked = everything if cosine_of is None else cosine_of
    result = Neighbors(*(np.full(len(matrix), fill) for fill in (np.nan, np.nan, -1, np.nan)))
    for rows, distances, nearest in _search(matrix, everything, reference, k):
        result.euclidean[rows], result.distance[rows] = distances.mean(axis=1), distances[:, 0]
        result.nearest[rows] = nearest[:, 0]
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    if len(asked) and (lengths > 0).all():
        # Half the squared distance of unit vectors is one minus their cosine.
        for rows, distances, _ in _search(matrix / lengths, asked, reference, k):
            result.cosine[rows] = (distances**2 / 2).mean(axis=1)
    return result


def nearest_rows(matrix: np.ndarray, k: int) -> np.ndarray:
    """
    Rows nearest to each row, itself not counted.

    Parameters
    ----------
    matrix
        Embeddings, float32, shape (clips, dimensions), more than k clips.
    k
        How many.

    Returns
    -------
    numpy.ndarray
        int64, shape (clips, k), nearest first; kept, for other scores of the same clips ask for the same.
    """

    def searched() -> np.ndarray:
        everything = np.arange(len(matrix))
        ((_, _, nearest),) = _search(matrix, everything, everything, k)
        return nearest  # in single precision exact up to 16 million

    with Store() as store:
        key = digest_of("nearest rows 1", str((*matrix.shape, k)), matrix.tobytes())
        return store.kept(key, searched).reshape(len(matrix), k).astype(np.int64)


def _search(
    matrix: np.ndarray, asked: np.ndarray, reference: np.ndarray, k: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows asked for, the distances to their neighbours and the rows of these, nearest first; none where none is."""
    from sklearn.neighbors import NearestNeighbors  # half a second, and not needed where nothing is asked

    if not len(reference):
        return
    # Of many dimensions a tree sees no more than brute force, which counts in double precision.
    model = NearestNeighbors(algorithm="brute").fit(matrix[reference])
    position = np.full(len(matrix), -1)
    position[reference] = np.arange(len(reference))
    own, others = asked[position[asked] >= 0], asked[position[asked] < 0]
    if len(own) and len(reference) > 1:
        distances, nearest = model.kneighbors(n_neighbors=min(k, len(reference) - 1))  # each but itself
        yield own, distances[position[own]], reference[nearest[position[own]]]
    if len(others):
        distances, nearest = model.kneighbors(matrix[others], n_neighbors=min(k, len(reference)))
        yield others, distances, reference[nearest]
