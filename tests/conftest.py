"""What the tests share: recordings made on the spot, the real data where it lies near, a cache of their own."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from exploring import make_recordings, stored
from hub_repository import StandIn, make_repository
from hub_server import HubServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from dcase_explore.viewer.server import Server

# Spotlight keeps settings and decoded things in the user's folders: not in those of whoever runs the tests.
# What UMAP compiles is the same for all tests and the programs that they start, which would take seconds each.
for _name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "NUMBA_CACHE_DIR"):
    if _name == "NUMBA_CACHE_DIR" and os.environ.get("PYTEST_XDIST_WORKER"):
        continue  # one for all workers
    os.environ[_name] = tempfile.mkdtemp(prefix="dcase-explore-tests-")
    atexit.register(shutil.rmtree, os.environ[_name], ignore_errors=True)

# No test reaches the network: what asks for the hub without a server of its own is refused by this machine.
for _name in ("HF_ENDPOINT", "DCASE_EXPLORE_RECORDS"):
    os.environ[_name] = "http://127.0.0.1:9"

# Every program that a test starts would compile anew all that it imports, a second of it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

SHARED = Path(__file__).parents[2] / "shared" / "data"

LONGEST = (
    *("test_findings_null", "test_in_jupyter", "test_notebooks", "test_kills", "test_lying_parquet", "test_layouts"),
    *("test_share", "test_layouts_in_browser", "test_findings_conditions", "test_findings", "test_handle"),
)
"""Files that take half a minute or more: where tests run in two processes, none is left alone with one of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    number = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: number.get(item.path.stem, len(LONGEST)))


def _shared(name: str) -> Path:
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"the real data ({name}) is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """93 recordings of the 2020 development set, as a raw download lays them out."""
    return _shared("dcase2020_dev_clips")


@pytest.fixture(scope="session")
def real_scores() -> Path:
    """Result folders of a real run over the 2023 development test set: MSE and MAHALA."""
    return _shared("dcase2023_dev_scores")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Cache and library of layouts of one test alone."""
    monkeypatch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DCASE_EXPLORE_LAYOUTS", str(tmp_path / "library"))
    yield tmp_path / "cache"


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cache of many tests."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture
def one_cache(own_cache: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that show recordings and are about something else: they are listened to once for all of them."""
    monkeypatch.setenv("DCASE_EXPLORE_CACHE", str(kept))


@pytest.fixture
def record() -> Callable[..., Path]:
    """Write a short noisy recording: ``record(path, seed=0, seconds=0.5, rate=16000, channels=1)``."""

    def write(path: Path, seed: int = 0, seconds: float = 0.5, rate: int = 16_000, channels: int = 1) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(seed).normal(0, 0.1, (int(seconds * rate), channels))
        soundfile.write(path, noise, rate)
        return path

    return write


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """16 fans and 16 valves, a second each."""
    return make_recordings(tmp_path_factory.mktemp("made_clips"))


@pytest.fixture(scope="session")
def viewer(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Server"]:
    """The page of those recordings' valves in the simple layout, served in this process."""
    from dcase_explore.options import Options
    from dcase_explore.view import view_of
    from dcase_explore.viewer.address import Address
    from dcase_explore.viewer.server import Server

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        exploration = view_of(Options(data=[str(recordings)], class_name=["valve"], layout="simple"))
    viewer = Server(Address())
    viewer.show(stored(exploration), exploration.arrangement)
    yield viewer
    viewer.close()


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> StandIn:
    """The enriched data set in small, as the hub and the original record hold it: synthetic sounds and numbers."""
    return make_repository(tmp_path_factory.mktemp("standin"))


@pytest.fixture
def hub(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A server that hands the stand-in out as the hub and the record do; everything is fetched from it."""
    with served(standin, monkeypatch) as server:
        yield server


@contextmanager
def served(standin: StandIn, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[HubServer]:
    """The same for another stand-in."""
    with HubServer(standin, **options) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("DCASE_EXPLORE_RECORDS", server.url)
        monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
        monkeypatch.delenv("HF_TOKEN", raising=False)
        yield server


FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),  # they slow every start without a network
]


def chromium() -> str:
    """Path of the browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI must drive the page: install Chromium")
        pytest.skip("no Chromium on this machine")
    return found


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()
