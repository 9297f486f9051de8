"""The command that writes a report: one file to send."""

from pathlib import Path
from typing import Annotated

import typer

from dcase_explore.cli.command import with_options
from dcase_explore.ending import end_in_order
from dcase_explore.options import ReportOptions


@with_options(ReportOptions)
def report(
    options: ReportOptions,
    out: Annotated[
        Path, typer.Argument(help="The file to write; a report that is there is replaced.", metavar="OUT.html")
    ],
) -> None:
    """
    Write one file to send: official score, ROC curves, what costs, findings with their sounds. It opens in any browser.

    dcase-explore report report.html --data path/to/results --data path/to/dev_data
    """
    from dcase_explore.reporting import report as write

    typer.echo(f"{out}: {write(options, out, ready=end_in_order)}")
