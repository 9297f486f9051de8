"""Light ears: anomaly scores that need no model to be fetched, per machine type, kept under what they are made of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.enrich import knn, lof, pca
from dcase_explore.enrich.frames import Frames
from dcase_explore.messages import note, some
from dcase_explore.score_names import LOGMEL, LOGMEL_LOF, LOGMEL_PCA, knn_of
from dcase_explore.store import Store, digest_of

FITTED_ON = "training normals of its machine type (all its clips where there are none)"


@dataclass(frozen=True)
class Group:
    """
    A machine type's clips, and those of them that are typical.

    Attributes
    ----------
    machine_type
        Its name.
    rows
        Positions in the table, int64, shape (clips,).
    reference
        bool, shape (clips,): training normals; all clips where there are none.
    trained
        Whether there are training normals.
    """

    machine_type: str
    rows: np.ndarray = field(repr=False)
    reference: np.ndarray = field(repr=False)
    trained: bool


def groups(frame: pd.DataFrame, present: np.ndarray) -> list[Group]:
    """
    Clips of each machine type.

    Parameters
    ----------
    frame
        Conforming clip table.
    present
        bool, shape (clips,): those that can be scored.

    Returns
    -------
    list of Group
        Without machine types that have none.
    """
    training = frame["split"] == "train"
    if "label" in frame:
        training &= frame["label"] != "anomaly"
    found = []
    for machine in clips.machine_types_present(frame):
        rows = np.flatnonzero((frame["class"] == machine).to_numpy() & present)
        reference = training.to_numpy(dtype=bool)[rows]
        if len(rows):
            trained = bool(reference.any())
            found.append(Group(machine, rows, reference if trained else np.ones(len(rows), bool), trained))
    return found


def say_how_fitted(fitted: Iterable[Group], names: str, fewest: int) -> None:
    """Name the machine types whose scores are not what they should be, or not there."""
    without_training = [group.machine_type for group in fitted if not group.trained]
    too_few = [group.machine_type for group in fitted if group.reference.sum() < fewest]
    if without_training:
        note(f"no training clips of {some(without_training)}: {names} fitted on all clips, anomalies among them")
    if too_few:
        note(f"fewer than {fewest} clips of {some(too_few)} to fit on: no {names.removesuffix(' is')} for them")


def pca_of_machine_type(
    paths: list[str | None], reference: np.ndarray, key: str, store: Store
) -> Callable[[Frames], None]:
    """
    Score of one machine type by principal components, to be computed while its frames are there.

    Parameters
    ----------
    paths
        Of its recordings, one per clip; None where there is none.
    reference
        bool, shape (clips,): training normals.
    key
        Under which the scores are kept.
    store
        Where.

    Returns
    -------
    callable
        To be called with the frames.
    """

    def compute(frames: Frames) -> None:
        there = np.array([path is not None and path in frames for path in paths])
        fit_on = reference & there if (reference & there).any() else there
        scores = np.full(len(paths), np.nan, np.float32)
        if fit_on.sum() >= pca.FEWEST:
            plane = pca.fit(frames.of(paths[row] or "") for row in np.flatnonzero(fit_on))
            scores[there] = [plane.error(frames.of(paths[row] or "")) for row in np.flatnonzero(there)]
        store.put({key: scores})

    return compute


def pca_key(paths: list[str | None], reference: np.ndarray, digests: Mapping[str, str], recipe: str) -> str:
    """Names all that a machine type's scores depend on: recordings, their order, which are training normals."""
    return digest_of(recipe, pca.RECIPE, *(digests.get(path or "", "") for path in paths), reference.tobytes())


Score: TypeAlias = tuple[str, str, int, Callable[[np.ndarray, np.ndarray], np.ndarray]]
"""Name, recipe, fewest clips to fit on, and what computes it of embeddings and of which of them are the reference."""


def with_lof(frame: pd.DataFrame, store: Store) -> pd.DataFrame:
    """Add the local outlier factor of the log-mel embedding."""
    names = f"the scores {LOGMEL_LOF} and {LOGMEL_PCA} are"
    return with_score(frame, LOGMEL, (LOGMEL_LOF, lof.RECIPE, lof.FEWEST, lof.lof_scores), store, names)


def with_knn(frame: pd.DataFrame, embedding: str, store: Store) -> pd.DataFrame:
    """Add the distance to the nearest training normals in an embedding."""
    return with_score(frame, embedding, (knn_of(embedding), knn.RECIPE, knn.K + 1, knn.knn_scores), store)


def with_score(frame: pd.DataFrame, embedding: str, score: Score, store: Store, names: str = "") -> pd.DataFrame:
    """
    Add a score of an embedding, fitted per machine type.

    Parameters
    ----------
    frame
        Conforming clip table.
    embedding
        Its name.
    score
        What to add.
    store
        Where it is kept.
    names
        How notes name it, with a verb.

    Returns
    -------
    pandas.DataFrame
        Without the score where no machine type has enough clips.
    """
    name, recipe, fewest, compute = score
    matrix, present = clips.vectors(frame, embedding)
    machine_groups = groups(frame, present)
    say_how_fitted(machine_groups, names or f"the score {name} is", fewest)
    matrix_row = np.cumsum(present) - 1
    scores = np.full(len(frame), np.nan, dtype=np.float32)
    for group in machine_groups:
        vectors = matrix[matrix_row[group.rows]]
        key = digest_of(recipe, vectors.tobytes(), group.reference.tobytes())
        scores[group.rows] = store.kept(key, partial(compute, vectors, group.reference))
    return frame if np.isnan(scores).all() else frame.assign(**{f"anomaly_score_{name}": scores})
