"""
The clip table as a Spotlight data source: explicit types, stable identity, tooltips, sound read when it is played.

Nothing is guessed from values, so that an attribute ``01`` stays text and no text is mistaken for an address.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from renumics.spotlight import dtypes
from renumics.spotlight.backend.exceptions import Problem
from renumics.spotlight.data_source import ColumnMetadata, DataSource, datasource
from renumics.spotlight.dtypes.conversion import register_converter

from dcase_explore.column_names import describe
from dcase_explore.columns import Kind
from dcase_explore.exploration import Exploration
from dcase_explore.stored.making import identity_of, kind_of
from dcase_explore.viewer.sounds import NoSound, sound_of


class Recording(str):
    """
    Path of a recording; empty where a clip has none.

    A type of its own, so that Spotlight reads it by our converter: its own keeps decoded audio for good under the path,
    and an overwritten file would keep its old sound.
    """

    __slots__ = ()


def _bytes_of(recording: Recording, _: dtypes.DType) -> bytes:
    try:
        return sound_of(recording)
    except NoSound as reason:
        raise Problem(str(reason), "", reason.status) from reason  # the page shows the title alone


def _path_of(recording: Recording, _: dtypes.DType) -> str | None:
    return str(recording) or None


register_converter(Recording, "Audio", _bytes_of, simple=False)
register_converter(Recording, "Audio", _path_of, simple=True)


@datasource(Exploration)
class ClipSource(DataSource):  # type: ignore[misc] # Spotlight is untyped
    """
    Spotlight's view of an exploration.

    Parameters
    ----------
    source
        The exploration; its frame is served as it is, without a copy.
    """

    def __init__(self, source: Exploration) -> None:
        self._frame = source.frame
        self._title = source.name
        self._descriptions = source.descriptions
        self._uid = identity_of(source)
        self._columns = {str(name): kind_of(source.frame[name]) for name in source.frame.columns}
        self._dtypes = {name: _DTYPES[kind](source.frame[name]) for name, kind in self._columns.items()}

    @property
    def column_names(self) -> list[str]:
        """Columns in display order."""
        return list(self._columns)

    @property
    def df(self) -> pd.DataFrame:
        """Copy of the clip table."""
        return self._frame.copy()

    @property
    def intermediate_dtypes(self) -> dict[str, dtypes.DType]:
        """Spotlight type of every column."""
        return self._dtypes

    @property
    def semantic_dtypes(self) -> dict[str, dtypes.DType]:
        """The same: nothing is left to guess."""
        return self._dtypes

    def __len__(self) -> int:
        return len(self._frame)

    def get_generation_id(self) -> int:
        """Always 0: the table does not change under the page."""
        return 0

    def get_uid(self) -> str:
        """Identity by content, so that what the page remembers belongs to the same clips and layout."""
        return self._uid

    def get_name(self) -> str:
        """Name in the page's title bar."""
        return self._title

    def get_column_values(self, column_name: str, indices: Any = slice(None)) -> Any:
        """Values of a column, null as None (category: -1), for all rows or for some."""
        column = self._frame[column_name].iloc[indices]
        kind = self._columns[column_name]
        if kind == "category":
            return column.cat.codes.to_numpy()
        if kind in ("float", "int") and not column.isna().any():
            return column.to_numpy()
        values = column.astype(object).where(column.notna(), None)
        # A null would reach the page as four bytes of audio; an empty path is answered with a sentence.
        return [Recording(path or "") for path in values] if kind == "audio" else values.to_list()

    def get_column_metadata(self, column_name: str) -> ColumnMetadata:
        """Tooltip of a column; nothing is editable, for nothing would keep the edit."""
        column = describe(column_name)
        description = self._descriptions.get(column_name, column.description if column else None)
        return ColumnMetadata(nullable=True, editable=False, description=description)


def _vector_dtype(values: pd.Series) -> dtypes.DType:
    first = next((vector for vector in values if isinstance(vector, np.ndarray)), None)
    return dtypes.EmbeddingDType(None if first is None else len(first))


_DTYPES: dict[Kind, Callable[[pd.Series], dtypes.DType]] = {
    "text": lambda _: dtypes.str_dtype,
    "audio": lambda _: dtypes.audio_dtype,
    "category": lambda values: dtypes.CategoryDType([str(name) for name in values.cat.categories]),
    "int": lambda _: dtypes.int_dtype,
    "float": lambda _: dtypes.float_dtype,
    "bool": lambda _: dtypes.bool_dtype,
    "vector": _vector_dtype,
}
