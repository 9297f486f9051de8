"""Folders among the system's temporary things: gone with what they are for, or, if that was killed, with the next."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where what was killed is left to the system
    fcntl = None  # type: ignore[assignment]

_NAME = re.compile(r"dcase-explore\.[a-z0-9_]{8}\.tmp")


class Temporary:
    """
    A folder that is held, until it is closed or this process ends, whichever way.

    Attributes
    ----------
    path
        Of the folder, which nobody else may read.

    Raises
    ------
    OSError
        When none can be made.
    """

    def __init__(self) -> None:
        _clear_left()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix="dcase-explore.", suffix=".tmp"))
            self._lock = _locked(self.path)
            if fcntl is None or (self._lock is not None and self.path.exists()):
                break  # otherwise another run took it for one that was left

    def close(self) -> None:
        """Remove it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """
    Have a folder for a while.

    Yields
    ------
    pathlib.Path
        Which is gone afterwards.
    """
    folder = Temporary()
    try:
        yield folder.path
    finally:
        folder.close()


def _locked(folder: Path) -> int | None:
    """Lock on a folder; None where another process has it, or nothing can be locked."""
    if fcntl is None:
        return None
    lock = None
    try:
        lock = os.open(folder, os.O_DIRECTORY | os.O_NOFOLLOW)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if lock is not None:
            os.close(lock)
        return None
    return lock


def _clear_left() -> None:
    """Remove what killed runs of this user left."""
    if fcntl is None:
        return
    with suppress(OSError):
        for entry in list(os.scandir(tempfile.gettempdir())):
            if not _NAME.fullmatch(entry.name) or entry.stat(follow_symlinks=False).st_uid != os.getuid():
                continue
            lock = _locked(Path(entry.path))
            if lock is not None:
                shutil.rmtree(entry.path, ignore_errors=True)
                os.close(lock)
