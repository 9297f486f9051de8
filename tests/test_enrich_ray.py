"""The stages that listen on Ray: several actors, one of them killed; skipped where Ray is not installed."""

import json
import os
import signal
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from typer.testing import CliRunner

from dcase_explore.cli import app
from dcase_explore.enrich import logmel, on_ray
from dcase_explore.enrich.enriched import Enriched, Settings
from dcase_explore.enrich.on_ray import listen_on_ray
from dcase_explore.enrich.pipeline import enrich_by_models
from dcase_explore.errors import ExploreError
from dcase_explore.sources import read_sources
from exploring import make_recordings, until
from tiny_model import make_model

AE = "dcase2023_task2_baseline_ae"
STAGES = ("ast", "ae")


def actors() -> list[psutil.Process]:
    """Those that this process started."""
    children = psutil.Process().children(recursive=True)
    return [each for each in children if each.is_running() and "Map" in " ".join(each.cmdline()[:1])]


def compare(one: pd.DataFrame, other: pd.DataFrame, tolerance: float) -> None:
    assert list(one) == list(other)
    for name in (f"anomaly_score_{AE}", "embeddings_tiny-ast", f"embeddings_{AE}"):
        values = (np.stack(frame[name].dropna().to_list()) for frame in (one, other))
        np.testing.assert_allclose(*values, rtol=tolerance, atol=tolerance)


def test_one_of_several_actors_is_killed_and_nothing_is_lost(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("torch", "ray"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'dcase-explore[scale]'")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # where Ray keeps the token of a cluster
    monkeypatch.setattr(on_ray, "BATCHES", 1)
    model = make_model(tmp_path / "tiny-ast")
    recordings = make_recordings(tmp_path / "clips")
    broken = recordings / "fan" / "train" / "section_00_source_train_normal_0000_m-n_W.wav"
    broken.write_text("this is no recording")
    frame = read_sources([str(recordings)]).frame
    settings = Settings(str(model), batch=1, epochs=1)
    parts, killed = tmp_path / "parts", list[int]()

    def made() -> int:
        return len(list(parts.glob("*.arrays.parquet")))

    def kill() -> None:
        until(lambda: made() > 0 and len(actors()) > 1, 240)
        victim = actors()[0]
        os.kill(victim.pid, signal.SIGKILL)
        killed.extend([victim.pid, made()])

    def on_several_machines(cache: str) -> Enriched:
        monkeypatch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path / cache))
        found = listen_on_ray(frame, STAGES, settings, parts)
        with monkeypatch.context() as patch:
            read = logmel.read
            patch.setattr(logmel, "read", lambda path: read(path) if path == str(broken) else pytest.fail("heard here"))
            return enrich_by_models(frame, STAGES, found)

    threading.Thread(target=kill, daemon=True).start()
    first = on_several_machines("one")
    assert killed
    assert killed[1] < made() == 32 + 2, (
        "it died before all was done, and a piece of each clip and machine type is there"
    )
    assert list(first.problems) == [str(broken)]
    monkeypatch.setenv("DCASE_EXPLORE_CACHE", str(own_cache))
    compare(first.frame, enrich_by_models(frame, STAGES, settings).frame, 1e-4)

    for piece in sorted(parts.glob("*.arrays.parquet"))[:2]:
        piece.unlink()
    capsys.readouterr()
    compare(first.frame, on_several_machines("two").frame, 0)
    assert "pieces are in" in capsys.readouterr().err
    assert actors() == []


def test_a_piece_that_kills_every_actor_ends_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "ray"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'dcase-explore[scale]'")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    class Dying(on_ray._Actor):
        def _work(self, name: str, frame: pd.DataFrame) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(on_ray, "_Actor", Dying)
    folder = tmp_path / "parts"
    folder.mkdir()
    frame = read_sources([str(make_recordings(tmp_path / "clips", ("fan",)))]).frame
    words = r"stage ae on Ray: 4 actors died at the same 16 clips, .*: machines with more take it"
    with on_ray._connected(), pytest.raises(ExploreError, match=words):
        on_ray._run("ae", on_ray._of_machine_types(frame, "recipe"), Settings(on="cpu"), folder, 1)


def test_without_ray_the_command_that_installs_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_ray, "find_spec", lambda _: None)
    arguments = ["enrich", "demo", "--out", str(tmp_path / "out"), "--with", "lof", "--ray", str(tmp_path / "parts")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert 'pip install "dcase-explore[scale]"' in result.output
    assert list(tmp_path.glob("*")) == []


def test_a_piece_is_named_by_all_that_it_depends_on(tmp_path: Path) -> None:
    frame = read_sources([str(make_recordings(tmp_path / "clips"))]).frame
    pieces = on_ray._of_clips(frame, 10, "recipe")
    assert [piece.count for piece in pieces] == [10, 10, 10, 2]
    assert [path for piece in pieces for path in json.loads(piece.clips)["path"]] == list(frame["path"])
    assert [piece.name for piece in on_ray._of_clips(frame, 10, "recipe")] == [piece.name for piece in pieces]
    Path(frame["path"].iloc[0]).write_text("something else")
    again = on_ray._of_clips(frame, 10, "recipe")
    assert [one.name == other.name for one, other in zip(again, pieces, strict=True)] == [False, True, True, True]
    assert not {piece.name for piece in pieces} & {piece.name for piece in on_ray._of_clips(frame, 10, "another")}
    assert [piece.count for piece in on_ray._of_machine_types(frame, "recipe")] == [16, 16]
