"""The widget that shows the official numbers: equal to Python's, whatever the page's filters leave."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from dcase_explore.options import Options
from dcase_explore.scoring.improvement import terms
from dcase_explore.scoring.metrics import section_metrics
from dcase_explore.scoring.official import official_scores
from dcase_explore.view import View
from widgets_page import filtered, layout_file, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def scored(real_scores: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, View]]:
    """The real run, with a model whose scores single precision would tie."""
    folder = tmp_path_factory.mktemp("scores")
    near = 1 + np.random.default_rng(0).normal(size=1400) * 1e-10
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(folder / "cache"))
        layout = layout_file(folder, {"type": "dcase.scores"})
        options = Options(data=[str(real_scores)], scores={"near": near}, layout=layout)
        with shown(options) as (server, exploration):
            yield server.url, exploration


@pytest.fixture
def page(browser: "Browser", scored: tuple[str, View]) -> "Iterator[Page]":
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(scored[0])
    page.locator("tfoot td").first.wait_for()
    yield page
    page.close()


def numbers(page: "Page") -> dict[tuple[str, str, str], float | None]:
    """Every number of the widget by model, section ("" for the last line) and metric."""
    cells = page.evaluate(
        """() => [...document.querySelectorAll("[data-metric]")].map((cell) => [cell.dataset.model,
          cell.closest("tr").dataset.section ?? "", cell.dataset.metric, cell.dataset.value, cell.textContent])"""
    )
    for *_, value, text in cells:
        assert ("–" in text) == (value == "")
    return {(model, section, name): float(value) if value else None for model, section, name, value, _ in cells}


@pytest.mark.parametrize(
    "script",
    [
        "",
        "filter('class', 'equal', code('class', 'fan'))",
        "filter('domain', 'equal', code('domain', 'target'))",
        "filter('anomaly_score_baseline_MSE', 'lesser', 10); filter('class', 'unequal', code('class', 'valve'))",
    ],
)
def test_numbers_are_pythons_whatever_is_filtered(page: "Page", scored: tuple[str, View], script: str) -> None:
    rows = filtered(page, script)
    assert 0 < len(rows) <= 1400
    assert_pythons(numbers(page), scored[1].frame.iloc[rows], models=3)


def assert_pythons(found: dict[tuple[str, str, str], float | None], frame: pd.DataFrame, models: int) -> None:
    """Every number is what Python makes of these clips."""
    scored, _ = official_scores(frame, {})
    assert len(scored) == models
    for model in scored:
        assert found[model.model, "", "omega"] == pytest.approx(model.official_score, abs=1e-9)
        for section in model.sections:
            for name in ("auc_source", "auc_target", "pauc"):
                assert found[model.model, section.machine_type, name] == (
                    pytest.approx(section.metrics[name], abs=1e-9) if name in section.metrics else None
                ), (model.model, section.name, name)


def test_intervals_are_pythons_where_all_clips_are_shown(page: "Page", scored: tuple[str, View]) -> None:
    view = scored[1]
    best = max(view.models, key=lambda model: model.official_score or 0.0).model
    found = view.intervals
    page.locator("[data-difference]", has_text="95 % interval").first.wait_for()
    for one in found.models:
        official = one.official
        assert page.locator(f"[data-interval={one.model}]").inner_text() == f"{official.low:.4f} to {official.high:.4f}"
        for (machine, _, name), number in one.numbers.items():
            cell = page.locator(f"tr[data-section={machine}] [data-metric={name}][data-model={one.model}]")
            assert cell.get_attribute("title") == f"95 % interval {number.low:.4f} to {number.high:.4f}"
    said = [line.replace("−", "-") for line in page.locator("[data-difference]").all_inner_texts()]
    assert said == [f"{one.sentence()}." for one in found.differences if best in (one.model, one.other)]
    filtered(page, "filter('domain', 'equal', code('domain', 'target'))")
    assert not "".join(page.locator("[data-interval]").all_inner_texts()).strip()
    assert not page.locator("[data-difference]").count()


def test_what_each_number_costs_is_pythons(page: "Page", scored: tuple[str, View]) -> None:
    page.get_by_text("What each number costs").click()
    words = {"auc_source": "AUC source", "auc_target": "AUC target", "pauc": "pAUC"}
    for model in scored[1].models:
        lines = page.get_by_role("region", name=f"What costs {model.model}").locator("li").all_inner_texts()
        assert [line.replace("−", "-") for line in lines] == [
            f"{term.machine_type} {words[term.metric]} {term.value:.4f}: at the median of the others "
            f"({term.median:.4f}) Ω would be {term.would_be:.4f}, {term.brings:+.4f}"
            for term in terms(model)
        ]


def test_numbers_of_the_demo_are_pythons_under_three_filters(
    browser: "Browser", tmp_path: Path, one_cache: None
) -> None:
    layout = layout_file(tmp_path, {"type": "dcase.scores"})
    options = Options(data=["demo"], class_name=["valve"], layout=layout)
    with shown(options) as (server, view):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(server.url)
        page.locator("tfoot td").first.wait_for()
        left = len(view.frame)
        # One after the other, each of what the ones before it leave.
        for script in (
            "",
            "filter('d1v', 'unequal', code('d1v', '03'))",
            "filter('anomaly_score_logmel_lof', 'greater', 1)",
            "filter('domain', 'equal', code('domain', 'target'))",
        ):
            before, rows = left, filtered(page, script)
            left = len(rows)
            assert 0 < left <= before and (left < before or not script)
            assert_pythons(numbers(page), view.frame.iloc[rows], models=2)
        page.close()


def test_a_click_on_a_row_shows_that_machine_type_and_back(page: "Page", scored: tuple[str, View]) -> None:
    page.get_by_role("button", name="slider").click()
    page.wait_for_function("() => document.querySelectorAll('tr[data-section]').length === 1")
    left = page.evaluate("globalThis.spotlight.useDataset.getState().filteredIndices.length")
    assert left == (scored[1].frame["class"] == "slider").sum()
    page.get_by_role("button", name="all machine types").click()
    page.wait_for_function("() => document.querySelectorAll('tr[data-section]').length === 7")


def test_the_lowest_number_is_marked_and_what_it_costs_is_said(page: "Page") -> None:
    marked = page.locator("td[data-model=baseline_MSE]", has_text="▼")
    assert marked.count() == 1
    assert marked.get_attribute("data-metric") == "auc_target"
    assert page.get_by_text("baseline_MSE: lowest is fan, AUC target 0.3604").is_visible()


def decisions(page: "Page") -> dict[str, list[str]]:
    rows = page.locator("tr[data-decided]").all()
    return {row.get_attribute("data-decided") or "": row.locator("td").all_inner_texts() for row in rows}


def expected(frame: pd.DataFrame, model: str, threshold: float) -> dict[str, list[str]]:
    """What the page should say of a threshold, by the definitions in Python."""
    scores, anomalous = frame[f"anomaly_score_{model}"].to_numpy(float), (frame["label"] == "anomaly").to_numpy()
    flagged, lines = scores > threshold, {}
    for domain in ("source", "target"):
        within = (frame["domain"] == domain).to_numpy()
        metrics: dict[str, Any] = section_metrics(scores, anomalous, frame["domain"].to_numpy(), flagged.astype(float))
        lines[domain] = [f"{metrics[f'{name}_{domain}']:.4f}" for name in ("precision", "recall", "f1")]
        lines[domain].append(f"{(flagged & within & ~anomalous).sum()} of {(within & ~anomalous).sum()}")
    return lines


def test_the_threshold_begins_at_the_decisions_and_is_dragged(page: "Page", scored: tuple[str, View]) -> None:
    frame = scored[1].frame[scored[1].frame["class"] == "fan"]
    page.get_by_role("button", name="baseline_MSE", exact=True).click()
    page.get_by_role("button", name="Curves and threshold").click()  # three models leave no room for them beside
    page.get_by_text("fan · baseline_MSE").wait_for()
    threshold = page.locator("[data-threshold]")
    value = float(threshold.get_attribute("data-threshold") or "nan")
    called = (frame["anomaly_score_baseline_MSE"] > value) == (frame["prediction_baseline_MSE"] == "anomaly")
    assert called.all()
    for name in ("Histogram of the scores", "ROC per domain"):
        drawing = page.get_by_role("group", name=name)
        drawing.scroll_into_view_if_needed()
        box = drawing.bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.35, box["y"] + box["height"] * 0.4, steps=3)
        page.mouse.up()
        before, value = value, float(threshold.get_attribute("data-threshold") or "nan")
        assert value != before
        found = decisions(page)
        assert {domain: found[domain] for domain in ("source", "target")} == expected(frame, "baseline_MSE", value)


def test_the_threshold_moves_by_keys_from_score_to_score(page: "Page") -> None:
    slider = page.get_by_role("slider", name="Decision threshold on the histogram")
    alarms = "all"
    page.get_by_role("button", name="Curves and threshold").click()
    slider.focus()
    flagged = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
        words = slider.get_attribute("aria-valuenow")
        flagged.append(float(words or "nan"))
        assert re.fullmatch(r"\d+ of 100", decisions(page)[alarms][-1])
    assert flagged[0] == flagged[2] and flagged[1] > flagged[0] > flagged[3] > flagged[4]


def test_curves_stand_beside_the_numbers_where_there_is_room(page: "Page") -> None:
    views = page.get_by_role("group", name="What is shown")
    curves = page.get_by_role("group", name="ROC per domain")
    views.wait_for()
    assert not curves.count()
    page.set_viewport_size({"width": 1900, "height": 900})
    curves.wait_for()
    views.wait_for(state="detached")
    numbers, drawn = (one.bounding_box() for one in (page.get_by_role("table", name="Official score"), curves))
    assert numbers and drawn
    assert drawn["x"] > numbers["x"] + numbers["width"]
    page.set_viewport_size({"width": 1440, "height": 900})
    views.wait_for()
    curves.wait_for(state="detached")


def test_without_the_plugins_script_the_rest_works(browser: "Browser", scored: tuple[str, View]) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.route("**/api/plugins/dcase_explore/**", lambda route: route.abort())
    page.goto(scored[0])
    page.get_by_text("Filtered").wait_for()
    # The layout names a widget of ours: its place says so, and nothing else of the page is harmed.
    page.get_by_text("Unknown widget: dcase.scores").wait_for()
    page.get_by_text("ToyCar").first.click()
    selected = page.evaluate("Array.from(globalThis.spotlight.useDataset.getState().selectedIndices)")
    assert [scored[1].frame["class"].iloc[row] for row in selected] == ["ToyCar"]
    assert len(filtered(page, "filter('class', 'equal', code('class', 'fan'))")) == 200
    page.close()
