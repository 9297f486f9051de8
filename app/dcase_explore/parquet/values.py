"""From Arrow to a table: class labels as text, lists as vectors, types as they were before they were written."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dcase_explore.column_names import describe
from dcase_explore.messages import some
from dcase_explore.parquet.types import RESTORED


def series_of(name: str, chunks: Sequence[pa.Array], *, text: bool, how: Any = None) -> pd.Series:
    """
    One column out of its pieces.

    Parameters
    ----------
    name
        Of the column; by it, an embedding is told from other lists.
    chunks
        Of one or several files, in order.
    text
        Whether categories among them are only Arrow's way of keeping text.
    how
        What gives it back the type that it had, as `dcase_explore.parquet.types` wrote it; None for nothing.

    Returns
    -------
    pandas.Series
        Null as None where pandas has no type with null for it.

    Raises
    ------
    ValueError, TypeError, pyarrow.ArrowException
        When the values are not what they should be.
    """
    column = describe(name)
    if column is not None and column.kind == "vector":
        return pd.Series(_vectors(chunks), dtype=object)
    # On this thread alone: a process that ends right after Arrow's threads read aborts.
    values = _joined(chunks).to_pandas(integer_object_nulls=True, use_threads=False)
    if text and isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object).where(values.notna(), None)
    return values if how is None else _restored(values, how)


def named(indices: pa.Array, names: Sequence[str]) -> pa.Array:
    """
    Class labels as text.

    Parameters
    ----------
    indices
        Integers; -1 is a label that is unknown, as `datasets` has it.
    names
        Of the classes.

    Returns
    -------
    pyarrow.DictionaryArray
        Categories in the order of the names.

    Raises
    ------
    ValueError
        When an index is out of range.
    """
    known = pc.if_else(pc.equal(indices, -1), None, indices)
    least, most = pc.min_max(known).as_py().values()
    if most is not None and not 0 <= least <= most < len(names):
        raise ValueError(f"its classes are numbered {least} to {most}, but {len(names)} have names")
    return pa.DictionaryArray.from_arrays(known.cast(pa.int32()), pa.array(names, pa.string()))


def _joined(chunks: Sequence[pa.Array]) -> pa.ChunkedArray:
    if len({chunk.type for chunk in chunks}) == 1:
        return pa.chunked_array(chunks)
    plain = [chunk.dictionary_decode() if pa.types.is_dictionary(chunk.type) else chunk for chunk in chunks]
    return pa.concat_tables([pa.table({"": chunk}) for chunk in plain], promote_options="permissive").column(0)


def _restored(values: pd.Series, how: Any) -> pd.Series:
    if isinstance(how, Mapping):
        return values.astype(pd.CategoricalDtype(how["categories"], ordered=how["ordered"] is True))
    if how not in RESTORED:
        raise ValueError(f"{how} is no type of a column")
    return values.astype(how)


def _vectors(chunks: Sequence[pa.Array]) -> list[np.ndarray | None]:
    """Vectors of float32, shape (dimensions,), or None; those of one chunk share their memory."""
    found: list[np.ndarray | None] = []
    for chunk in chunks:
        rows = iter(_matrix(chunk))
        found += [next(rows) if present else None for present in chunk.is_valid().to_numpy(zero_copy_only=False)]
    return found


def _matrix(chunk: pa.Array) -> np.ndarray:
    """Vectors of the rows that have one, shape (rows, dimensions)."""
    values = (chunk.storage if isinstance(chunk, pa.ExtensionArray) else chunk).drop_null()
    rows, shape = len(values), []
    if rows == 0:
        return np.empty((0, 0), np.float32)
    while _is_list(values.type):
        lengths = pc.unique(pc.list_value_length(values)).to_pylist()
        if len(lengths) > 1 or None in lengths:
            raise ValueError(f"its vectors differ in length: {some(lengths)}")
        shape += lengths
        values = values.flatten()
    if not shape or not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
        raise ValueError(f"its values are not vectors of numbers, but {chunk.type}")
    # One vector in a list of its own, as models hand out batches of one, is a vector still.
    if sum(length != 1 for length in shape) > 1:
        raise ValueError(f"its values are not vectors, but arrays of shape {tuple(shape)}")
    if values.null_count:
        raise ValueError("its vectors have empty places")
    # A copy, so that vectors can be written to and Arrow's memory is given back.
    return np.array(values.to_numpy(zero_copy_only=False), np.float32).reshape(rows, int(np.prod(shape)))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))
