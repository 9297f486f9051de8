"""What `show()` leaves in a notebook's cell for when there is no kernel any more: findings, stills, players."""

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import soundfile
from bs4 import BeautifulSoup
from PIL import Image

from dcase_explore.asking import asked
from dcase_explore.credits import SYNTHETIC
from dcase_explore.exploration import Exploration
from dcase_explore.exploring import explored
from dcase_explore.options import TableOptions
from dcase_explore.reporting.stills import SECONDS, stills
from dcase_explore.viewer import cell
from reading_reports import make_valves, reversed_scores

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route


@pytest.fixture(scope="module")
def valves(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    folder = make_valves(tmp_path_factory.mktemp("valves"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        found = explored(asked(TableOptions, data=folder, scores={"mine": reversed_scores(folder)}), with_maps=False)
    return replace(found, credits=(SYNTHETIC,))


def read(exploration: Exploration, **options: Any) -> BeautifulSoup:
    return BeautifulSoup(stills(exploration, **options), "html.parser")


def test_it_tells_score_and_findings_with_stills_and_players(valves: Exploration) -> None:
    soup = read(valves)
    text = soup.get_text(" ")
    assert f"{valves.models[0].official_score:.4f}" in text
    assert "CC0 1.0" in text
    assert all(finding.title in text for finding in valves.findings)
    assert not soup.find_all(["script", "style", "iframe"])  # what readers of notebooks leave out
    pictures, players = soup.find_all("img"), soup.find_all("audio")
    assert len(pictures) == len(players) > 1
    for picture in pictures:
        assert picture["alt"].startswith("Spectrogram of test/") or picture["alt"].startswith("Spectrogram of train/")
        assert Image.open(io.BytesIO(base64.b64decode(picture["src"].partition(",")[2]))).size == (32, 128)
    paths = valves.frame.set_index("clip_id")["path"]
    for player in players:
        heard = soundfile.read(io.BytesIO(base64.b64decode(player["src"].partition(",")[2])), dtype="int16")[0]
        recorded = soundfile.read(paths[player["aria-label"].removeprefix("Play ")], dtype="int16")[0]
        assert heard.tolist() == recorded[: SECONDS * 16_000].tolist()


def test_without_a_known_licence_there_is_no_sound(valves: Exploration) -> None:
    soup = read(replace(valves, credits=()))
    assert soup.find_all("img")
    assert not soup.find_all("audio")


def test_names_are_text(valves: Exploration) -> None:
    soup = read(replace(valves, title="<script>alert(1)</script>"))
    assert "<script>alert(1)</script>" in soup.get_text()
    assert not soup.find_all("script")


def test_recordings_that_are_gone_leave_words(valves: Exploration, capsys: pytest.CaptureFixture[str]) -> None:
    gone = replace(valves, frame=valves.frame.assign(path="/nowhere/a.wav", nearest_normal="/nowhere/b.wav"))
    soup = read(gone)
    assert not soup.find_all("img")
    assert valves.findings[0].title in soup.get_text()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("most", [40_000, 8_000])
def test_its_size_is_bounded_and_what_is_less_is_said(valves: Exploration, most: int) -> None:
    whole, bounded = stills(valves), stills(valves, most)
    assert len(whole) > 40_000
    assert len(bounded) <= most
    assert "there is less here, to keep this small" in bounded
    assert "there is less here" not in whole


def left_by(valves: Exploration, monkeypatch: pytest.MonkeyPatch, viewers: Sequence[SimpleNamespace]) -> str:
    """A notebook as a page, after these were displayed."""
    shown: list[str] = []
    monkeypatch.setattr("IPython.display.display", lambda displayed: shown.append(displayed.data))
    for viewer in viewers:
        cell.display(viewer, 400, valves)  # type: ignore[arg-type]
    return "<!DOCTYPE html><meta charset=utf-8>" + "\n".join(shown)


@pytest.mark.browser
def test_a_saved_notebook_shows_it_where_no_program_answers(
    browser: "Browser", valves: Exploration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell, "WAIT_SECONDS", 1)
    answers = tmp_path / "page.html"
    answers.write_text(f"<script>parent.postMessage({cell._ALIVE!r}, '*')</script>the page")
    gone = SimpleNamespace(url="http://127.0.0.1:9/", token="secret", page="gone", cell=None)
    here = SimpleNamespace(url=answers.as_uri(), token="secret", page="here", cell=None)
    saved = tmp_path / "notebook.html"
    saved.write_text(left_by(valves, monkeypatch, [gone, here]))
    page = browser.new_page()
    page.goto(saved.as_uri())
    page.get_by_text("The program that showed this has ended").wait_for()
    frames = page.locator("iframe")
    assert [frames.nth(number).is_visible() for number in (0, 1)] == [False, True]
    assert page.evaluate("[...document.querySelectorAll('details')].map((its) => its.open)") == [True, False]
    left = page.locator("details").first
    assert left.locator("img").first.is_visible()
    player = left.locator("audio").first
    player.evaluate("player => { player.muted = true; return player.play(); }")
    assert player.evaluate("player => player.duration") == pytest.approx(1.0, abs=0.01)
    # Readers that run no script show it as well.
    context = browser.new_context(java_script_enabled=False)
    still = context.new_page()
    still.goto(saved.as_uri())
    assert still.locator("details img").first.is_visible()
    context.close()
    page.close()


AT_LOCALHOST = "http://localhost:7777/"
"""Where a notebook is through ``ssh -L`` as well: nothing is served there but what a test says."""


@pytest.mark.browser
@pytest.mark.parametrize(
    ("way", "reached"),
    [
        ("jupyter", f"{AT_LOCALHOST}proxy/9/?token=secret"),
        ("colab", "https://colab.invalid/9/?token=secret"),
        ("none", None),
    ],
)
def test_at_localhost_a_page_that_does_not_answer_is_looked_for_on_the_notebooks_machine(
    way: str, reached: str | None, browser: "Browser", valves: Exploration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell, "NEAR_SECONDS", 0.2)
    elsewhere = SimpleNamespace(url="http://127.0.0.1:9/", token="secret", page="elsewhere", cell=None)
    notebook = left_by(valves, monkeypatch, [elsewhere])
    if way == "colab":
        own = "google = {colab: {kernel: {proxyPort: async (port) => `https://colab.invalid/${port}`}}}"
        notebook = notebook.replace("<meta", f"<script>{own}</script><meta", 1)
    page = browser.new_page()

    def answer(route: "Route") -> None:
        if route.request.url == reached:
            route.fulfill(
                body=f"<script>parent.postMessage({cell._ALIVE!r}, '*')</script>the page", content_type="text/html"
            )
        elif route.request.url == AT_LOCALHOST:
            route.fulfill(body=notebook, content_type="text/html")
        else:
            route.fulfill(status=404)

    page.route("**", answer)
    page.goto(AT_LOCALHOST)
    if reached:
        page.frame_locator("iframe").get_by_text("the page").wait_for()
        page.locator("[data-alive]").wait_for()
        assert page.frames[1].url == page.locator("a").first.evaluate("link => link.href") == reached
        assert page.locator("div[id^=dcase] span").inner_text() == ""
    else:
        said = page.get_by_text("does not answer here. If this notebook runs on another machine")
        said.wait_for()
        assert "ssh -L 9:127.0.0.1:9" in said.inner_text()
    page.close()
