"""What a clip can be compared with: its nearest training normal and others that are near, asked for clip by clip."""

from typing import Any

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.clip_names import parse_clip_name
from dcase_explore.column_names import members
from dcase_explore.score_names import BUILT_IN


def nearest_of(frame: pd.DataFrame, row: int) -> dict[str, Any]:
    """
    Nearest clips of one clip, in the embedding that findings take first.

    Parameters
    ----------
    frame
        Clip table that is shown.
    row
        Position of the clip in it.

    Returns
    -------
    dict
        As JSON has it. ``embedding`` it is measured in, or null; ``normal`` (nearest training normal of its machine
        type and section, of the test split where there are none), ``same`` (of the same attributes), ``anomaly``: each
        ``{"row", "distance"}`` (Euclidean), or null. Where the nearest training normal is not shown, ``row`` is null
        and ``words`` says what its file name does.
    """
    found: dict[str, Any] = {"embedding": None, "normal": None, "same": None, "anomaly": None}
    clip = frame.iloc[row]
    group = (frame["class"] == clip["class"]).to_numpy()
    if "section" in frame and pd.notna(clip["section"]):
        group &= (frame["section"] == clip["section"]).to_numpy()
    distances = _distances(frame, row, group)
    if distances is not None:
        found["embedding"], far = distances
        candidates = group & np.isfinite(far)
        candidates[row] = False
        labels = frame["label"].to_numpy(object) if "label" in frame else np.full(len(frame), None)
        training = (frame["split"] == "train").to_numpy() & (labels != "anomaly")
        normals = training if (training & group).any() else labels == "normal"
        found["normal"] = _nearest(far, candidates & normals)
        found["anomaly"] = _nearest(far, candidates & (labels == "anomaly"))
        if "attributes" in frame and pd.notna(clip["attributes"]):
            same = (frame["attributes"] == clip["attributes"]).to_numpy()
            found["same"] = _nearest(far, candidates & normals & same)
    path = clip.get("nearest_normal")
    if isinstance(path, str) and path:
        rows = np.flatnonzero((frame["path"] == path).to_numpy()) if "path" in frame else np.empty(0, int)
        if not len(rows):
            found["normal"] = {"row": None, "distance": None, "words": _words(path)}
        elif found["normal"] is None or found["normal"]["row"] != rows[0]:
            distance = float(far[rows[0]]) if distances is not None and np.isfinite(far[rows[0]]) else None
            found["normal"] = {"row": int(rows[0]), "distance": distance}
    return found


def _distances(frame: pd.DataFrame, row: int, group: np.ndarray) -> tuple[str, np.ndarray] | None:
    """Embedding in which the clip has a vector, the user's own first, and the distance of each of its group to it."""
    for name in sorted(members(frame.columns, "embeddings_<embedding>"), key=lambda name: name in BUILT_IN):
        if not isinstance(frame[f"embeddings_{name}"].iloc[row], np.ndarray):
            continue
        rows = np.flatnonzero(group)
        matrix, present = clips.vectors(frame.iloc[rows], name)
        matrix = matrix.astype(np.float64)
        far = np.full(len(frame), np.inf)
        far[rows[present]] = np.linalg.norm(matrix - matrix[np.flatnonzero(rows[present] == row)[0]], axis=1)
        return name, far
    return None


def _nearest(far: np.ndarray, candidates: np.ndarray) -> dict[str, Any] | None:
    rows = np.flatnonzero(candidates)
    if not len(rows):
        return None
    row = rows[far[rows].argmin()]
    return {"row": int(row), "distance": float(far[row])}


def _words(path: str) -> str:
    """What a file's name says of a clip that is not shown."""
    name = parse_clip_name(path)
    if name is None:
        return "training"
    attributes = ", ".join(f"{key} {value}" if key else value for key, value in name.attributes)
    return " · ".join(part for part in (name.split or "train", attributes, name.domain) if part)
