"""Chosen clips as a CSV file, with all that is known of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dcase_explore.column_names import describe
from dcase_explore.notes.files import Note
from dcase_explore.notes.in_tables import with_notes


def as_csv(
    frame: pd.DataFrame, rows: Sequence[int], findings: Sequence[Mapping[str, Any]], notes: Mapping[str, Note]
) -> bytes:
    """
    Write chosen clips as CSV.

    Parameters
    ----------
    frame
        Conforming clip table.
    rows
        Positions in it, in the order to write.
    findings
        ``title`` and ``rows`` of each.
    notes
        By ``clip_id``.

    Returns
    -------
    bytes
        UTF-8; a line per clip with the table's columns but its vectors, in their order and full precision, ``tag`` and
        ``note`` as they stand now, and last ``findings``: the titles of those that the clip is in, a line each.
    """
    chosen = with_notes(frame.iloc[list(rows)], notes)
    found: dict[int, list[str]] = {}
    for finding in findings:
        for row in finding["rows"]:
            found.setdefault(row, []).append(finding["title"])
    simple = [name for name in chosen.columns if (column := describe(str(name))) is None or column.kind != "vector"]
    text = chosen[simple].assign(findings=["\n".join(found.get(row, [])) for row in rows]).to_csv(index=False)
    return str(text).encode("utf-8", "replace")
