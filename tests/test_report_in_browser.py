"""A report opened by double click, with the network cut: it plays, draws, and asks for nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dcase_explore import report
from exploring import until
from reading_reports import Read, make_valves, reversed_scores

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        # Two models of the same faults: their findings share clips, whose sounds are in the file once.
        recordings = make_valves(tmp_path_factory.mktemp("valves"))
        scores = reversed_scores(recordings)
        others = {name: score**3 for name, score in scores.items()}
        out = tmp_path_factory.mktemp("report") / "a report.html"
        return report(out, recordings, class_name="valve", scores={"mine": scores, "other": others}, audio="findings")


@pytest.fixture
def page(browser: "Browser", file: Path) -> "Iterator[Page]":
    context = browser.new_context(offline=True, viewport={"width": 1100, "height": 900})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if request.url.startswith(("http", "ws")) else None)
    page.goto(file.as_uri())
    yield page
    context.close()
    assert said == []


def test_a_clip_plays_and_a_line_runs_over_its_spectrogram(page: "Page") -> None:
    first = page.locator("audio").first
    first.scroll_into_view_if_needed()
    first.evaluate("player => { player.muted = true; return player.play(); }")
    assert until(lambda: page.evaluate("document.querySelector('audio').currentTime > 0.1"), 30)
    line = page.locator(".sound").first.locator(".playhead")
    assert line.evaluate("line => line.classList.contains('on')")
    assert float(line.get_attribute("x1") or 0) > float(line.get_attribute("data-from") or 0)
    assert first.evaluate("player => player.duration") == pytest.approx(1.0, abs=0.01)


def test_one_sound_at_a_time_and_each_in_the_file_once(page: "Page", file: Path) -> None:
    read = Read.of(file)
    again = read.soup.select("audio[data-sound]")
    assert again
    assert not [player for player in again if player.get("src")]
    page.evaluate("document.querySelectorAll('audio').forEach(player => { player.muted = true; player.loop = true; })")
    page.evaluate("document.querySelector('audio').play()")
    other = page.locator("audio[data-sound]").first
    other.evaluate("player => player.play()")
    assert until(lambda: page.evaluate("document.querySelector('audio[data-sound]').currentTime > 0.05"), 30)
    assert page.evaluate("[...document.querySelectorAll('audio')].filter(player => !player.paused).length") == 1


def test_a_click_on_a_spectrogram_plays_from_there(page: "Page") -> None:
    page.evaluate("document.querySelectorAll('audio').forEach(player => { player.muted = true; })")
    picture = page.locator("svg.spectrogram").first
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    assert until(lambda: page.evaluate("document.querySelector('audio').currentTime > 0.4"), 30)


def test_spectrograms_are_drawn(page: "Page") -> None:
    for number in (0, -1):  # the last one is drawn by reference to one before
        picture = page.locator("svg.spectrogram").nth(number)
        picture.scroll_into_view_if_needed()
        assert len(set(picture.screenshot())) > 100
        size = page.evaluate(
            """async (shot) => {
                const image = new Image();
                image.src = shot;
                await image.decode();
                return [image.naturalWidth, image.naturalHeight];
            }""",
            page.locator("svg.spectrogram image").first.get_attribute("href"),
        )
        assert size == [32, 128]


def test_it_reads_on_a_narrow_screen_and_on_paper(page: "Page") -> None:
    page.set_viewport_size({"width": 380, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") >= 2 or paper.count(b"/Type /Page") > 2
    page.emulate_media(media="print")
    assert not page.locator("audio").first.is_visible()
    assert page.locator("svg.spectrogram").first.is_visible()


def test_without_scripts_the_first_players_still_play(browser: "Browser", file: Path) -> None:
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.locator("audio[src]").first.is_visible()
    assert page.locator("h1").inner_text()
    context.close()
