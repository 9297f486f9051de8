"""
What can be asked for, each option declared once.

The command line, the signatures and texts of Python's calls, and the README's table are made of these declarations, by
`dcase_explore.asking`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal


@dataclass(frozen=True)
class Option:
    """
    How one option is told, and what it takes besides its type.

    Attributes
    ----------
    help
        A sentence or two for both, the command line and Python.
    in_python
        What Python takes besides, where that is more.
    metavar
        What stands for the value on the command line.
    flag
        On the command line, where it is not the name.
    least
        Smallest number.
    """

    help: str
    in_python: str = ""
    metavar: str | None = None
    flag: str | None = None
    least: int | None = None


@dataclass(frozen=True)
class TableOptions:
    """Which table: what the commands that print take."""

    data: Annotated[
        Sequence[object],
        Option(
            "What to explore: hub (the enriched 2023 data set, if nothing is given), hf://owner/name@revision, demo, "
            "the folder of recordings (a raw download, your own), of one or several models' score files, or of an "
            "export, a table of recordings (clips.csv), a zip file of results. Several are joined clip by clip.",
            "A clip table at hand, or a list of these.",
            metavar="SPEC",
        ),
    ] = ("hub",)
    config: Annotated[
        Sequence[str],
        Option(
            "Config of the hub's data: dev (if nothing is given), add or eval; may be repeated.", metavar="dev|add|eval"
        ),
    ] = ()
    class_name: Annotated[
        Sequence[str],
        Option("Only this machine type, in any case; may be repeated.", metavar="NAME", flag="--class"),
    ] = ()
    scores: Annotated[
        Mapping[str, object],
        Option(
            "Your anomaly scores, higher is more anomalous: .npy, .npz, .csv, .parquet or a folder of score files; one "
            "name several times for a model of several files.",
            "By name, one number per clip: an array in the order of the whole table (that of load without filters), a "
            "mapping or Series keyed by clip_id or file name, a frame with a column of such names, a path, or a list "
            "of paths; arrays and tables of PyTorch, polars, Arrow or datasets as well.",
            metavar="NAME=FILE|FOLDER",
        ),
    ] = field(default_factory=dict)
    embeddings: Annotated[
        Mapping[str, object],
        Option(
            "Your embeddings, a vector per clip: .npy, .npz, .csv or .parquet.",
            "By name, the same forms as scores, two-dimensional.",
            metavar="NAME=FILE",
        ),
    ] = field(default_factory=dict)
    ground_truth: Annotated[
        str | Path | None,
        Option(
            "Labels and domains of an evaluation set: a clone of its evaluator, or a list of the organisers "
            "(eval_data_list.csv).",
            metavar="FOLDER|FILE",
        ),
    ] = None
    notes: Annotated[
        str | Path | None,
        Option(
            "File of notes on clips (CSV): read, and written where one is made in the page. If nothing is given, one "
            "beside the data.",
            metavar="FILE",
        ),
    ] = None
    year: Annotated[
        Sequence[str],
        Option(
            "Year of the challenge whose official score counts (2020 to 2026), where the names do not tell; another "
            "one's is shown beside it; may be repeated.",
            metavar="YEAR",
        ),
    ] = ()


@dataclass(frozen=True)
class RowOptions(TableOptions):
    """Which rows of it: what `load` and `explore` take."""

    audio: Annotated[
        Literal["lazy", "all", "none"],
        Option("Fetch the hub's recordings when they are played (lazy), all of them first, or none."),
    ] = "lazy"
    split: Annotated[Literal["train", "test"] | None, Option("Only this split.")] = None
    domain: Annotated[Literal["source", "target"] | None, Option("Only this domain.")] = None
    limit: Annotated[
        int | None,
        Option(
            "At most so many clips: anomalies, findings and the costliest first, the rest evenly of everything.",
            metavar="N",
            least=1,
        ),
    ] = None


@dataclass(frozen=True)
class Options(RowOptions):
    """How it is shown: what the page takes."""

    layout: Annotated[
        str | None,
        Option(
            "A curated layout, one of yours, or a file saved from the page; if nothing is given, extended where there "
            "are scores (scores where there is no sound), simple otherwise.",
            metavar="NAME|FILE",
        ),
    ] = None
    strict_layout: Annotated[
        bool,
        Option("Refuse a layout that names columns which the data do not have, instead of fitting it to them."),
    ] = False


@dataclass(frozen=True)
class ReportOptions(TableOptions):
    """What is written of it into a file to send: what `report` takes."""

    compare: Annotated[
        Sequence[object],
        Option(
            "Another run to compare with, as --data: what got better, what worse. Models of one name are compared.",
            metavar="SPEC",
        ),
    ] = ()
    audio: Annotated[
        Literal["findings", "none"] | None,
        Option("Sounds of the findings in the file, or none; by default those whose licence is known."),
    ] = None
    size: Annotated[
        str, Option("Most that the file may have: fewer, then shorter clips where it would have more.", metavar="25MB")
    ] = "25MB"


@dataclass(frozen=True)
class ShareOptions(TableOptions):
    """What of it is copied into a page without a program: what ``share`` takes."""

    layout: Annotated[
        str | None,
        Option("The layout that is shown first; the curated ones can be chosen.", metavar="NAME|FILE"),
    ] = None
    audio: Annotated[
        Literal["findings", "selected", "all", "none"] | None,
        Option(
            "Sounds of the findings' costliest clips and of those with a note, of selected ones, all, or none; by "
            "default those of findings if their licence is known."
        ),
    ] = None
    selected: Annotated[
        str | Path | None,
        Option("Clips for --audio selected: a CSV file, as the page saves it of what is selected.", metavar="FILE"),
    ] = None
    size: Annotated[
        str | None,
        Option("Most that it may have; 500MB for a folder, 50MB for one file if nothing is given.", metavar="500MB"),
    ] = None
