"""Where a layout names columns of the table."""

from collections.abc import Callable, Iterator
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


def rename(widget: Node, name: Callable[[str], str]) -> None:
    """
    Give other names to the columns of a widget, in place.

    Parameters
    ----------
    widget
        In its normal form or as the page has it.
    name
        New name of a column.
    """
    config, its = widget.get("config") or {}, WIDGETS[widget["type"]]
    for key in (*its.needed, *its.extra):
        if config.get(key):
            config[key] = name(config[key])
    for key in its.lists:
        if config.get(key):
            config[key] = list(dict.fromkeys(column and name(column) for column in config[key]))
    if config.get("sorting"):
        config["sorting"] = [[name(column), order] for column, order in config["sorting"]]
    if config.get(COLUMN_WIDTHS):
        config[COLUMN_WIDTHS] = {name(column): width for column, width in config[COLUMN_WIDTHS].items()}
    if widget["type"] == "inspector" and config.get("views"):
        lenses = config["views"]
        config["views"] = [{**lens, "columns": [name(column) for column in lens["columns"]]} for lens in lenses]


def _of_node(node: Node, where: str) -> Iterator[Reference]:
    if node.get("kind") == "widget":
        yield from _of_widget(node, f"{where}.config")
    for number, child in enumerate(node.get("children", [])):
        yield from _of_node(child, f"{where}.children[{number}]".lstrip("."))


def _of_widget(widget: Node, where: str) -> Iterator[Reference]:
    config, its = widget.get("config") or {}, WIDGETS[widget["type"]]
    for key in (*its.needed, *its.extra):
        if config.get(key):
            yield Reference(f"{where}.{key}", config[key], listed=False)
    for key in its.lists:
        for number, column in enumerate(config.get(key) or []):
            if column:
                yield Reference(f"{where}.{key}[{number}]", column, listed=widget["type"] == "table")
    for number, (column, _) in enumerate(config.get("sorting") or []):
        yield Reference(f"{where}.sorting[{number}]", column, listed=True)
    for number, lens in enumerate(config.get("views") or [] if widget["type"] == "inspector" else []):
        for place, column in enumerate(lens["columns"]):
            if column:
                yield Reference(f"{where}.views[{number}].columns[{place}]", column, listed=True)
    for column in config.get(COLUMN_WIDTHS) or {}:
        yield Reference(f"{where}.{COLUMN_WIDTHS}.{column}", column, listed=True)
