"""The first picture waits for no map: principal components take its place, and it comes into the running page."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import psutil
import pytest

from dcase_explore import show
from dcase_explore.enrich.maps import principal_components
from dcase_explore.exploring import explored
from dcase_explore.options import RowOptions
from dcase_explore.pending import Pending
from dcase_explore.stored import kept
from exploring import get, table_of, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

UMAP = """
import os, time
class UMAP:
    def __init__(self, **_):
        pass
    def fit_transform(self, matrix):
        while not os.path.exists(os.environ["MAP_MAY_COME"]):
            time.sleep(0.05)
        return matrix[:, :2] * 0 + 1000 + [[number, 0] for number in range(len(matrix))]
"""
"""In place of the real one, which compiles for half a minute: it waits until it is told to go on."""


@pytest.fixture
def slow_maps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """File whose appearance lets maps be ready, in other processes as well."""
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "umap.py").write_text(UMAP)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    monkeypatch.setenv("MAP_MAY_COME", str(tmp_path / "now"))
    return tmp_path / "now"


class Running:
    """The program, and what it says."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "dcase_explore", *arguments, "--no-browser"]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        threading.Thread(target=lambda: self.said.extend(self.process.stderr or ()), daemon=True).start()

    def says(self, part: str) -> str:
        """The line with some words, once it is there."""
        assert until(lambda: any(part in line for line in self.said), 180), self.said
        return next(line for line in self.said if part in line)

    @property
    def url(self) -> str:
        return self.says("open at ").split()[2]


@pytest.fixture
def running(recordings: Path, slow_maps: Path) -> Iterator[Running]:
    program = Running("--data", str(recordings), "--class", "valve", "--layout", "simple")
    yield program
    program.process.terminate()
    program.process.wait(20)


def test_principal_components_are_those_of_standardised_values() -> None:
    rng = np.random.default_rng(0)
    for shape in ((50, 7), (7, 50), (3, 1), (1, 4)):
        matrix = (rng.normal(size=shape) * rng.uniform(0.1, 9, shape[1])).astype(np.float32)
        spread = matrix.std(axis=0)
        standard = (matrix - matrix.mean(axis=0)) / np.where(spread > 0, spread, 1)
        left, weights, _ = np.linalg.svd(standard.astype(np.float64), full_matrices=False)
        expected = np.zeros((len(matrix), 2))
        expected[:, : min(2, len(weights))] = (left * weights)[:, :2]
        places = principal_components(matrix)
        assert places.dtype == np.float32
        assert np.allclose(np.abs(places), np.abs(expected), atol=1e-3)


def test_what_is_left_for_later_is_told_and_described(recordings: Path, slow_maps: Path) -> None:
    pending = Pending()
    exploration = explored(RowOptions(data=[str(recordings)], class_name=["valve"]), pending=pending)
    assert pending == Pending(maps=["logmel"])
    assert exploration.descriptions["map_logmel_x"].startswith("First principal component of logmel")
    assert exploration.frame["map_logmel_x"].notna().all()


def test_the_map_comes_into_the_running_page_and_is_there_the_next_time(
    running: Running, recordings: Path, slow_maps: Path
) -> None:
    url = running.url
    assert "principal components" in running.says("being computed, to come into the page: the map of logmel")
    before = table_of(url)["map_logmel_x"]
    assert "principal component" in before["description"]
    assert max(before["values"]) < 1000
    slow_maps.touch()
    running.says("ready after")
    assert psutil.Process(running.process.pid).children() == []  # nor one that has ended and that nobody waited for
    after = table_of(url)["map_logmel_x"]
    assert min(after["values"]) >= 1000
    assert "UMAP" in after["description"] and "principal" not in after["description"]
    assert get(f"{url}api/table/path/0?generation_id=0")[0] == 200
    command = [sys.executable, "-m", "dcase_explore", "--data", str(recordings), "--class", "valve", "--check"]
    again = subprocess.run([*command, "--timings"], capture_output=True, text=True, timeout=120)
    assert "importing pandas" not in again.stderr, again.stderr


def test_in_python_the_page_is_there_before_its_map_as_well(
    recordings: Path, slow_maps: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    others = set(psutil.Process().children(recursive=True))  # of tests before this one
    with show(str(recordings), class_name="valve", layout="simple", browser=False, new=True) as viewer:
        assert "principal components" in capsys.readouterr().err
        first = viewer.frame
        assert first["map_logmel_x"].max() < 1000
        assert viewer.filtered["map_logmel_x"].max() < 1000
        assert "principal component" in table_of(viewer.url)["map_logmel_x"]["description"]
        below = set(psutil.Process().children(recursive=True)) - others
        assert below
        slow_maps.touch()
        assert until(lambda: bool(viewer.frame["map_logmel_x"].min() >= 1000), 180)
        viewer.wait()
        assert psutil.STATUS_ZOMBIE not in {process.status() for process in below if process.is_running()}
        after = table_of(viewer.url)["map_logmel_x"]
        assert min(after["values"]) >= 1000
        assert "principal" not in after["description"]
        pd.testing.assert_frame_equal(
            viewer.frame.drop(columns=["map_logmel_x", "map_logmel_y"]),
            first.drop(columns=["map_logmel_x", "map_logmel_y"]),
        )
    assert until(lambda: not any(process.is_running() and process.status() != "zombie" for process in below))


def test_in_python_a_map_that_nobody_waits_for_any_more_is_given_up(recordings: Path, slow_maps: Path) -> None:
    with show(str(recordings), class_name="valve", layout="simple", browser=False, new=True) as viewer:
        viewer.wait()
        mapping = viewer._mapping
        assert mapping is not None
        show(viewer.frame.drop(columns="map_logmel_x"), layout="simple", browser=False)
        assert viewer._mapping is not mapping
        assert mapping._process.poll() is not None


def test_ending_before_it_is_ready_leaves_no_process(running: Running) -> None:
    running.says("being computed, to come into the page: the map of logmel")
    below = psutil.Process(running.process.pid).children(recursive=True)
    assert below
    running.process.terminate()
    running.process.wait(20)
    assert until(lambda: not any(process.is_running() for process in below))
    assert not any("could not be computed" in line for line in running.said)


def test_a_map_that_cannot_be_computed_is_said_and_the_page_stays(running: Running) -> None:
    running.says("being computed, to come into the page: the map of logmel")
    url = running.url
    (worker,) = psutil.Process(running.process.pid).children()
    worker.kill()
    assert "could not be computed" in running.says("could not be")
    assert get(url)[0] == 200
    assert not list((Path(os.environ["DCASE_EXPLORE_CACHE"]) / kept.FOLDER).iterdir())


@pytest.mark.browser
def test_filters_and_selection_stay_when_it_comes(browser: "Browser", running: Running, slow_maps: Path) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(running.url)
    page.get_by_text("being computed, to come into the page").first.wait_for()
    page.get_by_text("section_00_target_test_anomaly_0001_pat_00.wav").first.click()
    page.evaluate(
        "() => { const { useDataset, PredicateFilter, getApplicablePredicates } = globalThis.spotlight;"
        " const { columnsByKey, addFilter } = useDataset.getState(); const column = columnsByKey.label;"
        " addFilter(new PredicateFilter(column, getApplicablePredicates(column.type.kind).equal, 1)); }"
    )
    state = (
        "() => { const its = globalThis.spotlight.useDataset.getState();"
        " return JSON.stringify([[...its.selectedIndices], [...its.filteredIndices], its.filters.length]); }"
    )
    least = "Math.min(...globalThis.spotlight.useDataset.getState().columnData.map_logmel_x)"
    before = json.loads(page.evaluate(state))
    assert len(before[0]) == 1
    assert len(before[1]) == 4
    assert page.evaluate(least) < 1000
    slow_maps.touch()
    page.wait_for_function(f"() => {least} >= 1000")
    assert json.loads(page.evaluate(state)) == before
    page.get_by_text("ready after").first.wait_for()
    page.close()
