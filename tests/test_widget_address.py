"""Machine type and layout in the app bar, and the address that says what is looked at."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pandas as pd
import pytest

from dcase_explore.options import Options
from dcase_explore.view import View
from exploring import get
from reading_reports import Read
from widgets_page import layout_file, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STATE = "globalThis.spotlight.useDataset.getState()"


@pytest.fixture(scope="module")
def served(real_scores: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, View]]:
    folder = tmp_path_factory.mktemp("layout")
    layout = layout_file(folder, {"type": "dcase.findings"}, {"type": "dcase.scores"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(folder / "cache"))
        patch.setenv("DCASE_EXPLORE_LAYOUTS", str(folder / "library"))
        with shown(Options(data=[str(real_scores)], layout=layout)) as (server, view):
            yield server.url, view


def opened(browser: "Browser", url: str, address: str = "") -> "Page":
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{url}{address}")
    page.get_by_text("Filtered").wait_for()
    page.wait_for_function("() => location.hash.includes('layout=')")
    return page


def said(page: "Page", **expected: str | None) -> dict[str, str]:
    """What the address says, once it says so."""
    wanted = {name: value for name, value in expected.items() if value}
    page.wait_for_function(
        "(wanted) => Object.entries(wanted).every(([name, value]) => "
        "new URLSearchParams(location.hash.slice(1)).get(name) === value)",
        arg=wanted,
    )
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).fragment).items()}


def selected(page: "Page") -> list[int]:
    rows: list[int] = page.evaluate(f"Array.from({STATE}.selectedIndices)")
    return rows


@pytest.mark.browser
def test_the_page_opens_with_the_worst_finding_and_its_costliest_clip(
    browser: "Browser", served: tuple[str, View]
) -> None:
    url, view = served
    page, worst = opened(browser, url), view.findings[0]
    address = said(page, finding=worst.title, clip=view.frame["clip_id"][worst.rows[0]])
    assert set(address) == {"layout", "finding", "clip"}
    assert selected(page) == [worst.rows[0]]
    assert page.locator("[data-place]").inner_text() == f"1 of {len(worst.rows)}"
    page.close()


@pytest.mark.browser
def test_machine_type_and_layout_are_changed_in_place_and_a_link_reopens_them(
    browser: "Browser", served: tuple[str, View]
) -> None:
    url, view = served
    page = opened(browser, url)
    page.evaluate("globalThis.same = true")
    page.get_by_role("combobox", name="machine type").select_option("slider")
    rows = np.flatnonzero(view.frame["class"] == "slider").tolist()
    assert page.evaluate(f"Array.from({STATE}.filteredIndices)") == rows
    own = [finding for finding in view.findings if finding.machine_type == "slider"]
    said(page, **{"class": "slider"}, clip=view.frame["clip_id"][own[0].rows[0]])
    assert page.locator("[data-finding]").count() == len(own)
    assert page.locator("tr[data-section]").count() == 1
    page.get_by_role("button", name=own[1].title).click()
    page.get_by_role("button", name="next").click()
    clip = view.frame["clip_id"][own[1].rows[1]]
    said(page, finding=own[1].title, clip=clip)
    page.get_by_role("combobox", name="layout").select_option("simple")
    page.get_by_text("Score by label").wait_for()
    address = said(page, layout="simple")
    assert address == {"class": "slider", "layout": "simple", "finding": own[1].title, "clip": clip}
    assert page.evaluate("globalThis.same"), "the page was loaded anew"
    link = page.url
    page.get_by_role("combobox", name="layout").select_option("compare")
    page.get_by_text("Score by label").wait_for(state="detached")
    page.close()

    again = opened(browser, link)
    again.get_by_text("Score by label").wait_for()
    assert said(again, finding=own[1].title, clip=clip) == address
    assert selected(again) == [own[1].rows[1]]
    assert again.evaluate(f"Array.from({STATE}.filteredIndices)") == sorted(own[1].rows.tolist())
    assert again.get_by_role("combobox", name="machine type").locator("option:checked").inner_text() == "slider"
    again.close()


def chosen_by_python(url: str, rows: list[int], finding: str | None = None) -> None:
    assert put(f"{url}api/dcase/chosen", json.dumps({"rows": rows, "finding": finding}).encode())[0] == 200


@pytest.mark.browser
def test_what_python_chooses_is_looked_at(browser: "Browser", served: tuple[str, View]) -> None:
    url, view = served
    finding = view.findings[3]
    chosen_by_python(url, finding.rows.tolist(), finding.title)
    page = opened(browser, url)  # which was not there yet
    said(page, finding=finding.title, clip=view.frame["clip_id"][finding.rows[0]])
    page.get_by_role("combobox", name="machine type").select_option("slider")
    rows = [1300, 3]  # no sliders
    chosen_by_python(url, rows)
    page.wait_for_function(f"() => {STATE}.selectedIndices.length === 2")
    assert selected(page) == rows
    assert page.evaluate(f"{STATE}.filteredIndices.length") == len(view.frame), "what hid them is taken away"
    address = said(page, clip=view.frame["clip_id"][1300])
    assert "finding" not in address
    other = view.findings[1]
    chosen_by_python(url, other.rows.tolist(), other.title)
    said(page, finding=other.title)
    page.get_by_role("combobox", name="layout").select_option("extended")  # which has the list, whatever was before
    page.get_by_role("button", name="next").click()
    again = said(page, finding=other.title, clip=view.frame["clip_id"][other.rows[1]])
    page.reload()  # the address says more than what Python chose before
    page.wait_for_function("() => location.hash.includes('layout=')")
    assert said(page, clip=again["clip"]) == again
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    "address",
    [
        "#class=nothing&layout=../../etc/passwd&finding=none&clip=none",
        f"#class={quote('<img src=x onerror=globalThis.ran=1>')}&finding={quote('<script>globalThis.ran=1</script>')}",
        "#" + "a" * 50_000,
    ],
)
def test_an_address_of_nothing_shows_what_there_is(browser: "Browser", served: tuple[str, View], address: str) -> None:
    page = opened(browser, served[0], address)
    assert page.evaluate(f"{STATE}.filteredIndices.length") == len(served[1].frame)
    assert len(selected(page)) == 1
    assert page.evaluate("globalThis.ran") is None
    page.close()


def put(url: str, body: bytes) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, method="PUT"), timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 4000,
        b'{"layout": 1}',
        b'{"layout": ["simple"]}',
        b'{"layout": "nothing"}',
        json.dumps({"layout": "/etc/passwd"}).encode(),
        json.dumps({"layout": "x" * 100_000}).encode(),
    ],
)
def test_no_layout_but_a_known_one_is_shown(served: tuple[str, View], body: bytes) -> None:
    before = json.loads(get(f"{served[0]}api/dcase/layout")[1])
    status, answer = put(f"{served[0]}api/dcase/layout", body)
    assert status in (413, 422)
    assert json.loads(answer)["title"]
    assert json.loads(get(f"{served[0]}api/dcase/layout")[1]) == before
    assert "simple" in before["layouts"]


def test_a_clip_has_a_row_by_its_name(served: tuple[str, View]) -> None:
    url, view = served
    clip = view.frame["clip_id"][700]
    assert json.loads(get(f"{url}api/dcase/clip?clip_id={quote(clip)}")[1]) == {"row": 700}
    assert get(f"{url}api/dcase/clip?clip_id=none")[0] == 404
    assert get(f"{url}api/dcase/clip")[0] == 404
    assert get(f"{url}api/dcase/nearest/1400")[0] == 404
    assert get(f"{url}api/dcase/nearest/-1")[0] == 404


@pytest.mark.browser
def test_chosen_clips_and_a_report_are_saved_as_python_has_them(
    browser: "Browser", served: tuple[str, View], tmp_path: Path
) -> None:
    url, view = served
    page = opened(browser, url)
    page.evaluate(f"{STATE}.selectRows([700, 3, 1399])")
    page.wait_for_function(f"() => {STATE}.selectedIndices.length === 3")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    path = tmp_path / "clips.csv"
    download.value.save_as(path)
    assert download.value.suggested_filename == "selected-clips.csv"
    found, expected = pd.read_csv(path, dtype=str, keep_default_na=False), view.frame.iloc[[700, 3, 1399]]
    assert list(found.columns) == [*view.frame.columns, "findings"]
    for name in view.frame.columns:
        if view.frame[name].dtype.kind == "f":
            values = found[name].replace("", "nan").astype(view.frame[name].dtype)
            np.testing.assert_array_equal(values, expected[name])
        else:
            assert found[name].to_list() == ["" if pd.isna(one) else str(one) for one in expected[name]]
    for text, row in zip(found["findings"], expected.index, strict=True):
        assert text == "\n".join(finding.title for finding in view.findings if row in finding.rows)
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name="Report").click()
    assert download.value.suggested_filename == "report.html"
    download.value.save_as(tmp_path / "report.html")
    rows = Read.of(tmp_path / "report.html").rows("Official score")
    assert [row[:2] for row in rows] == [[model.model, f"{model.official_score:.4f}"] for model in view.models]
    page.close()


@pytest.mark.parametrize("body", [b"", b"{}", b'["a"]', b"[-1]", b"[1400]", b"[true]", b"[1.5]", b"[" * 5000])
def test_no_csv_of_rows_that_are_none(served: tuple[str, View], body: bytes) -> None:
    status, answer = put(f"{served[0]}api/dcase/csv", body)
    assert status == 422
    assert json.loads(answer)["title"]
