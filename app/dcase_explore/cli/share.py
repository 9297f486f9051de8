"""The command that writes the page as files."""

from pathlib import Path
from typing import Annotated

import typer

from dcase_explore.cli.options import end_in_order, with_options
from dcase_explore.messages import note
from dcase_explore.options import ShareOptions


@with_options(ShareOptions)
def share(
    options: ShareOptions,
    folder: Annotated[Path, typer.Argument(help="Where to write it; must not exist, or be empty.", metavar="DIR")],
) -> None:
    """
    Write the whole page as files that need no program: for any static web server, GitHub Pages, a static Space.

    dcase-explore share site --data path/to/results --data path/to/dev_data --layout extended --class valve
    """
    from dcase_explore.sharing import share as write

    typer.echo(f"{folder}: {write(options, folder, ready=end_in_order)}")
    note(f"look at it with python -m http.server --bind 127.0.0.1 --directory {folder}")
