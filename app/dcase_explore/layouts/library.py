"""The user's own layouts by name, kept as files in one folder."""

import re
from pathlib import Path

import platformdirs

from dcase_explore.cache import chosen_folder, write_atomically
from dcase_explore.errors import ExploreError
from dcase_explore.layouts.curated import curated_names
from dcase_explore.layouts.text import as_bytes
from dcase_explore.layouts.vocabulary import Node

VARIABLE = "DCASE_EXPLORE_LAYOUTS"
LAST = "last"
"""Name under which a page's arrangement is kept that was not saved otherwise."""

_NAME = re.compile(r"\w[\w. -]{0,63}")


def library_folder() -> Path:
    """``$DCASE_EXPLORE_LAYOUTS`` or a folder of the user's settings; it may not be there yet."""
    return chosen_folder(VARIABLE, str(Path(platformdirs.user_config_dir("dcase-explore")) / "layouts"))


def library_names() -> list[str]:
    """Names of the user's own layouts, sorted."""
    try:
        files = [path for path in library_folder().glob("*.json") if path.is_file() and not path.name.startswith(".")]
    except OSError:
        return []
    return sorted({path.stem for path in files} - set(curated_names()))


def keep(layout: Node, name: str, *, replace: bool = False) -> Path:
    """
    Keep a layout in the library.

    Parameters
    ----------
    layout
        Root node in its normal form.
    name
        Letters, digits, ``.``, ``-``, ``_`` and spaces.
    replace
        Whether to replace another layout of that name.

    Returns
    -------
    pathlib.Path
        The file, written whole.

    Raises
    ------
    ExploreError
        A name that cannot be had, one that is taken, a library that cannot be written.
    """
    from filelock import FileLock  # late: it costs as much as all else here, and a layout is opened without it

    if not _NAME.fullmatch(name) or name.endswith(".json"):
        raise ExploreError(
            f"a layout cannot be called {name[:80]!r}: take up to 64 letters, digits, '-', '_', '.' or spaces, "
            "and no .json at the end"
        )
    if name in curated_names() or name == LAST:
        raise ExploreError(f"the name {name} is taken by the program: take another one, as in my-{name}")
    path = library_folder() / f"{name}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.parent / ".lock"):  # two programs that save at once: the second one is told
            if path.exists() and not replace:
                raise ExploreError(f"there is a layout {name} already, in {path}: take another name, or add --replace")
            write_atomically(path, as_bytes(layout))
    except OSError as error:
        raise ExploreError(
            f"the layout cannot be kept in {path.parent} ({error.strerror or error}): set {VARIABLE} to a folder that "
            "can be written"
        ) from error
    return path
