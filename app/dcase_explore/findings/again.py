"""What was found last, for a table that comes again: in a cell that is run twice, or shows what another loaded."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.column_names import describe, members
from dcase_explore.findings import Found, find, say_not_looked_for
from dcase_explore.store import digest_of


@dataclass(frozen=True)
class _Before:
    """Contents of a table as it came and with what was added, for nothing else is found in that; and what was found."""

    contents: tuple[str, str]
    found: Found


_before: _Before | None = None
"""Of one table, for findings of many would fill the memory and be needed by nobody."""


def find_again(frame: pd.DataFrame) -> Found:
    """
    As `dcase_explore.findings.find`; at once, if this is the table of the last time.

    Parameters
    ----------
    frame
        Scored clip table, of whole machine types.

    Returns
    -------
    Found
        What could not be looked for is said on stderr, again.
    """
    global _before
    content, before = content_of(frame), _before
    if before is None or content not in before.contents:
        found = find(frame)
        added = replace(found, frame=found.frame[list(found.descriptions)])
        _before = _Before((content, content_of(found.frame)), added)
        return found
    say_not_looked_for(frame)
    found, added_columns = before.found, before.found.frame.set_axis(frame.index)
    return replace(
        found,
        frame=clips.conform(frame.assign(**{name: added_columns[name] for name in added_columns})),
        findings=list(found.findings),
    )


def content_of(frame: pd.DataFrame) -> str:
    """
    Tell tables of the same content.

    Parameters
    ----------
    frame
        Conforming clip table; columns of one's own, in which nothing is looked for, do not count.

    Returns
    -------
    str
        The same for the same rows in the same order. A table of 8,400 clips and 768 values takes a tenth of a second.
    """
    parts: list[bytes | str] = [str(len(frame))]
    vectors = {f"embeddings_{name}": name for name in members(frame.columns, "embeddings_<embedding>")}
    for column in sorted(frame.columns):
        if column in vectors:
            matrix, present = clips.vectors(frame, vectors[column])
            parts += [column, str(matrix.shape), matrix.tobytes(), present.tobytes()]
        elif describe(column):
            values = pd.util.hash_pandas_object(frame[column], index=False)
            parts += [column, np.asarray(values).tobytes()]
    return digest_of(*parts)
