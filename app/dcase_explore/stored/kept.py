"""Stored explorations in the cache: found again, kept within bounds, cleared away."""

import atexit
import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcase_explore.cache import cache_folder, clear_left
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note, noted
from dcase_explore.notes.files import kinds_of
from dcase_explore.stored import ABOUT, Stored
from dcase_explore.stored.made_of import folders_of, name_of, stamp_of
from dcase_explore.temporary import Temporary
from dcase_explore.timing import step

if TYPE_CHECKING:
    from dcase_explore.exploration import Exploration
    from dcase_explore.options import Options

FOLDER = "explorations"
"""Of the cache."""
MAX_BYTES = 4 * 2**30
MAX_DAYS = 60
"""Beyond either, those that were shown longest ago are cleared away."""
MANY = 20_000
"""Files from which on what is stored is shown before they have been looked at, which takes a second or more."""
_HALF_WRITTEN_SECONDS = 3_600
STORING = "storing the page's answers"
"""A step of a launch."""


@dataclass(frozen=True)
class Found:
    """
    A stored exploration that may be shown.

    Attributes
    ----------
    stored
        It is open.
    checked
        Whether the files that it was made of are known to be as they were.
    made
        Whether it was made now.
    """

    stored: Stored
    checked: bool = True
    made: bool = False


def find(options: "Options") -> Found | None:
    """
    Find a stored exploration of what is asked for.

    Parameters
    ----------
    options
        What is asked for.

    Returns
    -------
    Found or None
        None where there is none, or what it was made of has changed. One that is damaged is said to be.
    """
    for folder in _of(options):
        try:
            stored = Stored(folder)
        except ExploreError as reason:
            if (folder / ABOUT).exists():  # otherwise it was cleared away at this moment
                note(str(reason))
                shutil.rmtree(folder, ignore_errors=True)
            continue
        many = stored.made_of["files"] > MANY
        if many or is_current(stored, options):
            with contextlib.suppress(OSError):
                os.utime(folder / ABOUT)
            return Found(stored, checked=not many)
        stored.close()
    return None


def is_current(stored: Stored, options: "Options") -> bool:
    """
    Whether all files that it was made of are as they were.

    Parameters
    ----------
    stored
        The exploration.
    options
        What it was made by.
    """
    now = stamp_of(options, stored.made_of["outside"])
    made_of = {"digest": now.digest, "files": now.files, "noted": kinds_of(stored.notes_file)}
    return all(stored.made_of.get(name) == value for name, value in made_of.items())


def make(
    options: "Options", explored: "Callable[[], Exploration]", *, whole: Callable[[], bool] = lambda: True
) -> Found:
    """
    Make what is asked for and keep it.

    Parameters
    ----------
    options
        What is asked for.
    explored
        Makes the exploration.
    whole
        Asked then, whether nothing is left to be done to it: otherwise it is not kept.

    Returns
    -------
    Found
        Where it cannot be kept, which is said, it lasts as long as this program.

    Raises
    ------
    ExploreError
        As exploring does; when it cannot be written anywhere.
    """
    before = stamp_of(options)
    with noted() as notes:
        exploration = explored()
        from dcase_explore.stored.making import store

        name = name_of(options)
        with step("looking at the files it was made of"):
            outside = _outside(exploration, folders_of(options))
            after = stamp_of(options, outside)
            # What was fetched meanwhile is no change; a file of the user's is, and then it is made again the next time.
            stamp = after if not folders_of(options) or stamp_of(options) == before else before
        made_of: dict[str, Any] = {"digest": stamp.digest, "files": stamp.files, "outside": outside}
        if exploration.notes_file is not None:
            made_of["noted"] = kinds_of(exploration.notes_file)
        try:
            if name is not None and whole():
                folder = cache_folder(FOLDER) / f"{name}-{stamp.digest}"
                with step(STORING):
                    stored = store(exploration, folder, notes, made_of)
                _clear(but=folder)
                return Found(stored, made=True)
        except (OSError, ExploreError) as error:
            reason = getattr(error, "strerror", None) or error
            note(f"what is shown cannot be kept for the next time ({reason})")
        temporary = Temporary()
        try:
            with step(STORING):
                return Found(store(exploration, temporary.path / "stored", notes, made_of), made=True)
        except OSError as error:
            raise ExploreError(
                f"the page cannot be written anywhere ({error.strerror or error}): set TMPDIR to a folder with room"
            ) from error
        finally:
            atexit.register(temporary.close)


def holdings() -> tuple[Path, int, int]:
    """
    What is kept.

    Returns
    -------
    folder : pathlib.Path
        Where.
    count, size : int
        Explorations, and bytes in all.
    """
    folder = cache_folder(FOLDER)
    kept = [entry for entry in folder.iterdir() if entry.is_dir()]
    return folder, len(kept), sum(map(_size, kept))


def clean() -> tuple[int, int]:
    """
    Clear all of it away.

    Returns
    -------
    count, size : int
        Explorations, and bytes that are free now.
    """
    folder, count, size = holdings()
    for entry in folder.iterdir():
        shutil.rmtree(entry, ignore_errors=True)
    return count, size


def _outside(exploration: "Exploration", given: Sequence[Path]) -> list[str]:
    """Recordings that are in none of the folders given, and were not fetched."""
    from dcase_explore.recordings.kept import origin_of

    paths = exploration.frame["path"].dropna() if "path" in exploration.frame else ()
    below = tuple(f"{folder}{os.sep}" for folder in given)
    return [path for path in paths if not path.startswith(below) and not origin_of(path)]


def _of(options: "Options") -> Iterator[Path]:
    """Folders of what is asked for, the newest first."""
    try:
        name = name_of(options)
        places = sorted(cache_folder(FOLDER).glob(f"{name}-*"), key=_shown_at, reverse=True) if name else []
    except ExploreError:  # a cache that cannot be written keeps nothing
        places = []
    yield from places


def _clear(but: Path) -> None:
    """Keep within bounds, and put away what killed runs left half written."""
    now, room = time.time(), MAX_BYTES
    clear_left(but.parent)
    for entry in sorted(but.parent.iterdir(), key=lambda each: (each != but, -_shown_at(each))):
        age = now - _shown_at(entry)
        if entry.name.startswith("."):
            if age > _HALF_WRITTEN_SECONDS:
                shutil.rmtree(entry, ignore_errors=True)
            continue
        room -= _size(entry)
        # Of one that was killed while it was replaced, some files are there.
        if entry != but and (room < 0 or age > MAX_DAYS * 86_400 or not (entry / ABOUT).exists()):
            shutil.rmtree(entry, ignore_errors=True)


def _shown_at(folder: Path) -> float:
    for path in (folder / ABOUT, folder):
        with contextlib.suppress(OSError):
            return path.stat().st_mtime
    return 0


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total
