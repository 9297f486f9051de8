"""The command line: options to one call each, errors to one sentence each."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dcase_explore.errors import ExploreError
from dcase_explore.messages import busy, note

if TYPE_CHECKING:
    from dcase_explore.explore import Options

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Data = Annotated[
    list[str] | None,
    typer.Option(
        help="What to explore: demo, the folder of a raw download, or of one or several models' score files. "
        "Several are joined clip by clip.",
        metavar="SPEC",
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
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"dcase-explore {version('dcase-explore')}")
        raise typer.Exit


@app.callback(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
def main(
    context: typer.Context,
    data: Data = None,
    class_name: MachineTypes = None,
    split: Annotated[Literal["train", "test"] | None, typer.Option(help="Only this split.")] = None,
    domain: Annotated[Literal["source", "target"] | None, typer.Option(help="Only this domain.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Show at most so many clips, evenly spaced.", metavar="N")
    ] = None,
    layout: Annotated[
        str,
        typer.Option(help="A curated layout (simple, extended) or a file saved from the page.", metavar="NAME|FILE"),
    ] = "simple",
    scores: Scores = None,
    embeddings: Embeddings = None,
    ground_truth: GroundTruth = None,
    host: Annotated[str, typer.Option(help="Where to listen; beyond this machine only with TLS.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes a free one.")] = 0,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM file, for --host beyond this machine.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file, for --host beyond this machine.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    check: Annotated[
        bool, typer.Option("--check", help="Build and serve everything once, print one line of it and end.")
    ] = False,
    debug: Debug = False,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """
    Explore machine sounds: a map you can hear, with the scores of your models beside it.

    dcase-explore --data demo --layout extended --class valve
    """
    if context.invoked_subcommand:
        _refuse_options_before(context)
        return
    from dcase_explore.viewer.address import Address
    from dcase_explore.viewer.server import Viewer

    with (
        _errors_as_sentences(debug),
        contextlib.closing(Viewer(Address(host, port, tls_certificate, tls_key))) as viewer,
    ):
        from dcase_explore.explore import explore

        options = _options(data, class_name, scores, embeddings, ground_truth)
        exploration = explore(replace(options, split=split, domain=domain, limit=limit, layout=layout))
        with busy("starting Spotlight"):
            viewer.start(exploration)
        if check:
            rows = viewer.fetch_once()
            typer.echo(f"{exploration.summary()} · page and table of {rows:,} rows answered")
            return
        note(exploration.summary())
        note(f"open at {viewer.url} (Ctrl-C ends it)")
        if browser:
            viewer.open_browser()
        # From now on there may be projection workers to end: interrupts become exceptions.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, _raise)
        signal.signal(signal.SIGHUP, _raise)
        viewer.wait()


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def score(
    data: Data = None,
    class_name: MachineTypes = None,
    scores: Scores = None,
    embeddings: Embeddings = None,
    ground_truth: GroundTruth = None,
    output: Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="How to print it.")] = "table",
    debug: Debug = False,
) -> None:
    """
    Print the official metrics of every model: AUC, pAUC, precision, recall, F1, their means and the official score.

    dcase-explore score --data path/to/results --scores mine=scores.csv
    """
    with _errors_as_sentences(debug):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads may stop reading
        from dcase_explore.explore import load_scored
        from dcase_explore.scoring import report

        options = _options(data, class_name, scores, embeddings, ground_truth)
        scored, _ = load_scored(options, listen=False, with_maps=False)
        models = scored.comparable()
        if output == "table":
            report.print_tables(models)
        else:
            typer.echo(report.as_json(models) if output == "json" else report.as_csv(models), nl=output == "json")


@app.command(context_settings={"help_option_names": ["-h", "--help"]})
def findings(
    data: Data = None,
    class_name: MachineTypes = None,
    scores: Scores = None,
    embeddings: Embeddings = None,
    ground_truth: GroundTruth = None,
    output: Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="How to print it.")] = "table",
    debug: Debug = False,
) -> None:
    """
    Print what was found: the clips that cost each model its score, domain shift, suspects in the data.

    dcase-explore findings --data path/to/results --class valve
    """
    with _errors_as_sentences(debug):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads may stop reading
        from dcase_explore.explore import load_found
        from dcase_explore.findings import report, shown

        options = _options(data, class_name, scores, embeddings, ground_truth)
        _, found, _ = load_found(options, with_maps=False)
        if output == "table":
            report.print_findings(shown(found.findings), found)
        else:  # programs get all of them
            clip_ids = found.frame["clip_id"].to_numpy()
            write = report.as_json if output == "json" else report.as_csv
            typer.echo(write(found.findings, clip_ids), nl=output == "json")


def _options(
    data: list[str] | None,
    class_name: list[str] | None,
    scores: list[str] | None,
    embeddings: list[str] | None,
    ground_truth: Path | None,
) -> "Options":
    """Options that all commands have."""
    from dcase_explore.attach import named
    from dcase_explore.explore import Options

    return Options(
        data=tuple(data or ("hub",)),
        class_name=tuple(class_name or ()),
        scores=named(scores or (), "--scores"),
        embeddings=named(embeddings or (), "--embeddings"),
        ground_truth=ground_truth,
    )


def _refuse_options_before(context: typer.Context) -> None:
    """Options before a command would be read and then forgotten: refuse them."""
    sources = {parameter: context.get_parameter_source(parameter.name or "") for parameter in context.command.params}
    given = [parameter.opts[0] for parameter, source in sources.items() if source and source.name == "COMMANDLINE"]
    if given:
        context.fail(f"put {', '.join(given)} after {context.invoked_subcommand}")


def run() -> None:
    """Entry point: run the command line."""
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end_at_once)
    app()


@contextlib.contextmanager
def _errors_as_sentences(debug: bool) -> Iterator[None]:
    """End with one sentence and code 1 for what the user can mend, with the traceback if that is asked for."""
    try:
        yield
    except (ExploreError, OSError) as error:
        if debug or (isinstance(error, OSError) and error.strerror is None):
            raise
        sentence = f"{error.filename or 'the system'}: {error.strerror}" if isinstance(error, OSError) else str(error)
        note(f"dcase-explore: {sentence}")
        raise typer.Exit(1) from None


def _end_at_once(number: int, _: object) -> None:
    """
    End without ceremony while things are read, computed and imported.

    An exception would not do: libraries swallow it while they are imported, or crash when it comes amid compiling. All
    that is kept is written atomically, so there is nothing to put in order.
    """
    if sys.stderr.isatty():
        sys.stderr.write("\x1b[?25h")  # a progress bar hides the cursor
        sys.stderr.flush()
    os._exit(128 + number)


def _raise(number: int, _: object) -> None:
    raise SystemExit(128 + number)
