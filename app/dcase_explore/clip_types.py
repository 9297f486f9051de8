"""Values of one column of the clip table, brought to the type that the contract wants."""

import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore.clip_names import composed
from dcase_explore.columns import LABELS, MACHINE_TYPES, Column
from dcase_explore.messages import note, some

LABEL_CODES = {
    **dict.fromkeys(("0", "0.0", "false"), "normal"),
    **dict.fromkeys(("1", "1.0", "true", "abnormal"), "anomaly"),
}
"""What labels and decisions are written as elsewhere, the challenge's own files among them."""


def cast(values: pd.Series, column: Column | None) -> tuple[pd.Series, str | None]:
    """
    Values as the contract wants them.

    Parameters
    ----------
    values
        Loosely typed.
    column
        What the contract says of them; None to keep them as they are.

    Returns
    -------
    values : pandas.Series
        Typed, or as they were where that cannot be.
    problem : str or None
        The reason why.
    """
    if column is None:
        return values, None
    try:
        if column.kind == "category":
            return _category(values, column), None
        if column.kind == "int":
            whole = pd.to_numeric(values)
            if (whole.dropna() % 1 != 0).any():
                raise ValueError("not whole numbers")
            return (whole if whole.isna().any() else whole.astype("int64")), None
        if column.kind == "float":
            if _has_truth_values(values):
                raise ValueError("truth values are no numbers")
            wide = pd.to_numeric(values)
            narrow = wide.astype("float32")
            return (wide if would_be_tied(wide, column) else narrow), None
        if column.kind == "bool":
            return values.astype("boolean"), None
        held = values.astype(object).where(values.notna(), None)
        if column.kind == "text":
            return held.map(_composed), None
        # Paths stay as the file system has them.
        return held.map(lambda value: os.fspath(value) if isinstance(value, os.PathLike) else value), None
    except (TypeError, ValueError) as error:
        return values, f"cannot be read as {column.kind} ({error})"


def _has_truth_values(values: pd.Series) -> bool:
    """Whether a column holds True or False, of which pandas would make numbers."""
    if values.dtype == object:
        return any(isinstance(value, bool | np.bool_) for value in values)
    return bool(pd.api.types.is_bool_dtype(values.dtype))


def would_be_tied(values: pd.Series, column: Column) -> bool:
    """Whether float32 would tie scores that differ: ranks are what scores are for."""
    if not column.name.startswith("anomaly_score_"):
        return False
    return bool(values.astype("float32").nunique() < values.nunique())


def _category(values: pd.Series, column: Column) -> pd.Series:
    if isinstance(values.dtype, pd.CategoricalDtype) and _is_settled(values.cat, column):
        return values
    text = values.astype(object).map(str, na_action="ignore")
    found = list(pd.unique(text.dropna()))
    codes = {name: name for name in column.categories or ()}
    if column.categories == LABELS:
        codes |= LABEL_CODES
    meant = {name: known for name in found if (known := codes.get(name.lower(), name)) != name}
    if meant:
        note(f"column {column.name}: {some(meant)} read as {some(meant.values())}")
        text = text.replace(meant)
    if not all(name.isascii() for name in found):
        text = text.map(_composed)
    found = list(pd.unique(text.dropna()))
    if column.categories is not None:
        unknown = [name for name in found if name not in column.categories]
        if unknown:
            raise ValueError(f"only {' and '.join(column.categories)} are known, not {some(unknown)}")
    return pd.Series(pd.Categorical(text, categories=_ordered(found, column)), index=values.index)


def _ordered(found: Sequence[str], column: Column) -> list[str]:
    """Categories of a column in the order of the contract."""
    if column.categories is not None:
        return list(column.categories)
    if column.name == "class":
        known = [name for name in MACHINE_TYPES if name in found]
        return known + sorted(set(found) - set(known))
    return sorted(found, key=_natural)


def _is_settled(categories: Any, column: Column) -> bool:
    """Whether a categorical column is as the contract wants it, which is seen without a look at every value."""
    names = list(categories.categories)
    texts = all(isinstance(name, str) and name.isascii() for name in names)
    if categories.ordered or not texts or names != _ordered(names, column):
        return False
    return column.categories is not None or len(categories.codes[categories.codes >= 0].unique()) == len(names)


def _composed(value: object) -> object:
    return composed(value) if isinstance(value, str) else value


def _natural(text: str) -> list[tuple[int, float, str]]:
    """Sort key that puts 9 before 13 and 0.5 before 1."""
    parts = re.findall(r"[0-9]+(?:\.[0-9]+)?|[^0-9]+", text)
    return [(0, float(part), "") if part[0] in "0123456789" else (1, 0.0, part) for part in parts]
