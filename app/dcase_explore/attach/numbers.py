"""Values of any kind, brought to numbers of the shape that scores or embeddings have."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from dcase_explore.errors import ExploreError
from dcase_explore.messages import some
from dcase_explore.tables.dialect import is_number

Kind = Literal["scores", "embeddings"]
_NO_NUMBERS = (bool, np.bool_, bytes)


@dataclass(frozen=True)
class Given:
    """
    Values that are to become a column.

    Attributes
    ----------
    array
        Anomaly scores, float64, shape (clips,), or embeddings, float32, shape (clips, dimensions).
    names
        ``clip_id``, path or file name of each; None where only their order says whose they are.
    decisions
        ``"normal"``, ``"anomaly"`` or null of each, shape (clips,); None where none came along.
    remark
        What of several columns was taken and left out; None where nothing was to choose.
    beside
        Columns of a frame that stood beside values without names, one row for each value.
    """

    array: np.ndarray
    names: list[str] | None
    decisions: np.ndarray | None = None
    remark: str | None = None
    beside: pd.DataFrame = field(default_factory=pd.DataFrame)


def numbers(values: object, kind: Kind, where: str, place: Callable[[int], str] | None = None) -> np.ndarray:
    """
    Numbers of the shape that scores or embeddings have.

    Parameters
    ----------
    values
        Array-like of numbers, or of vectors.
    kind
        ``"scores"`` or ``"embeddings"``.
    where
        What an error calls them.
    place
        What an error calls one row of them.

    Returns
    -------
    numpy.ndarray
        float64, shape (clips,), or float32, shape (clips, dimensions).

    Raises
    ------
    ExploreError
        Values that are no numbers, of the wrong number of dimensions, or vectors of differing lengths.
    """
    place = place or (lambda row: f"{where}, value {row}")
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    if isinstance(values, list | tuple) and any(isinstance(value, _NO_NUMBERS) for value in values):
        # One by one, for NumPy would make numbers of them.
        values = np.fromiter(values, dtype=object, count=len(values))
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as refusal:  # ragged lists; tensors that need detaching
        lengths = _lengths(values)
        raise ExploreError(f"{where}: {lengths or f'these cannot be made an array ({refusal})'}") from None
    if array.ndim == 0:
        type_name = type(values).__name__
        raise ExploreError(f"{where}: a {type_name} of shape () where an array, one number per clip or more, is needed")
    if array.dtype.kind == "b":
        raise ExploreError(f"{place(0)}: {array.ravel()[0] if array.size else array} is a truth value, not a number")
    if array.dtype == object:
        array = _of_objects(array, kind, where, place)
    if array.dtype.kind not in "fiu":
        if array.dtype.kind in "US":
            array = _of_objects(array.astype(object), kind, where, place)
        else:
            raise ExploreError(f"{where}: values of type {array.dtype} where numbers are needed")
    if kind == "embeddings":
        if array.ndim != 2 or not array.shape[1]:
            raise ExploreError(
                f"{where}: an array of shape {array.shape} where embeddings need two dimensions, (clips, dimensions)"
            )
        with np.errstate(over="ignore"):  # what becomes infinite is refused by name, later
            return array.astype(np.float32, copy=False)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ExploreError(f"{where}: an array of shape {array.shape} where scores need one number per clip")
    return array.astype(np.float64, copy=False)


def _of_objects(array: np.ndarray, kind: Kind, where: str, place: Callable[[int], str]) -> np.ndarray:
    """Numbers in an array of Python objects: text that reads as numbers, None for NaN, or vectors."""
    if kind == "embeddings" and array.ndim == 1:
        lengths = _lengths(array)
        if lengths:
            raise ExploreError(f"{where}: {lengths}")
        try:
            return np.stack([np.asarray(vector, dtype=np.float64) for vector in array])
        except (ValueError, TypeError):
            raise ExploreError(f"{where}: embeddings need a vector of numbers for each clip") from None
    flat = np.empty(array.size, dtype=np.float64)
    for row, value in enumerate(array.ravel()):
        try:
            flat[row] = np.nan if value is None or value is pd.NA else _number(value)
        except (TypeError, ValueError, OverflowError):
            row //= array.size // len(array)
            what = (
                "there is no value" if isinstance(value, str) and not value else f"{str(value)[:40]!r} is not a number"
            )
            raise ExploreError(f"{place(row)}: {what}") from None
    return flat.reshape(array.shape)


def _number(value: object) -> float:
    if isinstance(value, _NO_NUMBERS) or (isinstance(value, str) and not is_number(value)):
        raise ValueError(value)
    return float(value)  # type: ignore[arg-type]


def _lengths(values: object) -> str | None:
    """What is wrong with vectors of differing lengths, if that is what they are."""
    try:
        each = list(values)  # type: ignore[call-overload]
        lengths = [np.size(value) for value in each]
    except (TypeError, ValueError, RuntimeError):
        return None
    empty = next((row for row, value in enumerate(each) if value is None), None)
    if empty is not None:
        return f"number {empty} has no vector"
    different = sorted(set(lengths))
    if len(different) < 2:
        return None
    odd = next(row for row, length in enumerate(lengths) if length != lengths[0])
    return f"vectors differ in length: {some(different)} (the first has {lengths[0]}, number {odd} has {lengths[odd]})"
