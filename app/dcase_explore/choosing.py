"""Which clips of a table are wanted: of some machine types, of one split, of one domain."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.clip_names import composed
from dcase_explore.columns import ATTRIBUTE, DOMAINS, SPLITS
from dcase_explore.errors import ExploreError, meant
from dcase_explore.options import RowOptions


def of_machine_types(frame: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    """
    Rows of the machine types wanted.

    Parameters
    ----------
    frame
        Conforming clip table.
    wanted
        Names in any case; empty for all.

    Returns
    -------
    pandas.DataFrame
        Conforming clip table.

    Raises
    ------
    ExploreError
        When there is no such machine type.
    """
    if not wanted:
        return frame
    there = clips.machine_types_present(frame)
    by_lower = {name.lower(): name for name in there}
    wanted = [composed(name) for name in wanted]
    for name in wanted:
        if name.lower() not in by_lower:
            raise ExploreError(f"there is no machine type {name} in this data: {meant(name, there)}")
    keep = frame["class"].isin([by_lower[name.lower()] for name in wanted])
    chosen = frame[keep]
    # Without the attribute columns that only the other machine types have.
    empty = [name for name in chosen.columns if ATTRIBUTE.fullmatch(name) and chosen[name].isna().all()]
    return clips.conform(chosen.drop(columns=empty))


def rows_asked_for(frame: pd.DataFrame, options: RowOptions) -> np.ndarray | None:
    """
    Rows of one split and one domain.

    Parameters
    ----------
    frame
        Conforming clip table.
    options
        Split and domain count.

    Returns
    -------
    numpy.ndarray or None
        Positions, int64, shape (rows,), in order; None where all are asked for.

    Raises
    ------
    ExploreError
        No clip left.
    """
    rows: np.ndarray | None = None
    for column, value, values in (("split", options.split, SPLITS), ("domain", options.domain, DOMAINS)):
        if value is not None:
            rows = np.arange(len(frame)) if rows is None else rows
            rows = rows[_where(frame.iloc[rows], column, value, values)]
    return rows


def _where(frame: pd.DataFrame, column: str, value: str, values: Sequence[str]) -> np.ndarray:
    if value not in values:
        raise ExploreError(f"there is no {column} {value}: {meant(str(value), values)}")
    kept = (frame[column] == value).to_numpy() if column in frame else np.zeros(len(frame), bool)
    if not kept.any():
        raise ExploreError(f"no clip of this data is known to be of the {value} {column}: leave --{column} out")
    return kept
