"""
Layouts: the arrangement of the page as a Spotlight JSON file. Found, checked, bound to the table at hand.

A curated layout names the columns of the enriched dataset. Binding replaces a score or an embedding that the table does
not have by one that it has, consistently in every widget, and drops what has nothing left to show.
"""

import copy
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcase_explore import clips
from dcase_explore.errors import ExploreError, meant

MAX_FILE_BYTES = 2**20
MAX_DEPTH = 32

Node = dict[str, Any]

BUILT_IN = frozenset(
    {"ast-finetuned-audioset-10-10-0.4593", "dcase2023_task2_baseline_ae", "embedding_lof", "logmel", "logmel_lof"}
)
"""Scores and embeddings that come with the data or from enrichment; anything else is the user's own and goes first."""

SCORE_FAMILIES = (
    "anomaly_score_<score>",
    "prediction_<score>",
    "prediction_correct_<score>",
    "auc_cost_<score>",
)
EMBEDDING_FAMILIES = (
    "embeddings_<embedding>",
    "map_<embedding>_x",
    "map_<embedding>_y",
    "domain_distance_<embedding>",
)


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

UNSAFE_LENSES = frozenset({"HtmlLens"})
"""Lenses that would run what a text column holds."""


def curated_folder() -> Path:
    """Folder of the curated layouts: inside an installed wheel, at the top level of a checkout."""
    inside = Path(__file__).parent / "curated_layouts"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "layouts"


def curated_names() -> list[str]:
    """Names of the curated layouts, sorted."""
    return sorted(path.stem for path in curated_folder().glob("*.json"))


def read_layout(name_or_file: str) -> Node:
    """
    Find a layout and check it.

    Parameters
    ----------
    name_or_file
        A curated name, or the path of a file saved from Spotlight's page. Never a URL.

    Returns
    -------
    dict
        The layout's root node.

    Raises
    ------
    ExploreError
        Unknown name, unreadable file, or anything in it that the page does not know or must not show.
    """
    if name_or_file in curated_names():
        path = curated_folder() / f"{name_or_file}.json"
    else:
        path = Path(name_or_file).expanduser()
        if not path.is_file():
            raise ExploreError(
                f"there is no layout {name_or_file}: {meant(name_or_file, curated_names())} "
                "A layout is one of the curated names or a JSON file"
            )
    layout = _parse(path)
    _check_node(layout, str(path), "layout", 0)
    return layout


def bind(layout: Node, columns: Iterable[str]) -> tuple[Node, list[str]]:
    """
    Fit a layout to a table.

    Parameters
    ----------
    layout
        A checked layout; it is not changed.
    columns
        Columns of the table at hand, in order. Columns without any value should be left out.

    Returns
    -------
    layout : dict
        The layout that names only columns of the table.
    changes : list of str
        What was replaced and what was dropped, one sentence part each; empty when nothing had to change.
    """
    names = list(columns)
    binding = _Binding(names, _replacements(_named_columns(layout), names))
    bound = copy.deepcopy(layout)
    bound["children"] = binding.children(bound.get("children", []))
    replaced = [f"{new} for {old}" for old, new in binding.replaced.items()]
    dropped = [f"left out {', '.join(binding.dropped)}"] if binding.dropped else []
    return bound, replaced + dropped


class _Binding:
    """One walk over a layout's nodes, noting what it replaces and drops."""

    def __init__(self, columns: Sequence[str], replacements: dict[str, str]) -> None:
        self.columns = frozenset(columns)
        self.replacements = replacements
        self.replaced: dict[str, str] = {}  # by name of a score or an embedding, in words
        self.dropped: list[str] = []

    def children(self, nodes: list[Node]) -> list[Node]:
        bound = []
        for node in nodes:
            if node.get("kind") == "widget":
                if self.widget(node):
                    bound.append(node)
                continue
            node["children"] = self.children(node.get("children", []))
            if node["children"]:
                bound.append(node)
        return bound

    def widget(self, widget: Node) -> bool:
        """Bind one widget in place; False when it has nothing left to show."""
        config, references = widget.get("config") or {}, WIDGETS[widget["type"]]
        title = f"'{widget.get('name') or widget['type']}'"
        bound: dict[str, Any] = {key: self.column(config.get(key)) for key in (*references.needed, *references.extra)}
        for key in references.needed:
            if config.get(key) and not bound[key]:
                self.dropped.append(f"{title} (no {_owner(config[key])})")
                return False
        for key in references.lists:
            listed = [column for column in config.get(key) or [] if column]
            bound[key] = [found for column in listed if (found := self.column(column))]
            if listed and not bound[key] and references.lists_needed:
                self.dropped.append(f"{title} (no {_owner(listed[0])})")
                return False
        config.update({key: value for key, value in bound.items() if key in config})
        if "sorting" in config:
            config["sorting"] = [
                [found, order] for name, order in config["sorting"] or [] if (found := self.column(name))
            ]
        if widget["type"] == "inspector" and config.get("views"):
            config["views"] = [lens for lens in config["views"] if self.lens(lens)]
            if not config["views"]:
                self.dropped.append(title)
                return False
        return True

    def lens(self, lens: Node) -> bool:
        bound = [self.column(column) for column in lens["columns"]]
        if not bound or bound[0] is None:
            return False
        lens["columns"] = [column for column in bound if column]
        return True

    def column(self, name: str | None) -> str | None:
        if name is None or name in self.columns:
            return name
        replacement = self.replacements.get(name)
        if replacement:
            self.replaced[_owner(name)] = _owner(replacement)
        return replacement


def _owner(column: str) -> str:
    """Score or embedding that a column belongs to, in words."""
    for word, families in (("score", SCORE_FAMILIES), ("embedding", EMBEDDING_FAMILIES)):
        for family in families:
            name = clips.member(column, family)
            if name:
                return f"{word} {name}"
    return column


def _named_columns(node: Any) -> list[str]:
    """Every text in the layout that could be a column's name, in order."""
    if isinstance(node, str):
        return [node]
    inside = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [name for child in inside for name in _named_columns(child)]


def _replacements(named: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """Column that stands in for each named column of a score or an embedding that the table does not have."""
    replacements: dict[str, str] = {}
    for families in (SCORE_FAMILIES, EMBEDDING_FAMILIES):
        wanted = _distinct(name for column in named for family in families if (name := clips.member(column, family)))
        there = _distinct(clips.members(columns, families[0]))
        # A map may be there without its embedding.
        there += [name for name in _distinct(clips.members(columns, families[1])) if name not in there]
        own_first = sorted(there, key=lambda name: name in BUILT_IN)
        free = [name for name in own_first if name not in wanted]
        missing = [name for name in wanted if name not in there]
        for old, new in zip(missing, free, strict=False):
            for family in families:
                head, _, tail = family.partition("<")
                tail = tail.partition(">")[2]
                if f"{head}{new}{tail}" in columns:
                    replacements[f"{head}{old}{tail}"] = f"{head}{new}{tail}"
    return replacements


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _parse(path: Path) -> Node:
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ExploreError(f"{path} is {size / 2**20:.1f} MB, a layout has at most {MAX_FILE_BYTES // 2**20} MB")
        layout = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ExploreError(f"{path} is not a JSON file ({error}): give a layout saved from the page") from error
    except RecursionError as error:
        raise ExploreError(f"{path} is nested too deeply to be a layout") from error
    except OSError as error:
        raise ExploreError(f"{path} cannot be read ({error.strerror})") from error
    if not isinstance(layout, dict) or "children" not in layout:
        raise ExploreError(f"{path} is no layout: it has no children at its top")
    return layout


def _check_node(node: Any, path: str, where: str, depth: int) -> None:
    """Refuse what the page does not know or must not show, and say where it stands."""
    if depth > MAX_DEPTH:
        raise ExploreError(f"{path}: {where} is nested deeper than {MAX_DEPTH} levels")
    if not isinstance(node, dict):
        raise ExploreError(f"{path}: {where} must be an object")
    if node.get("kind") == "widget":
        _check_widget(node, path, where)
        return
    if depth and node.get("kind") not in ("split", "tab"):
        raise ExploreError(f"{path}: {where}.kind must be split, tab or widget, not {node.get('kind')!r}")
    children = node.get("children", [])
    if not isinstance(children, list):
        raise ExploreError(f"{path}: {where}.children must be a list")
    for number, child in enumerate(children):
        _check_node(child, path, f"{where}.children[{number}]", depth + 1)


def _check_widget(widget: Node, path: str, where: str) -> None:
    kind, config = widget.get("type"), widget.get("config")
    if not isinstance(kind, str) or kind not in WIDGETS:
        raise ExploreError(f"{path}: {where}.type is no widget: {kind!r}; {meant(str(kind), WIDGETS)}")
    if config is None:
        return
    if not isinstance(config, dict):
        raise ExploreError(f"{path}: {where}.config must be an object")
    references = WIDGETS[kind]
    for key in (*references.needed, *references.extra):
        if not isinstance(config.get(key), str | None):
            raise ExploreError(f"{path}: {where}.config.{key} must be the name of a column")
    for key in references.lists:
        if not isinstance(config.get(key), list | None):
            raise ExploreError(f"{path}: {where}.config.{key} must be a list of columns")
    sorting = config.get("sorting") or []
    if not isinstance(sorting, list) or any(not isinstance(pair, list) or len(pair) != 2 for pair in sorting):
        raise ExploreError(f"{path}: {where}.config.sorting must be a list of column and order")
    lenses = config.get("views") or []
    if not isinstance(lenses, list):
        raise ExploreError(f"{path}: {where}.config.views must be a list of lenses")
    for number, lens in enumerate(lenses):
        at = f"{where}.config.views[{number}]"
        if not isinstance(lens, dict) or not isinstance(lens.get("columns"), list):
            raise ExploreError(f"{path}: {at} must be a lens with columns")
        if lens.get("view") in UNSAFE_LENSES:
            raise ExploreError(f"{path}: {at}.view is {lens['view']}, which runs what a column holds: use SafeHtmlLens")
