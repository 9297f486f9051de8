"""The command line: options to one call each, errors to one sentence each."""

import contextlib
import os
import signal
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from dcase_explore.cli.data import data_app
from dcase_explore.cli.enrich import enrich
from dcase_explore.cli.layouts import layouts_app
from dcase_explore.cli.options import HELP, end_in_order, with_options
from dcase_explore.cli.report import report
from dcase_explore.cli.reports import findings, score
from dcase_explore.messages import guard_streams, note, show_cursor
from dcase_explore.options import Options

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command(context_settings=HELP)(score)
app.command(context_settings=HELP)(findings)
app.command(context_settings=HELP)(report)
app.command(context_settings=HELP)(enrich)
app.add_typer(data_app, name="data")
app.add_typer(layouts_app, name="layouts")


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"dcase-explore {version('dcase-explore')}")
        raise typer.Exit


@app.callback(invoke_without_command=True, context_settings=HELP)
@with_options(Options)
def main(
    options: Options,
    context: typer.Context,
    save_layout: Annotated[
        str | None,
        typer.Option(help="Save the layout to this file, as it is arranged in the page.", metavar="FILE"),
    ] = None,
    host: Annotated[str, typer.Option(help="Where to listen; beyond this machine only with TLS.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes a free one.")] = 0,
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM file, for --host beyond this machine.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file, for --host beyond this machine.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    check: Annotated[
        bool, typer.Option("--check", help="Build and serve everything once, print one line of it and end.")
    ] = False,
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
    from dcase_explore.viewer.browser import open_browser
    from dcase_explore.viewer.server import Server

    with (
        contextlib.closing(Server(Address(host, port, tls_certificate, tls_key))) as server,
        tempfile.TemporaryDirectory(prefix="dcase-explore-") as folder,
    ):
        from dcase_explore.exploring import explore
        from dcase_explore.layouts.saving import Saving, file_to_save
        from dcase_explore.stored.making import store

        file = None if save_layout is None else file_to_save(save_layout)  # first: a typo should not wait for the data
        exploration = explore(options)
        saving = Saving(exploration.arrangement, file)
        server.show(store(exploration, Path(folder) / "shown"), exploration.arrangement)
        if check:
            rows = server.fetch_once()
            saving.finish()
            typer.echo(f"{exploration.summary()} · page and table of {rows:,} rows answered")
            return
        note(exploration.summary())
        note(f"open at {server.url} (Ctrl-C ends it)")
        end_in_order()  # there may be projection workers to end
        try:
            if browser:
                open_browser(server.url)
            server.wait()
        finally:
            saving.finish()


def _refuse_options_before(context: typer.Context) -> None:
    """Options before a command would be read and then forgotten: refuse them."""
    sources = {parameter: context.get_parameter_source(parameter.name or "") for parameter in context.command.params}
    given = [parameter.opts[0] for parameter, source in sources.items() if source and source.name == "COMMANDLINE"]
    if given:
        context.fail(f"put {', '.join(given)} after {context.invoked_subcommand}")


def run() -> None:
    """Entry point: run the command line."""
    guard_streams()
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end_at_once)
    try:
        app()
    finally:
        show_cursor()  # what was still on its way in the background had hidden it


def _end_at_once(number: int, _: object) -> None:
    """
    End without ceremony while things are read, computed and imported.

    An exception would not do: libraries swallow it while they are imported, or crash when it comes amid compiling. All
    that is kept is written atomically, so there is nothing to put in order.
    """
    show_cursor()
    os._exit(128 + number)
