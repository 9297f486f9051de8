"""
Spotlight's words that stand nowhere else than in its page's script.

Which widgets and lenses there are, which keys name columns, and what the page saves besides the keys of its models;
those are in `declared`.

`tests/test_layouts.py` reads the script and fails when these lists and Spotlight drift apart.
"""

from dataclasses import dataclass
from typing import Any

Node = dict[str, Any]
"""A node of a layout, as JSON gives it: split, tab or widget; the root has no kind."""


@dataclass(frozen=True)
class References:
    """
    Where a widget's config names columns, and what it is called.

    Attributes
    ----------
    title
        What the page calls it where the layout gives it no name.
    needed
        Keys of one column each, without which the widget shows nothing.
    extra
        Keys of one column each that it can do without.
    lists
        Keys of several columns.
    lists_needed
        Whether the widget shows nothing without any column in its lists.
    """

    title: str
    needed: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    lists_needed: bool = False


OWN_WIDGETS = {
    "dcase.scores": References("Scores", extra=("scoreColumn",)),
}
"""Our own widgets: what their modules read of their configs."""

WIDGETS = {
    "table": References("Table", lists=("visibleColumns",)),
    "similaritymap": References("Similarity Map", extra=("colorBy", "sizeBy"), lists=("placeBy",), lists_needed=True),
    "scatterplot": References("Scatter Plot", needed=("xAxisColumn", "yAxisColumn"), extra=("colorBy", "sizeBy")),
    "histogram": References("Histogram", needed=("columnKey",), extra=("stackByColumnKey",)),
    "inspector": References("Inspector"),  # its lenses name columns, one by one
    "IssuesWidget": References("Issues"),
    "ConfusionMatrix": References("Confusion Matrix", needed=("xColumn", "yColumn")),
    "Metric": References("Metric", lists=("columns",), lists_needed=True),
    "wordcloud": References("Word Cloud", needed=("cloudByColumnKey",)),
    **OWN_WIDGETS,
}
"""Every widget of Spotlight's page, then of ours in it, and the columns it refers to."""

COLUMN_WIDTHS = "dataGridColumnWidths"
"""Key of a table's column widths, in pixels by column: saved by the page, in no model."""

ORDERS = ("ASC", "DESC")
"""How a table is sorted."""

METRICS = ("sum", "mean", "min", "max", "count", "accuracy", "F1", "MCC", "BLEU1", "ROUGE1", "ROUGE2", "levenshtein")
"""What the metric widget computes; of any other word it would show the first of these."""

RANGES = {"umapNNeighbors": (2, 100), "umapMinDist": (0, 1), "umapMenuLocalGlobalBalance": (0, 1)}
"""What the page lets choose, and what UMAP can do."""

NUMBER, BOOLEAN, TEXT = "a number", "true or false", "text"

OWN_LENSES: dict[str, dict[str, str | tuple[str, ...]]] = {
    "dcase.compare": {"against": ("normal", "same", "anomaly", "before")},
}
"""Our own lenses."""

LENSES: dict[str, dict[str, str | tuple[str, ...]]] = {
    "ArrayLens": {},
    "AudioView": {"repeat": BOOLEAN, "autoplay": BOOLEAN},
    "BLEUScoreView": {},
    "BoundingBoxView": {},
    "HtmlLens": {},
    "ImageView": {},
    "MarkdownLens": {},
    "MeshView": {
        "isSynchronized": BOOLEAN,
        "showWireframe": BOOLEAN,
        "transparency": NUMBER,
        "morphStyle": ("loop", "oscillate"),
        "morphScale": NUMBER,
        "colorAttribute": TEXT,
    },
    "RougeScore": {},
    "SafeHtmlLens": {},
    "ScalarView": {},
    "SequenceView": {"yAxisMultiple": BOOLEAN},
    "SpectrogramView": {
        "freqScale": ("linear", "logarithmic", "mel"),
        "ampScale": ("decibel", "linear"),
        "channel": NUMBER,
    },
    "TextLens": {},
    "VideoView": {},
    **OWN_LENSES,
}
"""Every lens of Spotlight's inspector, then of ours in it, with its settings and their values."""

UNSAFE_LENSES = frozenset({"HtmlLens"})
"""Lenses that would run what a text column holds."""
