"""
Take the pictures of the curated layouts that the README shows: the real page, on the demo, in headless Chromium.

    uv run --group test python tests/take_pictures.py

Writes ``layouts/<name>.png`` for every curated layout.
"""

import shutil
import sys

from playwright.sync_api import sync_playwright

from dcase_explore.explore import Options, explore
from dcase_explore.layouts.files import curated_folder, curated_names
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.server import Viewer
from test_browser import FLAGS, until_coloured


def main() -> None:
    """Serve the demo's valves in each layout, select the first clip and save what is seen."""
    chromium = shutil.which("chromium") or sys.exit("install Debian's chromium first")
    for name in curated_names():
        viewer = Viewer(Address())
        viewer.start(explore(Options(data=["demo"], class_name=["valve"], layout=name)))
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(viewer.url)
            page.get_by_text("Filtered").wait_for()
            heading = page.get_by_text("domain", exact=True).first.bounding_box() or sys.exit("no table was painted")
            page.mouse.click(heading["x"] + 30, heading["y"] + 40)  # the first row
            until_coloured(page.locator("canvas[class*=SpectrogramLens]"), 0.5)
            page.mouse.move(1100, 850)  # off the row, whose tooltip would cover the table
            page.wait_for_timeout(1000)
            page.screenshot(path=curated_folder() / f"{name}.png")
            browser.close()
        viewer.close()
        print(curated_folder() / f"{name}.png")


if __name__ == "__main__":
    main()
