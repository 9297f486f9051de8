"""An exploration in a file: table, layout, findings, to be shown by another process or at another time."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore import parquet
from dcase_explore.columns import describe
from dcase_explore.exploration import View, columns_with_values
from dcase_explore.findings.finding import Finding
from dcase_explore.layouts.arranging import Arrangement


def write(exploration: View, path: Path) -> None:
    """
    Write an exploration.

    Parameters
    ----------
    exploration
        What is shown; how its models do is not written, for its page does not tell it.
    path
        Parquet file to write, whole or not at all.
    """
    findings = [{**asdict(finding), "rows": finding.rows.tolist()} for finding in exploration.findings]
    about = {
        "title": exploration.title,
        "layout": exploration.arrangement.binding.original,
        "strict_layout": exploration.arrangement.strict,
        "layout_name": exploration.layout_name,
        "descriptions": dict(exploration.descriptions),
        "findings": findings,
    }
    own = [name for name in exploration.frame if describe(name) is None]
    frame = exploration.frame.assign(**{name: _simple(exploration.frame[name]) for name in own})
    parquet.write(frame, path, about)


def read(path: Path) -> View:
    """
    Read an exploration that `write` wrote.

    Parameters
    ----------
    path
        Parquet file.

    Returns
    -------
    View
        Ready for a viewer.

    Raises
    ------
    ExploreError
        When there is no such file, or it is damaged.
    """
    frame, about = parquet.read(path)
    arrangement = Arrangement(about["layout"], columns_with_values(frame), strict=about["strict_layout"])
    findings = [_finding(finding) for finding in about["findings"]]
    return View(
        frame,
        about["title"],
        findings=findings,
        descriptions=about["descriptions"],
        arrangement=arrangement,
        layout_name=about["layout_name"],
    )


def _simple(values: pd.Series) -> pd.Series:
    """A column of one's own as the page shows it: categories, numbers, anything else as text."""
    if isinstance(values.dtype, pd.SparseDtype):
        values = values.sparse.to_dense()
    if isinstance(values.dtype, pd.CategoricalDtype):
        names = values.cat.categories.map(str)
        return values.cat.rename_categories(names) if names.is_unique else values.astype(object).map(str)
    kinds = (pd.api.types.is_bool_dtype, pd.api.types.is_integer_dtype, pd.api.types.is_float_dtype)
    if any(is_of(values.dtype) for is_of in kinds):
        return values
    return values.astype(object).map(str).where(values.notna(), None)


def _finding(written: dict[str, Any]) -> Finding:
    rows = np.asarray(written["rows"], dtype=np.int64)
    return Finding(**{**written, "rows": rows, "columns": tuple(written["columns"])})
