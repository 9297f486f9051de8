"""What `show()` leaves in a notebook's cell for when there is no kernel any more: findings, stills, players."""

import base64
import io
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
    from playwright.sync_api import Browser


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


@pytest.fixture
def at_localhost() -> Iterator[tuple[str, dict[str, str]]]:
    """Where a notebook is through ``ssh -L`` as well, and what is served there, by path."""
    served: dict[str, str] = {}

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = served.get(self.path, "").encode()
            self.send_response(200 if content else 404)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}", served
        server.shutdown()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("way", "reached"), [("jupyter", "/proxy/9/?token=secret"), ("colab", "/colab/9/?token=secret"), ("none", None)]
)
def test_at_localhost_a_page_that_does_not_answer_is_looked_for_on_the_notebooks_machine(
    way: str,
    reached: str | None,
    at_localhost: tuple[str, dict[str, str]],
    browser: "Browser",
    valves: Exploration,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, served = at_localhost
    monkeypatch.setattr(cell, "NEAR_SECONDS", 0.2)
    elsewhere = SimpleNamespace(url="http://127.0.0.1:9/", token="secret", page="elsewhere", cell=None)
    served["/"] = left_by(valves, monkeypatch, [elsewhere])
    if way == "colab":
        own = f"google = {{colab: {{kernel: {{proxyPort: async (port) => `{address}/colab/${{port}}`}}}}}}"
        served["/"] = served["/"].replace("<meta", f"<script>{own}</script><meta", 1)
    if reached:
        served[reached] = f"<script>parent.postMessage({cell._ALIVE!r}, '*')</script>the page"
    page = browser.new_page()
    page.goto(address)
    if reached:
        page.locator("[data-alive]").wait_for()
        page.frame_locator("iframe").get_by_text("the page").wait_for()
        assert page.frames[1].url == page.locator("a").first.evaluate("link => link.href") == address + reached
        assert page.locator("div[id^=dcase] span").inner_text() == ""
    else:
        said = page.get_by_text("does not answer here. If this notebook runs on another machine")
        said.wait_for()
        assert "ssh -L 9:127.0.0.1:9" in said.inner_text()
    page.close()
