"""A file of notes: a tag and a text per clip, line by line, as people read and share it."""

import csv
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dcase_explore.columns import TAGS
from dcase_explore.errors import ExploreError, meant
from dcase_explore.regular import open_regular

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
        checked(clip_id, note, where)
        found[clip_id] = note
    return found


def checked(clip_id: str, note: Note, where: str) -> None:
    """Refuse what is no note, in a sentence that begins with where it stands."""
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
