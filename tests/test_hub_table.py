"""The enriched dataset from the hub: what is asked for, what becomes of it, and what may be otherwise than known."""

import csv
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from conftest import served
from dcase_explore import clips, load
from dcase_explore.errors import ExploreError
from dcase_explore.exploring import explored
from dcase_explore.exporting import export
from dcase_explore.hub.repository import open_repository
from dcase_explore.hub.table import AST, fetch_embeddings, read_config
from dcase_explore.options import Options
from dcase_explore.recordings import fetch
from dcase_explore.sources import read_sources
from dcase_explore.view import view_of
from hub_repository import AST as AST_FILE
from hub_repository import StandIn, pickled_npz
from hub_server import HubServer

EMBEDDING = f"embeddings_{AST}"


def read(config: str = "dev", embeddings: Sequence[str] = ()) -> pd.DataFrame:
    fetch_embeddings(open_repository("hub"), [config] * bool(embeddings), embeddings)
    return read_config(open_repository("hub"), config)


def rewritten(path: Path, change: Callable[[list[dict[str, str]]], None]) -> None:
    """A CSV file with its rows changed."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def changed(standin: StandIn, tmp_path: Path) -> StandIn:
    """A copy of the stand-in that a test may change."""
    shutil.copytree(standin.files, tmp_path / "changed")
    return StandIn(tmp_path / "changed", standin.records, standin.keys, standin.vectors, standin.sounds)


def test_the_first_picture_needs_metadata_scores_and_one_embedding(hub: HubServer, capsys) -> None:
    exploration = view_of(Options(class_name=["valve"], layout="extended"))
    assert {request.file for request in hub.requests if request.file} == {
        "data/dev_metadata.csv",
        "data/scores.csv",
        f"data/{AST_FILE}_dev_train.npz",
        f"data/{AST_FILE}_dev_test.npz",
    }
    assert len(exploration.frame) == 32
    said = capsys.readouterr().err
    assert "CC BY-NC-SA 4.0" in said
    assert "dcase-explore data fetch --embeddings dcase2023_task2_baseline_ae" in said
    assert said.count("\n") < 8


def test_the_second_time_nothing_is_asked_for(hub: HubServer) -> None:
    first = read()
    hub.requests.clear()
    pd.testing.assert_frame_equal(read(), first)
    assert hub.requests == []
    hub.close()
    pd.testing.assert_frame_equal(read(), first)


@pytest.mark.parametrize("xet", [False, True])
def test_every_fact_and_vector_arrives(standin: StandIn, monkeypatch: pytest.MonkeyPatch, xet: bool) -> None:
    with served(standin, monkeypatch, xet=xet):
        frame = read()
    assert clips.problems(frame) == []
    keys = standin.keys["dev_train"] + standin.keys["dev_test"]
    assert frame["clip_id"].to_list() == keys
    vectors = standin.vectors[f"{AST_FILE}_dev_train"] | standin.vectors[f"{AST_FILE}_dev_test"]
    np.testing.assert_array_equal(
        np.stack(frame[EMBEDDING].to_list()), np.concatenate([vectors[key] for key in keys]).astype(np.float32)
    )
    named = clips.facts_from_names(frame["class"], [key.split("_", 1)[1] for key in keys], frame["split"])
    for column in ("class", "split", "section", "domain", "label", "d1p", "d1v"):
        pd.testing.assert_series_equal(frame[column], named[column])
    with (standin.files / "data" / "scores.csv").open(newline="") as file:
        scores = {row["path"]: row for row in csv.DictReader(file)}
    expected = [float(scores[key]["dev_train_lof_anomaly_score"]) for key in keys]
    np.testing.assert_allclose(frame["anomaly_score_dev_train_lof"], expected, rtol=1e-6)
    assert (frame["prediction_dev_train_lof"] == "anomaly").to_list() == [
        float(scores[key]["dev_train_lof_anomaly"]) == 1 for key in keys
    ]


def test_other_configs(hub: HubServer, standin: StandIn) -> None:
    added, evaluation = read("add"), read("eval")
    assert added["clip_id"].to_list() == standin.keys["add_train"]
    assert set(evaluation["clip_id"]) == set(standin.keys["eval_test"])
    assert not {"domain", "label"} & set(evaluation.columns[evaluation.notna().any()])
    assert evaluation["anomaly_score_add_train_lof"].notna().all()
    both = view_of(Options(config=["add", "eval"])).frame
    assert len(both) == len(added) + len(evaluation)
    with pytest.raises(ExploreError, match="no config deb: did you mean dev"):
        read("deb")


def test_another_embedding_on_demand_and_from_then_on(hub: HubServer, standin: StandIn) -> None:
    assert "embeddings_dcase2023_task2_baseline_ae" not in read()
    with pytest.raises(ExploreError, match="did you mean dcase2023_task2_baseline_ae"):
        read(embeddings=["dcase2023_task2_baseline"])
    fetched = read(embeddings=["dcase2023_task2_baseline_ae"])
    assert fetched["embeddings_dcase2023_task2_baseline_ae"].map(len).unique() == [2976]
    hub.requests.clear()
    pd.testing.assert_frame_equal(read(), fetched)
    assert hub.requests == []
    frame = view_of(Options(class_name=["valve"], layout="extended")).frame
    assert {f"map_{AST}_x", "map_dcase2023_task2_baseline_ae_x"} <= set(frame.columns)


def without(*names: str) -> Callable[[StandIn], None]:
    def change(standin: StandIn) -> None:
        for name in names:
            (standin.files / "data" / name).unlink()

    return change


def test_without_scores(changed: StandIn, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    without("scores.csv")(changed)
    with served(changed, monkeypatch) as hub:
        exploration = view_of(Options(class_name=["valve"]))
        assert hub.bytes_sent_for("dev_valve.zip") == 0
    assert [name for name in exploration.frame if name.startswith("anomaly_score")] == [f"anomaly_score_{AST}_knn"]
    said = capsys.readouterr().err
    assert "no scores.csv" in said
    assert "--audio all" in said


def test_without_metadata(changed: StandIn, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    without("dev_metadata.csv")(changed)
    with served(changed, monkeypatch):
        frame = read()
    assert len(frame) == len(changed.keys["dev_train"]) + len(changed.keys["dev_test"])
    assert frame["label"].notna().all()
    assert "no data/dev_metadata.csv" in capsys.readouterr().err


def test_metadata_that_lack_clips(changed: StandIn, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    rewritten(changed.files / "data" / "dev_metadata.csv", lambda rows: rows.__delitem__(slice(10)))
    with served(changed, monkeypatch):
        assert len(read()) == 54
    assert "dev: 10 clips with an embedding that the metadata lack left out (train/" in capsys.readouterr().err


def test_without_the_embedding(changed: StandIn, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    without(*(f"{AST_FILE}_dev_{split}.npz" for split in ("train", "test")))(changed)
    with served(changed, monkeypatch):
        frame = read()
    assert len(frame) == 64
    assert not [name for name in frame if name.startswith("embeddings")]
    assert f"the embedding {AST} is not in" in capsys.readouterr().err


def test_without_anything(changed: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(changed.files / "data")
    with served(changed, monkeypatch), pytest.raises(ExploreError, match=r"neither data/dev_metadata.csv nor"):
        read()


def as_indices(rows: list[dict[str, str]]) -> None:
    classes = ("gearbox", "fan", "bearing", "slider", "ToyCar", "ToyTrain", "valve")
    for row in rows:
        row["class"] = str(classes.index(row["class"]))
        row["domain"] = str(("source", "target").index(row["domain"]))
        row["label"] = str(("normal", "anomaly").index(row["label"]))


def with_nan(rows: list[dict[str, str]]) -> None:
    for row in rows:
        row.update({name: value or "nan" for name, value in row.items()})


def prefixed(rows: list[dict[str, str]]) -> None:
    for row in rows:
        row["path"] = f"C:\\data\\dev\\{row['path']}".replace("/", "\\")


def as_numbers_with_gaps(rows: list[dict[str, str]]) -> None:
    as_indices(rows)
    for row in rows:
        row.update({name: f"{row[name]}.0" for name in ("class", "domain", "label", "section")})


def half_a_section(rows: list[dict[str, str]]) -> None:
    for row in rows:
        row["section"] = "0.5"
        row["key"] = "of something else"


def without_split(rows: list[dict[str, str]]) -> None:
    for row in rows:
        row["path"] = row["path"].split("/")[1]


def without_class(rows: list[dict[str, str]]) -> None:
    for row in rows:
        for name in ("class", "domain", "section"):
            del row[name]


def shuffled(rows: list[dict[str, str]]) -> None:
    rows.reverse()
    rows.append(dict(rows[0]))


@pytest.mark.parametrize(
    "change",
    [as_indices, as_numbers_with_gaps, with_nan, prefixed, half_a_section, without_split, without_class, shuffled],
)
def test_metadata_in_another_form_say_the_same(
    changed: StandIn, standin: StandIn, monkeypatch: pytest.MonkeyPatch, change, capsys
) -> None:
    with served(standin, monkeypatch):
        expected = read()
    rewritten(changed.files / "data" / "dev_metadata.csv", change)
    with served(changed, monkeypatch, commit="1" * 40):
        found = read_config(open_repository("hub", newest=True), "dev")
    order = found.set_index("clip_id").loc[expected["clip_id"]].reset_index()
    pd.testing.assert_frame_equal(clips.conform(order), expected)
    if change is shuffled:
        assert "1 repeated entry left out" in capsys.readouterr().err


def test_scores_in_another_form(changed: StandIn, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def change(rows: list[dict[str, str]]) -> None:
        for row in rows:
            row["dev_train_lof_anomaly"] = "True" if row["dev_train_lof_anomaly"] in ("1", "1.0") else "normal"
            row["add_train_lof_anomaly"] = "0.5"
            row["anomaly_score_dcase2023_task2_baseline_ae"] = "1.5"
            row["prediction_dcase2023_task2_baseline_ae"] = "1"
            row["prediction_correct_dcase2023_task2_baseline_ae"] = "0"
            row["surprise"] = "x"
        rows[0]["dev_train_lof_anomaly_score"] = "inf"
        rows[1]["dev_train_lof_anomaly_score"] = "many"
        rows[2]["dev_train_lof_anomaly_score"] = "1e300"

    rewritten(changed.files / "data" / "scores.csv", change)
    with served(changed, monkeypatch):
        frame = read()
    assert (frame["anomaly_score_dcase2023_task2_baseline_ae"] == 1.5).all()
    assert (frame["prediction_dcase2023_task2_baseline_ae"] == "anomaly").all()
    assert not frame["prediction_correct_dcase2023_task2_baseline_ae"].any()
    assert set(frame["prediction_dev_train_lof"]) == {"normal", "anomaly"}
    assert frame["anomaly_score_dev_train_lof"].isna().sum() == 3
    said = capsys.readouterr().err
    assert "surprise" in said
    assert "column dev_train_lof_anomaly_score: 3 values not understood, such as 'inf'" in said


def test_vectors_in_another_form(changed: StandIn, standin: StandIn, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    stem = f"{AST_FILE}_dev_train"
    held = {f"some/where/{key}": vector[0].astype(np.float32) for key, vector in standin.vectors[stem].items()}
    missing, infinite = list(held)[:2]
    del held[missing]
    held[infinite] = held[infinite] * np.inf
    held["train/notes.txt"] = held["some/where/" + standin.keys["dev_train"][2]]
    held |= standin.vectors[f"{AST_FILE}_dev_test"]  # those of the other file as well
    pickled_npz(changed.files / "data" / f"{stem}.npz", held, module="numpy._core.multiarray")  # type: ignore[arg-type]
    with served(changed, monkeypatch):
        frame = read()
    assert frame[EMBEDDING].isna().sum() == 2
    said = capsys.readouterr().err
    assert f"dev: no embedding {AST} of 2 clips" in said
    assert "2 entries not named like clips, repeated, or not finite" in said


def test_the_smaller_form_of_the_scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hub_repository import make_repository

    with served(make_repository(tmp_path / "s", own_scores_only=True, with_audio=False), monkeypatch):
        dev, evaluation = read(), read("eval")
    assert dev["anomaly_score_dev_train_lof"].notna().all()
    assert set(dev["prediction_dev_train_lof"].dropna()) == {"normal", "anomaly"}
    assert evaluation["anomaly_score_add_train_lof"].notna().all()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00", "is no text"),
        (b"path,class\ntrain/fan_section_00_0000.wav,fan\nx,y,z\n", "line 3: 3 fields"),
        (b"a,b\n1,2\n", "no column names the clip"),
        (b"path,class\nnotes.txt,fan\n", "named like a clip"),
    ],
)
def test_metadata_that_are_none(changed: StandIn, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str) -> None:
    (changed.files / "data" / "dev_metadata.csv").write_bytes(content)
    with served(changed, monkeypatch), pytest.raises(ExploreError, match=said):
        read()


def test_embeddings_of_two_sizes(changed: StandIn, standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    stem = f"{AST_FILE}_dev_train"
    held = {key: vector[:, :5] for key, vector in standin.vectors[stem].items()}
    pickled_npz(changed.files / "data" / f"{stem}.npz", held)
    with served(changed, monkeypatch), pytest.raises(ExploreError, match="differ in length between its files"):
        read()


def test_a_hostile_pickle_from_the_hub_is_refused_by_name(
    changed: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from test_pickled import Calls, pickled, write

    trace = tmp_path / "ran"
    evil = pickled({"train/fan_section_00_0000.wav": Calls(Path.mkdir, trace)})
    write(changed.files / "data" / f"{AST_FILE}_dev_train.npz", evil)
    with served(changed, monkeypatch), pytest.raises(ExploreError, match=r"builtins.getattr, which no vector needs"):
        read()
    assert not trace.exists()


def test_a_damaged_table_is_made_again(hub: HubServer, own_cache: Path, capsys) -> None:
    first = read()
    for table in own_cache.rglob("*.parquet"):
        table.write_bytes(table.read_bytes()[:100])
    hub.requests.clear()
    pd.testing.assert_frame_equal(read(), first)
    assert hub.requests == []
    assert "it is made again" in capsys.readouterr().err


def test_a_local_recording_goes_before_one_that_would_be_fetched(
    hub: HubServer, standin: StandIn, tmp_path: Path
) -> None:
    key = next(key for key in standin.keys["dev_test"] if "valve" in key)
    local = tmp_path / "raw" / "valve" / "test" / key.removeprefix("test/valve_")
    local.parent.mkdir(parents=True)
    local.write_bytes(standin.sounds[key])
    for specs in (["hub", str(tmp_path / "raw")], [str(tmp_path / "raw"), "hub"]):
        frame = read_sources(specs).frame.set_index("clip_id")
        assert frame.loc[key, "path"] == str(local)
        assert frame["path"].notna().all()
        assert len(frame) == 64


def test_scores_of_your_own_on_the_hubs_clips(hub: HubServer, standin: StandIn, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "baseline_MSE"
    folder.mkdir()
    keys = [key for key in standin.keys["dev_test"] if "valve" in key]
    lines = [f"{key.removeprefix('test/valve_')},{number}.5\n" for number, key in enumerate(keys)]
    (folder / "anomaly_score_valve_section_00_test.csv").write_text("".join(lines))
    frame = load([str(folder), "hub"], class_name="valve", scores={"mine": np.arange(64.0)})
    scores = frame.set_index("clip_id").loc[keys, "anomaly_score_baseline_MSE"]
    assert scores.to_list() == [number + 0.5 for number in range(len(keys))]
    assert f"{len(keys)} of its 64 clips are known already" in capsys.readouterr().err
    assert frame["anomaly_score_mine"].notna().all()
    assert frame["path"].notna().all()


@pytest.mark.parametrize("audio", [False, True])
def test_an_export_shows_the_same_page(
    hub: HubServer, standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, audio: bool
) -> None:
    options = Options(class_name=["valve"], layout="extended", audio="all" if audio else "lazy")
    given = explored(options)
    credit = given.credits[0]
    export(given.frame, tmp_path / "copy", audio=audio, title=given.title, credit=credit, derived=given.computed)
    first, again = view_of(options), view_of(Options(data=[str(tmp_path / "copy")], layout="extended"))
    sounds = ["path", "nearest_normal"]
    pd.testing.assert_frame_equal(again.frame.drop(columns=sounds), first.frame.drop(columns=sounds))
    for column in sounds:
        ends = [frame[column].map(lambda path: "/".join(Path(path).parts[-2:])) for frame in (again.frame, first.frame)]
        assert ends[0].to_list() == ends[1].to_list()
    assert (again.title, again.descriptions) == (first.title, first.descriptions)
    assert again.arrangement.shown() == first.arrangement.shown()
    for one, other in zip(again.findings, first.findings, strict=True):
        assert (one.rule, one.title, one.description, one.rows.tolist()) == (
            other.rule,
            other.title,
            other.description,
            other.rows.tolist(),
        )
    if audio:
        hub.close()
    for path in again.frame["path"][:2]:
        fetch(path)
        assert (
            Path(path).read_bytes() == Path(first.frame["path"].iloc[0]).read_bytes() or path != again.frame["path"][0]
        )

    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    import datasets

    opened = datasets.load_dataset(str(tmp_path / "copy"), cache_dir=str(tmp_path / "datasets"))
    rows = [row for split in opened.values() for row in split]
    by_id = first.frame.set_index("clip_id")
    assert len(rows) == len(by_id)
    for row in rows:
        assert row[EMBEDDING] == by_id.loc[row["clip_id"], EMBEDDING].tolist()
        label = opened["test"].features["label"].int2str(row["label"])
        assert label == by_id.loc[row["clip_id"], "label"]
        if audio:
            assert row["audio"]["bytes"][:4] == b"RIFF"


def test_another_embedding_that_is_no_good_is_left_out(
    changed: StandIn, monkeypatch: pytest.MonkeyPatch, capsys, own_cache: Path
) -> None:
    with served(changed, monkeypatch):
        read(embeddings=["dcase2023_task2_baseline_ae"])
        for file in own_cache.rglob("dcase2023_task2_baseline_ae*"):
            file.write_bytes(b"x" * file.stat().st_size)
        frame = read()
    assert "embeddings_dcase2023_task2_baseline_ae" not in frame
    assert frame[EMBEDDING].notna().all()
    assert "the embedding dcase2023_task2_baseline_ae is left out" in capsys.readouterr().err


def test_names_of_strangers_do_not_steer_the_terminal(
    changed: StandIn, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    rewritten(
        changed.files / "data" / "dev_metadata.csv", lambda rows: [row.update({"a\x1b[2Jb": "1"}) for row in rows]
    )
    with served(changed, monkeypatch):
        read()
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "a?[2Jb" in said


def test_a_relative_cache_has_absolute_paths(hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DCASE_EXPLORE_CACHE", "here")
    assert read_sources(["hub"]).frame["path"][0].startswith(f"{tmp_path}/here/recordings/")
