"""Layouts in the real page: arranged, saved, loaded, refused, and opened again on other data."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dcase_explore.layouts.files import find_layout, read_layout
from dcase_explore.layouts.saving import Saving, file_to_save
from dcase_explore.layouts.tree import widgets
from dcase_explore.options import Options
from dcase_explore.view import View, view_of
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.server import Server
from exploring import stored
from test_arranging import widget_called
from test_layouts import config_of, of_widget, titles

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("one_cache")]


@contextmanager
def opened(browser: "Browser", exploration: View, file: Path | None = None) -> "Iterator[Page]":
    """The page of an exploration, whose layout is saved to a file."""
    if file:
        Saving(exploration.arrangement, file_to_save(str(file)))
    viewer = Server(Address())
    try:
        viewer.show(stored(exploration), exploration.arrangement)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(viewer.url)
        page.locator(".flexlayout__tab_button").first.wait_for()
        yield page
        page.close()
    finally:
        viewer.close()


@pytest.fixture
def of_valves(recordings: Path) -> Callable[..., View]:
    def of(layout: str = "extended", **options: Any) -> View:
        return view_of(Options(data=[str(recordings)], class_name=["valve"], layout=layout, **options))

    return of


def tab(page: "Page", title: str) -> "Locator":
    return page.locator(".flexlayout__tab_button").filter(has=page.get_by_text(title, exact=True))


def drag(page: "Page", part: "Locator", right: int) -> None:
    box = part.bounding_box()
    assert box is not None
    page.mouse.move(box["x"], box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + right, box["y"] + 150, steps=5)
    page.mouse.up()


def from_menu(page: "Page", entry: str) -> "Locator":
    found = page.get_by_text(entry, exact=True)
    if not found.count():
        grid = [button for button in page.locator("button").all() if (box := button.bounding_box()) and box["y"] < 45]
        grid[-1].click()
    return found


def until(page: "Page", file: Path, satisfied: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The saved layout, once it is as it should be."""
    saved: dict[str, Any] = {}
    for _ in range(300):
        if file.exists() and satisfied(saved := json.loads(file.read_bytes())):
            return saved
        page.wait_for_timeout(100)
    raise AssertionError(f"never so: {json.dumps(saved)}")


def test_what_was_looked_at_and_not_arranged_is_saved_byte_for_byte(
    browser: "Browser", of_valves: Callable[..., View], tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    exploration = of_valves()
    assert exploration.arrangement.binding.changes
    with opened(browser, exploration, file) as page:
        tab(page, "Interactive map").click()
        tab(page, "Map").click()
        until(page, file, lambda _: True)
    assert file.read_bytes() == find_layout("extended").read_bytes()


def test_arranged_saved_and_opened_on_other_data_with_another_model(
    browser: "Browser", of_valves: Callable[..., View], real_scores: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    with opened(browser, of_valves("extended"), file) as page:
        drag(page, page.locator(".flexlayout__splitter_vert").last, -160)
        weights = [
            node["weight"] for node in until(page, file, lambda saved: saved["children"][0]["weight"] < 60)["children"]
        ]
        for _ in range(6):  # a click sorts the table, the next ones the other way round, and not at all
            page.get_by_text("domain", exact=True).first.click()
            page.wait_for_timeout(1_000)
            if ["domain", "ASC"] in config_of(json.loads(file.read_bytes()), "table").get("sorting", []):
                break
        tab(page, "Interactive map").locator(".flexlayout__tab_button_trailing").click()
        saved = until(page, file, lambda saved: "Interactive map" not in titles(saved))
    assert {"Both models", "Other score", "Other map"} < set(titles(saved)), "left out by binding, and kept"
    assert "logmel" not in file.read_text()

    exploration = view_of(Options(data=[str(real_scores)], class_name=["bearing"], layout=str(file)))
    with opened(browser, exploration) as page:
        page.get_by_text("Filtered").wait_for()
        shown = [text.strip() for text in page.locator(".flexlayout__tab_button").all_inner_texts() if text.strip()]
        there = ["Both models", "Findings", "Scores", "Conditions", "First score", "Other score", "Clips", "Listen"]
        assert shown == there
        assert page.get_by_text("anomaly score (baseline_MAHALA)").first.is_visible()
        inspector = tab(page, "Listen").bounding_box()
        assert inspector is not None
        assert inspector["x"] / 1440 == pytest.approx(weights[0] / sum(weights), abs=0.02), "as wide as it was dragged"
    assert config_of(exploration.arrangement.shown(), "table")["sorting"][-1] == ["domain", "ASC"]
    assert exploration.arrangement.layout() == read_layout(str(file))


def test_two_models_stand_side_by_side_though_a_splitter_was_dragged_on_one(
    browser: "Browser", real_scores: Path, tmp_path: Path
) -> None:
    def of(data: Path, layout: str) -> View:
        return view_of(Options(data=[str(data)], class_name=["bearing"], layout=layout))

    file = tmp_path / "mine.json"
    with opened(browser, of(real_scores / "baseline_MSE", "compare"), file) as page:
        assert not tab(page, "Other score").count()
        drag(page, page.locator(".flexlayout__splitter_vert").last, -160)
        until(page, file, lambda saved: saved["children"][0]["weight"] < 60)
    with opened(browser, of(real_scores, str(file))) as page:
        first, other, both = (
            tab(page, title).bounding_box() or {} for title in ("First score", "Other score", "Both costs")
        )
        assert first["y"] == other["y"] == both["y"]
        assert first["x"] < other["x"] < both["x"]
        assert page.locator(".flexlayout__tabset").count() == 8, "four, one, one below, and the inspector"


def test_the_pages_own_save_gives_the_same_file(
    browser: "Browser", of_valves: Callable[..., View], tmp_path: Path
) -> None:
    with opened(browser, of_valves("simple")) as page:
        with page.expect_download() as download:
            from_menu(page, "Save Layout").click()
        download.value.save_as(tmp_path / "saved.json")
    assert (tmp_path / "saved.json").read_bytes() == find_layout("simple").read_bytes()


def test_a_layout_loaded_in_the_page_is_fitted_and_others_are_refused_aloud(
    browser: "Browser", of_valves: Callable[..., View], tmp_path: Path
) -> None:
    html = {"type": "inspector", "config": {"views": [{"view": "HtmlLens", "columns": ["label"]}]}}
    refused = {
        "HtmlLens": json.dumps(of_widget(**html)),
        "not a JSON file": "no JSON",
        "nothing to show": json.dumps(of_widget(type="histogram", config={"columnKey": "absent"})),
    }
    exploration = of_valves("simple")
    with opened(browser, exploration) as page:
        said: list[str] = []
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.accept()))
        for number, content in enumerate(refused.values()):
            file = tmp_path / f"{number}.json"
            file.write_text(content)
            load(page, file)
            page.wait_for_timeout(500)
            assert tab(page, "Clips").is_visible()
            assert len(said) == number + 1
        assert all(part in sentence for part, sentence in zip(refused, said, strict=True))
        load(page, find_layout("compare"))
        tab(page, "First score").wait_for()
    assert len(said) == len(refused)
    assert exploration.arrangement.layout() == read_layout("compare")


def load(page: "Page", file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        from_menu(page, "Load Layout").click()
    chooser.value.set_files(file)


def test_when_everything_is_closed_reset_brings_it_back(
    browser: "Browser", of_valves: Callable[..., View], tmp_path: Path
) -> None:
    file = tmp_path / "mine.json"
    with opened(browser, of_valves("simple"), file) as page:
        tab(page, "Clips").wait_for()
        crosses = page.locator(".flexlayout__tab_button_trailing")
        while crosses.count():
            crosses.first.click()
            page.wait_for_timeout(100)
        until(page, file, lambda saved: not titles(saved))
        from_menu(page, "Reset Layout").click()
        page.get_by_role("button", name="Reset").last.click()
        tab(page, "Clips").wait_for()
        until(page, file, lambda saved: saved == read_layout("simple"))


def test_what_was_arranged_is_there_after_a_reload_and_gone_after_a_reset(
    browser: "Browser", of_valves: Callable[..., View]
) -> None:
    with opened(browser, of_valves("simple")) as page:
        tab(page, "Listen").locator(".flexlayout__tab_button_trailing").click()
        page.wait_for_timeout(500)
        page.reload()
        tab(page, "Clips").wait_for()
        assert not tab(page, "Listen").count()
        from_menu(page, "Reset Layout").click()
        page.get_by_role("button", name="Reset").last.click()
        tab(page, "Listen").wait_for()


def test_widths_of_columns_are_kept(browser: "Browser", of_valves: Callable[..., View], tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    layout = read_layout("simple")
    config_of(layout, "table")["dataGridColumnWidths"] = {"class": 300}
    file.write_text(json.dumps(layout))
    with opened(browser, of_valves(str(file)), file) as page:
        heading = page.get_by_text("machine type", exact=True).first
        heading.wait_for()
        left = heading.bounding_box()
        assert left is not None
        beside = [box for text in page.get_by_text("label", exact=True).all() if (box := text.bounding_box())]
        (right,) = [box["x"] for box in beside if abs(box["y"] - left["y"]) < 5]
        assert right - left["x"] == pytest.approx(300, abs=3)


def test_a_weight_of_100_stays_100(browser: "Browser", of_valves: Callable[..., View], tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    tabs = [
        {"kind": "tab", "weight": weight, "children": [{"kind": "widget", "type": kind, "name": kind, "config": {}}]}
        for weight, kind in ((100, "table"), (60, "IssuesWidget"), (40, "inspector"))
    ]
    split = {"kind": "split", "weight": 100, "orientation": "vertical", "children": tabs[1:]}
    file.write_text(json.dumps({"orientation": "horizontal", "children": [tabs[0], split]}))
    with opened(browser, of_valves(str(file)), file) as page:
        tab(page, "inspector").locator(".flexlayout__tab_button_trailing").click()
        saved = until(page, file, lambda saved: len(list(widgets(saved))) == 2)
    assert [node["weight"] for node in saved["children"]] == [100, 100]


def test_markup_in_names_is_shown_as_text(browser: "Browser", of_valves: Callable[..., View], tmp_path: Path) -> None:
    name = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
    file = tmp_path / "mine.json"
    lens = {"view": "ScalarView", "columns": ["label"], "name": name}
    layout = read_layout("simple")
    widget_called(layout, "Score by label")["name"] = name
    config_of(layout, "inspector")["views"].append(lens)
    file.write_text(json.dumps(layout))
    with opened(browser, of_valves(str(file))) as page:
        page.get_by_text(re.compile(r"section_00_source_test_anomaly_0000")).first.click()
        tab(page, name).wait_for()
        page.wait_for_timeout(1000)
        assert page.title() != "run"
