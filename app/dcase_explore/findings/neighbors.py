"""Nearest training clips of one machine type in one embedding: exact, in blocks, no square matrix of all clips."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

K = 5
"""Neighbours that a distance is averaged over."""
_BLOCK = 1024
_FOR_CENTRE = 101


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
        Neighbours are found in single precision, their distances computed in double.
    """
    n = len(matrix)
    result = Neighbors(np.full(n, np.nan), np.full(n, np.nan), np.full(n, -1, np.int64), np.full(n, np.nan))
    if not len(reference):
        return result
    # Around a centre that no odd vector moves, so that what clips have in common takes no digits from what differs.
    some_of_them = reference[np.linspace(0, len(reference) - 1, min(_FOR_CENTRE, len(reference))).astype(int)]
    centred, everything = matrix - np.median(matrix[some_of_them], axis=0), np.arange(n)
    for rows, candidates, there, exact in _search(centred, everything, reference, k, matrix):
        result.euclidean[rows] = _mean(exact, there)
        some, first = there.any(axis=1), np.where(there, exact, np.inf).argmin(axis=1)
        result.nearest[rows[some]] = reference[candidates[some, first[some]]]
        result.distance[rows[some]] = exact[some, first[some]]
    asked = everything if cosine_of is None else cosine_of
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True) if len(asked) else np.zeros(1)
    if (lengths > 0).all():
        # Half the squared distance of unit vectors is one minus their cosine.
        units = matrix / lengths
        for rows, _, there, exact in _search(units, asked, reference, k, units):
            result.cosine[rows] = _mean(exact**2 / 2, there)
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
        int64, shape (clips, k), in any order.
    """
    centred = matrix - np.median(matrix, axis=0)
    everything = np.arange(len(matrix))
    return np.concatenate([places for _, places, _, _ in _search(centred, everything, everything, k, matrix)])


def _search(
    matrix: np.ndarray, asked: np.ndarray, reference: np.ndarray, k: int, exact_of: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Block by block of those asked for: rows, their neighbours' places in `reference`, which are any, distances."""
    others = matrix[reference]
    with np.errstate(over="ignore"):
        squares = (others**2).sum(axis=1)
    position = np.full(len(matrix), -1)
    position[reference] = np.arange(len(reference))
    for start in range(0, len(asked), _BLOCK):
        rows = asked[start : start + _BLOCK]
        with np.errstate(over="ignore", invalid="ignore"):  # what is too far to be counted is not near
            ranked = matrix[rows] @ others.T
            ranked *= -2
            ranked += squares
        ranked[~np.isfinite(ranked)] = np.inf
        itself = np.flatnonzero(position[rows] >= 0)
        ranked[itself, position[rows[itself]]] = np.inf
        candidates, there = _smallest(ranked, k)
        exact, own = np.empty(candidates.shape), exact_of[rows].astype(np.float64)
        for column in range(candidates.shape[1]):
            apart = own - exact_of[reference[candidates[:, column]]]
            exact[:, column] = np.sqrt(np.einsum("ij,ij->i", apart, apart))
        yield rows, candidates, there, exact


def _smallest(values: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns of each row's k smallest values, and which of them are finite."""
    k = min(k, values.shape[1])
    columns = np.argpartition(values, k - 1, axis=1)[:, :k]
    return columns, np.isfinite(np.take_along_axis(values, columns, axis=1))


def _mean(distances: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Mean of each row's distances that are there; NaN where there is none."""
    counts, sums = there.sum(axis=1), np.where(there, distances, 0).sum(axis=1)
    return np.asarray(np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0))
