"""The page in a process of its own: quick, alone, and gone when it should be."""

import dataclasses
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import psutil
import pytest

from dcase_explore import api, show
from dcase_explore.errors import ExploreError
from dcase_explore.findings.finding import Finding
from dcase_explore.layouts.files import find_layout, read_layout
from dcase_explore.options import Options
from dcase_explore.stored import making
from dcase_explore.stored.exploration import read
from dcase_explore.view import view_of
from dcase_explore.viewer.handle import Viewer
from exploring import free, get, table_of, until

pytestmark = pytest.mark.usefixtures("one_cache")


@pytest.fixture(scope="module")
def page() -> Iterator[Viewer]:
    """One process for many tests, for Spotlight takes seconds to be imported."""
    with Viewer() as viewer:
        yield viewer


@pytest.fixture
def viewer(page: Viewer, recordings: Path, monkeypatch: pytest.MonkeyPatch) -> Viewer:
    """The valves in the simple layout, shown anew."""
    monkeypatch.setattr(api, "_viewer", page)
    return show(str(recordings), class_name="valve", browser=False, layout="simple")


def processes() -> list[psutil.Process]:
    """Viewers that this process has started and that still run, with all their helpers."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if "dcase_explore.viewer.child" in " ".join(process.info["cmdline"] or []):
            found += [process, *process.children(recursive=True)]
    return found


def port_of(viewer: Viewer) -> int:
    return urlsplit(viewer.url).port or 0


def test_stored_exploration_is_the_same_when_read_back(recordings: Path, tmp_path: Path) -> None:
    exploration = view_of(Options(data=[str(recordings)], class_name=["valve"], layout="extended"))
    finding = Finding("hard_normals", "valve", "two normals", "high", ("label",), "why", np.array([3, 1]), {"a": 0.1})
    exploration = dataclasses.replace(exploration, findings=[finding])
    making.store(exploration, tmp_path / "stored").close()
    again = read(tmp_path / "stored")
    vectors = [name for name in exploration.frame if name.startswith("embeddings_")]
    pd.testing.assert_frame_equal(again.frame.drop(columns=vectors), exploration.frame.drop(columns=vectors))
    for name in vectors:
        assert np.array_equal(np.stack(again.frame[name]), np.stack(exploration.frame[name]))
    assert (again.title, again.credits) == (exploration.title, exploration.credits)
    assert dict(again.descriptions) == dict(exploration.descriptions)
    assert list(again.models) == list(exploration.models)
    assert list(again.findings) == list(exploration.findings)
    assert all(np.array_equal(a.rows, b.rows) for a, b in zip(again.findings, exploration.findings, strict=True))


def test_strict_layout_is_strict_in_the_page_as_well(viewer: Viewer, recordings: Path, tmp_path: Path) -> None:
    fits = tmp_path / "fits.json"
    fits.write_text('{"children": [{"kind": "tab", "children": [{"kind": "widget", "type": "table"}]}]}')
    assert show(str(recordings), class_name="valve", layout=str(fits), strict_layout=True, browser=False) is viewer
    viewer.wait()
    assert put(f"{viewer.url}api/layout/load", read_layout("compare")) == 422
    assert put(f"{viewer.url}api/layout/load", read_layout(str(fits))) == 200


def test_show_returns_before_spotlight_is_there_and_imports_it_nowhere_else(recordings: Path) -> None:
    code = f"""
import sys, threading
from dcase_explore import show
assert not {{"pandas", "IPython"}} & set(sys.modules)
viewer = show({str(recordings)!r}, class_name="valve", browser=False)
assert viewer._waiting == 1, "waited for"
assert "renumics.spotlight" not in sys.modules
assert {{thread.name for thread in threading.enumerate()}} <= {{"MainThread", "maps", "tqdm_monitor"}}
print(len(viewer.frame), viewer.layout["children"] != [])
assert viewer._waiting == 0
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.stdout == "16 True\n", result.stderr
    assert "Traceback" not in result.stderr
    assert "resource_tracker" not in result.stderr


def test_page_table_and_sound_come_from_the_other_process(viewer: Viewer) -> None:
    assert table_of(viewer.url)["clip_id"]["values"] == list(viewer.frame["clip_id"])
    status, sound = get(f"{viewer.url}api/table/path/3?generation_id=0")
    assert status == 200
    assert sound == Path(viewer.frame["path"][3]).read_bytes()
    (child,) = {process.pid for process in processes()} & {viewer._process.pid}
    assert child != os.getpid()


def test_layout_is_as_arranged_now_and_is_saved(viewer: Viewer, tmp_path: Path) -> None:
    assert viewer.layout == read_layout("simple")
    viewer.save_layout(tmp_path / "mine.json")
    assert (tmp_path / "mine.json").read_bytes() == find_layout("simple").read_bytes()
    (tmp_path / "notes.md").write_text("# Notes")
    with pytest.raises(ExploreError, match="would be lost"):
        viewer.save_layout(tmp_path / "notes.md")


def test_rows_told_by_the_page_are_rows_of_the_frame(viewer: Viewer) -> None:
    assert len(viewer.selection) == 0
    assert len(viewer.filtered) == 16
    assert put(f"{viewer.url}api/rows", {"selected": [3, 1]}) == 200
    assert list(viewer.selection["clip_id"]) == [viewer.frame["clip_id"][row] for row in (3, 1)]
    assert len(viewer.filtered) == 16
    for wrong in (
        {"selected": [16]},
        {"selected": [-1]},
        {"filtered": ["1"]},
        {"filtered": [True]},
        {"selected": 1},
        [1],
    ):
        assert put(f"{viewer.url}api/rows", wrong) == 422, wrong
    assert len(viewer.selection) == 2


def test_clips_and_findings_are_selected_from_python(viewer: Viewer, recordings: Path) -> None:
    frame = viewer.frame
    ids = [frame["clip_id"][row] for row in (5, 2, 9)]
    for which in (ids, pd.Series(ids), frame.iloc[[5, 2, 9]], tuple(ids) * 2):
        viewer.select([])
        assert len(viewer.selection) == 0
        viewer.select(which)
        assert list(viewer.selection["clip_id"]) == ids
    viewer.select(ids[1])
    told = json.loads(get(f"{viewer.url}api/dcase/chosen")[1])
    assert (told["rows"], told["finding"]) == ([2], None)
    with pytest.raises(ExploreError, match=r"1 clip of 2 not shown, such as nothing: there are .*valve_section_00"):
        viewer.select([ids[0], "nothing"])
    with pytest.raises(ExploreError, match="have no clip_id"):
        viewer.select(frame[["class"]])
    exploration = view_of(Options(data=[str(recordings)], class_name=["valve"], layout="simple"))
    finding = Finding("hard_normals", "valve", "two normals", "high", ("label",), "why", np.array([3, 1]))
    with pytest.raises(ExploreError, match="'two normals' is not among those shown"):
        viewer.select(finding)
    viewer.show(dataclasses.replace(exploration, findings=[finding]))
    assert json.loads(viewer._get("api/dcase/chosen")) == {"number": 0}, "of what was shown before"
    assert viewer.findings == [finding]
    viewer.select(dataclasses.replace(finding, rows=np.array([7])))  # as the whole has it, of which a part is shown
    told = json.loads(get(f"{viewer.url}api/dcase/chosen")[1])
    assert (told["rows"], told["finding"]) == ([3, 1], "two normals")
    assert list(viewer.selection["clip_id"]) == [frame["clip_id"][3]]
    for wrong in ({}, {"rows": [99], "finding": None}, {"rows": [1], "finding": 3}, {"rows": None, "finding": None}):
        assert put(f"{viewer.url}api/dcase/chosen", wrong) == 422


def put(url: str, document: object) -> int:
    request = urllib.request.Request(url, json.dumps(document).encode(), method="PUT")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_page_answers_while_this_process_computes(viewer: Viewer) -> None:
    viewer.wait()
    ended = threading.Event()

    def compute() -> None:
        while not ended.is_set():
            sum(number * number for number in range(10**5))

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        code = f"import urllib.request as r; print(r.urlopen({viewer.url + 'api/table/'!r}, timeout=20).status)"
        for _ in range(3):
            assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "200\n"
    finally:
        ended.set()
        thread.join()


def test_second_show_takes_the_place_of_the_first_and_new_opens_another(recordings: Path) -> None:
    with show(str(recordings), class_name="valve", browser=False, new=True) as first:
        same = show(str(recordings), class_name="fan", layout="extended", browser=False)
        assert same is first
        same.wait()
        assert set(table_of(first.url)["clip_id"]["values"]) == set(first.frame["clip_id"])
        assert first.layout == read_layout("extended")
        with show(str(recordings), class_name="valve", browser=False, new=True) as other:
            assert other.url != first.url
            assert set(other.frame["class"]) == {"valve"}
            assert set(first.frame["class"]) == {"fan"}
        assert not other.running
        assert first.running


def test_closing_frees_process_port_and_files(recordings: Path) -> None:
    viewer = show(str(recordings), class_name="valve", browser=False, new=True)
    viewer.wait()
    port, folder = port_of(viewer), viewer._folder
    started = time.monotonic()
    viewer.close()
    assert time.monotonic() - started < 5
    viewer.close()
    assert not folder.exists()
    assert free(port)
    assert not psutil.pid_exists(viewer._process.pid)
    assert repr(viewer) == "<Viewer: closed>"
    for ask in (lambda: viewer.layout, lambda: viewer.save_layout("x.json")):
        with pytest.raises(ExploreError, match=r"call show\(\) again"):
            ask()
    assert len(viewer.frame) == 16, "what was shown is still at hand"


def test_closing_while_spotlight_is_imported_does_not_wait_for_it() -> None:
    viewer = Viewer()
    assert viewer.url.startswith("http://127.0.0.1:")
    started = time.monotonic()
    viewer.close()
    assert time.monotonic() - started < 5
    assert viewer._process.returncode == 0


def test_viewer_that_nobody_holds_ends() -> None:
    viewer = Viewer()
    process = viewer._process
    del viewer
    gc.collect()
    assert until(lambda: process.poll() is not None)


def test_viewer_ended_from_outside_is_said_and_show_starts_another(recordings: Path) -> None:
    viewer = show(str(recordings), class_name="valve", browser=False, new=True)
    viewer.wait()
    viewer._process.kill()
    viewer._process.wait()
    with pytest.raises(ExploreError, match=r"call show\(\) again"):
        _ = viewer.layout
    with show(str(recordings), class_name="valve", browser=False) as other:
        assert other is not viewer
        assert other.layout


STARTED = """
import os, sys, time
from dcase_explore import show
viewer = show({data!r}, class_name="valve", browser=False)
viewer.wait()
print(viewer.url, viewer._process.pid, viewer._folder, flush=True)
if os.fork() == 0:  # a process of the user's, which holds the pipe as well
    time.sleep(60)
    os._exit(0)
{end}
"""


@pytest.mark.parametrize(
    "end", ["os.kill(os.getpid(), 9)", "os._exit(1)", "raise SystemExit", "raise KeyboardInterrupt"], ids=str
)
def test_no_end_of_the_kernel_leaves_process_or_port(recordings: Path, end: str) -> None:
    code = STARTED.format(data=str(recordings), end=end)
    kernel = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert kernel.stdout is not None
    url, pid, folder = kernel.stdout.readline().split()
    kernel.wait(60)
    assert until(lambda: not psutil.pid_exists(int(pid)))
    assert until(lambda: not Path(folder).exists())
    assert until(lambda: free(urlsplit(url).port or 0))
    kernel.stdout.close()


def test_interrupt_of_the_kernel_is_none_of_the_page(recordings: Path) -> None:
    code = STARTED.format(data=str(recordings), end="time.sleep(60)")
    kernel = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert kernel.stdout is not None
    url, pid, _ = kernel.stdout.readline().split()
    os.kill(int(pid), signal.SIGINT)
    time.sleep(0.5)
    assert get(url)[0] == 200
    os.killpg(kernel.pid, signal.SIGINT)  # as Jupyter does, to all processes of the kernel's group
    kernel.wait(60)
    assert until(lambda: not psutil.pid_exists(int(pid)))
    kernel.stdout.close()


def test_closing_beside_a_process_that_holds_the_pipe_is_quick_and_leaves_no_helper(recordings: Path) -> None:
    viewer = show(str(recordings), class_name="valve", browser=False, new=True)
    viewer.wait()
    if (copy := os.fork()) == 0:
        time.sleep(60)
        os._exit(0)
    try:
        helpers = psutil.Process(viewer._process.pid).children(recursive=True)
        started = time.monotonic()
        viewer.close()
        assert time.monotonic() - started < 5
        assert until(lambda: not any(helper.is_running() for helper in helpers))
    finally:
        os.kill(copy, signal.SIGKILL)
        os.waitpid(copy, 0)


def test_end_of_a_copy_of_this_process_is_none_of_the_viewer(recordings: Path) -> None:
    code = f"""
import os, sys
from dcase_explore import show
viewer = show({str(recordings)!r}, class_name="valve", browser=False)
if os.fork() == 0:
    sys.exit(0)
os.wait()
assert viewer._folder.exists()
print(len(viewer.filtered), oct(viewer._folder.stat().st_mode & 0o777))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.stdout == "16 0o700\n", result.stderr


def test_interrupted_wait_loses_no_answer(recordings: Path) -> None:
    with show(str(recordings), class_name="valve", browser=False, new=True) as viewer:
        frame = viewer.frame
        os.kill(viewer._process.pid, signal.SIGSTOP)  # or its answer would come before the interrupt
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                _ = viewer.selection
        finally:
            os.kill(viewer._process.pid, signal.SIGCONT)
        timer.join()
        assert len(viewer.filtered) == 16
        assert show(frame.head(3), browser=False) is viewer
        assert len(viewer.filtered) == 3


def test_working_folder_of_any_content_does_no_harm(recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "queue.py").write_text("raise ImportError('not this one')")
    code = f"""
import sys
sys.path = [place for place in sys.path if place not in ("", {str(tmp_path)!r})]
from dcase_explore import show
print(len(show({str(recordings)!r}, class_name="valve", browser=False).filtered))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert result.stdout == "16\n", result.stderr


def test_full_disk_is_one_sentence_and_leaves_the_page(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(making, "store", full)
        with pytest.raises(ExploreError, match="set TMPDIR to a folder with room"):
            show(viewer.frame.head(3), browser=False)
    assert len(viewer.frame) == len(viewer.filtered) == 16


def test_own_columns_of_any_type_are_shown(recordings: Path) -> None:
    frame = view_of(Options(data=[str(recordings)], class_name=["valve"])).frame
    own = {
        "intervals": pd.cut(np.arange(16), 4),
        "things": [{"a": 1}, None] * 8,
        "mixed": [1, "x"] * 8,
        "moments": pd.date_range("2026-01-01", periods=16),
        "periods": pd.period_range("2026-01", periods=16, freq="M"),
        "huge": [2**70] * 16,
        "complex": np.arange(16) * 1j,
        "sparse": pd.arrays.SparseArray([0.0, 1.0] * 8),
        "bytes": [b"x"] * 16,
        "flags": [True, False] * 8,
        "whole": np.arange(16, dtype=np.int8),
    }
    with show(frame.assign(**own), browser=False, new=True) as viewer:
        viewer.wait()
        served = table_of(viewer.url)
    assert set(own) <= set(served)
    assert served["things"]["values"][:2] == ["{'a': 1}", None]
    assert served["sparse"]["values"][:2] == [0, 1]
    assert served["whole"]["values"] == list(range(16))


def test_error_of_show_leaves_no_process(recordings: Path) -> None:
    before = {process.pid for process in processes()}
    with pytest.raises(ExploreError, match="did you mean valve"):
        show(str(recordings), class_name="vlave", browser=False, new=True)
    assert until(lambda: {process.pid for process in processes()} <= before)


def test_error_of_a_second_show_leaves_the_first(viewer: Viewer, recordings: Path) -> None:
    with pytest.raises(ExploreError, match="did you mean simple"):
        show(str(recordings), layout="simpel", browser=False)
    assert table_of(viewer.url)["clip_id"]["values"] == list(viewer.frame["clip_id"])


def test_page_that_cannot_be_shown_says_why(recordings: Path) -> None:
    with show(str(recordings), class_name="valve", browser=False, new=True) as viewer:
        viewer.wait()
        with viewer._lock:
            viewer._process.stdin.write(b'{"folder": "/nowhere", "layout": {}, "strict": false}\n')  # type: ignore[union-attr]
            viewer._process.stdin.flush()  # type: ignore[union-attr]
            viewer._waiting += 1
        with pytest.raises(ExploreError, match="/nowhere is damaged"):
            viewer.wait()
        assert get(viewer.url)[0] == 200, "what was shown is still shown"


def test_settings_that_cannot_be_kept_are_no_reason_for_no_page(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    with show(str(recordings), class_name="valve", browser=False, new=True) as viewer:
        viewer.wait()
        assert get(viewer.url)[0] == 200
        assert put(f"{viewer.url}api/config/colors", {"value": {"robust": True}}) == 200
        assert get(f"{viewer.url}api/config/colors") == (200, b'{"robust":true}')
        status, body = get(f"{viewer.url}api/table/label?generation_id=0")  # which Spotlight itself answers
        assert status == 503
        assert b"set XDG_CONFIG_HOME" in body


def test_secret_is_not_in_the_command_line_and_lets_a_notebook_server_in(viewer: Viewer) -> None:
    assert viewer.token not in " ".join(viewer._process.args)  # type: ignore[arg-type]
    viewer.wait()
    elsewhere = {"Host": "hub.example.org", "Origin": "http://hub.example.org"}
    assert get(viewer.url, **elsewhere)[0] == 403
    assert get(f"{viewer.url}?token=guessed", **elsewhere)[0] == 403
    assert get(f"{viewer.url}?token={viewer.token}", **elsewhere)[0] == 200
    cookie = {"Cookie": f"other=1; dcase-explore={viewer.token}"}
    assert get(f"{viewer.url}api/table/", **elsewhere, **cookie)[0] == 200
    assert get(f"{viewer.url}api/table/", **elsewhere, Cookie="dcase-explore=guessed")[0] == 403
    assert get(f"{viewer.url}api/table/", **{**elsewhere, "Origin": "https://hub.example.org"}, **cookie)[0] == 200
    assert get(f"{viewer.url}api/table/", Origin=viewer.url.rstrip("/").replace("http:", "https:"))[0] == 403
    assert get(f"{viewer.url}api/table/", **{**elsewhere, "Origin": "http://evil.example.org"}, **cookie)[0] == 403


def test_fifty_shows_leave_memory_and_threads_as_they_were(viewer: Viewer, capsys: pytest.CaptureFixture[str]) -> None:
    frame = viewer.frame
    here, there = psutil.Process(), psutil.Process(viewer._process.pid)
    figures = []
    for _ in range(50):
        show(frame, layout="extended", browser=False)
        viewer.wait()
        assert table_of(viewer.url)["clip_id"]["values"]
        figures.append(
            [there.memory_info().rss / 2**20, there.num_threads(), here.num_threads(), here.num_fds(), there.num_fds()]
        )
    first, last = np.median(figures[5:15], axis=0), np.median(figures[-10:], axis=0)
    with capsys.disabled():
        names = ("MB", "threads of the page", "threads here", "files here", "files of the page")
        changes = zip(names, first, last, strict=True)
        print("\n50 shows: " + ", ".join(f"{name} {a:.0f} -> {b:.0f}" for name, a, b in changes))
    assert last[0] - first[0] < 30, "MB"
    assert (last[1:] <= first[1:] + 1).all()
    assert len(list(viewer._folder.iterdir())) == 1
    assert json.dumps(viewer.layout)
