"""The command line on the hub's data: first picture, offline, what is here, fetch ahead, check."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commands import run
from dcase_explore import clips, load
from dcase_explore.errors import ExploreError
from dcase_explore.exporting import export as write
from dcase_explore.sources.exported import read_exported
from hub_repository import StandIn
from hub_server import HubServer, status


def succeeds(*arguments: str) -> subprocess.CompletedProcess[str]:
    result = run(*arguments)
    assert result.returncode == 0, result.stderr
    return result


SHOW = ("--layout", "extended", "--class", "valve", "--check")


def test_the_command_of_the_readme_online_and_then_offline(hub: HubServer) -> None:
    online = succeeds(*SHOW)
    assert re.fullmatch(
        r"dcase23-task2-enriched dev · 32 clips of valve, 32 with sound \(fetched when played\) · "
        r"scores: dev_train_lof.*layout extended · page and table of 32 rows answered\n",
        online.stdout,
    )
    assert not re.search(r"Traceback|[Ww]arning|http", online.stderr), online.stderr
    assert not hub.requests_for(".tar.gz")
    assert not hub.requests_for("/records/")
    hub.close()
    offline = succeeds(*SHOW)
    assert offline.stdout == online.stdout
    assert offline.stderr == online.stderr


def test_without_a_network_the_first_time_it_is_one_sentence(hub: HubServer) -> None:
    hub.close()
    result = run(*SHOW)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "the hub cannot be reached" in result.stderr
    assert result.stderr.count("\n") == 1


def test_no_recordings_or_all_of_them_first(hub: HubServer) -> None:
    assert "path" not in load(class_name="valve", audio="none")
    assert not hub.requests_for("/records/")
    paths = load(class_name="valve", audio="all")["path"]
    assert all(Path(path).is_file() for path in paths)
    assert not hub.requests_for("dev_fan.zip")
    with pytest.raises(ExploreError, match="there is no audio some: there are lazy, all, none"):
        load(class_name="valve", audio="some")
    assert run(*SHOW, "--audio", "some").returncode == 2


def test_scores_and_findings_of_the_hub(hub: HubServer) -> None:
    document = json.loads(succeeds("score", "--class", "valve", "--format", "json").stdout)
    for model in ("dev_train_lof", "ast-finetuned-audioset-10-10-0.4593_knn"):  # the two that the page compares
        assert 0 < document[model]["official_score"] <= 1
    assert "dev_train_lof" in succeeds("findings", "--config", "dev").stdout
    assert run("findings", "--config", "deb").returncode == 1


def test_config_belongs_to_the_hub(recordings: Path) -> None:
    result = run("--data", str(recordings), "--config", "add", "--check")
    assert result.returncode == 1
    assert "--config add is of the hub's data: add --data hub, or leave it out" in result.stderr


def test_info_before_and_after(hub: HubServer, own_cache: Path) -> None:
    before = succeeds("data", "info").stdout
    assert "nothing of hub is here yet: dcase-explore data fetch" in before
    assert "arxiv.org/abs/2106.02369" in before
    assert "CC BY-NC-SA 4.0" in before
    assert hub.requests == []
    assert json.loads(succeeds("data", "info", "--format", "json").stdout)["commit"] is None
    succeeds("data", "fetch", "--class", "valve", "--audio")
    hub.close()
    assert hub.commit in succeeds("data", "info").stdout
    here = {
        holding["what"]: holding for holding in json.loads(succeeds("data", "info", "--format", "json").stdout)["here"]
    }
    assert here["recordings (dev)"]["files"] == 32
    assert here["files of the hub"]["files"] == 4
    files = (own_cache / "hub").rglob("files/**/*.*")
    assert here["files of the hub"]["bytes"] == sum(
        path.stat().st_size for path in files if path.suffix in (".csv", ".npz")
    )


def test_fetch_ahead(hub: HubServer) -> None:
    ae = ("--embeddings", "dcase2023_task2_baseline_ae")
    succeeds("data", "fetch", "--config", "dev", "--config", "add", *ae)
    said = succeeds("data", "fetch", *ae).stdout
    assert said == f"renumics/dcase23-task2-enriched at {hub.commit}: 64 clips here, 0 with their recording\n"
    said = succeeds("data", "fetch", "--class", "valve", "--audio").stdout
    assert said.endswith("32 clips here, 32 with their recording\n")
    hub.close()
    frame = load(class_name="valve")
    assert all(Path(path).is_file() for path in frame["path"])
    assert "embeddings_dcase2023_task2_baseline_ae" in frame


def test_fetch_says_what_is_wrong(hub: HubServer) -> None:
    assert "did you mean valve" in run("data", "fetch", "--class", "valves").stderr
    assert "there is no config nope" in run("data", "fetch", "--config", "nope").stderr
    hub.fault("scores.csv", status(500), times=None)
    result = run("data", "fetch", "--update", DCASE_EXPLORE_CACHE=os.environ["DCASE_EXPLORE_CACHE"] + "-2")
    assert result.returncode == 1
    assert result.stderr.endswith("scores.csv: the hub answers 500: try the same command again later\n")


def test_verify_names_what_is_damaged_or_missing(hub: HubServer, standin: StandIn, own_cache: Path) -> None:
    assert run("data", "verify").returncode == 1
    succeeds("data", "fetch", "--class", "valve", "--audio")
    hub.close()
    assert "all as it should be: 4 files" in succeeds("data", "verify").stdout
    folder = own_cache / "hub" / "renumics+dcase23-task2-enriched" / hub.commit
    npz = next((folder / "files" / "data").glob("*dev_test.npz"))
    content = bytearray(npz.read_bytes())
    content[1000] ^= 1
    npz.write_bytes(bytes(content))
    scores = folder / "files" / "data" / "scores.csv"
    scores.write_bytes(scores.read_bytes()[:-10])
    (folder / "files" / "data" / "dev_metadata.csv").unlink()
    table = next((folder / "tables").glob("dev-*.parquet"))
    table.write_bytes(b"PAR1")
    clips = sorted((own_cache / "recordings").rglob("*.wav"))
    clips[0].write_bytes(b"")
    clips[1].unlink()
    result = run("data", "verify")
    assert result.returncode == 1
    named = dict(line.split(" ", 1) for line in result.stdout.splitlines())
    metadata = folder / "files/data/dev_metadata.csv"
    assert set(named) == {str(path) for path in (npz, scores, metadata, table, *clips[:2])}
    assert named[str(npz)] == "has another content than the hub's"
    assert "bytes instead of" in named[str(scores)]
    assert named[str(metadata)] == "is missing"
    assert "6 files of renumics/dcase23-task2-enriched damaged or missing" in result.stderr


def test_what_verify_advises_mends_it(hub: HubServer, own_cache: Path) -> None:
    succeeds("data", "fetch", "--class", "valve", "--audio")
    files = own_cache / "hub" / "renumics+dcase23-task2-enriched" / hub.commit / "files" / "data"
    npz, wav = next(files.glob("*dev_test.npz")), sorted((own_cache / "recordings").rglob("*.wav"))[0]
    for path in (npz, wav):
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    (files / "scores.csv").unlink()
    damaged = [line.split(" ", 1) for line in run("data", "verify").stdout.splitlines()]
    assert len(damaged) == 3
    for path, problem in damaged:
        if "missing" not in problem:
            Path(path).unlink()
    succeeds("data", "fetch", "--class", "valve", "--audio", "--config", "dev")
    assert "all as it should be" in succeeds("data", "verify").stdout
    assert "there is no config nope" in run("data", "verify", "--config", "nope").stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_export_leaves_nothing(tmp_path: Path, record, number: int, code: int) -> None:
    names = [f"section_00_source_test_normal_{clip:04d}_pat_02.wav" for clip in range(40)]
    frame = clips.facts_from_names(["valve"] * 40, names, ["test"] * 40)
    frame["path"] = [str(record(tmp_path / "raw" / name, seconds=60)) for name in names]
    for column in ("anomaly_score_mine", "map_mine_x", "map_mine_y"):
        frame[column] = np.arange(40.0)
    frame["embeddings_mine"] = pd.Series(list(np.eye(40, dtype=np.float32)), dtype=object)
    write(clips.conform(frame), tmp_path / "first", audio=False, title="mine")
    arguments = ["data", "export", str(tmp_path / "out"), "--data", str(tmp_path / "first"), "--audio"]
    command = [sys.executable, "-m", "dcase_explore", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not [entry for entry in tmp_path.iterdir() if entry.name.startswith(".out")] and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == code
    assert [entry.name for entry in tmp_path.iterdir() if "out" in entry.name] == []


def test_what_made_a_column_goes_with_it(tmp_path: Path) -> None:
    names = [f"section_00_source_test_normal_{clip:04d}.wav" for clip in range(4)]
    frame = clips.facts_from_names(["valve"] * 4, names, ["test"] * 4).assign(anomaly_score_mine=np.arange(4.0))
    made = {"anomaly_score_mine": "an autoencoder, seed 7", "gone": "of a column that is not there"}
    write(clips.conform(frame), tmp_path / "first", audio=False, title="mine", made=made)
    succeeds("data", "export", str(tmp_path / "again"), "--data", str(tmp_path / "first"))
    assert read_exported(tmp_path / "again").made == {"anomaly_score_mine": "an autoencoder, seed 7"}
    assert "an autoencoder, seed 7" in (tmp_path / "again" / "README.md").read_text()


def test_options_before_a_command_are_refused(hub: HubServer) -> None:
    assert "put --class after data" in run("--class", "valve", "data", "info").stderr


@pytest.mark.parametrize("command", ["info", "fetch", "verify"])
def test_only_repositories_have_files_to_look_after(command: str) -> None:
    result = run("data", command, "--data", "demo")
    assert result.returncode == 1
    assert "--data demo is no repository: expected hub, hf://owner/name" in result.stderr
