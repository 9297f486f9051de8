"""What people hand over in Python: arrays, lists, mappings, Series and frames, brought into one form."""

from collections.abc import Mapping

import pandas as pd

from dcase_explore.attach.frames import given_in_frame
from dcase_explore.attach.naming import names_in_index
from dcase_explore.attach.numbers import Given, Kind, numbers


def given(values: object, kind: Kind, name: str, where: str) -> Given:
    """
    Bring values handed over in Python into one form.

    Parameters
    ----------
    values
        Array-like, mapping or Series keyed by ``clip_id`` or file name, or a frame with a column of such names.
    kind
        ``"scores"`` or ``"embeddings"``.
    name
        What they will be called.
    where
        What an error calls them.

    Returns
    -------
    Given
        Not yet compared with any table; scores and vectors may still hold NaN.

    Raises
    ------
    ExploreError
        As `dcase_explore.attach.numbers.numbers`; a frame that leaves open which column is meant.
    """
    if isinstance(values, Mapping):
        return Given(numbers(list(values.values()), kind, where), [str(key) for key in values])
    if isinstance(values, pd.DataFrame):
        return given_in_frame(values, kind, name, where, lambda row: f"{where}, row {row}")
    if isinstance(values, pd.Series):
        return Given(numbers(values.to_list(), kind, where), names_in_index(values.index, where))
    return Given(numbers(values, kind, where), None)
