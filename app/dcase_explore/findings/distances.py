"""
Distance to the source training normals, and the two numbers that it gives.

They answer the two questions of arXiv 2107.10880: **SEP**, the AUC of that distance for anomalies against normals, and
**DSUP**, the AUC of it for target normals against source normals, 0.5 where the domains share support.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.columns import DOMAINS
from dcase_explore.findings.chance import auc_of
from dcase_explore.findings.neighbors import Neighbors, nearest_neighbors
from dcase_explore.store import Store, digest_of


@dataclass(frozen=True)
class Auc:
    """AUC of the Euclidean distance, its probability by chance and 95 % interval; AUC of the cosine distance."""

    value: float
    p: float
    interval: tuple[float, float]
    cosine: float | None


@dataclass(frozen=True)
class Distances:
    """
    What distances say of one embedding on one machine type.

    Attributes
    ----------
    embedding
        Its name.
    rows
        Index labels of the clips that have a vector.
    nearest
        Position in `rows` of the nearest training normal (of any domain), int64; -1 where there is none. Where there is
        no training split at all, of the nearest other normal of the test split.
    nearest_distance
        Euclidean distance to it.
    same, same_distance
        The same among those of the clip's own attributes, of test clips.
    distance
        Mean Euclidean distance to the section's five nearest source training normals, scaled: 1 is the median of its
        source test normals (of its source training normals where there are none). Float64, NaN where undefined.
    sep
        AUC of the distance for anomalous against normal test clips, mean over sections; its probability by chance is
        that within each domain.
    dsup
        AUC of the distance for target against source normal test clips, mean over sections.
    any_domain
        Whether no domain is known, so that all training normals count as source.
    trained
        Whether there are training normals.
    """

    embedding: str
    rows: pd.Index
    nearest: np.ndarray
    nearest_distance: np.ndarray
    same: np.ndarray
    same_distance: np.ndarray
    distance: np.ndarray
    sep: Auc | None
    dsup: Auc | None
    any_domain: bool
    trained: bool


def measure_distances(frame: pd.DataFrame, embedding: str) -> Distances | None:
    """
    Measure one embedding on one machine type.

    Parameters
    ----------
    frame
        One machine type's rows of a clip table.
    embedding
        Name of the embedding.

    Returns
    -------
    Distances or None
        None where no clip has a vector.
    """
    matrix, present = clips.vectors(frame, embedding)
    if not len(matrix):
        return None
    frame = frame[present]
    train, normal = (frame["split"] == "train").to_numpy(), holds(frame, "label", "normal")
    # Training clips are normals unless the data say otherwise.
    training = train & ~holds(frame, "label", "anomaly")
    any_domain = "domain" not in frame or bool(frame.loc[train, "domain"].isna().all())
    source = training if any_domain else training & holds(frame, "domain", "source")
    trained = bool(training.any())
    sections = _sections(frame, source if trained else normal)
    far = _kept_search(matrix, sections, source, training if trained else normal, ~train)
    distance = far.euclidean.copy()
    source_test = ~train & normal & (any_domain | holds(frame, "domain", "source"))
    for section in sections:
        typical = section & (source_test if (section & source_test).any() else source)
        scale = float(np.median(distance[typical])) if typical.any() else 0.0
        distance[section] = distance[section] / scale if scale > 0 else np.nan
    anomaly, normals, normal = ~train & holds(frame, "label", "anomaly"), normal, ~train & normal
    domains = [holds(frame, "domain", domain) for domain in DOMAINS]
    return Distances(
        embedding,
        frame.index,
        far.nearest,
        far.distance,
        *_same(matrix, frame, sections, training if trained else normals, ~train),
        distance,
        _separation(far, sections, anomaly, normal, domains),
        None if any_domain else _auc(far, sections, [normal & domains[1]], [normal & domains[0]]),
        any_domain,
        trained,
    )


def _sections(frame: pd.DataFrame, reference: np.ndarray) -> list[np.ndarray]:
    """Clips (bool) of each section; all together where one of them has no clips to be compared with."""
    numbers = frame["section"].to_numpy(dtype=np.float64) if "section" in frame else np.zeros(len(frame))
    sections = [numbers == number for number in np.unique(numbers[~np.isnan(numbers)])]
    if np.isnan(numbers).any() or any((section & reference).sum() < 2 for section in sections):
        return [np.ones(len(frame), bool)]
    return sections


def _kept_search(
    matrix: np.ndarray, sections: list[np.ndarray], source: np.ndarray, normals: np.ndarray, test: np.ndarray
) -> Neighbors:
    """As `_search`, which takes longer than all else that is found, and need not be done again for other scores."""
    whole: list[np.ndarray] = []

    def packed() -> np.ndarray:
        searched = _search(matrix, sections, source, normals, test)
        whole[:] = [searched.euclidean, searched.cosine, searched.nearest.astype(np.float64), searched.distance]
        return np.concatenate(whole).view(np.float32)  # the store's type: the bits of twice as many numbers

    masks = [mask.tobytes() for mask in (*sections, source, normals, test)]
    with Store() as store:
        key = digest_of("neighbours 2", str(matrix.shape), matrix.tobytes(), *masks)
        kept = store.kept(key, packed)
    euclidean, cosine, nearest, distance = whole or kept.view(np.float64).reshape(4, -1).copy()
    return Neighbors(euclidean, cosine, nearest.astype(np.int64), distance)


def _search(
    matrix: np.ndarray, sections: list[np.ndarray], source: np.ndarray, normals: np.ndarray, test: np.ndarray
) -> Neighbors:
    """Distances to the source training normals (cosine: of test clips), and the nearest normal, within each section."""
    n = len(matrix)
    whole = Neighbors(np.full(n, np.nan), np.full(n, np.nan), np.full(n, -1), np.full(n, np.nan))
    for section in sections:
        rows = np.flatnonzero(section)
        far = nearest_neighbors(matrix[rows], np.flatnonzero(source[rows]), cosine_of=np.flatnonzero(test[rows]))
        # The nearest of any domain: the nearer of the nearest source clip and the nearest of the few others.
        rest = nearest_neighbors(matrix[rows], np.flatnonzero((normals & ~source)[rows]), 1, cosine_of=rows[:0])
        nearer = np.isnan(far.distance) | (rest.distance < far.distance)
        nearest = np.where(nearer, rest.nearest, far.nearest)
        whole.euclidean[rows], whole.cosine[rows] = far.euclidean, far.cosine
        whole.nearest[rows] = np.where(nearest >= 0, rows[nearest], -1)
        whole.distance[rows] = np.where(nearer, rest.distance, far.distance)
    return whole


def _same(
    matrix: np.ndarray, frame: pd.DataFrame, sections: Sequence[np.ndarray], normals: np.ndarray, test: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Each test clip's nearest normal of the same section and attributes, and the distance to it."""
    nearest, distance = np.full(len(matrix), -1), np.full(len(matrix), np.nan)
    if "attributes" not in frame:
        return nearest, distance
    words = frame["attributes"].to_numpy(object)
    for section in sections:
        for groups in pd.Series(np.flatnonzero(section)).groupby(words[section]).indices.values():
            rows = np.flatnonzero(section)[groups]
            own, others = rows[test[rows]], rows[normals[rows]]
            if not len(own) or not len(others):
                continue
            one, other = matrix[own].astype(np.float64), matrix[others].astype(np.float64)
            far = np.sqrt(np.maximum(0, (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T))
            far[own[:, None] == others] = np.inf
            first = far.argmin(axis=1)
            there = np.isfinite(far[np.arange(len(own)), first])
            nearest[own[there]] = others[first[there]]
            distance[own[there]] = far[there, first[there]]
    return nearest, distance


def _separation(
    far: Neighbors, sections: Sequence[np.ndarray], anomaly: np.ndarray, normal: np.ndarray, domains: list[np.ndarray]
) -> Auc | None:
    """AUC of anomalies against normals, but its probability by chance within each domain."""
    whole = _auc(far, sections, [anomaly], [normal])
    # Where one domain lies apart and has more of the anomalies, the AUC over both speaks of the domain.
    within = _auc(far, sections, [anomaly & domain for domain in domains], [normal & domain for domain in domains])
    return replace(whole, p=within.p) if whole and within else whole


def _auc(
    far: Neighbors, sections: Sequence[np.ndarray], high: Sequence[np.ndarray], low: Sequence[np.ndarray]
) -> Auc | None:
    """AUC of each high group against its low one within each section, on average."""
    known = ~np.isnan(far.euclidean)
    pairs = [
        (known & section & one, known & section & other)
        for section in sections
        for one, other in zip(high, low, strict=True)
    ]
    pairs = [(one, other) for one, other in pairs if one.any() and other.any()]
    if not pairs:
        return None
    value, p, interval = auc_of([(far.euclidean[one], far.euclidean[other]) for one, other in pairs])
    if any(np.isnan(far.cosine[one | other]).any() for one, other in pairs):
        return Auc(value, p, interval, None)
    return Auc(value, p, interval, auc_of([(far.cosine[one], far.cosine[other]) for one, other in pairs])[0])


def holds(frame: pd.DataFrame, column: str, value: str) -> np.ndarray:
    """Whether a column, which may be missing, has this value: bool, shape (clips,)."""
    return (frame[column] == value).to_numpy() if column in frame else np.zeros(len(frame), bool)


def separation_frame(distances: Mapping[tuple[str, str], Distances]) -> pd.DataFrame:
    """
    SEP and DSUP as a table.

    Parameters
    ----------
    distances
        By machine type and embedding.

    Returns
    -------
    pandas.DataFrame
        One row each: class, embedding, and of ``sep`` and ``dsup`` the value, ``_low`` and ``_high``; NaN where
        undefined.
    """
    rows = []
    for (machine_type, embedding), measured in distances.items():
        row: dict[str, object] = {"class": machine_type, "embedding": embedding}
        for name, auc in (("sep", measured.sep), ("dsup", measured.dsup)):
            low, high = auc.interval if auc else (np.nan, np.nan)
            row |= {name: auc.value if auc else np.nan, f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    columns = ["class", "embedding", *(f"{name}{end}" for name in ("sep", "dsup") for end in ("", "_low", "_high"))]
    return pd.DataFrame(rows, columns=columns)
