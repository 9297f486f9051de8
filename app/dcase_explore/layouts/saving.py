"""The file into which a page's arrangement is saved, again and again while the page is arranged."""

import hashlib
import os
import threading
from pathlib import Path

from dcase_explore.cache import cache_folder, write_atomically
from dcase_explore.errors import ExploreError
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.layouts.checking import check
from dcase_explore.layouts.library import LAST, library_folder
from dcase_explore.layouts.older import in_todays_words
from dcase_explore.layouts.text import MAX_BYTES, as_bytes, parse
from dcase_explore.layouts.vocabulary import Node
from dcase_explore.messages import note
from dcase_explore.regular import open_regular


class SavedFile:
    """
    A layout file of which this program writes the newest version.

    What another program wrote there meanwhile is not overwritten: then a file beside it is taken, and that is said.

    Parameters
    ----------
    path
        File; its folder is made when it is first written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known = self._content()
        self._lock = threading.Lock()  # the page and the end of the program may write at once

    def write(self, layout: Node) -> None:
        """
        Write the file whole, or leave it as it was.

        Parameters
        ----------
        layout
            Root node in its normal form.

        Raises
        ------
        ExploreError
            When it cannot be written: a full disk, a read-only folder.
        """
        with self._lock:
            self._write(as_bytes(layout))

    def _write(self, content: bytes) -> None:
        if content == self._content():
            self._known = content
            return
        from filelock import FileLock

        digest = hashlib.sha256(os.fsencode(self.path.parent)).hexdigest()[:16]
        wanted, number = self.path, 2
        try:
            with FileLock(cache_folder("locks") / f"{digest}.lock"):
                while self._content() not in (None, self._known):
                    self.path, self._known = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}"), None
                    number += 1
                write_atomically(self.path, content)
        except OSError as error:
            raise ExploreError(
                f"the layout cannot be saved to {self.path} ({error.strerror or error}): choose another file"
            ) from error
        self._known = content
        if self.path != wanted:
            note(f"another program has changed {wanted}: this page's layout is saved to {self.path} instead")

    def _content(self) -> bytes | None:
        if not self.path.exists():
            return None
        with open_regular(self.path) as file:
            return file.read(MAX_BYTES + 1)


def file_to_save(name: str) -> SavedFile:
    """
    Look at the file that a layout shall be saved to, before anything else is done.

    Parameters
    ----------
    name
        Path; an existing file is replaced if it is a layout.

    Returns
    -------
    SavedFile
        Not written yet.

    Raises
    ------
    ExploreError
        A URL, a folder, a file that is no layout, a folder that is not there or cannot be written.
    """
    path = Path(os.path.expanduser(name))  # noqa: PTH111 - Path.expanduser raises for an unknown user
    instead = "choose a file such as my-layout.json"
    if not name or "://" in name or "\0" in name:
        raise ExploreError(f"{name!r} is no file to save a layout to: {instead}")
    try:
        if path.is_dir():
            raise ExploreError(f"{path} is a folder: {instead}")
        if path.exists():
            if not _is_layout(path):
                raise ExploreError(f"{path} is no layout and would be lost: {instead}")
        elif not path.parent.is_dir():
            raise ExploreError(f"there is no folder {path.parent} to save {path.name} to: make it, or {instead}")
        if not os.access(path if path.exists() else path.parent, os.W_OK) or not os.access(path.parent, os.W_OK):
            raise ExploreError(f"{path} cannot be written (no write permission): {instead}")
        return SavedFile(path.resolve())  # what a link leads to, rather than the link
    except RuntimeError as error:  # of Python before 3.13
        raise ExploreError(f"{path} cannot be written (it is a link that leads to itself): {instead}") from error
    except OSError as error:
        raise ExploreError(f"{path} cannot be written ({error.strerror}): {instead}") from error


def _is_layout(path: Path) -> bool:
    try:
        with open_regular(path) as file:
            layout, _ = in_todays_words(parse(file.read(MAX_BYTES + 1), str(path)))
        check(layout, str(path))
    except ExploreError:
        return False
    return True


class Saving:
    """
    Keeps what a page is arranged to: in the file asked for, otherwise in the user's library as ``last``.

    Every change is written at once, so that nothing is lost however the program ends.

    Parameters
    ----------
    arrangement
        Layout of the page.
    file
        Where it is wanted; None for the library.
    """

    def __init__(self, arrangement: Arrangement, file: SavedFile | None) -> None:
        self._arrangement = arrangement
        self._wanted = file
        self._file = file or SavedFile(library_folder() / f"{LAST}.json")
        self._refusal, self._kept = "", False
        arrangement.on_change = self._keep

    def finish(self) -> None:
        """
        Write what was not written yet, and say where it is.

        Raises
        ------
        ExploreError
            When the file asked for cannot be written.
        """
        if self._wanted:
            self._wanted.write(self._arrangement.layout())
            note(f"layout saved to {self._wanted.path}")
        elif self._arrangement.changed and not self._refusal:
            note(
                f"what you arranged in the page is kept as --layout {self._file.path.stem} until you arrange another "
                f"one: dcase-explore layouts save {self._file.path.stem} NAME keeps it for good"
            )

    def _keep(self) -> None:
        if not self._wanted and not self._arrangement.changed and not self._kept:
            return
        try:
            self._file.write(self._arrangement.layout())
            self._refusal, self._kept = "", True
        except ExploreError as refusal:
            if str(refusal) != self._refusal:
                note(f"{refusal}{'' if self._wanted else ', with --save-layout FILE'}")
            self._refusal = str(refusal)
