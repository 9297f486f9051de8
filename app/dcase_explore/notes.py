"""Notes of one's own: a tag and a text per clip, kept in one file that people read, share in git and merge."""

import csv
import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from dcase_explore.cache import write_atomically
from dcase_explore.columns import TAGS
from dcase_explore.errors import ExploreError, meant
from dcase_explore.regular import open_regular

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

NAME = "dcase-explore-notes.csv"
MAX_BYTES = 64 * 2**20
MAX_TEXT = 10_000
"""Characters of a note."""
MAX_CLIP_ID = 1_000
_HEADER = ["clip_id", "tag", "note"]


@dataclass(frozen=True)
class Note:
    """
    What somebody noted of a clip.

    Attributes
    ----------
    tag
        One of `TAGS`; empty for none.
    text
        May have several lines.
    """

    tag: str = ""
    text: str = ""


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
        _check(clip_id, note, str(self.path))

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
                _check(clip_id, note, str(self.path))
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


def kinds_of(path: Path) -> list[str] | None:
    """
    Which kinds of notes a file holds: by these a table has the columns ``tag`` and ``note``.

    Parameters
    ----------
    path
        CSV file; may be absent.

    Returns
    -------
    list of str or None
        None where there is no such file; one that cannot be read is of a kind of its own.
    """
    if not os.path.lexists(path):
        return None
    try:
        found = read_notes(path).values()
    except ExploreError:
        return ["unreadable"]
    return [
        *(["tag"] if any(note.tag for note in found) else []),
        *(["note"] if any(note.text for note in found) else []),
    ]


def read_notes(path: Path) -> dict[str, Note]:
    """
    Read a file of notes.

    Parameters
    ----------
    path
        CSV file.

    Returns
    -------
    dict
        By ``clip_id``.

    Raises
    ------
    ExploreError
        No such file, too large, another header, a tag that is none, a clip that stands there twice (as after a merge
        that git could not finish): with the line.
    """
    with open_regular(path) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ExploreError(f"{path}: is larger than {MAX_BYTES // 2**20} MB, which notes are not")
    try:
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        rows = [(reader.line_num, row) for row in reader if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ExploreError(f"{path}: is no CSV file of notes ({error})") from error
    if not rows or rows[0][1] != _HEADER:
        raise ExploreError(f"{path}: is no file of notes: its first line must be {','.join(_HEADER)}")
    found: dict[str, Note] = {}
    for line, row in rows[1:]:
        where = f"{path}, line {line}"
        if len(row) != len(_HEADER):
            raise ExploreError(f"{where}: has {len(row)} fields instead of {len(_HEADER)}")
        clip_id, note = row[0], Note(row[1], row[2])
        if clip_id in found:
            raise ExploreError(f"{where}: notes {clip_id} a second time")
        _check(clip_id, note, where)
        found[clip_id] = note
    return found


def _check(clip_id: str, note: Note, where: str) -> None:
    if not clip_id or len(clip_id) > MAX_CLIP_ID:
        raise ExploreError(f"{where}: has a note of no clip")
    if note.tag and note.tag not in TAGS:
        raise ExploreError(f"{where}: {note.tag[:40]!r} is no tag: {meant(note.tag[:40], TAGS)}")
    if len(note.text) > MAX_TEXT:
        raise ExploreError(f"{where}: a note of {len(note.text):,} characters; {MAX_TEXT:,} are the most")


def as_bytes(notes: Mapping[str, Note]) -> bytes:
    """
    Notes as their file holds them: a line per clip, sorted, so that versions compare and merge line by line.

    Parameters
    ----------
    notes
        By ``clip_id``.

    Returns
    -------
    bytes
        UTF-8.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows((clip_id, notes[clip_id].tag, notes[clip_id].text) for clip_id in sorted(notes))
    return text.getvalue().encode("utf-8", "replace")


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


def notes_in(frame: "pd.DataFrame") -> dict[str, Note]:
    """
    Notes that a clip table has.

    Parameters
    ----------
    frame
        Clip table; may be without ``tag`` and ``note``.

    Returns
    -------
    dict
        By ``clip_id``.
    """
    columns = [frame[name].astype(object) if name in frame else [None] * len(frame) for name in ("tag", "note")]
    tags, texts = ([value if isinstance(value, str) else "" for value in column] for column in columns)
    found = zip(frame["clip_id"], tags, texts, strict=True)
    return {clip_id: Note(tag if tag in TAGS else "", text) for clip_id, tag, text in found if tag or text}


def with_notes(frame: "pd.DataFrame", notes: Mapping[str, Note]) -> "pd.DataFrame":
    """
    A clip table with the notes of its clips.

    Parameters
    ----------
    frame
        Conforming clip table.
    notes
        By ``clip_id``.

    Returns
    -------
    pandas.DataFrame
        With ``tag`` and ``note`` in place of those it had; without them where none of its clips has a note.
    """
    import pandas as pd

    from dcase_explore import clips

    rest = frame.drop(columns=["tag", "note"], errors="ignore")
    by_row = [notes.get(clip_id, Note()) for clip_id in frame["clip_id"]] if notes else []
    if not any(note != Note() for note in by_row):
        return rest
    tags = pd.Categorical([note.tag or None for note in by_row], categories=TAGS)
    texts = pd.Series([note.text or None for note in by_row], rest.index, dtype=object)
    return clips.conform(rest.assign(tag=tags, note=texts))
