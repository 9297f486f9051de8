"""The widgets of findings and of conditions: which clips they show, and what they say of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from dcase_explore.exploring import explored
from dcase_explore.facts import facts_of
from dcase_explore.findings import not_looked_for
from dcase_explore.findings.chance import mean_interval
from dcase_explore.findings.finding import Finding
from dcase_explore.options import Options
from dcase_explore.view import View, arranged
from exploring import get
from widgets_page import filtered, layout_file, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STATE = "globalThis.spotlight.useDataset.getState()"


@pytest.fixture(scope="module")
def served(real_scores: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, View]]:
    folder = tmp_path_factory.mktemp("layout")
    layout = layout_file(folder, {"type": "dcase.findings"}, {"type": "dcase.conditions"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(folder / "cache"))
        with shown(Options(data=[str(real_scores)], layout=layout)) as (server, view):
            yield server.url, view


@pytest.fixture
def page(browser: "Browser", served: tuple[str, View]) -> "Iterator[Page]":
    page = browser.new_page(viewport={"width": 1440, "height": 1200})
    page.goto(served[0])
    page.wait_for_function("() => location.hash.includes('finding=')")  # it opens with the worst one
    yield page
    page.close()


def test_facts_tell_all_findings_of_the_view(real_scores: Path) -> None:
    view = arranged(explored(Options(data=[str(real_scores)])), "simple")
    told = facts_of(view)
    assert len(told["findings"]) == len(view.findings) > 12
    for said, finding in zip(told["findings"], view.findings, strict=True):
        assert said["rows"] == finding.rows.tolist()
        assert said["auc_lost_share"] == finding.auc_lost_share
    assert any("without embeddings" in part for part in told["not_looked_for"])
    fans = view.only(view.frame["class"] == "fan")
    assert {each["class"] for each in facts_of(fans)["findings"]} == {"fan"}
    assert max(row for each in facts_of(fans)["findings"] for row in each["rows"]) < len(fans.frame)
    json.dumps(told, allow_nan=False)


@pytest.mark.browser
def test_a_click_shows_a_findings_clips_and_no_others(page: "Page", served: tuple[str, View]) -> None:
    finding = served[1].findings[1]
    page.get_by_role("button", name=finding.title).click()
    assert page.evaluate(f"Array.from({STATE}.filteredIndices)") == sorted(finding.rows.tolist())
    assert page.evaluate(f"Array.from({STATE}.selectedIndices)") == [finding.rows[0]]
    assert page.locator("[data-place]").inner_text() == f"1 of {len(finding.rows)}"
    assert page.get_by_text(finding.description).is_visible()
    page.get_by_role("button", name="next").click()
    page.keyboard.press("n")
    assert page.evaluate(f"Array.from({STATE}.selectedIndices)") == [finding.rows[2]]
    page.keyboard.press("p")
    page.get_by_role("button", name="previous").click()
    page.keyboard.press("p")
    assert page.locator("[data-place]").inner_text() == f"{len(finding.rows)} of {len(finding.rows)}"
    # Once more: all clips again.
    page.get_by_role("button", name=finding.title).click()
    assert page.evaluate(f"{STATE}.filteredIndices.length") == 1400
    assert page.locator("[data-place]").count() == 0


@pytest.mark.browser
def test_its_filter_taken_away_elsewhere_closes_a_finding(page: "Page", served: tuple[str, View]) -> None:
    page.locator("[data-place]").wait_for()
    page.evaluate(f"{STATE}.filters.forEach({STATE}.removeFilter)")
    page.locator("[data-place]").wait_for(state="detached")


@pytest.mark.browser
def test_the_machine_types_own_findings_and_what_was_not_looked_for(page: "Page", served: tuple[str, View]) -> None:
    assert page.get_by_text(f"Not looked for: {'; '.join(not_looked_for(served[1].frame))}.").is_visible()
    filtered(page, "filter('class', 'equal', code('class', 'valve'))")
    titles = [finding.title for finding in served[1].findings if finding.machine_type == "valve"]
    page.wait_for_function("(count) => document.querySelectorAll('[data-finding]').length === count", arg=len(titles))
    assert [each.get_attribute("data-finding") for each in page.locator("[data-finding]").all()] == titles


@pytest.mark.browser
def test_costs_of_conditions_are_pythons(page: "Page", served: tuple[str, View]) -> None:
    frame = served[1].frame
    frame = frame[(frame["label"] == "normal") & (frame["split"] == "test")]
    compared = 0
    for machine, of_machine in frame.groupby("class", observed=True):
        section = page.get_by_role("region", name=str(machine), exact=True)
        for column in ["domain", *(f"d{n}v" for n in (1, 2, 3) if f"d{n}v" in of_machine)]:
            for value, normals in of_machine.groupby(column, observed=True):
                name = f"{value} domain" if column == "domain" else f"{normals[column[:-1] + 'p'].iloc[0]} {value}"
                row = section.locator(f"tr[data-condition='{name}']")
                assert row.locator("td").first.inner_text() == str(len(normals))
                for model in ("baseline_MAHALA", "baseline_MSE"):
                    costs = normals[f"auc_cost_{model}"].to_numpy(np.float64)
                    cell = row.locator(f"[data-model={model}]")
                    assert float(cell.get_attribute("data-cost") or "nan") == pytest.approx(costs.mean(), abs=1e-9)
                    interval = [float(end) for end in (cell.get_attribute("data-interval") or "").split()]
                    assert interval == pytest.approx(mean_interval(costs), abs=1e-5)
                    compared += 1
    assert compared > 100


@pytest.mark.browser
def test_a_click_on_a_condition_shows_its_clips(page: "Page", served: tuple[str, View]) -> None:
    frame = served[1].frame
    page.get_by_role("region", name="gearbox", exact=True).get_by_role("button", name="wt 0", exact=True).click()
    expected = np.flatnonzero((frame["class"] == "gearbox") & (frame["d2v"] == "0"))
    assert page.evaluate(f"Array.from({STATE}.filteredIndices)") == expected.tolist()


HOSTILE = [
    "<img src=x onerror=\"globalThis.ran = 'img'\">",
    "</script><script>globalThis.ran = 'script'</script>",
    "javascript:globalThis.ran='link' [x](javascript:globalThis.ran=1) ${globalThis.ran=2}",
    "\u202eedis rehto eht morf \u2066\U0001f600 \x00\x1b[31m",
    "a" * 1_000_000,
]


@pytest.mark.browser
def test_hostile_text_is_shown_as_text(browser: "Browser", recordings: Path, tmp_path: Path, one_cache: None) -> None:
    widgets = [{"type": f"dcase.{kind}", "name": HOSTILE[0]} for kind in ("findings", "conditions", "scores")]
    lenses = (("dcase.note", "clip_id"), ("ScalarView", "d1v"), ("dcase.compare", "path"))
    views = [{"view": lens, "columns": [column], "name": HOSTILE[1]} for lens, column in lenses]
    inspector = {"type": "inspector", "name": HOSTILE[0], "config": {"visibleColumns": 1, "views": views}}
    options = Options(
        data=[str(recordings)], class_name=["valve"], layout=layout_file(tmp_path, *widgets, inspector=inspector)
    )
    view = explored(options, with_maps=False)
    findings = [
        Finding("disagreements", "valve", text, "low", ("label",), text, np.array([number]))
        for number, text in enumerate(HOSTILE)
    ]
    # Every text in a name, an attribute and a note; the longest once.
    texts = [HOSTILE[row if row < len(HOSTILE) else row % 4] for row in range(len(view.frame))]
    frame = view.frame.assign(
        clip_id=[f"{text} {row}" for row, text in enumerate(texts)],
        note=texts,
        attributes=pd.Categorical(texts),
        d1v=pd.Categorical(texts),
    )
    frame = frame.rename(columns={name: name.replace("logmel_lof", "<b>model</b>") for name in frame.columns})
    with shown(options, frame=frame, findings=findings) as (server, _):
        assert len(json.loads(get(f"{server.url}api/dcase/facts")[1])["findings"]) == len(HOSTILE)
        page = browser.new_page(viewport={"width": 1440, "height": 1800})
        page.goto(server.url)
        page.locator("[data-finding]").nth(len(HOSTILE) - 1).wait_for()
        page.wait_for_function("() => location.hash.includes('finding=')")
        for number in (1, 2, 4, 3, 0):  # it opens with the first one
            finding = page.locator("[data-finding]").nth(number)
            finding.get_by_role("button").first.click()
            finding.locator("[data-place]").wait_for()
            shown_text = "a" * 4_000 + "…" if number == 4 else HOSTILE[number]
            assert finding.locator("p").inner_text().replace("\ufffd", "\x00").startswith(shown_text[:30])
            # What it is said of a clip is apart from what stands beside it, whichever way its text runs.
            assert finding.locator("bdi", has_text=HOSTILE[number][:20].strip("\u202e")).count() >= 1
            page.locator(f"[role=application][data-row='{number}'] [data-name=other]").wait_for()
        assert page.get_by_role("button", name=HOSTILE[0]).count() >= 2  # the finding and the condition
        assert page.get_by_role("button", name="<b>model</b>", exact=True).first.is_visible()
        assert page.get_by_text(HOSTILE[0], exact=True).count() >= len(widgets)  # tabs
        assert page.evaluate("globalThis.ran") is None
        assert page.locator("section img, section script, section b, [class*=flexlayout] img").count() == 0
        page.close()
