"""Nearest training normals in words: in the table, and of each finding's costliest clip."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from dcase_explore.findings.distances import Distances
from dcase_explore.findings.finding import Finding


def nearest_in_words(frame: pd.DataFrame, distances: Mapping[tuple[str, str], Distances]) -> dict[str, object]:
    """
    Columns that tell of each clip's nearest training normal.

    Parameters
    ----------
    frame
        Clip table.
    distances
        By machine type and embedding.

    Returns
    -------
    dict of str to array
        Its attributes, domain and distance, and the distance to the nearest one of the clip's own attributes: in the
        first embedding that a machine type has. What the table has of training clips that are not in it stays.
    """
    columns: dict[str, object] = {}
    for name in ("attributes", "domain", "distance"):
        if name != "distance" and name not in frame:
            continue
        told = known(frame, f"nearest_normal_{name}", None)
        values = frame[name].to_numpy(object) if name != "distance" else None
        for measured in reversed(list(distances.values())):
            there = (measured.nearest >= 0) & (measured.trained | pd.isna(told[measured.rows]))
            near = measured.rows[measured.nearest[there]]
            told[measured.rows[there]] = measured.nearest_distance[there] if values is None else values[near]
        if not pd.isna(told).all():
            columns[f"nearest_normal_{name}"] = told
    same = known(frame, "nearest_same_distance", None)
    for measured in reversed(list(distances.values())):
        there = (measured.same >= 0) & (measured.trained | pd.isna(same[measured.rows]))
        same[measured.rows[there]] = measured.same_distance[there]
    return columns | ({} if pd.isna(same).all() else {"nearest_same_distance": same})


def with_nearest(finding: Finding, clips: pd.DataFrame, distances: Mapping[str, Distances]) -> Finding:
    """
    A finding that also tells what lies nearest to its costliest clip.

    Parameters
    ----------
    finding
        Of one machine type.
    clips
        The machine type's rows of a clip table.
    distances
        By name of the embedding.

    Returns
    -------
    Finding
        The same where it has nothing to do with the score, or its costliest clip has no vector or no neighbour.
    """
    first = next(iter(distances.values()), None)
    if first is None or not finding.auc_lost or finding.rows[0] not in first.rows:
        return finding
    position = first.rows.get_loc(finding.rows[0])
    if first.nearest[position] < 0:
        return finding
    kind = "training normal" if first.trained else "other normal of the test split"
    near = clips.loc[first.rows[first.nearest[position]]]
    words = [str(near[name]) for name in ("attributes",) if name in clips and pd.notna(near[name])]
    words += [f"{near['domain']} domain"] if "domain" in clips and pd.notna(near["domain"]) else []
    said = f"The {kind} nearest to its costliest clip"
    said += f" is {', '.join(words)}," if words else " lies"
    said += f" {first.nearest_distance[position]:.3g} away in {first.embedding}"
    own = clips.loc[finding.rows[0]].get("attributes")
    if pd.notna(own) and near.get("attributes") != own:
        there = first.same[position] >= 0
        said += f"; the nearest of its own attributes, {own}, {first.same_distance[position]:.3g}" if there else ""
        said += "" if there else f"; none has its own attributes, {own}"
    return replace(finding, description=f"{finding.description} {said}.")


def known(frame: pd.DataFrame, column: str, nothing: object) -> np.ndarray:
    """What the table has in a column already."""
    return frame[column].to_numpy(dtype=object, copy=True) if column in frame else np.full(len(frame), nothing, object)
