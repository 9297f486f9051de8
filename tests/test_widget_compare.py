"""The lens that shows and plays a clip beside another one."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest
import soundfile

from dcase_explore import clips
from dcase_explore.exploration import Exploration
from dcase_explore.exploring import explored
from dcase_explore.nearest import nearest_of
from dcase_explore.options import Options
from dcase_explore.view import View
from widgets_page import layout_file, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

RATE = 16_000
LENS = {"view": "dcase.compare", "columns": ["path"], "name": "Compare", "key": "compare"}
INSPECTOR = {"type": "inspector", "config": {"visibleColumns": 1, "views": [LENS]}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Training valves of ten tenths of a second, test valves of six, 20 dB quieter; one of a second attribute."""
    folder = tmp_path_factory.mktemp("valves")
    for number in range(6):
        noise = np.random.default_rng(number).normal(0, 0.1, RATE)
        train = folder / "valve" / "train" / f"section_00_source_train_normal_{number:04d}_pat_0{number // 5}.wav"
        label = "anomaly" if number > 3 else "normal"
        test = folder / "valve" / "test" / f"section_00_source_test_{label}_{number:04d}_pat_00.wav"
        for path, samples in ((train, noise), (test, noise[: RATE * 6 // 10] / 10)):
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, samples, RATE, subtype="PCM_24")
    return folder


def clips_of(folder: Path, **options: Any) -> Exploration:
    return explored(Options(data=[str(folder)], **options), with_maps=False)


def row_of(exploration: Exploration, part: str) -> int:
    (row,) = np.flatnonzero(exploration.frame["clip_id"].str.contains(part))
    return int(row)


def test_nearest_are_those_of_the_first_embedding(folder: Path) -> None:
    frame = clips_of(folder).frame
    matrix = clips.vectors(frame, "logmel")[0].astype(np.float64)
    train = (frame["split"] == "train").to_numpy()
    for row in range(len(frame)):
        far = np.linalg.norm(matrix - matrix[row], axis=1)
        far[row] = np.inf
        same = (frame["attributes"] == frame["attributes"].iloc[row]).to_numpy()
        found = nearest_of(frame, row)
        assert found["embedding"] == "logmel"
        for kind, candidates in (("normal", train), ("same", train & same), ("anomaly", frame["label"] == "anomaly")):
            expected = np.where(candidates, far, np.inf)
            if np.isinf(expected).all():
                assert found[kind] is None
            else:
                assert found[kind]["row"] == expected.argmin()
                assert found[kind]["distance"] == pytest.approx(expected.min())


def test_a_nearest_normal_that_is_not_shown_has_the_words_of_its_name(folder: Path) -> None:
    frame = clips_of(folder, split="test").frame
    assert nearest_of(frame, 0)["normal"] == {"row": None, "distance": None, "words": "train · pat 00 · source"}


def test_nothing_is_near_without_embeddings(real_scores: Path) -> None:
    frame = clips_of(real_scores, limit=20).frame
    assert nearest_of(frame, 0) == {"embedding": None, "normal": None, "same": None, "anomaly": None}


COUNT_SOURCES = """
globalThis.started = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...when) {
  started.push([when[0], this.context]);
  start.apply(this, when);
};
"""


@pytest.fixture(scope="module")
def served(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, View]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        layout = layout_file(tmp_path_factory.mktemp("layout"), inspector=INSPECTOR)
        with shown(Options(data=[str(folder)], layout=layout)) as (server, exploration):
            yield server.url, exploration


@pytest.fixture
def page(browser: "Browser", served: tuple[str, View]) -> "Iterator[Page]":
    page = browser.new_page(viewport={"width": 1440, "height": 1300})
    page.add_init_script(COUNT_SOURCES)
    page.goto(served[0])
    page.get_by_text("Filtered").wait_for()
    # It opens with a clip of its own choice, which would take the place of one chosen before.
    page.wait_for_function("() => globalThis.spotlight.useDataset.getState().selectedIndices.length")
    yield page
    page.close()


def select(page: "Page", row: int) -> None:
    page.evaluate("(row) => globalThis.spotlight.useDataset.getState().selectRows([row])", row)


def compare(page: "Page", row: int) -> None:
    """Select a clip and wait until it, and what it is compared with, are there: the page opens with another one."""
    select(page, row)
    page.locator(f"[role=application][data-row='{row}'] canvas[data-compare=other]").wait_for()


def drawn(canvas: "Locator") -> np.ndarray:
    """Pixels of a canvas, shape (height, width, 4)."""
    canvas.wait_for()
    canvas.page.wait_for_function(
        "(its) => its.getContext('2d').getImageData(0, 0, its.width, its.height).data.some((value) => value)",
        arg=canvas.element_handle(),
    )
    _, content = canvas.evaluate("(its) => its.toDataURL()").split(",")
    return np.asarray(PIL.Image.open(io.BytesIO(base64.b64decode(content))).convert("RGBA"), dtype=float)


@pytest.mark.browser
def test_both_are_drawn_on_one_scale(page: "Page", served: tuple[str, View]) -> None:
    row = row_of(served[1], "test_normal_0002")
    compare(page, row)
    clip, other = (drawn(page.locator(f"canvas[data-compare={name}]")) for name in ("clip", "other"))
    # One time scale: a clip of six tenths of the length is six tenths as wide.
    width = (clip[:, :, 3] > 0).any(axis=0).sum()
    assert (other[:, :, 3] > 0).all()
    assert width == pytest.approx(0.6 * clip.shape[1], abs=1.5)
    # One dB scale: the one that is 20 dB louder is brighter throughout, but where both are as dark as can be.
    light = [picture[:, : width - 10, :3] @ [0.2126, 0.7152, 0.0722] for picture in (clip, other)]
    assert (light[1] >= light[0]).all()
    darkest = light[1] == light[0]
    assert darkest.mean() < 0.02 and (light[1][darkest] == light[1].min()).all()
    assert light[1].mean() > light[0].mean() + 40


@pytest.mark.browser
def test_both_are_named_in_words(page: "Page", served: tuple[str, View]) -> None:
    row = row_of(served[1], "test_anomaly_0004")
    compare(page, row)
    distance = nearest_of(served[1].frame, row)["normal"]["distance"]
    page.locator("[data-name=other]", has_text=f"train · pat 00 · source · distance {distance:.3g}").wait_for()
    assert page.locator("[data-name=clip]").inner_text() == "A test · anomaly · pat 00 · source"


@pytest.mark.browser
def test_one_can_choose_what_to_compare_with(page: "Page", served: tuple[str, View]) -> None:
    first, second = row_of(served[1], "test_normal_0001"), row_of(served[1], "test_anomaly_0005")
    select(page, first)
    page.locator("canvas[data-compare=other]").wait_for()
    select(page, second)
    other = page.locator("[data-name=other]")
    page.get_by_label("compare with").select_option("clip selected before")
    other.get_by_text("clip selected before: test · normal · pat 00 · source").wait_for()
    page.get_by_label("compare with").select_option("nearest anomaly")
    other.get_by_text("nearest anomaly: test · anomaly · pat 00 · source").wait_for()
    page.get_by_label("compare with").select_option("nearest normal")


@pytest.mark.browser
def test_played_together_and_switched_by_keys_alone(page: "Page", served: tuple[str, View]) -> None:
    compare(page, row_of(served[1], "test_normal_0000"))
    lens = page.get_by_role("application", name="Compare two recordings")
    lens.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Pause").wait_for()
    starts = page.evaluate("started.map(([when]) => when)")
    assert len(starts) == 2 and starts[0] == starts[1], "both start at one time"
    assert page.evaluate("started[0][1] === started[1][1]"), "of one context"
    page.keyboard.press("b")
    assert page.get_by_role("button", name="B", exact=True).get_attribute("aria-pressed") == "true"
    page.keyboard.press("a")
    assert page.get_by_role("button", name="A", exact=True).get_attribute("aria-pressed") == "true"
    assert page.evaluate("started.length") == 2, "switching starts nothing anew"
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play").wait_for()


@pytest.mark.browser
def test_the_keyboard_stays_where_it_is_when_another_recording_comes(page: "Page", served: tuple[str, View]) -> None:
    compare(page, row_of(served[1], "test_normal_0001"))
    page.get_by_role("application", name="Compare two recordings").focus()
    page.keyboard.press("b")
    page.evaluate("document.activeElement.dataset.mine = ''")
    choose = """(its, choice) => {
      Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, "value").set.call(its, choice);
      its.dispatchEvent(new Event("change", { bubbles: true }));
    }"""  # not by a mouse, which would take the focus itself
    page.get_by_label("compare with").evaluate(choose, "anomaly")
    page.locator("[data-name=other]", has_text="nearest anomaly").wait_for()
    assert page.evaluate("document.activeElement.dataset.mine") == ""
    page.get_by_role("button", name="A", exact=True, pressed=True).wait_for()  # the new one is not heard at once
    page.get_by_label("compare with").evaluate(choose, "normal")  # the page keeps what is chosen
    page.locator("[data-name=other]", has_text="nearest normal").wait_for()


@pytest.mark.browser
def test_a_span_is_marked_and_repeated(page: "Page", served: tuple[str, View]) -> None:
    compare(page, row_of(served[1], "test_normal_0003"))
    canvas = page.locator("canvas[data-compare=other]")
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 20, steps=4)
    page.mouse.up()
    page.get_by_role("button", name="repeats 0.2–0.5 s").wait_for()
    page.get_by_role("application").focus()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="repeats").wait_for(state="detached")


@pytest.mark.browser
def test_a_clip_without_a_sound_says_so(browser: "Browser", folder: Path, tmp_path: Path, one_cache: None) -> None:
    layout = layout_file(tmp_path, inspector=INSPECTOR)
    frame = clips_of(folder).frame
    frame["path"] = frame["path"].where(frame.index > 0, None)
    for row, content in ((1, b"RIFF not a sound"), (2, b"RIFF\x10\0\0\0WAVE not a sound")):
        broken = tmp_path / f"broken_{row}.wav"
        broken.write_bytes(content)
        frame.loc[row, "path"] = str(broken)
    with shown(Options(data=[str(folder)], layout=layout), frame=frame) as (server, _):
        page = browser.new_page(viewport={"width": 1440, "height": 1300})
        page.goto(server.url)
        page.get_by_text("Filtered").wait_for()
        select(page, 0)
        page.get_by_text("This clip has no recording here, or one that cannot be read").wait_for()
        select(page, 1)
        page.get_by_text("broken_1.wav is no sound that can be read").wait_for()
        select(page, 2)
        page.get_by_role("alert").get_by_text("The browser cannot decode this recording.").wait_for()
        page.close()
