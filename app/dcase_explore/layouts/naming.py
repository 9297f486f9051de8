"""Where a layout names columns of the table."""

from collections.abc import Iterator
from dataclasses import dataclass

from dcase_explore.layouts.vocabulary import COLUMN_WIDTHS, WIDGETS, Node


@dataclass(frozen=True)
class Reference:
    """
    One place of a layout that names a column.

    Attributes
    ----------
    where
        Its place, as in ``children[0].children[1].config.colorBy``.
    column
        The name.
    listed
        Whether it is one of a table's or an inspector's many, rather than what a widget is about.
    """

    where: str
    column: str
    listed: bool


def references(layout: Node) -> Iterator[Reference]:
    """
    Every place of a layout that names a column.

    Parameters
    ----------
    layout
        Root node in its normal form.

    Yields
    ------
    Reference
        In the order of the file.
    """
    yield from _of_node(layout, "")


def _of_node(node: Node, where: str) -> Iterator[Reference]:
    if node.get("kind") == "widget":
        yield from _of_widget(node, f"{where}.config")
    for number, child in enumerate(node.get("children", [])):
        yield from _of_node(child, f"{where}.children[{number}]".lstrip("."))


def _of_widget(widget: Node, where: str) -> Iterator[Reference]:
    config, known = widget.get("config") or {}, WIDGETS[widget["type"]]
    for key in known.one:
        if config.get(key):
            yield Reference(f"{where}.{key}", config[key], listed=False)
    for key in known.several:
        for number, column in enumerate(config.get(key) or []):
            if column:
                yield Reference(f"{where}.{key}[{number}]", column, listed=widget["type"] == "table")
    for number, (column, _) in enumerate(config.get("sorting") or []):
        yield Reference(f"{where}.sorting[{number}]", column, listed=True)
    for number, lens in enumerate(config.get("views") or [] if widget["type"] == "inspector" else []):
        for inner, column in enumerate(lens["columns"]):
            if column:
                yield Reference(f"{where}.views[{number}].columns[{inner}]", column, listed=True)
    for column in config.get(COLUMN_WIDTHS) or {}:
        yield Reference(f"{where}.{COLUMN_WIDTHS}.{column}", column, listed=True)
