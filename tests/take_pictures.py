"""
Take the pictures of the curated layouts that the README shows: the real page, on the demo, in headless Chromium.

    uv run --group test python tests/take_pictures.py

Writes ``layouts/<name>.png`` for every curated layout. For ``compare`` a second model is made up that goes by loudness
alone.
"""

import io
import shutil
import sys

import PIL.Image
from playwright.sync_api import sync_playwright

from dcase_explore.api import load
from dcase_explore.exploring import explore
from dcase_explore.layouts.curated import curated_folder, curated_names
from dcase_explore.options import Options
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.server import Server
from exploring import stored
from test_browser import FLAGS, until_coloured


def main() -> None:
    """Serve the demo's valves in each layout, select the worst finding or the first clip, and save what is seen."""
    chromium = shutil.which("chromium") or sys.exit("install Debian's chromium first")
    for name in curated_names():
        scores = {"loudness": load("demo").set_index("clip_id")["level_dbfs"]} if name == "compare" else {}
        exploration = explore(Options(data=["demo"], class_name=["valve"], layout=name, scores=scores))
        viewer = Server(Address())
        viewer.show(stored(exploration), exploration.arrangement)
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(viewer.url)
            page.get_by_text("Filtered").wait_for()
            if page.get_by_text("Findings", exact=True).count():
                page.get_by_text(exploration.findings[0].title).click()
            else:
                page.locator("[data-rowindex='0']").first.click()
            page.mouse.move(1100, 895)  # off what was clicked, which would stay highlighted
            page.wait_for_timeout(2000)
            for spectrogram in page.locator("canvas[class*=SpectrogramLens]").all():
                if spectrogram.is_visible() and (spectrogram.bounding_box() or {"x": 0})["x"] < 1400:
                    until_coloured(spectrogram, 0.5)
            seen = PIL.Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            # 256 colours, near enough to the real ones for the noise of spectrograms to hide the rest: half the size.
            seen = seen.quantize(256, kmeans=20, dither=PIL.Image.Dither.NONE)
            seen.save(curated_folder() / f"{name}.png", optimize=True)
            browser.close()
        viewer.close()
        print(curated_folder() / f"{name}.png")


if __name__ == "__main__":
    main()
