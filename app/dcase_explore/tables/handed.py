"""Tables and arrays of other libraries, taken by the interchanges that they share: none of them is imported."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore.errors import ExploreError
from dcase_explore.tables.dialect import NAME_COLUMNS


def frame_of(value: Any, where: str) -> pd.DataFrame | pd.Series | None:
    """
    What other libraries call a table or a column, as pandas has it.

    Parameters
    ----------
    value
        Anything: of polars, Arrow, `datasets`, … ; a mapping of columns, one of them called like one of names.
    where
        What an error calls it.

    Returns
    -------
    pandas.DataFrame or pandas.Series or None
        None where it is no table.

    Raises
    ------
    ExploreError
        When its library cannot make it one, and what to call.
    """
    if isinstance(value, pd.DataFrame | pd.Series):
        return value
    if isinstance(value, Mapping):
        parts = [str(key) for key, part in value.items() if hasattr(part, "column_names")]
        if parts:
            raise ExploreError(
                f"{where}: is several tables ({', '.join(parts)}): give one of them, as in data[{parts[0]!r}]"
            )
        return pd.DataFrame(dict(value)) if _are_columns(value) else None
    if isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
        return pd.DataFrame(value)
    try:
        if hasattr(value, "__arrow_c_stream__"):
            return _of_arrow(value)
        if callable(getattr(value, "to_pandas", None)):
            found = value.to_pandas()
            return found if isinstance(found, pd.DataFrame | pd.Series) else None
        if hasattr(value, "__dataframe__"):
            return pd.api.interchange.from_dataframe(value)
    except Exception as error:  # whatever the library raises
        reason = " ".join(str(error).split())[:200]
        raise ExploreError(f"{where}: a {_kind(value)} cannot be taken ({reason}): give a pandas frame") from error
    if callable(getattr(value, "collect", None)):
        raise ExploreError(f"{where}: a {_kind(value)} is not computed yet: collect() it first")
    if hasattr(value, "column_names") and hasattr(value, "__iter__"):
        raise ExploreError(
            f"{where}: a {_kind(value)} cannot be taken: give a pandas frame, as in pandas.DataFrame(list(data))"
        )
    return None


def array_of(value: Any, where: str) -> Any:
    """
    Arrays and tensors as NumPy takes them; anything else as it is.

    Parameters
    ----------
    value
        Array-like, of PyTorch on whatever device, of CuPy, JAX, TensorFlow; or a list of such.
    where
        What an error calls it.

    Returns
    -------
    object
        What `numpy.asarray` takes.

    Raises
    ------
    ExploreError
        When its library cannot hand it over, and what to give.
    """
    try:
        if isinstance(value, list | tuple) and value and _is_tensor(value[0]):
            return [_array_of(each) for each in value]
        return _array_of(value)
    except Exception as error:  # whatever the library raises
        reason = " ".join(str(error).split())[:200]
        raise ExploreError(f"{where}: a {_kind(value)} cannot be taken ({reason}): give a NumPy array") from error


def _array_of(value: Any) -> Any:
    if _is_tensor(value):
        value = value.detach().cpu()
        return value.float().numpy() if "bfloat16" in str(value.dtype) else value.numpy()
    if isinstance(value, np.ndarray) or hasattr(value, "__array__"):
        return value.get() if type(value).__module__.startswith("cupy") else value
    if hasattr(value, "__dlpack__"):
        return np.from_dlpack(value)
    return value.numpy() if callable(getattr(value, "numpy", None)) else value


def _is_tensor(value: Any) -> bool:
    return all(callable(getattr(value, name, None)) for name in ("detach", "cpu", "numpy"))


def _are_columns(value: Mapping[Any, Any]) -> bool:
    """Whether a mapping's keys name columns, not clips."""
    named = any(isinstance(key, str) and key.strip().lower() in NAME_COLUMNS for key in value)
    return named and all(
        isinstance(column, Sequence | np.ndarray | pd.Series) and not isinstance(column, str)
        for column in value.values()
    )


def _of_arrow(value: Any) -> pd.DataFrame | pd.Series:
    import pyarrow as pa

    try:
        table = pa.RecordBatchReader.from_stream(value).read_all()
    except (pa.ArrowInvalid, TypeError):  # one column
        return pa.chunked_array(value).to_pandas(use_threads=False)
    # On this thread alone: a process that ends right after Arrow's threads read aborts.
    return table.to_pandas(use_threads=False)


def _kind(value: object) -> str:
    return f"{type(value).__module__.partition('.')[0]} {type(value).__name__}"
