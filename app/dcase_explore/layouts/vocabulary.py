"""
The words of layouts: widgets and lenses, the keys of their configs, what each key holds and what the page lets choose.

Spotlight's own are written down here, because importing its models takes longer than all else that is done to a layout;
`tests/test_vocabulary.py` reads its models and its page's script and fails when they and these lists drift apart. A
widget or a lens of our own is one entry in `OWN_WIDGETS` or `OWN_LENSES`: checking, binding and saving know it by that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Node = dict[str, Any]
"""A node of a layout, as JSON gives it: split, tab or widget; the root has no kind."""

FLAG, NUMBER, WHOLE, TEXT, TEXTS = "a boolean", "a number", "a whole number", "a string", "a list of strings"
COLUMN, COLUMNS = "a string: the name of a column", "a list of columns"
SORTING, WIDTHS, VIEWS = "a list of columns with ASC or DESC", "pixels by column", "a list of lenses"


@dataclass(frozen=True)
class Key:
    """
    A key of a config or of a lens's settings.

    Attributes
    ----------
    holds
        What it holds: one of the kinds above, or every value that it can have.
    default
        What Spotlight takes where it is not said.
    older
        Another name by which files spell it: that of the field in Spotlight's Python models.
    bounds
        Least and greatest number that the page lets choose.
    needed
        Whether the widget shows nothing without it.
    gaps
        Whether a list of columns may have nulls in it.
    """

    holds: str | tuple[str | int, ...]
    default: Any = None
    older: str = ""
    bounds: tuple[float, float] | None = None
    needed: bool = False
    gaps: bool = False


@dataclass(frozen=True)
class Widget:
    """
    A widget of the page.

    Attributes
    ----------
    title
        What the page calls it where the layout gives it no name.
    keys
        Those of its config.
    one, several
        Of them those that name one column, and several.
    """

    title: str
    keys: Mapping[str, Key] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for attribute, kind in (("one", COLUMN), ("several", COLUMNS)):
            object.__setattr__(self, attribute, tuple(name for name, key in self.keys.items() if key.holds == kind))

    one: tuple[str, ...] = field(init=False)
    several: tuple[str, ...] = field(init=False)


_COLOR, _SIZE = Key(COLUMN, older="color_by_column"), Key(COLUMN, older="size_by_column")
_FILTER = Key(FLAG, default=False)
COLUMN_WIDTHS = "dataGridColumnWidths"
"""Key of a table's column widths: saved by the page, in no model."""
METRICS = ("sum", "mean", "min", "max", "count", "accuracy", "F1", "MCC", "BLEU1", "ROUGE1", "ROUGE2", "levenshtein")
"""What the metric widget computes; of any other word it would show the first of these."""

SPOTLIGHT_WIDGETS = {
    "table": Widget(
        "Table",
        {
            "tableView": Key(("full", "filtered", "selected"), default="full", older="active_view"),
            "visibleColumns": Key(COLUMNS, older="visible_columns"),
            "sorting": Key(SORTING, older="sort_by_columns"),
            "orderByRelevance": Key(FLAG, default=False, older="order_by_relevance"),
            COLUMN_WIDTHS: Key(WIDTHS),
        },
    ),
    "similaritymap": Widget(
        "Similarity Map",
        {
            "colorBy": _COLOR,
            "sizeBy": _SIZE,
            "placeBy": Key(COLUMNS, older="columns", needed=True),
            "reductionMethod": Key(("umap", "pca"), older="reduction_method"),
            "filter": _FILTER,
            "umapNNeighbors": Key(WHOLE, older="umap_nn", bounds=(2, 100)),
            "umapMetric": Key(
                ("euclidean", "standardized euclidean", "robust euclidean", "cosine", "mahalanobis"),
                older="umap_metric",
            ),
            "umapMinDist": Key(NUMBER, older="umap_min_dist", bounds=(0.01, 0.5)),
            "pcaNormalization": Key(("none", "standardize", "robust standardize"), older="pca_normalization"),
            "umapMenuLocalGlobalBalance": Key(NUMBER, older="umap_balance", bounds=(0, 1)),
            "umapMenuIsAdvanced": Key(FLAG, default=False, older="umap_is_advanced"),
        },
    ),
    "scatterplot": Widget(
        "Scatter Plot",
        {
            "xAxisColumn": Key(COLUMN, older="x_column", needed=True),
            "yAxisColumn": Key(COLUMN, older="y_column", needed=True),
            "colorBy": _COLOR,
            "sizeBy": _SIZE,
            "filter": _FILTER,
        },
    ),
    "histogram": Widget(
        "Histogram",
        {
            "columnKey": Key(COLUMN, older="column", needed=True),
            "stackByColumnKey": Key(COLUMN, older="stack_by_column"),
            "filter": _FILTER,
        },
    ),
    "inspector": Widget(
        "Inspector",
        {
            "views": Key(VIEWS, older="lenses"),
            "visibleColumns": Key((1, 2, 4, 6, 8), default=4, older="num_columns"),
        },
    ),
    "IssuesWidget": Widget("Issues"),
    "ConfusionMatrix": Widget(
        "Confusion Matrix",
        {
            "xColumn": Key(COLUMN, older="x_column", needed=True),
            "yColumn": Key(COLUMN, older="y_column", needed=True),
            "filter": _FILTER,
        },
    ),
    "Metric": Widget("Metric", {"metric": Key(METRICS), "columns": Key(COLUMNS, default=[], needed=True, gaps=True)}),
    "wordcloud": Widget(
        "Word Cloud",
        {
            "cloudByColumnKey": Key(COLUMN, older="column", needed=True),
            "minWordLength": Key(WHOLE, older="min_word_length", bounds=(1, 15)),
            "stopwords": Key(TEXTS, older="stop_words"),
            "scaling": Key(("log", "linear", "sqrt")),
            "wordCount": Key(WHOLE, older="max_word_count", bounds=(1, 1_000_000)),
            "hideFiltered": Key(FLAG, older="filter"),
        },
    ),
}
"""Every widget of Spotlight's page."""

OWN_WIDGETS = {
    "dcase.scores": Widget("Scores", {"scoreColumn": Key(COLUMN)}),
    "dcase.findings": Widget("Findings"),
    "dcase.conditions": Widget("Conditions", {"costColumns": Key(COLUMNS)}),
    "dcase.histogram": Widget("Histogram", {"columnKey": Key(COLUMN, needed=True), "stackByColumnKey": Key(COLUMN)}),
}
"""Every widget of ours in that page, by its `key` there, with what its module reads of its config."""

WIDGETS = {**SPOTLIGHT_WIDGETS, **OWN_WIDGETS}

SPOTLIGHT_LENSES: dict[str, dict[str, Key]] = {
    "ArrayLens": {},
    "AudioView": {"repeat": Key(FLAG), "autoplay": Key(FLAG)},
    "BLEUScoreView": {},
    "BoundingBoxView": {},
    "HtmlLens": {},
    "ImageView": {},
    "MarkdownLens": {},
    "MeshView": {
        "isSynchronized": Key(FLAG),
        "showWireframe": Key(FLAG),
        "transparency": Key(NUMBER, bounds=(0, 1)),
        "morphStyle": Key(("loop", "oscillate")),
        "morphScale": Key(NUMBER),
        "colorAttribute": Key(TEXT),
    },
    "RougeScore": {},
    "SafeHtmlLens": {},
    "ScalarView": {},
    "SequenceView": {"yAxisMultiple": Key(FLAG)},
    "SpectrogramView": {
        "freqScale": Key(("linear", "logarithmic", "mel")),
        "ampScale": Key(("decibel", "linear")),
        "channel": Key(WHOLE, bounds=(0, 1_000)),
    },
    "TextLens": {},
    "VideoView": {},
}
"""Every lens of Spotlight's inspector, with its settings."""

OWN_LENSES = {
    "dcase.compare": {"against": Key(("normal", "same", "anomaly", "before"))},
    "dcase.note": {},
}
"""Every lens of ours in that inspector, by its `key` there, with its settings."""

LENSES = {**SPOTLIGHT_LENSES, **OWN_LENSES}

UNSAFE_LENSES = frozenset({"HtmlLens"})
"""Lenses that would run what a text column holds: refused."""

SHOWN_AS_TEXT = frozenset({"MarkdownLens", "SafeHtmlLens"})
"""Lenses that Spotlight's own files have, and that run or fetch what a text column holds: shown as `TextLens`."""

ORDERS = ("ASC", "DESC")
"""How a table is sorted."""
