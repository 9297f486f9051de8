"""What rules need of a clip table: each gives None where it is there, otherwise the end of a sentence that says so."""

import pandas as pd

from dcase_explore.column_names import members
from dcase_explore.columns import ATTRIBUTE
from dcase_explore.findings.finding import models_of


def scores(frame: pd.DataFrame) -> str | None:
    """Scores of labelled normals and anomalies."""
    labels = set(frame.loc[frame["split"] == "test", "label"].dropna()) if "label" in frame else set()
    if models_of(frame) and len(labels) > 1:
        return None
    if not members(frame.columns, "anomaly_score_<score>"):
        return " without scores"
    return " without both normals and anomalies" if labels else " without labels"


def two_models(frame: pd.DataFrame) -> str | None:
    """Scores of two models."""
    return None if len(models_of(frame)) > 1 else " with one model only"


def decisions(frame: pd.DataFrame) -> str | None:
    """Decisions of a model."""
    there = members(frame.columns, "prediction_<score>")
    return None if any(frame[f"prediction_{name}"].notna().any() for name in there) else " without decisions"


def attributes(frame: pd.DataFrame) -> str | None:
    """Attributes of the clips."""
    there = "attributes" in frame or any(ATTRIBUTE.fullmatch(str(name)) for name in frame)
    return None if there else " without attributes"


def domains(frame: pd.DataFrame) -> str | None:
    """Test clips of both domains."""
    known = frame.loc[frame["split"] == "test", "domain"].nunique() if "domain" in frame else 0
    return None if known > 1 else " with one domain only" if known else " without domains"


def embeddings(frame: pd.DataFrame) -> str | None:
    """Vectors of clips."""
    there = members(frame.columns, "embeddings_<embedding>")
    return None if any(frame[f"embeddings_{name}"].notna().any() for name in there) else " without embeddings"


def training(frame: pd.DataFrame) -> str | None:
    """Training clips that have vectors."""
    there = members(frame.columns, "embeddings_<embedding>")
    train = frame[frame["split"] == "train"]
    if any(train[f"embeddings_{name}"].notna().any() for name in there):
        return None
    known = "nearest_normal" in frame and frame["nearest_normal"].notna().any()  # and kept, as of a chosen few
    return f" without training clips{'' if known else ': nearest normals are those of the test split'}"


def listened_to(frame: pd.DataFrame) -> str | None:
    """Levels of the recordings."""
    if "level_dbfs" in frame:
        return None
    silent = "path" in frame and frame["path"].notna().any()
    return f", for none were listened to{', as scores and embeddings were there' if silent else ''}"
