"""
Notes of one's own: a tag and a text per clip, kept in one file that people read, share in git and merge.

`files` reads and writes one; `in_tables` has them as columns of the clip table.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from dcase_explore.cache import write_atomically
from dcase_explore.errors import ExploreError
from dcase_explore.notes.files import Note, as_bytes, checked, read_notes

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "dcase-explore-notes.csv"


class Notes:
    """
    The notes of a data set, in their file.

    Nothing is held back: what is set stands in the file when `keep` returns, and what another program wrote into it
    meanwhile stays.

    Parameters
    ----------
    path
        CSV file with the columns ``clip_id``, ``tag`` and ``note``, sorted by ``clip_id``; made with the first note.
    before
        Notes that the data came with, by ``clip_id``: they count, and are kept with the others, once there is a file.
    """

    def __init__(self, path: Path, before: Mapping[str, Note] | None = None) -> None:
        self.path = path
        self._before = before or {}

    def read(self) -> dict[str, Note]:
        """
        All notes.

        Returns
        -------
        dict
            By ``clip_id``; those of clips that the data at hand do not have among them.

        Raises
        ------
        ExploreError
            A file that is none of notes.
        """
        return read_notes(self.path) if os.path.lexists(self.path) else dict(self._before)

    def keep(self, clip_id: str, note: Note) -> None:
        """
        Keep a clip's note in place of the one before; an empty one takes it away.

        Parameters
        ----------
        clip_id
            Of the clip.
        note
            Tag and text.

        Raises
        ------
        ExploreError
            A tag that is none, a text that is too long, a file that cannot be read or written.
        """
        checked(clip_id, note, str(self.path))

        def changed(found: dict[str, Note]) -> dict[str, Note]:
            found.pop(clip_id, None)
            return found if note == Note() else {**found, clip_id: note}

        self._change(changed)

    def merge(self, theirs: Mapping[str, Note]) -> tuple[int, int]:
        """
        Take in somebody else's notes, as `merged` does.

        Parameters
        ----------
        theirs
            By ``clip_id``.

        Returns
        -------
        new, joined : int
            Clips that had no note here, and those that both had noted otherwise.

        Raises
        ------
        ExploreError
            A file that cannot be read or written; both texts of a clip together are too long.
        """
        counts = (0, 0)

        def changed(ours: dict[str, Note]) -> dict[str, Note]:
            nonlocal counts
            found = merged(ours, theirs)
            for clip_id, note in found.items():
                checked(clip_id, note, str(self.path))
            counts = (
                len(found) - len(ours),
                sum(ours[clip_id] != note for clip_id, note in found.items() if clip_id in ours),
            )
            return found

        lock = self._lock
        was_there = lock.exists()
        self._change(changed)
        if not was_there:
            lock.unlink(missing_ok=True)  # git merges copies of its own, and would leave one beside each
        return counts

    @property
    def _lock(self) -> Path:
        return self.path.with_name(f".{self.path.name}.lock")

    def _change(self, change: "Callable[[dict[str, Note]], dict[str, Note]]") -> None:
        """Read, change and write the file, while no other program does."""
        from filelock import FileLock  # which a launch that changes nothing has no use for

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._lock):
                write_atomically(self.path, as_bytes(change(self.read())))
        except OSError as error:
            raise ExploreError(
                f"notes cannot be written to {self.path} ({error.strerror}): name another file with --notes FILE"
            ) from error


def notes_file(data: Sequence[object], title: str) -> Path:
    """
    Where the notes of some data are kept when nobody says.

    Parameters
    ----------
    data
        What is explored: paths and other specs.
    title
        Name of the data.

    Returns
    -------
    pathlib.Path
        Beside the data where they are one folder or file that can be written to, otherwise among the user's own files.
    """
    if len(data) == 1 and isinstance(data[0], str | Path) and Path(data[0]).exists():
        path = Path(data[0]).resolve()
        folder = path if path.is_dir() else path.parent
        beside = folder / (NAME if path.is_dir() else f"{path.name}.notes.csv")
        if beside.exists() or os.access(folder, os.W_OK):
            return beside
    name = re.sub(r"[^\w.-]+", "_", title)[:80] or "data"
    return Path(platformdirs.user_data_dir("dcase-explore")) / "notes" / f"{name}.csv"


def merged(ours: Mapping[str, Note], theirs: Mapping[str, Note]) -> dict[str, Note]:
    """
    Merge two people's notes.

    Parameters
    ----------
    ours, theirs
        By ``clip_id``.

    Returns
    -------
    dict
        All of both. Where both noted a clip otherwise, our tag stands, their tag goes before their text, and both
        texts are there, one per line.
    """
    found = dict(ours)
    for clip_id, other in theirs.items():
        own = ours.get(clip_id, Note())
        text = other.text if not own.tag or other.tag in ("", own.tag) else f"[{other.tag}] {other.text}".rstrip()
        both = own.text if text in own.text else text if own.text in text else f"{own.text}\n{text}"
        found[clip_id] = Note(own.tag or other.tag, both)
    return found
