"""Notes as two columns of the clip table."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dcase_explore.columns import TAGS
from dcase_explore.notes.files import Note

if TYPE_CHECKING:
    import pandas as pd


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
