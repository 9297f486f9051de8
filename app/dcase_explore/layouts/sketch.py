"""Draws a layout's arrangement in characters."""

import textwrap
from typing import TYPE_CHECKING

from dcase_explore.layouts.vocabulary import WIDGETS, Node

if TYPE_CHECKING:
    from rich.layout import Layout

HEIGHT, TALLEST = 26, 200
"""Lines, where no tab needs more, and at most."""
PARTS = 1000
"""Into which a width or height is divided: the drawing divides in whole numbers."""


def sketch(layout: Node, width: int) -> str:
    """
    Draw a layout.

    Parameters
    ----------
    layout
        Root node in its normal form.
    width
        In characters.

    Returns
    -------
    str
        Boxes, one for each tab, with the titles of its widgets; the first is the one in front.
    """
    import io

    from rich.console import Console

    root = {"kind": "split", "weight": 1, **layout}
    height = min(max(HEIGHT, round(_height(root, width) + 0.5)), TALLEST)
    console = Console(width=width, height=height, file=io.StringIO(), color_system=None, force_terminal=False)
    with console.capture() as drawn:
        console.print(_box(root), height=height)
    return "\n".join(line.rstrip() for line in drawn.get().splitlines())


def _box(node: Node, ratio: int = 1) -> "Layout":
    from rich.layout import Layout
    from rich.panel import Panel
    from rich.text import Text

    if node["kind"] == "tab":
        titles = [_title(widget) for widget in node["children"]]
        return Layout(Panel(Text("\n".join(titles)), padding=0), ratio=ratio)
    box = Layout(ratio=ratio)
    total = sum(child["weight"] for child in node["children"]) or 1
    inner = [_box(child, max(1, round(PARTS * child["weight"] / total))) for child in node["children"]]
    if inner:
        (box.split_row if node["orientation"] == "horizontal" else box.split_column)(*inner)
    else:
        box.update(Text(""))
    return box


def _height(node: Node, width: float) -> float:
    """Lines that a node of some width needs for the titles in it."""
    if node["kind"] == "tab":
        inside = max(1, int(width) - 3)
        return 2 + sum(max(1, len(textwrap.wrap(_title(widget), inside))) for widget in node["children"])
    total = sum(child["weight"] for child in node["children"]) or 1
    shares = [(child, child["weight"] / total) for child in node["children"] if child["weight"]]
    if node["orientation"] == "horizontal":
        return max((_height(child, width * share) for child, share in shares), default=0)
    return max((_height(child, width) / max(share, 1 / TALLEST) for child, share in shares), default=0)


def _title(widget: Node) -> str:
    kind = WIDGETS[widget["type"]].title
    name = widget.get("name") or kind
    return name if name == kind else f"{name} ({kind.lower()})"
