"""
Recordings that are fetched when they are first played.

Such a clip has a path like any other, ``<cache>/recordings/<origin>/<clip_id>``; until it is fetched there is no file.
Where it comes from stands in the folder, in ``origin.json``, so that a path alone says all: in a table, in a child
process, in the next session.
"""

import os
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from dcase_explore.progress import track
from dcase_explore.recordings.kept import NotHere, Origin, keep, origin_of


def fetch(path: str) -> None:
    """
    Make sure that a recording is on this machine.

    Parameters
    ----------
    path
        Of a recording; one that is no file and has no origin is left to whoever reads it.

    Raises
    ------
    NotHere
        When it cannot be had, or is still on its way; the sentence is for the page.
    """
    origin = None if os.path.exists(path) else origin_of(path)  # noqa: PTH110 - called for every clip that is played
    if origin is None:
        return
    with _lock_of(path):
        if not Path(path).exists():
            clip_id = "/".join(Path(path).parts[-2:])
            try:
                content = _reader(origin)(origin, clip_id)
            except NotHere:
                if Path(path).exists():  # it came at this moment, with others
                    return
                raise
            keep(Path(path).parent.parent, clip_id, content)


def _reader(origin: Origin) -> Callable[[Origin, str], bytes]:
    if origin["kind"] == "hub":
        from dcase_explore.recordings import records

        return records.read
    from dcase_explore.recordings import embedded

    return embedded.read


def not_here(paths: Iterable[str]) -> int:
    """
    Count the recordings that are yet to be fetched.

    Parameters
    ----------
    paths
        Of recordings.

    Returns
    -------
    int
        0 where all are files, or all that is missing has no origin.
    """
    missing = [path for path in paths if not os.path.exists(path)]  # noqa: PTH110 - thousands of them
    return sum(origin_of(path) is not None for path in missing)


def fetch_all(paths: Iterable[str]) -> None:
    """
    Make sure that many recordings are on this machine, by whole archives where that is quicker.

    Parameters
    ----------
    paths
        Of recordings; those that are plain files are left alone.

    Raises
    ------
    NotHere, ExploreError
        When they cannot be had; what has arrived is kept and the next call goes on from there.
    """
    missing: dict[Path, list[str]] = {}
    for path in paths:
        parts = Path(path).parts
        if not os.path.exists(path):  # noqa: PTH110
            missing.setdefault(Path(*parts[:-2]), []).append("/".join(parts[-2:]))
    for folder, clip_ids in missing.items():
        origin = origin_of(str(folder / clip_ids[0]))
        if origin is None:
            continue
        if origin["kind"] == "hub":
            from dcase_explore.recordings import records

            records.fetch_many(origin, folder, clip_ids)
        else:
            for clip_id in track(clip_ids, len(clip_ids), "taking recordings out of the dataset"):
                fetch(str(folder / clip_id))


@lru_cache(maxsize=1024)
def _lock_of(path: str) -> threading.Lock:  # noqa: ARG001 - one for each
    """So that a clip that is asked for twice is fetched once."""
    return threading.Lock()
