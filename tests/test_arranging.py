"""Layouts from a file to the page and back: nothing that Spotlight can make is refused, nothing is lost."""

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from renumics.spotlight import layout as spotlight
from renumics.spotlight.layout import lenses
from renumics.spotlight.layout.nodes import Layout

from dcase_explore.errors import ExploreError
from dcase_explore.layouts.arranging import ORIGIN, Arrangement
from dcase_explore.layouts.checking import problems
from dcase_explore.layouts.curated import curated_names
from dcase_explore.layouts.files import read_layout
from dcase_explore.layouts.normal import normal
from dcase_explore.layouts.older import in_todays_words
from dcase_explore.layouts.text import as_bytes
from dcase_explore.layouts.tree import widgets
from dcase_explore.layouts.vocabulary import SHOWN_AS_TEXT
from test_layouts import AE, FACTS, FULL, LOF, TABLES, config_of, of_widget, save, score, titles

Node = dict[str, Any]

# Everything that Spotlight's own builders can make

COLUMNS = st.sampled_from([*FULL, *score("mine", "theirs"), "a column of my own", "ä (dB)"])
LISTS = st.lists(COLUMNS, max_size=6, unique=True)
MAYBE = st.none() | COLUMNS
NAMES = st.none() | st.sampled_from(["Map", "Clips", "Ein Titel mit Umlaut: ö", "<b>bold</b>", "a" * 80])
FLAGS = st.booleans()
LENSES = st.one_of(
    *(st.builds(one, COLUMNS, NAMES) for one in (lenses.scalar, lenses.text, lenses.markdown, lenses.array)),
    *(st.builds(one, COLUMNS, NAMES) for one in (lenses.html, lenses.image, lenses.video)),
    st.builds(lenses.bounding_box, COLUMNS, COLUMNS, MAYBE, NAMES),
    st.builds(lenses.mesh, COLUMNS, NAMES, color_attribute=MAYBE, wireframe=FLAGS, transparency=st.floats(0, 0.9)),
    st.builds(lenses.sequences, st.lists(COLUMNS, min_size=1, max_size=3), NAMES, multiple_y_axes=FLAGS),
    st.builds(lenses.audio, COLUMNS, MAYBE, NAMES, repeat=FLAGS, autoplay=FLAGS),
    st.builds(
        lenses.spectrogram,
        COLUMNS,
        MAYBE,
        NAMES,
        frequency_scale=st.sampled_from(["linear", "logarithmic"]),
        amplitude_scale=st.sampled_from(["decibel", "linear"]),
    ),
    st.builds(lenses.rouge_score, COLUMNS, COLUMNS, NAMES),
)
METRICS = st.none() | st.sampled_from(["sum", "mean", "accuracy", "F1", "MCC"])
WIDGETS = st.one_of(
    st.sampled_from(["table", "similaritymap", "inspector", "scatterplot", "histogram", "wordcloud", "IssuesWidget"]),
    st.builds(spotlight.histogram, NAMES, MAYBE, MAYBE, FLAGS),
    st.builds(spotlight.scatterplot, NAMES, MAYBE, MAYBE, MAYBE, MAYBE, FLAGS),
    st.builds(
        spotlight.similaritymap,
        NAMES,
        st.none() | LISTS,
        st.just("umap"),
        MAYBE,
        MAYBE,
        FLAGS,
        umap_metric=st.sampled_from([None, "euclidean", "robust euclidean", "cosine"]),
        umap_balance=st.sampled_from([None, "local", "normal", "global"]),
    ),
    st.builds(
        spotlight.similaritymap,
        NAMES,
        st.none() | LISTS,
        st.just("pca"),
        MAYBE,
        pca_normalization=st.sampled_from([None, "none", "standardize", "robust standardize"]),
    ),
    st.builds(
        spotlight.table,
        NAMES,
        st.sampled_from(["all", "filtered", "selected"]),
        st.none() | LISTS,
        st.none() | st.lists(st.tuples(COLUMNS, st.sampled_from(["ascending", "descending"])), max_size=3),
        FLAGS,
    ),
    st.builds(spotlight.inspector, NAMES, st.none() | st.lists(LENSES, max_size=6), st.sampled_from([1, 2, 4, 6, 8])),
    st.builds(spotlight.issues, NAMES),
    st.builds(
        spotlight.wordcloud,
        NAMES,
        MAYBE,
        st.none() | st.integers(1, 15),
        st.none() | st.lists(st.sampled_from(["a", "the"]), max_size=2),
        st.sampled_from([None, "log", "linear", "sqrt"]),
        st.none() | st.integers(1, 500),
        st.none() | FLAGS,
    ),
    st.builds(spotlight.confusion_matrix, NAMES, MAYBE, MAYBE),
    st.builds(spotlight.metric, NAMES, METRICS, st.none() | COLUMNS | st.lists(MAYBE, max_size=2)),
)
WEIGHTS = st.integers(1, 100) | st.floats(0.25, 100)
ORIENTATIONS = st.sampled_from([None, "horizontal", "vertical"])
TABS = st.builds(
    lambda children, weight: spotlight.tab(*children, weight=weight), st.lists(WIDGETS, max_size=4), WEIGHTS
)
NODES = st.recursive(
    TABS,
    lambda inner: st.builds(
        lambda children, weight, orientation: spotlight.split(*children, weight=weight, orientation=orientation),
        st.lists(inner, min_size=1, max_size=4),
        WEIGHTS,
        ORIENTATIONS,
    ),
    max_leaves=8,
)
LAYOUTS = st.builds(
    lambda children, orientation: spotlight.layout(*children, orientation=orientation),
    st.lists(NODES, max_size=4),
    ORIENTATIONS,
)
DUMPS = st.sampled_from([{"by_alias": True}, {"by_alias": False}, {"by_alias": True, "exclude_none": True}])
MANY = settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck), print_blob=False)


def taken_in(layout: Layout) -> Node:
    """A layout as it is read: lenses that run or fetch what a column holds show its text."""
    return normal(in_todays_words(layout.model_dump(by_alias=True))[0])


def as_spotlight_shows(layout: Node) -> Node:
    """A layout as Spotlight reads it, without the keys of lenses, which stand for nothing, and with turns said."""
    read = Layout.model_validate(layout).model_dump(by_alias=True)

    def plain(node: Node, outer: str | None) -> Node:
        if node.get("kind") == "widget":
            config = node["config"]
            if node["type"] == "table" and config:
                config["sorting"] = config["sorting"] or None
            for lens in (config or {}).get("views") or []:
                lens["key"] = None
                lens["settings"] = {k: v for k, v in (lens["settings"] or {}).items() if v is not None} or None
            return node
        turned = {"horizontal": "vertical", "vertical": "horizontal", None: "vertical"}[outer]
        node["orientation"] = node.get("orientation") or turned
        node["children"] = [plain(child, node["orientation"]) for child in node["children"]]
        return node

    return plain(read, None)


@given(LAYOUTS, DUMPS)
@MANY
def test_whatever_spotlight_builds_passes_and_comes_back_unchanged(
    tmp_path_factory: pytest.TempPathFactory, layout: Layout, dump: dict[str, bool]
) -> None:
    folder = tmp_path_factory.mktemp("built")
    path = folder / "built.json"
    path.write_text(layout.model_dump_json(**dump))
    read = read_layout(str(path))
    assert as_spotlight_shows(read) == as_spotlight_shows(taken_in(layout))
    assert not SHOWN_AS_TEXT & {
        lens["view"] for one in widgets(read) for lens in (one.get("config") or {}).get("views", [])
    }
    path.write_bytes(as_bytes(read))
    assert read_layout(str(path)) == read
    assert as_bytes(read_layout(str(path))) == as_bytes(read)


def with_other_keys(node: Any) -> Any:
    """The same with new random keys of lenses, as Spotlight gives them each time."""
    if isinstance(node, list):
        return [with_other_keys(inner) for inner in node]
    if isinstance(node, dict):
        return {key: str(uuid.uuid4()) if key == "key" else with_other_keys(inner) for key, inner in node.items()}
    return node


@given(LAYOUTS)
@MANY
def test_same_view_is_the_same_text(layout: Layout) -> None:
    dumped = layout.model_dump(by_alias=True)
    assert as_bytes(normal(with_other_keys(dumped))) == as_bytes(normal(dumped))
    left_out = layout.model_dump(by_alias=True, exclude_none=True)
    assert as_bytes(normal(left_out)) == as_bytes(normal(dumped))
    assert normal(normal(dumped)) == normal(dumped)


@given(LAYOUTS, st.sampled_from(sorted(TABLES)))
@MANY
def test_what_a_table_lacks_comes_back_whatever_was_left_out(layout: Layout, table: str) -> None:
    given_layout = taken_in(layout)
    arrangement = Arrangement(given_layout, TABLES[table])
    expected = without_empty(given_layout) if any(widgets(arrangement.binding.layout)) else None
    if expected is not None:
        assert without_empty(arrangement.layout()) == expected
    else:
        assert names_of(arrangement.layout()) == names_of(given_layout)


def without_empty(node: Node) -> Node:
    """Without tabs and splits that hold no widget: the page shows nothing of them."""
    children = [without_empty(child) for child in node.get("children", []) if any(widgets(child))]
    return {**node, "children": children} if "children" in node else node


def names_of(layout: Node) -> list[str]:
    return sorted(json.dumps(widget, sort_keys=True) for widget in widgets(layout))


@given(LAYOUTS, st.sampled_from(sorted(TABLES)), st.randoms(use_true_random=False))
@MANY
def test_whatever_is_done_in_the_page_comes_back_on_the_same_data(layout: Layout, table: str, random: Random) -> None:
    arrangement = Arrangement(taken_in(layout), TABLES[table])
    shown = arrangement.binding.origins
    left_out = [one for number, one in enumerate(widgets(arrangement.binding.original)) if number not in shown]
    page = copy.deepcopy(arrangement.shown())
    shuffle(page, random)
    arrangement.arrange(page)
    kept = arrangement.layout()
    assert not list(problems(kept))
    assert ORIGIN not in json.dumps(kept)
    again = Arrangement(kept, TABLES[table])
    if any(widgets(page)):
        assert views(again.shown()) == views(page)
    # What was left out is kept, but for what would come up in place of what was closed.
    texts = [json.dumps(widget, sort_keys=True) for widget in widgets(kept)]
    gone = [widget for widget in left_out if json.dumps(widget, sort_keys=True) not in texts]
    closed = len(list(widgets(page))) < len(shown)
    assert not gone or closed or sorted(views(page)) != sorted(views(arrangement.binding.layout))


def shuffle(layout: Node, random: Random) -> None:
    """Close, move and add widgets, turn splits and merge them, as people and the page do."""
    for node in list(nodes(layout)):
        children = node.get("children", [])
        random.shuffle(children)
        if children and random.random() < 0.3:
            children.pop()
        if node.get("kind") == "tab" and random.random() < 0.3:
            children.append({"kind": "widget", "type": "histogram", "name": "New", "config": {"columnKey": "label"}})
        if "orientation" in node and random.random() < 0.3:
            node["orientation"] = random.choice(["horizontal", "vertical"])
        if "weight" in node:
            node["weight"] = random.choice([node["weight"], 33.3333333])
    as_the_page_merges(layout)


def as_the_page_merges(layout: Node) -> None:
    """What the page's script does to a layout whenever it is shown: no empty nodes, no split around one node alone."""
    row = {"kind": "split", "weight": 1, **layout}
    while len(row["children"]) == 1 and row["children"][0]["kind"] == "split":
        row = row["children"][0]
    tidied(row)
    if len(row["children"]) == 1 and row["children"][0]["kind"] == "split":
        row = row["children"][0]
    empty = {"kind": "tab", "weight": 1, "children": []}
    turn = row["orientation"] if len(row["children"]) > 1 else "vertical"
    layout.update(orientation=turn, children=row["children"] or [empty])


def tidied(row: Node) -> None:
    found: list[Node] = []
    for child in row["children"]:
        if child["kind"] == "tab":
            found += [child] if child["children"] else []
            continue
        tidied(child)
        if len(child["children"]) == 1:
            (lone,) = child["children"]
            lone["weight"] = child["weight"]
            child = lone
        if child["kind"] == "split" and child["children"] and child["orientation"] == row["orientation"]:
            total = sum(inner["weight"] for inner in child["children"]) or 1
            for inner in child["children"]:
                inner["weight"] = child["weight"] * inner["weight"] / total
            found += child["children"]
        elif child["kind"] == "tab" or child["children"]:
            found.append(child)
    row["children"] = found


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.get("children", []):
        yield from nodes(child)


# By hand

DEMO = TABLES["demo"]


def arranged(layout: Node, columns: list[str], change: Callable[[Node], object]) -> Node:
    """What is saved after a change to what the page is given."""
    arrangement = Arrangement(layout, columns)
    page = copy.deepcopy(arrangement.shown())
    change(page)
    arrangement.arrange(page)
    return arrangement.layout()


def widget_called(layout: Node, name: str) -> Node:
    (found,) = [widget for widget in widgets(layout) if widget.get("name") == name]
    return found


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", curated_names())
def test_what_was_not_changed_is_saved_as_it_was(name: str, table: str) -> None:
    layout = read_layout(name)
    arrangement = Arrangement(layout, TABLES[table])
    assert arrangement.layout() == layout
    assert not arrangement.changed
    arrangement.arrange(arrangement.shown())
    assert arrangement.layout() == layout


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", curated_names())
def test_what_the_page_merges_by_itself_is_no_change(name: str, table: str) -> None:
    layout = read_layout(name)
    arrangement = Arrangement(layout, TABLES[table])
    page = copy.deepcopy(arrangement.shown())
    as_the_page_merges(page)
    arrangement.arrange(page)
    assert as_bytes(arrangement.layout()) == as_bytes(layout)


def without_weights(node: Node) -> Node:
    children = [without_weights(child) for child in node.get("children", [])]
    return {key: value for key, value in {**node, "children": children}.items() if key != "weight"}


@given(LAYOUTS, st.sampled_from(sorted(TABLES)))
@MANY
def test_other_data_show_the_same_whatever_the_page_merged(layout: Layout, table: str) -> None:
    expected = taken_in(layout)
    arrangement = Arrangement(expected, TABLES[table])
    page = copy.deepcopy(arrangement.shown())
    as_the_page_merges(page)
    arrangement.arrange(page)
    saved = arrangement.layout()
    if any(widgets(page)):
        as_the_page_merges(saved)
        as_the_page_merges(expected)
        assert without_weights(saved) == without_weights(expected)


@pytest.mark.parametrize("name", curated_names())
@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_splitter_that_was_dragged_leaves_the_arrangement_of_other_data(name: str, table: str) -> None:
    layout = read_layout(name)
    arrangement = Arrangement(layout, TABLES[table])
    page = copy.deepcopy(arrangement.shown())
    as_the_page_merges(page)
    for number in range(len(splitters(page))):
        dragged = copy.deepcopy(page)
        split = splitters(dragged)[number]
        first, second = split["children"][:2]
        first["weight"], second["weight"] = first["weight"] + second["weight"] / 2, second["weight"] / 2
        arrangement.arrange(dragged)
        saved = arrangement.layout()
        assert without_weights(saved) == without_weights(layout)
        again = copy.deepcopy(Arrangement(saved, TABLES[table]).shown())
        as_the_page_merges(again)
        assert weights_of(again) == pytest.approx(weights_of(dragged), rel=1e-3), "as wide as they were dragged"


def splitters(layout: Node) -> list[Node]:
    """Nodes whose first two children are parted by a splitter."""
    return [node for node in nodes(layout) if "orientation" in node and len(node["children"]) > 1]


def weights_of(layout: Node) -> list[float]:
    """Share of its siblings' room that each node has."""
    shares: list[float] = []
    for node in nodes(layout):
        weights = [child["weight"] for child in node.get("children", []) if "weight" in child]
        shares += [weight / sum(weights) for weight in weights]
    return shares


def test_two_models_stand_side_by_side_though_the_file_was_arranged_on_one() -> None:
    layout = read_layout("compare")

    def drag(page: Node) -> None:
        as_the_page_merges(page)
        (split,) = [node for node in page["children"] if node["kind"] == "split"]
        assert len(split["children"]) == 4, "the page has merged two splits"
        split["children"][0]["weight"] += 10
        split["children"][1]["weight"] -= 10

    saved = arranged(layout, DEMO, drag)
    shown = Arrangement(saved, TABLES["scores alone"]).shown()
    tabs_of = [titles(tab) for tab in tabs(shown)]
    assert tabs_of == [titles(tab) for tab in tabs(Arrangement(layout, TABLES["scores alone"]).shown())]
    assert ["First score"] in tabs_of
    assert ["Other score"] in tabs_of
    assert without_weights(saved) == without_weights(layout)


def test_a_colour_that_was_chosen_is_saved_and_the_names_of_the_file_are_kept() -> None:
    layout = read_layout("simple")
    saved = arranged(
        layout, DEMO, lambda page: widget_called(page, "Score by label")["config"].update(stackByColumnKey="domain")
    )
    config = widget_called(saved, "Score by label")["config"]
    assert (config["stackByColumnKey"], config["columnKey"]) == ("domain", f"anomaly_score_{AE}")
    config["stackByColumnKey"] = "label"
    assert saved == layout


def test_a_column_that_stands_for_another_is_saved_under_the_name_of_the_other_everywhere() -> None:
    new = {"kind": "widget", "type": "histogram", "name": "Costs", "config": {"columnKey": "auc_cost_logmel_lof"}}
    saved = arranged(read_layout("simple"), DEMO, lambda page: next(tabs(page))["children"].append(new))
    assert widget_called(saved, "Costs")["config"]["columnKey"] == f"auc_cost_{AE}"
    assert "logmel_lof" not in json.dumps(saved)


def test_a_choice_that_was_taken_back_is_no_choice() -> None:
    saved = arranged(
        read_layout("simple"),
        DEMO,
        lambda page: widget_called(page, "Score by label")["config"].update(stackByColumnKey=""),
    )
    assert "stackByColumnKey" not in widget_called(saved, "Score by label")["config"]


def test_a_closed_widget_is_gone_and_what_was_left_out_beside_it_is_not() -> None:
    layout = read_layout("extended")
    (before,) = [titles(tab) for tab in tabs(layout) if "First score" in titles(tab)]

    def close(page: Node) -> None:
        for tab in tabs(page):
            tab["children"] = [widget for widget in tab["children"] if widget.get("name") != "First score"]

    saved = arranged(layout, DEMO, close)
    assert "First score" not in titles(saved)
    (after,) = [titles(tab) for tab in tabs(saved) if "Other score" in titles(tab)]
    assert after == [title for title in before if title != "First score"], "in their own tab, where they were"


def test_columns_of_the_table_that_this_data_lacks_stay_in_its_list() -> None:
    layout = read_layout("extended")
    written = config_of(layout, "table")["visibleColumns"]

    def hide_and_show(page: Node) -> None:
        config = config_of(page, "table")
        config["visibleColumns"] = [*reversed(config["visibleColumns"]), "level_dbfs"]
        config["visibleColumns"].remove("domain")

    listed = config_of(arranged(layout, DEMO, hide_and_show), "table")["visibleColumns"]
    assert listed == [*(column for column in written if column != "domain"), "level_dbfs"]
    assert any(LOF in column for column in listed)


def test_lenses_that_were_moved_and_added_keep_those_that_were_left_out() -> None:
    layout = read_layout("extended")
    views = config_of(layout, "inspector")["views"]

    def move(page: Node) -> None:
        lenses = config_of(page, "inspector")["views"]
        lenses.insert(0, lenses.pop(3))
        lenses.append({"view": "ScalarView", "columns": ["clipped"], "name": "Clipped", "key": "xyz", "settings": {}})

    saved = config_of(arranged(layout, DEMO, move), "inspector")["views"]
    assert saved[0]["columns"] == views[3]["columns"]
    assert saved[-1] == {"view": "ScalarView", "columns": ["clipped"], "name": "Clipped", "key": "ScalarView clipped"}
    assert sorted(lens["key"] for lens in saved[:-1]) == sorted(lens["key"] for lens in views)


def test_settings_of_a_lens_are_saved() -> None:
    mel = {"view": "SpectrogramView", "columns": ["path"], "settings": {"freqScale": "mel", "ampScale": "decibel"}}
    absent = {"view": "ScalarView", "columns": ["absent"]}
    layout = normal(of_widget(type="inspector", config={"views": [absent, mel]}))
    saved = arranged(
        layout, DEMO, lambda page: config_of(page, "inspector")["views"][0].update(settings={"freqScale": "linear"})
    )
    first, second = config_of(saved, "inspector")["views"]
    assert first["columns"] == ["absent"]
    assert second["settings"] == {"freqScale": "linear"}


def test_widths_of_columns_are_kept_for_those_that_this_data_lacks_too() -> None:
    layout = read_layout("extended")
    config_of(layout, "table")["dataGridColumnWidths"] = {
        f"anomaly_score_{AE}": 150,
        f"anomaly_score_{LOF}": 160,
        "class": 90,
    }
    arrangement = Arrangement(layout, DEMO)
    assert config_of(arrangement.shown(), "table")["dataGridColumnWidths"] == {
        "anomaly_score_logmel_lof": 150,
        "class": 90,
    }
    saved = arranged(layout, DEMO, lambda page: config_of(page, "table")["dataGridColumnWidths"].update({"class": 70}))
    expected = {f"anomaly_score_{AE}": 150, f"anomaly_score_{LOF}": 160, "class": 70}
    assert config_of(saved, "table")["dataGridColumnWidths"] == expected


def test_reset_goes_back_to_what_was_opened() -> None:
    layout = read_layout("simple")
    arrangement = Arrangement(layout, DEMO)
    told: list[bool] = []
    arrangement.on_change = lambda: told.append(arrangement.changed)
    page = copy.deepcopy(arrangement.shown())
    widget_called(page, "Clips")["name"] = "Table"
    arrangement.arrange(page)
    assert arrangement.shown() == page
    arrangement.reset()
    assert arrangement.layout() == layout
    assert told == [True, False]


def test_a_layout_loaded_in_the_page_is_fitted_and_takes_the_place_of_the_other() -> None:
    arrangement = Arrangement(read_layout("simple"), DEMO)
    changes = arrangement.load(read_layout("compare"), "the file")
    assert "score logmel_lof" in changes[0]
    assert arrangement.layout() == read_layout("compare")
    assert not arrangement.changed
    arrangement.reset()
    assert arrangement.layout() == read_layout("simple"), "what was opened at first"


@pytest.mark.parametrize("way", ["arranged", "loaded"])
def test_a_hostile_layout_from_the_page_changes_nothing(way: str) -> None:
    arrangement = Arrangement(read_layout("simple"), DEMO)
    page = copy.deepcopy(arrangement.shown() if way == "arranged" else read_layout("simple"))
    config_of(page, "inspector")["views"][0]["view"] = "HtmlLens"
    before = arrangement.shown()
    with pytest.raises(ExploreError, match="HtmlLens"):
        arrangement.arrange(page) if way == "arranged" else arrangement.load(page, "the file")
    assert arrangement.shown() == before


def test_a_layout_of_which_nothing_fits_is_not_loaded() -> None:
    arrangement = Arrangement(read_layout("simple"), DEMO)
    with pytest.raises(ExploreError, match="has nothing to show of this data"):
        arrangement.load(normal(of_widget(type="histogram", config={"columnKey": "absent"})), "the file")
    assert arrangement.layout() == read_layout("simple")


def test_a_strict_arrangement_loads_what_fits_and_nothing_else() -> None:
    arrangement = Arrangement(normal(of_widget(type="table")), DEMO, strict=True)
    with pytest.raises(ExploreError, match="which this data does not have"):
        arrangement.load(read_layout("compare"), "the file")


def test_two_pages_one_of_which_loads_another_layout_do_not_mix_them() -> None:
    arrangement = Arrangement(read_layout("extended"), DEMO)
    other_page = copy.deepcopy(arrangement.shown())
    arrangement.load(read_layout("domain-shift"), "the file")
    widget_called(other_page, "Findings")["name"] = "Issues"
    arrangement.arrange(other_page)
    saved = arrangement.layout()
    widget_called(saved, "Issues")["name"] = "Findings"
    assert saved == read_layout("extended")


@pytest.mark.parametrize("table", ["demo", "scores alone", "recordings and scores", "one score", "own embedding"])
@pytest.mark.parametrize("name", curated_names())
def test_whatever_is_closed_what_is_left_comes_back_on_the_same_data(name: str, table: str) -> None:
    layout = read_layout(name)
    shown = Arrangement(layout, TABLES[table]).shown()
    count = len(list(widgets(shown)))
    for closed in [(one,) for one in range(count)] + [(one, two) for one in range(count) for two in range(one)]:
        arrangement = Arrangement(layout, TABLES[table])
        page = copy.deepcopy(shown)
        gone = [widget for number, widget in enumerate(widgets(page)) if number in closed]
        for node in nodes(page):
            node["children"] = [child for child in node.get("children", []) if all(child is not one for one in gone)]
        for widget in widgets(page):
            del widget["children"]
        arrangement.arrange(page)
        again = Arrangement(arrangement.layout(), TABLES[table])
        left = [widget["name"] for widget in widgets(page)]
        assert sorted(titles(again.shown())) == sorted(left), closed
        assert views(again.shown()) == views(page), closed


def views(layout: Node) -> list[str]:
    found = []
    for widget in widgets(normal(layout)):
        config = {key: value for key, value in (widget.get("config") or {}).items() if key != ORIGIN}
        found.append(json.dumps([widget["type"], config], sort_keys=True))
    return sorted(found)


def test_closing_everything_keeps_what_was_left_out_and_reset_brings_all_back() -> None:
    layout = read_layout("extended")
    arrangement = Arrangement(layout, DEMO)
    page = copy.deepcopy(arrangement.shown())
    page["children"] = [{"kind": "tab", "weight": 1, "children": []}]
    arrangement.arrange(page)
    assert sorted(titles(arrangement.layout())) == ["Both models", "Other map", "Other score"]
    assert arrangement.changed
    arrangement.reset()
    assert arrangement.layout() == layout


def test_a_number_on_a_widget_of_another_type_is_not_that_widget() -> None:
    layout = normal(of_widget(type="table", config={"sorting": [["absent", "ASC"], ["label", "ASC"]]}))
    arrangement = Arrangement(layout, FACTS)
    page = copy.deepcopy(arrangement.shown())
    number = config_of(page, "table")[ORIGIN]
    next(tabs(page))["children"] = [{"kind": "widget", "type": "Metric", "name": "M", "config": {ORIGIN: number}}]
    arrangement.arrange(page)
    assert not list(problems(arrangement.layout()))
    assert "config" not in widget_called(arrangement.layout(), "M")


def a_tab(name: str, column: str, **tab: Any) -> Node:
    widget = {"kind": "widget", "type": "histogram", "name": name, "config": {"columnKey": column}}
    return {"kind": "tab", "children": [widget], **tab}


def a_split(orientation: str, *children: Node, **split: Any) -> Node:
    return {"kind": "split", "orientation": orientation, "children": list(children), **split}


NESTED = normal(
    {
        "orientation": "vertical",
        "children": [
            a_split("horizontal", a_split("vertical", a_tab("Here", "label", weight=30), a_tab("Absent", "absent")))
        ],
    }
)


def test_what_was_left_out_of_splits_within_splits_is_put_back_as_deep_as_it_was() -> None:
    assert Arrangement(NESTED, FACTS).layout() == NESTED


ABSENT = a_tab("Absent", "absent", weight=70)


@pytest.mark.parametrize(
    "children",
    [
        [
            a_split("vertical", a_tab("Here", "label", weight=30), ABSENT, weight=40),
            a_tab("Beside", "domain", weight=60),
        ],
        [a_split("vertical", a_tab("Here", "label", weight=30), ABSENT, weight=40)],
        [
            a_split("vertical", a_split("horizontal", a_tab("Here", "label", weight=30), ABSENT), ABSENT, weight=40),
            a_tab("Beside", "domain", weight=60),
        ],
    ],
    ids=["beside another", "alone", "twice"],
)
def test_splits_that_the_page_has_merged_are_made_again(children: list[Node]) -> None:
    layout = normal({"orientation": "horizontal", "children": children})

    def merge(page: Node) -> None:
        for number, child in enumerate(page["children"]):
            inner = child
            while inner["kind"] == "split":
                (inner,) = inner["children"]
            page["children"][number] = {**inner, "weight": child["weight"]}

    assert arranged(layout, FACTS, merge) == layout


def test_weights_that_were_dragged_are_rounded_and_others_are_not() -> None:
    layout = normal({"children": [a_tab("One", "label", weight=33.3333333), a_tab("Other", "domain", weight=50)]})
    saved = arranged(layout, FACTS, lambda page: page["children"][1].update(weight=56.775538568450315))
    assert [tab["weight"] for tab in saved["children"]] == [33.3333333, 56.78]


def test_titles_that_the_page_gives_are_not_saved_and_those_that_people_give_are() -> None:
    histogram = {"kind": "widget", "type": "histogram", "config": {"columnKey": "label"}}
    layout = normal({"children": [{"kind": "tab", "children": [histogram, {**histogram, "name": "Histogram"}]}]})

    def as_the_page_does(page: Node) -> None:
        for widget, title in zip(widgets(page), ("Histogram", "Histogram (2)"), strict=True):
            widget["name"] = title

    assert arranged(layout, FACTS, as_the_page_does) == layout

    def rename(page: Node) -> None:
        as_the_page_does(page)
        next(widgets(page))["name"] = "Labels"

    assert titles(layout_with_names(arranged(layout, FACTS, rename))) == ["Labels", "Histogram"]


def layout_with_names(layout: Node) -> Node:
    for widget in widgets(layout):
        widget.setdefault("name", "")
    return layout


def test_columns_added_to_a_table_are_saved_in_the_order_that_the_page_has_them_in() -> None:
    layout = normal(of_widget(type="table", config={"visibleColumns": ["clip_id"]}))
    saved = arranged(
        layout, FACTS, lambda page: config_of(page, "table")["visibleColumns"].extend(["split", "domain", "class"])
    )
    assert config_of(saved, "table")["visibleColumns"] == ["clip_id", "class", "domain", "split"]


def test_names_that_stand_in_the_file_stay_though_they_stand_for_others_too() -> None:
    histogram = {"kind": "widget", "type": "histogram", "config": {"columnKey": "anomaly_score_a"}}
    table = {"kind": "widget", "type": "table", "config": {"sorting": [["anomaly_score_b", "ASC"]]}}
    layout = normal({"children": [{"kind": "tab", "children": [histogram, table]}]})
    columns = [*FACTS, "anomaly_score_b"]
    saved = arranged(
        layout, columns, lambda page: config_of(page, "table").update(sorting=[["anomaly_score_b", "DESC"]])
    )
    assert config_of(saved, "table")["sorting"] == [["anomaly_score_b", "DESC"]]
    assert config_of(saved, "histogram")["columnKey"] == "anomaly_score_a"


def test_what_a_list_had_to_do_without_comes_back_when_the_list_was_changed() -> None:
    places = [f"embeddings_{name}" for name in "abc"]
    layout = normal(of_widget(type="similaritymap", config={"placeBy": places}))
    columns = [*FACTS, "embeddings_b", "section"]
    saved = arranged(layout, columns, lambda page: config_of(page, "similaritymap")["placeBy"].append("section"))
    assert config_of(saved, "similaritymap")["placeBy"] == [*places, "section"]
    layout = normal(of_widget(type="table", config={"sorting": [["absent", "ASC"], ["label", "ASC"]]}))
    saved = arranged(layout, FACTS, lambda page: config_of(page, "table").update(sorting=[["label", "DESC"]]))
    assert config_of(saved, "table")["sorting"] == [["label", "DESC"], ["absent", "ASC"]]


@pytest.mark.parametrize("title", ["異常\u3000一覧", "no\u00a0break", "👩\u200d🔧", "ä" * 200])
def test_titles_that_people_write_are_taken(title: str, tmp_path: Path) -> None:
    saved = arranged(read_layout("simple"), DEMO, lambda page: widget_called(page, "Clips").update(name=title))
    assert read_layout(save(tmp_path, as_bytes(saved))) == saved
    assert title in titles(saved)


def test_an_empty_tab_is_no_change() -> None:
    empty = {"kind": "tab", "children": []}
    layout = normal({"children": [empty, *of_widget(type="table")["children"]]})
    assert not Arrangement(layout, DEMO).changed
    assert not Arrangement(normal(of_widget(type="histogram", config={"columnKey": "absent"})), DEMO).changed


def test_a_page_with_lenses_of_long_names_can_be_arranged() -> None:
    columns = [f"a column of {'many ' * 30}letters {number}" for number in range(3)]
    lenses = [{"view": "ScalarView", "columns": [column]} for column in columns]
    layout = normal(of_widget(type="inspector", config={"views": lenses}))
    assert len({lens["key"] for lens in config_of(layout, "inspector")["views"]}) == 3
    saved = arranged(layout, columns, lambda page: config_of(page, "inspector")["views"].reverse())
    assert [lens["columns"] for lens in config_of(saved, "inspector")["views"]] == [
        [name] for name in reversed(columns)
    ]


def test_a_lens_that_would_run_what_a_column_holds_is_saved_as_its_text() -> None:
    saved = arranged(
        read_layout("simple"),
        DEMO,
        lambda page: config_of(page, "inspector")["views"].append({"view": "MarkdownLens", "columns": ["clip_id"]}),
    )
    assert config_of(saved, "inspector")["views"][-1]["view"] == "TextLens"


@pytest.mark.parametrize("number", [-1, 1_000, 1.5, True, None, "0", [0]], ids=repr)
def test_numbers_that_the_page_did_not_get_are_new_widgets(number: object) -> None:
    arrangement = Arrangement(read_layout("simple"), DEMO)
    page = copy.deepcopy(arrangement.shown())
    next(iter(widgets(page)))["config"][ORIGIN] = number
    arrangement.arrange(page)
    assert ORIGIN not in json.dumps(arrangement.layout())
    assert len(list(widgets(arrangement.layout()))) == len(list(widgets(read_layout("simple"))))


def test_one_number_twice_is_one_widget_and_a_new_one() -> None:
    arrangement = Arrangement(read_layout("simple"), DEMO)
    page = copy.deepcopy(arrangement.shown())
    tab = next(tabs(page))
    tab["children"].append(copy.deepcopy(tab["children"][0]))
    arrangement.arrange(page)
    assert len(list(widgets(arrangement.layout()))) == len(list(widgets(read_layout("simple")))) + 1


def tabs(node: Node) -> Iterator[Node]:
    return (inner for inner in nodes(node) if inner.get("kind") == "tab")


# Earlier Spotlights

FILES = Path(__file__).parent / "layout_files"


@pytest.mark.parametrize("file", sorted(FILES.glob("*.json")), ids=lambda file: file.stem)
def test_files_of_earlier_spotlights_open_bind_and_come_back(file: Path, tmp_path: Path) -> None:
    layout = read_layout(str(file))
    Layout.model_validate(layout)
    assert read_layout(save(tmp_path, json.loads(as_bytes(layout)))) == layout
    assert len(list(widgets(layout))) == file.read_text().count('"kind": "widget"')
    arrangement = Arrangement(layout, FULL)
    assert any(widgets(arrangement.binding.layout))
    Layout.model_validate(arrangement.binding.layout)


def test_what_is_gone_opens_as_what_comes_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    layout = read_layout(str(FILES / "spotlight-1.0.json"))
    said = capsys.readouterr().err
    assert "the experimental scatter plot as a scatter plot" in said
    assert "the audio overview as an inspector of one column" in said
    assert "the lens Switch, which edited values, as one that shows them" in said
    assert not {"Autocomplete", "Switch"} & {
        lens["view"] for widget in widgets(layout) for lens in (widget.get("config") or {}).get("views") or []
    }


def tables_of(name: str) -> list[Node]:
    layout = read_layout(str(FILES / name))
    return [widget["config"] for widget in widgets(layout) if widget["type"] == "table" and "config" in widget]


def test_widths_and_sorting_of_earlier_tables_are_kept() -> None:
    assert any(table.get("dataGridColumnWidths") for table in tables_of("page-1.2.json"))
    assert any(["label", "ASC"] in table.get("sorting", []) for table in tables_of("spotlight-1.0.json"))


def test_old_names_of_widgets_and_lenses_are_understood() -> None:
    types = {widget["type"] for widget in widgets(read_layout(str(FILES / "page-legacy.json")))}
    assert types == {"table", "similaritymap", "inspector"}
    text = json.dumps(read_layout(str(FILES / "page-1.5.12.json")))
    assert '"RougeScore"' in text
    assert "xExtents" not in text
