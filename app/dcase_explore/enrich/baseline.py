"""Scores and embeddings of the challenge's baseline: what its autoencoder leaves of a clip, and its bottleneck."""

from dataclasses import dataclass, field

import numpy as np

MOST_COMPONENTS = 512


@dataclass
class Covariance:
    """Covariance of residuals, one clip at a time."""

    count: int = 0
    total: np.ndarray = field(default_factory=lambda: np.zeros(1))
    squares: np.ndarray = field(default_factory=lambda: np.zeros((1, 1)))

    def add(self, residual: np.ndarray) -> None:
        """Add residuals, shape (windows, dimensions)."""
        wide = residual.astype(np.float64)
        self.count += len(wide)
        self.total = self.total + wide.sum(axis=0)
        self.squares = self.squares + wide.T @ wide

    def inverse(self) -> np.ndarray | None:
        """
        Inverse of the covariance.

        Returns
        -------
        numpy.ndarray or None
            float64, shape (dimensions, dimensions). None where there are not more residuals than dimensions: in some
            direction they do not vary then, and any deviation there would be infinitely far.
        """
        if self.count <= len(self.total):
            return None
        mean = self.total / self.count
        covariance = (self.squares - self.count * np.outer(mean, mean)) / (self.count - 1)
        found: np.ndarray = np.linalg.pinv(covariance, hermitian=True)
        return found


def selective_mahalanobis(means: np.ndarray, inverses: list[np.ndarray]) -> np.ndarray:
    """
    Anomaly score of each clip in the baseline's second mode.

    Parameters
    ----------
    means
        Mean residual of each clip, float64, shape (clips, dimensions).
    inverses
        Inverse covariance of the residuals of the source, and of the target training windows.

    Returns
    -------
    numpy.ndarray
        float32, shape (clips,): the smaller Mahalanobis distance; higher is more anomalous.
    """
    squared: list[np.ndarray] = [np.einsum("ci,ij,cj->c", means, inverse, means, optimize=True) for inverse in inverses]
    smaller: np.ndarray = np.sqrt(np.maximum(np.min(squared, axis=0), 0)).astype(np.float32)
    return smaller


def reduced(bottlenecks: list[np.ndarray], training: np.ndarray) -> np.ndarray:
    """
    Embedding of each clip: its bottleneck activations in a row, by the training clips' principal components.

    Parameters
    ----------
    bottlenecks
        Activations of each clip, float32, shape (windows, 8).
    training
        bool, shape (clips,): the clips that components are fitted on.

    Returns
    -------
    numpy.ndarray
        float32, shape (clips, components): 512 of them, or as many as there are training clips. Clips of another
        length than the training clip in the middle are cut, or go on with their last window.
    """
    from sklearn.decomposition import PCA

    lengths = [len(bottleneck) for bottleneck, trains in zip(bottlenecks, training, strict=True) if trains]
    length = int(np.median(lengths))
    rows = [bottleneck[np.minimum(np.arange(length), len(bottleneck) - 1)].ravel() for bottleneck in bottlenecks]
    matrix = np.stack(rows).astype(np.float64)
    components = min(MOST_COMPONENTS, int(training.sum()), matrix.shape[1])
    found: np.ndarray = PCA(components, svd_solver="full").fit(matrix[training]).transform(matrix)
    return found.astype(np.float32)
