"""The page without a mouse and without seeing it: every control of ours is reached, named and worked by keys."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from dcase_explore.findings.finding import Finding
from dcase_explore.options import Options
from dcase_explore.view import View
from widgets_page import layout_file, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

STATE = "globalThis.spotlight.useDataset.getState()"
MODEL = "logmel_lof"
WIDGETS = (
    {"type": "dcase.findings"},
    {"type": "dcase.scores"},
    {"type": "dcase.conditions"},
    {
        "type": "dcase.histogram",
        "config": {"columnKey": f"anomaly_score_{MODEL}", "stackByColumnKey": "label"},
    },
)
VIEWS = [
    {"view": "dcase.note", "columns": ["clip_id"], "name": "Note", "key": "note"},
    {"view": "dcase.compare", "columns": ["path"], "name": "Compare", "key": "compare"},
]
OURS = [
    *(f"section[aria-label^='{name}']" for name in ("Findings", "Scores", "Conditions", "Histogram")),
    *("[role=group][aria-label=Note]", "[role=application]", "label:has(select)"),
    *(f"button[title^='Save {what}']" for what in ("a report", "the")),
]
"""Selectors of all that is ours: widgets, lenses, what stands in the app bar."""
FINDINGS = [
    Finding("disagreements", machine, f"{machine}: 3 clips to look at", "low", ("label",), "Planted.", np.array(rows))
    for machine, rows in (("valve", [20, 18, 16]), ("fan", [2, 1, 0]))
]
"""Of recordings as plain as these nothing would be found."""
CONTROLS = "button, select, textarea, input, a, [tabindex], [role=slider]"
WORKED = {"button", "slider", "combobox", "textbox", "application", "group", "img", "image", "region", "table"}


@pytest.fixture(scope="module")
def served(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, View]]:
    folder = tmp_path_factory.mktemp("layout")
    inspector = {"type": "inspector", "config": {"visibleColumns": 1, "views": VIEWS}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(folder / "cache"))
        patch.setenv("DCASE_EXPLORE_LAYOUTS", str(folder / "library"))
        layout = layout_file(folder, *WIDGETS, inspector=inspector)
        options = Options(data=[str(recordings)], layout=layout, notes=str(folder / "notes.csv"))
        with shown(options, findings=FINDINGS) as (server, view):
            yield server.url, view


@pytest.fixture(scope="module")
def page(browser: "Browser", served: tuple[str, View]) -> "Iterator[Page]":
    page = browser.new_page(viewport={"width": 1440, "height": 2400})
    page.goto(served[0])
    page.locator("canvas[data-compare=difference]").wait_for()
    page.wait_for_function("() => location.hash.includes('finding=')")
    yield page
    page.close()


def test_everything_is_reached_by_tab_and_seen_when_it_is(page: "Page") -> None:
    controls = page.evaluate(
        """([ours, controls]) => {
          const its = ours.flatMap((one) => [...document.querySelectorAll(one)]).flatMap((one) =>
            [one, ...one.querySelectorAll(controls)]).filter((one) => one.matches(controls) && one.tabIndex >= 0);
          its.forEach((one, number) => { one.dataset.control = number; });
          return new Set(its).size;
        }""",
        [OURS, CONTROLS],
    )
    assert controls > 30
    page.evaluate("document.activeElement.blur()")
    reached: dict[str, bool] = {}
    for _ in range(600):
        page.keyboard.press("Tab")
        number, ring = page.evaluate(
            """() => {
              const its = document.activeElement, { outlineStyle, outlineWidth } = getComputedStyle(its);
              return [its.dataset.control ?? null, outlineStyle !== "none" && parseFloat(outlineWidth) > 0];
            }"""
        )
        if number in reached:
            break
        if number is not None:
            reached[number] = ring
    assert len(reached) == controls
    assert all(reached.values()), "the one that has the keyboard is seen to have it"


def test_everything_has_a_role_and_a_name(page: "Page") -> None:
    session = page.context.new_cdp_session(page)
    session.send("Accessibility.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    named = []
    for selector in OURS:
        for node in session.send("DOM.querySelectorAll", {"nodeId": root, "selector": selector})["nodeIds"]:
            for its in session.send("Accessibility.queryAXTree", {"nodeId": node})["nodes"]:
                role, name = (its.get(part, {}).get("value", "") for part in ("role", "name"))
                able = any(each["name"] == "focusable" and each["value"]["value"] for each in its.get("properties", []))
                if not its["ignored"] and (role in WORKED or able):
                    assert name.strip(), f"{role} in {selector}"
                    assert role != "generic", f"{name} in {selector}"
                    named.append((role, name))
    session.detach()
    pictures = [name for role, name in named if role in ("img", "image")]
    assert any(name.startswith("Spectrogram of A, test · ") for name in pictures)
    assert any(name.startswith("Difference of A and B") for name in pictures)
    groups = [name for role, name in named if role == "group"]
    assert any(re.match(r"ROC per domain: source \d\.\d{4}, target \d\.\d{4}", name) for name in groups)
    assert any(re.match(r"Histogram of the scores: 4 normals from .* 4 anomalies from ", name) for name in groups)
    assert any(name.startswith("Histogram of anomaly score") and "8 normal clips" in name for name in groups)
    # The page's own buttons of an icon alone are called what their tooltips say.
    for name in ("Layout", "Visible Columns", "Delete filter"):
        assert page.get_by_role("button", name=name, exact=True).count()
    # What changes by itself is said.
    live = page.locator(":is([role=status], [aria-live=polite])")
    assert live.count() >= 4


def test_findings_and_scores_by_keys(page: "Page", served: tuple[str, View]) -> None:
    first, place = page.locator("[data-finding] > button").first, page.locator("[data-place]")
    first.focus()
    if first.get_attribute("aria-expanded") == "true":
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    finding = served[1].findings[0]
    assert place.inner_text() == f"1 of {len(finding.rows)}"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # "next"
    page.keyboard.press("n")
    page.keyboard.press("p")
    assert place.inner_text() == f"{1 % len(finding.rows) + 1} of {len(finding.rows)}"
    first.focus()
    page.keyboard.press("Space")
    place.wait_for(state="detached")
    assert focused(page) == first.inner_text(), "the keyboard stays where it is"

    scores = page.get_by_role("region", name="Scores")
    scores.get_by_role("button", name="valve").focus()
    page.keyboard.press("Enter")
    scores.get_by_role("button", name="all machine types").focus()
    assert left(page) == (served[1].frame["class"] == "valve").sum()
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => {STATE}.filteredIndices.length === {len(served[1].frame)}")
    assert focused(page) == "valve", "the button went, the keyboard did not"
    model = scores.get_by_role("button", name="logmel_pca")
    model.focus()
    page.keyboard.press("Space")
    assert model.get_attribute("aria-pressed") == "true"


def test_the_threshold_by_keys(page: "Page") -> None:
    for name in ("histogram", "ROC"):
        slider = page.get_by_role("slider", name=f"Decision threshold on the {name}")
        slider.focus()
        said = []
        for key in ("End", "ArrowLeft", "Home", "ArrowUp", "PageUp"):
            page.keyboard.press(key)
            said.append((float(slider.get_attribute("aria-valuenow") or "nan"), slider.get_attribute("aria-valuetext")))
        values = [value for value, _ in said]
        assert values[0] == float(slider.get_attribute("aria-valuemax") or "nan") > values[1] > values[4] > values[3]
        assert values[3] > values[2] == float(slider.get_attribute("aria-valuemin") or "nan")
        assert said[0][1] and re.search(r": 0 of 4 anomalies found, 0 of 4 normals are false alarms$", said[0][1])
    page.get_by_role("button", name="back", exact=True).focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "slider"


def test_conditions_and_histogram_by_keys(page: "Page", served: tuple[str, View]) -> None:
    table = page.get_by_role("table", name="Mean AUC cost by condition of valve")
    names = [each.inner_text() for each in table.get_by_role("button").all()]
    table.get_by_role("button").first.focus()
    page.keyboard.press("ArrowDown")
    assert focused(page) == names[1]
    page.keyboard.press("End")
    assert focused(page) == names[-1]
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    pressed = table.get_by_role("button", pressed=True)
    assert pressed.inner_text() == names[0] == focused(page)
    assert left(page) < len(served[1].frame)
    page.keyboard.press("Space")
    pressed.wait_for(state="detached")
    assert left(page) == len(served[1].frame)

    histogram = page.locator("svg[aria-label^='Histogram of anomaly score']")
    histogram.focus()
    page.keyboard.press("ArrowRight")
    page.locator("section[aria-label^='Histogram'] [role=status]", has_text=re.compile(r"to .*: \d+ normal")).wait_for()
    page.keyboard.press("Enter")  # the lowest bar, which is not empty
    assert page.evaluate(f"{STATE}.selectedIndices.length") >= 1


def test_comparing_by_keys(page: "Page") -> None:
    page.evaluate(f"{STATE}.selectRows([18])")
    lens = page.locator("[role=application][data-row='18']")
    lens.locator("canvas[data-compare=difference]").wait_for()
    said = lens.get_by_role("status")
    lens.focus()
    page.keyboard.press("Space")
    page.keyboard.press("b")
    said.get_by_text("playing, hearing B").wait_for(state="attached")
    page.keyboard.press("a")
    page.keyboard.press("Space")
    said.get_by_text("paused, hearing A").wait_for(state="attached")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")  # half a second
    page.keyboard.press("]")
    said.get_by_text("repeats 0.0 to 0.5 seconds").wait_for(state="attached")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("+")
    said.get_by_text("B moved by 0.02 seconds, zoomed 2 times").wait_for(state="attached")
    for name in ("repeats", "B by"):  # buttons that go as they are pressed
        lens.get_by_role("button", name=name).focus()
        page.keyboard.press("Enter")
        lens.get_by_role("button", name=name).wait_for(state="detached")
        assert page.evaluate("document.activeElement.getAttribute('role')") == "application"
    page.keyboard.press("PageDown")
    page.keyboard.press("-")
    said.get_by_text("paused, hearing A", exact=True).wait_for(state="attached")
    page.get_by_label("compare with").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.locator("[data-name=other]", has_text="nearest anomaly").wait_for()
    page.keyboard.press("Home")


def test_no_key_is_taken_from_a_text_nor_from_browser_and_page(page: "Page") -> None:
    page.locator("[data-finding] > button").first.focus()
    page.keyboard.press("Enter")
    place = page.locator("[data-place]")
    before = place.inner_text()
    page.locator("[role=application][data-row='20']").wait_for()
    text = "a b n p + - [ ] next"
    page.get_by_label("Note on this clip").focus()
    page.keyboard.type(text)
    assert page.get_by_label("Note on this clip").input_value() == text
    assert place.inner_text() == before
    page.get_by_role("group", name="Tag").get_by_role("button", name="noise").focus()
    page.keyboard.press("Space")
    page.get_by_role("group", name="Tag").get_by_role("button", name="noise", pressed=True).wait_for()
    taken = """([its, key, held]) => {
      const event = new KeyboardEvent("keydown", { key, [held]: true, bubbles: true, cancelable: true });
      return !its.dispatchEvent(event);
    }"""
    places: list[Locator] = [
        page.get_by_role("application").first,
        page.get_by_role("slider").first,
        page.locator("[data-finding] > button").first,
        page.get_by_role("table", name="Mean AUC cost by condition").first.get_by_role("button").first,
        page.locator("svg[aria-label^='Histogram of anomaly score']"),
    ]
    for its in places:
        for held in ("ctrlKey", "altKey", "metaKey"):
            for key in ("a", "b", "n", "p", "+", "-", "ArrowLeft", "ArrowDown", "Home", "Enter", "Tab"):
                assert not page.evaluate(taken, [its.element_handle(), key, held]), (its, held, key)
        assert not page.evaluate(taken, [its.element_handle(), "Tab", "shiftKey"])
    assert place.inner_text() == before


def test_the_app_bar_by_keys(page: "Page", served: tuple[str, View]) -> None:
    page.get_by_role("combobox", name="machine type").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => location.hash.includes('class=fan')")
    assert left(page) == (served[1].frame["class"] == "fan").sum()
    for name, file in (("CSV", "filtered-clips.csv"), ("Report", "report.html")):
        page.get_by_role("button", name=name).focus()
        with page.expect_download(timeout=120_000) as download:
            page.keyboard.press("Enter")
        assert download.value.suggested_filename == file
        assert focused(page).startswith((name, "Making"))
    page.get_by_role("combobox", name="layout").focus()
    before = page.evaluate("document.activeElement.value")
    page.keyboard.press("ArrowDown")
    page.wait_for_function(f"() => location.hash.includes('layout=') && !location.hash.includes('layout={before}&')")
    assert focused(page)


def focused(page: "Page") -> str:
    """Text of what has the keyboard."""
    text: str = page.evaluate("document.activeElement.innerText")
    return text


def left(page: "Page") -> int:
    """How many clips the filters leave."""
    count: int = page.evaluate(f"{STATE}.filteredIndices.length")
    return count
