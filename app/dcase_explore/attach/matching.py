"""Which row of the clip table a name means."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dcase_explore.clip_names import parse_clip_name, with_ending
from dcase_explore.columns import MACHINE_TYPES, SPLITS
from dcase_explore.errors import ExploreError, nearest
from dcase_explore.messages import counted, some

_SEARCHED = 5_000
"""Names among which the nearest to a mistyped one is looked for."""


@dataclass(frozen=True)
class Matched:
    """
    Where given values belong.

    Attributes
    ----------
    rows
        int, shape (given,): row of the table; -1 for clips of a machine type or split that the table does not have.
    left_out
        What those are, in words, such as ``"fan"`` or ``"train clips of valve"``.
    """

    rows: np.ndarray
    left_out: list[str]


class Names:
    """
    The names by which the clips of a table can be called.

    Parameters
    ----------
    frame
        Conforming clip table.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._ids = frame["clip_id"].to_list()
        self._rows = {clip: row for row, clip in enumerate(self._ids)}
        self._machine_types = frame["class"].astype(str).to_list()
        self._splits = frame["split"].astype(str).to_list()
        self._files: dict[str, list[int]] = defaultdict(list)
        for row, (clip, machine, split) in enumerate(zip(self._ids, self._machine_types, self._splits, strict=True)):
            self._files[clip[len(split) + len(machine) + 2 :]].append(row)
        self._there = set(zip(self._machine_types, self._splits, strict=True))
        self._by_lower = {name.lower(): name for name in (*MACHINE_TYPES, *self._machine_types)}

    def match(self, names: list[str], where: str, *, some_only: bool = False) -> Matched:
        """
        Find the row of each name.

        Parameters
        ----------
        names
            ``clip_id``, path (its folders tell the machine type) or file name of each clip.
        where
            What an error calls them.
        some_only
            Whether the table may have some of these clips only: the others are left out then.

        Returns
        -------
        Matched
            One row per name.

        Raises
        ------
        ExploreError
            Names that are unknown, fit several clips, or stand there twice.
        """
        rows = np.full(len(names), -1)
        unknown: list[str] = []
        several: list[tuple[str, list[int]]] = []
        left_out: dict[str, None] = {}
        for place, name in enumerate(names):
            found, missing = self._find(name)
            if len(found) == 1:
                rows[place] = found[0]
            elif found:
                several.append((name, found))
            elif missing:
                left_out[missing] = None
            else:
                unknown.append(name)
        if unknown and some_only and (rows >= 0).any():
            left_out[f"{counted(len(unknown), 'clip')} such as {some(unknown, 1)}"] = None
        elif unknown:
            raise ExploreError(
                f"{where}: {len(unknown):,} of {len(names):,} names are not in the data, such as {some(unknown)}"
                f"{self._nearest(unknown[0])}"
            )
        if several:
            name, found = several[0]
            raise ExploreError(
                f"{where}: {len(several):,} of {len(names):,} names fit several clips, such as {name} "
                f"({some((self._ids[row] for row in found), 2)}): give clip_id, or the path with the machine "
                "type's folder"
            )
        filled = rows[rows >= 0]
        once, counts = np.unique(filled, return_counts=True)
        if len(once) < len(filled):
            twice = [self._ids[row] for row in once[counts > 1]]
            raise ExploreError(f"{where}: more than one value for {counted(len(twice), 'clip')}, such as {some(twice)}")
        return Matched(rows, list(left_out))

    def _find(self, name: str) -> tuple[list[int], str | None]:
        """Rows that a name may mean; if there are none, what of the data is missing, where that explains it."""
        if name in self._rows:
            return [self._rows[name]], None
        *folders, file_name = with_ending(name.strip().replace("\\", "/")).split("/")
        row = self._rows.get("/".join([*folders[-1:], file_name]))
        if row is not None:
            return [row], None
        machine, split = self._told_by(folders)
        if parse_clip_name(file_name) is None:
            # A clip_id says the machine type before the file's name.
            head, _, tail = file_name.partition("_")
            if parse_clip_name(tail) is not None:
                machine, file_name = self._by_lower.get(head.lower(), head), tail
        facts = parse_clip_name(file_name)
        split = (facts.split if facts else None) or split
        found = [
            row
            for row in self._files.get(file_name, ())
            if machine in (None, self._machine_types[row]) and split in (None, self._splits[row])
        ]
        if found or facts is None or machine is None:
            return found, None
        if machine not in self._machine_types:
            return [], (None if nearest(machine, set(self._machine_types)) else machine)
        return [], (f"{split} clips of {machine}" if split and (machine, split) not in self._there else None)

    def _told_by(self, folders: list[str]) -> tuple[str | None, str | None]:
        """Machine type and split by the folders ``…/<machine>``, ``…/<machine>/<split>`` or ``…/<split>/<machine>``."""
        first, last = ["", "", *(folder.lower() for folder in folders)][-2:]
        if last in SPLITS:
            return self._by_lower.get(first), last
        return self._by_lower.get(last), first if first in SPLITS else None

    def _nearest(self, name: str) -> str:
        file_name = name.replace("\\", "/").rpartition("/")[2]
        alike = [known for known in self._files if known[:10] == file_name[:10]] or list(self._files)
        near = nearest(file_name, alike[:_SEARCHED], 1)
        return f"; the nearest is {near[0]}" if near else ""
