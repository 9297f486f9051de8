"""Finds layouts: the curated ones by name, others by file."""

import json
import os
from pathlib import Path

from dcase_explore.errors import ExploreError, meant
from dcase_explore.layouts.checking import check
from dcase_explore.layouts.vocabulary import Node

MAX_FILE_BYTES = 2**20


def curated_folder() -> Path:
    """Folder of the curated layouts: inside an installed wheel, at the top level of a checkout."""
    inside = Path(__file__).parents[1] / "curated_layouts"
    return inside if inside.is_dir() else Path(__file__).parents[3] / "layouts"


def curated_names() -> list[str]:
    """Names of the curated layouts, sorted."""
    return sorted(path.stem for path in curated_folder().glob("*.json"))


def read_layout(name_or_file: str) -> Node:
    """
    Find a layout and check it.

    Parameters
    ----------
    name_or_file
        A curated name, or the path of a file saved from Spotlight's page. Never a URL.

    Returns
    -------
    dict
        The layout's root node.

    Raises
    ------
    ExploreError
        Unknown name, unreadable file, or anything in it that the page does not know or must not show.
    """
    if name_or_file in curated_names():
        path = curated_folder() / f"{name_or_file}.json"
    else:
        path = Path(os.path.expanduser(name_or_file))  # noqa: PTH111 - Path.expanduser raises for an unknown user
        if not path.is_file():
            raise ExploreError(
                f"there is no layout {name_or_file}, by name or as a file: {meant(name_or_file, curated_names())}"
            )
    layout = _parse(path)
    check(layout, str(path))
    return layout


def _parse(path: Path) -> Node:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ExploreError(f"{path} is {size / 2**20:.1f} MB, a layout has at most {MAX_FILE_BYTES // 2**20} MB")
        layout = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:  # not UTF-8, not JSON, a number of thousands of digits
        raise ExploreError(f"{path} is not a JSON file ({error}): give a layout saved from the page") from error
    except RecursionError as error:
        raise ExploreError(f"{path} is nested too deeply to be a layout") from error
    except OSError as error:
        raise ExploreError(f"{path} cannot be read ({error.strerror})") from error
    if not isinstance(layout, dict) or "children" not in layout:
        raise ExploreError(f"{path} is no layout: it has no children at its top")
    return layout
