"""The text of a layout file: read without trusting it, written the same for the same view."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from dcase_explore.errors import ExploreError
from dcase_explore.layouts.vocabulary import Node
from dcase_explore.streams import plain

MAX_BYTES = 2**20
MAX_DEPTH = 32
"""Levels of JSON; the page's own layouts have about a dozen."""
MAX_TEXT = 1_000
"""Characters of one name or word; columns have dozens."""
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
    twice: list[tuple[Node, str]] = []

    def of_pairs(pairs: list[tuple[str, Any]]) -> Node:
        node = dict(pairs)
        if len(node) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice.append((node, next(key for key, count in counts.items() if count > 1)))
        return node

    try:
        layout = json.loads(
            content.decode("utf-8-sig"), object_pairs_hook=of_pairs, parse_constant=_Digits, parse_float=_number
        )
    except ValueError as error:  # not UTF-8, not JSON, a number of thousands of digits
        raise ExploreError(f"{name} is not a JSON file ({error}): give a layout saved from the page") from error
    except RecursionError as error:
        raise ExploreError(f"{name} is nested too deeply to be a layout") from error
    if not isinstance(layout, dict) or "children" not in layout:
        raise ExploreError(f"{name} is no layout: it has no children at its top")
    for fault in _faults(layout, {id(node): key for node, key in twice}):
        raise ExploreError(f"{name}: {fault}")
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


class _Digits(str):
    """What stands for a number, and is none that every program reads."""


def _number(digits: str) -> float | _Digits:
    number = float(digits)
    return number if math.isfinite(number) else _Digits(digits)


def _faults(layout: Node, twice: Mapping[int, str]) -> Iterator[str]:
    """Where programs would read a layout differently, or take long for it; keys that stand twice are by node's id."""
    level: list[tuple[str, Any]] = [("", layout)]
    count = 0
    for _ in range(MAX_DEPTH):
        for where, value in level:
            yield from _faults_of(value, where, twice)
        level = [inner for where, value in level for inner in _inside(value, where)]
        count += len(level)
        if count > MAX_VALUES:
            yield f"more than {MAX_VALUES:,} values, the most that a layout has"
            return
        if not level:
            return
    yield f"nested deeper than {MAX_DEPTH} levels, which no layout is"


def _faults_of(value: Any, where: str, twice: Mapping[int, str]) -> Iterator[str]:
    at = f"{where}." if where else ""
    if isinstance(value, dict):
        if id(value) in twice:
            yield f"{at}{cut(twice[id(value)])} stands twice in one object"
        yield from (f"{at}{cut(key)} is a key {fault}" for key in value if (fault := _fault_of_text(key)))
    elif isinstance(value, _Digits):
        yield f"{where}: {value[:20]} is no number that a layout can have"
    elif isinstance(value, str) and (fault := _fault_of_text(value)):
        yield f"{where} is a text {fault}: {cut(value)}"


def _inside(value: Any, where: str) -> list[tuple[str, Any]]:
    """Values within a value, each with its place."""
    if isinstance(value, dict):
        return [(f"{where}.{cut(key)}".lstrip("."), inner) for key, inner in value.items()]
    if isinstance(value, list):
        return [(f"{where}[{number}]", inner) for number, inner in enumerate(value)]
    return []


def _fault_of_text(text: str) -> str:
    """What keeps a text from being sent to the page or from being read; empty for most."""
    if len(text) > MAX_TEXT:
        return f"of more than the {MAX_TEXT:,} characters that a layout has"
    broken = not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text)
    return "with half of a character" if broken else ""


def cut(text: str) -> str:
    """A stranger's text on one line, as short as a sentence has room for."""
    return plain(text if len(text) <= 60 else f"{text[:57]}...")
