"""
From a command to the painted page, beside the card's recipe and embedding-atlas on the same rows.

    uv run --group test python tests/benchmarks/launch.py [--rows 630 8400 100000] [--rounds 3] [--without recipe]

Made-up clips of seven machine types with an embedding of 768 values, two models' scores and a ready map, in one Parquet
file. Each program is started anew, in turn, and watched in headless Chromium; printed are medians of the seconds from
the start of its process to its first answer and to the painted page, and its memory (PSS, children included) once
painted. A page is painted when what it draws first is there and the screen first looks as it does in the end: it is
watched until nothing changes for four seconds. embedding-atlas comes into an environment of its own, made by uv.

The program comes thrice: with nothing changed since the last launch, with a file that was written anew, and with an
empty cache. Of more clips than `dcase_explore.pending.MANY`, findings come into the page after it is painted. Let the
machine be idle.
"""

import argparse
import contextlib
import io
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import PIL.Image
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from dcase_explore import clips, parquet
from dcase_explore.columns import MACHINE_TYPES

sys.path.insert(0, str(Path(__file__).parents[1]))
from conftest import FLAGS, chromium

QUIET_SECONDS, LONGEST_SECONDS = 4, 300
EMBEDDING = "ast-finetuned-audioset-10-10-0.4593"
ATLAS = "embedding-atlas==0.26.0"
# As on anybody's machine, Python keeps what it has compiled.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
# Where uv finds what it has downloaded before; what is measured has empty ones.
OWN_CACHES = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
RECIPE = """
import sys
import pandas as pd
from renumics import spotlight
if __name__ == "__main__":
    df = pd.read_parquet(sys.argv[1])
    vectors = "embeddings_{embedding}"
    layout = spotlight.layout.layout(
        [[spotlight.layout.table()], [spotlight.layout.similaritymap(columns=[vectors])]],
        [[spotlight.layout.histogram(column="anomaly_score_one")], [spotlight.layout.inspector()]],
    )
    dtypes = {{vectors: spotlight.Embedding}}
    spotlight.show(df, dtype=dtypes, layout=layout, port=int(sys.argv[2]), no_browser=True, wait="forever")
"""


@dataclass
class Program:
    """
    What is started and watched.

    Attributes
    ----------
    name
        In the table.
    command
        Given a port.
    before
        Called before each start.
    drawn
        What its page draws first, as a selector.
    """

    name: str
    command: Callable[[int], list[str]]
    before: Callable[[], object] = lambda: None
    drawn: str = "canvas"
    variables: dict[str, str] = field(default_factory=dict)
    figures: list[tuple[float, float, float]] = field(default_factory=list)


def made_up(count: int) -> pd.DataFrame:
    """Clip table like the enriched data set's, with so many rows."""
    rng = np.random.default_rng(0)
    numbers = np.arange(count)
    test = numbers % 6 == 0
    anomalous = test & (numbers % 12 == 0)
    domain = np.where(numbers % 5 == 0, "target", "source")
    machines = np.array(MACHINE_TYPES[:7])[numbers * 7 // count]
    split, label = np.where(test, "test", "train"), np.where(anomalous, "anomaly", "normal")
    names = [
        f"section_00_{d}_{s}_{word}_{number:06d}_vel_{number % 11}.wav"
        for d, s, word, number in zip(domain, split, label, numbers, strict=True)
    ]
    vectors = rng.normal(size=(count, 768)).astype(np.float32)
    facts = {
        "clip_id": [f"{s}/{m}_{name}" for s, m, name in zip(split, machines, names, strict=True)],
        "class": machines,
        "split": split,
        "section": 0,
        "domain": domain,
        "label": label,
        "d1p": "vel",
        "d1v": [str(number % 11) for number in numbers],
        "anomaly_score_one": rng.normal(size=count) + anomalous,
        "anomaly_score_two": rng.normal(size=count) + 0.5 * anomalous,
        f"map_{EMBEDDING}_x": vectors[:, 0],
        f"map_{EMBEDDING}_y": vectors[:, 1],
        f"embeddings_{EMBEDDING}": pd.Series(list(vectors), dtype=object),
    }
    return clips.conform(pd.DataFrame(facts))


def programs(data: Path, folder: Path) -> list[Program]:
    """All that are compared, on one file."""
    # A layout with a map, as embedding-atlas draws one; clips without recordings would be shown in one without.
    explore = [sys.executable, "-m", "dcase_explore", "--no-browser", "--layout", "extended", "--data"]
    kept, empty = folder / "kept", folder / "empty"
    changed = shutil.copy(data, folder / f"changed-{data.name}")
    # As after a launch that lasted until all was there.
    subprocess.run(
        [*explore, str(data), "--check"],
        check=True,
        capture_output=True,
        env={**ENVIRONMENT, "DCASE_EXPLORE_CACHE": str(kept)},
    )
    recipe = folder / "recipe.py"
    recipe.write_text(RECIPE.format(embedding=EMBEDDING))
    atlas = folder / "atlas" / "bin" / "embedding-atlas"
    peer = [str(atlas), str(data), "--x", f"map_{EMBEDDING}_x", "--y", f"map_{EMBEDDING}_y", "--text", "clip_id"]

    def anew() -> None:
        shutil.rmtree(empty, ignore_errors=True)

    return [
        Program(
            "dcase-explore, nothing changed",
            lambda port: [*explore, str(data), "--port", str(port)],
            variables={"DCASE_EXPLORE_CACHE": str(kept)},
        ),
        Program(
            "dcase-explore, file written anew",
            lambda port: [*explore, str(changed), "--port", str(port)],
            lambda: os.utime(changed),
            variables={"DCASE_EXPLORE_CACHE": str(kept)},
        ),
        Program(
            "dcase-explore, first time",
            lambda port: [*explore, str(data), "--port", str(port)],
            anew,
            variables={"DCASE_EXPLORE_CACHE": str(empty)},
        ),
        Program("embedding-atlas 0.26", lambda port: [*peer, "--port", str(port)], drawn="body *"),
        Program("recipe", lambda port: [sys.executable, str(recipe), str(data), str(port)]),
    ]


def measure(browser: Browser, program: Program) -> tuple[float, float, float]:
    """Seconds to the first answer and to the painted page, and MB."""
    program.before()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    log = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    started = time.perf_counter()
    process = subprocess.Popen(
        program.command(port),
        stdout=log,
        stderr=log,
        env={**ENVIRONMENT, **program.variables},
        start_new_session=True,
    )
    try:
        while not answers(url):
            if process.poll() is not None or time.perf_counter() - started > LONGEST_SECONDS:
                log.seek(0)
                raise SystemExit(f"{program.name} does not answer: {log.read().decode(errors='replace')[-600:]}")
            time.sleep(0.01)
        answered = time.perf_counter() - started
        page.goto(url, wait_until="commit")
        painted = watched(page, program.drawn, started)
        return answered, painted, memory(process.pid)
    finally:
        page.close()
        # The recipe does not end by itself while its map is computed.
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, signal.SIGINT)
            process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        log.close()


def watched(page: Page, drawn: str, started: float) -> float:
    """Seconds from a start to the first sight of a page as it looks in the end, when something is drawn."""
    shots: list[tuple[float, np.ndarray]] = []
    changed = time.perf_counter()
    while time.perf_counter() - changed < QUIET_SECONDS and time.perf_counter() - started < LONGEST_SECONDS:
        now = time.perf_counter()
        seen = PIL.Image.open(io.BytesIO(page.screenshot())).convert("RGB").resize((800, 500))
        shots.append((now - started, np.asarray(seen)))
        if len(shots) == 1 or differ(shots[-1][1], shots[-2][1]) > 0.001 or not there(page, drawn):
            changed = now
    other = [differ(image, shots[-1][1]) > 0.005 for _, image in shots]
    return shots[max((number for number, is_other in enumerate(other) if is_other), default=-1) + 1][0]


def answers(url: str) -> bool:
    with contextlib.suppress(OSError):
        urllib.request.urlopen(url, timeout=60).read(1)
        return True
    return False


def there(page: Page, selector: str) -> bool:
    """Whether something of a selector is visible."""
    return any(part.is_visible() for part in page.locator(selector).all()[:20])


def differ(one: np.ndarray, other: np.ndarray) -> float:
    """Share of pixels that clearly differ."""
    return float((np.abs(one.astype(np.int16) - other).max(axis=-1) > 24).mean())


def memory(pid: int) -> float:
    """PSS of a process and all below it, in MB."""
    total = 0
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total / 1e6


def main() -> None:
    """Measure in turn and print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[630, 8_400, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without", nargs="*", default=[], help="names of programs that begin so are left out")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary, sync_playwright() as play:
        folder = Path(temporary)
        if not any("embedding-atlas".startswith(name) for name in asked.without):
            subprocess.run(["uv", "venv", "-q", "--python", "3.11", str(folder / "atlas")], check=True, env=OWN_CACHES)
            python = str(folder / "atlas" / "bin" / "python")
            # Elsewhere, for the constraints of this project are none of its.
            install = ["uv", "pip", "install", "-q", "--python", python, ATLAS]
            subprocess.run(install, check=True, cwd=folder, env=OWN_CACHES)
        browser = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        print(f"{'':36}{'rows':>9}{'answers':>10}{'painted':>10}{'memory':>10}{'first : this':>14}")
        for rows in asked.rows:
            data = folder / f"{rows}.parquet"
            parquet.write(made_up(rows), data, {})
            compared = [each for each in programs(data, folder) if not any(map(each.name.startswith, asked.without))]
            for program in compared:
                measure(browser, program)  # compiled from now on
            for _ in range(asked.rounds):
                for program in compared:
                    program.figures.append(measure(browser, program))
                    print(f"{program.name}: {program.figures[-1][1]:.2f} s", file=sys.stderr, flush=True)
            first = statistics.median(painted for _, painted, _ in compared[0].figures)
            for program in compared:
                answered, painted, size = (statistics.median(figures) for figures in zip(*program.figures, strict=True))
                line = f"{answered:>8.2f} s{painted:>8.2f} s{size:>7.0f} MB{first / painted:>14.2f}"
                print(f"{program.name:36}{rows:>9,}{line}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
