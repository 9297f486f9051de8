"""Map coordinates: embeddings brought to two dimensions, near meaning similar."""

import warnings
from collections.abc import Iterable

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.enrich.compiled import compile_anew, keep_compiled
from dcase_explore.progress import busy
from dcase_explore.store import Store, digest_of

NEIGHBORS = 20
MIN_DIST = 0.15
SEED = 20230301
FEWEST_FOR_UMAP = 8
EXACT = 20_000
"""Clips up to which neighbours are searched for among all: at once, and without compiling UMAP's own search (5 s)."""
RECIPE = f"map 2: UMAP of standardised values, {NEIGHBORS} neighbours, min_dist {MIN_DIST}, seed {SEED}"


def map_coordinates(matrix: np.ndarray) -> np.ndarray:
    """
    Place clips on a map by UMAP (McInnes et al. 2018), with the enriched dataset's own settings.

    Parameters
    ----------
    matrix
        Embeddings, float32, shape (clips, dimensions).

    Returns
    -------
    numpy.ndarray
        float32, shape (clips, 2), no unit; the same for the same input. Fewer than eight clips have no neighbourhoods
        worth the name and are placed by their two principal components instead.
    """
    if len(matrix) < FEWEST_FOR_UMAP:
        return principal_components(matrix)
    standard = _standardised(matrix)
    import umap

    neighbors = min(NEIGHBORS, len(matrix) - 1)
    with warnings.catch_warnings():
        # A fixed seed makes UMAP single-threaded and it says so each time.
        warnings.filterwarnings("ignore", message="n_jobs value")
        # Nothing is placed on a finished map, which known neighbours rule out.
        warnings.filterwarnings("ignore", message="precomputed_knn")
        # Machine types that have nothing in common are islands, each of which has its place.
        warnings.filterwarnings("ignore", message="Graph is not fully connected")
        reducer = umap.UMAP(
            n_neighbors=neighbors,
            min_dist=MIN_DIST,
            random_state=SEED,
            n_jobs=1,
            precomputed_knn=_nearest(standard, neighbors) if len(matrix) <= EXACT else (None, None),
        )
        try:
            keep_compiled()
            return np.asarray(reducer.fit_transform(standard), dtype=np.float32)
        except Exception:  # whatever damaged files lead to, or a full disk; what is wrong with UMAP is raised again
            compile_anew()
            return np.asarray(reducer.fit_transform(standard), dtype=np.float32)


def _nearest(standard: np.ndarray, neighbors: int) -> tuple[np.ndarray, np.ndarray]:
    """Which clips are nearest to each and how far, each itself the first of them, as UMAP counts."""
    from sklearn.neighbors import NearestNeighbors

    distances, which = NearestNeighbors(n_neighbors=neighbors - 1, algorithm="brute").fit(standard).kneighbors()
    itself = np.arange(len(standard))[:, None]
    return (
        np.hstack([itself, which]).astype(np.int32),
        np.hstack([np.zeros(itself.shape), distances]).astype(np.float32),
    )


def principal_components(matrix: np.ndarray) -> np.ndarray:
    """
    Place clips by their first two principal components, which takes no time.

    Parameters
    ----------
    matrix
        Embeddings, float32, shape (clips, dimensions).

    Returns
    -------
    numpy.ndarray
        float32, shape (clips, 2), no unit, of standardised values; the same for the same input.
    """
    standard = _standardised(matrix)
    places = np.zeros((len(matrix), 2), dtype=np.float32)
    if len(matrix) < standard.shape[1]:
        left, weights, _ = np.linalg.svd(standard, full_matrices=False)
        places[:, : min(2, len(weights))] = (left * weights)[:, :2]
    else:
        _, axes = np.linalg.eigh(standard.T @ standard)  # weakest first
        axes = axes[:, ::-1][:, :2]
        places[:, : axes.shape[1]] = standard @ axes
    return places


def _standardised(matrix: np.ndarray) -> np.ndarray:
    """Bands and dimensions of large variance would otherwise decide alone who is near whom."""
    centred = matrix - matrix.mean(axis=0)
    spread = centred.std(axis=0)
    return np.asarray(centred / np.where(spread > 0, spread, 1))


def with_map(frame: pd.DataFrame, name: str, store: Store, pending: list[str] | None = None) -> pd.DataFrame:
    """
    Add the places of all clips on the map of an embedding.

    Parameters
    ----------
    frame
        Conforming clip table.
    name
        Of the embedding.
    store
        Where maps are kept.
    pending
        Where it is given, a map that is not kept yet is left to somebody else, and its name is added here; the first
        two principal components stand in for it.

    Returns
    -------
    pandas.DataFrame
        With ``map_<name>_x`` and ``map_<name>_y``; NaN where a clip has no vector.
    """
    matrix, present = clips.vectors(frame, name)
    places = np.full((len(frame), 2), np.nan, dtype=np.float32)
    if len(matrix):
        key = digest_of(RECIPE, str(matrix.shape), matrix.tobytes())

        def place() -> np.ndarray:
            with busy(f"placing {len(matrix):,} clips on the map of {name}"):
                return map_coordinates(matrix)

        if pending is None or len(matrix) < FEWEST_FOR_UMAP or store.get([key]):
            places[present] = store.kept(key, place).reshape(-1, 2)
        else:
            pending.append(name)
            places[present] = principal_components(matrix)
    return frame.assign(**{f"map_{name}_x": places[:, 0], f"map_{name}_y": places[:, 1]})


def in_place_of_maps(pending: Iterable[str]) -> dict[str, str]:
    """
    Descriptions of columns in which principal components stand in for a map.

    Parameters
    ----------
    pending
        Names of embeddings; see `with_map`.

    Returns
    -------
    dict
        By column.
    """
    return {
        f"map_{name}_{axis}": f"{which} principal component of {name}, until its map (UMAP) is computed; no unit."
        for name in pending
        for axis, which in (("x", "First"), ("y", "Second"))
    }
