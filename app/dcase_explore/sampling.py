"""Fewer clips than there are, where a page cannot carry all: those that matter, of the rest some of everything."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dcase_explore.column_names import members
from dcase_explore.columns import ATTRIBUTE
from dcase_explore.findings.finding import Finding

CARRIED = 100_000
"""Clips that a page can carry; from there on the browser takes seconds for every click, and then gives up."""
COSTLIEST = 0.05
"""Share of the sample that is kept for the clips which cost a model most."""
_EVENLY = ("class", "split", "domain", "label")
"""By what the rest is dealt out, one after the other; then by attributes."""


def sample(frame: pd.DataFrame, findings: Sequence[Finding], most: int) -> tuple[np.ndarray, str]:
    """
    Choose so many clips.

    Anomalies, clips of findings and the costliest ones are kept; where these alone are too many, some of them. The
    rest is dealt out evenly: as many of each machine type, within these of each split, domain, label and attributes,
    as far as there are so many.

    Parameters
    ----------
    frame
        Conforming clip table.
    findings
        Their rows are positions in it.
    most
        How many clips, fewer than there are.

    Returns
    -------
    rows : numpy.ndarray
        Positions, int64, shape (most,), in order.
    sentence : str
        How they were chosen.
    """
    anomalous = (frame["label"] == "anomaly").to_numpy() if "label" in frame else np.zeros(len(frame), bool)
    kept = anomalous.copy()
    for finding in findings:
        kept[finding.rows] = True
    kept[_costliest(frame, int(most * COSTLIEST))] = True
    codes = _groups(frame)
    evenly = "evenly by machine type, split, domain, label and attributes"
    if kept.sum() > most:
        rows = np.sort(_evenly(np.flatnonzero(kept), codes, most))
        which = f"of {int(kept.sum()):,} anomalies, clips of findings and clips that cost most, {evenly}"
    else:
        rest = _evenly(np.flatnonzero(~kept), codes, most - int(kept.sum()))
        rows = np.sort(np.concatenate([np.flatnonzero(kept), rest]))
        which = f"all anomalies, clips of findings and clips that cost most, and {len(rest):,} of the others, {evenly}"
    return rows, (
        f"{most:,} of {len(frame):,} clips are shown: {which}; costs, findings and the scores said here are those of "
        "all, the page's own numbers those of what is shown"
    )


def _costliest(frame: pd.DataFrame, count: int) -> np.ndarray:
    """Positions of the clips that cost any model most."""
    names = members(frame.columns, "auc_cost_<score>")
    if not names or not count:
        return np.empty(0, np.int64)
    costs = np.max([frame[f"auc_cost_{name}"].fillna(0).to_numpy(np.float64) for name in names], axis=0)
    first = np.argpartition(-costs, min(count, len(costs) - 1))[:count]
    return np.asarray(first[costs[first] > 0])


def _groups(frame: pd.DataFrame) -> list[np.ndarray]:
    """For each thing by which clips are dealt out: a number per clip."""
    codes = [pd.factorize(frame[name])[0] for name in _EVENLY if name in frame]
    values = [name for name in frame.columns if ATTRIBUTE.fullmatch(str(name)) and str(name).endswith("v")]
    if values:
        codes.append(frame.groupby(values, dropna=False, observed=True, sort=False).ngroup().to_numpy())
    return codes


def _evenly(rows: np.ndarray, codes: Sequence[np.ndarray], count: int) -> np.ndarray:
    """So many of some rows, as many of each group of the first codes as there can be, within these of the next."""
    if count >= len(rows):
        return rows
    if not codes or not count:
        return np.asarray(rows[_spaced(len(rows), count)])
    order = rows[np.argsort(codes[0][rows], kind="stable")]
    groups = np.split(order, np.flatnonzero(np.diff(codes[0][order])) + 1)
    shares = _shares(np.array([len(group) for group in groups]), count)
    return np.concatenate(
        [_evenly(group, codes[1:], share) for group, share in zip(groups, shares.tolist(), strict=True) if share]
    )


def _shares(sizes: np.ndarray, count: int) -> np.ndarray:
    """How many of each group: the same number of all that have so many, and all of those that have fewer."""
    shares = np.zeros_like(sizes)
    while count:
        room = np.flatnonzero(shares < sizes)
        each = count // len(room)
        more = np.minimum(sizes[room] - shares[room], each) if each else np.zeros(len(room), sizes.dtype)
        if not each:
            more[_spaced(len(room), count)] = 1
        shares[room] += more
        count -= int(more.sum())
    return shares


def _spaced(there: int, count: int) -> np.ndarray:
    """Positions of so many, evenly spaced, no two the same."""
    return np.linspace(0, there - 1, count).round().astype(np.int64) if count > 1 else np.full(count, there // 2)
