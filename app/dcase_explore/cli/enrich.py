"""The command that enriches: embeddings, scores and maps by models, written as a data set."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from dcase_explore.cli.command import Debug, errors_as_sentences
from dcase_explore.ending import end_in_order
from dcase_explore.messages import note


def enrich(
    source: Annotated[str, typer.Argument(help="What to enrich, as --data takes it.", metavar="SOURCE")],
    out: Annotated[Path, typer.Option(help="Where to write it; must not exist, or be empty.", metavar="DIR")],
    stages: Annotated[
        str, typer.Option("--with", help="Stages, with commas between.", metavar="ast,ae,lof,knn,map")
    ] = "ast,ae,lof,knn,map",
    model: Annotated[
        str | None,
        typer.Option(help="Audio model of stage ast: a name on the hub, or a folder.", metavar="NAME|FOLDER"),
    ] = None,
    pooling: Annotated[
        Literal["cls", "mean", "pooler"] | None,
        typer.Option(help="How a clip's vector is made: of the first token, of the mean, or as the model does."),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Clips that the audio model hears at once.", metavar="N")] = 8,
    epochs: Annotated[int, typer.Option(min=1, help="Of the autoencoder's training.", metavar="N")] = 100,
    config: Annotated[
        list[str] | None,
        typer.Option(help="Config of the hub's data: dev, add or eval; may be repeated.", metavar="dev|add|eval"),
    ] = None,
    class_name: Annotated[
        list[str] | None, typer.Option("--class", help="Only this machine type; may be repeated.", metavar="NAME")
    ] = None,
    audio: Annotated[bool, typer.Option("--audio", help="Embed the recordings in what is written.")] = False,
    ray: Annotated[
        Path | None,
        typer.Option(
            help="Run ast and ae on Ray; a folder for what they make, seen by all its machines.", metavar="DIR"
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """
    Compute embeddings, scores and maps by models and write them as a data set, which --data opens.

    dcase-explore enrich path/to/dev_data --out enriched
    """
    with errors_as_sentences(debug):
        from filelock import FileLock, Timeout

        from dcase_explore.cache import cache_folder
        from dcase_explore.choosing import of_machine_types
        from dcase_explore.enrich.enriched import Settings
        from dcase_explore.enrich.pipeline import NEEDS_TORCH, check_stages, enrich_by_models
        from dcase_explore.errors import ExploreError
        from dcase_explore.exporting import check_free, export
        from dcase_explore.recordings import fetch_all
        from dcase_explore.scoring import score
        from dcase_explore.sources import read_sources
        from dcase_explore.store import digest_of

        wanted = [name.strip() for name in stages.split(",") if name.strip()]
        check_stages(wanted)
        if ray is not None:
            from dcase_explore.enrich.on_ray import check_ray, listen_on_ray

            check_ray()
        folder = check_free(out)
        lock = FileLock(cache_folder("locks") / f"{digest_of(str(folder))}.lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise ExploreError(f"another run writes to {folder} at this moment: wait, or give another --out") from None
        with lock:
            read = read_sources([source], configs=config or ())
            for credit in read.credits:
                note(credit.sentence())
            frame = of_machine_types(read.frame, class_name or ())
            if "path" in frame and (audio or set(wanted) & set(NEEDS_TORCH)):
                fetch_all(frame["path"].dropna())
            settings = Settings(model, pooling, batch, epochs)
            if ray is not None:
                settings = listen_on_ray(frame, wanted, settings, ray)
            result = enrich_by_models(frame, wanted, settings)
            scored = score(result.frame).frame
            result.report()
            end_in_order()  # what is written so far is removed
            written = export(
                scored,
                folder,
                audio=audio,
                title=read.title,
                credit=read.credits[0] if read.credits else None,
                derived=[name for name in scored if name not in result.frame],
                made={**read.made, **result.made},
            )
        note(f"open it with dcase-explore --data {out} --layout extended")
        typer.echo(f"{folder}: {written}")
