"""Whose sounds go into a copy of the page."""

import numpy as np

from dcase_explore.exploration import Exploration
from dcase_explore.findings import shown
from dcase_explore.messages import note

OF_EACH = 10
"""Clips of a finding whose sounds are copied, costliest first."""


def sounds_wanted(exploration: Exploration, audio: str | None) -> list[int]:
    """
    Rows whose sounds are copied, with those of their nearest normals.

    Parameters
    ----------
    exploration
        What is shown.
    audio
        ``"findings"``: the costliest clips of each finding; ``"all"``; ``"none"``; None for those of findings where the
        licence is known.

    Returns
    -------
    list of int
        Positions in the table that have a recording, in order. What is left out for want of a licence is said.
    """
    frame = exploration.frame
    there = frame["path"].notna().to_numpy() if "path" in frame else np.zeros(len(frame), bool)
    if audio == "none" or not there.any():
        return []
    if audio is None and not exploration.credits:
        note("the licence of these recordings is not known, so they are not copied: --audio findings copies them")
        return []
    if audio == "all":
        return [int(row) for row in np.flatnonzero(there)]
    rows = {int(row) for finding in shown(exploration.findings) for row in finding.rows[:OF_EACH]}
    return sorted(row for row in rows if there[row])
