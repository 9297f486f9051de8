"""
What a stored exploration was made of: if that has not changed, neither would the exploration.

Options and versions name it; size, times and inode of every file that was read tell whether it is as it was.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from dcase_explore.cache import cache_folder
from dcase_explore.notes import NAME
from dcase_explore.options import Options, RowOptions

_NAMED = ("hub", "demo")


@dataclass(frozen=True)
class Stamp:
    """
    State of many files at a time.

    Attributes
    ----------
    digest
        Of paths, sizes, times and inodes.
    files
        How many there are.
    """

    digest: str
    files: int


def name_of(options: Options) -> str | None:
    """
    Name of what is asked for, whatever the files hold.

    Parameters
    ----------
    options
        Those of the layout play no part, for any layout can be shown of it.

    Returns
    -------
    str or None
        None where tables or arrays at hand are among them, which nothing but their content names.
    """
    asked = {one.name: getattr(options, one.name) for one in fields(RowOptions)}
    plain = [*asked["data"], *_values(asked["scores"]), *_values(asked["embeddings"])]
    if not all(isinstance(value, str | Path) for value in plain):
        return None
    # A relative path means another file elsewhere; a cache that moves takes its recordings' paths with it.
    text = json.dumps([asked, str(Path.cwd()), str(cache_folder()), _program()], sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=10).hexdigest()


def stamp_of(options: Options, outside: Iterable[str] = ()) -> Stamp:
    """
    State of all files that are read for it.

    Parameters
    ----------
    options
        What is asked for.
    outside
        Recordings that are in none of the folders given.

    Returns
    -------
    Stamp
        Of the hub's data, of those that are on this machine.
    """
    total, count = hashlib.blake2b(digest_size=10), 0
    for line in _lines(options, outside):
        total.update(line.encode(errors="surrogatepass") + b"\n")
        count += 1
    return Stamp(total.hexdigest(), count)


def folders_of(options: Options) -> list[Path]:
    """Files and folders that options name."""
    specs = [str(spec) for spec in options.data if not _is_named(str(spec))]
    given = [*specs, *map(str, _values(options.scores)), *map(str, _values(options.embeddings))]
    given += [str(options.ground_truth)] if options.ground_truth else []
    return [Path(os.path.abspath(os.path.expanduser(path))) for path in given]  # noqa: PTH100, PTH111 - links stay


def _lines(options: Options, outside: Iterable[str]) -> Iterator[str]:
    for spec in options.data:
        if _is_named(str(spec)) and spec != "demo":
            from dcase_explore.hub.repository import kept_repository

            repository = kept_repository(str(spec))
            yield f"{spec} {repository.commit if repository else None}"
            if repository:
                yield from (state for _, state in _below(str(repository.folder / "files")))
    own = [Path(options.notes).expanduser().absolute()] if options.notes else []
    notes = {str(path) for file in own for path in (file, file.with_name(f".{file.name}.lock"))}
    for folder in folders_of(options):
        for path, state in _below(str(folder)):
            # Notes are read by the page itself; a file of them has a lock beside it, of a name like its own.
            if path not in notes and NAME not in path:
                yield state
    for path in sorted(outside):
        yield _state(path)


def _below(path: str) -> Iterator[tuple[str, str]]:
    """A file, or all files of a folder, each with its state, in an order that is always the same."""
    waiting, seen = [path], set()
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
                status = os.stat(folder)  # noqa: PTH116 - thousands of them
        except OSError:
            yield folder, _state(folder)
            continue
        if (status.st_dev, status.st_ino) in seen:  # a link that leads back
            continue
        seen.add((status.st_dev, status.st_ino))
        for entry in found:
            if entry.is_dir():
                waiting.append(entry.path)
            else:
                yield entry.path, _state(entry.path)


def _state(path: str) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return f"{path} -"
    return f"{path} {status.st_size} {status.st_mtime_ns} {status.st_ino}"


def _is_named(spec: str) -> bool:
    return spec in _NAMED or spec.startswith("hf://")


def _values(named: Mapping[str, Any]) -> Sequence[Any]:
    """Paths of all that is given by name; of one name there may be several."""
    return [one for value in named.values() for one in (value if isinstance(value, list | tuple) else [value])]


@cache
def _program() -> str:
    """Version of this program, by the files it consists of: a checkout changes without another version."""
    total = hashlib.blake2b(digest_size=10)
    for path, state in _below(str(Path(__file__).parents[1])):
        if path.endswith(".py"):
            total.update(state.encode(errors="surrogatepass"))
    return total.hexdigest()
