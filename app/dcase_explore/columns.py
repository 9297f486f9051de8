"""The contract of the clip table: every column it can have and what it means, in display order."""

import re
from dataclasses import dataclass
from typing import Literal

SPLITS = ("train", "test")
DOMAINS = ("source", "target")
LABELS = ("normal", "anomaly")
TAGS = ("fault heard", "noise", "mislabelled?", "other")
"""Of notes."""
MACHINE_TYPES = (
    # The enriched dataset's own order (2023), then the other years'.
    *("gearbox", "fan", "bearing", "slider", "ToyCar", "ToyTrain", "valve"),
    *("bandsaw", "grinder", "shaker", "ToyDrone", "ToyNscale", "ToyTank", "Vacuum"),
    *("pump", "ToyConveyor"),
    *("3DPrinter", "AirCompressor", "BrushlessMotor", "HairDryer", "HoveringDrone", "RoboticArm", "Scanner"),
    *("ToothBrush", "ToyCircuit"),
    *("AutoTrash", "BandSealer", "CoffeeGrinder", "HomeCamera", "Polisher", "ScrewFeeder", "ToyPet", "ToyRCCar"),
)

_MACHINE_TYPES_BY_LOWER = {name.lower(): name for name in MACHINE_TYPES}


def machine_type(name: str) -> str:
    """
    Machine type as the challenge spells it.

    Parameters
    ----------
    name
        Of a folder or in a file's name, in any case.

    Returns
    -------
    str
        ``"ToyCar"`` for ``"toycar"``; a machine type that is not of the challenge is left as it is.
    """
    return _MACHINE_TYPES_BY_LOWER.get(name.lower(), name)


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
        ``"float"`` (float32, NaN is null; an anomaly score that float32 would tie between clips stays float64),
        ``"bool"`` (nullable), ``"vector"`` (float32, shape (dimensions,), or None).
    words
        What it is called where people read it: its heading and the name of an axis in the page.
    description
        What it means, with unit and direction: the tooltip in the page.
    categories
        Every category, in order, where that is fixed.
    """

    name: str
    kind: Kind
    words: str
    description: str
    categories: tuple[str, ...] | None = None


ATTRIBUTE = re.compile(r"d[1-9][pv]")
"""Columns of attributes: ``d1p`` is the name and ``d1v`` the value of the first, and so on."""

COLUMNS = (
    # In display order: what people look at first comes first.
    Column("class", "category", "machine type", "Machine type."),
    Column("label", "category", "label", "What the recording is: normal or anomaly; empty where unknown.", LABELS),
    Column("domain", "category", "domain", "Source or target domain; empty where unknown.", DOMAINS),
    Column("attributes", "category", "attributes", "All attributes in words: pat 01, or vel 25, loc A."),
    Column("anomaly_score_<score>", "float", "anomaly score ({})", "Anomaly score of {}: higher is more anomalous."),
    Column(
        "prediction_<score>",
        "category",
        "decision ({})",
        "Decision of {}: normal or anomaly, from a threshold.",
        LABELS,
    ),
    Column(
        "prediction_correct_<score>",
        "bool",
        "decision is right ({})",
        "Whether the decision of {} agrees with the label.",
    ),
    Column(
        "auc_cost_<score>",
        "float",
        "AUC cost ({})",
        "What the clip costs the AUC of {}, 0 to 1: for a normal the share of anomalies that score below it, "
        "for an anomaly the share of normals that score above it. 0 for a perfect ranking.",
    ),
    Column(
        "domain_distance_<embedding>",
        "float",
        "distance to source normals ({})",
        "Distance to the source training normals in {}; 1 is typical of a source normal, higher is farther.",
    ),
    Column("tag", "category", "tag", "Your tag of the clip; empty where there is none.", TAGS),
    Column("note", "text", "note", "Your note of the clip; empty where there is none."),
    Column(
        "d<n>p",
        "category",
        "attribute {}",
        "Name of an attribute: a state of the machine or of the noise (pat, vel, loc, …).",
    ),
    Column("d<n>v", "category", "attribute {}, value", "Value of the attribute named in the column before."),
    Column("split", "category", "split", "Training or test split.", SPLITS),
    Column(
        "section", "int", "section", "Section (machine id in 2020): the part of a machine type metrics are computed on."
    ),
    Column("year", "int", "year", "Year of the challenge that names its clips so; empty where the names do not tell."),
    Column("path", "audio", "recording", "The recording; empty where there is no audio."),
    Column("nearest_normal", "audio", "nearest normal", "The nearest training normal of the same machine type."),
    Column(
        "nearest_normal_attributes",
        "category",
        "nearest normal, attributes",
        "Attributes of the nearest training normal, in words.",
    ),
    Column(
        "nearest_normal_domain", "category", "nearest normal, domain", "Domain of the nearest training normal.", DOMAINS
    ),
    Column(
        "nearest_normal_distance",
        "float",
        "nearest normal, distance",
        "Euclidean distance to the nearest training normal: higher is farther.",
    ),
    Column(
        "nearest_same_distance",
        "float",
        "nearest normal of its attributes, distance",
        "The same to the nearest one of the clip's own attributes, of test clips.",
    ),
    Column(
        "level_dbfs", "float", "level (dB of full scale)", "Level (RMS) in dB relative to full scale: higher is louder."
    ),
    Column("clipped", "float", "clipped samples, share", "Share of samples at full scale, 0 to 1."),
    Column("clip_id", "text", "clip", "Identity of the clip: split / machine type _ file name."),
    Column(
        "file_name", "text", "file name", "Name of its file, with the folders that it takes to tell it from others."
    ),
    Column(
        "dev_train_lof_anomaly",
        "int",
        "LOF outlier (dev)",
        "1 where LOF calls the clip an outlier of the development training data.",
    ),
    Column(
        "dev_train_lof_anomaly_score",
        "float",
        "LOF score (dev)",
        "LOF score against the development training data: higher is odder.",
    ),
    Column(
        "add_train_lof_anomaly",
        "int",
        "LOF outlier (add)",
        "1 where LOF calls the clip an outlier of the additional training data.",
    ),
    Column(
        "add_train_lof_anomaly_score",
        "float",
        "LOF score (add)",
        "LOF score against the additional training data: higher is odder.",
    ),
    Column(
        "map_<embedding>_x",
        "float",
        "map of {}, first axis",
        "Horizontal place on the map (UMAP) of {}: near means similar; no unit.",
    ),
    Column(
        "map_<embedding>_y",
        "float",
        "map of {}, second axis",
        "Vertical place on the map (UMAP) of {}: near means similar; no unit.",
    ),
    Column("embeddings_<embedding>", "vector", "embedding {}", "Embedding {}: one vector per clip."),
)
"""Every column a clip table can have, in display order."""


KINDS: dict[Kind, str] = {
    "text": "str",
    "audio": "str or None",
    "category": "category",
    "int": "int64",
    "float": "float32",
    "bool": "boolean",
    "vector": "float32 vector or None",
}
"""What each kind is called in a data frame."""


def listed(indent: int) -> str:
    """
    Every column a clip table can have, as a docstring lists them.

    Parameters
    ----------
    indent
        Spaces before each line.

    Returns
    -------
    str
        Name, type and meaning of each, over two lines.
    """
    space = " " * indent
    lines = []
    for column in COLUMNS:
        name = column.name.partition("<")[2].partition(">")[0]
        lines += [f"{space}{column.name} : {KINDS[column.kind]}"]
        lines += [f"{space}    {column.description.replace('{}', f'<{name}>')}"]
    return "\n".join(lines)
