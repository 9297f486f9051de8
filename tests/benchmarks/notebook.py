"""
From `show()` in Python to the painted page.

    uv run --group test python tests/benchmarks/notebook.py [--rows 8400] [--rounds 5]

The clips of `launch.py`, loaded before; each round shows them again, as a cell that is run again, and opens the page in
headless Chromium. Printed are medians of the seconds from the call to its return, to the page's first byte in the
browser and to the painted page. Let the machine be idle.
"""

import argparse
import contextlib
import io
import statistics
import sys
import tempfile
import time
from pathlib import Path

from launch import made_up, watched
from playwright.sync_api import sync_playwright

from dcase_explore import explore, load, parquet, show

sys.path.insert(0, str(Path(__file__).parents[1]))
from conftest import FLAGS, chromium


def main() -> None:
    """Measure and print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=8_400)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        data = Path(folder) / "clips.parquet"
        parquet.write(made_up(asked.rows), data, {})
        browser = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        print(f"{'':36}{'rows':>9}{'returns':>10}{'answers':>10}{'painted':>10}")
        for name, at_hand in (("a table of load()", load(str(data))), ("what explore() gave", explore(str(data)))):
            figures = []
            for _ in range(asked.rounds):
                page = browser.new_page(viewport={"width": 1600, "height": 1000})
                started = time.perf_counter()
                with contextlib.redirect_stdout(io.StringIO()):
                    viewer = show(at_hand, layout="extended")
                returned = time.perf_counter() - started
                page.goto(viewer.url, wait_until="commit")
                answered = time.perf_counter() - started
                figures.append((returned, answered, watched(page, "canvas", started)))
                page.close()
                viewer.close()
            medians = "".join(f"{statistics.median(each):>8.2f} s" for each in zip(*figures, strict=True))
            print(f"{name:36}{asked.rows:>9,}{medians}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
