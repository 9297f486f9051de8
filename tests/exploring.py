"""A small real page to test against: recordings made on the spot, explored and served in this process."""

import contextlib
import json
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from dcase_explore.errors import ExploreError
from dcase_explore.exploration import Exploration
from dcase_explore.stored import Stored
from dcase_explore.stored.making import store
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.server import Server

_FOLDERS = tempfile.TemporaryDirectory(prefix="dcase-explore-tests-", ignore_cleanup_errors=True)
RATE = 16_000
ATTRIBUTES = {"fan": "m-n_W", "valve": "pat_00"}


def make_recordings(folder: Path, machine_types: tuple[str, ...] = ("fan", "valve")) -> Path:
    """Write 16 one-second clips of each machine type under the official names of 2023: hum and noise."""
    for index, machine in enumerate(machine_types):
        for split, label, count in (("train", "normal", 8), ("test", "normal", 4), ("test", "anomaly", 4)):
            for number in range(count):
                rng = np.random.default_rng([index, len(split), len(label), number])
                seconds = np.arange(RATE) / RATE
                hum = 0.2 * np.sin(2 * np.pi * (300 + 900 * index) * seconds)
                squeal = 0.2 * np.sin(2 * np.pi * 3000 * seconds) if label == "anomaly" else 0
                domain = "target" if number % 2 else "source"
                name = f"section_00_{domain}_{split}_{label}_{number:04d}_{ATTRIBUTES[machine]}.wav"
                path = folder / machine / split / name
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, hum + squeal + rng.normal(0, 0.02, RATE), RATE)
    return folder


def stored(exploration: Exploration) -> Stored:
    """An exploration as the page is given it, in a folder of its own that the end of the tests clears away."""
    return store(exploration, Path(tempfile.mkdtemp(dir=_FOLDERS.name)) / "stored")


def get(url: str, **headers: str) -> tuple[int, bytes]:
    """Status and body of a GET, whatever the status is."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=180) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def table_of(url: str) -> dict[str, dict[str, Any]]:
    """Columns of the table that a page serves, by name."""
    status, body = get(f"{url}api/table/")
    assert status == 200
    return {column["name"]: column for column in json.loads(body)["columns"]}


def free(port: int) -> bool:
    """Whether nobody listens on a port."""
    with contextlib.suppress(ExploreError):
        Server(Address(port=port)).close()
        return True
    return False


def until(satisfied: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether something comes true within a time."""
    end = time.monotonic() + seconds
    while not satisfied() and time.monotonic() < end:
        time.sleep(0.1)
    return satisfied()
