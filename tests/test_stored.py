"""What is stored of an exploration: found again if nothing has changed, made again if anything has, lost to nobody."""

import dataclasses
import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from dcase_explore import parquet
from dcase_explore.cache import in_the_making
from dcase_explore.cli import app
from dcase_explore.clips import conform
from dcase_explore.exploration import Exploration
from dcase_explore.exploring import explored
from dcase_explore.notes import NAME, Notes
from dcase_explore.notes.files import Note
from dcase_explore.options import Options
from dcase_explore.stored import ABOUT, CELLS, ISSUES, TABLE, Stored, kept, made_of, making
from exploring import get, until


def clips_of(count: int = 40) -> pd.DataFrame:
    """A clip table with a score and a text, nothing of which has to be computed or listened to."""
    rng = np.random.default_rng(3)
    labels = ["normal", "anomaly"] * (count // 2)
    names = [f"section_00_source_test_{label}_{number:04d}.wav" for number, label in enumerate(labels)]
    return conform(
        pd.DataFrame(
            {
                "clip_id": [f"test/fan_{name}" for name in names],
                "class": "fan",
                "split": "test",
                "section": 0,
                "domain": ["source", "source", "target", "target"] * (count // 4),
                "label": labels,
                "anomaly_score_mine": rng.normal(size=count) + np.array([0, 1] * (count // 2)),
                "remarks": [f"clip {number} {'ä' * number * 5}" if number % 3 else None for number in range(count)],
            }
        )
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The same in a file."""
    path = tmp_path / "clips.parquet"
    parquet.write(clips_of(), path, {})
    return path


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one whenever an exploration is made."""
    from dcase_explore import exploring

    times: list[str] = []

    def counting(options: Options, **others: Any) -> Exploration:
        times.append("made")
        return explored(options, **others)

    monkeypatch.setattr(exploring, "explored", counting)
    return times


def launch(*arguments: str) -> tuple[str, list[str]]:
    """What is printed, and what is said."""
    result = CliRunner().invoke(app, [*arguments, "--check"])
    assert result.exit_code == 0, result.output
    return result.stdout, [line for line in result.stderr.splitlines() if line]


def test_second_launch_makes_nothing_and_says_the_same(data: Path, made: list[str]) -> None:
    first = launch("--data", str(data))
    assert launch("--data", str(data)) == first
    assert made == ["made"]
    assert any("not looked for" in sentence for sentence in first[1])
    assert "40 clips of fan" in first[0]


def test_second_launch_imports_nothing_that_the_first_was_made_with(data: Path) -> None:
    code = f"""
import sys
from dcase_explore.cli import app
try:
    app(["--data", {str(data)!r}, "--check"], standalone_mode=False)
finally:
    print(sorted({{"pandas", "numpy", "pyarrow", "renumics.spotlight", "scipy", "soundfile"}} & set(sys.modules)))
"""
    results = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True) for _ in range(2)]
    assert "'pandas'" in results[0].stdout, results[0].stderr
    assert results[1].stdout.splitlines()[-1] == "[]", results[1].stderr
    assert results[1].stderr == results[0].stderr


def test_another_layout_is_shown_of_the_same(data: Path, made: list[str]) -> None:
    assert launch("--data", str(data))[0].rstrip().split(" · ")[-2] == "layout scores"
    assert launch("--data", str(data), "--layout", "simple")[0].rstrip().split(" · ")[-2] == "layout simple"
    assert made == ["made"]


CHANGES: dict[str, Callable[[Path], None]] = {
    "content": lambda path: parquet.write(clips_of(44), path, {}),
    "time": lambda path: os.utime(path, ns=(1, 1)),
    "file": lambda path: shutil.copy2(path, path.with_suffix(".new")) and path.with_suffix(".new").replace(path),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_of_a_file_has_it_made_again(data: Path, made: list[str], change: str) -> None:
    launch("--data", str(data))
    CHANGES[change](data)
    printed, _ = launch("--data", str(data))
    assert made == ["made"] * 2
    assert ("44 clips" in printed) == (change == "content")
    launch("--data", str(data))
    assert len(made) == 2


def test_files_of_scores_and_folders_count_as_well(tmp_path: Path) -> None:
    scores, folder = tmp_path / "scores.csv", tmp_path / "results"
    (folder / "below").mkdir(parents=True)
    scores.write_text("1")
    options = Options(data=[str(folder)], scores={"mine": [str(scores)]}, ground_truth=tmp_path / "absent")
    stamps = [made_of.stamp_of(options)]
    for change in (
        lambda: scores.write_text("22"),
        lambda: (folder / "below" / "a.wav").write_bytes(b"1"),
        lambda: (folder / "below" / "a.wav").rename(folder / "below" / "b.wav"),
        lambda: (folder / "below" / "b.wav").unlink(),
        lambda: (tmp_path / "absent").write_text(""),
    ):
        change()
        stamps.append(made_of.stamp_of(options))
    assert all(stamp != before for before, stamp in pairwise(stamps))
    (folder / "round").symlink_to(folder)
    assert made_of.stamp_of(options).files == 2, "a link that leads back is followed once"


def test_notes_are_read_by_the_page_and_only_their_first_changes_the_table(data: Path, made: list[str]) -> None:
    launch("--data", str(data))
    notes = Notes(data.with_name(f"{data.name}.notes.csv"))
    clips = clips_of()["clip_id"]
    for number, (clip, note, times) in enumerate(
        [
            (clips[0], Note("noise"), 2),  # from now on there is a column of tags
            (clips[1], Note("other"), 2),
            (clips[1], Note("other", "hums"), 3),  # and one of texts
            (clips[2], Note("", "rattles"), 3),
            (clips[0], Note(), 3),
        ]
    ):
        notes.keep(clip, note)
        launch("--data", str(data))
        assert len(made) == times, number
    found = kept.find(Options(data=[str(data)]))
    assert found is not None
    assert found.stored.notes_file == notes.path
    found.stored.close()
    notes.path.unlink()
    launch("--data", str(data))
    assert len(made) == 4


def test_notes_within_a_folder_of_data_are_none_of_its_files(tmp_path: Path) -> None:
    options = Options(data=[str(tmp_path)], notes=str(tmp_path / "mine.csv"))
    before = made_of.stamp_of(options)
    for name in (NAME, f".{NAME}.lock", "mine.csv", ".mine.csv.lock"):
        (tmp_path / name).write_text("")
        assert made_of.stamp_of(options) == before
    (tmp_path / "other.csv").write_text("")
    assert made_of.stamp_of(options) != before


def test_recordings_outside_of_the_folders_given_count(tmp_path: Path) -> None:
    sound = tmp_path / "elsewhere.wav"
    sound.write_bytes(b"1")
    options = Options(data=["demo"])
    before = made_of.stamp_of(options, [str(sound)])
    sound.write_bytes(b"12")
    assert made_of.stamp_of(options, [str(sound)]) != before


def test_every_option_but_those_of_the_layout_names_another(tmp_path: Path) -> None:
    changed = {
        "data": ["other"],
        "config": ("add",),
        "class_name": ("fan",),
        "scores": {"mine": "a.csv"},
        "embeddings": {"mine": "a.npy"},
        "ground_truth": "labels",
        "year": ("2020",),
        "notes": "notes.json",
        "audio": "none",
        "split": "test",
        "domain": "source",
        "limit": 3,
    }
    assert {one.name for one in dataclasses.fields(Options)} == {*changed, "layout", "strict_layout"}
    plain = Options(data=["some"])
    others = [dataclasses.replace(plain, **{name: value}) for name, value in changed.items()]
    assert len({made_of.name_of(one) for one in [plain, *others]}) == len(others) + 1
    assert made_of.name_of(dataclasses.replace(plain, layout="extended", strict_layout=True)) == made_of.name_of(plain)
    assert made_of.name_of(dataclasses.replace(plain, scores={"mine": [1.0]})) is None
    assert made_of.name_of(dataclasses.replace(plain, data=[clips_of()])) is None


def folder_of(cache: Path) -> Path:
    (folder,) = (cache / kept.FOLDER).iterdir()
    return folder


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut short": lambda folder: (folder / TABLE).write_bytes((folder / TABLE).read_bytes()[:-1]),
    "without findings": lambda folder: (folder / ISSUES).unlink(),
    "without cells": lambda folder: shutil.rmtree(folder / CELLS),
    "cells cut short": lambda folder: [path.write_bytes(path.read_bytes()[:16]) for path in (folder / CELLS).iterdir()],
    "no JSON": lambda folder: (folder / ABOUT).write_bytes(b"\x00{"),
    "JSON of another kind": lambda folder: (folder / ABOUT).write_bytes(b"[1]"),
    "of another version": lambda folder: (folder / ABOUT).write_bytes(
        json.dumps({**json.loads((folder / ABOUT).read_bytes()), "format": 0}).encode()
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_said_and_it_is_made_again(data: Path, own_cache: Path, made: list[str], damage: str) -> None:
    first = launch("--data", str(data))
    DAMAGES[damage](folder_of(own_cache))
    printed, said = launch("--data", str(data))
    assert (printed, said[1:]) == first
    assert "it is made again" in said[0]
    assert launch("--data", str(data)) == first
    assert len(made) == 2


def test_half_written_ones_are_neither_shown_nor_left(data: Path, own_cache: Path, made: list[str]) -> None:
    launch("--data", str(data))
    half, killed = (own_cache / kept.FOLDER / name for name in (".half.written", ".killed.part"))
    half.mkdir()
    (killed / CELLS).mkdir(parents=True)
    parted = own_cache / kept.FOLDER / "replaced-and-killed" / CELLS
    parted.mkdir(parents=True)
    with in_the_making(own_cache / kept.FOLDER / "other", folder=True) as being_made:
        launch("--data", str(data), "--fresh")
        assert being_made.exists(), "another program is writing it"
    assert half.exists(), "another program may be writing it"
    assert not killed.exists()
    assert not parted.parent.exists()
    os.utime(half, (0, 0))
    launch("--data", str(data), "--fresh")
    assert not half.exists()
    assert len(made) == 3
    assert folder_of(own_cache)


def test_cache_that_cannot_be_written_is_said_once_and_all_works(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    whole = launch("--data", str(data))
    with monkeypatch.context() as patch:
        patch.setattr(kept, "cache_folder", full)
        printed, said = launch("--data", str(data), "--fresh")
    assert printed == whole[0]
    assert [sentence for sentence in said if sentence not in whole[1]] == [
        "what is shown cannot be kept for the next time (No space left on device)"
    ]


def test_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    exploration = explored(Options(data=[clips_of()]))
    making.store(exploration, tmp_path / "stored" / "one").close()
    with monkeypatch.context() as patch:
        patch.setattr(making.parquet, "write", full)
        with pytest.raises(OSError, match="No space"):
            making.store(exploration, tmp_path / "stored" / "two")
    assert [path.name for path in (tmp_path / "stored").iterdir()] == ["one"]


def test_two_at_once_make_the_same(data: Path, own_cache: Path) -> None:
    arguments = ["--data", str(data), "--check", "--fresh"]
    code = f"from dcase_explore.cli import app\napp({arguments!r}, standalone_mode=False)"
    both = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert outputs[0] == outputs[1]
    assert folder_of(own_cache)


def test_what_is_shown_stays_though_the_cache_is_cleared_away(data: Path, own_cache: Path) -> None:
    options = Options(data=[str(data)])
    found = kept.make(options, lambda: explored(options))
    whole = [found.stored.cells("remarks")[row] for row in range(40)]  # type: ignore[index]
    assert kept.clean()[0] == 1
    assert not list((own_cache / kept.FOLDER).iterdir())
    assert [found.stored.cells("remarks")[row] for row in range(40)] == whole  # type: ignore[index]
    assert json.loads(found.stored.table.read())["columns"]
    assert kept.find(options) is None


def test_cells_are_the_values(tmp_path: Path) -> None:
    frame = clips_of()
    stored = making.store(explored(Options(data=[frame])), tmp_path / "stored")
    cells = stored.cells("remarks")
    assert cells is not None
    assert [cells.text(row) for row in range(40)] == frame["remarks"].where(frame["remarks"].notna(), None).to_list()
    for row in (-1, 40):
        with pytest.raises(IndexError):
            cells[row]
    assert stored.cells("label") is None


def test_bounds_are_kept_by_clearing_away_what_was_shown_longest_ago(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = []
    for number in range(4):
        options = Options(data=["some"], limit=number + 1)
        kept.make(options, lambda: explored(Options(data=[clips_of()])))
        (folder,) = set((own_cache / kept.FOLDER).iterdir()) - set(places)
        os.utime(folder / ABOUT, (time.time() - 1_000 + number,) * 2)
        places.append(folder)
    size = kept.holdings()[2] // 4
    monkeypatch.setattr(kept, "MAX_BYTES", int(3.5 * size))
    kept._clear(but=places[0])
    assert set((own_cache / kept.FOLDER).iterdir()) == {places[0], *places[2:]}, "the one that is shown now stays"
    monkeypatch.setattr(kept, "MAX_DAYS", 0)
    kept._clear(but=places[3])
    assert set((own_cache / kept.FOLDER).iterdir()) == {places[3]}


def test_data_info_and_clean(data: Path) -> None:
    launch("--data", str(data))
    told = CliRunner().invoke(app, ["data", "info"]).stdout
    assert "1 stored exploration, 0.0 MB" in told
    about = json.loads(CliRunner().invoke(app, ["data", "info", "--format", "json"]).stdout)["stored_explorations"]
    assert about["count"] == 1
    assert about["bytes"] > 1_000
    assert CliRunner().invoke(app, ["data", "clean"]).stdout.startswith("1 stored exploration cleared away")
    assert "stored exploration" not in CliRunner().invoke(app, ["data", "info"]).stdout


def test_timings_sum_up(data: Path) -> None:
    for _ in range(2):
        _, said = launch("--data", str(data), "--timings")
        lines = [line.split(" s  ") for line in said if " s  " in line]
        *parts, total = [float(seconds) for seconds, _ in lines]
        assert lines[-1][1] == "total"
        assert sum(parts) == pytest.approx(total, abs=0.01 * len(parts))


def test_many_files_are_looked_at_behind_the_page_and_what_has_changed_is_shown_then(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"""
from dcase_explore.stored import kept
kept.MANY = 0
from dcase_explore.cli import app
app(["--data", {str(data)!r}, "--no-browser"], standalone_mode=False)
"""
    launch("--data", str(data))
    parquet.write(clips_of(44), data, {})
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said: list[str] = []
        thread = threading.Thread(target=lambda: said.extend(process.stderr or ()))
        thread.start()
        try:
            assert until(lambda: any("44 clips" in line for line in said)), said
            (url,) = [line.split()[2] for line in said if line.startswith("open at")]
            assert len(json.loads(get(f"{url}api/table/")[1])["columns"][0]["values"]) == 44
        finally:
            process.terminate()
            thread.join()
    shown = [line for line in said if "clips of fan" in line]
    assert ["40 clips" in shown[0], "44 clips" in shown[1]] == [True, True]
    assert any("files have changed since this was made" in line for line in said)


def test_opening_what_is_none_is_an_error(tmp_path: Path) -> None:
    from dcase_explore.errors import ExploreError

    with pytest.raises(ExploreError, match="is damaged"):
        Stored(tmp_path)
