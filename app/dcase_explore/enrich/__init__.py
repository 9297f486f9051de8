"""
Light enrichment: what a clip table lacks to be mapped and ranked, computed from its recordings and kept.

A table without embeddings, or without any score, gets ``embeddings_logmel`` and, fitted per machine type,
``anomaly_score_logmel_lof``; every embedding gets map coordinates, fitted on the machine types at hand. What the data
bring themselves is used as it is.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.columns import LOGMEL, LOGMEL_LOF, members
from dcase_explore.enrich import lof, logmel, maps
from dcase_explore.messages import busy, counted, note, some, track
from dcase_explore.recordings import not_here
from dcase_explore.store import Store, digest_of

_BATCH = 64


def enrich(frame: pd.DataFrame, *, with_maps: bool = True) -> pd.DataFrame:
    """
    Add log-mel embeddings, a LOF score and maps where the table has none and the recordings allow it.

    Parameters
    ----------
    frame
        Conforming clip table, already restricted to the machine types of interest.
    with_maps
        Whether to place the clips on maps, which takes longest.

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
    has_audio = "path" in frame and frame["path"].notna().any()
    if not embeddings and not has_audio:
        return frame
    with Store() as store:
        scores = members(frame.columns, "anomaly_score_<score>")
        if has_audio and LOGMEL not in embeddings and not (embeddings and scores) and _all_here(frame["path"]):
            frame = _with_logmel(frame, store)
            embeddings = members(frame.columns, "embeddings_<embedding>")
            frame = _with_lof(frame, store) if LOGMEL in embeddings else frame
        mapped = members(frame.columns, "map_<embedding>_x")
        for name in embeddings:
            if with_maps and name not in mapped:
                frame = _with_map(frame, name, store)
    return clips.conform(frame)


def _all_here(paths: pd.Series) -> bool:
    """Whether there is nothing to fetch before listening; otherwise that is said."""
    missing = not_here(paths.dropna())
    if missing:
        note(
            f"{counted(missing, 'recording')} would have to be fetched to be listened to, and so there is neither "
            f"embedding {LOGMEL} nor score {LOGMEL_LOF}: --audio all fetches them"
        )
    return not missing


def _with_logmel(frame: pd.DataFrame, store: Store) -> pd.DataFrame:
    paths = [path for path in frame["path"] if path is not None]
    digests = store.file_digests(_watched(paths, "checking recordings"))
    keys = {path: digest_of(logmel.RECIPE, digest) for path, digest in digests.items()}
    kept = store.get(keys.values())
    # A recording that failed is heard again, for its reason; failures are few.
    to_hear = [path for path in paths if path not in keys or keys[path] not in kept or kept[keys[path]].size == 0]
    problems: dict[str, str] = {}
    fresh: dict[str, np.ndarray] = {}
    for path, heard in _listen_to_all(to_hear):
        if heard.problem:
            problems[path] = heard.problem
        if path in keys:
            fresh[keys[path]] = heard.packed()
        if len(fresh) >= _BATCH:
            store.put(fresh)
            kept.update(fresh)
            fresh = {}
    store.put(fresh)
    kept.update(fresh)
    packed = {path: kept[key] for path, key in keys.items() if key in kept and kept[key].size}
    by_path = {path: logmel.Heard.unpacked(array) for path, array in packed.items()}
    _report(problems, by_path)
    good = [by_path[path].vector if path in by_path else None for path in frame["path"]]
    frame = frame.assign(path=[path if path in by_path else None for path in frame["path"]])
    if by_path:
        frame[f"embeddings_{LOGMEL}"] = pd.Series(good, index=frame.index, dtype=object)
        for measure in ("level_dbfs", "clipped"):
            frame[measure] = [getattr(by_path[path], measure) if path in by_path else np.nan for path in frame["path"]]
    return frame


def _watched(paths: list[str], doing: str) -> Iterable[str]:
    """A progress bar where many files may have to be read."""
    return track(paths, len(paths), doing) if len(paths) > 10 * _BATCH else paths


def _listen_to_all(paths: list[str]) -> Iterable[tuple[str, logmel.Heard]]:
    if not paths:
        return
    # Threads suffice: reading, transforms and matrix products leave the interpreter lock.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            yield from track(
                zip(paths, pool.map(logmel.listen, paths), strict=True), len(paths), "listening to recordings"
            )
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _report(problems: dict[str, str], heard: dict[str, logmel.Heard]) -> None:
    if problems:
        reasons = some((f"{path} ({reason})" for path, reason in problems.items()), 5)
        note(f"{counted(len(problems), 'recording')} that cannot be read, shown without sound: {reasons}")
    for remark in logmel.REMARKS:
        paths = [path for path, result in heard.items() if remark in result.remarks]
        if paths:
            note(f"{counted(len(paths), 'recording')} (such as {paths[0]}) with {remark}")


def _with_lof(frame: pd.DataFrame, store: Store) -> pd.DataFrame:
    matrix, present = clips.vectors(frame, LOGMEL)
    scores = np.full(len(frame), np.nan, dtype=np.float32)
    machine_types = frame["class"].to_numpy(dtype=object)[present]
    training = frame["split"] == "train"
    if "label" in frame:
        training &= frame["label"] != "anomaly"
    training_normal = training.to_numpy(dtype=bool)[present]
    without_training, too_few = [], []
    filled = np.flatnonzero(present)
    for machine in clips.machine_types_present(frame):
        rows = machine_types == machine
        if not rows.any():
            continue
        reference = training_normal[rows]
        if not reference.any():
            without_training.append(machine)
            reference = np.ones(int(rows.sum()), dtype=bool)
        if reference.sum() < lof.FEWEST:
            too_few.append(machine)
        its_matrix = matrix[rows]
        key = digest_of(lof.RECIPE, its_matrix.tobytes(), reference.tobytes())
        scores[filled[rows]] = store.kept(key, partial(lof.lof_scores, its_matrix, reference))
    if without_training:
        note(
            f"no training clips of {some(without_training)}: the score {LOGMEL_LOF} is fitted on all clips, "
            "anomalies among them"
        )
    if too_few:
        note(f"fewer than {lof.FEWEST} clips of {some(too_few)} to fit on: no score {LOGMEL_LOF} for them")
    if np.isnan(scores).all():
        return frame
    return frame.assign(**{f"anomaly_score_{LOGMEL_LOF}": scores})


def _with_map(frame: pd.DataFrame, name: str, store: Store) -> pd.DataFrame:
    matrix, present = clips.vectors(frame, name)
    places = np.full((len(frame), 2), np.nan, dtype=np.float32)
    if len(matrix):
        key = digest_of(maps.RECIPE, str(matrix.shape), matrix.tobytes())

        def place() -> np.ndarray:
            with busy(f"placing {len(matrix):,} clips on the map of {name}"):
                return maps.map_coordinates(matrix)

        places[present] = store.kept(key, place).reshape(-1, 2)
    return frame.assign(**{f"map_{name}_x": places[:, 0], f"map_{name}_y": places[:, 1]})
