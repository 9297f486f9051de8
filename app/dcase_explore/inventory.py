"""What of the hub's data is on this machine: how much, of which commit, and whether it is whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dcase_explore import parquet
from dcase_explore.cache import cache_folder
from dcase_explore.errors import ExploreError
from dcase_explore.hub.repository import Repository
from dcase_explore.hub.table import AST, PARTS, check_configs, embedding_files
from dcase_explore.progress import track
from dcase_explore.recordings.kept import FOLDER, damaged
from dcase_explore.recordings.records import origin_in


@dataclass(frozen=True)
class Holding:
    """
    Files of one kind that are on this machine.

    Attributes
    ----------
    what
        Such as ``"files of the hub"`` or ``"recordings (dev)"``.
    folder
        Where they are.
    files
        How many.
    size
        In bytes.
    """

    what: str
    folder: Path
    files: int
    size: int


def holdings(repository: Repository) -> list[Holding]:
    """
    What is here of a repository at its commit.

    Parameters
    ----------
    repository
        At its commit.

    Returns
    -------
    list of Holding
        Kinds of which there is nothing are left out.
    """
    kinds = [("files of the hub", repository.folder / "files"), ("tables made of them", repository.folder / "tables")]
    kinds += [(f"recordings ({config})", recordings_folder(repository, config)) for config in PARTS]
    found = []
    for what, folder in kinds:
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file() and _counts(path)]
        if sizes:
            found.append(Holding(what, folder, len(sizes), sum(sizes)))
    return found


def recordings_folder(repository: Repository, config: str) -> Path:
    """Where recordings of a config are kept, there or not."""
    return cache_folder(FOLDER) / origin_in(repository, config)[0]


def first_files(repository: Repository, config: str) -> list[str]:
    """Files of the repository that the first picture of a config needs."""
    names = [f"data/{config}_metadata.csv", "data/scores.csv"]
    names += [embedding.file for embedding in embedding_files(repository, config) if embedding.name == AST]
    return [name for name in names if name in repository.files]


def problems(repository: Repository, configs: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """
    Compare everything that is here with what it should be.

    Parameters
    ----------
    repository
        At its commit.
    configs
        Whose files have to be here.

    Yields
    ------
    path, problem : pathlib.Path, str
        One pair for each file that is damaged or missing.

    Raises
    ------
    ExploreError
        When there is no such config.
    """
    check_configs(configs)
    needed = {name for config in configs for name in first_files(repository, config)}
    here = {name for name in repository.files if repository.local(name).exists()}
    names = sorted(needed | here)
    for name in track(names, len(names), "checking files"):
        if problem := repository.damaged(name):
            yield repository.local(name), problem
    for table in sorted((repository.folder / "tables").glob("*.parquet")):
        try:
            parquet.read(table)
        except ExploreError as error:
            yield table, f"cannot be read ({error})"
    for config in PARTS:
        folder = recordings_folder(repository, config)
        for clip_id, problem in damaged(folder):
            yield folder / clip_id, problem


def _counts(path: Path) -> bool:
    """Not locks, beginnings and lists."""
    return path.suffix in (".csv", ".npz", ".gz", ".parquet", ".wav")
