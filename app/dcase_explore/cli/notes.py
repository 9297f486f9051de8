"""The command that merges files of notes."""

from pathlib import Path
from typing import Annotated

import typer

from dcase_explore.cli.command import HELP, Debug, errors_as_sentences
from dcase_explore.messages import counted, note

notes_app = typer.Typer(help="Notes on clips: merge two files of them.", no_args_is_help=True)


@notes_app.callback()
def _group() -> None:
    """Notes on clips: merge two files of them."""


@notes_app.command(context_settings=HELP)
def merge(
    ours: Annotated[Path, typer.Argument(help="File of notes (CSV) that is written.", metavar="OURS")],
    theirs: Annotated[Path, typer.Argument(help="File of notes that is taken in.", metavar="THEIRS")],
    debug: Debug = False,
) -> None:
    """
    Take somebody else's notes into your file; of a clip that both noted, both texts stand there.

    dcase-explore notes merge mine.csv theirs.csv
    """
    with errors_as_sentences(debug):
        from dcase_explore.notes import Notes
        from dcase_explore.notes.files import read_notes

        found = read_notes(theirs)
        read_notes(ours)  # which must be there: a mistyped name is no file of notes
        new, joined = Notes(ours).merge(found)
        both = f", {counted(joined, 'clip')} that both noted" if joined else ""
        note(f"{ours}: {counted(new, 'new note')}{both}, of {len(found):,} in {theirs}")
