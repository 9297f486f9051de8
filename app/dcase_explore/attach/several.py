"""Values of one model that stand in several files: one per machine type, say."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dcase_explore.attach.numbers import Given
from dcase_explore.errors import ExploreError
from dcase_explore.messages import some
from dcase_explore.tables.dialect import is_number


def are_files(values: object) -> bool:
    """Whether these are paths of several files: numbers may be given as a list of texts as well."""
    if not isinstance(values, list | tuple) or not values:
        return False
    return all(isinstance(each, Path) or (isinstance(each, str) and not is_number(each)) for each in values)


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
    for path, its in parts.items():
        if its.names is None:
            raise ExploreError(f"{where}: {path} has no names: of several files each needs the clip_id or file name")
        names += its.names
    arrays = [its.array for its in parts.values()]
    if len({array.shape[1:] for array in arrays}) > 1:
        lengths = some(f"{array.shape[1]} in {path}" for path, array in zip(parts, arrays, strict=True))
        raise ExploreError(f"{where}: vectors differ in length: {lengths}")
    decided = any(its.decisions is not None for its in parts.values())
    decisions = [np.full(len(its.array), None) if its.decisions is None else its.decisions for its in parts.values()]
    remarks = dict.fromkeys(its.remark for its in parts.values() if its.remark)
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
    for place, row in enumerate(rows.tolist()):
        before = first.setdefault(row, place)
        if row < 0 or before == place:
            continue
        if not np.array_equal(values[before], values[place], equal_nan=True):
            which = f" ({values[before]:g} and {values[place]:g})" if values.ndim == 1 else ""
            raise ExploreError(f"{where}: {ids[row]} has two values that differ{which}: keep one of them")
        kept[place] = -1
    return kept
