"""
The original record's zip files: one clip out of one of them, or the whole file.

A zip file has its table of contents at its end, so that a clip is fetched by asking for two or three pieces of it,
where the server hands out pieces.
"""

import contextlib
import lzma
import os
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from filelock import FileLock

from dcase_explore.cache import cache_folder
from dcase_explore.clip_names import file_identity
from dcase_explore.errors import ExploreError
from dcase_explore.hub.download import download
from dcase_explore.messages import note
from dcase_explore.progress import track
from dcase_explore.recordings.kept import MAX_RECORDING_BYTES, NotHere, is_sound, keep

if TYPE_CHECKING:
    import requests

VARIABLE = "DCASE_EXPLORE_RECORDS"
ZENODO = "https://zenodo.org"
ZIPS = {
    "dev": "records/7882613/files/dev_{}.zip",
    "add": "records/7830345/files/eval_data_{}_train.zip",
    "eval": "records/7860847/files/eval_data_{}_test.zip",
}
"""Where the original recordings of a machine type are, for each config."""
DAMAGE = (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, zlib.error, lzma.LZMAError)
"""What reading a zip file ends in that is cut, changed, encrypted or packed in a way that is not known."""
TIMEOUT = (10, 30)
"""Seconds to connect, and between two pieces of an answer."""


class NotServedError(Exception):
    """The record has no such thing, or does not hand out pieces: the archive may."""


def piece(url: str, clip_id: str) -> bytes:
    """One recording out of a zip file on a server; what arrives damaged is asked for twice."""
    for last in (False, True):
        try:
            content = _zip_at(url).read(clip_id)
        except EOFError as error:
            _zip_at.cache_clear()
            if last:
                raise NotServedError(f"{clip_id} arrived damaged twice from {_host()}") from error
        else:
            break
    if not is_sound(content):
        raise NotServedError(f"what {_host()} has as {clip_id} is no sound")
    return content


def missing_of(folder: Path, clip_ids: Iterable[str]) -> list[str]:
    """Clips that a folder lacks, sorted."""
    return sorted(clip_id for clip_id in clip_ids if not (folder / clip_id).exists())


class _RemoteZip:
    """A zip file on a server, of which pieces are read, one reader at a time."""

    def __init__(self, url: str) -> None:
        from remotezip import RemoteZip

        self._lock = threading.Lock()
        with _reasons():
            self._zip = RemoteZip(url, session=_session(), timeout=TIMEOUT)
        self._members = _members(self._zip)

    def read(self, clip_id: str) -> bytes:
        """Content of one clip."""
        info = self._members.get(clip_id)
        if info is None:
            raise NotServedError(f"the original record has no {clip_id}")
        with self._lock, _reasons():
            content: bytes = self._zip.read(info)
        return content


@contextlib.contextmanager
def _reasons() -> Iterator[None]:
    """Why a piece of a zip file did not come: not served, not to be had now, or broken off, to be tried again."""
    from remotezip import RangeNotSupported, RemoteIOError, RemoteZipError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except RangeNotSupported as error:
        raise NotServedError(f"{_host()} does not hand out pieces of files") from error
    except RemoteIOError as error:
        raise _failure(error) from error
    except (HTTPError, RemoteZipError, *DAMAGE) as error:  # the connection broke amid the answer, or the file is bad
        raise EOFError from error


@lru_cache(maxsize=32)
def _zip_at(url: str) -> _RemoteZip:
    return _RemoteZip(url)


@lru_cache(maxsize=1)
def _session() -> "requests.Session":
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    session = requests.Session()
    # Not 429: the page should say at once how long to wait.
    retry = Retry(
        total=2,
        backoff_factor=0.5,
        status_forcelist=(500, 502, 503, 504),
        respect_retry_after_header=False,
        raise_on_status=False,
    )
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _failure(error: Exception) -> Exception:
    """What a failed request means: not served, for the archive to try, or not to be had now."""
    answer = getattr(error.__context__, "response", None)
    if answer is None:
        return NotHere(f"{_host()} cannot be reached: this clip plays when there is a network")
    if answer.status_code == 429:
        wait = answer.headers.get("Retry-After", "")
        return NotHere(
            f"{_host()} asks to wait{f' {wait} seconds' if wait.isdigit() else ''}: play this clip again then"
        )
    if answer.status_code >= 500:
        return NotHere(f"{_host()} answers {answer.status_code}: play this clip again later")
    return NotServedError(f"{_host()} answers {answer.status_code}")


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Entries by ``clip_id``, whatever folders stand before ``<machine>/<split>/<file>``."""
    found = {}
    for info in archive.infolist():
        parts = PurePosixPath(info.filename.replace("\\", "/")).parts[-3:]
        if len(parts) == 3 and parts[2].lower().endswith(".wav") and info.file_size <= MAX_RECORDING_BYTES:
            found[f"{parts[1]}/{parts[0]}_{file_identity(parts[2])}"] = info
    return found


def from_whole_zip(url: str, machine: str, folder: Path, wanted: set[str]) -> None:
    """Fetch a zip file whole and unpack the clips wanted that it has."""
    import requests
    from huggingface_hub.errors import HfHubHTTPError

    path = cache_folder("downloads") / f"{folder.name}-{machine}.zip"
    with FileLock(path.with_name(f"{path.name}.unpacking")):  # another process may have it at this moment
        for last in (False, True):
            if not missing_of(folder, wanted):
                return
            try:
                head = _session().head(url, timeout=TIMEOUT, allow_redirects=True)
                head.raise_for_status()
                length = head.headers.get("Content-Length", "")
                if not length.isdigit():
                    raise NotServedError(f"{_host()} does not say how long its files are")
                download(head.url, path, size=int(length), digest=None, headers={}, source=_host())
            except (requests.RequestException, HfHubHTTPError) as error:
                raise _refusal(error, url) from error
            try:
                with zipfile.ZipFile(path) as archive:
                    members = _members(archive)
                    here = [clip_id for clip_id in missing_of(folder, wanted) if clip_id in members]
                    for clip_id in track(here, len(here), f"unpacking recordings of {machine}"):
                        content = archive.read(members[clip_id])
                        if is_sound(content):
                            keep(folder, clip_id, content)
                path.unlink()
                return
            except DAMAGE as error:
                path.unlink(missing_ok=True)
                if last:
                    raise NotServedError(f"{PurePosixPath(url).name} arrived damaged twice from {_host()}") from error
                note(f"{PurePosixPath(url).name} arrived damaged ({error}) and is fetched again")


def _refusal(error: Exception, url: str) -> Exception:
    """What it means that a whole file was refused."""
    answer = getattr(error, "response", None)
    if answer is None:
        return ExploreError(f"{_host()} cannot be reached: run the same command when there is a network")
    if answer.status_code == 429 or answer.status_code >= 500:
        return ExploreError(f"{_host()} answers {answer.status_code}: run the same command again later")
    return NotServedError(f"{_host()} answers {answer.status_code} for {PurePosixPath(url).name}")


def machine_of(clip_id: str) -> str:
    """Machine type in a ``clip_id``."""
    return clip_id.partition("/")[2].partition("_")[0]


def url_of(config: str, machine: str) -> str:
    """Address of the file that has a machine type's clips of a config."""
    return f"{_base()}/{ZIPS[config].format(machine)}"


def _base() -> str:
    return (os.environ.get(VARIABLE) or ZENODO).rstrip("/")


def _host() -> str:
    return _base().partition("://")[2]
