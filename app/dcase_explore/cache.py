"""The folder where fetched, made and computed things are kept between runs, and how a file is written there."""

import os
import secrets
from pathlib import Path

import platformdirs

from dcase_explore.errors import ExploreError

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
    temporary = path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
        if path.exists():
            temporary.chmod(path.stat().st_mode)
        os.replace(temporary, path)  # noqa: PTH105
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _unwritable(folder: Path, reason: str) -> ExploreError:
    return ExploreError(
        f"the cache folder {folder} cannot be written ({reason}): set {VARIABLE} to a folder that can, "
        f"as in {VARIABLE}=/tmp/dcase-explore dcase-explore …"
    )
