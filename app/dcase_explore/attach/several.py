"""Values of one model that stand in several files: one per machine type, say."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dcase_explore.attach.files import PICKLES, SUFFIXES
from dcase_explore.attach.numbers import Given
from dcase_explore.errors import ExploreError
from dcase_explore.messages import some


def are_files(values: object) -> bool:
    """Whether these are paths of several files: numbers and clips may be given as a list of texts as well."""
    return isinstance(values, list | tuple) and bool(values) and all(map(_is_file, values))


def _is_file(value: object) -> bool:
    if isinstance(value, str):
        return value.lower().endswith((*SUFFIXES, *PICKLES)) or os.path.exists(os.path.expanduser(value))  # noqa: PTH110, PTH111
    return isinstance(value, Path)


def together(parts: Mapping[str, Given], where: str) -> Given:
    """
    Put the values of several files together.

    Parameters
    ----------
    parts
        By path.
    where
        What an error calls them.

    Returns
    -------
    Given
        With names, one clip's more than once where files repeat it.

    Raises
    ------
    ExploreError
        A file without names, vectors of differing lengths.
    """
    names: list[str] = []
    for path, part in parts.items():
        if part.names is None:
            raise ExploreError(f"{where}: {path} has no names: of several files each needs the clip_id or file name")
        names += part.names
    arrays = [part.array for part in parts.values()]
    if len({array.shape[1:] for array in arrays}) > 1:
        lengths = some(f"{array.shape[1]} in {path}" for path, array in zip(parts, arrays, strict=True))
        raise ExploreError(f"{where}: vectors differ in length: {lengths}")
    decided = any(part.decisions is not None for part in parts.values())
    decisions = [
        np.full(len(part.array), None) if part.decisions is None else part.decisions for part in parts.values()
    ]
    remarks = dict.fromkeys(part.remark for part in parts.values() if part.remark)
    remark = "; ".join(remarks) or None
    return Given(np.concatenate(arrays), names, np.concatenate(decisions) if decided else None, remark)


def once(values: np.ndarray, rows: np.ndarray, ids: np.ndarray, where: str) -> np.ndarray:
    """
    Leave out values that are there already.

    Parameters
    ----------
    values
        Scores, shape (given,), or vectors, shape (given, dimensions).
    rows
        Row of the table of each, -1 for none.
    ids
        ``clip_id`` of each row of the table.
    where
        What an error calls them.

    Returns
    -------
    numpy.ndarray
        Rows, each once, the others -1.

    Raises
    ------
    ExploreError
        A clip of two values that differ.
    """
    kept = rows.copy()
    first: dict[int, int] = {}
    for index, row in enumerate(rows.tolist()):
        before = first.setdefault(row, index)
        if row < 0 or before == index:
            continue
        if not np.array_equal(values[before], values[index], equal_nan=True):
            which = f" ({values[before]:g} and {values[index]:g})" if values.ndim == 1 else ""
            raise ExploreError(f"{where}: {ids[row]} has two values that differ{which}: keep one of them")
        kept[index] = -1
    return kept
