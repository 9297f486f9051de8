"""
How an exported table refers to recordings that are not in it, on this machine and on any other.

A file is referred to by its path from the table's folder, with ``/`` between parts; a recording that is fetched when it
is played by ``origin:<name>/<clip_id>``, its origin being kept once by that name. Where all clips of a table have one
origin, their identities say it all, and there are no references.
"""

import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dcase_explore.clip_names import RECORDINGS
from dcase_explore.columns import SPLITS
from dcase_explore.messages import counted, note
from dcase_explore.recordings import embedded
from dcase_explore.recordings.kept import Origin, origin_of, place

MAX_ORIGINS = 32
"""Each has a folder in the cache; three configs and as many exports are a lot."""
ORIGIN = "origin:"
_REPOSITORY, _COMMIT = re.compile(r"\w[\w.-]*/\w[\w.-]*"), re.compile(r"[0-9a-f]{40}")


def refer(
    paths: Sequence[str | None], clip_ids: Iterable[str], folder: Path
) -> tuple[list[str | None] | None, dict[str, Origin]]:
    """
    Write down where recordings are.

    Parameters
    ----------
    paths, clip_ids
        Of each clip.
    folder
        Of the table; it need not be there yet.

    Returns
    -------
    references : list of str or None, or None
        One for each clip; None where identities say it all.
    origins : dict
        By name; without paths of this machine.
    """
    real: dict[str, str] = {}
    start = os.path.realpath(folder)
    references: list[str | None] = []
    origins: dict[str, Origin] = {}
    for path in paths:
        if path is None:
            references.append(None)
            continue
        origin, (above, file) = origin_of(path), os.path.split(path)
        if origin is None:
            # Of the folder alone: the file itself may be a link to one whose name says nothing.
            above = real.get(above) or real.setdefault(above, os.path.realpath(above))
            references.append(Path(os.path.relpath(os.path.join(above, file), start)).as_posix())  # noqa: PTH118
            continue
        name = Path(path).parts[-3]
        references.append(f"{ORIGIN}{name}/{'/'.join(Path(path).parts[-2:])}")
        if name not in origins and origin["kind"] == "embedded":
            other = os.path.relpath(os.path.realpath(origin["folder"]), start)
            origins[name] = {"kind": "embedded", "folder": Path(other).as_posix()}
        origins.setdefault(name, dict(origin))
    if len(origins) == 1:
        (name,) = origins
        if references == [f"{ORIGIN}{name}/{clip_id}" for clip_id in clip_ids]:
            return None, origins
    return references, origins


def resolve(
    references: Sequence[str | None] | None, clip_ids: Sequence[str], origins: Mapping[str, Any], folder: Path
) -> list[str | None]:
    """
    Find recordings again.

    Parameters
    ----------
    references
        As `refer` wrote them; paths that another program wrote will do. None where there are none.
    clip_ids
        Of each clip.
    origins
        As `refer` wrote them, or whatever stands in their place: they are not trusted.
    folder
        Of the table.

    Returns
    -------
    list of str or None
        Absolute path of each clip's recording; None where there is none. Directories, devices and files that do not end
        as recordings do are none.

    Raises
    ------
    ExploreError
        When the cache cannot be written.
    """
    start = os.path.realpath(folder)
    if len(origins) > MAX_ORIGINS:
        note(f"the table takes recordings from {len(origins):,} places: only the first {MAX_ORIGINS} are looked at")
        origins = dict(list(origins.items())[:MAX_ORIGINS])
    places = {name: below for name, origin in origins.items() if (below := _place_of(origin, start)) is not None}
    if lost := [name for name in origins if name not in places]:
        note(f"recordings that the table takes from {lost[0]!r} cannot be found: shown without sound")
    if references is None:
        if len(places) != 1:
            return [None] * len(clip_ids)
        return in_place(next(iter(places.values())), clip_ids)
    found: list[str | None] = []
    for reference in references:
        if reference is None:
            found.append(None)
        elif reference.startswith(ORIGIN):
            name, _, clip_id = reference.removeprefix(ORIGIN).partition("/")
            found.append(f"{places[name]}/{clip_id}" if name in places and is_safe(clip_id) else None)
        else:
            found.append(_file(os.path.normpath(os.path.join(start, reference))))  # noqa: PTH118
    return found


def in_place(below: Path, clip_ids: Iterable[str]) -> list[str | None]:
    """
    Where recordings of one origin are, or will be.

    Parameters
    ----------
    below
        As `dcase_explore.recordings.kept.place` made it.
    clip_ids
        Of each clip.

    Returns
    -------
    list of str or None
        None for an identity that would lead elsewhere, which is said.
    """
    clip_ids = list(clip_ids)
    unsafe = [clip_id for clip_id in clip_ids if not is_safe(clip_id)]
    if unsafe:
        what = f"{unsafe[0]!r} is not train/ or test/ and the name of a file"
        note(f"{counted(len(unsafe), 'clip')} without sound, for {what}")
    return [f"{below}/{clip_id}" if is_safe(clip_id) else None for clip_id in clip_ids]


def is_safe(clip_id: object) -> bool:
    """Whether an identity is a split and the name of a file, which lead nowhere but into their own folder."""
    split, _, name = clip_id.partition("/") if isinstance(clip_id, str) else ("", "", "")
    fits = 0 < len(os.fsencode(name)) <= 255 if name.isprintable() else False
    return split in SPLITS and fits and "/" not in name and name not in (".", "..")


def _file(path: str) -> str | None:
    if not path.lower().endswith(RECORDINGS):
        return None
    try:
        return path if stat.S_ISREG(os.stat(path).st_mode) or origin_of(path) else None  # noqa: PTH116
    except OSError:
        return path if origin_of(path) else None
    except ValueError:  # a NUL
        return None


def _place_of(origin: object, start: str) -> Path | None:
    """Folder of an origin's recordings, if it is one that this program would make."""
    if not isinstance(origin, Mapping) or not all(isinstance(value, str) for value in origin.values()):
        return None
    if origin.get("kind") == "embedded" and origin.get("folder"):
        dataset = Path(os.path.normpath(os.path.join(start, origin["folder"])))  # noqa: PTH118
        return place(*embedded.origin_in(dataset)) if embedded.shards(dataset) else None
    from dcase_explore.hub.repository import Repository
    from dcase_explore.recordings import records
    from dcase_explore.recordings.record_zips import ZIPS

    repository, commit, config = (origin.get(name, "") for name in ("repository", "commit", "config"))
    if origin.get("kind") != "hub" or config not in ZIPS:
        return None
    if not _REPOSITORY.fullmatch(repository) or not _COMMIT.fullmatch(commit):
        return None
    # The folder's name is made anew, so that nobody's table puts its sounds in another repository's place.
    return place(*records.origin_in(Repository(repository, commit), config))
