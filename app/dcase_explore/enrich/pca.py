"""
Reconstruction error of log-mel frames by principal components: the linear sister of the baseline's autoencoder.

Its input and the width of its bottleneck are the baseline's; in place of a network, the components of the training
frames' covariance, which are the best that any linear autoencoder of that width can do (Baldi and Hornik 1989).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from dcase_explore.enrich.frames import WINDOW, windows

COMPONENTS = 8
FEWEST = 3
"""Clips below which, as for the other light ear, nothing is typical."""
RECIPE = f"pca 1: {COMPONENTS} components of {WINDOW} frames, mean squared error in dB²"


@dataclass(frozen=True)
class Plane:
    """
    What training frames have in common.

    Attributes
    ----------
    mean
        Of the windows, dB, float32, shape (640,).
    axes
        Orthonormal principal components, float32, shape (640, components).
    """

    mean: np.ndarray
    axes: np.ndarray

    def error(self, frames: np.ndarray) -> float:
        """
        Anomaly score of a clip: mean squared reconstruction error over its windows.

        Parameters
        ----------
        frames
            Log-mel frames in dB, float32, shape (frames, 128).

        Returns
        -------
        float
            dB²; higher is more anomalous.
        """
        centred = windows(frames) - self.mean
        return float(np.mean((centred - (centred @ self.axes) @ self.axes.T) ** 2, dtype=np.float64))


def fit(clips: Iterable[np.ndarray]) -> Plane:
    """
    Principal components of the windows of many clips, one clip in memory at a time.

    Parameters
    ----------
    clips
        Log-mel frames in dB of each, float32, shape (frames, 128); at least one.

    Returns
    -------
    Plane
        Of eight components; of fewer where the windows have no more directions.
    """
    from scipy.linalg import eigh

    count, shift, total, squares = 0, np.zeros(1, np.float32), np.zeros(1), np.zeros((1, 1))
    for frames in clips:
        clip_windows = windows(frames)
        # Sums about one clip's mean lose no digits to what all clips have in common.
        shift = shift if count else clip_windows.mean(axis=0)
        clip_windows -= shift
        count += len(clip_windows)
        total = total + clip_windows.sum(axis=0, dtype=np.float64)
        squares = squares + clip_windows.T @ clip_windows
    mean = total / count
    scatter = squares - count * np.outer(mean, mean)
    values, vectors = eigh(scatter, subset_by_index=[len(scatter) - COMPONENTS, len(scatter) - 1])
    there = values > max(values.max(), 0) * len(scatter) * np.finfo(np.float32).eps
    return Plane((shift + mean).astype(np.float32), vectors[:, there].astype(np.float32))
