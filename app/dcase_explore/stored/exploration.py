"""A stored exploration read back for Python."""

from pathlib import Path
from typing import Any

import numpy as np

from dcase_explore import parquet
from dcase_explore.credits import Credit
from dcase_explore.exploration import Exploration
from dcase_explore.findings.finding import Finding
from dcase_explore.scoring.official import ModelScore, SectionScore
from dcase_explore.scoring.thresholds import Threshold
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
        tuple(Credit(**{**written, "citations": tuple(written["citations"])}) for written in about["credits"]),
        [_model(written) for written in about["models"]],
        [_finding(written) for written in about["findings"]],
        descriptions=about["descriptions"],
        notes_file=stored.notes_file,
    )


def _finding(written: dict[str, Any]) -> Finding:
    rows = np.asarray(written["rows"], dtype=np.int64)
    return Finding(**{**written, "rows": rows, "columns": tuple(written["columns"])})


def _model(written: dict[str, Any]) -> ModelScore:
    return ModelScore(written["model"], tuple(_section(section) for section in written["sections"]))


def _section(written: dict[str, Any]) -> SectionScore:
    its = written["threshold"]
    threshold = its and Threshold(**{**its, "between": its["between"] and tuple(its["between"])})
    return SectionScore(**{**written, "threshold": threshold})
