"""The command that writes the page as files, or as one."""

from pathlib import Path
from typing import Annotated

import typer

from dcase_explore.cli.command import with_options
from dcase_explore.ending import end_in_order
from dcase_explore.messages import note
from dcase_explore.options import ShareOptions


@with_options(ShareOptions)
def share(
    options: ShareOptions,
    out: Annotated[
        Path,
        typer.Argument(
            help="A folder that does not exist, or is empty; or one file, if its name ends in .html.",
            metavar="DIR|OUT.html",
        ),
    ],
) -> None:
    """
    Write the whole page as files that need no program: for any static web server, or one that opens by double click.

    dcase-explore share site --data path/to/results --data path/to/dev_data --layout extended --class valve

    dcase-explore share valves.html --data path/to/results --data path/to/dev_data --class valve
    """
    from dcase_explore.sharing import is_file
    from dcase_explore.sharing import share as write

    typer.echo(f"{out}: {write(options, out, ready=end_in_order)}")
    if not is_file(out):
        note(f"look at it with python -m http.server --bind 127.0.0.1 --directory {out}")
