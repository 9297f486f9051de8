"""Layouts: found by name, checked before they are trusted, bound to the table at hand."""

import copy
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from renumics.spotlight.layout import parse
from renumics.spotlight.layout.nodes import Layout

from dcase_explore.errors import ExploreError
from dcase_explore.exploration import columns_with_values
from dcase_explore.exploring import explored
from dcase_explore.layouts import binding
from dcase_explore.layouts.binding import OF_THE_PAGE
from dcase_explore.layouts.curated import curated_names
from dcase_explore.layouts.files import find_layout, read_layout
from dcase_explore.layouts.normal import normal
from dcase_explore.layouts.opening import opened
from dcase_explore.layouts.text import as_bytes
from dcase_explore.options import Options
from dcase_explore.scoring import score as score_table
from dcase_explore.sources import read_sources

AST, AE, LOF = "ast-finetuned-audioset-10-10-0.4593", "dcase2023_task2_baseline_ae", "embedding_lof"
FACTS = ["clip_id", "split", "class", "section", "domain", "label"]
ATTRIBUTES = ["attributes", "d1p", "d1v", "d2p", "d2v", "d3p", "d3v"]


def score(*names: str) -> list[str]:
    families = ("anomaly_score", "prediction", "prediction_correct", "auc_cost")
    return [f"{family}_{name}" for name in names for family in families]


def embedding(*names: str) -> list[str]:
    return [column for name in names for column in (f"embeddings_{name}", f"map_{name}_x", f"map_{name}_y")]


def distance(*names: str) -> list[str]:
    return [f"domain_distance_{name}" for name in names]


HEARD = ["path", "nearest_normal", "level_dbfs", "clipped"]
FULL = [*FACTS, *ATTRIBUTES, *HEARD, *embedding(AST, AE), *distance(AST, AE), *score(AE, LOF), *OF_THE_PAGE]
TABLES = {
    "full": FULL,
    "demo": [*FACTS, *ATTRIBUTES, *HEARD, *embedding("logmel"), *distance("logmel"), *score("logmel_lof")],
    "raw download of 2020": [
        *FACTS[:4],
        "label",
        *HEARD,
        *embedding("logmel"),
        "anomaly_score_logmel_lof",
        "auc_cost_logmel_lof",
    ],
    "scores alone": [*FACTS, *ATTRIBUTES, *score("baseline_MSE", "baseline_MAHALA")],
    "one score": [*FACTS, "anomaly_score_mine"],
    "recordings and scores": [
        *FACTS,
        "path",
        *embedding("logmel"),
        "anomaly_score_logmel_lof",
        *score("mine", "theirs"),
    ],
    "other score of the dataset": [*FACTS, *score(LOF)],
    "own embedding": [*FACTS, "path", *embedding("mine")],
    "facts alone": FACTS,
}


ONE_COLUMN = (
    *("xAxisColumn", "yAxisColumn", "colorBy", "sizeBy", "columnKey", "stackByColumnKey"),
    *("xColumn", "yColumn", "cloudByColumnKey"),
)


def bind(layout: dict[str, Any], columns: list[str]) -> tuple[dict[str, Any], list[str]]:
    """What is left of a layout, and what is said of it."""
    bound = binding.bind(normal(layout), columns)
    return bound.layout, list(bound.changes)


def widgets(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if node.get("kind") == "widget":
        yield node
    for child in node.get("children", []):
        yield from widgets(child)


def named(layout: dict[str, Any]) -> set[str]:
    """Every column that a layout's widgets refer to: read from Spotlight's own keys, not from the program's."""
    found: list[str | None] = []
    for widget in widgets(layout):
        config = widget.get("config") or {}
        found += [config.get(key) for key in ONE_COLUMN]
        for key in ("placeBy", "columns", "visibleColumns"):
            found += config[key] if isinstance(config.get(key), list) else []
        found += [column for column, _ in config.get("sorting") or []]
        found += [column for lens in config.get("views") or [] for column in lens["columns"]]
    return {column for column in found if column is not None}


def texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from texts(child)


def titles(layout: dict[str, Any]) -> list[str]:
    return [widget["name"] for widget in widgets(layout)]


def config_of(layout: dict[str, Any], kind: str) -> dict[str, Any]:
    """Config of the one widget of a kind."""
    (found,) = [widget["config"] for widget in widgets(layout) if widget["type"] == kind]
    return found


def lenses(layout: dict[str, Any]) -> list[tuple[str, str]]:
    """View and column of every lens, in order."""
    return [(lens["view"], *lens["columns"]) for lens in config_of(layout, "inspector")["views"]]


def siblings(node: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    children = node.get("children", [])
    yield [child for child in children if child["kind"] != "widget"]
    for child in children:
        yield from siblings(child)


def of_widget(**widget: Any) -> dict[str, Any]:
    return {"children": [{"kind": "tab", "children": [{"kind": "widget", **widget}]}]}


def save(folder: Path, layout: object) -> str:
    path = folder / "mine.json"
    path.write_bytes(layout if isinstance(layout, bytes) else json.dumps(layout).encode())
    return str(path)


def refused(name_or_file: str) -> str:
    with pytest.raises(ExploreError) as error:
        read_layout(name_or_file)
    return str(error.value)


# Finding


def test_curated_layouts_are_found_by_their_folder() -> None:
    files = (Path(__file__).parents[1] / "layouts").glob("*.json")
    assert curated_names() == sorted(file.stem for file in files)
    assert "simple" in curated_names(), "which is opened when none is named"


def test_curated_name_is_read_before_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "simple").write_text("{}")
    assert read_layout("simple")["children"]


def test_unknown_name_is_answered_with_the_nearest() -> None:
    sentence = refused("extendet")
    assert "extendet" in sentence
    assert "did you mean extended?" in sentence


def test_name_like_no_other_lists_the_curated_ones() -> None:
    sentence = refused("qqq")
    assert all(name in sentence for name in curated_names())


def test_missing_file_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "mine.json") in refused(str(tmp_path / "mine.json"))


@pytest.mark.parametrize("url", ["https://example.org/simple.json", "http://127.0.0.1:1/x.json", "file:///etc/passwd"])
def test_url_is_never_fetched(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    def no_network(*_: object) -> None:
        pytest.fail("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    assert f"there is no layout {url}" in refused(url)


@pytest.mark.parametrize(
    ("place", "what"), [("pipe.json", "a pipe"), ("folder.json", "a folder"), ("null.json", "a device")]
)
def test_what_is_no_file_is_said_and_not_waited_for(place: str, what: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "null.json").symlink_to(os.devnull)
    assert f"layout {tmp_path / place}: is {what}" in refused(str(tmp_path / place))


# What the curated ones show: the rules that CONTRIBUTING.md holds a new one to


@pytest.mark.parametrize("name", curated_names())
def test_a_curated_layout_is_in_its_normal_form(name: str) -> None:
    assert find_layout(name).read_bytes() == as_bytes(read_layout(name))


@pytest.mark.parametrize("name", curated_names())
def test_every_sibling_has_a_weight(name: str) -> None:
    for group in siblings(read_layout(name)):
        assert all("weight" in node for node in group), group


@pytest.mark.parametrize("name", curated_names())
def test_attributes_are_shown_in_words_and_early(name: str) -> None:
    layout = read_layout(name)
    assert not named(layout) & {"d1p", "d1v", "d2p", "d2v", "d3p", "d3v"}
    assert config_of(layout, "table")["visibleColumns"][:4] == ["class", "label", "domain", "attributes"]
    assert lenses(layout)[:3] == [("ScalarView", column) for column in ("label", "domain", "attributes")]


@pytest.mark.parametrize("name", curated_names())
def test_values_stand_before_sounds_and_do_not_push_them_off_the_page(name: str) -> None:
    views = [view for view, _ in lenses(read_layout(name))]
    heard = [number for number, view in enumerate(views) if view in ("AudioView", "SpectrogramView", "dcase.compare")]
    assert heard == list(range(heard[0], heard[0] + len(heard))) if heard else name == "scores", "in one piece"
    before = views[: heard[0]] if heard else views
    assert before.count("ScalarView") <= 8
    assert set(before) <= {"ScalarView", "dcase.note", "TextLens"}


@pytest.mark.parametrize("name", ["extended", "domain-shift", "compare"])
def test_a_clip_is_compared_with_its_nearest_normal_beside_the_findings(name: str) -> None:
    layout = read_layout(name)
    assert ("dcase.compare", "path") in lenses(layout)
    assert {"Findings", "Scores" if name != "domain-shift" else "Conditions"} < set(titles(layout))


@pytest.mark.parametrize("name", curated_names())
def test_notes_are_written_in_every_inspector(name: str) -> None:
    assert ("dcase.note", "clip_id") in lenses(read_layout(name))


@pytest.mark.parametrize("name", curated_names())
def test_a_nearest_normal_is_seen_and_heard_below_its_clip(name: str) -> None:
    shown = lenses(read_layout(name))
    if any("nearest_normal" in columns for _, *columns in shown):
        both = [lens for lens in shown if {"path", "nearest_normal"} & set(lens[1:])]
        beside = [("dcase.compare", "path", "nearest_normal")]
        below = [("AudioView", "path"), ("SpectrogramView", "path")]
        below += [("SpectrogramView", "nearest_normal"), ("AudioView", "nearest_normal")]
        assert both in (beside, below)


@pytest.mark.parametrize("name", curated_names())
def test_every_layout_lists_its_clips_and_plays_them(name: str) -> None:
    assert {"Clips", "Listen"} <= set(titles(read_layout(name)))


def test_findings_are_kept_whatever_the_table_has() -> None:
    layout = of_widget(type="IssuesWidget", name="Findings")
    assert bind(layout, ["clip_id"]) == (normal(layout), [])


# Checking


@pytest.mark.parametrize("name", curated_names())
def test_saved_copy_of_a_curated_layout_passes_the_check(tmp_path: Path, name: str) -> None:
    layout = read_layout(name)
    assert read_layout(save(tmp_path, layout)) == layout


def test_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert read_layout(save(tmp_path, b"\xef\xbb\xbf" + b'{"children": []}')) == normal({"children": []})


def test_widget_without_config_passes(tmp_path: Path) -> None:
    layout = of_widget(type="table")
    assert read_layout(save(tmp_path, layout)) == normal(layout)
    assert bind(layout, FACTS) == (normal(layout), [])


@pytest.mark.parametrize("view", ["SafeHtmlLens", "MarkdownLens"])
def test_what_lenses_would_run_or_fetch_is_shown_as_text_and_said(
    tmp_path: Path, view: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lens = {"view": view, "columns": ["label"], "name": "l", "key": "l"}
    path = save(tmp_path, of_widget(type="inspector", config={"views": [lens]}))
    read_layout(path, quiet=True)
    assert capsys.readouterr().err == ""
    assert lenses(read_layout(path)) == [("TextLens", "label")]
    assert f"the lens {view}, which runs or fetches what a column holds, as one that shows its text" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ["not a JSON file"]),
        (b"{'children': []}", ["not a JSON file", "line 1"]),
        (b"\xff\xfe{}", ["not a JSON file"]),
        (b"[]", ["no children at its top"]),
        (b"{}", ["no children at its top"]),
        (b" " * 2**20 + b'{"children": []}', ["more than 1 MB"]),
        (b"[" * 10_000 + b"]" * 10_000, ["nested too deeply"]),
        (b'{"children":[' * 10_000 + b"]}" * 10_000, ["nested too deeply"]),
        (
            b'{"kind":"split","children":[' * 60 + b"]}" * 60,
            ["deeper than 32 levels"],
        ),
    ],
    ids=["empty", "quotes", "UTF-16", "list", "no children", "large", "deep", "deep children", "60 splits"],
)
def test_file_that_is_no_layout_is_named_with_its_fault(tmp_path: Path, content: bytes, parts: list[str]) -> None:
    path = save(tmp_path, content)
    sentence = refused(path)
    assert [part for part in [path, *parts] if part not in sentence] == []


HTML = {"view": "HtmlLens", "columns": ["label"], "name": "x", "key": "x"}
IN_WIDGET = "children[0].children[0]"


@pytest.mark.parametrize(
    ("layout", "parts"),
    [
        ({"children": {}}, ["children must be a list"]),
        ({"children": [3]}, ["children[0] must be an object"]),
        ({"children": [{"kind": "tab"}, {"kind": "frame"}]}, ["children[1].kind", "'frame'"]),
        ({"children": [{"children": []}]}, ["children[0].kind", "split or tab"]),
        ({"children": [{"kind": ["tab"]}]}, ["children[0].kind"]),
        (of_widget(type="histogramm"), [f"{IN_WIDGET}.type", "'histogramm'", "did you mean histogram"]),
        (of_widget(type=None), [f"{IN_WIDGET}.type", "null"]),
        (of_widget(type=["table"]), [f"{IN_WIDGET}.type"]),
        (of_widget(), [f"{IN_WIDGET}.type"]),
        (of_widget(type="table", config=[1]), [f"{IN_WIDGET}.config must be an object"]),
        (of_widget(type="table", config={"visibleColumns": "label"}), [f"{IN_WIDGET}.config.visibleColumns", "list"]),
        (of_widget(type="table", config={"sorting": [3]}), [f"{IN_WIDGET}.config.sorting"]),
        (of_widget(type="table", config={"sorting": [["label"]]}), [f"{IN_WIDGET}.config.sorting"]),
        (of_widget(type="histogram", config={"columnKey": 3}), [f"{IN_WIDGET}.config.columnKey", "must be a string"]),
        (of_widget(type="scatterplot", config={"colorBy": {}}), [f"{IN_WIDGET}.config.colorBy", "must be a string"]),
        (of_widget(type="similaritymap", config={"placeBy": "x"}), [f"{IN_WIDGET}.config.placeBy", "must be a list"]),
        (of_widget(type="inspector", config={"views": {"a": 1}}), [f"{IN_WIDGET}.config.views must be a list"]),
        (of_widget(type="inspector", config={"views": ["AudioView"]}), [f"{IN_WIDGET}.config.views[0]", "lens"]),
        (of_widget(type="inspector", config={"views": [{"view": "AudioView"}]}), [f"{IN_WIDGET}.config.views[0]"]),
        (
            of_widget(type="inspector", config={"views": [{"view": "AudioView", "columns": ["path"]}, HTML]}),
            [f"{IN_WIDGET}.config.views[1].view", "HtmlLens", "use TextLens"],
        ),
    ],
)
def test_what_the_page_must_not_show_is_refused_where_it_stands(
    tmp_path: Path, layout: dict[str, Any], parts: list[str]
) -> None:
    path = save(tmp_path, layout)
    sentence = refused(path)
    assert [part for part in [path, *parts] if part not in sentence] == []


# Binding


@pytest.mark.parametrize("name", curated_names())
def test_full_dataset_needs_no_binding(name: str) -> None:
    layout = read_layout(name)
    assert bind(layout, FULL) == (layout, [])


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", curated_names())
def test_bound_layout_names_present_columns_only_and_is_one_of_spotlights(name: str, table: str) -> None:
    layout = read_layout(name)
    Layout.model_validate(layout)
    bound, _ = bind(layout, TABLES[table])
    Layout.model_validate(bound)
    assert named(bound) <= {*TABLES[table], *OF_THE_PAGE}
    # Nothing in it, under whatever key, is the name of a column that is absent.
    assert set(texts(bound)) & (named(layout) - {*TABLES[table], *OF_THE_PAGE}) == set()
    for widget in widgets(bound):
        config = widget.get("config") or {}
        if widget["type"] == "scatterplot":
            assert config["xAxisColumn"] != config["yAxisColumn"]
        if widget["type"] == "table":
            assert len(set(config["visibleColumns"])) == len(config["visibleColumns"])
    shown = [json.dumps([widget["type"], widget.get("config")], sort_keys=True) for widget in widgets(bound)]
    assert len(set(shown)) == len(shown), "a widget twice"
    assert len(set(lenses(bound))) == len(lenses(bound)), "a lens twice"
    assert "Clips" in titles(bound)
    assert "Listen" in titles(bound)


@pytest.mark.parametrize("name", curated_names())
def test_binding_leaves_the_given_layout_as_it_was(name: str) -> None:
    layout = read_layout(name)
    before = copy.deepcopy(layout)
    bind(layout, TABLES["scores alone"])
    assert layout == before


@pytest.mark.parametrize("name", curated_names())
def test_binding_a_bound_layout_changes_nothing(name: str) -> None:
    bound, _ = bind(read_layout(name), TABLES["recordings and scores"])
    assert bind(bound, TABLES["recordings and scores"]) == (normal(bound), [])


def test_real_scores_take_the_place_of_both_scores_everywhere(real_scores: Path) -> None:
    layout = read_layout("extended")
    columns = [*score_table(read_sources([str(real_scores)]).frame).frame.columns, "attributes", *OF_THE_PAGE]
    bound, changes = bind(layout, columns)
    replaced = dict(change.split(" for ") for change in changes if " for " in change)
    assert sorted(replaced) == ["score baseline_MAHALA", "score baseline_MSE"]
    assert sorted(replaced.values()) == [f"score {AE}", f"score {LOF}"]
    pairs = [(old.removeprefix("score "), new.removeprefix("score ")) for new, old in replaced.items()]
    # What is left of the layout is the original with one score's name written for the other's, in every widget.
    renamed = json.dumps(layout)
    for old, new in pairs:
        for family in ("anomaly_score", "prediction", "auc_cost"):
            renamed = renamed.replace(f'"{family}_{old}"', f'"{family}_{new}"')
    originals = {widget["name"]: widget for widget in widgets(json.loads(renamed))}
    assert "Both models" in titles(bound)
    for widget in widgets(bound):
        if widget["type"] != "inspector":
            assert widget == originals[widget["name"]]


def test_maps_of_a_table_without_embeddings_are_dropped_and_said(real_scores: Path) -> None:
    columns = list(read_sources([str(real_scores)]).frame.columns)
    layout = read_layout("extended")
    bound, changes = bind(layout, columns)
    maps = ["Map", "Other map", "Interactive map"]
    assert set(titles(layout)) - set(titles(bound)) == set(maps)
    assert all(f"'{title}'" in changes[-1] for title in maps)
    assert AST in changes[-1]


def test_own_score_goes_before_built_in_ones() -> None:
    columns = [*FACTS, "anomaly_score_logmel_lof", "anomaly_score_mine"]
    bound, changes = bind(read_layout("simple"), columns)
    (histogram,) = [widget for widget in widgets(bound) if widget["type"] == "dcase.histogram"]
    assert histogram["config"]["columnKey"] == "anomaly_score_mine"
    assert f"score mine for score {AE}" in changes


def test_own_embedding_goes_before_built_in_ones() -> None:
    columns = [*FACTS, "path", *embedding("logmel", "mine")]
    bound, _ = bind(read_layout("simple"), columns)
    (scatter,) = [widget["config"] for widget in widgets(bound) if widget["type"] == "scatterplot"]
    assert (scatter["xAxisColumn"], scatter["yAxisColumn"]) == ("map_mine_x", "map_mine_y")
    (similarity,) = [widget["config"] for widget in widgets(bound) if widget["type"] == "similaritymap"]
    assert similarity["placeBy"] == ["embeddings_mine"]


def test_score_that_is_present_is_not_replaced() -> None:
    bound, changes = bind(read_layout("extended"), [*FULL, *score("mine")])
    assert "anomaly_score_mine" not in named(bound)
    bound, changes = bind(read_layout("extended"), [name for name in FULL if LOF not in name] + score("mine"))
    assert changes == [f"score mine for score {LOF}"]
    assert {"anomaly_score_mine", f"anomaly_score_{AE}"} <= named(bound)


def test_one_score_does_not_stand_for_two() -> None:
    bound, changes = bind(read_layout("extended"), TABLES["one score"])
    assert "First score" in titles(bound)
    assert "Both models" not in titles(bound)
    assert "Other score" not in titles(bound)
    assert "'Both models'" in changes[-1]
    (table,) = [widget["config"] for widget in widgets(bound) if widget["type"] == "table"]
    assert table["visibleColumns"].count("anomaly_score_mine") == 1
    assert table["sorting"] == [["label", "ASC"], ["anomaly_score_mine", "DESC"]]


def test_score_with_decisions_stands_where_decisions_are_wanted() -> None:
    columns = [*FACTS, "anomaly_score_mine", *score("other")]
    bound, changes = bind(read_layout("compare"), columns)
    assert {column for column in named(bound) if column.startswith("prediction")} == {"prediction_other"}
    assert changes[:2] == [f"score other for score {AE}", f"score mine for score {LOF}"]
    assert "'Other decisions' (no prediction_mine)" in changes[-1]


def test_embedding_with_a_map_stands_where_a_map_is_wanted() -> None:
    columns = [*FACTS, "embeddings_x", *embedding("y")]
    scatter = of_widget(type="scatterplot", config={"xAxisColumn": "map_a_x", "yAxisColumn": "map_a_y"})
    bound, changes = bind(scatter, columns)
    assert config_of(bound, "scatterplot")["xAxisColumn"] == "map_y_x"
    assert changes == ["embedding y for embedding a"]


def test_own_score_without_decisions_still_goes_before_a_built_in_one_with() -> None:
    columns = [*FACTS, "anomaly_score_mine", *score("logmel_lof")]
    assert bind(read_layout("compare"), columns)[1][0] == f"score mine for score {AE}"


def test_what_stands_in_and_lacks_a_column_is_not_said_to_be_missing_itself() -> None:
    _, changes = bind(read_layout("simple"), [*FACTS, "path", "anomaly_score_mine"])
    assert changes[0] == f"score mine for score {AE}"
    (without,) = [change for change in changes if change.startswith("without ")]
    assert "auc_cost_mine" in without
    assert f"score {AE}" not in without


def test_column_is_said_though_a_title_holds_its_name() -> None:
    widgets_ = [
        {"kind": "widget", "type": "histogram", "name": "nosuch domains", "config": {"columnKey": "foo"}},
        {
            "kind": "widget",
            "type": "histogram",
            "name": "S",
            "config": {"columnKey": "section", "stackByColumnKey": "nosuch"},
        },
    ]
    _, changes = bind({"children": [{"kind": "tab", "children": widgets_}]}, FACTS)
    assert changes == ["without nosuch", "left out 'nosuch domains' (no foo)"]


def test_widget_that_can_do_without_a_column_stays() -> None:
    columns = [name for name in TABLES["demo"] if name not in ("label", "anomaly_score_logmel_lof")]
    bound, _ = bind(read_layout("simple"), columns)
    (scatter,) = [widget["config"] for widget in widgets(bound) if widget["type"] == "scatterplot"]
    assert scatter["xAxisColumn"] == "map_logmel_x"
    assert not {"colorBy", "sizeBy"} & set(scatter)


def test_lens_on_an_absent_column_goes_and_the_others_stay() -> None:
    bound, _ = bind(read_layout("simple"), TABLES["scores alone"])
    (inspector,) = [widget for widget in widgets(bound) if widget["type"] == "inspector"]
    left = [lens["name"] for lens in inspector["config"]["views"]]
    assert left[:4] == ["Label", "Domain", "Attributes", "First score"]
    assert "Clip" in left and not {"Sound", "Spectrogram"} & set(left)
    assert {lens["view"] for lens in inspector["config"]["views"]} == {"ScalarView", "TextLens", "dcase.note"}


def test_map_and_histogram_without_colours_go_where_others_have_them() -> None:
    bound, changes = bind(read_layout("domain-shift"), TABLES["raw download of 2020"])
    assert {"Map by label", "Score by label"} <= set(titles(bound))
    assert not {"Map", "Score"} & set(titles(bound))
    assert "'Map' (no domain)" in changes[-1]
    assert "'Score' (no domain)" in changes[-1]
    bound, _ = bind(read_layout("domain-shift"), ["clip_id", "anomaly_score_mine"])
    assert len({"Score", "Score by label"} & set(titles(bound))) == 1, "one without colours rather than none"


def test_widget_that_lost_nothing_stays_though_another_shows_the_same() -> None:
    histogram = {"kind": "widget", "type": "histogram", "config": {"columnKey": "section", "stackByColumnKey": None}}
    coloured = {**histogram, "config": {"columnKey": "section", "stackByColumnKey": "label"}}
    layout = {"children": [{"kind": "tab", "children": [histogram, coloured, coloured]}]}
    assert bind(layout, FACTS) == (normal(layout), [])


def test_what_is_missing_is_said_of_the_score_that_stands_in() -> None:
    _, changes = bind(read_layout("domain-shift"), [*FACTS, *embedding("mine")])
    assert "'Distance to source' (no domain_distance_mine)" in changes[-1]
    assert f"'Score by label' (no score {AE})" in changes[-1]


def test_tab_whose_widgets_all_go_goes_with_them() -> None:
    tabs = [
        {"kind": "tab", "children": [{"kind": "widget", "type": "histogram", "config": {"columnKey": "absent"}}]},
        {"kind": "tab", "children": [{"kind": "widget", "type": "table", "config": {}}]},
    ]
    bound, changes = bind({"children": tabs}, FACTS)
    assert bound == normal({"children": tabs[1:]})
    assert "absent" in changes[0]


@pytest.mark.parametrize(
    ("widget", "kept"),
    [
        ({"type": "ConfusionMatrix", "config": {"xColumn": "prediction_a", "yColumn": "label"}}, ["prediction_b"]),
        (
            {"type": "Metric", "config": {"metric": "sum", "columns": ["prediction_correct_a"]}},
            ["prediction_correct_b"],
        ),
        ({"type": "scatterplot", "config": {"xAxisColumn": "auc_cost_a", "yAxisColumn": "section"}}, ["auc_cost_b"]),
        ({"type": "histogram", "config": {"columnKey": "domain_distance_e"}}, ["domain_distance_f"]),
        ({"type": "similaritymap", "config": {"placeBy": ["embeddings_e"]}}, ["embeddings_f"]),
    ],
)
def test_every_column_of_a_score_or_embedding_is_replaced_with_it(widget: dict[str, Any], kept: list[str]) -> None:
    columns = [*FACTS, *score("b"), "auc_cost_b", *embedding("f"), "domain_distance_f"]
    bound, changes = bind(of_widget(**widget), columns)
    assert set(kept) <= named(bound)
    assert len(changes) == 1


@pytest.mark.parametrize(
    "config",
    [
        {"type": "inspector", "config": {"views": [{"view": [], "columns": []}]}},
        {"type": "inspector", "config": {"views": [{"view": "AudioView", "columns": [{}]}]}},
        {"type": "table", "config": {"visibleColumns": [["label"]]}},
        {"type": "table", "config": {"sorting": [[{}, "ASC"]]}},
        {"type": "similaritymap", "config": {"placeBy": [{}]}},
        {"type": "table", "name": {"a": 1}},
    ],
    ids=str,
)
def test_what_is_no_name_of_a_column_is_refused(tmp_path: Path, config: dict[str, Any]) -> None:
    assert "children[0].children[0]" in refused(save(tmp_path, of_widget(**config)))


def test_a_number_of_thousands_of_digits_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    path.write_text('{"children": [], "weight": ' + "1" * 5000 + "}")
    assert str(path) in refused(path)


def test_a_config_nested_by_hundreds_is_refused(tmp_path: Path) -> None:
    deep: list[Any] = []
    for _ in range(600):
        deep = [deep]
    assert "nested deeper" in refused(save(tmp_path, of_widget(type="table", config={"x": deep})))


def test_a_score_that_only_the_table_lists_takes_the_empty_place() -> None:
    bound, _ = bind(read_layout("simple"), ["class", "label", "clip_id", "anomaly_score_embedding_lof"])
    text = json.dumps(bound)
    assert "Score by label" in text
    assert text.count('"anomaly_score_embedding_lof"') == 3, "once in the histogram, the table and the inspector"


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ('{"children": [{"kind": "tab", "weight": NaN, "children": []}]}', "NaN is no number"),
        (
            '{"children": [{"kind": "tab", "children": [{"kind": "widget", "type": "inspector", "config": {"views": '
            '[{"view": "SpectogramView", "columns": ["path"]}]}}]}]}',
            "did you mean SpectrogramView",
        ),
    ],
)
def test_what_would_leave_the_page_empty_is_refused(tmp_path: Path, content: str, part: str) -> None:
    path = tmp_path / "layout.json"
    path.write_text(content)
    assert part in refused(path)


@pytest.mark.parametrize("data", ["demo", "clips", "scores", "hub"])
def test_every_curated_layout_shows_something_of_real_tables(
    data: str, request: pytest.FixtureRequest, one_cache: None
) -> None:
    given = {"clips": "real_clips", "scores": "real_scores", "hub": "hub"}
    fixture = request.getfixturevalue(given[data]) if data in given else None
    source = data if data in ("demo", "hub") else str(fixture)
    columns = columns_with_values(explored(Options(data=[source], class_name=["valve"])).frame)
    for name in curated_names():
        bound, _ = bind(read_layout(name), columns)
        assert {"Clips", "Listen"} <= set(titles(bound)), name
        assert named(bound) <= {*columns, *binding.OF_THE_PAGE}, name
        parse(Layout.model_validate(bound))


@pytest.mark.parametrize("name", curated_names())
def test_curated_layouts_are_spotlights_own(name: str) -> None:
    assert parse(str(find_layout(name))) == Layout.model_validate(read_layout(name))


def test_a_layout_is_read_and_bound_without_what_takes_long_to_import() -> None:
    heavy = "{'numpy', 'pandas', 'pydantic', 'renumics', 'filelock', 'asyncio'}"
    code = f"""
import sys
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.layouts.files import read_layout
arrangement = Arrangement(read_layout("compare"), {TABLES["demo"]})
arrangement.arrange(arrangement.shown())
assert arrangement.binding.changes and not arrangement.changed
print(sorted({heavy} & set(sys.modules)))
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


# Strictness


def test_strict_layout_names_place_column_and_the_nearest() -> None:
    layout = normal(of_widget(type="histogram", config={"columnKey": "anomaly_score_mein"}))
    bound = binding.bind(layout, [*FACTS, "anomaly_score_mine"])
    with pytest.raises(ExploreError) as refusal:
        bound.require_all("my.json", [*FACTS, "anomaly_score_mine"])
    assert re.fullmatch(
        r"my\.json: children\[0\]\.children\[0\]\.config\.columnKey names anomaly_score_mein, which this data does not "
        r"have; did you mean anomaly_score_mine\? \(without --strict-layout .*\)",
        str(refusal.value),
    )


@pytest.mark.parametrize("name", curated_names())
def test_strict_layout_takes_what_fits(name: str) -> None:
    binding.bind(read_layout(name), FULL).require_all(name, FULL)


def test_attribute_is_replaced_by_the_attributes_there_are() -> None:
    coloured = normal(of_widget(type="histogram", config={"columnKey": "section", "stackByColumnKey": "d3v"}))
    assert config_of(bind(coloured, [*FACTS, "attributes", "d1v"])[0], "histogram")["stackByColumnKey"] == "attributes"
    assert config_of(bind(coloured, [*FACTS, "d1v", "d2v"])[0], "histogram")["stackByColumnKey"] == "d1v"
    bound, changes = bind(coloured, FACTS)
    assert "stackByColumnKey" not in config_of(bound, "histogram")
    assert changes == ["without d3v"]


def test_columns_that_a_table_or_inspector_had_to_do_without_are_said() -> None:
    layout = of_widget(type="table", config={"visibleColumns": ["class", "level_dbfs", "my own"]})
    assert bind(layout, FACTS)[1] == ["without level_dbfs, my own"]


def test_of_a_curated_layout_only_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = [*FACTS, *score("a", "b"), "path"]
    opened("simple", columns)
    said = capsys.readouterr().err
    assert said.startswith("layout simple: left out 'Map: near sounds alike' (no embedding ")
    assert " for score " not in said
    opened(None, columns)
    assert capsys.readouterr().err == "", "nobody asked for it"
    opened("simple", columns, verbose=True)
    assert f"score a for score {AE}" in capsys.readouterr().err
    opened(save(tmp_path, read_layout("simple")), columns)
    assert f"score a for score {AE}" in capsys.readouterr().err, "whoever made the file meant that one"
