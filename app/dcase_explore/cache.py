"""The folder where fetched, made and computed things are kept between runs, and how a file is written there."""

import atexit
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs

from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.temporary import Temporary

try:
    import fcntl
except ImportError:  # Windows, where what is open cannot be taken over anyway
    fcntl = None  # type: ignore[assignment]

VARIABLE = "DCASE_EXPLORE_CACHE"


def chosen_folder(variable: str, default: str) -> Path:
    """
    Folder that the environment names.

    Parameters
    ----------
    variable
        Of the environment; ``~`` in it is the user's home.
    default
        Folder where it is not set.

    Returns
    -------
    pathlib.Path
        Absolute; it may not be there.
    """
    chosen = os.path.expanduser(os.environ.get(variable, ""))  # noqa: PTH111 - Path("") would be the current folder
    return Path(os.path.abspath(chosen or default))  # noqa: PTH100 - links stay


def cache_folder(*parts: str) -> Path:
    """
    Folder below the user's cache, made when it is not there.

    Parameters
    ----------
    *parts
        Names of folders below ``$DCASE_EXPLORE_CACHE`` or the platform's cache folder.

    Returns
    -------
    pathlib.Path
        An existing folder that can be written to.

    Raises
    ------
    ExploreError
        When it cannot be made or written.
    """
    folder = chosen_folder(VARIABLE, platformdirs.user_cache_dir("dcase-explore")).joinpath(*parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error.strerror or "not a folder") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(folder, "no write permission")
    return folder


def make_do() -> None:
    """Where the cache cannot be written, which is said, use a folder that ends with this program."""
    try:
        cache_folder()
    except ExploreError as reason:
        temporary = Temporary()
        atexit.register(temporary.close)
        os.environ[VARIABLE] = str(temporary.path)  # for the processes that are started as well
        note(f"{reason}; until then nothing is kept for the next time")


def write_atomically(path: Path, content: bytes) -> None:
    """
    Write a file whole or not at all.

    Parameters
    ----------
    path
        Its folder is made when it is not there.
    content
        What it will hold.

    Raises
    ------
    OSError
        When the disk is full or cannot be written; nothing is left behind then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with in_the_making(path) as temporary:
        temporary.write_bytes(content)
        if path.exists():
            temporary.chmod(path.stat().st_mode)
        os.replace(temporary, path)  # noqa: PTH105


@contextmanager
def in_the_making(path: Path, *, folder: bool = False) -> Iterator[Path]:
    """
    Have a place for what is to become a file or folder.

    Its name is always the same, so that what a killed run left there is taken over by the next one; a lock, which ends
    with its process, tells that from what another run is still writing.

    Parameters
    ----------
    path
        What it shall become; its folder is there.
    folder
        Whether that is a folder.

    Yields
    ------
    pathlib.Path
        Beside it: a file, or an empty folder; to be moved, or gone afterwards.
    """
    part = path.with_name(f".{path.name[:80]}.part")
    lock = _claimed(part, folder)
    if lock is None:
        part = path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}")
        part.mkdir() if folder else part.touch(exist_ok=False)
    try:
        yield part
    finally:
        if lock is None or _is_at(lock, part):
            shutil.rmtree(part, ignore_errors=True) if folder else part.unlink(missing_ok=True)
        if lock is not None:
            os.close(lock)


def clear_left(folder: Path) -> None:
    """
    Clear away the folders that killed runs left half made; those that are being made stay.

    Parameters
    ----------
    folder
        Where they are.
    """
    for part in folder.glob(".*.part"):
        lock = _claimed(part, folder=True)
        if lock is not None:
            with suppress(OSError):
                part.rmdir()
            os.close(lock)


def _claimed(part: Path, folder: bool) -> int | None:
    """Lock on an empty place; None where somebody else is writing there, or nothing can be locked."""
    if fcntl is None:
        return None
    lock, made = None, False
    try:
        if folder:
            made = not part.exists()
            part.mkdir(exist_ok=True)
        kind = os.O_DIRECTORY if folder else os.O_RDWR | os.O_CREAT
        lock = os.open(part, kind | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status = os.fstat(lock)
        # Others may have moved or removed it since; a link to it would be somebody's trick.
        if _is_at(lock, part) and (folder or (stat.S_ISREG(status.st_mode) and status.st_nlink == 1)):
            if folder:
                for left in part.iterdir():
                    shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
            else:
                os.ftruncate(lock, 0)
            return lock
    except OSError:
        pass
    except BaseException:  # an interrupt: nothing was written yet
        if made:
            with suppress(OSError):
                part.rmdir()
        raise
    if lock is not None:
        os.close(lock)
    return None


def _is_at(lock: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), path.lstat())
    except FileNotFoundError:
        return False


def _unwritable(folder: Path, reason: str) -> ExploreError:
    return ExploreError(
        f"the cache folder {folder} cannot be written ({reason}): set {VARIABLE} to a folder that can, "
        f"as in {VARIABLE}=/tmp/dcase-explore dcase-explore …"
    )
