"""
Light enrichment: what a clip table lacks to be mapped and ranked, computed from its recordings and kept.

A table without embeddings gets ``embeddings_logmel`` and, fitted per machine type, ``anomaly_score_logmel_lof``; every
embedding gets map coordinates, fitted on the machine types at hand. What the data bring themselves is used as it is.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.columns import members
from dcase_explore.enrich import lof, logmel, maps
from dcase_explore.enrich.store import Store, digest_of
from dcase_explore.messages import busy, note, some, track

LOGMEL = "logmel"
LOGMEL_LOF = "logmel_lof"
_BATCH = 64
_UNREADABLE = np.empty(0, dtype=np.float32)


def enrich(frame: pd.DataFrame) -> pd.DataFrame:
    """
    Add log-mel embeddings, a LOF score and maps where the table has none and the recordings allow it.

    Parameters
    ----------
    frame
        Conforming clip table, already restricted to the machine types of interest.

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
        if not embeddings:
            frame = _with_logmel(frame, store)
            frame = _with_lof(frame, store)
            embeddings = [LOGMEL]
        mapped = members(frame.columns, "map_<embedding>_x")
        for name in embeddings:
            if name not in mapped:
                frame = _with_map(frame, name, store)
    return clips.conform(frame)


def _with_logmel(frame: pd.DataFrame, store: Store) -> pd.DataFrame:
    paths = [path for path in frame["path"] if path is not None]
    digests = store.file_digests(_watched(paths, "checking recordings"))
    keys = {path: digest_of(logmel.RECIPE, digest) for path, digest in digests.items()}
    kept = store.get(keys.values())
    # A recording that failed is heard again, for its reason; failures are few.
    to_hear = [path for path in paths if path not in keys or keys[path] not in kept or kept[keys[path]].size == 0]
    heard: dict[str, logmel.Heard] = {}
    fresh: dict[str, np.ndarray] = {}
    for path, result in _listen_to_all(to_hear):
        heard[path] = result
        if path in keys:
            fresh[keys[path]] = _UNREADABLE if result.vector is None else result.vector
        if len(fresh) >= _BATCH:
            store.put(fresh)
            kept.update(fresh)
            fresh = {}
    store.put(fresh)
    kept.update(fresh)
    _report(heard)
    vectors = [kept.get(keys.get(path or "", "")) for path in frame["path"]]
    good = [vector if vector is not None and vector.size else None for vector in vectors]
    frame = frame.assign(path=[p if v is not None else None for p, v in zip(frame["path"], good, strict=True)])
    frame[f"embeddings_{LOGMEL}"] = pd.Series(good, index=frame.index, dtype=object)
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


def _report(heard: dict[str, logmel.Heard]) -> None:
    broken = {path: result.problem for path, result in heard.items() if result.problem}
    if broken:
        reasons = some((f"{path} ({reason})" for path, reason in broken.items()), 5)
        note(f"{_recordings(len(broken))} that cannot be read, shown without sound: {reasons}")
    remarks = Counter(remark for result in heard.values() for remark in result.remarks)
    for remark, count in remarks.items():
        example = next(path for path, result in heard.items() if remark in result.remarks)
        note(f"{_recordings(count)} (such as {example}) with {remark}")


def _recordings(count: int) -> str:
    return f"{count:,} recording{'s' if count != 1 else ''}"


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
        scores[filled[rows]] = _kept(store, key, partial(lof.lof_scores, its_matrix, reference))
    if without_training:
        note(
            f"no training clips of {some(without_training)}: the score {LOGMEL_LOF} is fitted on all clips, "
            "anomalies among them"
        )
    if too_few:
        note(f"fewer than {lof.FEWEST} clips of {some(too_few)} to fit on: no score {LOGMEL_LOF} for them")
    return frame.assign(**{f"anomaly_score_{LOGMEL_LOF}": scores})


def _with_map(frame: pd.DataFrame, name: str, store: Store) -> pd.DataFrame:
    matrix, present = clips.vectors(frame, name)
    places = np.full((len(frame), 2), np.nan, dtype=np.float32)
    if len(matrix):
        key = digest_of(maps.RECIPE, str(matrix.shape), matrix.tobytes())

        def place() -> np.ndarray:
            with busy(f"placing {len(matrix):,} clips on the map of {name}"):
                return maps.map_coordinates(matrix)

        places[present] = _kept(store, key, place).reshape(-1, 2)
    return frame.assign(**{f"map_{name}_x": places[:, 0], f"map_{name}_y": places[:, 1]})


def _kept(store: Store, key: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
    """Kept array under this key, computed and kept first where it is missing."""
    found = store.get([key]).get(key)
    if found is None:
        found = compute().astype(np.float32)
        store.put({key: found})
    return found
