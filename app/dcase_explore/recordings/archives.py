"""
Recordings of the enriched dataset, out of the hub's own archive of a split: all of it, or nothing.

It takes as long as its hundreds of megabytes take, so that for a single clip it is fetched in the background, once,
while everything else goes on.
"""

import tarfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from dcase_explore.errors import ExploreError
from dcase_explore.hub.facts import clip_id_of
from dcase_explore.hub.repository import Repository
from dcase_explore.messages import counted, note
from dcase_explore.recordings import MAX_RECORDING_BYTES, NotHere, OnItsWay, keep

MAX_NAME = 240
MAX_UNPACKED_BYTES = 32 * 2**30
"""All recordings of a split have two and a half."""

_running: dict[Path, "_Job"] = {}
_starting = threading.Lock()


class _Job(threading.Thread):
    """One archive on its way."""

    def __init__(self, repository: Repository, config: str, split: str, folder: Path) -> None:
        super().__init__(name=f"{config}_{split}", daemon=True)
        self._what = (repository, config, split, folder)
        self.error: Exception | None = None

    def run(self) -> None:
        """Fetch and unpack, and say how it ended."""
        try:
            fetch(*self._what)
        except (ExploreError, OSError) as error:
            self.error = error
            note(f"recordings of the {self._what[2]} split: {error}")


def begin(repository: Repository, config: str, split: str, folder: Path, reason: str) -> NoReturn:
    """
    Have the archive of a split fetched in the background, unless it is on its way already.

    Parameters
    ----------
    repository
        At its commit.
    config, split
        Which archive.
    folder
        Where its recordings belong.
    reason
        Why it is needed, for the terminal.

    Raises
    ------
    OnItsWay
        It says how far it is.
    NotHere
        Why it cannot be had.
    """
    file = archive_of(config, split)
    if _done(folder, split).exists():
        raise NotHere(f"{reason}, and {file} has not got it either: there is no recording of this clip")
    if file not in repository.files:
        raise NotHere(f"{reason}, and {repository.name} has no {file}: this clip cannot be had")
    size = repository.files[file].size
    with _starting:
        job = _running.get(_done(folder, split))
        if job is not None and job.error is not None:
            _running.pop(_done(folder, split))  # the next click tries again
            raise NotHere(f"{reason}, and {Path(file).name} cannot be had: {job.error}")
        if job is None or not job.is_alive():
            note(f"{reason}: fetching {Path(file).name} ({size / 2**20:,.0f} MB) in the background")
            job = _running[_done(folder, split)] = _Job(repository, config, split, folder)
            job.start()
    part = repository.local(file).with_name(f"{Path(file).name}.part")
    arrived = part.stat().st_size if part.exists() else 0
    raise OnItsWay(
        f"The recordings of the {split} split are on their way ({arrived / 2**20:,.0f} of {size / 2**20:,.0f} MB): "
        "play this clip again in a while"
    )


def fetch(repository: Repository, config: str, split: str, folder: Path) -> None:
    """
    Fetch the archive of a split and unpack what is not there yet; the archive itself is not kept.

    Parameters
    ----------
    repository, config, split, folder
        As for `begin`.

    Raises
    ------
    ExploreError
        When it cannot be had or is damaged; what has arrived is kept.
    """
    done = _done(folder, split)
    if done.exists():
        return
    path = repository.fetch(archive_of(config, split))
    unpacked: list[str] = []
    try:
        unpacked.extend(_unpack(path, split, folder))
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise ExploreError(f"{path} cannot be unpacked ({error.strerror}): run the same command again") from error
        path.unlink()
        for clip_id in unpacked:  # of which nobody knows which are right
            (folder / clip_id).unlink(missing_ok=True)
        raise ExploreError(f"{path.name} is damaged ({error}): run the same command again") from error
    done.touch()
    path.unlink()
    note(f"all recordings of the {split} split are here: {counted(len(unpacked), 'clip')} unpacked")


def archive_of(config: str, split: str) -> str:
    """Name of a split's archive in the repository."""
    return f"data/{config}_{split}.tar.gz"


def _done(folder: Path, split: str) -> Path:
    """Is there once the archive was unpacked to its end."""
    return folder / f".{split}.complete"


def _unpack(path: Path, split: str, folder: Path) -> Iterator[str]:
    """Write every clip of an archive to where its name says, which is never outside the folder."""
    size = 0
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            # What cannot be printed, or is longer than a file's name may be, is nobody's recording.
            plain = member.isreg() and member.name.isprintable() and len(member.name.encode()) <= MAX_NAME
            clip_id = clip_id_of(member.name, split) if plain else None
            if clip_id is None or member.size > MAX_RECORDING_BYTES or (folder / clip_id).exists():
                continue
            size += member.size
            if size > MAX_UNPACKED_BYTES:
                raise tarfile.TarError(f"it unpacks to more than {MAX_UNPACKED_BYTES // 2**30} GB")
            content = archive.extractfile(member)
            assert content is not None  # noqa: S101 - regular files have some
            keep(folder, clip_id, content.read())
            yield clip_id
        while archive.fileobj is not None and archive.fileobj.read(2**20):
            pass  # to its end, where the checksum of all of it is
