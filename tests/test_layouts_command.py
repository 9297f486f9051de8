"""`dcase-explore layouts`, and --layout, --save-layout, --strict-layout as commands."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from commands import run as in_a_process
from dcase_explore.cli import app
from dcase_explore.layouts.curated import curated_names
from dcase_explore.layouts.files import find_layout, read_layout
from dcase_explore.layouts.normal import normal
from dcase_explore.layouts.tree import widgets
from test_layouts import AE, of_widget, save

pytestmark = pytest.mark.usefixtures("one_cache")


@dataclass
class Ended:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str) -> Ended:
    """Run a command in this process, which has imported already what it needs."""
    result = CliRunner().invoke(app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


def succeeds(*arguments: str) -> Ended:
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    return result


def of(*arguments: str) -> Any:
    return json.loads(succeeds("layouts", *arguments, "--format", "json").stdout)


def test_list_tells_what_each_needs() -> None:
    result = succeeds("layouts", "list")
    assert "compare\n  needs 2 scores, 2 decisions, 2 costs, label\n" in result.stdout
    assert result.stderr == ""
    entries = of("list")
    assert [entry["name"] for entry in entries] == curated_names()
    assert all(entry["curated"] and Path(entry["file"]).is_file() and "needs" in entry for entry in entries)
    assert "fits" not in entries[0]


def test_list_tells_what_the_data_at_hand_have(real_scores: Path) -> None:
    entries = {entry["name"]: entry for entry in of("list", "--data", str(real_scores))}
    assert not entries["simple"]["fits"]
    assert entries["compare"]["missing"] == []
    assert entries["compare"]["replaced"][f"anomaly_score_{AE}"].startswith("anomaly_score_baseline_")
    assert any("map_" in column for column in entries["simple"]["missing"])
    said = succeeds("layouts", "list", "--data", str(real_scores)).stdout
    assert f"score baseline_MAHALA for score {AE}" in said
    assert "left out 'Map: near sounds alike' (no embedding" in said


def test_list_has_those_of_the_library_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    succeeds("layouts", "save", "compare", "mine")
    (tmp_path / "library" / "broken.json").write_text("{")
    entries = {entry["name"]: entry for entry in of("list")}
    assert entries["mine"]["needs"] == entries["compare"]["needs"]
    assert "not a JSON file" in entries["broken"]["problem"]
    said = succeeds("layouts", "list").stdout
    assert f"mine (yours: {tmp_path / 'library' / 'mine.json'})" in said
    assert "cannot be used: " in said


def test_show_draws_every_widget_where_it_is() -> None:
    drawn = succeeds("layouts", "show", "extended").stdout
    lines = drawn.splitlines()
    assert all(len(line) <= 100 for line in lines)
    for widget in widgets(read_layout("extended")):
        assert any(widget["name"] in line for line in lines), widget["name"]
    (findings,) = [number for number, line in enumerate(lines) if "Findings" in line]
    (clips,) = [number for number, line in enumerate(lines) if "Clips" in line]
    assert 0 < findings < clips
    (listen,) = [line for line in lines if "Listen" in line]
    assert listen.index("Listen") > len(listen) / 2, "on the right"
    assert of("show", "extended") == read_layout("extended")


def test_show_with_data_draws_what_is_left(real_scores: Path) -> None:
    result = succeeds("layouts", "show", "extended", "--data", str(real_scores))
    assert "Both models" in result.stdout
    assert "Other map" not in result.stdout
    assert "left out" in result.stderr
    shown = of("show", "extended", "--data", str(real_scores))
    assert shown == normal(shown)
    assert AE not in json.dumps(shown)


def test_check_says_everything_that_is_wrong(tmp_path: Path) -> None:
    path = save(tmp_path, of_widget(type="histogram", config={"columKey": "label", "filter": "yes"}))
    result = run("layouts", "check", path)
    assert result.returncode == 1
    assert result.stdout.splitlines() == [
        "children[0].children[0].config.columKey is no key that is known here; "
        "did you mean columnKey or stackByColumnKey?",
        "children[0].children[0].config.filter must be a boolean, not 'yes'",
    ]
    assert result.stderr == f"dcase-explore: {path}: 2 problems, said on standard output\n"
    result = run("layouts", "check", path, "--format", "json")
    assert result.returncode == 1
    document = json.loads(result.stdout)
    assert document["file"] == path
    assert len(document["problems"]) == 2


def test_check_of_what_is_no_layout_or_is_not_there(tmp_path: Path) -> None:
    for name in (save(tmp_path, b"{"), str(tmp_path / "none.json"), "extendet"):
        result = run("layouts", "check", name, "--format", "json")
        assert result.returncode == 1
        (problem,) = json.loads(result.stdout)["problems"]
        assert name in problem


def test_check_with_data_tells_what_they_lack_and_strictly_refuses(real_scores: Path, tmp_path: Path) -> None:
    path = save(
        tmp_path, of_widget(type="histogram", config={"columnKey": "anomaly_score_other", "stackByColumnKey": "d9v"})
    )
    data = ("--data", str(real_scores))
    document = of("check", path, *data)
    assert document["problems"] == []
    assert document["replaced"] == {"anomaly_score_other": "anomaly_score_baseline_MAHALA", "d9v": "attributes"}
    result = run("layouts", "check", path, *data, "--strict-layout")
    assert result.returncode == 1
    assert result.stdout.splitlines()[0] == (
        "children[0].children[0].config.columnKey names anomaly_score_other, which this data does not have"
    )


def test_save_keeps_and_tells_where(recordings: Path, tmp_path: Path) -> None:
    document = of("save", "compare", "mine")
    assert document == {"name": "mine", "file": str(tmp_path / "library" / "mine.json")}
    again = run("layouts", "save", "simple", "mine")
    assert again.returncode == 1
    assert again.stdout == ""
    assert "--replace" in again.stderr
    succeeds("layouts", "save", "simple", "mine", "--replace")
    shown = in_a_process("--data", str(recordings), "--class", "valve", "--layout", "mine", "--check")
    assert shown.stdout.endswith("layout mine · page and table of 16 rows answered\n")


def test_names_with_dots_and_names_that_steer_a_terminal(recordings: Path, tmp_path: Path) -> None:
    succeeds("layouts", "save", "simple", "v1.2")
    hostile = of_widget(type="histogram", config={"columnKey": "\x1b]0;owned\x07\x1b[2J"})
    (tmp_path / "library" / "hostile.json").write_text(json.dumps(hostile))
    said = succeeds("layouts", "list").stdout
    assert "\x1b" not in said
    assert "\x07" not in said
    result = run("layouts", "show", "v1.2", "--data", str(recordings), "--class", "valve")
    assert "layout v1.2: " in result.stderr


def test_usage_errors_end_with_code_two() -> None:
    for command in (["layouts", "save", "simple"], ["layouts", "nope"], ["layouts", "check"]):
        assert run(*command).returncode == 2, command


def test_options_before_the_command_are_refused() -> None:
    result = run("--layout", "simple", "layouts", "list")
    assert result.returncode == 2
    assert "put --layout after layouts" in result.stderr


def test_strict_layout_is_refused_before_spotlight_is_started(real_scores: Path) -> None:
    data = ("--data", str(real_scores), "--class", "valve", "--check", "--layout", "extended")
    result = run(*data, "--strict-layout")
    assert result.returncode == 1
    assert result.stdout == ""
    last = result.stderr.splitlines()[-1]
    assert "children[0]" in last
    assert "which this data does not have" in last


@pytest.mark.parametrize(
    ("file", "part"),
    [("https://example.org/x.json", "no file to save"), ("", "no file to save"), (".", "is a folder")],
)
def test_file_that_cannot_be_saved_to_is_refused_before_data_are_read(file: str, part: str) -> None:
    result = run("--data", "demo", "--save-layout", file, "--check")
    assert result.returncode == 1
    assert part in result.stderr
    assert result.stderr.count("\n") == 1


def test_check_saves_the_layout_as_it_would_be_opened(recordings: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    result = in_a_process(
        "--data", str(recordings), "--class", "valve", "--layout", "extended", "--save-layout", str(path), "--check"
    )
    assert f"layout saved to {path}\n" in result.stderr
    assert path.read_bytes() == find_layout("extended").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_layout_is_saved_when_the_command_ends(recordings: Path, tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "mine.json"
    command = [sys.executable, "-m", "dcase_explore", "--data", str(recordings), "--class", "valve"]
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen([*command, "--no-browser", "--save-layout", str(path)], stderr=said)
    try:
        while "open at " not in (text := (tmp_path / "said").read_text()):
            assert process.poll() is None, text
            time.sleep(0.1)
        url = text.split("open at ")[1].split(" ")[0]
        with urllib.request.urlopen(f"{url}api/layout/") as answer:
            layout = json.load(answer)
        next(widgets(layout))["name"] = "Arranged"
        body = json.dumps({"layout": layout}).encode()
        request = urllib.request.Request(
            f"{url}api/layout/", body, {"Content-Type": "application/json", "Origin": url.rstrip("/")}, method="PUT"
        )
        urllib.request.urlopen(request).close()
        saved = path.read_bytes()
        assert b'"Arranged"' in saved
    finally:
        process.send_signal(number)
        process.wait(30)
    assert path.read_bytes() == saved
    assert f"layout saved to {path}" in (tmp_path / "said").read_text()
