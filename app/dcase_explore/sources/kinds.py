"""What a kind of source is: how it is told from others, what it reads, and what it saw where it could read nothing."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from dcase_explore.credits import Credit
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note

MAX_DEPTH = 10
"""Levels of folders that are looked into, the one given included: ASDKit's results have nine."""
MAX_FOLDERS = 100_000
"""Folders below which it is no data set that was meant but somebody's whole disk."""


@dataclass(frozen=True)
class Source:
    """
    What one or several `--data` specs brought.

    Attributes
    ----------
    frame
        Clip table.
    title
        What people see as its name.
    credits
        Whose data these are, where that is known.
    models
        Folder that each model's scores are from, where they are from one.
    made
        By column: what made it, where `enrich` wrote that.
    """

    frame: pd.DataFrame = field(repr=False)
    title: str
    credits: tuple[Credit, ...] = ()
    models: Mapping[str, Path] = field(default_factory=dict, repr=False)
    made: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Folder:
    """
    One folder of a tree.

    Attributes
    ----------
    path
        Absolute; by links as they were followed.
    files
        Names of its files, sorted; hidden ones, and a Mac's about files, are left out.
    """

    path: Path
    files: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """
    A `--data` spec as it was given.

    Attributes
    ----------
    spec
        Text.
    configs
        Of the hub's data.
    shown
        What to call the path instead of by itself, where it is unpacked from something else.
    """

    spec: str
    configs: Sequence[str] = ()
    shown: str | None = None

    @cached_property
    def path(self) -> Path:
        """Absolute path that the spec means; not resolved: a linked folder goes by the link's name."""
        return Path(os.path.abspath(os.path.expanduser(self.spec)))  # noqa: PTH100, PTH111 - no error for unknown users

    @property
    def title(self) -> str:
        """Name of the folder or file."""
        return Path(self.shown).name if self.shown else self.path.name

    def called(self, path: Path) -> str:
        """A path below this one, as people know it."""
        return str(path).replace(str(self.path), self.shown, 1) if self.shown else str(path)

    @cached_property
    def folders(self) -> list[Folder]:
        """The folder given and those below it, nearest first; links are followed, each folder is visited once."""
        return list(_walk(self.path)) if self.path.is_dir() else []

    def files(self, *endings: str) -> list[Path]:
        """Files below it by the ends of their names, in lower case."""
        return [
            folder.path / name for folder in self.folders for name in folder.files if name.lower().endswith(endings)
        ]


def _walk(start: Path) -> Iterable[Folder]:
    seen: set[str] = set()
    level = [start]
    for depth in range(MAX_DEPTH):
        below: list[Path] = []
        # Links last: a folder goes by its own name, not by that of a link to it.
        for path in sorted(level, key=lambda folder: (folder.is_symlink(), folder)):
            real = os.path.realpath(path)
            if real in seen:
                continue
            seen.add(real)
            if len(seen) > MAX_FOLDERS:
                raise ExploreError(f"{start} holds more than {MAX_FOLDERS:,} folders: give that of the data")
            try:
                with os.scandir(path) as entries:
                    inside = sorted(
                        (entry.name, _is_folder(entry))
                        for entry in entries
                        if entry.name[0] != "." and entry.name != "__MACOSX"
                    )
            except OSError as error:
                if depth == 0:
                    raise ExploreError(f"{path} cannot be read ({error.strerror})") from error
                note(f"{path}: left out, for it cannot be read ({error.strerror})")
                continue
            below += [path / name for name, is_folder in inside if is_folder]
            yield Folder(path, tuple(name for name, is_folder in inside if not is_folder))
        level = below


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links: no reason to lose what lies beside it
        return False


@dataclass(frozen=True)
class Seen:
    """
    What of its kind a source saw in a folder.

    Attributes
    ----------
    what
        ``"36 recordings, in folders a and b"``.
    how
        What to do so that they can be read.
    """

    what: str
    how: str


@dataclass(frozen=True)
class Kind:
    """
    A kind of source.

    Attributes
    ----------
    name
        What people have.
    looks
        How it looks: a spec, or names of folders and files.
    typed
        What they type after ``dcase-explore``.
    recognises
        Whether a spec is of this kind.
    reads
        Reads one that is.
    saw
        What of its kind lies in a folder, readable or not; None where there is nothing.
    lists
        Whether it lists the recordings beside it, which are then not another source.
    """

    name: str
    looks: str
    typed: str
    recognises: Callable[[Asked], bool]
    reads: Callable[[Asked], Source]
    saw: Callable[[Asked], Seen | None] = lambda _: None
    lists: bool = False
