"""The commands that look after data: what is here, fetch ahead, check, export."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dcase_explore.cli.command import HELP, Debug, errors_as_sentences, with_options
from dcase_explore.ending import end_in_order
from dcase_explore.messages import counted, note
from dcase_explore.options import RowOptions, TableOptions

if TYPE_CHECKING:
    from dcase_explore.hub.repository import Repository

data_app = typer.Typer(help="What data are here; fetch ahead, check, export.", no_args_is_help=True)

Hub = Annotated[str, typer.Option("--data", help="hub or hf://owner/name@revision.", metavar="SPEC")]
Configs = Annotated[list[str] | None, typer.Option("--config", help="dev, add or eval.", metavar="dev|add|eval")]


@data_app.command(context_settings=HELP)
def info(
    data: Hub = "hub",
    output: Annotated[Literal["table", "json"], typer.Option("--format", help="How to print it.")] = "table",
    debug: Debug = False,
) -> None:
    """
    Print what of the hub's data is on this machine, of which revision, under which licence, and what to cite.

    dcase-explore data info
    """
    with errors_as_sentences(debug):
        from dcase_explore.credits import ENRICHED_2023
        from dcase_explore.hub.repository import kept_repository
        from dcase_explore.inventory import holdings
        from dcase_explore.stored import kept

        repository = kept_repository(data)
        here = holdings(repository) if repository else []
        folder, count, size = kept.holdings()
        if output == "json":
            document: dict[str, Any] = {
                "repository": repository and repository.name,
                "commit": repository and repository.commit,
                "here": [{"what": h.what, "folder": str(h.folder), "files": h.files, "bytes": h.size} for h in here],
                "stored_explorations": {"folder": str(folder), "count": count, "bytes": size},
                "credit": vars(ENRICHED_2023),
            }
            typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
            return
        if repository is None:
            typer.echo(f"nothing of {data} is here yet: dcase-explore data fetch")
        else:
            typer.echo(f"{repository.name} at {repository.commit}")
        for holding in here:
            megabytes = f"{holding.size / 2**20:,.1f} MB"
            typer.echo(f"  {holding.what}: {counted(holding.files, 'file')}, {megabytes}, in {holding.folder}")
        if count:
            stored = f"{counted(count, 'stored exploration')}, {size / 2**20:,.1f} MB, in {folder}"
            typer.echo(f"{stored} (dcase-explore data clean clears them away)")
        typer.echo(f"\n{ENRICHED_2023.owners}\nlicence: {ENRICHED_2023.licence}\nplease cite:")
        for citation in ENRICHED_2023.citations:
            typer.echo(f"  - {citation}")


@data_app.command(context_settings=HELP)
def fetch(
    data: Hub = "hub",
    config: Configs = None,
    class_name: Annotated[
        list[str] | None, typer.Option("--class", help="Only this machine type; may be repeated.", metavar="NAME")
    ] = None,
    embeddings: Annotated[
        list[str] | None, typer.Option(help="Fetch this embedding besides the AST's; may be repeated.", metavar="NAME")
    ] = None,
    audio: Annotated[bool, typer.Option("--audio", help="Fetch the recordings as well.")] = False,
    update: Annotated[bool, typer.Option("--update", help="Ask the hub for the newest revision first.")] = False,
    debug: Debug = False,
) -> None:
    """
    Fetch the hub's data ahead, so that everything works without a network. Goes on where it was interrupted.

    dcase-explore data fetch --class valve --audio
    """
    with errors_as_sentences(debug):
        from dcase_explore import recordings
        from dcase_explore.choosing import of_machine_types
        from dcase_explore.hub.repository import open_repository
        from dcase_explore.hub.table import check_configs, fetch_embeddings
        from dcase_explore.inventory import first_files
        from dcase_explore.sources.hub import read_hub

        configs = config or ["dev"]
        check_configs(configs)
        repository = open_repository(data, newest=update)
        for file in (file for name in configs for file in first_files(repository, name)):
            repository.fetch(file)  # though a table may have been made of it already
        fetch_embeddings(repository, configs, embeddings or ())
        frame = of_machine_types(read_hub(data, configs).frame, class_name or ())
        if audio:
            recordings.fetch_all(frame["path"])
        missing = recordings.not_here(frame["path"])
        typer.echo(
            f"{repository.name} at {repository.commit}: {counted(len(frame), 'clip')} here, "
            f"{len(frame) - missing:,} with their recording"
        )


@data_app.command(context_settings=HELP)
def verify(data: Hub = "hub", config: Configs = None, debug: Debug = False) -> None:
    """
    Compare what was fetched with the sizes and digests it should have; name what is damaged or missing.

    dcase-explore data verify
    """
    with errors_as_sentences(debug):
        from dcase_explore.errors import ExploreError
        from dcase_explore.inventory import holdings, problems

        repository = _kept(data)
        found = list(problems(repository, config or ["dev"]))
        for path, problem in found:
            typer.echo(f"{path} {problem}")
        if found:
            raise ExploreError(
                f"{counted(len(found), 'file')} of {repository.name} damaged or missing: delete those that are "
                "damaged, then dcase-explore data fetch"
            )
        here = ", ".join(f"{counted(holding.files, 'file')} ({holding.what})" for holding in holdings(repository))
        typer.echo(f"{repository.name} at {repository.commit}: all as it should be: {here}")


@data_app.command(context_settings=HELP)
@with_options(TableOptions)
def export(
    options: TableOptions,
    folder: Annotated[Path, typer.Argument(help="Where to write it; must not exist, or be empty.", metavar="DIR")],
    audio: Annotated[bool, typer.Option("--audio", help="Embed the recordings.")] = False,
) -> None:
    """
    Write the table as a data set of Parquet files with a card, which datasets.load_dataset and --data open.

    dcase-explore data export my-export --data path/to/dev_data --scores mine=scores.csv
    """
    from dcase_explore.exploring import explored
    from dcase_explore.exporting import export as write

    exploration = explored(RowOptions(**vars(options), audio="all" if audio else "lazy"))
    end_in_order()  # what is written so far is removed
    written = write(
        exploration.frame,
        folder,
        audio=audio,
        title=exploration.title,
        credit=exploration.credits[0] if exploration.credits else None,
        derived=exploration.computed,
        made={name: how for name, how in exploration.made.items() if name in exploration.frame},
    )
    note(f"open it with dcase-explore --data {folder}, or datasets.load_dataset({str(folder)!r})")
    typer.echo(f"{folder}: {written}")


@data_app.command(context_settings=HELP)
def clean(debug: Debug = False) -> None:
    """
    Clear away what is stored of explorations, so that the next launches make them again. No data are lost.

    dcase-explore data clean
    """
    with errors_as_sentences(debug):
        from dcase_explore.stored.kept import clean as clear_away

        count, size = clear_away()
        typer.echo(f"{counted(count, 'stored exploration')} cleared away, {size / 2**20:,.1f} MB")


def _kept(spec: str) -> "Repository":
    from dcase_explore.errors import ExploreError
    from dcase_explore.hub.repository import kept_repository

    repository = kept_repository(spec)
    if repository is None:
        raise ExploreError(f"nothing of {spec} is here yet: dcase-explore data fetch")
    return repository
