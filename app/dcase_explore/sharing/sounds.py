"""The recordings of a copy: each once, under a name that tells nothing of this machine."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some
from dcase_explore.progress import track
from dcase_explore.recordings import fetch_all
from dcase_explore.viewer.sounds import NoSound, sound_of

ENDINGS = {b"fLaC": ".flac", b"OggS": ".ogg", b"ID3": ".mp3"}
"""Of files by their first bytes; WAV otherwise."""


@dataclass(frozen=True)
class Copied:
    """
    Recordings of a copy.

    Attributes
    ----------
    names
        Name of each clip's file, by column of the clip table and row.
    """

    names: dict[str, dict[int, str]]

    @property
    def count(self) -> int:
        """How many there are."""
        return len({name for by_row in self.names.values() for name in by_row.values()})

    @property
    def rows(self) -> list[int]:
        """Rows of which something can be heard."""
        return sorted({row for by_row in self.names.values() for row in by_row})


def write_sounds(folder: Path, frame: pd.DataFrame, rows: Sequence[int]) -> Copied:
    """
    Copy recordings, as the page gets them, with those of their nearest normals.

    Parameters
    ----------
    folder
        Folder to make.
    frame
        Clip table.
    rows
        Positions in it.

    Returns
    -------
    Copied
        Those that could be had; the others are said on stderr.

    Raises
    ------
    OSError
        When they cannot be written.
    """
    folder.mkdir()
    columns = [name for name in ("path", "nearest_normal") if name in frame] if rows else []
    wanted = {(name, row): frame[name].iloc[row] for name in columns for row in rows}
    paths = list(dict.fromkeys(path for path in wanted.values() if isinstance(path, str)))
    try:
        fetch_all(paths)
    except ExploreError as error:
        note(f"recordings that cannot be fetched are left out: {error}")
    names: dict[str, str] = {}
    problems = []
    for path in track(paths, len(paths), "copying recordings"):
        try:
            content = sound_of(path)
        except NoSound as reason:
            problems.append(str(reason))
            continue
        # Named by its content: two clips of one sound are one file, and no name of this machine is told.
        ending = next((suffix for head, suffix in ENDINGS.items() if content.startswith(head)), ".wav")
        names[path] = f"{hashlib.sha256(content).hexdigest()[:20]}{ending}"
        (folder / names[path]).write_bytes(content)
    if problems:
        note(f"{counted(len(problems), 'recording')} that cannot be copied: {some(problems)}")
    found: dict[str, dict[int, str]] = {name: {} for name in columns}
    for (name, row), path in wanted.items():
        if path in names:
            found[name][row] = names[path]
    # A clip may be heard as another one's nearest normal.
    if "path" in found:
        rows_of = {path: row for row, path in enumerate(frame["path"]) if path in names}
        found["path"].update({row: names[path] for path, row in rows_of.items()})
    return Copied(found)
