"""What the commands have in common: options, errors to one sentence each, an end in order."""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dcase_explore.errors import ExploreError
from dcase_explore.messages import note

if TYPE_CHECKING:
    from dcase_explore.options import Options

HELP = {"help_option_names": ["-h", "--help"]}

Data = Annotated[
    list[str] | None,
    typer.Option(
        help="What to explore: hub (the enriched 2023 data set, if nothing is given), hf://owner/name@revision, demo, "
        "the folder of a raw download, of one or several models' score files, or of an export. Several are joined clip "
        "by clip.",
        metavar="SPEC",
    ),
]
Config = Annotated[
    list[str] | None,
    typer.Option(
        help="Config of the hub's data: dev (if nothing is given), add or eval; may be repeated.",
        metavar="dev|add|eval",
    ),
]
MachineTypes = Annotated[
    list[str] | None, typer.Option("--class", help="Only this machine type; may be repeated.", metavar="NAME")
]
Scores = Annotated[
    list[str] | None,
    typer.Option(
        help="Your anomaly scores, higher is more anomalous: .npy, .npz, .csv, .parquet or a folder of score files.",
        metavar="NAME=FILE|FOLDER",
    ),
]
Embeddings = Annotated[
    list[str] | None,
    typer.Option(help="Your embeddings, a vector per clip: .npy, .npz, .csv or .parquet.", metavar="NAME=FILE"),
]
GroundTruth = Annotated[
    Path | None,
    typer.Option(help="Labels and domains of an evaluation set, as its evaluator has them.", metavar="FOLDER"),
]
Audio = Annotated[
    Literal["lazy", "all", "none"],
    typer.Option(help="Fetch the hub's recordings when they are played (lazy), all of them first, or none."),
]
Format = Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="How to print it.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def options(
    data: list[str] | None,
    class_name: list[str] | None,
    scores: list[str] | None,
    embeddings: list[str] | None,
    ground_truth: Path | None,
    config: list[str] | None = None,
    audio: str = "lazy",
) -> "Options":
    """Options that all commands have."""
    from dcase_explore.attach import named
    from dcase_explore.options import Options

    return Options(
        data=tuple(data or ("hub",)),
        config=tuple(config or ()),
        audio=audio,
        class_name=tuple(class_name or ()),
        scores=named(scores or (), "--scores"),
        embeddings=named(embeddings or (), "--embeddings"),
        ground_truth=ground_truth,
    )


@contextlib.contextmanager
def errors_as_sentences(debug: bool) -> Iterator[None]:
    """End with one sentence and code 1 for what the user can mend, with the traceback if that is asked for."""
    try:
        yield
    except (ExploreError, OSError) as error:
        if debug or (isinstance(error, OSError) and error.strerror is None):
            raise
        sentence = f"{error.filename or 'the system'}: {error.strerror}" if isinstance(error, OSError) else str(error)
        note(f"dcase-explore: {sentence}")
        raise typer.Exit(1) from None


def end_in_order() -> None:
    """Have interrupts end the program by exceptions from now on, where there is something to put in order."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _raise)
    signal.signal(signal.SIGHUP, _raise)


def _raise(number: int, _: object) -> None:
    raise SystemExit(128 + number)
