"""
From a table to Arrow: which type `datasets` should take each column for, and its values in that type.

Vectors go from arrays to arrays; what a column's type has beyond Arrow's is written beside it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dcase_explore.column_names import describe
from dcase_explore.errors import ExploreError
from dcase_explore.messages import some

if TYPE_CHECKING:
    from datasets import Features

ABOUT, TYPES = b"dcase_explore", b"dcase_explore_types"
"""Keys of a file's metadata: what is said of the table, and the types that Arrow has no name for."""
AUDIO = "audio"
"""Column of embedded recordings."""
MAX_COLUMNS = 4_096

RESTORED = frozenset(
    {f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)} | {"Float32", "Float64", "boolean", "string"}
)
"""Types of pandas that Arrow has no name for."""


@dataclass(frozen=True)
class Typed:
    """
    A table with the types that it is written with.

    Attributes
    ----------
    frame
        The table.
    features
        What `datasets` takes its columns for; None for each where that is not written.
    schema
        The same for Arrow, with all that is written beside the table.
    """

    frame: pd.DataFrame
    features: "Features | dict[str, None]"
    schema: pa.Schema

    @staticmethod
    def of(frame: pd.DataFrame, about: Mapping[str, Any], *, audio: bool = False) -> "Typed":
        """
        Find the types of a table.

        Parameters
        ----------
        frame
            Any table.
        about
            What is said of it; anything that JSON holds.
        audio
            Whether its column ``audio`` stands for recordings, whose content is given to `rows`.

        Raises
        ------
        ExploreError
            When a column cannot be written.
        """
        from datasets import Audio, Features

        if len(frame.columns) > MAX_COLUMNS:
            raise ExploreError(
                f"a table of {len(frame.columns):,} columns is not written, but at most {MAX_COLUMNS:,}: "
                "make one embedding of columns that are parts of a vector"
            )
        if not frame.columns.is_unique or not all(isinstance(name, str) for name in frame.columns):
            raise ExploreError(f"columns need names of their own, as text, to be written; here they are {list(frame)}")
        # Not decoded when it is read: that takes torchcodec, which nobody needs for the table.
        sound = Audio(sampling_rate=None, decode=False)
        features = Features({n: sound if audio and n == AUDIO else _feature(frame[n]) for n in frame.columns})
        schema = features.arrow_schema
        return Typed(frame, features, schema.with_metadata({**schema.metadata, **_beside(frame, about)}))

    @staticmethod
    def plain(frame: pd.DataFrame, about: Mapping[str, Any]) -> "Typed":
        """
        The same without what is written for `datasets`, whose import takes a second.

        Parameters
        ----------
        frame, about
            As in `of`.

        Raises
        ------
        ExploreError
            When a column cannot be written.
        """
        schema = pa.schema([(name, _plain(frame[name])) for name in frame.columns])
        return Typed(frame, dict.fromkeys(frame.columns), schema.with_metadata(_beside(frame, about)))

    def rows(self, positions: np.ndarray, recordings: Sequence[bytes | None] = ()) -> pa.Table:
        """
        Some of the rows, as they are written.

        Parameters
        ----------
        positions
            Which, int64, shape (rows,).
        recordings
            Content of each row's recording, or None, for the column ``audio``.

        Raises
        ------
        ExploreError
            When a value does not go with its column.
        """
        part = self.frame.iloc[positions]
        columns = [
            _recordings(part["clip_id"], recordings, field.type)
            if type(self.features[field.name]).__name__ == "Audio"
            else _to_arrow(part[field.name], self.features[field.name], field.type)
            for field in self.schema
        ]
        return pa.table(columns, schema=self.schema)

    def writer(self, path: Path) -> pq.ParquetWriter:
        """
        Begin a file of this table.

        Parameters
        ----------
        path
            It is overwritten.

        Raises
        ------
        OSError
            When it cannot be written.
        """
        leaves = [f"{f.name}.list.element" if pa.types.is_nested(f.type) else f.name for f in self.schema]
        # zstd: all readers know it, and vectors take a tenth less than with snappy. Recordings stay as they are, as
        # `datasets` has it: noise does not shrink, and the hub keeps equal pieces once.
        return pq.ParquetWriter(
            path,
            self.schema,
            compression=dict.fromkeys(leaves, "zstd"),
            use_dictionary=[field.name for field in self.schema if pa.types.is_string(field.type)],
            write_page_checksum=True,
            write_page_index=True,  # lets the hub show a few rows without the rest
        )


def _beside(frame: pd.DataFrame, about: Mapping[str, Any]) -> dict[bytes, bytes]:
    """What is written beside the table."""
    types = {name: how for name in frame.columns if (how := _beyond_arrow(frame[name])) is not None}
    return {ABOUT: json.dumps(dict(about)).encode(), TYPES: json.dumps(types).encode()}


def _plain(values: pd.Series) -> pa.DataType:
    """Type of a column without a word of what `datasets` takes it for."""
    column = describe(str(values.name))
    if column is None:
        return _inferred(values)
    if column.kind == "vector":
        return pa.list_(pa.float32(), next((len(vector) for vector in values if isinstance(vector, np.ndarray)), 0))
    if column.kind == "float":
        return pa.float64() if values.dtype == np.float64 else pa.float32()
    return {"int": pa.int64(), "bool": pa.bool_()}.get(column.kind, pa.string())


def _feature(values: pd.Series) -> Any:
    from datasets import ClassLabel, Features, List, Value

    name = str(values.name)
    column = describe(name)
    if column is None:
        return Features.from_arrow_schema(pa.schema([(name, _inferred(values))]))[name]
    if column.kind == "category":
        names = column.categories or (tuple(values.astype("category").cat.categories) if name == "class" else ())
        return ClassLabel(names=[str(each) for each in names]) if names else Value("string")
    if column.kind == "vector":
        length = next((len(vector) for vector in values if isinstance(vector, np.ndarray)), -1)
        return List(Value("float32"), length=length or -1)
    if column.kind == "float":
        return Value("float64" if values.dtype == np.float64 else "float32")
    return Value({"int": "int64", "bool": "bool"}.get(column.kind, "string"))


def _inferred(values: pd.Series) -> pa.DataType:
    """Type of a column outside the contract."""
    try:
        kind = pa.array(values, from_pandas=True).type
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _cannot(values, error) from error
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if isinstance(kind, pa.BaseExtensionType) or pa.types.is_interval(kind):
        raise _cannot(values, f"{values.dtype} is no type of Parquet")
    return pa.string() if pa.types.is_null(kind) else kind


def _to_arrow(values: pd.Series, feature: Any, kind: pa.DataType) -> pa.Array:
    column = describe(str(values.name))
    try:
        if type(feature).__name__ == "ClassLabel":
            codes = pd.Categorical(values.astype(object), categories=feature.names).codes.astype(np.int64)
            unknown = values[(codes < 0) & values.notna().to_numpy()]
            if len(unknown):
                raise ValueError(f"only {' and '.join(feature.names)} are known, not {some(unknown.unique())}")
            return pa.array(codes, kind, mask=codes < 0)
        if column is not None and pa.types.is_fixed_size_list(kind):
            return _vectors(values, kind.list_size)
        if column is not None and column.kind == "category":
            values = values.astype(object).map(str, na_action="ignore")
        array = pa.array(values, from_pandas=True)
        return (array.dictionary_decode() if pa.types.is_dictionary(array.type) else array).cast(kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise _cannot(values, error) from error


def _vectors(values: pd.Series, length: int) -> pa.Array:
    present = values.notna().to_numpy()
    matrix = np.zeros((len(values), length), np.float32)
    if present.any():
        matrix[present] = np.stack(values[present].to_list())
    return pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), length, mask=pa.array(~present))


def _recordings(clip_ids: pd.Series, recordings: Sequence[bytes | None], kind: pa.StructType) -> pa.Array:
    missing = np.array([content is None for content in recordings], bool)
    content = pa.array(recordings, pa.binary())
    names = pa.array(clip_ids.to_numpy(object), pa.string(), mask=missing)
    return pa.StructArray.from_arrays([content, names], fields=list(kind), mask=pa.array(missing))


def _beyond_arrow(values: pd.Series) -> Any:
    """What gives a column its type back: a type's name, or a category's values and whether they are in order."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return str(values.dtype) if str(values.dtype) in RESTORED else None
    categories = values.cat.categories.to_list()
    if describe(str(values.name)) is not None or not all(isinstance(value, str | int | float) for value in categories):
        return None  # the contract knows how to order its own
    return {"categories": categories, "ordered": bool(values.cat.ordered)}


def _cannot(values: pd.Series, reason: object) -> ExploreError:
    said = " ".join(str(reason).split())[:200]
    return ExploreError(f"column {values.name} cannot be written as Parquet ({said}): leave it out, or make it text")
