"""The page without a program: what is copied, what is not, and that it works from any file server, in a subfolder."""

import contextlib
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from dcase_explore.asking import asked
from dcase_explore.errors import ExploreError
from dcase_explore.exploring import explored
from dcase_explore.notes.files import Note
from dcase_explore.notes.in_tables import with_notes
from dcase_explore.options import ShareOptions, TableOptions
from dcase_explore.selection import as_csv
from dcase_explore.sharing import page as shared_page
from dcase_explore.sharing import share
from dcase_explore.sharing.one_file import linked
from dcase_explore.viewer import table
from dcase_explore.viewer.app import own_routes
from dcase_explore.viewer.rows import Rows
from dcase_explore.viewer.shown import Page
from exploring import until
from hub_server import HubServer
from reading_reports import make_valves, reversed_scores

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NOTED = "train/valve_section_00_source_train_normal_0000_pat_00.wav"
"""A clip that no finding names."""


@pytest.fixture(scope="module")
def valves(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """A clip table with sounds, findings and a ready map."""
    folder = make_valves(tmp_path_factory.mktemp("valves"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        options = asked(TableOptions, data=folder, scores={"mine": reversed_scores(folder)})
        frame = explored(options, with_maps=False).frame
    places = np.random.default_rng(0).normal(size=(2, len(frame))).astype(np.float32)
    frame = frame.assign(map_logmel_x=places[0], map_logmel_y=places[1])
    return with_notes(frame, {NOTED: Note("noise", "hums <img src=x onerror=alert(1)>\ntwice")})


@pytest.fixture(scope="module")
def omegas(valves: pd.DataFrame) -> dict[str, float]:
    """Official scores by model."""
    models = explored(asked(TableOptions, data=valves), listen=False, with_maps=False).models
    return {model.model: model.official_score for model in models if model.official_score is not None}


@pytest.fixture(scope="module")
def one_file(valves: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("mail") / "the valves.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        share(asked(ShareOptions, data=valves, audio="findings", layout="extended"), file)
    return file


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


def test_no_path_of_this_machine_is_in_it(copy: Path, one_file: Path, valves: pd.DataFrame) -> None:
    root = str(Path(valves["path"].iloc[0]).parents[2])
    for path in (*copy.rglob("*"), one_file):
        assert path.is_dir() or root.encode() not in path.read_bytes(), path
    table = pq.read_table(copy / "data" / "clips.parquet")
    assert root not in table.to_pandas().to_csv()
    assert root not in str(table.schema.metadata)


def test_the_program_opens_it_with_all_that_is_in_it(
    copy: Path, valves: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    opened, before = (explored(asked(TableOptions, data=data)) for data in (str(copy), valves))
    assert capsys.readouterr().err.count("left out") == 0  # its sounds are no other source
    assert opened.title == "your table"
    assert [finding.title for finding in opened.findings] == [finding.title for finding in before.findings]
    assert [model.official_score for model in opened.models] == [model.official_score for model in before.models]
    assert opened.frame["map_logmel_x"].tolist() == valves["map_logmel_x"].tolist()
    assert opened.frame.set_index("clip_id").loc[NOTED, "note"] == "hums <img src=x onerror=alert(1)>\ntwice"
    heard = opened.frame["path"].dropna()
    assert 0 < len(heard) < len(valves)
    for row, path in heard.items():
        assert Path(path).parent == copy / "sounds"
        assert Path(path).read_bytes() == Path(valves["path"].iloc[row]).read_bytes()


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


def test_the_sounds_of_selected_clips_are_copied(valves: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "selected-clips.csv").write_bytes(as_csv(valves, [3, 1, 3], [], {}))
    written = share(
        asked(ShareOptions, data=valves, audio="selected", selected=tmp_path / "selected-clips.csv"), tmp_path / "site"
    )
    sounds = json.loads((tmp_path / "site" / "data" / "sounds.json").read_text())
    assert {"1", "3"} <= set(sounds["path"])
    assert set(sounds["nearest_normal"]) == {"1", "3"}
    nearest = {valves["path"].tolist().index(path) for path in valves["nearest_normal"].iloc[[1, 3]]}
    assert {int(row) for row in sounds["path"]} == {1, 3, *nearest}
    assert written.sounds == len({1, 3, *nearest})


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"audio": "selected"}, "name it with --selected FILE"),
        ({"audio": "selected", "selected": "clisp.csv"}, r"there is no such file; did you mean clips\.csv"),
        ({"audio": "all", "selected": "clips.csv"}, "leave one of them out"),
    ],
)
def test_a_selection_that_is_none_is_refused_before_anything_is_read(
    given: dict[str, str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clips.csv").write_text("clip_id\n")
    with pytest.raises(ExploreError, match=sentence):
        share(asked(ShareOptions, data="/nowhere at all", **given), tmp_path / "site")


def test_a_list_that_names_other_clips_is_a_sentence(valves: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_text("clip_id\ntest/valve_none.wav\n")
    with pytest.raises(ExploreError, match=r"test/valve_none\.wav"):
        share(asked(ShareOptions, data=valves, selected=tmp_path / "clips.csv"), tmp_path / "site")


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


def test_the_hubs_recordings_are_fetched_and_credited_and_fetched_again_by_whoever_opens_it(
    hub: HubServer, tmp_path: Path
) -> None:
    shown = explored(asked(TableOptions, data="hub", class_name="fan"), with_maps=False)
    site = tmp_path / "site"
    written = share(asked(ShareOptions, data=shown, layout="scores"), site)
    assert written.sounds == len(list((site / "sounds").iterdir())) > 0
    assert 'license: "cc-by-nc-sa-4.0"' in (site / "README.md").read_text()
    told = data_of(site, "about")
    assert isinstance(told, dict)
    assert any("CC BY-NC-SA 4.0" in text for text in told["copy"]["paragraphs"])
    assert any("ToyADMOS2" in text for text in told["copy"]["citations"])
    opened = explored(asked(TableOptions, data=str(site)), listen=False, with_maps=False)
    assert opened.credits == shown.credits
    assert opened.frame["path"].notna().all()
    assert 0 < sum(Path(path).parent == site / "sounds" for path in opened.frame["path"]) < len(opened.frame)


def test_recordings_that_are_gone_are_said(
    valves: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(pipe := tmp_path / "pipe.wav")  # who opens it waits for ever
    paths = [str(pipe), f"{valves['path'].iloc[1]}.gone", *valves["path"].iloc[2:]]
    gone = valves.assign(path=paths, nearest_normal=None)
    written = share(asked(ShareOptions, data=gone, audio="all", layout="scores"), tmp_path / "site")
    assert written.sounds == 30
    assert "2 recordings that cannot be copied" in capsys.readouterr().err


def test_more_than_the_size_is_refused_with_what_it_would_take(valves: pd.DataFrame, tmp_path: Path) -> None:
    for name in ("site", "site.html"):
        with pytest.raises(ExploreError, match=r"would take .* MB, more than 1MB: allow it with --size \d+MB"):
            share(asked(ShareOptions, data=valves, audio="none", size="1MB"), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("cache", "library")] == []


def test_sounds_that_cannot_fit_are_refused_before_they_are_copied(
    valves: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcase_explore.sharing.page.write_sounds", None)
    elsewhere = valves.assign(path=[f"/nowhere/{number}.wav" for number in range(len(valves))])
    for data, said in ((valves, "1.0 MB"), (elsewhere, "10.2 MB")):
        with pytest.raises(ExploreError, match=rf"the sounds of 32 clips take {said}, and all may take 900kB"):
            share(asked(ShareOptions, data=data, audio="all", size="900kB"), tmp_path / "site")


def test_what_is_taken_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis.tex").touch()
    (taken / "thesis.html").write_text("<h1>Mine</h1>")
    os.mkfifo(taken / "pipe.html")
    for out, sentence in (
        (taken / "thesis.html", "is there and is no page of ours"),
        (taken / "pipe.html", "is a pipe"),
        (tmp_path / "no" / "site.html", "there is no folder"),
        (taken, r"holds other things \(pipe.html, thesis.html, thesis.tex\)"),
        (taken / "thesis.tex", "is a file"),
        (tmp_path / "no" / "site", "there is no folder"),
    ):
        with pytest.raises(ExploreError, match=sentence):
            share(asked(ShareOptions, data="/nowhere at all"), out)


def test_an_unknown_layout_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ExploreError, match="did you mean extended"):
        share(asked(ShareOptions, data="/nowhere at all", layout="extendd"), tmp_path / "site")


def test_the_same_input_gives_the_same_bytes(valves: pd.DataFrame, one_file: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.html"
    share(asked(ShareOptions, data=valves, audio="findings", layout="extended"), again)
    assert again.read_bytes() == one_file.read_bytes()
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


def test_scripts_stand_in_one_order_in_every_process() -> None:
    code = """
from dcase_explore.sharing.one_file import linked
names = [f"plugins/{letter}.js" for letter in "hgfedcba"]
scripts = {name: "" for name in names} | {"plugins/main.js": "\\n".join(f'import "./{name[8:]}"' for name in names)}
print(*linked(scripts))
"""
    orders = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (1, 2)
    }
    (order,) = orders
    assert order.split() == [*sorted(order.split()[:-1]), "plugins/main.js"]


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_what_ends_early_leaves_what_was_there(
    valves: pd.DataFrame, one_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise failure

    before = shutil.copy(one_file, tmp_path / "site.html").read_bytes()
    monkeypatch.setattr("dcase_explore.sharing.page.write_answers", fail)
    for name in ("site", "site.html"):
        with pytest.raises((ExploreError, KeyboardInterrupt)):
            share(asked(ShareOptions, data=valves, audio="none"), tmp_path / name)
    assert (tmp_path / "site.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("cache", "library")] == ["site.html"]


def test_scripts_in_one_file_stand_behind_those_that_they_need() -> None:
    worker = '"" + new URL("assets/worker.js", import.meta.url).href,\n\t"" + import.meta.url'
    scripts = {
        "static/main.js": f'import {{ a }} from "./lib.js";\nnew Worker(new URL({worker}));\nimport("./absent.js");',
        "static/lib.js": 'export const a = "./main.js";',
        "static/assets/worker.js": "",
        "plugins/ours/main.js": 'import { b } from "./parts.js";\nimport "./parts.js";',
        "plugins/ours/parts.js": "export const b = 1;",
    }
    changed = linked(scripts)
    names = list(changed)
    assert names[-1] == "static/main.js"
    assert names.index("plugins/ours/parts.js") < names.index("plugins/ours/main.js")
    assert 'from "dcase-explore-file:static/lib.js"' in changed["static/main.js"]
    assert 'new URL("dcase-explore-file:static/assets/worker.js")' in changed["static/main.js"]
    assert 'import("./absent.js")' in changed["static/main.js"]
    assert changed["static/lib.js"] == scripts["static/lib.js"]
    assert changed["plugins/ours/main.js"].count("dcase-explore-file:plugins/ours/parts.js") == 2
    with pytest.raises(ExploreError, match="this version of Spotlight is not the one that was tested"):
        linked({"static/main.js": "new Worker()"})


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


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """A page that may ask for nothing but files beside it, and complains of nothing."""
    said: list[str] = []
    context = browser.new_context(viewport={"width": 1500, "height": 950})
    page = context.new_page()
    page.on(
        "console",
        lambda message: said.append(f"{message.text} {message.location['url']}") if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("response", lambda answer: said.append(answer.url) if answer.status >= 400 else None)
    yield page
    context.close()
    assert [sentence for sentence in said if "NaN" not in sentence] == []  # Spotlight's own, in any of its pages


def look_at(page: "Page", url: str, omegas: dict[str, float]) -> None:
    """Open a copy, and do in it what people do: look, listen, filter, read, choose another layout."""
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    page.goto(url)
    page.get_by_text("32 rows").wait_for(timeout=60_000)
    # The worst finding is opened: its first clip is chosen, drawn above its nearest normal.
    compared = page.locator("canvas[data-compare]")
    compared.nth(1).wait_for(timeout=60_000)
    state = "globalThis.spotlight.useDataset.getState()"
    assert until(lambda: page.evaluate(f"{state}.selectedIndices.length") == 1)
    assert 0 < page.evaluate(f"{state}.filteredIndices.length") < 32
    assert until(lambda: len(set(compared.first.screenshot())) > 100)
    # Its numbers are those of `score`.
    found = page.evaluate(
        """() => [...document.querySelectorAll("tfoot [data-metric=omega]")]
            .map((cell) => [cell.dataset.model, Number(cell.dataset.value)])"""
    )
    assert dict(found) == pytest.approx(omegas, abs=1e-9)
    page.locator("tfoot [data-interval]", has_text=re.compile(r"0\.\d{4} to \d\.\d{4}")).first.wait_for(timeout=60_000)
    row = page.evaluate(f"{state}.selectedIndices[0]")
    heard = page.evaluate(
        f"""fetch('api/table/path/{row}').then((answer) => answer.arrayBuffer())
            .then((its) => new OfflineAudioContext(1, 1, 16000).decodeAudioData(its)).then((its) => its.length)"""
    )
    assert heard == 16_000
    peaks = page.evaluate(f"fetch('api/table/path/{row}/waveform').then((answer) => answer.json())")
    assert len(peaks) == 2000
    assert -1 <= min(peaks) < 0 < max(peaks) <= 1
    page.evaluate(
        """() => {
            const start = AudioBufferSourceNode.prototype.start;
            globalThis.started = 0;
            AudioBufferSourceNode.prototype.start = function (...its) {
                globalThis.started += 1;
                start.apply(this, its);
            };
        }"""
    )
    page.get_by_role("button", name="Play", exact=True).click()
    assert until(lambda: page.evaluate("globalThis.started") > 0)
    # What needs the program says so.
    refused = page.evaluate("fetch('api/dcase/csv', { method: 'PUT', body: '[0]' }).then((answer) => answer.json())")
    assert "copy without the program" in refused["title"]
    # Notes are read, and are text.
    page.evaluate(f"location.hash = 'clip={NOTED}'")
    page.get_by_text("onerror=alert(1)").first.wait_for(timeout=30_000)
    page.get_by_role("button", name="About this copy").click()
    page.get_by_text("It is not known whose data these are").wait_for(timeout=30_000)
    page.get_by_role("button", name="Close").click()
    page.locator("select", has_text="simple").first.select_option("simple")
    page.get_by_text("Score by label").first.wait_for(timeout=30_000)
    beside = url.rpartition("/")[0]
    assert [address for address in asked_for if not address.startswith((f"{beside}/", "data:", "blob:"))] == []
    if url.startswith("file:"):
        assert [address for address in asked_for if not address.startswith(("data:", "blob:"))] == [url]
    page.close()  # while whoever answers it is there


@pytest.mark.browser
def test_it_works_from_a_plain_file_server_in_a_subfolder(page: "Page", copy: Path, omegas: dict[str, float]) -> None:
    with file_server(copy.parent) as address:
        look_at(page, f"{address}/sub%20folder/", omegas)


@pytest.mark.browser
def test_one_file_opens_by_double_click_with_the_network_cut(
    page: "Page", one_file: Path, omegas: dict[str, float]
) -> None:
    page.context.set_offline(True)
    look_at(page, one_file.as_uri(), omegas)


NEED_THE_PROGRAM = {"/api/layout/load", "/api/dcase/csv", "/api/dcase/report"}


def test_what_the_server_answers_of_its_own_a_copy_answers_as_well() -> None:
    script = shared_page.part("answers.js")
    patterns = [re.compile(found.replace("\\/", "/")) for found in re.findall(r"\[/(\^[^\n]+?\$)/, ", script)]
    assert len(patterns) >= 12
    page = Page()
    page.rows = Rows()
    paths = {route.path for route in [*own_routes(page), *table.routes(page), *table.cells(page, None)]}  # type: ignore[arg-type,union-attr]
    for path in paths - NEED_THE_PROGRAM:
        asked_for = re.sub(r"\{\w+:int\}", "7", path).replace("{column}", "path").removeprefix("/api/")
        assert any(pattern.fullmatch(asked_for) for pattern in patterns), f"answers.js does not know {path}"
