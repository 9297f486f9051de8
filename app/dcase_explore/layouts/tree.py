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


def as_in_page(node: Node, outer: str = "horizontal") -> Node | None:
    """
    A split or tab as the page has it: without what is empty, and with what a split holds alone in the split's place.

    Parameters
    ----------
    node
        Checked; it is not changed, and its widgets are those of what is returned.
    outer
        Orientation of the split around it.

    Returns
    -------
    dict or None
        With weights and orientations said; None where it holds no widget.
    """
    weight = node.get("weight", 1)
    if node["kind"] == "tab":
        return {"kind": "tab", "weight": weight, "children": list(node["children"])} if children(node) else None
    turn = node.get("orientation") or ("vertical" if outer == "horizontal" else "horizontal")
    found: list[Node] = []
    for inner in filter(None, (as_in_page(child, turn) for child in children(node))):
        if inner["kind"] == "split" and inner["orientation"] == turn:
            share = inner["weight"] / (sum(child["weight"] for child in inner["children"]) or 1)
            found += [{**child, "weight": child["weight"] * share} for child in inner["children"]]
        else:
            found.append(inner)
    if len(found) == 1:
        return {**found[0], "weight": weight}
    return {"kind": "split", "orientation": turn, "weight": weight, "children": found} if found else None
