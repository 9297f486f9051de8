"""Suspects in the data: copies across the splits, silence and clipping, odd training clips, wrong attributes."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from dcase_explore.clip_names import parse_clip_name
from dcase_explore.columns import ATTRIBUTE
from dcase_explore.findings import needs
from dcase_explore.findings.distances import Distances
from dcase_explore.findings.finding import Finding
from dcase_explore.findings.rule import MachineClips, Rule
from dcase_explore.messages import counted, some

COPY = 0.01
"""
Distance of a near copy, as a share of what is usual: the median distance of training clips to their nearest other one,
and the twin's own, for some conditions sound more alike than others.
"""
FEWEST_DIMENSIONS = 16
"""Below, distinct clips may come as near as copies by chance."""
SILENT_DBFS = -80.0
"""Level below which a recording is called silent: a ten-thousandth of full scale."""
CLIPPED = 1e-3
"""Share of samples at full scale from which a recording is called clipped."""
ODD = 6.0
"""Robust standard deviations of the logarithm of its distances, from which a training clip is called odd."""
ODD_TIMES = 3.0
"""Times the median distance from which it is: where clips are evenly far apart, six deviations are little."""
FEWEST_TRAINING = 20


def _in_each(find: Callable[[pd.DataFrame, Distances], list[Finding]], machine: MachineClips) -> list[Finding]:
    """What is found in each embedding."""
    return [finding for measured in machine.distances.values() for finding in find(machine.clips, measured)]


def find_duplicates(frame: pd.DataFrame, measured: Distances) -> list[Finding]:
    """
    Find test clips that are nearly copies of training clips.

    Parameters
    ----------
    frame
        One machine type's rows of a clip table.
    measured
        Nearest training normals in one embedding.

    Returns
    -------
    list of Finding
        Of rule ``duplicates``; each test clip is followed by its twin.
    """
    if not measured.trained or frame.loc[measured.rows[0], f"embeddings_{measured.embedding}"].size < FEWEST_DIMENSIONS:
        return []
    test = (frame.loc[measured.rows, "split"] == "test").to_numpy() & (measured.nearest >= 0)
    among_training = measured.nearest_distance[~test & (measured.nearest_distance > 0)]
    typical = float(np.median(among_training)) if len(among_training) else 0.0
    of_twin = np.where(test, measured.nearest_distance[measured.nearest], np.nan)
    of_twin[of_twin == 0] = typical  # the twin is a copy itself
    copies = np.flatnonzero(test & (measured.nearest_distance <= COPY * np.minimum(typical, of_twin)))
    if not typical or not len(copies):
        return []
    copies = copies[np.argsort(measured.nearest_distance[copies], kind="stable")]
    largest = float(measured.nearest_distance[copies[-1]]) / typical
    machine_type = str(frame["class"].iloc[0])
    pairs = np.stack([copies, measured.nearest[copies]], axis=1)
    return [
        Finding(
            "duplicates",
            machine_type,
            f"{machine_type}: {counted(len(copies), 'test clip')} nearly the same as a training clip",
            "high",
            ("nearest_normal", "split", "clip_id"),
            f"In {measured.embedding} each is at most {largest:.1%} as far from its nearest training clip as training "
            "clips usually are from theirs. A model may know such a clip by heart: compare the two by ear, first the "
            "test clip, then its twin.",
            np.asarray(list(dict.fromkeys(measured.rows.to_numpy()[pairs].ravel()))),
        )
    ]


def find_recordings(frame: pd.DataFrame) -> list[Finding]:
    """
    Find silent and clipped recordings.

    Parameters
    ----------
    frame
        One machine type's rows of a clip table; ``level_dbfs`` and ``clipped`` are there where it was listened to.

    Returns
    -------
    list of Finding
        Of rule ``recordings``.
    """
    found = []
    machine_type = str(frame["class"].iloc[0])
    silent = frame.index[frame["level_dbfs"] < SILENT_DBFS] if "level_dbfs" in frame else frame.index[:0]
    if len(silent):
        quietest = frame.loc[silent, "level_dbfs"].sort_values(kind="stable")
        found.append(
            Finding(
                "recordings",
                machine_type,
                f"{machine_type}: {counted(len(silent), 'silent recording')}",
                "high",
                ("level_dbfs", "label", "domain", "split"),
                f"Their level is below {SILENT_DBFS:.0f} dB of full scale, the quietest at {quietest.iloc[0]:.0f} dB; "
                f"the median of {machine_type} is {frame['level_dbfs'].median():.0f} dB.",
                quietest.index.to_numpy(),
            )
        )
    clipped = frame.index[frame["clipped"] >= CLIPPED] if "clipped" in frame else frame.index[:0]
    if len(clipped):
        worst = frame.loc[clipped, "clipped"].sort_values(ascending=False, kind="stable")
        found.append(
            Finding(
                "recordings",
                machine_type,
                f"{machine_type}: {counted(len(clipped), 'clipped recording')}",
                "medium",
                ("clipped", "level_dbfs", "label", "domain", "split"),
                f"At least {CLIPPED:.1%} of their samples are at full scale, up to {worst.iloc[0]:.1%}. Clipping adds "
                "harmonics that no machine makes, and a model may take them for an anomaly.",
                worst.index.to_numpy(),
            )
        )
    return found


def find_training_outliers(frame: pd.DataFrame, measured: Distances) -> list[Finding]:
    """
    Find training normals that lie far from all other training normals.

    Parameters
    ----------
    frame
        One machine type's rows of a clip table.
    measured
        Distances to the source training normals, a clip itself not counted.

    Returns
    -------
    list of Finding
        Of rule ``training_outliers``; target training clips, which are few and meant to differ, are left out, and so
        are clips of a rare kind that lie near each other.
    """
    clips = frame.loc[measured.rows]
    training = (clips["split"] == "train").to_numpy() & (measured.distance > 0)
    if "label" in clips:
        training &= (clips["label"] != "anomaly").to_numpy()
    if not measured.any_domain:
        training &= (clips["domain"] == "source").to_numpy()
    if training.sum() < FEWEST_TRAINING:
        return []
    distances = pd.Series(measured.distance[training], measured.rows[training])
    alone = _oddness(measured.nearest_distance[training])
    oddness = pd.Series(np.minimum(_oddness(distances.to_numpy()), alone), distances.index)
    odd = oddness[(oddness > ODD) & (distances > ODD_TIMES * distances.median())].sort_values(
        ascending=False, kind="stable"
    )
    if odd.empty:
        return []
    machine_type, times = str(frame["class"].iloc[0]), float(distances[odd.index].max() / distances.median())
    return [
        Finding(
            "training_outliers",
            machine_type,
            f"{machine_type}: {counted(len(odd), 'training clip')} unlike all others in {measured.embedding}",
            "medium",
            ("domain", f"domain_distance_{measured.embedding}", "nearest_normal", "attributes"),
            f"Their distance to other training clips is more than {ODD_TIMES:.0f} times the median, up to {times:.1f} "
            f"times, and more than {ODD:.0f} robust standard deviations above it. What they hold is learnt as normal: "
            "listen whether it should be.",
            odd.index.to_numpy(),
        )
    ]


def _oddness(distances: np.ndarray) -> np.ndarray:
    """Robust standard deviations above the median, of logarithms; spread by the upper half, which is the wider one."""
    above = np.log(np.maximum(distances, np.finfo(np.float64).tiny))
    above -= np.median(above)
    spread = 1.4826 * float(np.median(above[above > 0])) if (above > 0).any() else 0.0
    return above / spread if spread else np.zeros(len(above))


def find_attribute_mismatch(frame: pd.DataFrame) -> list[Finding]:
    """
    Find clips whose file name gives an attribute another value than the table does.

    Parameters
    ----------
    frame
        One machine type's rows of a clip table.

    Returns
    -------
    list of Finding
        Of rule ``attribute_mismatch``.
    """
    machine_type = str(frame["class"].iloc[0])
    names = [str(name) for name in frame.columns if ATTRIBUTE.fullmatch(str(name)) and str(name).endswith("p")]
    pairs = [(name, f"{name[:-1]}v") for name in names if f"{name[:-1]}v" in frame]
    rows, examples = [], []
    for row, clip_id, *values in frame[["clip_id", *(column for pair in pairs for column in pair)]].itertuples():
        parsed = parse_clip_name(str(clip_id).partition(f"{machine_type}_")[2])
        told = dict(zip(values[::2], values[1::2], strict=True))
        for name, value in parsed.attributes if parsed else ():
            if name is not None and isinstance(told.get(name), str) and not _same(value, told[name]):
                rows.append(row)
                examples.append(f"{name} {value} by name, {told[name]} in the table, of {clip_id}")
                break
    if not rows:
        return []
    return [
        Finding(
            "attribute_mismatch",
            machine_type,
            f"{machine_type}: {counted(len(rows), 'clip')} with another attribute value than the name says",
            "medium",
            ("attributes", "clip_id", *(value for _, value in pairs)),
            f"{some(examples, 1)}. Domains and conditions are read from these values: find out which of the two is "
            "right before comparing conditions.",
            np.asarray(rows),
        )
    ]


def _same(one: str, other: str) -> bool:
    """Whether two attribute values mean the same: 1 and 1.0 do."""
    try:
        return one.lower() == other.lower() or float(one) == float(other)
    except ValueError:
        return False


RULES = (
    Rule(
        name="duplicates",
        things="duplicates",
        finds="test clips nearly the same as a training clip",
        speaks=f"at most {COPY:.0%} as far from it as training clips are from theirs".replace("%", " %"),
        look=lambda machine: _in_each(find_duplicates, machine),
        needs=(needs.embeddings, needs.training),
    ),
    Rule(
        name="recordings",
        things="silent or clipped recordings",
        finds="silent or clipped recordings, where they were listened to",
        speaks="level below −80 dB; 0.1 % of samples at full scale",
        look=lambda machine: find_recordings(machine.clips),
        needs=(needs.listened_to,),
    ),
    Rule(
        name="training_outliers",
        things="training outliers",
        finds="source training clips unlike all others",
        speaks="three times the median distance, and six robust standard deviations of its logarithm, to the five "
        "nearest and to the nearest",
        look=lambda machine: _in_each(find_training_outliers, machine),
        needs=(needs.embeddings, needs.training),
    ),
    Rule(
        name="attribute_mismatch",
        things="attribute mismatches",
        finds="attributes whose value in the file name differs from that in the table",
        speaks="any",
        look=lambda machine: find_attribute_mismatch(machine.clips),
    ),
)
