"""Which row of the clip table a name means."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from dcase_explore.clip_names import composed, parse_clip_name, without_ending
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
        self._there = set(zip(self._machine_types, self._splits, strict=True))
        self._by_lower = {name.lower(): name for name in (*MACHINE_TYPES, *self._machine_types)}
        nothing = [None] * len(frame)
        self._paths = frame["path"].to_list() if "path" in frame else nothing
        self._file_names = frame["file_name"].to_list() if "file_name" in frame else nothing

    def match(self, names: list[str], where: str, *, some_only: bool = False, repeats: bool = False) -> Matched:
        """
        Find the row of each name.

        Parameters
        ----------
        names
            ``clip_id``, path (its folders tell the machine type), file name or stem of each clip; letters composed or
            not, with whatever ending.
        where
            What an error calls them.
        some_only
            Whether the table may have some of these clips only: the others are left out then.
        repeats
            Whether one clip may be named more than once.

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
        for index, name in enumerate(names):
            found, missing = self._find(name)
            if len(found) == 1:
                rows[index] = found[0]
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
        if len(once) < len(filled) and not repeats:
            twice = [self._ids[row] for row in once[counts > 1]]
            raise ExploreError(f"{where}: more than one value for {counted(len(twice), 'clip')}, such as {some(twice)}")
        return Matched(rows, list(left_out))

    @cached_property
    def _identities(self) -> dict[str, list[int]]:
        """Rows by ``clip_id``, composed and without ending."""
        found: dict[str, list[int]] = defaultdict(list)
        for row, clip in enumerate(self._ids):
            found[_stem(clip)].append(row)
        return found

    @cached_property
    def _files(self) -> dict[str, list[int]]:
        """Rows by file name, composed and without ending: as in the ``clip_id`` and, where it differs, as on disk."""
        found: dict[str, list[int]] = defaultdict(list)
        for row in range(len(self._ids)):
            for stem in dict.fromkeys(map(_stem, self._called(row))):
                found[stem].append(row)
        return found

    def _called(self, row: int) -> list[str]:
        """Names of a clip's file, without folders."""
        known = [self._ids[row][len(self._splits[row]) + len(self._machine_types[row]) + 2 :]]
        return known + [_file(name) for name in (self._file_names[row], self._paths[row]) if isinstance(name, str)]

    def _find(self, name: str) -> tuple[list[int], str | None]:
        """Rows that a name may mean; if there are none, what of the data is missing, where that explains it."""
        if name in self._rows:
            return [self._rows[name]], None
        name = composed(name.strip().replace("\\", "/"))
        *folders, file = _stem(name).split("/")
        found = self._identities.get("/".join([*folders[-1:], file]))
        if found:
            return self._narrowed(found, name), None
        machine, split = self._told_by(folders)
        alone = self._files.get(file, ())
        if (
            len(alone) == 1
            and machine in (None, self._machine_types[alone[0]])
            and split in (None, self._splits[alone[0]])
        ):
            return list(alone), None
        if file not in self._files and parse_clip_name(f"{file}.wav") is None:
            machine, file = self._without_machine(machine, file)
        facts = parse_clip_name(f"{file}.wav")
        split = (facts.split if facts else None) or split
        found = [
            row
            for row in self._files.get(file, ())
            if machine in (None, self._machine_types[row]) and split in (None, self._splits[row])
        ]
        if found or facts is None or machine is None:
            return self._narrowed(found, name), None
        if machine not in self._machine_types:
            return [], (None if nearest(machine, set(self._machine_types)) else machine)
        return [], (f"{split} clips of {machine}" if split and (machine, split) not in self._there else None)

    def _without_machine(self, machine: str | None, file: str) -> tuple[str | None, str]:
        """Machine type and file name of what a ``clip_id`` says of both, in one word."""
        head, _, tail = file.partition("_")
        if parse_clip_name(f"{tail}.wav") is not None:
            return self._by_lower.get(head.lower(), head), tail
        for known in sorted(set(self._machine_types), key=len, reverse=True):
            if file.lower().startswith(f"{composed(known).lower()}_"):
                return known, file[len(known) + 1 :]
        return machine, file

    def _narrowed(self, rows: list[int], name: str) -> list[int]:
        """Of several clips of one stem those of that very path, machine type's folder or ending, if they are fewer."""
        folders = [folder.lower() for folder in name.split("/")[:-1]]
        machine = next((known for folder in reversed(folders) if (known := self._by_lower.get(folder))), None)
        for fits in (
            lambda row: bool(folders) and any(f"/{path}".endswith(f"/{name}") for path in self._places(row)),
            lambda row: any("/" in path and f"/{name}".endswith(f"/{path}") for path in self._places(row)),
            lambda row: self._machine_types[row] == machine,
            lambda row: _file(name) in map(composed, self._called(row)),
        ):
            if len(rows) > 1:
                rows = [row for row in rows if fits(row)] or rows
        return rows

    def _places(self, row: int) -> list[str]:
        """Paths of a clip's file, composed."""
        known = (self._file_names[row], self._paths[row])
        return [composed(path.replace("\\", "/")) for path in known if isinstance(path, str)]

    def _told_by(self, folders: list[str]) -> tuple[str | None, str | None]:
        """Machine type and split by the folders ``…/<machine>``, ``…/<machine>/<split>`` or ``…/<split>/<machine>``."""
        first, last = ["", "", *(folder.lower() for folder in folders)][-2:]
        if last in SPLITS:
            return self._by_lower.get(first), last
        return self._by_lower.get(last), first if first in SPLITS else None

    def _nearest(self, name: str) -> str:
        file = _file(name.replace("\\", "/"))
        alike = [known for known in self._files if known[:10] == file[:10]] or list(self._files)
        near = nearest(_stem(file), alike[:_SEARCHED], 1)
        return f"; the nearest is {self._called(self._files[near[0]][0])[0]}" if near else ""


def _stem(name: str) -> str:
    """Name composed and without endings."""
    return without_ending(composed(name))


def _file(path: str) -> str:
    return path.rpartition("/")[2]
