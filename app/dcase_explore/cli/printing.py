"""The commands that print: what the models score, and what was found."""

from typing import Annotated

import typer

from dcase_explore.cli.command import Format, with_options
from dcase_explore.ending import end_with_reader
from dcase_explore.options import TableOptions

WithIntervals = Annotated[
    bool, typer.Option("--intervals", help="95 % intervals, differences of models, and what each number costs.")
]


@with_options(TableOptions)
def score(options: TableOptions, output: Format = "table", with_intervals: WithIntervals = False) -> None:
    """
    Print the official metrics of every model: AUC, pAUC, precision, recall, F1, their means and the official score.

    dcase-explore score --data path/to/results --scores mine=scores.csv
    """
    end_with_reader()
    from dcase_explore.exploring import explored
    from dcase_explore.scoring import documents, printing

    exploration = explored(options, listen=False, with_maps=False, with_findings=False)
    models = exploration.comparable()
    if output == "table":
        printing.print_tables(models)
    elif not with_intervals:
        typer.echo(documents.as_json(models) if output == "json" else documents.as_csv(models), nl=output == "json")
    if with_intervals:
        from dcase_explore.scoring import interval_tables
        from dcase_explore.scoring.intervals import intervals

        found = intervals(exploration.frame, models)
        if output == "table":
            interval_tables.print_intervals(models, found)
        elif output == "json":
            typer.echo(interval_tables.as_json(models, found))
        else:
            typer.echo(found.to_frame().to_csv(index=False), nl=False)


@with_options(TableOptions)
def findings(options: TableOptions, output: Format = "table") -> None:
    """
    Print what was found: the clips that cost each model its score, domain shift, suspects in the data.

    dcase-explore findings --data path/to/results --class valve
    """
    end_with_reader()
    from dcase_explore.exploring import explored
    from dcase_explore.findings import shown, telling

    exploration = explored(options, with_maps=False)
    if output == "table":
        telling.print_findings(shown(exploration.findings), exploration.frame, exploration.distances)
    else:  # programs get all of them
        clip_ids = exploration.frame["clip_id"].to_numpy()
        write = telling.as_json if output == "json" else telling.as_csv
        typer.echo(write(exploration.findings, clip_ids), nl=output == "json")
