"""
What the enriched dataset costs on a machine that has nothing of it, and the next time, beside plain `numpy` and pickle.

    uv run --group test python tests/benchmarks/hub.py

A stand-in of full size (8,400 clips, vectors of true size, no sound) on a server of this machine, so that the figures
are of work and bytes, not of a line. Each measure is a process of its own; the peer reads the same files with
`numpy.load(allow_pickle=True)`, which runs whatever is in them. Last the page: seconds from the end of the download to
the first picture of the valves in headless Chromium, and to their map in its place, with nothing on the machine before.
"""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))
from launch import answers

from conftest import FLAGS, chromium
from hub_repository import AST, DEV_MACHINES, make_repository
from hub_server import HubServer

ROUNDS = 5
MEASURE = (
    "import json, re, time\n"
    "{setup}\n"
    "start = time.perf_counter()\n"
    "{code}\n"
    "took = time.perf_counter() - start\n"
    # VmHWM is of this program alone; ru_maxrss begins with that of its parent.
    "peak = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]\n"
    "print(json.dumps([took, int(peak) / 1024]))"
)
IMPORTS = (
    "from dcase_explore.hub.repository import open_repository\n"
    "from dcase_explore.hub.table import fetch_embeddings, read_config\n"
    "import pandas, pyarrow.parquet, datasets, huggingface_hub"
)
AST_ONLY = "frame = read_config(open_repository('hub'), 'dev')"
BOTH = f"fetch_embeddings(open_repository('hub'), ['dev'], ['dcase2023_task2_baseline_ae']); {AST_ONLY}"
PEER = (
    "for path in {files}:\n"
    "    held = np.load(path, allow_pickle=True)['arr_0'].item()\n"
    "    matrix = np.stack([vector.reshape(-1) for vector in held.values()]).astype(np.float32)"
)


def measured(setup: str, code: str) -> tuple[float, float]:
    """Seconds, and peak of memory in MB, of a piece of Python in a process of its own."""
    script = MEASURE.format(setup=setup, code=code)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    seconds, megabytes = json.loads(done.stdout.splitlines()[-1])
    return seconds, megabytes


def first_picture(hub: HubServer, cache: str) -> tuple[float, float]:
    """Seconds from the end of the download to something drawn, and until the program says that the map is there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "dcase_explore", "--class", "valve", "--no-browser", "--port", str(port)]
    with sync_playwright() as play, tempfile.TemporaryFile("w+") as said:
        page = play.chromium.launch(executable_path=chromium(), args=FLAGS).new_page()
        program = subprocess.Popen(command, env={**os.environ, "DCASE_EXPLORE_CACHE": cache}, stderr=said, stdout=said)
        try:
            requests, downloaded = 0, 0.0
            while not answers(f"http://127.0.0.1:{port}/"):
                if program.poll() is not None:
                    raise SystemExit(f"it has ended with {program.returncode}")
                if len(hub.requests) > requests:
                    requests, downloaded = len(hub.requests), time.perf_counter()
                time.sleep(0.01)
            page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
            page.wait_for_selector("canvas", timeout=60_000)
            drawn = time.perf_counter() - downloaded
            while "ready after" not in Path(f"/proc/self/fd/{said.fileno()}").read_text():
                time.sleep(0.05)
            return drawn, time.perf_counter() - downloaded
        finally:
            program.send_signal(signal.SIGINT)
            program.wait()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        standin = make_repository(
            Path(folder) / "standin",
            machines=DEV_MACHINES,
            train=1000,
            test=200,
            with_audio=False,
            own_scores_only=True,
        )
        with HubServer(standin) as hub:
            os.environ.update(HF_ENDPOINT=hub.url, HF_HUB_DISABLE_TELEMETRY="1")
            figures: dict[str, list[tuple[float, float]]] = {}
            for turn in range(ROUNDS):
                os.environ["DCASE_EXPLORE_CACHE"] = f"{folder}/cache-{turn}"
                measures = {
                    "first time, AST": (IMPORTS, AST_ONLY),
                    "again, AST": (IMPORTS, AST_ONLY),
                    "then the autoencoder's as well": (IMPORTS, BOTH),
                    "again, both": (IMPORTS, BOTH),
                    "numpy with pickle, AST": (
                        "import numpy as np",
                        PEER.format(files=sorted(map(str, standin.files.glob(f"data/{AST}_dev_*.npz")))),
                    ),
                    "numpy with pickle, both": (
                        "import numpy as np",
                        PEER.format(files=sorted(map(str, standin.files.glob("data/*_dev_*.npz")))),
                    ),
                }
                for name, (setup, code) in measures.items():
                    before = sum(request.bytes_sent for request in hub.requests)
                    figures.setdefault(name, []).append(measured(setup, code))
                    if turn == 0 and name == "first time, AST":
                        sent = sum(request.bytes_sent for request in hub.requests) - before
            pictures = [first_picture(hub, f"{folder}/cache-page-{turn}") for turn in range(ROUNDS)]
    for name, rounds in figures.items():
        seconds, megabytes = (statistics.median(values) for values in zip(*rounds, strict=True))
        print(f"{name:32s} {seconds:6.2f} s, peak {megabytes:5.0f} MB")
    print(f"downloaded before the first picture: {sent / 1e6:.1f} MB")
    first, mapped = (statistics.median(values) for values in zip(*pictures, strict=True))
    print(f"end of the download to the first picture of the valves {first:.2f} s, to their map {mapped:.2f} s")


if __name__ == "__main__":
    main()
