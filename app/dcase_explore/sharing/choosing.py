"""Whose sounds go into a copy of the page, and whether they can fit."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from dcase_explore.attach.matching import Names
from dcase_explore.attach.naming import names_in_frame
from dcase_explore.errors import ExploreError, meant
from dcase_explore.exploration import Exploration
from dcase_explore.findings import shown
from dcase_explore.messages import counted, note
from dcase_explore.notes.in_tables import notes_in
from dcase_explore.options import ShareOptions
from dcase_explore.reporting.writing import in_words
from dcase_explore.tables.dialect import NAME_COLUMNS
from dcase_explore.tables.text import read_csv

OF_EACH = 10
"""Clips of a finding whose sounds are copied, costliest first."""
_ELSEWHERE = 320_000
"""Bytes of a recording that is fetched first: ten seconds at 16 kHz."""


def check_choice(options: ShareOptions) -> None:
    """
    Make sure that what is chosen can be told.

    Raises
    ------
    ExploreError
        A list of clips that is missing, or that would not be used.
    """
    if options.selected is None:
        if options.audio == "selected":
            raise ExploreError(
                "--audio selected copies the sounds of a list of clips: name it with --selected FILE, such as the CSV "
                "file that the page saves of what is selected in it"
            )
        return
    if options.audio not in (None, "selected"):
        raise ExploreError(f"--selected is of --audio selected, not of --audio {options.audio}: leave one of them out")
    file = Path(options.selected)
    if not file.exists():
        there = sorted(path.name for path in file.absolute().parent.glob("*.csv"))
        raise ExploreError(f"--selected {file}: there is no such file{'; ' + meant(file.name, there) if there else ''}")


def sounds_wanted(exploration: Exploration, audio: str | None, selected: str | Path | None = None) -> list[int]:
    """
    Rows whose sounds are copied, with those of their nearest normals.

    Parameters
    ----------
    exploration
        What is shown.
    audio
        ``"findings"``: the costliest clips of each finding, and those with a note; ``"selected"``; ``"all"``;
        ``"none"``; None for those of findings where the licence is known, or for those selected.
    selected
        CSV file that names clips.

    Returns
    -------
    list of int
        Positions in the table that have a recording, in order. What is left out for want of a licence is said.

    Raises
    ------
    ExploreError
        A list that cannot be read or names clips that are not there.
    """
    frame = exploration.frame
    there = frame["path"].notna().to_numpy() if "path" in frame else np.zeros(len(frame), bool)
    listed = None if selected is None else _listed(Path(selected), frame)
    if audio == "none" or not there.any():
        return []
    if audio is None and selected is None and not exploration.credits:
        note("the licence of these recordings is not known, so they are not copied: --audio findings copies them")
        return []
    if audio == "all":
        return [int(row) for row in np.flatnonzero(there)]
    return sorted(row for row in (_found(exploration) if listed is None else listed) if there[row])


def check_room(exploration: Exploration, rows: list[int], most: int, size: str, *, packed: bool) -> None:
    """
    Refuse what cannot fit, before it is fetched and copied.

    Parameters
    ----------
    exploration
        What is shown.
    rows
        Whose sounds are wanted.
    most, size
        Bytes that the copy may have, and the same in words.
    packed
        Whether sounds are packed: counted as a third then, which is less than they will take.

    Raises
    ------
    ExploreError
        With what they would take.
    """
    paths = {path for path in exploration.frame["path"].iloc[rows] if path} if rows else set()
    total = sum(_bytes_of(path) for path in paths) // (3 if packed else 1)
    if total > most:
        raise ExploreError(
            f"the sounds of {counted(len(rows), 'clip')} take {in_words(total)}{' and more' if packed else ''}, and "
            f"all may take {size}: allow it with --size {-(-total * 5 // 4 // 10**6)}MB, or leave sounds out with "
            "--audio findings or none"
        )


def _found(exploration: Exploration) -> set[int]:
    noted = set(notes_in(exploration.frame))
    rows = {int(row) for finding in shown(exploration.findings) for row in finding.rows[:OF_EACH]}
    return rows | {row for row, clip in enumerate(exploration.frame["clip_id"]) if clip in noted}


def _listed(file: Path, frame: pd.DataFrame) -> set[int]:
    where = f"--selected {file}"
    table = read_csv(file, where, len(frame), text=lambda column: column.lower() in NAME_COLUMNS)
    names = names_in_frame(table.frame, where, table.place)[1] if len(table.frame) else []
    if names is None:
        raise ExploreError(f"{where}: names no clips: give it a column clip_id")
    rows = Names(frame).match(names, where, some_only=True, repeats=True).rows
    return {int(row) for row in rows if row >= 0}


def _bytes_of(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - thousands of them
    except OSError:
        return _ELSEWHERE
