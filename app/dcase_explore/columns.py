"""The contract of the clip table: every column it can have, what it means, and in which order people read them."""

import re
from collections import Counter
from collections.abc import Iterable
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


LOGMEL, LOGMEL_LOF, LOGMEL_PCA = "logmel", "logmel_lof", "logmel_pca"
"""Names of the embedding and the scores that are computed here of recordings."""

_KNN = "_knn"


def knn_of(embedding: str) -> str:
    """
    Score by the nearest training normals in an embedding.

    Parameters
    ----------
    embedding
        Its name.

    Returns
    -------
    str
        Name of the score.
    """
    return f"{embedding}{_KNN}"


AST, AE = "ast-finetuned-audioset-10-10-0.4593", "dcase2023_task2_baseline_ae"
"""Embeddings of the enriched dataset, and the score of its autoencoder; what enrichment by models adds."""
_COMES_WITH_IT = (AST, AE)
BUILT_IN = frozenset(
    {
        *(
            *_COMES_WITH_IT,
            *map(knn_of, _COMES_WITH_IT),
            f"{AE}_mahala",
            "embedding_lof",
            "dev_train_lof",
            "add_train_lof",
        ),
        *(LOGMEL, LOGMEL_LOF, LOGMEL_PCA),
    }
)
"""Scores and embeddings that come with the data or from enrichment; anything else is the user's own and goes first."""


def lof_of(embedding: str) -> str:
    """
    Score by the local outlier factor of an embedding.

    Parameters
    ----------
    embedding
        Its name.

    Returns
    -------
    str
        Name of the score: the enriched dataset's own for its AST.
    """
    return "embedding_lof" if embedding == AST else f"{embedding}_lof"


def is_light(score: str, columns: Iterable[str]) -> bool:
    """
    Whether a score is one of the light ears, which are no contenders.

    Parameters
    ----------
    score
        Its name.
    columns
        Of the clip table it stands in.

    Returns
    -------
    bool
        True for those that are computed here of recordings, or of an embedding that the table has.
    """
    of = score.removesuffix(_KNN)
    return score in (LOGMEL_LOF, LOGMEL_PCA) or (of != score and f"embeddings_{of}" in set(columns))


def name_problem(name: str) -> str | None:
    """
    What keeps a name from being that of somebody's model.

    Parameters
    ----------
    name
        Of a score or an embedding.

    Returns
    -------
    str or None
        Part of a sentence.
    """
    if name in (LOGMEL, LOGMEL_LOF, LOGMEL_PCA) or name in map(knn_of, _COMES_WITH_IT):
        return "that name is taken by what is computed here"
    return f"prediction_{name} would mean something else" if name.startswith("correct_") else None


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


def _pattern(column: Column) -> re.Pattern[str]:
    escaped = re.escape(column.name)
    return re.compile(escaped.replace("<n>", r"([1-9])").replace("<score>", "(.+)").replace("<embedding>", "(.+)"))


_OF_NEAREST = "Distance to the nearest training normal (k = 1) of its machine type in that embedding."
_COMPUTED = {
    **{knn_of(name): _OF_NEAREST for name in _COMES_WITH_IT},
    LOGMEL_LOF: "Local outlier factor of the log-mel embedding among the training normals of its machine type.",
    LOGMEL_PCA: "Error with which 8 principal components of the training normals' log-mel frames, 5 at a time, "
    "reconstruct the clip's: the linear sister of the baseline's autoencoder.",
}
"""What is said of scores that are computed here."""
_IN_SHORT = {
    AST: "AST",
    AE: "baseline AE",
    f"{AE}_mahala": "baseline AE, Mahalanobis",
    knn_of(AST): "AST, nearest normal",
    knn_of(AE): "baseline AE, nearest normal",
}
"""Names that are too long to be read in a heading."""

# Longest first, so that prediction_correct_x is not read as the prediction of "correct_x".
_PATTERNS = sorted(((_pattern(c), c) for c in COLUMNS), key=lambda pair: -len(pair[1].name))
_ORDER = {column.name: position for position, column in enumerate(COLUMNS)}


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
            if column.name == "anomaly_score_<score>" and match[1] in _COMPUTED:
                described = f"{described} {_COMPUTED[match[1]]}"
            words = column.words.format(*(_IN_SHORT.get(part, part) for part in match.groups()))
            return Column(name, column.kind, words, described, column.categories)
    return None


def in_words(columns: Iterable[str]) -> dict[str, str]:
    """
    What columns are called where people read them.

    Parameters
    ----------
    columns
        Of a clip table.

    Returns
    -------
    dict
        By name; those outside the contract, and those that would be called alike, are called by their names.
    """
    found = {name: column.words if (column := describe(name)) else name for name in columns}
    often = Counter(found.values())
    return {name: words if often[words] == 1 else name for name, words in found.items()}


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
