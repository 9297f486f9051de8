"""The command line: options to one call each, errors to one sentence each."""

import contextlib
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dcase_explore.cache import make_do
from dcase_explore.cli.command import HELP, with_options
from dcase_explore.cli.data import data_app
from dcase_explore.cli.enrich import enrich
from dcase_explore.cli.layouts import layouts_app
from dcase_explore.cli.notes import notes_app
from dcase_explore.cli.printing import findings, score
from dcase_explore.cli.report import report
from dcase_explore.cli.share import share
from dcase_explore.ending import end_at_once, end_in_order
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.options import Options
from dcase_explore.pending import Pending
from dcase_explore.streams import guard_streams, show_cursor
from dcase_explore.timing import step, steps_in_words, until_here

if TYPE_CHECKING:
    from dcase_explore.exploration import Exploration
    from dcase_explore.layouts.arranging import Arrangement
    from dcase_explore.stored.kept import Found
    from dcase_explore.viewer.server import Server

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command(context_settings=HELP)(score)
app.command(context_settings=HELP)(findings)
app.command(context_settings=HELP)(report)
app.command(context_settings=HELP)(share)
app.command(context_settings=HELP)(enrich)
app.add_typer(data_app, name="data")
app.add_typer(layouts_app, name="layouts")
app.add_typer(notes_app, name="notes")


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
    token: Annotated[
        bool | None,
        typer.Option(
            help="Show the page to those alone who know its address, of which a token is part then; if neither is "
            "given, where others have an account on this machine."
        ),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make everything again, though nothing has changed.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Say as well what of the layout was replaced to fit the data.")
    ] = False,
    timings: Annotated[bool, typer.Option("--timings", help="Say where the seconds went.")] = False,
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
    until_here("importing and reading the command line")
    if context.invoked_subcommand:
        _refuse_options_before(context)
        return
    with step("importing what shows"):
        from dcase_explore.layouts.files import read_layout
        from dcase_explore.layouts.opening import opened
        from dcase_explore.layouts.saving import Saving, file_to_save
        from dcase_explore.stored import kept
        from dcase_explore.viewer.address import Address
        from dcase_explore.viewer.browser import open_browser
        from dcase_explore.viewer.neighbours import has_neighbours
        from dcase_explore.viewer.server import Server

    address = Address(host, port, tls_certificate, tls_key)
    with contextlib.closing(Server(address, asks=has_neighbours() if token is None else token)) as server:
        # First: a typo should not wait for the data.
        file = None if save_layout is None else file_to_save(save_layout)
        if options.layout is not None:
            read_layout(options.layout)
        make_do()
        with step("looking for what is stored"):
            found = None if fresh else kept.find(options)
        pending = Pending(many=sys.maxsize) if check else Pending()  # a check is of everything
        if found is None:
            found = kept.make(options, lambda: _explored(options, pending), whole=lambda: not pending)
        else:
            for sentence in found.stored.notes:
                note(sentence)
        with step("fitting the layout"):
            arrangement = opened(options.layout, found.stored.columns, strict=options.strict_layout, verbose=verbose)
            saving = Saving(arrangement, file)
        with step("starting the server"):
            server.show(found.stored, arrangement)
        summary = found.stored.summary(arrangement.name)
        if check:
            with step("fetching page and table once"):
                rows = server.fetch_once()
            saving.finish()
            typer.echo(f"{summary} · page and table of {rows:,} rows answered")
        else:
            note(summary)
            note(f"open at {server.url} (Ctrl-C ends it)")
        if timings:
            note(steps_in_words())
        if check:
            return
        end_in_order()  # there may be a Spotlight to end
        completing = None
        try:
            if pending:
                from dcase_explore.cli.completing import Completing

                completing = Completing(options, pending, server, arrangement)
            if browser:
                open_browser(server.url)
            if not found.checked:
                _check_behind(options, found, server, arrangement)
            server.wait()
        finally:
            if completing:
                completing.close()
            saving.finish()


def _explored(options: Options, pending: Pending | None = None) -> "Exploration":
    with step("importing pandas and what reads, computes and finds"):
        from dcase_explore.exploring import for_page
    return for_page(options, pending=pending)


def _check_behind(options: Options, found: "Found", server: "Server", arrangement: "Arrangement") -> None:
    """Look at the files that were too many to be looked at first, and show them anew if any of them has changed."""
    from dcase_explore.stored import kept

    def look() -> None:
        if kept.is_current(found.stored, options):
            return
        sentence = "files have changed since this was made: it is made again, and then shown"
        note(sentence)
        server.say(sentence)
        try:
            again = kept.make(options, lambda: _explored(options))
            arrangement.fit(again.stored.columns)
            server.show(again.stored, arrangement)
            note(again.stored.summary(arrangement.name))
            server.say("this page shows the files as they are now")
        except (ExploreError, OSError) as reason:
            note(f"dcase-explore: {reason}")
            server.say(str(reason))

    threading.Thread(target=look, name="check", daemon=True).start()


def _refuse_options_before(context: typer.Context) -> None:
    """Options before a command would be read and then forgotten: refuse them."""
    sources = {parameter: context.get_parameter_source(parameter.name or "") for parameter in context.command.params}
    given = [parameter.opts[0] for parameter, source in sources.items() if source and source.name == "COMMANDLINE"]
    if given:
        context.fail(f"put {', '.join(given)} after {context.invoked_subcommand}")


def run() -> None:
    """Entry point: run the command line."""
    guard_streams()
    end_at_once(show_cursor)
    try:
        app()
    finally:
        show_cursor()  # what was still on its way in the background had hidden it
