"""Finds layouts: the curated ones and those of the user's own library by name, others by file."""

import os
import stat
from itertools import islice
from pathlib import Path

from dcase_explore.errors import ExploreError, meant
from dcase_explore.layouts.checking import problems
from dcase_explore.layouts.curated import curated_folder, curated_names
from dcase_explore.layouts.library import library_folder, library_names
from dcase_explore.layouts.normal import normal
from dcase_explore.layouts.older import in_todays_words
from dcase_explore.layouts.text import MAX_BYTES, parse
from dcase_explore.layouts.vocabulary import Node
from dcase_explore.messages import note
from dcase_explore.regular import open_regular
from dcase_explore.streams import plain

MAX_PROBLEMS = 50
"""Said of one file."""


def find_layout(name_or_file: str) -> Path:
    """
    Find the file of a layout.

    Parameters
    ----------
    name_or_file
        A curated name, a name from the user's library, or the path of a file saved from Spotlight's page. Never a URL.

    Returns
    -------
    pathlib.Path
        An existing file.

    Raises
    ------
    ExploreError
        Nothing of that name, with the nearest names.
    """
    if name_or_file in curated_names():
        return curated_folder() / f"{name_or_file}.json"
    kept = library_names()
    if name_or_file in kept:
        return library_folder() / f"{name_or_file}.json"
    path = Path(os.path.expanduser(name_or_file))  # noqa: PTH111 - Path.expanduser raises for an unknown user
    try:
        found = stat.S_ISREG(path.stat().st_mode)  # a pipe would be waited for
    except PermissionError as error:
        raise ExploreError(f"{plain(name_or_file)} cannot be read ({error.strerror})") from error
    except (OSError, ValueError):  # not there, a loop of links, too long, with a zero byte
        found = False
    if not found:
        shown = plain(name_or_file if len(name_or_file) <= 200 else f"{name_or_file[:197]}...")
        if name_or_file and os.path.exists(path):  # noqa: PTH110 - no error for a zero byte
            open_regular(path, f"layout {shown}").close()  # says what it is
        raise ExploreError(
            f"there is no layout {shown}, by name or as a file: {meant(shown, [*curated_names(), *kept])}"
        )
    return path


def read_layout(name_or_file: str, *, quiet: bool = False) -> Node:
    """
    Find a layout, check it and bring it into its normal form.

    Parameters
    ----------
    name_or_file
        As in `find_layout`.
    quiet
        Whether what looks different from what was saved is not said: where it is read again later.

    Returns
    -------
    dict
        The layout's root node.

    Raises
    ------
    ExploreError
        Unknown name, unreadable file, or anything in it that the page does not know or must not show.
    """
    layout, found = examine(name_or_file, quiet=quiet)
    if found:
        more = len(found) - 1
        others = f" ({more:,} more: dcase-explore layouts check {plain(name_or_file)})" if more else ""
        raise ExploreError(f"{plain(str(find_layout(name_or_file)))}: {found[0]}{others}")
    return layout


def examine(name_or_file: str, *, quiet: bool = False) -> tuple[Node, list[str]]:
    """
    Find a layout and everything in it that the page does not know or must not show.

    Parameters
    ----------
    name_or_file
        As in `find_layout`.
    quiet
        As in `read_layout`.

    Returns
    -------
    layout : dict
        Root node; in its normal form where there are no problems.
    problems : list of str
        Place and what is wrong there, each; the first 50.

    Raises
    ------
    ExploreError
        Unknown name, unreadable file, no layout at all.
    """
    path = find_layout(name_or_file)
    layout, changes = in_todays_words(_parse(path))
    found = list(islice(problems(layout), MAX_PROBLEMS))
    if found:
        return layout, found
    if changes and not quiet:
        note(f"{path}: {'; '.join(changes)}")
    return normal(layout), []


def _parse(path: Path) -> Node:
    name = plain(str(path))
    try:
        with open_regular(path, name) as file:
            return parse(file.read(MAX_BYTES + 1), name)
    except OSError as error:
        raise ExploreError(f"{name} cannot be read ({error.strerror})") from error
