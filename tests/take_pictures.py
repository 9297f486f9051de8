"""
Take the pictures of curated layouts that the README shows: the real page, on the demo, in headless Chromium.

    uv run --group test python tests/take_pictures.py

Writes ``layouts/<name>.png`` for every layout of which the README shows one; of the others there is none.
"""

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import PIL.Image

from conftest import FLAGS, chromium
from dcase_explore.layouts.curated import curated_folder

if TYPE_CHECKING:
    from playwright.sync_api import Browser

README = Path(__file__).parents[1] / "README.md"
DATA = ("--data", "demo", "--class", "valve")


def in_readme() -> list[str]:
    """Names of the layouts whose pictures the README shows."""
    return re.findall(r"\(layouts/([\w-]+)\.png\)", README.read_text())


def picture(browser: "Browser", url: str) -> PIL.Image.Image:
    """What is seen of a page when it is opened: the worst finding, and its costliest clip."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url)
    page.wait_for_function("() => location.hash.includes('clip=')")
    page.locator("canvas[data-compare=difference]").wait_for()  # the last that is drawn
    page.mouse.move(1100, 895)  # off everything
    before, now = b"", page.screenshot()
    for _ in range(30):  # until nothing moves: that spectrograms are drawn is told by no request
        if before == now:
            break
        page.wait_for_timeout(2_000)
        before, now = now, page.screenshot()
    seen = PIL.Image.open(io.BytesIO(now)).convert("RGB")
    page.close()
    # 256 colours, near enough to the real ones for the noise of spectrograms to hide the rest: half the size.
    return seen.quantize(256, kmeans=20, dither=PIL.Image.Dither.NONE)


@contextmanager
def served(layout: str) -> Iterator[str]:
    """Address of the page that the command serves of the demo."""
    command = [sys.executable, "-m", "dcase_explore", *DATA, "--layout", layout, "--no-browser"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = next((match for line in process.stderr if (match := re.search(r"http://\S+", line))), None)
        try:
            yield found[0] if found else sys.exit(f"no page of {layout} was served")
        finally:
            process.terminate()


def main() -> None:
    """Serve the demo's valves in each layout and save what is seen."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        for name in in_readme():
            with served(name) as url:
                file = curated_folder() / f"{name}.png"
                picture(browser, url).save(file, optimize=True)
                print(file)
        browser.close()


if __name__ == "__main__":
    main()
