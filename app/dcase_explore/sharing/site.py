"""The files of a page without a program."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dcase_explore.cache import in_the_making
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, some
from dcase_explore.reporting.writing import in_words
from dcase_explore.sharing.card import card
from dcase_explore.sharing.page import write_page
from dcase_explore.sharing.table import write_table
from dcase_explore.view import View


@dataclass(frozen=True)
class Shared:
    """
    What was written.

    Attributes
    ----------
    files, bytes
        How many, and of all together.
    sounds
        Recordings among them.
    """

    files: int
    bytes: int
    sounds: int

    def __str__(self) -> str:
        return f"{counted(self.files, 'file')}, {counted(self.sounds, 'recording')}, {in_words(self.bytes)}"


def check_free(folder: Path) -> None:
    """
    Refuse a folder that is taken.

    Raises
    ------
    ExploreError
        With what is in the way.
    """
    parent = folder.absolute().parent
    if not parent.is_dir():
        raise ExploreError(f"there is no folder {parent}: mkdir -p {shlex.quote(str(parent))} makes it")
    if folder.exists() and not folder.is_dir():
        raise ExploreError(f"{folder} is a file: give a folder that is not there yet")
    inside = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if inside:
        raise ExploreError(f"{folder} holds other things ({some(inside)}): give a folder that is not there yet")


@contextmanager
def write_site(view: View, rows: Sequence[int], folder: Path) -> Iterator[Shared]:
    """
    Write the page's files, whole or not at all.

    Parameters
    ----------
    view
        What is shown.
    rows
        Positions in its table of the clips whose sounds are copied.
    folder
        Where; not there, or empty.

    Yields
    ------
    Shared
        All of it, before it is in its place: an error from here on leaves nothing.

    Raises
    ------
    ExploreError
        When it cannot be written.
    """
    folder = folder.absolute()
    try:
        with in_the_making(folder, folder=True) as unfinished:
            copied = write_page(view, rows, unfinished)
            write_table(view, copied, unfinished)
            (unfinished / "README.md").write_text(card(view, copied.count), encoding="utf-8", errors="replace")
            (unfinished / ".nojekyll").touch()  # GitHub Pages hands out all files then
            written = [path for path in unfinished.rglob("*") if path.is_file()]
            yield Shared(len(written), sum(path.stat().st_size for path in written), copied.count)
            if folder.exists():
                folder.rmdir()
            unfinished.rename(folder)
    except OSError as error:
        raise ExploreError(f"{folder} cannot be written ({error.strerror or error}): free some space") from error
