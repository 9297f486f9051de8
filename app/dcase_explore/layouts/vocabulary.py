"""Spotlight's words: its widgets, where they name columns, and the lenses that are not safe."""

from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]
"""A node of a layout, as JSON gives it: split, tab or widget; the root has no kind."""


@dataclass(frozen=True)
class References:
    """
    Where a widget's config names columns.

    Attributes
    ----------
    needed
        Keys of one column each, without which the widget shows nothing.
    extra
        Keys of one column each that it can do without.
    lists
        Keys of several columns.
    lists_needed
        Whether the widget shows nothing without any column in its lists.
    """

    needed: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    lists_needed: bool = False


WIDGETS = {
    "table": References(lists=("visibleColumns",)),
    "similaritymap": References(extra=("colorBy", "sizeBy"), lists=("placeBy",), lists_needed=True),
    "scatterplot": References(needed=("xAxisColumn", "yAxisColumn"), extra=("colorBy", "sizeBy")),
    "histogram": References(needed=("columnKey",), extra=("stackByColumnKey",)),
    "inspector": References(),  # its lenses are bound one by one
    "IssuesWidget": References(),
    "ConfusionMatrix": References(needed=("xColumn", "yColumn")),
    "Metric": References(lists=("columns",), lists_needed=True),
    "wordcloud": References(needed=("cloudByColumnKey",)),
}
"""Every widget of Spotlight's page and the columns it refers to."""

LENSES = frozenset(
    {"ArrayLens", "AudioView", "BLEUScoreView", "BoundingBoxView", "HtmlLens", "ImageView", "MarkdownLens", "MeshView"}
    | {"RougeScore", "SafeHtmlLens", "ScalarView", "SequenceView", "SpectrogramView", "TextLens", "VideoView"}
)
"""Every lens of Spotlight's inspector."""

UNSAFE_LENSES = frozenset({"HtmlLens"})
"""Lenses that would run what a text column holds."""
