"""Sources: raw downloads and result folders of every year, how they join, and what is said of a spec that is none."""

import csv
import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dcase_explore import clips
from dcase_explore.column_names import members
from dcase_explore.errors import ExploreError
from dcase_explore.sources import read_scores, read_sources
from dcase_explore.sources.kinds import MAX_DEPTH, Asked
from dcase_explore.sources.results import score_files

Record = Callable[..., Path]

SCORES_OF_FAN = "anomaly_score_fan_section_00_test.csv"
DECISIONS_OF_FAN = "decision_result_fan_section_00_test.csv"
TRAIN_2021 = "section_00_source_train_normal_0000_strength_1_ambient.wav"
NORMAL = "section_00_source_test_normal_0000_m-n_W.wav"
ANOMALY = "section_00_target_test_anomaly_0001_m-n_Z.wav"


def touch(folder: Path, *names: str) -> Path:
    """Files of the given names; what reads names and folders alone needs no sound in them."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def read(*specs: Path | str) -> pd.DataFrame:
    """Rows by clip_id; unknown is None."""
    frame = read_sources([str(spec) for spec in specs]).frame
    assert clips.problems(frame) == []
    frame = frame.set_index("clip_id")
    return frame.astype(object).where(frame.notna(), None)


def refused(*specs: Path | str) -> str:
    with pytest.raises(ExploreError) as error:
        read_sources([str(spec) for spec in specs])
    return str(error.value)


# Raw downloads


def test_real_clips_of_2020_are_read_whole(real_clips: Path) -> None:
    frame = read_sources([str(real_clips)]).frame
    assert len(frame) == 93
    assert frame["class"].value_counts().to_dict() == {
        "fan": 17,
        "ToyCar": 16,
        "pump": 16,
        "slider": 16,
        "valve": 16,
        "ToyConveyor": 12,
    }
    assert [Path(path).name.split("_")[0] for path in frame["path"]] == frame["label"].tolist()
    assert all(Path(path).is_file() and Path(path).is_absolute() for path in frame["path"])
    assert frame["domain"].isna().all()
    assert set(frame["split"]) == {"test"}
    assert sorted(frame.loc[frame["class"] == "valve", "section"].unique()) == [0, 2, 4, 6]


def test_raw_download_of_2020_is_read(tmp_path: Path) -> None:
    touch(tmp_path, "fan/train/normal_id_00_00000000.wav", "fan/test/anomaly_id_02_00000001.wav")
    touch(tmp_path, "eval/pump/test/id_01_00000000.wav")
    frame = read(tmp_path)
    assert frame[["class", "split", "section", "domain", "label"]].T.to_dict("list") == {
        "train/fan_normal_id_00_00000000.wav": ["fan", "train", 0, None, "normal"],
        "test/fan_anomaly_id_02_00000001.wav": ["fan", "test", 2, None, "anomaly"],
        "test/pump_id_01_00000000.wav": ["pump", "test", 1, None, None],
    }


def test_source_and_target_test_folders_of_2021_are_the_test_split(tmp_path: Path) -> None:
    touch(tmp_path, f"valve/train/{TRAIN_2021}")
    touch(tmp_path, "valve/source_test/section_00_source_test_normal_0000.wav")
    touch(tmp_path, "valve/target_test/section_00_target_test_anomaly_0000.wav")
    frame = read(tmp_path)
    assert frame[["split", "domain", "d1v"]].T.to_dict("list") == {
        f"train/valve_{TRAIN_2021}": ["train", "source", "strength_1_ambient"],
        "test/valve_section_00_source_test_normal_0000.wav": ["test", "source", None],
        "test/valve_section_00_target_test_anomaly_0000.wav": ["test", "target", None],
    }


def test_raw_download_of_2023_gives_attributes_and_domains(tmp_path: Path) -> None:
    touch(tmp_path, "bearing/train/section_00_source_train_normal_0000_vel_16_loc_A.wav")
    touch(tmp_path, f"fan/test/{ANOMALY}", "fan/test/SECTION_00_0000.WAV", "fan/test/section_00_0000.WAV")
    frame = read(tmp_path)
    bearing = frame.loc["train/bearing_section_00_source_train_normal_0000_vel_16_loc_A.wav"]
    assert bearing[["d1p", "d1v", "d2p", "d2v", "label"]].tolist() == ["vel", "16", "loc", "A", "normal"]
    fan = frame.loc[f"test/fan_{ANOMALY}"]
    assert fan[["domain", "label", "d1p", "d1v", "d2p"]].tolist() == ["target", "anomaly", "m-n", "Z", None]
    assert frame.loc["test/fan_section_00_0000.wav", "path"] == str(tmp_path / "fan/test/section_00_0000.WAV")


@pytest.mark.parametrize("inside", ["", "dev_data", "dev_data/raw", "dev_data/raw/fan", "dev_data/raw/fan/test"])
def test_download_is_found_from_any_folder_of_it(tmp_path: Path, inside: str) -> None:
    touch(tmp_path, f"dev_data/raw/fan/test/{NORMAL}")
    assert list(read(tmp_path / inside).index) == [f"test/fan_{NORMAL}"]


def test_folder_decides_over_the_split_in_the_name(tmp_path: Path) -> None:
    touch(tmp_path, f"fan/train/{NORMAL}")
    assert list(read(tmp_path)["split"]) == ["train"]


ATTRIBUTES = f"file_name,d1p,d1v,d2p,d2v\nfan/test/{NORMAL},vel,25,loc,E\n"


@pytest.mark.parametrize(
    "text",
    [
        ATTRIBUTES,
        "\ufeff" + ATTRIBUTES,
        ATTRIBUTES.replace("\n", "\r\n"),
        ATTRIBUTES.replace("/", "\\"),
        ATTRIBUTES.replace("fan/test/", ""),
        ATTRIBUTES.replace("vel,25", "vel, 25 "),
        ATTRIBUTES + f"fan/test/{ANOMALY},vel,99,loc,F\n",
        ATTRIBUTES.replace("fan/test", "fan/source_test"),
    ],
    ids=["plain", "BOM", "CRLF", "backslash", "name alone", "spaces", "clip not there", "2021 folder"],
)
def test_attribute_file_decides_over_file_name(tmp_path: Path, text: str) -> None:
    write(touch(tmp_path, f"fan/test/{NORMAL}"), {"fan/attributes_00.csv": text})
    (row,) = read(tmp_path)[["d1p", "d1v", "d2p", "d2v"]].to_numpy().tolist()
    assert row == ["vel", "25", "loc", "E"]


def test_attribute_file_speaks_only_of_the_clips_it_lists(tmp_path: Path) -> None:
    touch(tmp_path, f"fan/test/{NORMAL}", f"fan/test/{ANOMALY}", f"bearing/test/{NORMAL}")
    write(tmp_path, {"fan/attributes_00.csv": ATTRIBUTES})
    frame = read(tmp_path)
    assert frame[["d1v", "d2v"]].to_dict("index") == {
        f"test/fan_{NORMAL}": {"d1v": "25", "d2v": "E"},
        f"test/fan_{ANOMALY}": {"d1v": "Z", "d2v": None},
        f"test/bearing_{NORMAL}": {"d1v": "W", "d2v": None},
    }


def test_one_attribute_file_per_section_is_read(tmp_path: Path) -> None:
    names = [f"section_{section}_source_test_normal_0000.wav" for section in ("00", "01")]
    touch(tmp_path, *(f"fan/test/{name}" for name in names))
    for section, name in zip(("00", "01"), names, strict=True):
        write(tmp_path, {f"fan/attributes_{section}.csv": f"file_name,d1p,d1v\nfan/test/{name},sec,{section}\n"})
    assert read(tmp_path)["d1v"].tolist() == ["00", "01"]


@pytest.mark.parametrize("cell", ["noAttribute", "NOATTRIBUTE", "", "nan", "NaN", "  "])
def test_attribute_file_without_an_attribute_leaves_null(tmp_path: Path, cell: str) -> None:
    touch(tmp_path, f"fan/test/{NORMAL}", f"fan/test/{ANOMALY}")
    write(tmp_path, {"fan/attributes_00.csv": f"file_name,d1p,d1v\nfan/test/{NORMAL},{cell},{cell}\n"})
    frame = read(tmp_path)
    assert frame.loc[f"test/fan_{NORMAL}", ["d1p", "d1v"]].tolist() == [None, None]
    assert frame.loc[f"test/fan_{ANOMALY}", "d1v"] == "Z"


def test_machine_type_without_attributes_gets_no_attribute_columns(tmp_path: Path) -> None:
    touch(tmp_path, f"fan/test/{NORMAL}")
    write(tmp_path, {"fan/attributes_00.csv": f"file_name,d1p,d1v\nfan/test/{NORMAL},noAttribute,noAttribute\n"})
    assert [name for name in read(tmp_path).columns if name.startswith("d1")] == []


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (f"fan/test/{NORMAL},vel,25\n", ["line 1", "file_name,d1p,d1v"]),
        ("", ["is empty"]),
        (b"\x89PNG\xff\xfe", ["is no text in UTF-8"]),
    ],
)
def test_broken_attribute_file_is_named_with_its_fault(tmp_path: Path, content: str | bytes, parts: list[str]) -> None:
    write(touch(tmp_path, f"fan/test/{NORMAL}"), {"fan/attributes_00.csv": content})
    sentence = refused(tmp_path)
    assert [part for part in [str(tmp_path / "fan/attributes_00.csv"), *parts] if part not in sentence] == []


def test_recordings_of_any_name_are_clips_and_said_beside_those_of_the_challenge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(tmp_path, f"fan/test/{NORMAL}", "fan/test/holiday.wav", "fan/train/party.wav", "fan/test/readme.txt")
    frame = read(tmp_path)
    assert list(frame.index) == ["test/fan_holiday.wav", f"test/fan_{NORMAL}", "train/fan_party.wav"]
    assert frame["label"].tolist() == [None, "normal", None]
    said = capsys.readouterr()
    assert "2 recordings" in said.err
    assert "holiday.wav" in said.err
    assert "party.wav" in said.err
    assert "readme" not in said.err
    assert said.out == ""


def test_a_download_of_other_names_alone_is_read_and_what_is_not_known_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = read(touch(tmp_path, "press/test/hall 1.flac", "press/train/Hall 2.WAV"))
    assert frame[["class", "split", "file_name", "label"]].T.to_dict("list") == {
        "test/press_hall 1.flac": ["press", "test", "hall 1.flac", None],
        "train/press_Hall 2.wav": ["press", "train", "Hall 2.WAV", None],
    }
    assert "section" not in frame
    assert "no clip's label is known" in capsys.readouterr().err


def test_clip_in_two_folders_is_refused_naming_both(tmp_path: Path) -> None:
    sentence = refused(touch(tmp_path, f"copy/fan/test/{NORMAL}", f"raw/fan/test/{NORMAL}"))
    assert str(tmp_path / "copy/fan/test" / NORMAL) in sentence
    assert str(tmp_path / "raw/fan/test" / NORMAL) in sentence


def test_hidden_folders_are_not_looked_into(tmp_path: Path) -> None:
    touch(tmp_path, f"fan/test/{NORMAL}", f".trash/fan/test/{NORMAL}", f".cache/valve/test/{NORMAL}")
    assert list(read(tmp_path).index) == [f"test/fan_{NORMAL}"]


def test_links_are_followed_and_a_loop_of_them_ends(tmp_path: Path) -> None:
    touch(tmp_path, f"elsewhere/test/{NORMAL}", "download/readme")
    (tmp_path / "download/fan").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "download/again").symlink_to(tmp_path / "download")
    (tmp_path / "elsewhere/up").symlink_to(tmp_path / "download")
    assert list(read(tmp_path / "download").index) == [f"test/fan_{NORMAL}"]


def test_folder_reached_on_two_ways_is_read_once(tmp_path: Path) -> None:
    touch(tmp_path, f"download/fan/test/{NORMAL}")
    (tmp_path / "download/same").symlink_to(tmp_path / "download")
    (tmp_path / "link").symlink_to(tmp_path / "download/fan")
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror/test").symlink_to(tmp_path / "download/fan/test")
    assert len(read(tmp_path)) == 1


def test_folders_far_below_are_not_searched(tmp_path: Path) -> None:
    deep = "/".join("abcdefgh")
    touch(tmp_path, f"{deep}/fan/test/{NORMAL}")
    assert len(Asked(str(tmp_path)).folders) == MAX_DEPTH
    assert list(read(tmp_path / deep).index) == [f"test/fan_{NORMAL}"]


# Result folders


def test_real_run_is_read_whole(real_scores: Path) -> None:
    frame = read_sources([str(real_scores)]).frame
    assert len(frame) == 1400
    assert clips.machine_types_present(frame) == ["gearbox", "fan", "bearing", "slider", "ToyCar", "ToyTrain", "valve"]
    assert sorted(members(frame.columns, "anomaly_score_<score>")) == ["baseline_MAHALA", "baseline_MSE"]
    assert frame.groupby(["class", "domain", "label"], observed=True).size().eq(50).all()
    assert "path" not in frame
    bearing = frame[frame["class"] == "bearing"]
    assert bearing["d1p"].eq("vel").all()
    assert bearing["d2p"].eq("loc").all()
    assert set(frame.loc[frame["class"] == "fan", "d1p"]) == {"m-n"}


@pytest.mark.parametrize("model", ["baseline_MSE", "baseline_MAHALA"])
def test_real_scores_and_decisions_are_those_of_the_files(real_scores: Path, model: str) -> None:
    frame = read_sources([str(real_scores)]).frame.set_index("clip_id")
    for kind in ("anomaly_score", "decision_result"):
        lines = [
            (f"test/{file.machine}_{name}", value)
            for file in score_files(real_scores / model)
            if file.kind == kind
            for name, value in csv.reader(file.path.read_text().splitlines())
        ]
        assert len(lines) == 1400
        rows = frame.loc[[clip for clip, _ in lines]]
        values = np.array([value for _, value in lines], dtype=np.float64)
        if kind == "anomaly_score":
            assert (rows[f"anomaly_score_{model}"].to_numpy() == values.astype(np.float32)).all()
        else:
            assert ((rows[f"prediction_{model}"] == "anomaly").to_numpy() == (values == 1)).all()


def test_one_folder_its_parent_and_two_specs_bring_the_same_scores(real_scores: Path) -> None:
    parent = read(real_scores)
    folders = [real_scores / "baseline_MSE", real_scores / "baseline_MAHALA"]
    pd.testing.assert_frame_equal(parent, read(*folders).loc[parent.index], check_like=True)
    one = read(folders[0])
    assert members(one.columns, "anomaly_score_<score>") == ["baseline_MSE"]
    assert one["anomaly_score_baseline_MSE"].equals(parent["anomaly_score_baseline_MSE"].loc[one.index])


def test_folder_without_decisions_has_no_predictions(tmp_path: Path) -> None:
    frame = read(write(tmp_path / "mine", {SCORES_OF_FAN: f"{NORMAL},1.5\n{ANOMALY},2\n"}))
    assert frame["anomaly_score_mine"].tolist() == [1.5, 2]
    assert not [name for name in frame.columns if name.startswith("prediction")]


def test_clip_without_a_decision_is_said_and_its_prediction_null(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {SCORES_OF_FAN: f"{NORMAL},1.5\n{ANOMALY},2\n", DECISIONS_OF_FAN: f"{NORMAL},1\n"}
    frame = read(write(tmp_path / "mine", files))
    assert frame["prediction_mine"].tolist() == ["anomaly", None]
    said = capsys.readouterr().err
    assert "no decision on 1 scored clip, such as" in said
    assert ANOMALY in said


def test_decision_on_an_unlabelled_clip_is_kept(tmp_path: Path) -> None:
    files = {SCORES_OF_FAN: "section_00_0000.wav,1.5\n", DECISIONS_OF_FAN: "section_00_0000.wav,1\n"}
    (row,) = read(write(tmp_path / "mine", files)).to_dict("records")
    assert row["prediction_mine"] == "anomaly"
    assert (row["label"], row["domain"]) == (None, None)


def test_several_seeds_in_one_folder_are_models_of_their_own(tmp_path: Path) -> None:
    files = {f"anomaly_score_fan_section_00_test_seed{seed}.csv": f"{NORMAL},{seed}\n" for seed in (1, 2)}
    files |= {"decision_result_fan_section_00_test_seed2.csv": f"{NORMAL},1\n"}
    (row,) = read(write(tmp_path / "mine", files)).to_dict("records")
    assert (row["anomaly_score_mine_seed1"], row["anomaly_score_mine_seed2"]) == (1, 2)
    assert row["prediction_mine_seed2"] == "anomaly"
    assert "prediction_mine_seed1" not in row


def test_one_seed_is_not_part_of_the_models_name(tmp_path: Path) -> None:
    write(tmp_path / "mine", {"anomaly_score_fan_section_00_test_seed13711.csv": f"{NORMAL},1\n"})
    assert "anomaly_score_mine" in read(tmp_path / "mine")


def test_model_that_scored_fewer_clips_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, {f"a/{SCORES_OF_FAN}": f"{NORMAL},1\n{ANOMALY},2\n", f"b/{SCORES_OF_FAN}": f"{ANOMALY},3\n"})
    assert read(tmp_path)["anomaly_score_b"].tolist() == [None, 3]
    assert "b: scores for 1 of 2 clips" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file_name", "machine"),
    [
        ("anomaly_score_fan_section_00_test.csv", "fan"),
        ("anomaly_score_DCASE2023T2ToyCar_section_00_test.csv", "ToyCar"),
        ("anomaly_score_DCASE2024T23DPrinter_section_00_test_seed13711.csv", "3DPrinter"),
        ("anomaly_score_DCASE2023T2valve_section_00_test_seed13711_id(0_).csv", "valve"),
        ("anomaly_score_DCASE2023T2valve_section_02_test_seed13711_id(0_)_Eval.csv", "valve"),
        ("anomaly_score_valve_section_00_test_Eval.csv", "valve"),
        ("anomaly_score_valve_section_03.csv", "valve"),
        ("anomaly_score_DCASE2022T2valve_section_03.csv", "valve"),
        ("anomaly_score_valve_section_03_source.csv", "valve"),
        ("anomaly_score_ToyCar_section_03_seed7.CSV", "ToyCar"),
        ("anomaly_score_3DPrinter_section_00.csv", "3DPrinter"),
    ],
)
def test_score_file_of_each_naming_is_recognised(tmp_path: Path, file_name: str, machine: str) -> None:
    frame = read(write(tmp_path / "mine", {file_name: "section_00_0000.wav,1\n"}))
    assert list(frame.index) == [f"test/{machine}_section_00_0000.wav"]


def test_files_of_a_submission_have_scores_and_decisions(tmp_path: Path) -> None:
    for system, shift in (("Team_A_task2_1", 0), ("Team_A_task2_2", 1)):
        scores = "".join(f"section_03_000{number}.wav,{number + shift}\n" for number in range(4))
        decisions = "".join(f"section_03_000{number}.wav,{number // 2}\n" for number in range(4))
        files = {"anomaly_score_valve_section_03.csv": scores, "decision_result_valve_section_03.csv": decisions}
        write(tmp_path / system, files)
    frame = read(tmp_path)
    assert frame["anomaly_score_Team_A_task2_2"].tolist() == [1, 2, 3, 4]
    assert frame["prediction_Team_A_task2_1"].tolist() == ["normal", "normal", "anomaly", "anomaly"]
    assert set(frame["section"]) == {3}


@pytest.mark.parametrize("ending", [".npy", ".json", ".pt", ".wav.npy", "", ".flac", ".WAV"])
def test_score_files_name_clips_by_what_was_read_of_them(tmp_path: Path, ending: str) -> None:
    write(tmp_path, {"anomaly_score_fan_id_00.csv": f"anomaly_id_00_00000000{ending},1\n"})
    frame = read(tmp_path)
    assert list(frame.index) == ["test/fan_anomaly_id_00_00000000.wav"]
    assert (frame["label"].tolist(), frame["year"].tolist()) == (["anomaly"], [2020])


def test_folders_of_scores_that_are_not_used_are_named_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {f"mse/{SCORES_OF_FAN}": f"{NORMAL},1\n"})
    for number in range(5):
        write(tmp_path, {f"exp/run{number}/anomaly_scores_fan.csv": "x,1\n"})
    assert list(read(tmp_path).filter(like="anomaly_score")) == ["anomaly_score_mse"]
    said = capsys.readouterr().err
    assert "left out, as not named like the baseline's: 5 folders, exp/run0 (anomaly_scores_fan.csv)" in said
    assert "and 2 more" in said
    touch(tmp_path / "raw", f"fan/test/{NORMAL}", "old/anomaly_scores_fan.csv")
    read(tmp_path / "raw")
    assert "holds score files of another naming in 1 folder, old (anomaly_scores_fan.csv)" in capsys.readouterr().err


def test_scores_of_clips_of_any_name_take_section_and_domain_from_their_file(tmp_path: Path) -> None:
    write(tmp_path, {"anomaly_score_press_section_02_target_test.csv": "hall 1.flac,1\nhall 2.flac,2\n"})
    frame = read(tmp_path)
    assert list(frame.index) == ["test/press_hall 1.flac", "test/press_hall 2.flac"]
    assert frame[["section", "domain", "label", "year"]].to_numpy().tolist() == [[2, "target", None, 2021]] * 2


def test_score_files_of_2020_are_read(tmp_path: Path) -> None:
    files = {f"anomaly_score_fan_id_{number}.csv": f"anomaly_id_{number}_00000000.wav,1\n" for number in ("00", "02")}
    frame = read(write(tmp_path / "mine", files))
    assert frame["section"].tolist() == [0, 2]
    assert set(frame["label"]) == {"anomaly"}


def test_other_files_of_a_result_folder_are_left_alone(tmp_path: Path) -> None:
    write(
        tmp_path / "mine",
        {
            SCORES_OF_FAN: f"{NORMAL},1\n",
            "anomaly_score_DCASE2023T2fansection_00test.csv": f"{ANOMALY},stale\n",
            "result_DCASE2023T2fan_test_seed13711_id(0_)_roc.csv": "section,AUC\n00,0.5\n",
            "anomaly_score_fan_section_00_test.csv.bak": f"{ANOMALY},2\n",
            "notes.csv": "hello\n",
        },
    )
    assert list(read(tmp_path / "mine").index) == [f"test/fan_{NORMAL}"]


@pytest.mark.parametrize(
    "content",
    [
        f"{NORMAL},1.5\n\n\n{ANOMALY},2\n",
        f"\ufeff{NORMAL},1.5\n{ANOMALY},2",
        f"{NORMAL},1.5\r\n{ANOMALY},2\r\n",
        f'"{NORMAL}", 1.5 \n{ANOMALY},2e0\n',
        f"fan/test/{NORMAL},1.5\n/somewhere/else/{ANOMALY},2\n",
        f"{NORMAL};1.5\n{ANOMALY};2\n",
    ],
    ids=["blank lines", "BOM", "CRLF", "quotes and spaces", "paths", "semicolons"],
)
def test_score_file_may_be_written_in_several_ways(tmp_path: Path, content: str) -> None:
    frame = read(write(tmp_path / "mine", {SCORES_OF_FAN: content}))
    assert frame["anomaly_score_mine"].to_dict() == {f"test/fan_{NORMAL}": 1.5, f"test/fan_{ANOMALY}": 2}


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        (SCORES_OF_FAN, f"{NORMAL},1\n{ANOMALY},high\n", ["line 2", "'high' is not a number"]),
        (SCORES_OF_FAN, f"{NORMAL},\n", ["line 1", "not a number"]),
        (SCORES_OF_FAN, f"\n\n{NORMAL},nan\n", ["line 3", "nan"]),
        (SCORES_OF_FAN, f"{NORMAL},-inf\n", ["line 1", "-inf"]),
        (SCORES_OF_FAN, f"{NORMAL},1,2\n", ["line 1", "file name,number", f"{NORMAL},1,2"]),
        (SCORES_OF_FAN, "holiday,1\n", ["line 1", "'holiday'", "clip name"]),
        (SCORES_OF_FAN, "file_name,score\n", ["line 1", "'file_name'", "clip name"]),
        (SCORES_OF_FAN, f"{NORMAL},1\n{NORMAL},1\n", ["line 2", NORMAL, "already", "mine"]),
        (SCORES_OF_FAN, bytes(range(256)), ["is no text in UTF-8"]),
        (SCORES_OF_FAN, f"{NORMAL},1_000\n", ["line 1", "'1_000' is not a number"]),
        (SCORES_OF_FAN, f"{NORMAL},\u0663\n", ["line 1", "is not a number"]),
        (DECISIONS_OF_FAN, f"{NORMAL},2\n", ["line 1", "0 (normal) or 1 (anomaly)", "2"]),
        (DECISIONS_OF_FAN, f"{NORMAL},0.5\n", ["line 1", "0 (normal) or 1 (anomaly)", "0.5"]),
    ],
)
def test_broken_score_file_is_named_with_line_and_fault(
    tmp_path: Path, name: str, content: str | bytes, parts: list[str]
) -> None:
    folder = write(tmp_path / "mine", {SCORES_OF_FAN: f"{NORMAL},1\n", name: content})
    sentence = refused(folder)
    assert [part for part in [str(folder / name), *parts] if part not in sentence] == []
    assert "\n" not in sentence


def test_very_long_line_is_quoted_in_part(tmp_path: Path) -> None:
    assert len(refused(write(tmp_path / "mine", {SCORES_OF_FAN: "x," * 50_000}))) < 500


@pytest.mark.parametrize(
    ("folders", "models"),
    [
        (["a/result", "b/result"], ["a", "b"]),
        (["exp/nfft2048/result", "exp/result_backup/result", "mse"], ["nfft2048", "result_backup", "mse"]),
        (["a/x/result", "b/x/result"], ["a", "b"]),
        (["a/x/result", "a/y/result", "b/x/result"], ["a_x", "a_y", "b_x"]),
        (["runs/mine", "runs/mine/mine"], ["runs", "mine"]),
        (["a", "a/result", "b/result"], ["top_a", "a_result", "b_result"]),
    ],
)
def test_result_folders_of_one_name_are_called_by_those_above(
    tmp_path: Path, folders: list[str], models: list[str]
) -> None:
    for number, folder in enumerate(folders):
        write(tmp_path / "top" / folder, {SCORES_OF_FAN: f"{NORMAL},{number}\n"})
    (row,) = read(tmp_path).to_dict("records")
    assert {name: row[f"anomaly_score_{name}"] for name in models} == dict(zip(models, range(9), strict=False))


def test_folder_of_decisions_alone_is_no_result_folder(tmp_path: Path) -> None:
    write(tmp_path / "mine", {DECISIONS_OF_FAN: f"{NORMAL},1\n"})
    assert read_scores(tmp_path) is None
    assert DECISIONS_OF_FAN in refused(tmp_path / "mine")


# Joining


def test_scores_meet_the_recordings_they_are_of(
    tmp_path: Path, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    train = "section_00_source_train_normal_0000_m-n_W.wav"
    for number, (split, name) in enumerate([("train", train), ("test", NORMAL), ("test", ANOMALY)]):
        record(tmp_path / "raw/fan" / split / name, seed=number)
    scores = f"{ANOMALY},2.5\n{NORMAL},1.5\nsection_00_target_test_normal_0007_m-n_Y.wav,0.5\n"
    write(tmp_path / "mine", {SCORES_OF_FAN: scores, DECISIONS_OF_FAN: f"{NORMAL},1\n{ANOMALY},1\n"})
    frame = read(tmp_path / "raw", tmp_path / "mine")
    met = frame[["path", "anomaly_score_mine", "prediction_mine", "d1v"]]
    assert {
        clip.removeprefix("test/fan_"): row for clip, row in zip(met.index, met.to_numpy().tolist(), strict=True)
    } == {
        f"train/fan_{train}": [str(tmp_path / "raw/fan/train" / train), None, None, "W"],
        NORMAL: [str(tmp_path / "raw/fan/test" / NORMAL), 1.5, "anomaly", "W"],
        ANOMALY: [str(tmp_path / "raw/fan/test" / ANOMALY), 2.5, "anomaly", "Z"],
        "section_00_target_test_normal_0007_m-n_Y.wav": [None, 0.5, None, "Y"],
    }
    assert "2 of its 3 clips" in capsys.readouterr().err


def test_order_of_the_sources_is_kept(tmp_path: Path) -> None:
    touch(tmp_path, f"raw/fan/test/{NORMAL}")
    write(tmp_path / "mine", {"anomaly_score_ToyCar_section_00_test.csv": f"{NORMAL},1\n"})
    clip, other = f"test/fan_{NORMAL}", f"test/ToyCar_{NORMAL}"
    assert list(read(tmp_path / "raw", tmp_path / "mine").index) == [clip, other]
    assert list(read(tmp_path / "mine", tmp_path / "raw").index) == [other, clip]


def test_real_recordings_and_real_scores_of_other_clips_stand_side_by_side(
    real_clips: Path, real_scores: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = read_sources([str(real_clips), str(real_scores)])
    assert len(source.frame) == 93 + 1400
    assert clips.problems(source.frame) == []
    assert source.frame["path"].notna().sum() == 93
    assert source.frame["anomaly_score_baseline_MSE"].notna().sum() == 1400
    assert source.title == f"{real_clips.name} + {real_scores.name}"
    said = capsys.readouterr().err
    assert "no clip in common" in said
    assert str(real_scores) in said


def test_facts_that_conflict_are_said_and_the_first_wins(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(touch(tmp_path / "raw", f"fan/test/{NORMAL}"), {"fan/attributes_00.csv": ATTRIBUTES})
    write(tmp_path / "mine", {SCORES_OF_FAN: f"{NORMAL},1\n"})
    assert read(tmp_path / "raw", tmp_path / "mine")["d1v"].tolist() == ["25"]
    assert "column d1v differs between the sources for 1 clip" in capsys.readouterr().err
    assert read(tmp_path / "mine", tmp_path / "raw")["d1v"].tolist() == ["W"]


# Specs that are none


def test_missing_folder_is_answered_with_the_nearest_name(tmp_path: Path) -> None:
    touch(tmp_path, "baseline_MSE/x", "recordings/x")
    sentence = refused(tmp_path / "baseline_MES")
    assert str(tmp_path / "baseline_MES") in sentence
    assert "baseline_MSE" in sentence
    assert "recordings" not in sentence


def test_missing_folder_like_no_other_lists_what_is_there(tmp_path: Path) -> None:
    touch(tmp_path, "baseline_MSE/x", "recordings/x")
    sentence = refused(tmp_path / "qqq")
    assert "baseline_MSE" in sentence
    assert "recordings" in sentence


def test_missing_parent_is_said(tmp_path: Path) -> None:
    assert f"{tmp_path / 'no'} does not exist" in refused(tmp_path / "no" / "where")


@pytest.mark.parametrize(("typed", "meant"), [("demp", "demo"), ("Demo", "demo"), ("hubb", "hub")])
def test_mistyped_word_is_answered_with_the_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, meant: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"did you mean {meant}" in refused(typed)


def test_file_is_refused_as_no_folder(tmp_path: Path) -> None:
    sentence = refused(write(tmp_path, {"scores.csv": "x"}) / "scores.csv")
    assert "scores.csv is a file" in sentence
    assert "folder" in sentence


def test_empty_folder_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    sentence = refused(tmp_path)
    assert f"{tmp_path} is empty" in sentence
    assert "*.wav" in sentence
    assert "anomaly_score_" in sentence


def test_packed_download_is_refused_with_the_command_that_unpacks_it(tmp_path: Path) -> None:
    sentence = refused(touch(tmp_path, "dev_valve.zip", "dev_fan.zip"))
    assert "dev_fan.zip" in sentence
    assert "unzip" in sentence


def test_folder_of_anything_else_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    sentence = refused(touch(tmp_path, "photos/beach.jpg"))
    assert "photos" in sentence
    assert "<machine>/train|test/*.wav" in sentence


def test_recordings_that_no_folder_tells_of_are_counted_with_the_way_to_arrange_them(tmp_path: Path) -> None:
    names = [f"hall {number}.{ending}" for number in range(3) for ending in ("wav", "ogg")]
    sentence = refused(touch(tmp_path, *(f"valve/{name}" for name in names), "pump/odd.wav"))
    assert "4 WAV files and 3 OGG files, in folders pump, valve" in sentence
    assert "<machine>/train|test/*.wav" in sentence
    assert "clips.csv" in sentence


def test_every_kind_of_source_says_what_it_saw(tmp_path: Path) -> None:
    touch(tmp_path, "valve/hall.wav", "odd/anomaly_scores_fan.csv", "x.zip")
    sentence = refused(tmp_path)
    assert "1 WAV file, in folder valve" in sentence
    assert "score files of another naming in 1 folder, odd (anomaly_scores_fan.csv)" in sentence
    assert "unzip" in refused(touch(tmp_path / "packed", "x.zip"))


def test_result_folder_that_holds_recordings_as_well_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(touch(tmp_path / "mine", f"fan/test/{NORMAL}"), {SCORES_OF_FAN: f"{NORMAL},1\n"})
    assert "path" not in read(tmp_path / "mine")
    assert "holds recordings (1 WAV file) as well" in capsys.readouterr().err


@pytest.mark.parametrize("spec", ["hubb", "renumics/dcase23-task2-enriched", "https://example.com/x", "hf:/a/b"])
def test_only_the_hub_and_its_repositories_reach_the_network(monkeypatch: pytest.MonkeyPatch, spec: str) -> None:
    def no_network(*_: object) -> None:
        pytest.fail("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    assert f"there is no folder {spec}" in refused(spec)


def test_first_broken_spec_is_named_whatever_the_others_are(tmp_path: Path) -> None:
    touch(tmp_path / "raw", f"fan/test/{NORMAL}")
    assert str(tmp_path / "nowhere") in refused(tmp_path / "raw", tmp_path / "nowhere")


# What a folder may hold by accident


def test_a_folder_or_a_dead_link_in_place_of_a_score_file_is_said(tmp_path: Path) -> None:
    write(tmp_path, {f"folder/{SCORES_OF_FAN}/x": ""})
    assert SCORES_OF_FAN in refused(tmp_path / "folder")
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / SCORES_OF_FAN).symlink_to(tmp_path / "gone.csv")
    assert SCORES_OF_FAN in refused(tmp_path / "link")


def test_a_folder_in_place_of_an_attribute_file_is_said(tmp_path: Path) -> None:
    touch(tmp_path, f"fan/test/{NORMAL}", "fan/attributes_00.csv/x")
    assert "attributes_00.csv: is a folder, not a file" in refused(tmp_path)


def test_score_files_without_a_line_are_said_with_their_folder(tmp_path: Path) -> None:
    write(tmp_path, {f"mse/{SCORES_OF_FAN}": "\n \n"})
    assert f"mse/{SCORES_OF_FAN}: is empty" in refused(tmp_path)


def test_the_line_of_a_clip_scored_twice_counts_blank_lines(tmp_path: Path) -> None:
    write(tmp_path, {SCORES_OF_FAN: f"\n\n{NORMAL},1\n{NORMAL},2\n"})
    assert "line 4" in refused(tmp_path)


def test_a_score_beyond_float32_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {SCORES_OF_FAN: f"{NORMAL},1e300\n"})
    assert "line 1: the score is 1e300" in refused(tmp_path)


@pytest.mark.parametrize("spec", ["", "~nobody-of-this-name/clips"])
def test_specs_that_are_no_path_are_refused(spec: str) -> None:
    assert refused(spec)


def test_a_broken_link_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert "link to" in refused(tmp_path / "link")


def test_clips_go_by_the_folder_not_by_a_link_to_it(tmp_path: Path) -> None:
    touch(tmp_path, f"fan/test/{NORMAL}")
    (tmp_path / "a_link").symlink_to(tmp_path / "fan")
    assert set(read(tmp_path)["class"]) == {"fan"}


def test_score_files_of_2021_are_read_for_both_domains(tmp_path: Path) -> None:
    names = ("anomaly_score_fan_section_00_source_test.csv", "anomaly_score_fan_section_00_target_test.csv")
    write(tmp_path, {names[0]: "section_00_source_test_normal_0000.wav,1\n"})
    write(tmp_path, {names[1]: "section_00_target_test_normal_0000.wav,2\n"})
    assert sorted(read(tmp_path)["domain"]) == ["source", "target"]


def test_score_files_of_another_naming_are_said_to_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {SCORES_OF_FAN: f"{NORMAL},1\n", "anomaly_score_fansection_00test.csv": f"{ANOMALY},1\n"})
    read(tmp_path)
    assert "left out" in (said := capsys.readouterr().err)
    assert "anomaly_score_fansection_00test.csv" in said


def test_scores_of_training_clips_meet_the_training_clips(tmp_path: Path, record: Record) -> None:
    name = "section_00_source_train_normal_0000_m-n_W.wav"
    record(tmp_path / "audio" / "fan" / "train" / name)
    write(tmp_path, {f"scores/{SCORES_OF_FAN}": f"{name},1\n"})
    (clip,) = read(tmp_path / "audio", tmp_path / "scores").itertuples()
    assert clip.split == "train"
    assert clip.anomaly_score_scores == 1


def test_scores_below_folders_of_their_own_are_found(tmp_path: Path) -> None:
    write(tmp_path, {f"results/dev_data/baseline_MSE/{SCORES_OF_FAN}": f"{NORMAL},1\n"})
    assert "anomaly_score_baseline_MSE" in read(tmp_path / "results")


def test_score_rows_may_carry_the_paths_of_another_system(tmp_path: Path) -> None:
    write(tmp_path, {SCORES_OF_FAN: f"C:\\data\\fan\\test\\{NORMAL},1\n"})
    assert list(read(tmp_path).index) == [f"test/fan_{NORMAL}"]


def test_case_of_folders_and_endings_does_not_part_clips_from_their_scores(tmp_path: Path, record: Record) -> None:
    record(tmp_path / "audio" / "Fan" / "Test" / NORMAL.replace(".wav", ".WAV"))
    write(tmp_path, {f"scores/{SCORES_OF_FAN}": f"{NORMAL},1\n"})
    (clip,) = read(tmp_path / "audio", tmp_path / "scores").itertuples()
    assert clip.path.endswith(".WAV")
    assert clip.anomaly_score_scores == 1


def test_recordings_beside_train_and_test_are_said_to_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(tmp_path, f"fan/test/{NORMAL}", "fan/supplemental/section_00_source_supplemental_machine_0000.wav")
    assert len(read(tmp_path)) == 1
    assert "supplemental" in capsys.readouterr().err


def test_an_attribute_file_of_other_clips_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    touch(tmp_path, f"fan/test/{NORMAL}")
    write(tmp_path, {"fan/attributes_00.csv": f"file_name,d1p,d1v\nfan/test/{ANOMALY},m-n,X\n"})
    read(tmp_path)
    assert "attributes_00.csv lists none" in capsys.readouterr().err


def test_a_linked_machine_folder_goes_by_the_links_name(tmp_path: Path) -> None:
    touch(tmp_path, f"store/a1b2/test/{NORMAL}")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "fan").symlink_to(tmp_path / "store" / "a1b2")
    assert set(read(tmp_path / "data")["class"]) == set(read(tmp_path / "data" / "fan")["class"]) == {"fan"}


def test_a_name_that_is_not_utf_8_is_said(tmp_path: Path) -> None:
    touch(tmp_path / os.fsdecode(b"caf\xe9"), f"fan/test/{NORMAL}")
    assert "not a name in UTF-8" in refused(tmp_path)


def test_the_demo_is_never_joined_to_real_scores(tmp_path: Path) -> None:
    write(tmp_path, {SCORES_OF_FAN: f"{NORMAL},1\n"})
    assert "demo alone" in refused(tmp_path, "demo")


def test_models_of_one_name_from_two_specs_are_called_by_the_folders_above(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, run in enumerate("ab"):
        scores = {SCORES_OF_FAN: f"{NORMAL},{number}\n", DECISIONS_OF_FAN: f"{NORMAL},{number}\n"}
        write(tmp_path / run / "mse", scores)
    (row,) = read(tmp_path / "a" / "mse", tmp_path / "b" / "mse").to_dict("records")
    assert [row[f"anomaly_score_{run}"] for run in "ab"] == [0, 1]
    assert [row[f"prediction_{run}"] for run in "ab"] == ["normal", "anomaly"]
    assert "two models are called mse: they are named a, b" in capsys.readouterr().err


def test_the_same_model_twice_is_refused_with_the_way_out(tmp_path: Path) -> None:
    write(tmp_path / "mse", {SCORES_OF_FAN: f"{NORMAL},1\n"})
    sentence = refused(tmp_path / "mse", tmp_path / "mse")
    assert "a model called mse already" in sentence
    assert "--scores mine=" in sentence


@pytest.mark.parametrize(
    "called",
    [
        "anomaly_score_fan_section_01_test.tsv",
        "anomaly-score-fan-section-01-test.csv",
        "Anomaly score fan 01.csv",
        "decision-result_fan_section_01_test.txt",
        "anomaly_score_fan_section_01_test.csv.gz",
    ],
)
def test_files_that_look_like_scores_beside_those_that_are_do_not_vanish(
    called: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "section_00_source_test_normal_0000.wav,1\n"
    (tmp_path / "anomaly_score_fan_section_00_test.csv").write_text(rows)
    (tmp_path / called).write_text(rows)
    read(tmp_path)
    assert f"1 file ({called})" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "sentence"),
    [("pipe", "is a pipe"), ("a" * 5_000, "File name too long"), ("x.tar.gz", "is packed: unpack it")],
)
def test_a_place_that_cannot_be_a_folder_is_said(place: str, sentence: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "x.tar.gz").write_bytes(b"\x1f\x8b")
    with pytest.raises(ExploreError, match=sentence) as raised:
        read_sources([str(tmp_path / place)])
    assert len(str(raised.value)) < 400


def test_a_folder_below_that_cannot_be_read_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(tmp_path, f"fan/test/{NORMAL}", f"valve/test/{NORMAL}")
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if Path(path).name == "valve":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr("os.scandir", refusing)
    read_sources([str(tmp_path)])
    assert f"{tmp_path / 'valve'}: left out, for it cannot be read (Permission denied)" in capsys.readouterr().err
