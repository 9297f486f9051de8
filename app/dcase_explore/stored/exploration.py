"""A stored exploration read back for Python."""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from dcase_explore import parquet
from dcase_explore.credits import Credit
from dcase_explore.exploration import Exploration
from dcase_explore.findings.finding import Estimate, Finding
from dcase_explore.scoring.official import ModelScore
from dcase_explore.stored import CLIPS, Stored


def read(folder: Path) -> Exploration:
    """
    Read an exploration that was stored.

    Parameters
    ----------
    folder
        As `dcase_explore.stored.making.store` wrote it.

    Returns
    -------
    Exploration
        The same again.

    Raises
    ------
    ExploreError
        When there is none, or it is damaged.
    """
    stored = Stored(folder)
    try:
        about = stored.about
    finally:
        stored.close()
    frame, _ = parquet.read(folder / CLIPS)
    return Exploration(
        frame,
        stored.title,
        TypeAdapter(tuple[Credit, ...]).validate_python(about["credits"]),
        TypeAdapter(list[ModelScore]).validate_python(about["models"]),
        [_finding(written) for written in about["findings"]],
        descriptions=about["descriptions"],
        notes_file=stored.notes_file,
        sampled=stored.sampled,
    )


def _finding(written: dict[str, Any]) -> Finding:
    rows = np.asarray(written["rows"], dtype=np.int64)
    estimates = tuple(Estimate(**one) for one in written["estimates"])
    return Finding(**{**written, "rows": rows, "columns": tuple(written["columns"]), "estimates": estimates})
