"""
Recordings of the enriched dataset, out of the hub's own archive of a split: all of it, or nothing.

It takes as long as its hundreds of megabytes take, so that for a single clip it is fetched in the background, once,
while everything else goes on.
"""

import json
import tarfile
import threading
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

from filelock import FileLock

from dcase_explore.cache import write_atomically
from dcase_explore.errors import ExploreError
from dcase_explore.hub.facts import clip_id_of
from dcase_explore.hub.repository import Repository
from dcase_explore.hub.table import known_clips
from dcase_explore.messages import counted, note
from dcase_explore.recordings.kept import MAX_RECORDING_BYTES, NotHere, OnItsWay, is_sound, keep

_running: dict[Path, "_Job"] = {}
_starting = threading.Lock()


class _Job(threading.Thread):
    """One archive on its way."""

    def __init__(self, repository: Repository, config: str, split: str, folder: Path, clip_id: str) -> None:
        super().__init__(name=f"{config}_{split}", daemon=True)
        self._what = (repository, config, split, folder, {clip_id})
        self.error: Exception | None = None

    def run(self) -> None:
        """Fetch and unpack, and say how it ended."""
        try:
            fetch(*self._what)
        except (ExploreError, OSError) as error:
            self.error = error
            note(f"recordings of the {self._what[2]} split: {error}")


def begin(repository: Repository, config: str, folder: Path, clip_id: str, reason: str) -> None:
    """
    Have the archive that holds a clip fetched in the background, unless it is on its way already.

    Parameters
    ----------
    repository
        At its commit.
    config
        Of the clip.
    folder
        Where its recordings belong.
    clip_id
        Which clip.
    reason
        Why it is needed, for the terminal.

    Raises
    ------
    OnItsWay
        It says how far it is.
    NotHere
        Why it cannot be had.
    """
    split = clip_id.partition("/")[0]
    file, key = archive_of(config, split), _contents_file(folder, split)
    if not _may_hold(folder, clip_id):
        raise NotHere(f"{reason}, and {file} has not got it either: there is no recording of this clip")
    if file not in repository.files:
        raise NotHere(f"{reason}, and {repository.name} has no {file}: this clip cannot be had")
    size = repository.files[file].size
    with _starting:
        job = _running.get(key)
        if job is not None and job.error is not None:
            _running.pop(key)  # the next click tries again
            raise NotHere(f"{reason}, and {Path(file).name} cannot be had: {job.error}")
        if job is None or not job.is_alive():
            note(f"{reason}: fetching {Path(file).name} ({size / 2**20:,.0f} MB) in the background")
            job = _running[key] = _Job(repository, config, split, folder, clip_id)
            job.start()
    part = repository.local(file).with_name(f"{Path(file).name}.part")
    arrived = part.stat().st_size if part.exists() else 0
    raise OnItsWay(
        f"The recordings of the {split} split are on their way ({arrived / 2**20:,.0f} of {size / 2**20:,.0f} MB): "
        "play this clip again in a while"
    )


def fetch(repository: Repository, config: str, split: str, folder: Path, wanted: Collection[str]) -> None:
    """
    Fetch the archive of a split, unless nothing is missing that it holds, and unpack it; it is not kept itself.

    Parameters
    ----------
    repository
        At its commit.
    config, split
        Which archive.
    folder
        Where its recordings belong.
    wanted
        ``clip_id`` of the clips that are needed; all others of the data set that are not there yet come along.

    Raises
    ------
    ExploreError
        When it cannot be had or is damaged; what has arrived is kept.
    """
    with FileLock(folder / f".{split}.lock"):  # another process may have it at this moment
        if not any(_may_hold(folder, clip) for clip in wanted if not (folder / clip).exists()):
            return
        path = repository.fetch(archive_of(config, split))
        unpacked: list[str] = []
        there: list[str] = []
        try:
            for clip_id, is_new in _unpack(path, split, folder, known_clips(repository, config) | set(wanted)):
                there.append(clip_id)
                unpacked += [clip_id] * is_new
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise ExploreError(
                    f"{path} cannot be unpacked ({error.strerror}): run the same command again"
                ) from error
            for clip_id in unpacked:  # of which nobody knows which are right
                (folder / clip_id).unlink(missing_ok=True)
            is_its_fault = repository.damaged(archive_of(config, split)) is None
            path.unlink(missing_ok=True)
            if is_its_fault:
                write_atomically(_contents_file(folder, split), b"[]")
                raise ExploreError(
                    f"{path.name} is broken on the hub itself ({error}): there is nothing to do"
                ) from error
            raise ExploreError(f"{path.name} is damaged ({error}): run the same command again") from error
        write_atomically(_contents_file(folder, split), json.dumps(there).encode())
        path.unlink(missing_ok=True)
    note(f"the archive of the {split} split is unpacked: {counted(len(unpacked), 'recording')}")


def archive_of(config: str, split: str) -> str:
    """Name of a split's archive in the repository."""
    return f"data/{config}_{split}.tar.gz"


def _contents_file(folder: Path, split: str) -> Path:
    """Lists what the archive holds, once it was unpacked to its end."""
    return folder / f".{split}.json"


def _may_hold(folder: Path, clip_id: str) -> bool:
    """Whether the archive of a clip's split holds it, or nobody has looked yet."""
    file = _contents_file(folder, clip_id.partition("/")[0])
    return not file.exists() or clip_id in json.loads(file.read_text())


def _unpack(path: Path, split: str, folder: Path, known: Collection[str]) -> Iterator[tuple[str, bool]]:
    """Write every known clip of an archive to where it belongs; yields each, and whether it is new."""
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            # Names come from the data set, not from the archive.
            clip_id = clip_id_of(member.name, split) if member.isreg() else None
            if clip_id is None or clip_id not in known or member.size > MAX_RECORDING_BYTES:
                continue
            if (folder / clip_id).exists():
                yield clip_id, False
                continue
            file = archive.extractfile(member)
            content = file.read() if file else b""
            if is_sound(content):
                keep(folder, clip_id, content)
                yield clip_id, True
        while archive.fileobj is not None and archive.fileobj.read(2**20):
            pass  # to its end, where the checksum of all of it is
