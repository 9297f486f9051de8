"""Walks over the nodes of a layout, checked or not."""

from collections.abc import Iterator
from typing import Any

from dcase_explore.layouts.vocabulary import Node


def children(node: Any) -> list[Any]:
    """
    Children of a node.

    Parameters
    ----------
    node
        Anything that JSON can hold.

    Returns
    -------
    list
        Empty where it has none, or something else in their place.
    """
    found = node.get("children") if isinstance(node, dict) else None
    return found if isinstance(found, list) else []


def nodes(node: Any) -> Iterator[Node]:
    """
    A node and all below it.

    Parameters
    ----------
    node
        Root, split, tab or widget.

    Yields
    ------
    dict
        From the top, in the order of the file.
    """
    if isinstance(node, dict):
        yield node
    for child in children(node):
        yield from nodes(child)


def widgets(node: Any) -> Iterator[Node]:
    """
    Widgets of a layout.

    Parameters
    ----------
    node
        Root, split, tab or widget.

    Yields
    ------
    dict
        In the order of the file.
    """
    return (inner for inner in nodes(node) if inner.get("kind") == "widget")
