"""
The stages that listen, on the machines of a Ray cluster: paths go in, Parquet files come out.

A piece of the table is what one actor works on at a time: some batches of clips, or a machine type for the autoencoder.
It runs the stage as one machine alone would, and writes what that kept into a folder that all machines see. The process
that asked for it reads no recording; it takes those files into its own store, where the same stage then finds it all.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from dcase_explore import clips
from dcase_explore.cache import in_the_making
from dcase_explore.enrich.enriched import Settings, versions
from dcase_explore.enrich.pipeline import NEEDS_TORCH, brings_ast, check_stages, enrich_by_models, load_model
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, noted
from dcase_explore.progress import busy, track
from dcase_explore.score_names import AE
from dcase_explore.store import Store, digest_of, stamp_of

if TYPE_CHECKING:
    from dcase_explore.enrich.audio_model import AudioModel

BATCHES = 8
"""In a piece of stage ``ast``: what a killed actor loses at most."""
TRIES = 4
"""Of a piece whose actors die: one that lacks memory would kill every actor, and Ray would start another for ever."""
_TOLD = ("clip_id", "class", "split", "label", "domain", "path")
_FILES = pa.schema([(name, pa.string()) for name in ("path", "stamp", "digest")])
_ARRAYS = pa.schema([("key", pa.string()), ("value", pa.binary()), ("sum", pa.int64())])


@dataclass(frozen=True)
class Piece:
    """
    What one actor works on at a time.

    Attributes
    ----------
    name
        Made of all that its result depends on.
    clips
        Columns of its clips, as JSON.
    count
        How many clips.
    """

    name: str
    clips: str = field(repr=False)
    count: int


def check_ray() -> None:
    """
    Refuse where Ray is not installed.

    Raises
    ------
    ExploreError
        It names the command that installs it.
    """
    if find_spec("ray") is None:
        raise ExploreError(
            '--ray needs Ray, which is not installed: pip install "dcase-explore[scale]" installs it; '
            "without --ray this machine does it alone"
        )


def listen_on_ray(frame: pd.DataFrame, wanted: Sequence[str], settings: Settings, folder: Path) -> Settings:
    """
    Run the stages that listen on Ray, and take what they made into this machine's store.

    Parameters
    ----------
    frame
        Conforming clip table, of whole machine types, whose recordings all machines find under the same paths.
    wanted
        Stages, of `dcase_explore.enrich.pipeline.STAGES`; others than those two are left to this machine.
    settings
        How.
    folder
        Where the files go; all machines see it. What is there from earlier runs is not computed again.

    Returns
    -------
    Settings
        With which the stages find here what was made there.

    Raises
    ------
    ExploreError
        When Ray cannot be reached, or a stage ends in an error there.
    """
    check_ray()
    check_stages(wanted)
    folder = folder.expanduser().resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with _connected() as resources:
        accelerators = int(resources.get("GPU", 0))
        settings = replace(settings, on="cuda" if accelerators else "cpu")
        for stage in (name for name in NEEDS_TORCH if name in wanted):
            _stage(stage, frame, settings, folder, accelerators or int(resources["CPU"]))
    return settings


def _stage(stage: str, frame: pd.DataFrame, settings: Settings, folder: Path, places: int) -> None:
    if stage == "ast" and brings_ast(frame, settings):
        return
    model = load_model(settings) if stage == "ast" else None
    if f"embeddings_{model.name if model else AE}" in frame:
        return  # left as it is
    recipe = model.recipe if model else f"{settings.epochs} epochs, {settings.on}"
    recipe = digest_of(stage, recipe, str(settings.batch), versions("torch", "transformers"))
    pieces = _of_clips(frame, settings.batch * BATCHES, recipe) if model else _of_machine_types(frame, recipe)
    to_do = [piece for piece in pieces if not _arrays_of(piece.name, folder).exists()]
    if len(to_do) < len(pieces):
        note(f"{stage}: {len(pieces) - len(to_do):,} of {counted(len(pieces), 'piece')} are in {folder} already")
    if to_do:
        _run(stage, to_do, settings, folder, places)
    with Store() as store:
        for piece in pieces:
            store.take(_rows(_files_of(piece.name, folder)), _rows(_arrays_of(piece.name, folder)))


def _rows(path: Path) -> Iterator[tuple[Any, ...]]:
    table = pq.read_table(path)
    return zip(*(table[name].to_pylist() for name in table.column_names), strict=True)


def _of_clips(frame: pd.DataFrame, count: int, recipe: str) -> list[Piece]:
    """Clips in the order of the table, so that the same ones are heard together as on one machine."""
    recordings = frame[frame["path"].notna()].drop_duplicates("path")
    return [_piece(recordings.iloc[start : start + count], recipe) for start in range(0, len(recordings), count)]


def _of_machine_types(frame: pd.DataFrame, recipe: str) -> list[Piece]:
    recordings = frame[frame["path"].notna()]
    return [
        _piece(recordings[recordings["class"] == machine], recipe)
        for machine in clips.machine_types_present(recordings)
    ]


def _piece(rows: pd.DataFrame, recipe: str) -> Piece:
    told = {name: [None if pd.isna(each) else str(each) for each in rows[name]] for name in _TOLD if name in rows}
    text = json.dumps(told)
    stamps = (stamp_of(path) if os.path.exists(path) else "" for path in told["path"] if path)  # noqa: PTH110 - many
    return Piece(digest_of(recipe, text, *stamps), text, len(rows))


def _files_of(name: str, folder: Path) -> Path:
    return folder / f"{name}.files.parquet"


def _arrays_of(name: str, folder: Path) -> Path:
    """Written last: where it is, all of the piece is."""
    return folder / f"{name}.arrays.parquet"


def _begun_of(name: str, folder: Path) -> Path:
    """As many bytes as actors have begun with the piece; gone once it is done."""
    return folder / f"{name}.begun"


class _Actor:
    """Holds the model and works on one piece after the other."""

    def __init__(self, stage: str, settings: Settings, folder: str) -> None:
        self.stage, self.settings, self.folder = stage, settings, Path(folder)
        self.model: AudioModel | None = load_model(settings) if stage == "ast" else None

    def __call__(self, piece: Mapping[str, Any]) -> dict[str, Any]:
        told = {"name": piece["name"], "count": piece["count"]}
        begun = _begun_of(piece["name"], self.folder)
        with noted() as said:
            try:
                with begun.open("ab") as file:
                    file.write(b".")
                if begun.stat().st_size > TRIES:
                    at = f"{TRIES} actors died at the same {counted(piece['count'], 'clip')}"
                    less = "a smaller --batch takes less" if self.stage == "ast" else "machines with more take it"
                    raise ExploreError(f"{at}, as where memory does not suffice: {less}")
                self._work(piece["name"], clips.conform(pd.DataFrame(json.loads(piece["clips"]))))
                begun.unlink()
            except (ExploreError, OSError) as error:
                return {**told, "said": "\n".join(said), "error": str(error)}
        return {**told, "said": "\n".join(said), "error": ""}

    def _work(self, name: str, frame: pd.DataFrame) -> None:
        with Store(in_memory=True) as store:
            enrich_by_models(frame, [self.stage], self.settings, store, self.model)
            files, arrays = store.content()
        _write(_files_of(name, self.folder), _FILES, files)
        _write(_arrays_of(name, self.folder), _ARRAYS, arrays)


def _write(path: Path, schema: pa.Schema, rows: Iterable[tuple[Any, ...]]) -> None:
    table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
    with in_the_making(path) as part:
        pq.write_table(table, part)
        part.replace(path)


def _run(stage: str, pieces: Sequence[Piece], settings: Settings, folder: Path, places: int) -> None:
    """Have actors work on pieces, as many at the same time as the cluster has places: accelerators, or processors."""
    import ray
    import ray.data
    from ray.exceptions import RayError

    ray.data.DataContext.get_current().enable_progress_bars = False  # there is one of ours
    for piece in pieces:
        _begun_of(piece.name, folder).unlink(missing_ok=True)
    items = [{"name": piece.name, "clips": piece.clips, "count": piece.count} for piece in pieces]
    # A piece is a block from the start: to make blocks of rows would take a processor that actors hold already.
    done = ray.data.from_items(items, override_num_blocks=len(items)).map(
        _Actor,
        fn_constructor_args=(stage, settings, str(folder)),
        compute=ray.data.ActorPoolStrategy(min_size=1, initial_size=min(len(pieces), places), max_size=len(pieces)),
        num_cpus=1,
        num_gpus=1 if settings.on == "cuda" else None,
    )
    try:
        for told in track(done.iter_rows(), len(pieces), f"stage {stage} on Ray, pieces of the table"):
            for sentence in filter(None, told["said"].split("\n")):
                note(sentence)
            if told["error"]:
                raise ExploreError(f"stage {stage} on Ray: {told['error']}")
    except RayError as error:
        why = " ".join(str(error).split())[:300]
        raise ExploreError(f"stage {stage} on Ray: {why}: the same command goes on from what is in {folder}") from error


@contextmanager
def _connected() -> Iterator[Mapping[str, float]]:
    """What the cluster has that RAY_ADDRESS names; without it, a cluster of this machine alone that ends with us."""
    # Nothing is sent anywhere, and what it is doing is told by us.
    quiet = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_LOG_LEVEL": "ERROR", "RAY_BACKEND_LOG_LEVEL": "fatal"}
    os.environ.update(quiet | os.environ)
    import ray

    address = os.environ.get("RAY_ADDRESS")
    # One's own needs no page, holds nothing large, and is no business of other machines'.
    alone = {"include_dashboard": False, "object_store_memory": 100 * 2**20, "_node_ip_address": "127.0.0.1"}
    try:
        with busy(f"waiting for Ray{f' at {address}' if address else ''}"):
            ray.init(address or "local", log_to_driver=False, logging_level="ERROR", **({} if address else alone))
    except Exception as error:  # whatever keeps it from starting
        why = " ".join(str(error).split())[:300]
        what = f"the Ray cluster at {address} cannot be reached" if address else "Ray does not start on this machine"
        raise ExploreError(f"{what} ({why}): see RAY_ADDRESS, or leave out --ray") from error
    try:
        yield ray.cluster_resources()
    finally:
        ray.shutdown()
