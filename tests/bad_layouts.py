"""
Layout files that are bad, or odd but fine, and what is expected of each.

A layout is a stranger's file: whatever is in it ends in one clear sentence or in a clean open. `CASES` is for
`test_bad_layouts`.
"""

import gzip
import json
import os
import pickle
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcase_explore.layouts.curated import curated_folder, curated_names

Node = dict[str, Any]
Make = Callable[[Path], str]
"""Makes a case in an empty folder and returns what is given to `read_layout`."""

LONGEST = 1_000
"""Characters of a sentence that somebody still reads, beside the file's name."""


class NotHereError(Exception):
    """This machine cannot make the case."""


@dataclass(frozen=True)
class Refused:
    """One sentence with all the parts; what must not be in it, such as the unsafe lens as a suggestion."""

    parts: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    named: bool = True  # what was given stands in it as it was given


@dataclass(frozen=True)
class Opens:
    """Opens and says all that this layout says; what Spotlight would fill in may be said as well."""

    layout: Node


@dataclass(frozen=True)
class Either:
    """Refused or opened: neither is wrong, as long as it ends, and in one clear sentence if refused."""


@dataclass(frozen=True)
class Case:
    id: str
    make: Make
    expected: Refused | Opens | Either


def fault(case: Case, given: str, layout: Node | None, sentence: str) -> str:
    """What is wrong with an outcome; empty when nothing is. A layout that was refused is None."""
    expected = case.expected
    if layout is not None:
        if isinstance(expected, Refused):
            return "opens, and should be refused"
        lost = list(unsaid(layout, expected.layout)) if isinstance(expected, Opens) else []
        return f"opens without {', '.join(lost)}" if lost else ""
    if not sentence.isprintable():  # also no line break, and no lone surrogate, which cannot be printed
        return f"the sentence would steer the terminal: {sentence[:LONGEST]!r}"
    if isinstance(expected, Opens):
        return f"refused, and should open: {sentence}"
    if len(sentence) - sentence.count(given) * len(given) > LONGEST:
        return f"{len(sentence):,} characters are not read: {sentence[:200]}"
    if isinstance(expected, Either):
        return ""
    missing = [part for part in (*expected.parts, *[given] * expected.named) if part not in sentence]
    wrong = [part for part in expected.without if part in sentence]
    return f"without {missing}, with {wrong}: {sentence}" if missing or wrong else ""


def unsaid(layout: Any, expected: Any, at: str = "layout") -> Iterator[str]:
    """Places where a layout does not say what another one says; a lens's key and an empty sorting show nowhere."""
    if isinstance(expected, dict) and isinstance(layout, dict):
        for key, value in expected.items():
            shows = not (key == "key" and "view" in expected) and not (key == "sorting" and value == [])
            if value not in (None, {}) and shows:
                yield from unsaid(layout.get(key), value, f"{at}.{key}")
    elif isinstance(expected, list) and isinstance(layout, list) and len(layout) == len(expected):
        for number, (one, other) in enumerate(zip(layout, expected, strict=True)):
            yield from unsaid(one, other, f"{at}[{number}]")
    elif layout != expected:
        yield at


# Building blocks

TAB, WIDGET = "children[0]", "children[0].children[0]"
CONFIG, LENS = f"{WIDGET}.config", f"{WIDGET}.config.views[0]"


def of_nodes(*nodes: Any) -> Node:
    return {"orientation": "horizontal", "children": list(nodes)}


def of_tab(*widgets: Any, **tab: Any) -> Node:
    return of_nodes({"kind": "tab", "weight": 1, "children": list(widgets), **tab})


def widget(kind: Any = "table", **more: Any) -> Node:
    return {"kind": "widget", "type": kind, **more}


def of_widget(kind: Any = "table", **more: Any) -> Node:
    return of_tab(widget(kind, **more))


def lens(view: Any = "TextLens", **more: Any) -> Node:
    return {"view": view, "columns": ["label"], "name": "Label", "key": "label", **more}


def inspector(*lenses: Any) -> Node:
    return widget("inspector", name="Listen", config={"visibleColumns": 1, "views": list(lenses)})


def of_lenses(*lenses: Any) -> Node:
    return of_tab(inspector(*lenses))


def lacking(node: Node, key: str) -> Node:
    return {name: value for name, value in node.items() if name != key}


def with_number(layout: Node, number: str) -> bytes:
    """The layout's file with a number, of whatever spelling, for "?"."""
    return json.dumps(layout).replace('"?"', number).encode()


def nested(levels: int, innermost: Any = 0) -> Any:
    for _ in range(levels):
        innermost = [innermost]
    return innermost


def splits(levels: int, innermost: Node) -> Node:
    for _ in range(levels):
        innermost = {"kind": "split", "weight": 1, "children": [innermost]}
    return of_nodes(innermost)


CLEAN = of_tab(
    widget("histogram", name="Scores", config={"columnKey": "level_dbfs", "stackByColumnKey": "label"}),
    inspector(lens(), lens("AudioView", columns=["path"], name="Sound", key="sound")),
)
TEXT = json.dumps(CLEAN, indent=1)
BYTES = TEXT.encode()


def saved(content: bytes | Callable[[], bytes], name: str = "layout.json") -> Make:
    """A file of these bytes; large ones are made when they are needed."""

    def make(folder: Path) -> str:
        path = folder / name
        path.write_bytes(content() if callable(content) else content)
        return str(path)

    return make


def file(name: str, content: bytes | Callable[[], bytes], expected: Refused | Opens | Either) -> Case:
    return Case(name, saved(content), expected)


def named(name: str, given: str, expected: Refused | Opens | Either) -> Case:
    """Something given that is no file."""
    return Case(name, lambda _: given, expected)


def refused(name: str, layout: Any, *parts: str, without: tuple[str, ...] = ()) -> Case:
    return file(name, json.dumps(layout).encode(), Refused(parts, without))


def opens(name: str, layout: Node) -> Case:
    return file(name, json.dumps(layout).encode(), Opens(layout))


def either(name: str, layout: Any) -> Case:
    return file(name, lambda: json.dumps(layout() if callable(layout) else layout).encode(), Either())


# What is no JSON, or JSON of another kind


def no_layouts() -> Iterator[Case]:
    for name, content in {
        "empty": b"",
        "one space": b" ",
        "zero bytes": bytes(100),
        "PNG": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        "gzip of a layout": gzip.compress(BYTES, mtime=0),
        "pickle": pickle.dumps(CLEAN),
        "Parquet": b"PAR1" + bytes(range(256)) + b"PAR1",
        "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(range(256)),
        "ZIP": b"PK\x03\x04" + bytes(range(256)),
        "HTML page": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        "YAML": b"children:\n- kind: tab\n",
        "trailing comma": b'{"children": [],}',
        "trailing comma in a list": b'{"children": [{"kind": "tab"},]}',
        "line comment": b"// mine\n" + BYTES,
        "block comment": b"/* mine */" + BYTES,
        "single quotes": b"{'children': []}",
        "no quotes": b"{children: []}",
        "two documents": BYTES + b"\n" + BYTES,
        "something behind": BYTES + b"]",
        "no-break space between": b'{"children":\xc2\xa0[]}',
        "line break in a string": b'{"children": [], "orientation": "hori\nzontal"}',
        "escape sign in a string": b'{"children": [], "orientation": "\x1b[31m"}',
        "unknown escape": b'{"children": [], "orientation": "\\x41"}',
        "UTF-16": TEXT.encode("utf-16"),
        "UTF-16 without mark": TEXT.encode("utf-16-le"),
        "UTF-32": TEXT.encode("utf-32"),
        "Latin-1": json.dumps(of_widget(name="Geräusche"), ensure_ascii=False).encode("latin-1"),
        "cut within a letter": '{"children": [], "ä'.encode()[:-1],
        "overlong UTF-8": b'{"children": [], "\xc0\xaf": 1}',
        "byte order mark twice": b"\xef\xbb\xbf" * 2 + BYTES,
        "top is a list": b"[]",
        "top is text": b'"children"',
        "top is a number": b"3",
        "top is null": b"null",
        "top is true": b"true",
        "top is NaN": b"NaN",
    }.items():
        yield file(name, content, Refused())
    real = (curated_folder() / "extended.json").read_bytes()
    for elevenths in range(1, 11):
        yield file(f"cut after {elevenths}/11", real[: len(real) * elevenths // 11], Refused())
    yield file("cut before the last brace", real.rstrip()[:-1], Refused())
    yield refused("no children", {}, "children")
    yield refused("wrapped in layout", {"layout": CLEAN}, "children")
    yield refused("list around a layout", [CLEAN])
    yield refused("text within JSON", TEXT)
    for value in (None, {}, {"0": {"kind": "tab"}}, "tab", 3, True):
        yield refused(f"children is {json.dumps(value)}", {"children": value}, "children")


def fine_files() -> Iterator[Case]:
    for name, content in {
        "clean": BYTES,
        "in one line": json.dumps(CLEAN).encode(),
        "byte order mark": b"\xef\xbb\xbf" + BYTES,
        "CRLF": TEXT.replace("\n", "\r\n").encode(),
        "old Mac line ends": TEXT.replace("\n", "\r").encode(),
        "tabs": json.dumps(CLEAN, indent="\t").encode(),
        "trailing spaces": BYTES + b" \t\r\n" * 100,
        "leading lines": b"\n\n\n" + BYTES,
        "escaped letters": BYTES.replace(b"TextLens", b"\\u0054extLens"),
        "much space": BYTES + b" " * 900_000,
    }.items():
        yield file(name, content, Opens(CLEAN))
    for name in curated_names():
        content = (curated_folder() / f"{name}.json").read_bytes()
        yield file(f"copy of {name}", content, Opens(json.loads(content)))


# Nodes


def nodes() -> Iterator[Case]:
    for value in (3, "tab", None, True, [], [{"kind": "tab"}]):
        yield refused(f"child is {json.dumps(value)}", of_nodes(value), TAB)
        yield refused(f"widget is {json.dumps(value)}", of_tab(value), WIDGET)
    for value in (3, ["tab"], {}, None, True, ""):
        yield refused(f"kind is {json.dumps(value)}", of_nodes({"kind": value}), f"{TAB}.kind")
        yield refused(f"widget's kind is {json.dumps(value)}", of_tab({**widget(), "kind": value}), f"{WIDGET}.kind")
        yield refused(f"type is {json.dumps(value)}", of_widget(value), f"{WIDGET}.type")
    yield refused("child without kind", of_nodes({"children": []}), f"{TAB}.kind")
    yield refused("widget without type", of_tab({"kind": "widget"}), f"{WIDGET}.type")
    for word, near in {"tabb": "tab", "Tab": "tab", "spilt": "split", "frame": "split"}.items():
        yield refused(f"kind is {word}", of_nodes({"kind": word}), f"{TAB}.kind", word, near)
    yield refused("widget's kind is widgett", of_tab({**widget(), "kind": "widgett"}), f"{WIDGET}.kind", "widgett")
    for value in (None, {}, "table", 3, {"0": widget()}):
        yield refused(f"tab's children is {json.dumps(value)}", of_tab(children=value), f"{TAB}.children")
        split = of_nodes({"kind": "split", "children": value})
        yield refused(f"split's children is {json.dumps(value)}", split, f"{TAB}.children")
    for value in ("5", True, [], {}, None, -1, -0.5):
        yield refused(f"weight is {json.dumps(value)}", of_tab(weight=value), f"{TAB}.weight")
    for number in ("NaN", "Infinity", "-Infinity", "1e400", "1e999", "0x10", "01", ".5", "+1"):
        yield file(f"weight is {number}", with_number(of_tab(weight="?"), number), Refused())
    for value in (3, ["horizontal"], True, {}, "diagonal"):
        yield refused(f"orientation is {json.dumps(value)}", {"children": [], "orientation": value}, "orientation")
        split = of_nodes({"kind": "split", "orientation": value, "children": [{"kind": "tab"}]})
        yield refused(f"split's orientation is {json.dumps(value)}", split, f"{TAB}.orientation")
    for word, near in {"horizontl": "horizontal", "Vertical": "vertical"}.items():
        yield refused(f"orientation is {word}", {"children": [], "orientation": word}, "orientation", word, near)
    for value in (3, ["Scores"], {"a": 1}, True):
        yield refused(f"name is {json.dumps(value)}", of_widget(name=value), f"{WIDGET}.name")
    yield refused("widget at the top", of_nodes(widget()), f"{TAB}.kind", "widget")
    yield refused("widget within a split", of_nodes({"kind": "split", "children": [widget()]}), f"{WIDGET}.kind")
    yield refused("tab within a tab", of_tab({"kind": "tab", "children": []}), f"{WIDGET}.kind", "tab")
    yield refused("split within a tab", of_tab({"kind": "split", "children": []}), f"{WIDGET}.kind", "split")
    yield refused("widget for a layout", {**widget(), "children": []}, "kind")
    yield refused("widget within a widget", of_tab(widget(children=[widget()])), WIDGET, "children")
    for kind, near in {
        "histogramm": "histogram",
        "Table": "table",
        "tabel": "table",
        "confusionmatrix": "ConfusionMatrix",
        "metric": "Metric",
        "similarity_map": "similaritymap",
        "tаble": "table",  # a Cyrillic letter in it
        "HtmlLens": "inspector",  # no widget, and nothing near
    }.items():
        yield refused(f"type is {kind}", of_widget(kind), f"{WIDGET}.type", kind, near)

    for name, empty in {"children": {"children": []}, "": {}}.items():
        nothing = {"kind": "split", "weight": 1, **empty}
        yield refused(f"split of no {name}", of_nodes(nothing), f"{TAB} is a split of nothing")
        yield refused(f"split of no {name} in a split", of_nodes({"kind": "split", "children": [nothing]}), WIDGET)


def node_keys() -> Iterator[Case]:
    for key, near in {"childrn": "children", "orientaton": "orientation", "version": "children"}.items():
        yield refused(f"top has {key}", {**CLEAN, key: 1}, key, near)
    yield refused("childs for children", {"childs": []}, "children")
    yield refused("top has a weight", {**CLEAN, "weight": 1}, "weight")
    for key, near in {"wieght": "weight", "Weight": "weight", "kids": "children", "orientation": "weight"}.items():
        yield refused(f"tab has {key}", of_tab(**{key: "vertical"}), TAB, key, near)
    for key, near in {"orientatoin": "orientation", "name": "children"}.items():
        split = of_nodes({"kind": "split", "children": [{"kind": "tab"}], key: "vertical"})
        yield refused(f"split has {key}", split, TAB, key, near)
    for key, near in {"nmae": "name", "confg": "config", "Type": "type", "weight": "name"}.items():
        yield refused(f"widget has {key}", of_widget(**{key: "x"}), WIDGET, key, near)
    for key in ("__proto__", "constructor", "toString", "", "$ref"):
        yield refused(f"top has {key!r}", {**CLEAN, key: {"polluted": True}}, key)
        yield refused(f"tab has {key!r}", of_tab(**{key: {"polluted": True}}), TAB, key)
        yield refused(f"widget has {key!r}", of_widget(**{key: {"polluted": True}}), WIDGET, key)
        yield refused(f"config has {key!r}", of_widget(config={key: {"polluted": True}}), CONFIG, key)
        yield refused(f"lens has {key!r}", of_lenses(lens(**{key: {"polluted": True}})), LENS, key)


# Configs

WRONG_VALUES: dict[str, dict[str, list[tuple[Any, ...]]]] = {
    "table": {
        "tableView": [("fulll", "full"), ("Full", "full"), (3,), (["full"],), (True,)],
        "visibleColumns": [("label",), ([3],), ({"label": True},), (3,), ([["label"]],), (True,)],
        "sorting": [
            *[([["label", "UP"]], "UP", "ASC"), ([["label", "asc"]], "asc", "ASC"), ([["label", 1]],)],
            *[("label",), ([3],), ([["label"]],), ([[3, "ASC"]],), ([["label", "ASC", "ASC"]],)],
            *[({"label": "ASC"},), ([{"label": "ASC"}],), ([[["label"], "ASC"]],)],
        ],
        "orderByRelevance": [("yes",), (1,), ([],)],
        "dataGridColumnWidths": [([100],), ("wide",), ({"label": "wide"},), ({"label": [100]},), (100,)],
    },
    "similaritymap": {
        "placeBy": [("embeddings_logmel",), ([3],), ({},), (True,)],
        "reductionMethod": [("tsne", "umap"), ("UMAP", "umap"), ("pcaa", "pca"), (3,), (["umap"],)],
        "colorBy": [(3,), (["label"],), ({},), (True,)],
        "sizeBy": [(3,), (["label"],), (False,)],
        "filter": [("yes",), (1,), ([],)],
        "umapNNeighbors": [("x",), ("20",), (2.5,), (True,), ([20],), (-3,)],
        "umapMetric": [("cosin", "cosine"), ("euclid", "euclidean"), (1,), (["cosine"],)],
        "umapMinDist": [("near",), ("0.1",), (True,), ([0.1],)],
        "pcaNormalization": [("standardise", "standardize"), (True,), (["none"],)],
        "umapMenuLocalGlobalBalance": [("local",), (True,), ([],)],
        "umapMenuIsAdvanced": [("yes",), (1,), ([],)],
    },
    "scatterplot": {
        "xAxisColumn": [(3,), (["map_x"],), ({},), (True,)],
        "yAxisColumn": [(3,), (["map_y"],), (False,)],
        "colorBy": [(3,), (["label"],)],
        "sizeBy": [(3,), ({"label": 1},)],
        "filter": [("yes",), (0,), (["label"],)],
    },
    "histogram": {
        "columnKey": [(3,), (["label"],), ({},), (True,)],
        "stackByColumnKey": [(3,), (["label"],), (False,)],
        "filter": [("no",), (1,)],
    },
    "inspector": {
        "visibleColumns": [(3,), (0,), (-1,), (5,), ("4",), ([4],), (True,), (2.5,), (["label"],), (10**30,)],
        "views": [("AudioView",), ({"0": lens()},), (3,), (True,)],
    },
    "ConfusionMatrix": {
        "xColumn": [(3,), (["label"],)],
        "yColumn": [(3,), ({},)],
        "filter": [("yes",), (1,)],
    },
    "Metric": {
        "metric": [("acuracy", "accuracy"), ("F2", "F1"), (3,), (["F1"],), (True,)],
        "columns": [("label",), ([3],), ({},), ([["label"]],)],
    },
    "wordcloud": {
        "cloudByColumnKey": [(3,), (["label"],)],
        "minWordLength": [("x",), ("3",), (1.5,), (True,), ([],)],
        "stopwords": [("the",), ([3],), ({"the": 1},)],
        "scaling": [("logg", "log"), ("cubic", "linear"), (3,), (["log"],)],
        "wordCount": [("many",), ("9",), (True,), ([],)],
        "hideFiltered": [("yes",), (1,), ([],)],
    },
}
"""By widget and key: values that it does not take, each with the nearest it takes where it is a word."""

WRONG_KEYS: dict[str, dict[str, str]] = {
    "table": {"visibleColums": "visibleColumns", "tableview": "tableView", "columns": "visibleColumns"},
    "similaritymap": {"colourBy": "colorBy", "umapNeighbors": "umapNNeighbors", "place_by": "placeBy"},
    "scatterplot": {"colourBy": "colorBy", "xAxisColum": "xAxisColumn", "COLORBY": "colorBy", "placeBy": "colorBy"},
    "histogram": {"columnkey": "columnKey", "stackByColumn": "stackByColumnKey", "bins": "columnKey"},
    "inspector": {"veiws": "views", "columns": "visibleColumns"},
    "IssuesWidget": {"filter": "", "columns": ""},
    "ConfusionMatrix": {"xColum": "xColumn", "xAxisColumn": "xColumn"},
    "Metric": {"metrics": "metric", "column": "columns"},
    "wordcloud": {"wordcount": "wordCount", "stopWords": "stopwords", "stop-words": "stopwords"},
}
"""By widget: keys that it does not have, each with the nearest it has."""

PYTHON_NAMES: dict[str, dict[str, tuple[str, Any]]] = {
    "table": {"active_view": ("tableView", "filtered"), "sort_by_columns": ("sorting", [["label", "DESC"]])},
    "similaritymap": {"columns": ("placeBy", ["a"]), "umap_nn": ("umapNNeighbors", 7)},
    "scatterplot": {"color_by_column": ("colorBy", "label")},
    "histogram": {"column": ("columnKey", "label")},
    "inspector": {"num_columns": ("visibleColumns", 2), "lenses": ("views", [lens()])},
    "ConfusionMatrix": {"x_column": ("xColumn", "label")},
    "wordcloud": {"stop_words": ("stopwords", ["the"])},
}
"""Keys by the names of Spotlight's Python models, which read them as well, with the page's key and a value."""


NUMBERS = {
    "weight": of_tab(weight="?"),
    "similaritymap umapMinDist": of_widget("similaritymap", config={"umapMinDist": "?"}),
    "similaritymap umapMenuLocalGlobalBalance": of_widget("similaritymap", config={"umapMenuLocalGlobalBalance": "?"}),
    "similaritymap umapNNeighbors": of_widget("similaritymap", config={"umapNNeighbors": "?"}),
    "inspector visibleColumns": of_widget("inspector", config={"visibleColumns": "?"}),
    "wordcloud wordCount": of_widget("wordcloud", config={"wordCount": "?"}),
    "column width": of_widget(config={"dataGridColumnWidths": {"label": "?"}}),
    "SpectrogramView channel": of_lenses(lens("SpectrogramView", settings={"channel": "?"})),
    "MeshView morphScale": of_lenses(lens("MeshView", settings={"morphScale": "?"})),
}
"""Where a layout has a number."""


def numbers() -> Iterator[Case]:
    for name, layout in NUMBERS.items():
        for number in ("NaN", "-Infinity", "1e999"):
            parts = (f": {number} is no number", TAB if name == "weight" else WIDGET)
            yield file(f"{name}: {number}", with_number(layout, number), Refused(parts))
        # Python reads no more than 4,300 digits, and the fewer ones are no float either.
        for digits in (400, 4_000, 5_000):
            expected = Refused() if digits == 5_000 or name == "weight" else Either()
            yield file(f"{name}: {digits:,} digits", with_number(layout, "9" * digits), expected)
        for number in ("1e308", "-1e308", "1e-400", "-0.0", "4.0", "2.5", "9" * 19):
            yield file(f"{name}: {number}", with_number(layout, number), Either())


def configs() -> Iterator[Case]:
    for value in ([], [1], "full", 3, True):
        yield refused(f"config is {json.dumps(value)}", of_widget(config=value), CONFIG)
    for kind, keys in WRONG_VALUES.items():
        for key, wrong in keys.items():
            for value, *near in wrong:
                words = [value] if isinstance(value, str) and near else []
                name = f"{kind} {key} {json.dumps(value)}"
                yield refused(name, of_widget(kind, config={key: value}), f"{CONFIG}.{key}", *words, *near)
    for kind, wrong_keys in WRONG_KEYS.items():
        for key, near_key in wrong_keys.items():
            yield refused(f"{kind} {key}", of_widget(kind, config={key: None}), CONFIG, key, near_key)
    second = of_tab(widget("table"), widget("histogram", config={"colorBy": "label"}))
    yield refused("key of another widget in the second one", second, "children[0].children[1].config", "colorBy")


# Lenses

UNSAFE = "HtmlLens"
OFFERED = ("did you mean HtmlLens", " or HtmlLens", ", HtmlLens", "are HtmlLens", "SafeHtmlLens", "MarkdownLens")
"""How a lens that runs or fetches what a column holds would be suggested."""


def lenses() -> Iterator[Case]:
    for value in (3, "AudioView", None, True, [], {}, ["AudioView"]):
        yield refused(f"lens is {json.dumps(value)}", of_lenses(value), LENS)
    for value in (3, ["TextLens"], None, {}, True, ""):
        yield refused(f"view is {json.dumps(value)}", of_lenses(lens(value)), LENS)
    for view, near in {"SpectogramView": "SpectrogramView", "audioview": "AudioView", "TextView": "TextLens"}.items():
        yield refused(f"view is {view}", of_lenses(lens(view)), f"{LENS}.view", view, near, without=OFFERED)
    for value in (3, "label", None, {}, [3], [["label"]], True):
        yield refused(f"lens columns is {json.dumps(value)}", of_lenses(lens(columns=value)), f"{LENS}.columns")
    yield refused("lens without columns", of_lenses(lacking(lens(), "columns")), LENS, "columns")
    yield refused("lens without view", of_lenses(lacking(lens(), "view")), LENS, "view")
    for key in ("name", "key"):
        for value in (3, ["Label"], {}, True):
            yield refused(f"lens {key} is {json.dumps(value)}", of_lenses(lens(**{key: value})), f"{LENS}.{key}")
    for value in (3, [], "mel", True):
        yield refused(f"settings is {json.dumps(value)}", of_lenses(lens(settings=value)), f"{LENS}.settings")
    for key, near in {
        "colums": "columns",
        "View": "view",
        "setting": "settings",
        "keys": "key",
        "title": "name",
    }.items():
        yield refused(f"lens has {key}", of_lenses(lens(**{key: "x"})), LENS, key, near)
    settings = f"{LENS}.settings"
    for key, value, *parts in (
        ("freqScale", "mell", "mell", "mel"),
        ("freqScale", 3),
        ("ampScale", "decibels", "decibels", "decibel"),
        ("channel", "left"),
        ("channel", True),
    ):
        wrong = of_lenses(lens("SpectrogramView", settings={key: value}))
        yield refused(f"SpectrogramView {key} {json.dumps(value)}", wrong, f"{settings}.{key}", *parts)
    for key, value in (("repeat", "yes"), ("autoplay", 1)):
        wrong = of_lenses(lens("AudioView", settings={key: value}))
        yield refused(f"AudioView {key} {json.dumps(value)}", wrong, f"{settings}.{key}")
    misspelt = of_lenses(lens("SpectrogramView", settings={"freqscale": "mel"}))
    yield refused("SpectrogramView freqscale", misspelt, settings, "freqscale", "freqScale")
    polluted = of_lenses(lens("SpectrogramView", settings={"__proto__": {"a": 1}}))
    yield refused("SpectrogramView __proto__", polluted, settings, "__proto__")


def unsafe_lenses() -> Iterator[Case]:
    """The lens that runs what a column holds, in every place and disguise."""
    unsafe, safe = lens(UNSAFE), "TextLens"
    yield refused("HtmlLens", of_lenses(unsafe), f"{LENS}.view", UNSAFE, safe)
    yield refused("HtmlLens as the second lens", of_lenses(lens(), unsafe), f"{CONFIG}.views[1].view", UNSAFE, safe)
    yield refused(
        "HtmlLens in the second inspector",
        of_tab(inspector(lens()), inspector(lens(), unsafe)),
        "children[0].children[1].config.views[1].view",
        UNSAFE,
    )
    deep = splits(3, {"kind": "tab", "children": [inspector(unsafe)]})
    yield refused("HtmlLens in a tab in splits", deep, f"{WIDGET}.children[0].children[0].children[0].config", UNSAFE)
    yield refused("HtmlLens without columns", of_lenses(lens(UNSAFE, columns=[])), LENS)
    yield refused("HtmlLens with columns null", of_lenses(lens(UNSAFE, columns=None)), LENS)
    yield refused("HtmlLens with a null column", of_lenses(lens(UNSAFE, columns=[None])), LENS)
    for view in (
        "htmllens",
        "HTMLLENS",
        "htmlLens",
        "HtmlLens ",
        " HtmlLens",
        "HtmlLens\t",
        "HtmlLens\u200b",
        "HtmlLéns",
    ):
        yield refused(f"HtmlLens as {view!a}", of_lenses(lens(view)), LENS, without=OFFERED)
    content = json.dumps(of_lenses(unsafe))
    yield file("HtmlLens in escapes", content.replace(UNSAFE, "\\u0048tml\\u004cens").encode(), Refused((LENS,)))
    # Spotlight's models also read Python's names of a config's and a lens's keys.
    by_name = {"type": UNSAFE, "columns": ["label"]}
    yield refused("HtmlLens by a lens's type", of_lenses(by_name), LENS)
    yield refused("HtmlLens by a lens's type beside its view", of_lenses({**lens(), **by_name}), LENS, "type")
    yield refused("HtmlLens by lenses", of_widget("inspector", config={"lenses": [by_name]}), CONFIG)
    yield refused("HtmlLens by view in lenses", of_widget("inspector", config={"lenses": [unsafe]}), CONFIG)
    both = {"views": [lens()], "lenses": [by_name]}
    yield refused("HtmlLens by lenses beside views", of_widget("inspector", config=both), CONFIG, "lenses")
    yield refused("HtmlLens by lenses beside null", of_widget("inspector", config={**both, "views": None}), CONFIG)
    yield refused("HtmlLens in an inspector called details", of_widget("details", config={"views": [unsafe]}), CONFIG)
    yield refused("HtmlLens in a table", of_widget("table", config={"views": [unsafe]}), CONFIG, "views")
    for first, last in ((UNSAFE, "TextLens"), ("TextLens", UNSAFE)):
        twice = f'"view": "{first}", "view": "{last}"'
        content = json.dumps(of_lenses(lens("?"))).replace('"view": "?"', twice)
        yield file(f"view is {first} and {last}", content.encode(), Refused(("view",)))
    views = json.dumps([lens()])
    content = json.dumps(of_lenses(unsafe)).replace('"views"', f'"views": {views}, "views"')
    yield file("views twice, HtmlLens in the second", content.encode(), Refused(("views",)))


# Keys twice: which one counts is up to the reader, so a check may have seen the other one.


def duplicates() -> Iterator[Case]:
    twice = {
        "children": '{"children": [], "children": [{"kind": "tab"}]}',
        "orientation": '{"orientation": "vertical", "children": [], "orientation": "vertical"}',
        "weight": '{"children": [{"kind": "tab", "weight": 1, "weight": 2}]}',
        "kind": '{"children": [{"kind": "split", "children": [], "kind": "tab"}]}',
        "type": json.dumps(of_widget("?")).replace('"type": "?"', '"type": "table", "type": "inspector"'),
        "colorBy": json.dumps(of_widget("scatterplot", config={"colorBy": "?"})).replace(
            '"colorBy": "?"', '"colorBy": "label", "colorBy": "domain"'
        ),
        "columns": json.dumps(of_lenses(lens())).replace('"columns"', '"columns": [], "columns"'),
        "channel": json.dumps(of_lenses(lens("SpectrogramView", settings={"channel": 0}))).replace(
            '"channel": 0', '"channel": 0, "channel": 1'
        ),
        "config": json.dumps(of_widget(config={})).replace('"config": {}', '"config": null, "config": {}'),
    }
    places = {
        "children": "",
        "orientation": "",
        "weight": f"{TAB}.",
        "kind": f"{TAB}.",
        "type": f"{WIDGET}.",
        "colorBy": f"{CONFIG}.",
        "columns": f"{LENS}.",
        "channel": f"{LENS}.settings.",
        "config": f"{WIDGET}.",
    }
    for key, content in twice.items():
        yield file(f"{key} twice", content.encode(), Refused((f"{places[key]}{key} stands twice",)))
    escaped = b'{"children": [], "childre\\u006e": [{"kind": "tab"}]}'
    yield file("children twice, one in escapes", escaped, Refused(("children",)))
    thrice = b'{"children": [], "children": [], "children": []}'
    yield file("children thrice", thrice, Refused(("children",)))


# Beyond what the page lets choose

BEYOND: dict[str, dict[str, tuple[float, ...]]] = {
    "similaritymap": {
        "umapNNeighbors": (-1, 0, 1, 101, 10**6),
        "umapMinDist": (-0.1, 0, 0.009, 0.51, 1, 10**6),
        "umapMenuLocalGlobalBalance": (-0.5, 1.5),
    },
    "wordcloud": {"wordCount": (-5, 0, 10**7, 10**9), "minWordLength": (-1, 0, 16, 10**6)},
}
WITHIN: dict[str, Node] = {
    "similaritymap": {"umapNNeighbors": [2, 100], "umapMinDist": [0.01, 0.5], "umapMenuLocalGlobalBalance": [0, 1]},
    "wordcloud": {"wordCount": [1, 100_000], "minWordLength": [1, 15]},
}


def bounds() -> Iterator[Case]:
    for kind, keys in BEYOND.items():
        for key, values in keys.items():
            for value in values:
                yield refused(f"{kind} {key} {value}", of_widget(kind, config={key: value}), f"{CONFIG}.{key}", "from")
    for kind, within in WITHIN.items():
        for key, values in within.items():
            for value in values:
                yield opens(f"{kind} {key} {value}", of_widget(kind, config={key: value}))
    widths = {"dataGridColumnWidths": {"label": -5}}
    yield refused("width below nothing", of_widget(config=widths), f"{CONFIG}.dataGridColumnWidths")
    for settings in ({"channel": -1}, {"channel": 1.5}, {"channel": 10**6}):
        wrong = of_lenses(lens("SpectrogramView", settings=settings))
        yield refused(f"SpectrogramView {settings}", wrong, f"{LENS}.settings.channel")
    mesh = of_lenses(lens("MeshView", settings={"transparency": 1.5}))
    yield refused("MeshView transparency 1.5", mesh, f"{LENS}.settings.transparency")
    long = "anomaly_score_" + "a" * 1_000
    yield refused(
        "a column of 1,014 characters", of_widget("histogram", config={"columnKey": long}), f"{CONFIG}.columnKey"
    )
    yield refused("a title of 201 characters", of_widget(name="x" * 201), f"{WIDGET}.name")
    yield refused("a listed column of 1,014 characters", of_widget(config={"visibleColumns": [long]}), CONFIG)
    yield refused("a lens's column of 1,014 characters", of_lenses(lens(columns=[long])), LENS)


# Ours


def own() -> Iterator[Case]:
    """Our own widgets and lenses, named as no page has them."""
    scores, compare = "dcase.scores", "dcase.compare"
    yield opens("scores", of_widget(scores, config={"scoreColumn": "anomaly_score_mine"}))
    yield opens("compare", of_lenses(lens(compare, columns=["path", "nearest_normal"], settings={"against": "same"})))
    for word in ("dcase.score", "dcase.Scores", "dcase.scores ", f"{scores}/../../x", f"{scores}.html"):
        yield refused(f"type is {word!r}", of_widget(word), f"{WIDGET}.type", scores)
    for value in (3, ["a"], {}, True):
        wrong = of_widget(scores, config={"scoreColumn": value})
        yield refused(f"scores of {value!r}", wrong, f"{CONFIG}.scoreColumn")
    for key in ("html", "scorecolumn", "__proto__", "widgetOfFile"):
        yield refused(f"scores with {key}", of_widget(scores, config={key: "<b>"}), CONFIG, key, "scoreColumn")
    for value in ("<script>", "Normal", 3, ["same"], True):
        wrong = of_lenses(lens(compare, settings={"against": value}))
        yield refused(f"compare against {value!r}", wrong, f"{LENS}.settings.against")
    yield refused("compare with __proto__", of_lenses(lens(compare, settings={"__proto__": 1})), f"{LENS}.settings")
    yield refused("scores as a lens", of_lenses(lens(scores)), f"{LENS}.view")
    yield refused("compare as a widget", of_widget(compare), f"{WIDGET}.type")
    yield refused("the page's own mark", of_widget(config={"widgetOfFile": 0}), CONFIG, "widgetOfFile")


# Size and depth


def large(number: int, head: bytes, one: bytes, tail: bytes) -> Callable[[], bytes]:
    return lambda: head + b",".join([one] * number) + tail


def sizes() -> Iterator[Case]:
    many = 10 * 2**20
    for name, content in {
        "10 MB of spaces": lambda: b" " * many,
        "10 MB of spaces behind": lambda: BYTES + b" " * many,
        "10 MB of children": large(many // 15, b'{"children":[', b'{"kind":"tab"}', b"]}"),
        "10 MB of one string": lambda: json.dumps(of_widget(name="x" * many)).encode(),
        "10 MB of lists": large(many // 3, b'{"children":[', b"[]", b"]}"),
        "10 MB of digits": lambda: b'{"children":[],"weight":' + b"1" * many + b"}",
        "10 MB of zeros": lambda: bytes(many),
    }.items():
        yield file(name, content, Refused(("MB",)))

    def sparse(folder: Path) -> str:
        path = folder / "layout.json"
        path.touch()
        os.truncate(path, 10 * 2**30)
        return str(path)

    yield Case("10 GB with nothing in them", sparse, Refused(("MB",)))

    # The most that a layout may have is 1 MB: what that can hold is to be read and refused within bounds as well.
    full = 900_000
    config = json.dumps(of_widget(config="?")).encode().split(b'"?"')
    columns = json.dumps(of_widget(config={"visibleColumns": "?"})).encode().split(b'"?"')
    too_many = Refused(("values",))
    yield file("1 MB of opening brackets", lambda: b"[" * full, Refused())
    yield file("1 MB of opening objects", lambda: b'{"children":[' * (full // 13), Refused())
    yield file("1 MB of quotation marks", lambda: b'"' * full, Refused())
    yield file("1 MB of backslashes", lambda: b'{"children": "' + b"\\" * full, Refused())
    yield file("1 MB of lists", large(full // 3, b'{"children":[', b"[]", b"]}"), too_many)
    yield file("1 MB of numbers", large(full // 2, b'{"children":[', b"0", b"]}"), too_many)
    yield file("1 MB of tabs", large(full // 15, b'{"children":[', b'{"kind":"tab"}', b"]}"), Either())
    yield file(
        "1 MB of numbers for columns",
        large(full // 2, columns[0] + b"[", b"0", b"]" + columns[1]),
        too_many,
    )
    yield file("1 MB of columns", large(full // 8, columns[0] + b"[", b'"label"', b"]" + columns[1]), Either())
    yield file("1 MB of the same key", large(full // 6, b"{", b'"a":1', b"}"), Refused())
    keys = [b'"key%d":0' % number for number in range(full // 12)]
    yield file("1 MB of unknown keys", lambda: config[0] + b"{" + b",".join(keys) + b"}" + config[1], too_many)
    yield file("1 MB of unknown keys at the top", lambda: b"{" + b",".join(keys) + b',"children":[]}', Refused())
    yield file(
        "1 MB of keys, the last one twice",
        lambda: b"{" + b",".join([*keys, keys[-1]]) + b',"children":[]}',
        Refused((f"key{len(keys) - 1}",)),
    )
    alike = [b'"visible%sColumns%d":0' % (b"Columns" * 8, number) for number in range(full // 80)]
    yield file(
        "1 MB of keys like a known one",
        lambda: config[0] + b"{" + b",".join(alike) + b"}" + config[1],
        Refused((CONFIG, "visibleColumns")),
    )
    widths = {f"column {number}": 100 for number in range(full // 22)}
    yield either("1 MB of column widths", lambda: of_widget(config={"dataGridColumnWidths": widths}))
    pairs = [["label", "ASC"]] * (full // 20)
    yield either("1 MB of sorting", lambda: of_widget(config={"sorting": pairs}))
    yield either("1 MB of name", lambda: of_widget(name="x" * full))
    for name, wrong in {
        "kind": lambda word: of_nodes({"kind": word}),
        "type": lambda word: of_widget(word),
        "node key": lambda word: of_tab(**{word: 1}),
        "config key": lambda word: of_widget(config={word: 1}),
        "view": lambda word: of_lenses(lens(word)),
        "tableView": lambda word: of_widget(config={"tableView": word}),
        "visibleColumns": lambda word: of_widget("inspector", config={"visibleColumns": word}),
    }.items():
        for letters in ("x", "table"):
            yield file(
                f"1 MB of {letters} as {name}",
                lambda wrong=wrong, letters=letters: json.dumps(wrong(letters * (full // len(letters)))).encode(),
                Refused((TAB,)),
            )
    # Wrong values are not to be quoted whole either.
    yield file("1 MB of list as type", lambda: json.dumps(of_widget(["x"] * (full // 5))).encode(), too_many)
    yield file("1 MB of object as kind", lambda: json.dumps(of_nodes({"kind": widths})).encode(), too_many)
    yield either("5,000 widgets in a tab", lambda: of_tab(*[widget("table", name="Clips")] * 5_000))
    yield either("20,000 widgets in a tab", lambda: of_tab(*[widget("table")] * 20_000))
    yield either("20,000 lenses", lambda: of_lenses(*[{"view": "TextLens", "columns": ["l"]}] * 20_000))
    yield either(
        "20,000 lenses in 20 inspectors", lambda: of_tab(*[inspector(*[{"view": "A", "columns": []}] * 1_000)] * 20)
    )
    yield file(
        "1 MB of wrong lenses",
        lambda: json.dumps(of_lenses(*[3] * (full // 3))).encode(),
        too_many,
    )
    yield file("1 MB of wrong widgets", lambda: json.dumps(of_tab(*[3] * (full // 3))).encode(), too_many)
    orders = [["", "UP"]] * (full // 12)
    inner = [1] * (full // 3)
    yield file("1 MB of one order", lambda: json.dumps(of_widget(config={"sorting": [inner]})).encode(), too_many)
    yield file(
        "1 MB of columns in a lens", lambda: json.dumps(of_lenses(lens(columns=["l"] * (full // 5)))).encode(), too_many
    )
    yield file(
        "1 MB of wrong orders",
        lambda: json.dumps(of_widget(config={"sorting": orders})).encode(),
        too_many,
    )
    yield either("name of 100,000 letters", lambda: of_widget(name="x" * 100_000))
    yield either("lens name of 100,000 letters", lambda: of_lenses(lens(name="x" * 100_000)))
    yield either("column name of 100,000 letters", lambda: of_widget("histogram", config={"columnKey": "x" * 100_000}))


def depths() -> Iterator[Case]:
    levels = 10_000
    inside = json.dumps(of_widget("?", config="!")).encode()
    for name, content in {
        "lists": b"[" * levels + b"]" * levels,
        "lists below children": b'{"children":' + b"[" * levels + b"]" * levels + b"}",
        "objects": b'{"a":' * levels + b"1" + b"}" * levels,
        "children": b'{"children":[' * levels + b"]}" * levels,
        "splits": b'{"children":[' + b'{"kind":"split","children":[' * levels + b"]}" * levels + b"]}",
        "lists in a config": inside.replace(b'"?"', b'"table"').replace(b'"!"', b"[" * levels + b"]" * levels),
    }.items():
        yield file(f"{levels:,} levels of {name}", content, Refused())
    for depth in (100, 600, 900):
        for key in ("x", "visibleColumns", "sorting", "dataGridColumnWidths"):
            yield refused(f"{depth} levels in a config's {key}", of_widget(config={key: nested(depth)}))
    yield refused("600 levels in a type", of_widget(nested(600)))
    yield refused("600 levels in settings", of_lenses(lens(settings={"channel": nested(600)})))
    tab = {"kind": "tab", "children": [widget()]}
    yield refused("60 splits in each other", splits(60, tab))
    yield opens("10 splits in each other", splits(10, tab))


# What stands in texts

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "link": "[x](javascript:alert(1))",
    "attribute": '" onmouseover="alert(1)',
    "end of script": "</script><script>alert(1)</script>",
}
CONTROLS = {
    "colours": "\x1b[31mred\x1b[0m",
    "title": "\x1b]0;owned\x07",
    "clear screen": "\x1b[2J\x1b[H",
    "C1 control": "\x9b31m",
    "line break": "one\ntwo",
    "carriage return": "one\rtwo",
    "backspaces": "one\b\b\btwo",
    "zero byte": "one\x00two",
    "right to left": "one\u202etwo",
    "line separator": "one\u2028two",
    "zero width": "one\u200btwo",
    "private use": "one\ue000two",
    "joined emoji": "\U0001f469\u200d\U0001f52c",
}
FORMATS = "%s %n {0} {path} [bold red] ${HOME} `id` $(id)"


def texts() -> Iterator[Case]:
    for name, text in {**HOSTILE, "formats": FORMATS, "umlauts": "Geräusche 声 🔊", "empty": ""}.items():
        yield opens(f"{name} as a widget's name", of_widget(name=text))
        yield opens(f"{name} as a lens's name", of_lenses(lens(name=text)))
        yield opens(f"{name} as a lens's column", of_lenses(lens(columns=[text])))
        if text:
            yield opens(f"{name} as a column", of_widget("histogram", config={"columnKey": text}))
        yield opens(f"{name} as a listed column", of_widget(config={"visibleColumns": ["label", text]}))
    for name, text in {**HOSTILE, "formats": FORMATS}.items():
        yield refused(f"{name} as a type", of_widget(text), f"{WIDGET}.type")
        yield refused(f"{name} as a config key", of_widget(config={text: 1}), CONFIG)
    for name, text in CONTROLS.items():
        yield either(f"{name} in a widget's name", of_widget(name=text))
        yield either(f"{name} in a lens's name", of_lenses(lens(name=text)))
        yield either(f"{name} in a column", of_widget("histogram", config={"columnKey": text}))
        yield refused(f"{name} in a kind", of_nodes({"kind": text}), f"{TAB}.kind")
        yield refused(f"{name} in a type", of_widget(text), f"{WIDGET}.type")
        yield refused(f"{name} behind a type", of_widget(f"table{text}"), f"{WIDGET}.type")
        yield refused(f"{name} in a view", of_lenses(lens(text)), f"{LENS}.view")
        yield refused(f"{name} in the orientation", {"children": [], "orientation": text}, "orientation")
        yield refused(f"{name} in a top key", {**CLEAN, text: 1})
        yield refused(f"{name} in a node key", of_tab(**{text: 1}), TAB)
        yield refused(f"{name} in a widget key", of_widget(**{text: 1}), WIDGET)
        yield refused(f"{name} in a config key", of_widget(config={text: 1}), CONFIG)
        yield refused(f"{name} in a lens key", of_lenses(lens(**{text: 1})), LENS)
        yield refused(f"{name} in a view mode", of_widget(config={"tableView": text}), f"{CONFIG}.tableView")
        yield refused(f"{name} in an order", of_widget(config={"sorting": [["label", text]]}), f"{CONFIG}.sorting")
        widths = {"dataGridColumnWidths": {text: "wide"}}
        yield refused(f"{name} in a column's width", of_widget(config=widths), f"{CONFIG}.dataGridColumnWidths")
        twice = f'{{"children": [], {json.dumps(text)}: 1, {json.dumps(text)}: 2}}'
        yield file(f"{name} in a key twice", twice.encode(), Refused())
    # A half of a pair cannot be written as UTF-8, and so not be sent to the page.
    for half in ("\ud800", "\udc00", "x\udfff", "\udc00\ud800"):
        yield refused(f"{half!a} in a widget's name", of_widget(name=half), f"{WIDGET}.name")
        yield refused(
            f"{half!a} in a column", of_widget("histogram", config={"columnKey": half}), f"{CONFIG}.columnKey"
        )
        yield refused(f"{half!a} in a lens's key", of_lenses(lens(key=half)), f"{LENS}.key")
        yield refused(f"{half!a} in a type", of_widget(half), f"{WIDGET}.type")
        yield refused(f"{half!a} in a config key", of_widget(config={half: 1}), CONFIG)
    content = (
        b'{"children": [{"kind": "tab", "children": [{"kind": "widget", "type": "table", "name": "\xed\xa0\x80"}]}]}'
    )
    yield file("half of a pair in bytes", content, Refused())


# What is odd and fine

ALL_KEYS: dict[str, Node] = {
    "table": {
        "tableView": "filtered",
        "visibleColumns": ["label", "label", "no such column"],
        "sorting": [["label", "ASC"], ["domain", "DESC"]],
        "orderByRelevance": True,
        "dataGridColumnWidths": {"label": 120, "domain": 80.5, "__proto__": 3},
    },
    "similaritymap": {
        "placeBy": ["embeddings_logmel", "level_dbfs"],
        "reductionMethod": "pca",
        "colorBy": "label",
        "sizeBy": "level_dbfs",
        "filter": True,
        "umapNNeighbors": 20,
        "umapMetric": "robust euclidean",
        "umapMinDist": 0.15,
        "pcaNormalization": "robust standardize",
        "umapMenuLocalGlobalBalance": 0.5,
        "umapMenuIsAdvanced": False,
    },
    "scatterplot": {"xAxisColumn": "a", "yAxisColumn": "a", "colorBy": "label", "sizeBy": "b", "filter": False},
    "histogram": {"columnKey": "label", "stackByColumnKey": "label", "filter": True},
    "inspector": {"visibleColumns": 8, "views": []},
    "IssuesWidget": {},
    "ConfusionMatrix": {"xColumn": "label", "yColumn": "label", "filter": True},
    "Metric": {"metric": "levenshtein", "columns": ["label", None]},
    "wordcloud": {
        "cloudByColumnKey": "label",
        "minWordLength": 3,
        "stopwords": ["the", ""],
        "scaling": "sqrt",
        "wordCount": 100,
        "hideFiltered": False,
    },
}
"""All that the page saves, by widget."""


def odd_and_fine() -> Iterator[Case]:
    for kind, config in ALL_KEYS.items():
        yield opens(f"{kind} with all its keys", of_widget(kind, config=config))
        yield opens(f"{kind} with an empty config", of_widget(kind, config={}))
        yield opens(f"{kind} with config null", of_widget(kind, config=None))
        yield opens(f"{kind} without config", of_widget(kind))
    for kind, keys in PYTHON_NAMES.items():
        for key, (page_key, value) in keys.items():
            read = Opens(of_widget(kind, config={page_key: value}))
            yield file(f"{kind} {key}", json.dumps(of_widget(kind, config={key: value})).encode(), read)
            both = of_widget(kind, config={page_key: value, key: value})
            yield refused(f"{kind} {page_key} and {key}", both, CONFIG, key)
    for kind, today in {"data-grid": "table", "details": "inspector", "simmap": "similaritymap"}.items():
        older = json.dumps(of_widget(kind, name="x", config={"filter": True} if kind == "simmap" else {})).encode()
        yield file(f"type of old: {kind}", older, Opens(of_widget(today, name="x")))
    # Two widgets that Spotlight once had.
    points, overview = "experimental/scatterplot-gl", "experimental/audio-overview"
    for config in ([], {"xColumnKey": 3}, {"colorColumnKey": ["label"]}, {"xColumKey": "a"}):
        yield refused(f"{points} {json.dumps(config)}", of_widget(points, config=config), WIDGET)
    yield either(f"{points} x twice", of_widget(points, config={"xColumnKey": "a", "xAxisColumn": "b"}))
    for column in (3, ["path"], {"path": 1}, True):
        config = {"audioColumnKey": column}
        yield refused(f"{overview} {json.dumps(config)}", of_widget(overview, config=config), WIDGET)
    yield either(f"{overview} of an unsafe lens", of_widget(overview, config={"views": [lens(UNSAFE)]}))
    older = json.dumps(of_widget(config={"sorting": ["label"]})).encode()
    yield file("table sorted as of old", older, Opens(of_widget(config={"sorting": [["label", "ASC"]]})))
    for count in (1, 2, 4, 6, 8):
        yield opens(f"inspector of {count} columns", of_widget("inspector", config={"visibleColumns": count}))
    yield opens("no widget at all", {"children": []})
    yield opens("orientation null", {"orientation": None, "children": []})
    yield opens("name null", of_widget(name=None))
    yield opens("empty tab", of_tab())
    yield opens("tab without children", of_nodes({"kind": "tab"}))
    yield opens("empty tabs and splits in each other", splits(3, {"kind": "tab", "weight": 1, "children": []}))
    yield opens("two lenses of the same key", of_lenses(lens(), lens("ScalarView")))
    yield opens("the same lens twice", of_lenses(lens(), lens()))
    yield opens("two widgets of the same name", of_tab(widget(name="Clips"), widget(name="Clips")))
    yield opens("lens of view and columns alone", of_lenses({"view": "AudioView", "columns": ["path"]}))
    yield opens("lens with its name null", of_lenses(lens(name=None)))
    yield opens("lens with settings null", of_lenses(lens(settings=None)))
    yield opens("lens that no model declares", of_lenses(lens("BLEUScoreView", columns=["label", "domain"])))
    for view in ("MarkdownLens", "SafeHtmlLens"):  # a page's own files have them
        shown = Opens(of_lenses(lens("TextLens")))
        yield file(f"{view}, whose text is shown", json.dumps(of_lenses(lens(view))).encode(), shown)
        by_name = of_widget("inspector", config={"lenses": [{"type": view, "columns": ["label"]}]})
        shown = Opens(of_widget("inspector", config={"views": [{"view": "TextLens", "columns": ["label"]}]}))
        yield file(f"{view} by Spotlight's names, whose text is shown", json.dumps(by_name).encode(), shown)
    mel = {"freqScale": "mel", "ampScale": "decibel", "channel": 0}
    yield opens("spectrogram with its settings", of_lenses(lens("SpectrogramView", settings=mel)))
    yield opens("sound with its settings", of_lenses(lens("AudioView", settings={"repeat": True, "autoplay": False})))
    yield opens("weights of all sizes", of_nodes(*[{"kind": "tab", "weight": one} for one in (1, 0.001, 10**9, 1e-9)]))
    yield opens("emoji as a pair of halves", of_widget(name="\U0001f50a"))


# What is no file, or a file that is not one to read


def curated_and_unknown_names() -> Iterator[Case]:
    for name, near in {
        "extendet": "extended",
        "Simple": "simple",
        "simple ": "simple",
        "simple.json": "simple",
        "domain_shift": "domain-shift",
        "qqq": "simple",
        "-": "simple",
        " ": "simple",
        "": "simple",
    }.items():
        yield named(f"named {name!r}", name, Refused((near,)))
    for url in (
        "https://example.org/simple.json",
        "http://127.0.0.1:1/x.json",
        "HTTPS://EXAMPLE.ORG/X.JSON",
        "ftp://example.org/x.json",
        "file:///etc/passwd",
        "file://host/x.json",
        "javascript:alert(1)",
        'data:application/json,{"children":[]}',
        "data:application/json;base64,eyJjaGlsZHJlbiI6W119",
        "s3://bucket/x.json",
        "hf://datasets/x/y.json",
        "//host/x.json",
        "\\\\host\\share\\x.json",
        "C:\\layouts\\x.json",
        "https://user:secret@example.org/x.json",
        "zip://x.json::https://example.org/x.zip",
    ):
        yield named(f"named {url}", url, Refused())
    for name, given in {
        "unknown user": "~nobody-of-this-name/x.json",
        "home folder": "~",
        "variable": "$HOME/x.json",
        "root": "/",
        "here": ".",
        "missing folder and back": "missing/../x.json",
        "5,000 letters": "x" * 5_000,
        "path of 5,000 letters": "/x" * 2_500,
        "100,000 letters": "x" * 100_000,
        "zero byte in it": "x\0.json",
        "curated name and zero byte": "simple\0",
        "line break in it": "x\n.json",
        "half of a pair in it": "\ud800.json",
        "byte that is no UTF-8": "\udcff.json",
        "formats": FORMATS,
        **{f"{name} in it": f"{text}.json" for name, text in CONTROLS.items() if text.isascii()},
    }.items():
        yield named(f"name: {name}", given, Refused(named=False))


def places() -> Iterator[Case]:
    def at(name: str, make: Callable[[Path], str | Path], expected: Refused | Opens | Either) -> Case:
        return Case(name, lambda folder: str(make(folder)), expected)

    def good(folder: Path, name: str = "good.json") -> Path:
        path = folder / name
        path.write_bytes(BYTES)
        return path

    def bad(folder: Path, name: str) -> Path:
        path = folder / name
        path.write_bytes(b'{"children": [{"kind": "frame"}]}')
        return path

    def folder_of(folder: Path, name: str) -> Path:
        path = folder / name
        path.mkdir()
        return path

    def link(folder: Path, target: str | Path) -> Path:
        path = folder / "link.json"
        path.symlink_to(target)
        return path

    def device(name: str) -> Path:
        if not Path(name).exists():
            raise NotHereError(f"there is no {name}")
        return Path(name)

    def special(folder: Path, kind: int) -> Path:
        path = folder / "special.json"
        os.mknod(path, kind | 0o600)
        return path

    def closed(folder: Path) -> Path:
        if os.geteuid() == 0:
            raise NotHereError("root reads everything")
        path = good(folder)
        path.chmod(0)
        return path

    def behind_closed(folder: Path) -> Path:
        if os.geteuid() == 0:
            raise NotHereError("root reads everything")
        path = good(folder_of(folder, "closed"))
        path.parent.chmod(0)
        return path

    def without_end() -> Path:
        path = device("/proc/self/pagemap")
        if not os.access(path, os.R_OK) or not stat.S_ISREG(path.stat().st_mode):
            raise NotHereError(f"{path} cannot be read")
        return path

    yield at("folder", lambda folder: folder, Refused())
    yield at("folder called x.json", lambda folder: folder_of(folder, "x.json"), Refused())
    yield at("no such file", lambda folder: folder / "missing.json", Refused())
    yield at("file as a folder", lambda folder: good(folder) / "x.json", Refused())
    yield at("slash behind a file", lambda folder: f"{good(folder)}/", Either())
    yield at("named pipe", lambda folder: special(folder, stat.S_IFIFO), Refused())
    yield at("socket", lambda folder: special(folder, stat.S_IFSOCK), Refused())
    yield at("link to a named pipe", lambda folder: link(folder, special(folder, stat.S_IFIFO)), Refused())
    yield at("device without end", lambda _: device("/dev/zero"), Refused())
    yield at("link to a device without end", lambda folder: link(folder, device("/dev/zero")), Refused())
    yield at("random device", lambda _: device("/dev/urandom"), Refused())
    yield at("null device", lambda _: device("/dev/null"), Refused())
    yield at("memory of the process", lambda _: device("/proc/self/mem"), Refused())
    yield at("file of size 0 without end", lambda _: without_end(), Refused())
    yield at("link to itself", lambda folder: link(folder, "link.json"), Refused())
    yield at("dangling link", lambda folder: link(folder, "missing.json"), Refused())
    yield at("link to a folder", lambda folder: link(folder, folder), Refused())
    yield at("unreadable file", closed, Refused())
    yield at("file in an unreadable folder", behind_closed, Refused())
    yield at("link to a good file", lambda folder: link(folder, good(folder)), Opens(CLEAN))
    yield at("good file by ..", lambda folder: folder_of(folder, "sub") / ".." / good(folder).name, Opens(CLEAN))
    yield at("good file here", lambda folder: good(folder).name, Opens(CLEAN))
    yield at("good file without extension", lambda folder: good(folder, "mine"), Opens(CLEAN))
    yield at("good file with spaces", lambda folder: good(folder, " my layout .json "), Opens(CLEAN))
    yield at("good file in other letters", lambda folder: good(folder, "Geräusche 声.json"), Opens(CLEAN))
    yield at("good file called like a URL", lambda folder: good(folder, "https:"), Opens(CLEAN))
    yield at("good file with a line break in its name", lambda folder: good(folder, "a\nb.json"), Opens(CLEAN))
    yield at("good file, name no UTF-8", lambda folder: good(folder, os.fsdecode(b"\xff.json")), Opens(CLEAN))
    for name, text in {
        "line break": "a\nb.json",
        "colours": "\x1b[31m.json",
        "title": "\x1b]0;owned\x07.json",
        "no UTF-8": os.fsdecode(b"\xff.json"),
    }.items():
        parts = (f"{TAB}.kind", "frame")
        yield at(
            f"bad file, {name} in its name", lambda folder, text=text: bad(folder, text), Refused(parts, named=False)
        )
        yield at(f"folder, {name} in its name", lambda folder, text=text: folder_of(folder, text), Refused(named=False))


PARTS = (
    *(
        no_layouts,
        fine_files,
        nodes,
        node_keys,
        numbers,
        configs,
        lenses,
        unsafe_lenses,
        duplicates,
        bounds,
        own,
        sizes,
        depths,
        texts,
    ),
    *(odd_and_fine, curated_and_unknown_names, places),
)
CASES = [case for part in PARTS for case in part()]
