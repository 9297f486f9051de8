"""Files that are read are regular files: what waits for ever or never ends is refused before it is opened."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from dcase_explore.errors import ExploreError

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_regular(path: str | Path, where: str | None = None) -> BinaryIO:
    """
    Open a file to read, if it is one.

    Parameters
    ----------
    path
        Of the file; links are followed.
    where
        What an error calls it; None for the path.

    Returns
    -------
    file object
        Binary, at its start.

    Raises
    ------
    ExploreError
        When it is a folder, a pipe, a socket or a device, by its type alone, or cannot be opened.
    """
    where = where or str(path)
    try:
        _refuse_others(os.stat(path).st_mode, where)  # noqa: PTH116 - a str will do
        # Not to wait, should it have become a pipe since.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:  # a ValueError is a NUL in the path
        # Some systems refuse to open what is no file before it can be looked at.
        reason = error.strerror if isinstance(error, OSError) and error.errno != errno.ENXIO else "no file"
        raise ExploreError(f"{where}: cannot be read ({reason or error})") from error
    file = os.fdopen(handle, "rb")
    try:
        _refuse_others(os.fstat(handle).st_mode, where)
    except BaseException:
        file.close()
        raise
    return file


def _refuse_others(mode: int, where: str) -> None:
    if not stat.S_ISREG(mode):
        kind = next((kind for is_kind, kind in _KINDS if is_kind(mode)), "something else")
        raise ExploreError(f"{where}: is {kind}, not a file")
