"""The real page in headless Chromium: what a person would see, hear and click."""

import contextlib
import dataclasses
import io
import math
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import psutil
import pytest

from conftest import served
from dcase_explore.enrich.logmel import mel_filters
from dcase_explore.findings.finding import Finding
from dcase_explore.options import Options
from dcase_explore.view import view_of
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.server import Server
from exploring import get, stored, until
from hub_repository import StandIn
from hub_server import no_ranges, slow

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Locator, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: "Browser", viewer: Server) -> "Iterator[Page]":
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(viewer.url)
    page.get_by_text("Filtered").wait_for()
    yield page
    page.close()


def pixels(part: "Locator") -> np.ndarray:
    """What is seen of a part of the page, as integers, shape (height, width, 3)."""
    return np.asarray(PIL.Image.open(io.BytesIO(part.screenshot())).convert("RGB")).astype(int)


def coloured(part: "Locator") -> float:
    """Share of pixels that are clearly neither grey nor Spotlight's pale background."""
    seen = pixels(part)
    return float(((seen.max(axis=-1) - seen.min(axis=-1)) > 60).mean())


def until_coloured(part: "Locator", share: float) -> float:
    """Wait for a drawing to appear; the share reached, or the last one after ten seconds."""
    for _ in range(50):
        if (reached := coloured(part)) > share:
            break
        part.page.wait_for_timeout(200)
    return reached


def test_table_and_map_are_painted(page: "Page") -> None:
    assert page.get_by_text("section_00_source_test_anomaly_0000_pat_00.wav").first.is_visible()
    for heading in ("machine type", "label", "domain", "anomaly score (logmel_lof)", "map of logmel, first axis"):
        page.get_by_text(heading, exact=True).first.wait_for()
    assert page.get_by_text("0e+0").count() == 0
    assert page.get_by_text("Map: near sounds alike").is_visible()
    # 16 dots, blue and green, are far less than a hundredth of the map, but they are there.
    assert until_coloured(page.locator("canvas").first, 0.0005) > 0.0005


def test_a_click_on_a_row_shows_and_plays_its_sound(page: "Page") -> None:
    page.get_by_text("section_00_target_test_anomaly_0001_pat_00.wav").first.click()
    spectrogram = page.locator("canvas[class*=SpectrogramLens]")
    assert until_coloured(spectrogram, 0.5) > 0.5, "no spectrogram drawn"
    box = spectrogram.bounding_box()
    assert box is not None and box["height"] > 200, "spectrogram too low to read"
    # Mel scale up to 8 kHz: the squeal at 3 kHz is a bright line in the upper half, the hum at 1.2 kHz below it.
    brightness = pixels(spectrogram).sum(axis=-1).mean(axis=1)
    squeal, hum = (int((1 - _mel(frequency) / _mel(8_000)) * len(brightness)) for frequency in (3_000, 1_200))
    between = brightness[squeal + 15 : hum - 15].max()
    assert brightness[squeal - 5 : squeal + 5].max() > between + 50
    assert brightness[hum - 5 : hum + 5].max() > between + 50

    waveform = page.locator("wave").first
    assert pixels(waveform).std() > 5, "no waveform drawn"
    play = [button for button in page.locator("button").all() if _beside(button, waveform, spectrogram)][1]
    play.click()
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0.2")
    assert page.evaluate("document.querySelector('audio').duration") == pytest.approx(1.0, abs=0.01)


def test_a_click_on_a_finding_shows_and_plays_its_clips_beside_their_nearest_normals(
    browser: "Browser", recordings: Path
) -> None:
    exploration = view_of(Options(data=[str(recordings)], class_name=["valve"], layout="extended"))
    frame = exploration.frame
    rows = np.flatnonzero(frame["label"] == "anomaly")[[2, 0, 1]]
    title = "valve: three anomalies that squeal"
    description = "Because of my_model and their_model."
    found = Finding("missed_anomalies", "valve", title, "high", ("label",), description, rows)
    viewer = Server(Address())
    try:
        viewer.show(stored(dataclasses.replace(exploration, findings=[found])), exploration.arrangement)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(viewer.url)
        # It is the worst one, so the page opens with it: its first clip alone in the inspector, and its name whole.
        page.get_by_text("1 of 3", exact=True).wait_for()
        selected = page.get_by_text(re.compile("^Selected$")).locator("xpath=..")
        assert re.findall(r"\d+", selected.inner_text()) == ["1"]
        page.get_by_text(frame["clip_id"][rows[0]], exact=True).first.wait_for()
        page.get_by_text(description).wait_for()
        spectrograms = [page.locator(f"canvas[data-compare={name}]") for name in ("clip", "other")]
        assert all(until_coloured(spectrogram, 0.3) > 0.3 for spectrogram in spectrograms)
        assert all(_in_view(spectrogram) for spectrogram in spectrograms)
        # Only the anomaly has the squeal at 3 kHz; both have the hum at 1.2 kHz.
        loud = [pixels(spectrogram).sum(axis=-1).mean(axis=1) for spectrogram in spectrograms]
        bands = mel_filters().argmax(axis=0)  # by frequency bin, which are 15.6 Hz apart
        squeal, hum = (int((1 - bands[round(hertz * 1024 / 16_000)] / 128) * len(loud[0])) for hertz in (3_000, 1_200))
        assert loud[0][squeal - 3 : squeal + 3].max() > loud[1][squeal - 3 : squeal + 3].max() + 50
        assert abs(loud[0][hum - 3 : hum + 3].max() - loud[1][hum - 3 : hum + 3].max()) < 50
        # Both are played, one of them is heard.
        page.get_by_role("button", name="Play", exact=True).click()
        head = page.locator("[data-playhead]")
        start = head.bounding_box()
        page.wait_for_function(
            "(x) => document.querySelector('[data-playhead]').getBoundingClientRect().x > x + 20",
            arg=start and start["x"],
        )
        page.keyboard.press("b")
        page.keyboard.press("n")
        page.get_by_text("2 of 3", exact=True).wait_for()
        page.get_by_text(frame["clip_id"][rows[1]], exact=True).first.wait_for()
        page.close()
    finally:
        viewer.close()


def test_recordings_are_fetched_when_they_are_played(
    browser: "Browser", standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First without a server that hands out pieces, so that they are on their way for a while."""
    with served(standin, monkeypatch) as hub:
        hub.fault(".zip", no_ranges(), times=None)
        hub.fault("dev_test.tar.gz", slow(60_000))
        viewer = Server(Address())
        try:
            exploration = view_of(Options(class_name=["valve"], split="test", layout="simple"))
            viewer.show(stored(exploration), exploration.arrangement)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(viewer.url)
            first, second = standin.keys["dev_test"][-2:]
            spectrogram = page.locator("canvas[class*=SpectrogramLens]")
            page.get_by_text(first, exact=True).first.click()
            page.get_by_text("are on their way").first.wait_for()
            assert page.get_by_text("play this clip again in a while").first.is_visible()
            assert spectrogram.count() == 0
            # The rest goes on working meanwhile.
            page.get_by_text(second, exact=True).first.click()
            page.get_by_text("are on their way").first.wait_for()
            for _ in range(100):
                if all(Path(path).exists() for path in exploration.frame["path"]):
                    break
                page.wait_for_timeout(200)
            page.get_by_text(first, exact=True).first.click()
            assert until_coloured(spectrogram.first, 0.5) > 0.5
            hub.mend()
            page.close()
        finally:
            viewer.close()


def _in_view(part: "Locator") -> "FloatRect | None":
    """Box of a part of the page that is neither hidden nor beyond its right edge, where the next clip waits."""
    box = part.bounding_box()
    return box if box and box["width"] and box["x"] < 1400 else None


def _mel(frequency: float) -> float:
    return 2595 * math.log10(1 + frequency / 700)


def _beside(button: "Locator", above: "Locator", below: "Locator") -> bool:
    """Whether a button lies between two parts of the page."""
    box, upper, lower = button.bounding_box(), above.bounding_box(), below.bounding_box()
    return bool(
        box and upper and lower and upper["y"] + upper["height"] <= box["y"] < lower["y"] and box["x"] >= upper["x"]
    )


def test_scores_of_test_clips_stand_as_bars_and_those_of_training_clips_as_an_outline(page: "Page") -> None:
    drawing = page.get_by_role("group", name="Histogram of anomaly score (logmel_lof)")
    drawing.wait_for()
    said = drawing.get_attribute("aria-label") or ""
    assert "4 normal clips, 4 anomaly clips, 8 training clips" in said
    for label, colour in (("normal", "#708aa2"), ("anomaly", "#d55e00")):
        bars = drawing.locator(f"[data-bar={label}]").all()
        assert sum(int(bar.get_attribute("data-count") or 0) for bar in bars) == 4
        assert {bar.get_attribute("fill") for bar in bars} == {colour}
    assert drawing.locator("[data-outline]").count() == 1
    drawing.focus()
    for _ in range(40):  # to the last bar, that of the highest score
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    values, rows = page.evaluate(
        """() => { const { columnData, selectedIndices } = globalThis.spotlight.useDataset.getState();
        return [Array.from(columnData.anomaly_score_logmel_lof), Array.from(selectedIndices)]; }"""
    )
    assert rows and max(values) in [values[row] for row in rows]
    assert page.get_by_role("status").get_by_text(f"0 normal, {len(rows)} anomaly").is_visible()


def test_the_class_filter_holds(page: "Page") -> None:
    assert page.get_by_text("valve", exact=True).count() > 0
    assert page.get_by_text("fan", exact=True).count() == 0
    assert page.get_by_text("All16").or_(page.get_by_text("16 rows")).first.is_visible()


def test_a_score_tells_how_good_it_is_when_pointed_at(page: "Page") -> None:
    page.locator("[data-rowindex='-1']").get_by_text("anomaly score (logmel_lof)").hover()
    tooltip = page.get_by_text(re.compile(r"Anomaly score of logmel_lof: .* Ω \d\.\d{4}\."))
    tooltip.wait_for()
    lines = tooltip.inner_text().splitlines()
    assert lines[0] == "anomaly_score_logmel_lof"
    assert re.fullmatch(r"valve 00: AUC source \S+, target \S+, pAUC \S+", lines[-1])


def test_the_page_asks_nobody_else(browser: "Browser", viewer: Server) -> None:
    asked: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(viewer.url)
    page.get_by_text("Filtered").wait_for()
    page.close()
    assert [url for url in asked if not url.startswith((viewer.url, "blob:", "data:"))] == []


def test_the_interactive_map_waits_behind_its_tab_and_works(page: "Page") -> None:
    page.get_by_text("Interactive map").click()
    # It starts a worker that imports and compiles: the one part of the page that takes its time.
    shown = page.get_by_text("16 of 16 rows")
    shown.wait_for(timeout=240_000)
    canvas = shown.locator("xpath=ancestor::*[.//canvas][1]").locator("canvas").first
    assert until_coloured(canvas, 0.0005) > 0.0005


def test_a_clip_without_a_place_and_a_sound_is_said_to_have_none(
    browser: "Browser", recordings: Path, tmp_path: Path
) -> None:
    shutil.copytree(recordings / "valve", tmp_path / "valve")
    broken = "section_00_source_test_anomaly_0000_pat_00.wav"
    (tmp_path / "valve" / "test" / broken).write_bytes(b"no sound")
    exploration = view_of(Options(data=[str(tmp_path)], layout="simple"))
    # Far from the origin, where Spotlight would draw what has no place.
    exploration.frame["map_logmel_x"] += 100 - exploration.frame["map_logmel_x"].min()
    viewer = Server(Address())
    try:
        viewer.show(stored(exploration), exploration.arrangement)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(viewer.url)
        page.get_by_text("Filtered").wait_for()
        assert until_coloured(page.locator("canvas").first, 0.0005) > 0.0005
        axes = page.locator("canvas").first.locator("xpath=..").locator("svg text").all_text_contents()
        ticks = [float(text) for text in axes if re.fullmatch(r"[-+.e\d]+", text)]
        assert sum(tick > 99 for tick in ticks) >= 3, "the axis spans the clips, not the way to the origin as well"
        page.get_by_text(broken.replace("0000", "0002")).first.click()  # for the page opens with the first one
        without = page.get_by_text("This clip has no recording here").first
        while not without.is_visible():  # a row that is drawn anew under the mouse is not pressed
            page.get_by_text(broken).first.click()
            page.wait_for_timeout(1_000)
        page.close()
    finally:
        viewer.close()


def test_from_command_to_page_to_ctrl_c(browser: "Browser", recordings: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dcase_explore", "--data", str(recordings), "--layout", "extended"]
    with subprocess.Popen([*command, "--no-browser"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("open at "):
                break
        url = said[-1].split()[2]
        page = browser.new_page()
        page.goto(url)
        page.get_by_text("Filtered").wait_for()
        shown = page.locator(".flexlayout__tab_button--selected", has_text="Interactive map")
        while not shown.count():  # a tab that is drawn anew under the mouse is not pressed
            page.get_by_text("Interactive map").click()
            page.wait_for_timeout(300)
        workers = _workers_of(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130, said
        page.close()
    assert workers, "the interactive map should have started a worker"
    # They are not this program's own children, so that their end is not waited for.
    assert until(lambda: not any(psutil.pid_exists(worker) for worker in workers))
    with pytest.raises(OSError):
        get(url)


def _workers_of(parent: int) -> list[int]:
    """Processes that Spotlight, behind the page, spawned for a projection, once there are any."""
    for _ in range(600):
        with contextlib.suppress(psutil.Error):
            below = psutil.Process(parent).children(recursive=True)
            workers = [child.pid for child in below if "spawn_main" in " ".join(child.cmdline())]
            if workers:
                return [child.pid for child in below]
        time.sleep(0.1)
    return []
