"""Where fetched recordings are kept, with their digests, and where those come from that are yet to be fetched."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from dcase_explore.cache import cache_folder, write_atomically
from dcase_explore.errors import ExploreError

Origin: TypeAlias = Mapping[str, str]
"""``{"kind": "hub", "repository": …, "commit": …}`` or ``{"kind": "embedded", "folder": …}``."""
FOLDER = "recordings"
"""Of the cache, below which all such recordings are."""
ORIGIN_FILE = "origin.json"
SUMS_FILE = "SHA256SUMS"
"""Beside the recordings, one line for each that was fetched: ``sha256sum -c SHA256SUMS`` checks them."""
MAX_RECORDING_BYTES = 256 * 2**20
"""A clip of the challenge has a third of a megabyte; this is two hours of it."""
MAX_SAMPLES = MAX_RECORDING_BYTES // 2
"""Of all channels: what the largest file of 16 bits holds. A packed one of a few bytes may hold any number."""


class NotHere(ExploreError):  # noqa: N818 - a state more than an error
    """A recording that cannot be had."""


class OnItsWay(NotHere):
    """A recording that will be there after a while, of which the terminal has been told."""


def place(name: str, origin: Origin) -> Path:
    """
    Folder below which the recordings of an origin are kept, made when it is not there.

    Parameters
    ----------
    name
        Of the folder; it must carry the revision of the data, for a path is all that tells one sound from another.
    origin
        Where they come from.

    Returns
    -------
    pathlib.Path
        A recording is ``folder / clip_id``.

    Raises
    ------
    ExploreError
        When the cache cannot be written.
    """
    folder = cache_folder(FOLDER, name)
    text = json.dumps(dict(origin), sort_keys=True)
    file = folder / ORIGIN_FILE
    if not file.is_file() or file.read_text() != text:
        write_atomically(file, text.encode())
        _origin_in.cache_clear()
    return folder


def origin_of(path: str) -> Origin | None:
    """
    Where a recording is fetched from.

    Parameters
    ----------
    path
        Of a recording, there or not.

    Returns
    -------
    mapping or None
        None for a recording that is simply a file.
    """
    folder = os.path.dirname(os.path.dirname(path))  # noqa: PTH120 - asked for thousands of paths
    return _origin_in(folder) if os.path.basename(os.path.dirname(folder)) == FOLDER else None  # noqa: PTH119, PTH120


def is_sound(content: bytes) -> bool:
    """Whether a file begins as recordings do, and goes on."""
    return content[:4] in (b"RIFF", b"fLaC") and len(content) > 44  # a WAV file's header


def keep(folder: Path, clip_id: str, content: bytes) -> None:
    """
    Write a fetched recording down, with its digest.

    Parameters
    ----------
    folder
        As `place` made it.
    clip_id
        Which clip; ``split/file.wav``.
    content
        The file.

    Raises
    ------
    NotHere
        When the disk does not take it.
    """
    try:
        write_atomically(folder / clip_id, content)
        with (folder / SUMS_FILE).open("a") as sums:
            sums.write(f"{hashlib.sha256(content).hexdigest()}  {clip_id}\n")
    except OSError as error:
        raise NotHere(f"{clip_id} cannot be kept in {folder} ({error.strerror})") from error


def damaged(folder: Path) -> Iterator[tuple[str, str]]:
    """
    Compare fetched recordings with their digests.

    Parameters
    ----------
    folder
        As `place` made it.

    Yields
    ------
    clip_id, problem : str
        One pair for each that is not as it was fetched.
    """
    sums = folder / SUMS_FILE
    lines = sums.read_text().splitlines() if sums.is_file() else []
    for clip_id, digest in {clip: digest for digest, _, clip in (line.partition("  ") for line in lines)}.items():
        path = folder / clip_id
        if not path.is_file():
            yield clip_id, "is missing"
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            yield clip_id, "has another content than it came with"


@lru_cache(maxsize=64)
def _origin_in(folder: str) -> Origin | None:
    if Path(folder).parent != cache_folder(FOLDER):
        return None
    try:
        origin = json.loads((Path(folder) / ORIGIN_FILE).read_text())
    except (OSError, ValueError):
        return None
    return origin if isinstance(origin, dict) and origin.get("kind") in ("hub", "embedded") else None
