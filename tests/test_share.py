"""The page without a program: what is copied, what is not, and that it works from any file server, in a subfolder."""

import contextlib
import functools
import http.server
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from dcase_explore.asking import asked
from dcase_explore.errors import ExploreError
from dcase_explore.exploring import explored
from dcase_explore.options import ShareOptions, TableOptions
from dcase_explore.sharing import share, site
from dcase_explore.viewer import table
from dcase_explore.viewer.app import own_routes
from dcase_explore.viewer.rows import Rows
from dcase_explore.viewer.shown import Page
from exploring import until
from reading_reports import make_valves, reversed_scores

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def valves(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """A clip table with sounds, findings and a ready map."""
    folder = make_valves(tmp_path_factory.mktemp("valves"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        options = asked(TableOptions, data=folder, scores={"mine": reversed_scores(folder)})
        frame = explored(options, with_maps=False).frame
    places = np.random.default_rng(0).normal(size=(2, len(frame))).astype(np.float32)
    return frame.assign(map_logmel_x=places[0], map_logmel_y=places[1])


@pytest.fixture(scope="module")
def copy(valves: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web") / "sub folder"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        share(asked(ShareOptions, data=valves, audio="findings", layout="extended"), folder)
    return folder


def data_of(copy: Path, name: str) -> object:
    return json.loads((copy / "data" / f"{name}.json").read_text())


def test_sounds_of_findings_are_copied_as_they_are_with_their_nearest_normals(copy: Path, valves: pd.DataFrame) -> None:
    sounds = data_of(copy, "sounds")
    assert isinstance(sounds, dict)
    assert set(sounds) == {"path", "nearest_normal"}
    assert sounds["nearest_normal"]
    for column, names in sounds.items():
        for row, name in names.items():
            assert (copy / "sounds" / name).read_bytes() == Path(valves[column].iloc[int(row)]).read_bytes()
    assert len(sounds["path"]) < len(valves)  # of what no finding names there is none


def test_no_path_of_this_machine_is_in_it(copy: Path, valves: pd.DataFrame) -> None:
    root = str(Path(valves["path"].iloc[0]).parents[2]).encode()
    for path in copy.rglob("*"):
        assert path.is_dir() or root not in path.read_bytes(), path


def test_the_card_says_what_it_is_to_people_and_to_a_space(copy: Path) -> None:
    front, text = (copy / "README.md").read_text().split("---\n")[1:]
    assert {line.split(":")[0]: json.loads(line.split(": ")[1]) for line in front.splitlines()} == {
        "title": "your table",
        "sdk": "static",
        "app_file": "index.html",
        "license": "unknown",
    }
    assert "It is not known whose data these are" in text
    assert "MIT" in (copy / "static" / "LICENSE").read_text()
    assert (copy / ".nojekyll").is_file()


def test_every_widget_of_ours_and_every_fitting_layout_is_in_it(copy: Path) -> None:
    plugins, layouts = data_of(copy, "plugins"), data_of(copy, "layouts")
    assert isinstance(plugins, list)
    assert isinstance(layouts, dict)
    assert (copy / "static" / plugins[0]["entrypoint"]).resolve().is_file()
    assert layouts["current"] == "extended"
    assert {"simple", "extended"} <= set(layouts["layouts"])


@pytest.mark.parametrize(("audio", "expected"), [(None, 0), ("none", 0), ("all", 32)])
def test_which_sounds_are_copied(
    valves: pd.DataFrame, tmp_path: Path, audio: str | None, expected: int, capsys: pytest.CaptureFixture[str]
) -> None:
    written = share(asked(ShareOptions, data=valves, audio=audio), tmp_path / "site")
    assert written.sounds == len(list((tmp_path / "site" / "sounds").iterdir())) == expected
    said = capsys.readouterr().err
    assert ("the licence of these recordings is not known" in said) == (audio is None)
    assert f"with the sounds of {expected} clips" in said
    files = [path for path in (tmp_path / "site").rglob("*") if path.is_file()]
    assert (written.files, written.bytes) == (len(files), sum(path.stat().st_size for path in files))


def test_more_than_the_size_is_refused_with_what_it_would_take(valves: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(ExploreError, match=r"would take .* MB, more than 1MB: allow it with --size \d+MB"):
        share(asked(ShareOptions, data=valves, audio="none", size="1MB"), tmp_path / "site")
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("cache", "library")] == []


def test_what_is_taken_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.tex").touch()
    for place, sentence in (
        (taken, r"holds other things \(thesis.tex\)"),
        (taken / "thesis.tex", "is a file"),
        (tmp_path / "no" / "site", "there is no folder"),
    ):
        with pytest.raises(ExploreError, match=sentence):
            share(asked(ShareOptions, data="/nowhere at all"), place)


def test_an_unknown_layout_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ExploreError, match="did you mean extended"):
        share(asked(ShareOptions, data="/nowhere at all", layout="extendd"), tmp_path / "site")


def test_the_same_input_gives_the_same_bytes(valves: pd.DataFrame, tmp_path: Path) -> None:
    for name in ("first", "second"):
        share(asked(ShareOptions, data=valves, audio="findings"), tmp_path / name)
    first, second = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("first", "second")
    )
    assert first == second


def test_an_interrupt_leaves_nothing(valves: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(site, "_write_data", interrupted)
    with pytest.raises(KeyboardInterrupt):
        share(asked(ShareOptions, data=valves, audio="none"), tmp_path / "site")
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("cache", "library")] == []


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def file_server(folder: Path) -> Iterator[str]:
    """A plain web server of files."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.browser
def test_it_works_from_a_plain_file_server_in_a_subfolder(browser: "Browser", copy: Path) -> None:
    said: list[str] = []
    with file_server(copy.parent) as address:
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "request",
            lambda request: None if request.url.startswith((address, "data:", "blob:")) else said.append(request.url),
        )
        page.on("response", lambda answer: said.append(answer.url) if answer.status >= 400 else None)
        page.goto(f"{address}/sub%20folder/")
        page.get_by_text("32 rows").wait_for(timeout=60_000)
        # The worst finding is opened: its first clip is chosen, drawn above its nearest normal.
        compared = page.locator("canvas[data-compare]")
        compared.nth(1).wait_for(timeout=60_000)
        state = "globalThis.spotlight.useDataset.getState()"
        assert until(lambda: page.evaluate(f"{state}.selectedIndices.length") == 1)
        assert 0 < page.evaluate(f"{state}.filteredIndices.length") < 32
        row = page.evaluate(f"{state}.selectedIndices[0]")
        heard = page.evaluate(
            f"fetch('api/table/path/{row}').then((answer) => answer.arrayBuffer()).then((its) => its.byteLength)"
        )
        assert heard == 32_044
        peaks = page.evaluate(f"fetch('api/table/path/{row}/waveform').then((answer) => answer.json())")
        assert len(peaks) == 2000
        assert -1 <= min(peaks) < 0 < max(peaks) <= 1
        # What needs the program says so.
        refused = page.evaluate(
            "fetch('api/dcase/csv', { method: 'PUT', body: '[0]' }).then((answer) => answer.json())"
        )
        assert "copy without the program" in refused["title"]
        page.locator("select", has_text="simple").first.select_option("simple")
        page.get_by_text("Score by label").first.wait_for(timeout=30_000)
        page.close()
    assert [sentence for sentence in said if "NaN" not in sentence] == []  # Spotlight's own, in any of its pages


NEED_THE_PROGRAM = {"/api/layout/load", "/api/dcase/csv"}


def test_what_the_server_answers_of_its_own_a_copy_answers_as_well() -> None:
    script = (Path(site.__file__).parent / "answers.js").read_text()
    patterns = [re.compile(found.replace("\\/", "/")) for found in re.findall(r"\[/(\^[^\n]+?\$)/, ", script)]
    assert len(patterns) >= 12
    page = Page()
    page.rows = Rows()
    paths = {route.path for route in [*own_routes(page), *table.routes(page), *table.cells(page, None)]}  # type: ignore[arg-type,union-attr]
    for path in paths - NEED_THE_PROGRAM:
        asked_for = re.sub(r"\{\w+:int\}", "7", path).replace("{column}", "path").removeprefix("/api/")
        assert any(pattern.fullmatch(asked_for) for pattern in patterns), f"answers.js does not know {path}"
