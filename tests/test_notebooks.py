"""The notebooks run from top to bottom, each in a kernel of its own, and show what they say."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbclient import NotebookClient

import dcase_explore

FOLDER = Path(__file__).parents[1] / "notebooks"
NAMES = ("explore", "your_model", "domain_shift", "findings")
DATA = 'data = "demo"  # "hub" for the enriched 2023 data set, or the folder of a download'
PUBLIC = {*dcase_explore.__all__}
CELL_SECONDS = 300


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all of them, so that the demo is made once; its address tells their processes from others."""
    return tmp_path_factory.mktemp("notebooks") / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a notebook is run."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def read(name: str) -> Any:
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def run(notebook: Any, folder: Path, cache: Path) -> None:
    """Run every cell; a cell that fails raises with its traceback. Nothing is left running when it has ended."""
    client = NotebookClient(
        notebook, timeout=CELL_SECONDS, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    with client.setup_kernel(env={**os.environ, "DCASE_EXPLORE_CACHE": str(cache)}):
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        assert [command for command in processes(cache) if "dcase_explore.viewer.child" in command]
    end = time.monotonic() + 20
    while processes(cache) and time.monotonic() < end:
        time.sleep(0.1)
    assert processes(cache) == []


def processes(cache: Path) -> list[str]:
    """Command lines of all processes that were given this cache when they were started."""
    return [" ".join(command) for command, given in started() if given.get("DCASE_EXPLORE_CACHE") == str(cache)]


def started() -> Iterator[tuple[list[str], dict[str, str]]]:
    for process in psutil.process_iter():
        try:
            yield process.cmdline(), process.environ()
        except psutil.Error:  # another user's, or gone
            continue


def outputs(notebook: Any) -> list[Any]:
    """What all cells have put out."""
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def shown(notebook: Any, kind: str) -> list[str]:
    """What was shown of one MIME type."""
    return [output["data"][kind] for output in outputs(notebook) if kind in output.get("data", ())]


def said(notebook: Any, stream: str) -> str:
    """What was said on stdout or stderr."""
    return "".join(output["text"] for output in outputs(notebook) if output.get("name") == stream)


def test_these_are_all_of_them() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_committed_notebook_is_clean(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert all(cell.metadata == {} for cell in notebook.cells)
    assert sum(cell.source.count(DATA) for cell in code) == 1
    assert "synthetic" in notebook.cells[0].source


@pytest.mark.parametrize("name", NAMES)
def test_notebook_imports_what_is_public(name: str) -> None:
    for cell in read(name).cells:
        for found in re.finditer(r"dcase_explore(\S*) import (.*)", cell.source if cell.cell_type == "code" else ""):
            assert not found[1]
            assert set(found[2].split(", ")) <= PUBLIC


@pytest.mark.filterwarnings("ignore:.*non-interactive")
def test_cells_that_need_scores_only_tell_of_a_folder_of_them(
    real_scores: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the notebook asks its reader to do, on a real run; the page of it is tested elsewhere."""
    monkeypatch.setattr("dcase_explore.api.show", lambda *_, **asked: asked)
    known: dict[str, Any] = {}
    for cell in read("findings").cells:
        if cell.cell_type == "code":
            exec(cell.source.replace('data = "demo"', f"data = {str(real_scores)!r}"), known)
    assert known["explored"].findings[0].title.startswith("fan: target domain: ")
    assert len(known["sure"]) == 2 * 22 + 1
    assert len(known["found"]) > 100
    assert known["viewer"] == {"class_name": known["worst"]}


@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs_and_shows_pictures_and_a_page(
    name: str, folder: Path, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    notebook = read(name)
    run(notebook, folder, cache)
    assert shown(notebook, "image/png")
    assert any("<iframe" in page for page in shown(notebook, "text/html"))
    assert "synthetic" in said(notebook, "stdout")
    assert said(notebook, "stderr") == "", "which a notebook paints red"
    assert "Traceback" not in capfd.readouterr().err
    assert list(folder.iterdir()) == []
