"""The text of a layout file: read without trusting it, written the same for the same view."""

import json
import math
from typing import Any

from dcase_explore.errors import ExploreError
from dcase_explore.layouts.vocabulary import Node
from dcase_explore.messages import plain

MAX_BYTES = 2**20
MAX_DEPTH = 32
"""Levels of JSON; the page's own layouts have about a dozen."""
MAX_VALUES = 20_000
"""Values of all levels; the page's own layouts have hundreds."""


def parse(content: bytes, name: str) -> Node:
    """
    Read a layout file's text.

    Parameters
    ----------
    content
        UTF-8, with or without a byte order mark.
    name
        Of the file, for the sentence.

    Returns
    -------
    dict
        The root node; nothing in it is checked yet.

    Raises
    ------
    ExploreError
        Too large, too deep, no JSON, or JSON that programs read differently: a key twice, NaN, half a character.
    """
    if len(content) > MAX_BYTES:
        raise ExploreError(f"{name} is more than {MAX_BYTES // 2**20} MB, the most that a layout has")
    try:
        layout = json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_no_number,
            parse_float=_finite,
        )
        json.dumps(layout, ensure_ascii=False).encode()
    except ValueError as error:  # not UTF-8, not JSON, a number of thousands of digits
        raise ExploreError(f"{name} is not a JSON file ({error}): give a layout saved from the page") from error
    except RecursionError as error:
        raise ExploreError(f"{name} is nested too deeply to be a layout") from error
    if not isinstance(layout, dict) or "children" not in layout:
        raise ExploreError(f"{name} is no layout: it has no children at its top")
    _check_size(layout, name)
    return layout


def as_bytes(layout: Node) -> bytes:
    """
    Text of a layout file: sorted and indented, so that what differs between two versions is what was changed.

    Parameters
    ----------
    layout
        Root node in its normal form.

    Returns
    -------
    bytes
        UTF-8 with a line feed at its end.
    """
    return (json.dumps(layout, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


def _without_duplicates(pairs: list[tuple[str, Any]]) -> Node:
    node: Node = {}
    for key, value in pairs:
        if key in node:
            raise ValueError(f"the key {plain(key[:80])} stands twice in one object")
        node[key] = value
    return node


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _check_size(layout: Node, name: str) -> None:
    level: list[Any] = [layout]
    count = 0
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        count += len(level)
        if count > MAX_VALUES:
            raise ExploreError(f"{name} holds more than {MAX_VALUES:,} values, the most that a layout has")
        if not level:
            return
    raise ExploreError(f"{name} is nested deeper than {MAX_DEPTH} levels, which no layout is")
