"""
Light enrichment: what a clip table lacks to be mapped and ranked, computed from its recordings and kept.

A table without embeddings, or without any score, gets ``embeddings_logmel`` and, fitted per machine type, two scores:
``anomaly_score_logmel_lof`` and ``anomaly_score_logmel_pca``. One with embeddings of its own and fewer than two scores
gets ``anomaly_score_<embedding>_knn``. Every embedding gets map coordinates, fitted on the machine types at hand. What
the data bring themselves is used as it is.
"""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.column_names import members
from dcase_explore.enrich import ears, logmel, maps
from dcase_explore.enrich.hearing import hear
from dcase_explore.messages import counted, note
from dcase_explore.progress import track
from dcase_explore.recordings import not_here
from dcase_explore.score_names import BUILT_IN, LOGMEL, LOGMEL_LOF, LOGMEL_PCA, knn_of
from dcase_explore.store import Store

_MANY = 640


def enrich(
    frame: pd.DataFrame, *, listen: bool = True, with_maps: bool = True, pending: list[str] | None = None
) -> pd.DataFrame:
    """
    Add log-mel embeddings, two scores and maps where the table has none and the recordings allow it.

    Parameters
    ----------
    frame
        Conforming clip table, already restricted to the machine types of interest.
    listen
        Whether to listen to recordings that come without embeddings.
    with_maps
        Whether to place the clips on maps, which takes longest.
    pending
        Gathers the maps that are left to somebody else, if it is given; see `maps.with_map`.

    Returns
    -------
    pandas.DataFrame
        Conforming clip table. Recordings that cannot be read are named on stderr and their ``path`` is null.

    Raises
    ------
    ExploreError
        When the cache cannot be written.
    """
    embeddings = members(frame.columns, "embeddings_<embedding>")
    has_audio = listen and "path" in frame and frame["path"].notna().any()
    if not embeddings and not has_audio:
        return frame
    with Store() as store:
        scores = members(frame.columns, "anomaly_score_<score>")
        if has_audio and LOGMEL not in embeddings and not (embeddings and scores) and _all_here(frame["path"]):
            frame = _with_logmel(frame, store)
        own = [name for name in embeddings if name != LOGMEL]
        if own and len(members(frame.columns, "anomaly_score_<score>")) < 2:
            first = min(own, key=lambda name: name in BUILT_IN)
            if knn_of(first) not in scores:
                frame = ears.with_knn(frame, first, store)
        mapped = members(frame.columns, "map_<embedding>_x")
        for name in members(frame.columns, "embeddings_<embedding>"):
            if with_maps and name not in mapped:
                frame = maps.with_map(frame, name, store, pending)
    return clips.conform(frame)


def _all_here(paths: pd.Series) -> bool:
    """Whether there is nothing to fetch before listening; otherwise that is said."""
    missing = not_here(paths.dropna())
    if missing:
        note(
            f"{counted(missing, 'recording')} would have to be fetched to be listened to, and so there is neither "
            f"embedding {LOGMEL} nor score {LOGMEL_LOF} nor {LOGMEL_PCA}: --audio all fetches them"
        )
    return not missing


def _with_logmel(frame: pd.DataFrame, store: Store) -> pd.DataFrame:
    paths = [path for path in frame["path"] if path is not None]
    digests = store.file_digests(_watched(paths, "checking recordings"))
    its_paths: dict[str, list[str | None]] = {}
    keys, to_fit = {}, {}
    its_groups = ears.groups(frame, np.ones(len(frame), bool))
    for group in its_groups:
        machine, group_paths = group.machine_type, list(frame["path"].iloc[group.rows])
        key = ears.pca_key(group_paths, group.reference, digests, logmel.RECIPE)
        its_paths[machine], keys[machine] = group_paths, key
        if not store.get([key]):
            to_fit[machine] = ears.pca_of_machine_type(group_paths, group.reference, key, store)
    there = {machine: [path for path in of_machine if path is not None] for machine, of_machine in its_paths.items()}
    result = hear(there, digests, to_fit, store)
    result.report()
    heard = [result.heard.get(path) for path in frame["path"]]
    frame = frame.assign(path=[each and path for path, each in zip(frame["path"], heard, strict=True)])
    if not result.heard:
        return frame
    frame[f"embeddings_{LOGMEL}"] = pd.Series([each and each.vector for each in heard], frame.index, dtype=object)
    for measure in ("level_dbfs", "clipped"):
        frame[measure] = [getattr(each, measure) if each else np.nan for each in heard]
    frame = ears.with_lof(frame, store)
    scores = np.full(len(frame), np.nan, np.float32)
    for group in its_groups:
        scores[group.rows] = store.get([keys[group.machine_type]]).get(keys[group.machine_type], np.nan)
    return frame if np.isnan(scores).all() else frame.assign(**{f"anomaly_score_{LOGMEL_PCA}": scores})


def _watched(paths: list[str], doing: str) -> Iterable[str]:
    """A progress bar where many files may have to be read."""
    return track(paths, len(paths), doing) if len(paths) > _MANY else paths
