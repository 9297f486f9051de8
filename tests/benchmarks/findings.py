"""
What finding costs on a table of the enriched data set's size, beside scikit-learn searching the same neighbours.

    uv run --group test python tests/benchmarks/findings.py

8,400 made-up clips of seven machine types (7,000 training, 1,400 test), embeddings of 768 and 512 values, two models.
Prints the median of five rounds, the two taking turns, and the peak of memory that each adds to the table's own. All
findings, costs and columns are in our time; the peer searches Euclidean neighbours alone.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import psutil
from sklearn.neighbors import NearestNeighbors

from dcase_explore import clips
from dcase_explore.columns import MACHINE_TYPES
from dcase_explore.findings import find
from dcase_explore.findings.neighbors import K
from dcase_explore.scoring import score

ROUNDS = 5
DIMENSIONS = {"ast": 768, "ae": 512}


def made_up() -> pd.DataFrame:
    """Scored clip table in the layout of the 2023 development set."""
    rng = np.random.default_rng(0)
    one = [("train", "source", "normal")] * 990 + [("train", "target", "normal")] * 10
    one += [("test", d, label) for d in ("source", "target") for label in ("normal", "anomaly") for _ in range(50)]
    machines = [machine for machine in MACHINE_TYPES[:7] for _ in one]
    names = [
        f"section_00_{domain}_{split}_{label}_{number:04d}_vel_{number % 11}_loc_{'ABCDEFGH'[number % 8]}.wav"
        for _ in MACHINE_TYPES[:7]
        for number, (split, domain, label) in enumerate(one)
    ]
    frame = clips.facts_from_names(machines, names, [split for split, _, _ in one] * 7)
    scores = {f"anomaly_score_{model}": rng.normal(size=len(frame)) for model in ("one", "two")}
    vectors = {
        f"embeddings_{name}": pd.Series(list(rng.normal(size=(len(frame), n)).astype(np.float32)), dtype=object)
        for name, n in DIMENSIONS.items()
    }
    return score(clips.conform(frame.assign(attributes=clips.attributes_in_words(frame), **scores, **vectors))).frame


def with_scikit_learn(frame: pd.DataFrame) -> None:
    """The neighbours, by its brute force."""
    for name in DIMENSIONS:
        for machine in MACHINE_TYPES[:7]:
            of_machine = frame[frame["class"] == machine]
            matrix, _ = clips.vectors(of_machine, name)
            training = (of_machine["split"] == "train").to_numpy()
            NearestNeighbors(n_neighbors=K + 1, algorithm="brute").fit(matrix[training]).kneighbors(matrix)


def found_anew(frame: pd.DataFrame) -> None:
    """Find, with nothing kept of an earlier time."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["DCASE_EXPLORE_CACHE"] = cache
        find(frame)


def measured(call: Callable[[], object]) -> tuple[float, float]:
    """Wall seconds of one call, and the megabytes by which the process grew at its peak."""
    process, peak, done = psutil.Process(), [0], threading.Event()
    before = process.memory_info().rss

    def watch() -> None:
        while not done.wait(0.005):
            peak[0] = max(peak[0], process.memory_info().rss - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    call()
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return seconds, peak[0] / 2**20


def main() -> None:
    """Time both, taking turns."""
    frame = made_up()
    calls = {"find()": lambda: found_anew(frame), "scikit-learn": lambda: with_scikit_learn(frame)}
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for number in range(ROUNDS + 1):
        for name, call in calls.items():
            figure = measured(call)
            if number:  # the first round is for imports and caches
                figures[name].append(figure)
    for name, rounds in figures.items():
        seconds, megabytes = zip(*rounds, strict=True)
        print(f"{name:<13} {statistics.median(seconds):.2f} s, {max(megabytes):.0f} MB more at its peak")
    ratio = statistics.median(ours / peer for (ours, _), (peer, _) in zip(*figures.values(), strict=True))
    print(f"ratio {ratio:.2f}, {len(frame):,} clips, Python {sys.version.split()[0]}, numpy {np.__version__}")


if __name__ == "__main__":
    main()
