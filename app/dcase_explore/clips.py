"""
The clip table: one row per clip, and what each column is.

Everything that reads, attaches, finds or shows works on this table. `COLUMNS` is the contract: `conform` brings a
frame into it, `problems` says all that is wrong with one, `describe` gives the text shown with a column.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from dcase_explore.clip_names import parse_clip_name
from dcase_explore.errors import ExploreError
from dcase_explore.messages import some

SPLITS = ("train", "test")
DOMAINS = ("source", "target")
LABELS = ("normal", "anomaly")
MACHINE_TYPES = (
    # The enriched dataset's own order (2023), then the other years' by first appearance.
    *("gearbox", "fan", "bearing", "slider", "ToyCar", "ToyTrain", "valve"),
    *("bandsaw", "grinder", "shaker", "ToyDrone", "ToyNscale", "ToyTank", "Vacuum"),
    *("pump", "ToyConveyor"),
    *("3DPrinter", "AirCompressor", "BrushlessMotor", "HairDryer", "HoveringDrone", "RoboticArm", "Scanner"),
    *("ToothBrush", "ToyCircuit"),
    *("AutoTrash", "BandSealer", "CoffeeGrinder", "HomeCamera", "Polisher", "ScrewFeeder", "ToyPet", "ToyRCCar"),
)

Kind = Literal["text", "audio", "category", "int", "float", "bool", "vector"]


@dataclass(frozen=True)
class Column:
    """
    One column, or one family of columns, of the clip table.

    Attributes
    ----------
    name
        Its name; ``<score>`` or ``<embedding>`` stands for the name of a score or an embedding.
    kind
        ``"text"`` (str), ``"audio"`` (absolute path or null), ``"category"`` (text or null), ``"int"`` (int64),
        ``"float"`` (float32, NaN is null), ``"bool"`` (nullable), ``"vector"`` (float32, shape (dimensions,), or None).
    description
        What it means, with unit and direction: the tooltip in the page.
    categories
        Every category, in order, where that is fixed.
    """

    name: str
    kind: Kind
    description: str
    categories: tuple[str, ...] | None = None


COLUMNS = (
    # In display order: what people look at first comes first.
    Column("class", "category", "Machine type."),
    Column("label", "category", "What the recording is: normal or anomaly; empty where unknown.", LABELS),
    Column("domain", "category", "Source or target domain; empty where unknown.", DOMAINS),
    Column("anomaly_score_<score>", "float", "Anomaly score of {}: higher is more anomalous."),
    Column("prediction_<score>", "category", "Decision of {}: normal or anomaly, from a threshold.", LABELS),
    Column("prediction_correct_<score>", "bool", "Whether the decision of {} agrees with the label."),
    Column(
        "auc_cost_<score>",
        "float",
        "What the clip costs the AUC of {}, 0 to 1: for a normal the share of anomalies that score below it, "
        "for an anomaly the share of normals that score above it. 0 for a perfect ranking.",
    ),
    Column(
        "domain_distance_<embedding>",
        "float",
        "Distance to the source training normals in {}; 1 is typical of a source normal, higher is farther.",
    ),
    Column("d<n>p", "category", "Name of an attribute: a state of the machine or of the noise (pat, vel, loc, …)."),
    Column("d<n>v", "category", "Value of the attribute named in the column before."),
    Column("split", "category", "Training or test split.", SPLITS),
    Column("section", "int", "Section (machine id in 2020): the part of a machine type metrics are computed on."),
    Column("path", "audio", "The recording; empty where there is no audio."),
    Column("nearest_normal", "audio", "The nearest training normal of the same machine type."),
    Column("clip_id", "text", "Identity of the clip: split / machine type _ file name."),
    Column("dev_train_lof_anomaly", "int", "1 where LOF calls the clip an outlier of the development training data."),
    Column("dev_train_lof_anomaly_score", "float", "LOF score against the development training data: higher is odder."),
    Column("add_train_lof_anomaly", "int", "1 where LOF calls the clip an outlier of the additional training data."),
    Column("add_train_lof_anomaly_score", "float", "LOF score against the additional training data: higher is odder."),
    Column("map_<embedding>_x", "float", "Horizontal place on the map (UMAP) of {}: near means similar; no unit."),
    Column("map_<embedding>_y", "float", "Vertical place on the map (UMAP) of {}: near means similar; no unit."),
    Column("embeddings_<embedding>", "vector", "Embedding {}: one vector per clip."),
)
"""Every column a clip table can have, in display order."""


def _pattern(column: Column) -> re.Pattern[str]:
    escaped = re.escape(column.name)
    return re.compile(escaped.replace("<n>", r"([1-9])").replace("<score>", "(.+)").replace("<embedding>", "(.+)"))


# Longest first, so that prediction_correct_x is not read as the prediction of "correct_x".
_PATTERNS = sorted(((_pattern(c), c) for c in COLUMNS), key=lambda pair: -len(pair[1].name))
_ORDER = {column.name: place for place, column in enumerate(COLUMNS)}


def describe(name: str) -> Column | None:
    """
    Look up what a column of the clip table is.

    Parameters
    ----------
    name
        Name of the column, such as ``"anomaly_score_mine"``.

    Returns
    -------
    Column or None
        With the score's or embedding's name put into its description; None for a column that is not in the contract.
    """
    for pattern, column in _PATTERNS:
        match = pattern.fullmatch(name)
        if match:
            described = column.description.format(*match.groups()) if "{}" in column.description else column.description
            return Column(name, column.kind, described, column.categories)
    return None


def member(name: str, family: str) -> str | None:
    """
    Name of the score or embedding a column belongs to, if it is of that family.

    Parameters
    ----------
    name
        Name of a column.
    family
        One of `COLUMNS` by name, such as ``"anomaly_score_<score>"``.

    Returns
    -------
    str or None
        ``"mine"`` for ``anomaly_score_mine``.
    """
    for pattern, column in _PATTERNS:
        match = pattern.fullmatch(name)
        if match:
            return match.group(1) if column.name == family else None
    return None


def members(columns: Iterable[str], family: str) -> list[str]:
    """
    Names of all scores or embeddings that have a column of one family.

    Parameters
    ----------
    columns
        Columns of a clip table.
    family
        One of `COLUMNS` by name, such as ``"embeddings_<embedding>"``.

    Returns
    -------
    list of str
        In the order of the columns.
    """
    return [found for name in columns if (found := member(name, family)) is not None]


def clip_id(split: str, machine_type: str, file_name: str) -> str:
    """
    Identity of a clip, as the enriched dataset writes it.

    Parameters
    ----------
    split, machine_type, file_name
        ``"train"``, ``"valve"`` and the name of its file.

    Returns
    -------
    str
        ``train/valve_section_00_source_train_normal_0000_pat_00.wav``.
    """
    return f"{split}/{machine_type}_{file_name}"


def facts_from_names(machine_types: Sequence[str], file_names: Sequence[str], split: Sequence[str]) -> pd.DataFrame:
    """
    Clip table of everything that file names say.

    Parameters
    ----------
    machine_types, file_names
        Of each clip; each name must be one that `parse_clip_name` reads.
    split
        Split of each clip where its name is silent, or where its folder says otherwise.

    Returns
    -------
    pandas.DataFrame
        Conforming clip table without scores, embeddings or audio.
    """
    rows: list[dict[str, object]] = []
    for machine, file_name, part in zip(machine_types, file_names, split, strict=True):
        name = parse_clip_name(file_name)
        assert name is not None, file_name  # noqa: S101 - callers pass recognised names only
        row: dict[str, object] = {
            "clip_id": clip_id(part, machine, file_name),
            "split": part,
            "class": machine,
            "section": name.section,
            "domain": name.domain,
            "label": name.label,
        }
        for place, (attribute, value) in enumerate(name.attributes, start=1):
            row[f"d{place}p"], row[f"d{place}v"] = attribute, value
        rows.append(row)
    return conform(pd.DataFrame(rows))


def conform(frame: pd.DataFrame) -> pd.DataFrame:
    """
    Bring a frame into the contract: types, category orders, display order.

    Parameters
    ----------
    frame
        Any columns of the contract, loosely typed, and others, which are kept as they are, last.

    Returns
    -------
    pandas.DataFrame
        A new frame with a fresh index; vectors are not copied.

    Raises
    ------
    ExploreError
        When the result breaks the contract; the sentence names everything that is wrong.
    """
    frame = frame.reset_index(drop=True)
    columns = {name: _cast(frame[name], describe(name)) for name in frame.columns}
    wrong = [f"{name}: {problem}" for name, (_, problem) in columns.items() if problem]
    typed = pd.DataFrame({name: values for name, (values, _) in columns.items()}, index=frame.index)
    wrong += [] if wrong else problems(typed)
    if wrong:
        raise ExploreError(f"this is not a clip table: {'; '.join(wrong)}")
    return typed[in_display_order(typed.columns)]


def in_display_order(columns: Iterable[str]) -> list[str]:
    """
    Sort columns as people read them: what the clip is, what the models say of it, where it is, vectors last.

    Parameters
    ----------
    columns
        Names of columns; of one family (all scores, say) the given order is kept, and a score's own columns
        (score, decision, correctness, cost) stand together.

    Returns
    -------
    list of str
        The same names; those outside the contract come last.
    """
    names = list(columns)
    scores: list[str] = []

    def place(name: str) -> tuple[int, ...]:
        for pattern, column in _PATTERNS:
            match = pattern.fullmatch(name)
            if not match:
                continue
            if "<n>" in column.name:
                return (_ORDER["d<n>p"], int(match[1]), _ORDER[column.name])
            if "<score>" in column.name:
                if match[1] not in scores:
                    scores.append(match[1])
                return (_ORDER["anomaly_score_<score>"], scores.index(match[1]), _ORDER[column.name])
            return (_ORDER[column.name],)
        return (len(_ORDER),)

    places = {name: place(name) for name in names}
    return sorted(names, key=places.__getitem__)


def problems(frame: pd.DataFrame) -> list[str]:
    """
    Everything that is wrong with a clip table.

    Parameters
    ----------
    frame
        Any frame.

    Returns
    -------
    list of str
        One entry per problem, naming column and example; empty when the frame keeps the contract.
    """
    found = [f"column {name} is missing" for name in ("clip_id", "class", "split") if name not in frame]
    repeated = [str(name) for name in frame.columns[frame.columns.duplicated()].unique()]
    if repeated:
        return [*found, f"column {some(repeated)} stands there twice"]
    for name in frame.columns:
        column = describe(str(name))
        if column:
            found += [f"column {name}: {text}" for text in _column_problems(frame[name], column)]
    if "clip_id" in frame:
        ids = frame["clip_id"]
        if ids.isna().any():
            found.append(f"column clip_id: {int(ids.isna().sum())} rows without one")
        twice = ids[ids.duplicated()].unique()
        if len(twice):
            found.append(f"column clip_id: {len(twice)} ids stand there more than once, such as {some(twice, 1)}")
    return found


def vectors(frame: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray]:
    """
    Embedding column as a matrix.

    Parameters
    ----------
    frame
        Clip table.
    name
        Name of the embedding, without ``embeddings_``.

    Returns
    -------
    matrix : numpy.ndarray
        float32, shape (clips that have a vector, dimensions).
    present : numpy.ndarray
        bool, shape (clips,): which rows those are.
    """
    column = frame[f"embeddings_{name}"]
    present = column.notna().to_numpy()
    rows = column[present].to_list()
    return (np.stack(rows) if rows else np.empty((0, 0), np.float32)), present


def machine_types_present(frame: pd.DataFrame) -> list[str]:
    """Machine types that have clips in the table, in the dataset's order."""
    return [str(name) for name in frame["class"].cat.categories if (frame["class"] == name).any()]


def _cast(values: pd.Series, column: Column | None) -> tuple[pd.Series, str | None]:
    """Values as the contract wants them, or the reason why they cannot be."""
    if column is None:
        return values, None
    try:
        if column.kind == "category":
            return _category(values, column), None
        if column.kind == "int":
            whole = pd.to_numeric(values)
            return (whole if whole.isna().any() else whole.astype("int64")), None
        if column.kind == "float":
            return pd.to_numeric(values).astype("float32"), None
        if column.kind == "bool":
            return values.astype("boolean"), None
        return values.astype(object).where(values.notna(), None), None
    except (TypeError, ValueError) as error:
        return values, f"cannot be read as {column.kind} ({error})"


def _category(values: pd.Series, column: Column) -> pd.Series:
    text = values.astype(object).map(str, na_action="ignore")
    found = list(pd.unique(text.dropna()))
    if column.categories is not None:
        unknown = [name for name in found if name not in column.categories]
        if unknown:
            raise ValueError(f"only {' and '.join(column.categories)} are known, not {some(unknown)}")
        order = list(column.categories)
    elif column.name == "class":
        known = [name for name in MACHINE_TYPES if name in found]
        order = known + sorted(set(found) - set(known))
    else:
        order = sorted(found, key=_natural)
    return pd.Series(pd.Categorical(text, categories=order), index=values.index)


def _natural(text: str) -> list[tuple[int, float, str]]:
    """Sort key that puts 9 before 13 and 0.5 before 1."""
    parts = re.findall(r"\d+(?:\.\d+)?|\D+", text)
    return [(0, float(part), "") if part[0].isdigit() else (1, 0.0, part) for part in parts]


def _column_problems(values: pd.Series, column: Column) -> list[str]:
    if column.kind == "category":
        if not isinstance(values.dtype, pd.CategoricalDtype):
            return [f"must be categorical, not {values.dtype}"]
        if column.categories is not None and tuple(values.cat.categories) != column.categories:
            return [f"categories must be {', '.join(column.categories)}, not {some(values.cat.categories)}"]
        if "nan" in values.cat.categories:
            return ["holds the text 'nan' where it should be null"]
        return ["has rows without one"] if column.name in ("class", "split") and values.isna().any() else []
    if column.kind == "float" and values.dtype != np.float32:
        return [f"must be float32, not {values.dtype}"]
    if column.kind == "int" and values.dtype != np.int64 and not values.isna().any():
        return [f"must be int64, not {values.dtype}"]
    if column.kind == "bool" and values.dtype not in ("bool", "boolean"):
        return [f"must be bool, not {values.dtype}"]
    if column.kind in ("text", "audio") and not values.dropna().map(lambda value: isinstance(value, str)).all():
        return ["must hold text only"]
    if column.kind == "vector":
        present = values.dropna()
        if not present.map(lambda v: isinstance(v, np.ndarray) and v.ndim == 1 and v.dtype == np.float32).all():
            return ["must hold one-dimensional float32 vectors"]
        lengths = sorted(present.map(len).unique())
        return [f"vectors differ in length: {some(lengths)}"] if len(lengths) > 1 else []
    return []
