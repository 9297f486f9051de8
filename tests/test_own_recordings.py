"""Recordings of one's own and of other data sets: folders that tell, tables that list, formats that soundfile reads."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from dcase_explore import clips
from dcase_explore.clip_names import RECORDINGS, is_recording
from dcase_explore.enrich import logmel
from dcase_explore.errors import ExploreError
from dcase_explore.sources import read_sources
from dcase_explore.sources.folder_names import read_folders
from test_sources import read, refused, touch, write

Capture = pytest.CaptureFixture[str]


def told(frame: pd.DataFrame, *columns: str) -> dict[str, list[object]]:
    return {clip: list(values) for clip, values in zip(frame.index, frame[list(columns)].to_numpy(), strict=True)}


# Folders


def test_mimii_is_read_by_its_folders(tmp_path: Path, capsys: Capture) -> None:
    for noise in ("-6", "6"):
        for number in ("00", "02"):
            names = [f"{noise}_dB_fan/fan/id_{number}/{label}/00000000.wav" for label in ("normal", "abnormal")]
            touch(tmp_path, *names)
    frame = read(tmp_path)
    assert len(frame) == 8
    columns = ("class", "section", "label", "split", "d1p", "d1v", "file_name")
    assert told(frame, *columns)["test/fan_-6_dB_fan_id_02_abnormal_00000000.wav"] == [
        *("fan", 2, "anomaly", "test", "snr", "-6 dB"),
        "-6_dB_fan/id_02/abnormal/00000000.wav",
    ]
    assert frame["d1v"].value_counts().to_dict() == {"-6 dB": 4, "6 dB": 4}
    assert "8 clips in no folder train or test: taken as test clips" in capsys.readouterr().err
    assert len(read(tmp_path / "-6_dB_fan/fan/id_00")) == 2
    assert set(read(tmp_path / "-6_dB_fan/fan/id_00/normal")["class"]) == {"fan"}


def test_mimii_without_a_folder_of_the_machine_type_is_read(tmp_path: Path) -> None:
    frame = read(touch(tmp_path, "0dB_pump/id_04/abnormal/00000001.wav"))
    assert told(frame, "class", "section", "d1v") == {
        "test/pump_0dB_pump_id_04_abnormal_00000001.wav": ["pump", 4, "0 dB"]
    }


def test_toyadmos_is_read_by_names_and_folders(tmp_path: Path) -> None:
    normal = "1100010001_ToyCar_case1_normal_IND_ch1_0001.wav"
    anomaly = "1200010001_ToyCar_case2_ab01_IND_ch3_0001.wav"
    noise = "1400010001_ToyCar_case1_N1_ch1_0001.wav"
    touch(tmp_path, f"ToyCar/case1/NormalSound_IND/{normal}", f"ToyCar/case2/AnomalousSound_IND/{anomaly}")
    touch(tmp_path, f"ToyCar/case1/EnvironmentalNoise_CNT/{noise}")
    frame = read(tmp_path)
    assert told(frame, "class", "section", "label", "d1p", "d1v") == {
        f"test/ToyCar_{normal}": ["ToyCar", 1, "normal", "ch", "1"],
        f"test/ToyCar_{anomaly}": ["ToyCar", 2, "anomaly", "ch", "3"],
    }


def test_idmt_isa_engines_are_read(tmp_path: Path) -> None:
    engines = {"engine1_good": "normal", "engine2_broken": "anomaly", "engine3_heavyload": "anomaly"}
    touch(tmp_path, *(f"engine/{split}/{name}/pure_0.wav" for split in ("train_cut", "test_cut") for name in engines))
    touch(tmp_path, "engine/train/engine1_good/pure_0.wav")
    frame = read(tmp_path)
    assert frame["split"].value_counts().to_dict() == {"train": 4, "test": 3}
    assert told(frame, "class", "split", "label", "d1v")["train/engine_train_cut_engine2_broken_pure_0.wav"] == [
        *("engine", "train", "anomaly", "engine2_broken")
    ]
    assert dict(zip(frame["d1v"], frame["label"], strict=True)) == engines


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("press/train", ("press", "train", None, None, None)),
        ("press/test/good", ("press", "test", "normal", None, None)),
        ("press/test/broken_large", ("press", "test", "anomaly", None, None)),
        ("press/broken/test", ("press", "test", "anomaly", None, None)),
        ("press/Testing/NOK", ("press", "test", "anomaly", None, None)),
        ("press/Training/OK", ("press", "train", "normal", None, None)),
        ("press/normal", ("press", None, "normal", None, None)),
        ("press/not_ok", ("press", None, "anomaly", None, None)),
        ("press/no_fault", ("press", None, "normal", None, None)),
        ("min6dB/fan/id_00/abnormal", ("fan", None, "anomaly", None, 0)),
        ("press/case3/faulty", ("press", None, "anomaly", None, 3)),
        ("press/source_test/id_02", ("press", "test", None, "source", 2)),
        ("press/test/target/anomalous", ("press", "test", "anomaly", "target", None)),
        ("train/fan", ("fan", "train", None, None, None)),
        ("test/toycar/abnormal", ("ToyCar", "test", "anomaly", None, None)),
        ("train/press", None),
        ("press", None),
        ("press/test/more", None),
        ("press/supplemental", None),
        ("normal_and_anomaly", None),
        ("crash_test_bench", None),
    ],
)
def test_what_folders_say(folder: str, expected: tuple[object, ...] | None) -> None:
    facts = read_folders(("/", "home", "test", "data", *folder.split("/")), 3)
    found = facts and (facts.machine, facts.split, facts.label, facts.domain, facts.section)
    assert found == expected


def test_folders_above_the_one_given_tell_the_machine_type_alone(tmp_path: Path) -> None:
    touch(tmp_path, "broken/test/fan/train/a.wav")
    frame = read(tmp_path / "broken" / "test" / "fan")
    assert told(frame, "class", "split", "label") == {"train/fan_a.wav": ["fan", "train", None]}
    assert list(read(tmp_path / "broken/test/fan/train").index) == ["train/fan_a.wav"]


def test_the_same_name_in_two_folders_of_labels_is_two_clips(tmp_path: Path) -> None:
    frame = read(touch(tmp_path, "press/test/good/1.wav", "press/test/broken/1.wav", "press/train/1.wav"))
    assert told(frame, "label", "file_name") == {
        "test/press_broken_1.wav": ["anomaly", "broken/1.wav"],
        "test/press_good_1.wav": ["normal", "good/1.wav"],
        "train/press_1.wav": [None, "1.wav"],
    }


def test_recordings_called_by_their_identities_are_read_as_those_clips(tmp_path: Path) -> None:
    ids = ["train/valve_section_00_source_train_normal_0000_pat_00.wav", "test/ToyCar_section_00_0000.wav"]
    frame = read(touch(tmp_path, *ids))
    assert set(frame.index) == set(ids)
    assert frame.loc[ids, "class"].tolist() == ["valve", "ToyCar"]
    assert frame.loc[ids, "label"].tolist() == ["normal", None]


def test_recordings_of_one_name_in_several_places_are_told_apart_by_the_folders_above(tmp_path: Path) -> None:
    days = [f"2024-01-0{day}/lathe/{folder}/a.wav" for day in (2, 3) for folder in ("normal", "test/broken")]
    frame = read(touch(tmp_path, *days, "2024-01-02/press/test/a.wav"))
    assert sorted(frame.index) == [
        *(f"test/lathe_2024-01-0{day}_{folder}_a.wav" for day in (2, 3) for folder in ("broken", "normal")),
        "test/press_a.wav",
    ]
    assert len(read(tmp_path / "2024-01-02" / "lathe")) == 2


def test_a_name_goes_before_its_folder_and_that_is_said(tmp_path: Path, capsys: Capture) -> None:
    frame = read(touch(tmp_path, "fan/test/broken/normal_id_00_00000000.wav"))
    assert frame["label"].tolist() == ["normal"]
    assert "another label by name than by folder of 1 clip" in capsys.readouterr().err


# Formats


@pytest.mark.parametrize("ending", [".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".au", ".caf", ".w64", ".opus"])
def test_recordings_of_every_format_are_read_and_heard(ending: str, tmp_path: Path) -> None:
    path = tmp_path / "fan" / "test" / f"normal_id_00_00000200{ending}"
    path.parent.mkdir(parents=True)
    noise = np.random.default_rng(0).normal(0, 0.1, 16_000)
    kind = {".ogg": ("OGG", "VORBIS"), ".opus": ("OGG", "OPUS"), ".aif": ("AIFF", None)}.get(ending, (None, None))
    soundfile.write(path, noise, 16_000, format=kind[0], subtype=kind[1])
    frame = read(tmp_path)
    assert told(frame, "path", "file_name") == {"test/fan_normal_id_00_00000200.wav": [str(path), path.name]}
    assert logmel.listen(str(path)).problem is None
    assert is_recording(path.name.upper())


def test_a_clip_in_several_formats_is_one_clip(tmp_path: Path, capsys: Capture) -> None:
    frame = read(touch(tmp_path, "fan/test/normal_id_00_00000000.flac", "fan/test/normal_id_00_00000000.wav"))
    assert frame["file_name"].tolist() == ["normal_id_00_00000000.wav"]
    assert "another format of a clip beside it: 1 file" in capsys.readouterr().err


def test_sound_that_is_not_read_is_counted(tmp_path: Path, capsys: Capture) -> None:
    read(touch(tmp_path, "fan/test/a.wav", "fan/test/b.m4a", "fan/test/c.wma"))
    assert "formats that are not read: 2 files" in capsys.readouterr().err
    assert "convert them" in refused(touch(tmp_path / "other", "fan/test/b.m4a"))


def test_what_is_no_regular_file_is_left_out(tmp_path: Path, capsys: Capture) -> None:
    import os

    touch(tmp_path, "fan/test/a.wav")
    os.mkfifo(tmp_path / "fan/test/pipe.wav")
    (tmp_path / "fan/test/dead.wav").symlink_to(tmp_path / "gone.wav")
    assert list(read(tmp_path).index) == ["test/fan_a.wav"]
    assert "no regular files" in capsys.readouterr().err


def test_a_link_to_itself_hides_nothing_that_lies_beside_it(tmp_path: Path, capsys: Capture) -> None:
    touch(tmp_path, "fan/test/a.wav", "valve/test/b.wav")
    (tmp_path / "fan/test/loop.wav").symlink_to(tmp_path / "fan/test/loop.wav")
    assert sorted(read(tmp_path).index) == ["test/fan_a.wav", "test/valve_b.wav"]
    assert "no regular file" in capsys.readouterr().err


def test_names_decomposed_by_a_mac_are_composed_and_paths_stay(tmp_path: Path) -> None:
    folder, city = "Lu\u0308fter", "Ko\u0308ln"
    names = [f"section_00_source_test_{label}_0000_ort_{city}.wav" for label in ("normal", "anomaly")]
    touch(tmp_path, *(f"{folder}/test/{name}" for name in names))
    frame = read(tmp_path)
    assert set(frame["class"]) == {"L\u00fcfter"}
    assert set(frame["d1v"]) == {"K\u00f6ln"}
    assert all(name.isascii() or "\u0308" not in name for name in (*frame.index, *frame["file_name"]))
    assert all(Path(path).is_file() for path in frame["path"])


# Tables


TABLE = """path,label,class,domain,section,split,speed
sounds/a 1.wav,normal,press,source,0,train,3
sounds/b 2.flac,abnormal,press,target,1,test,4
"""


@pytest.mark.parametrize("name", ["clips.csv", "manifest.csv", "my list.csv"])
def test_a_table_of_recordings_is_read(name: str, tmp_path: Path, capsys: Capture) -> None:
    touch(tmp_path, "sounds/a 1.wav", "sounds/b 2.flac")
    write(tmp_path, {name: TABLE})
    for spec in (tmp_path / name, *([tmp_path] if name != "my list.csv" else [])):
        frame = read(spec)
        assert told(frame, "label", "class", "domain", "section", "split", "d1p", "d1v", "file_name") == {
            "train/press_a 1.wav": ["normal", "press", "source", 0, "train", "speed", "3", "a 1.wav"],
            "test/press_b 2.flac": ["anomaly", "press", "target", 1, "test", "speed", "4", "b 2.flac"],
        }
        assert frame["path"].tolist() == [str(tmp_path / "sounds/a 1.wav"), str(tmp_path / "sounds/b 2.flac")]
        assert "as well" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("path\nfan/test/a.wav\n", ["fan", "test", None]),
        ("file_name,label\nfan/train/good/a.wav,\n", ["fan", "train", "normal"]),
        ("path;label\nfan\\test\\a.wav;1\n", ["fan", "test", "anomaly"]),
        ("path\tanomaly_score_mine\tmachine_type\nfan/test/a.wav\t0.5\tpress\n", ["press", "test", None]),
        ("path,label,split\nfan/train/good/a.wav,broken,test\n", ["fan", "test", "anomaly"]),
        ("\ufeffpath,d1p,d1v\nfan/test/a.wav,vel,3\n", ["fan", "test", None]),
    ],
    ids=["paths alone", "folders", "semicolons", "tabs", "table decides", "BOM"],
)
def test_a_table_says_what_it_knows_and_folders_the_rest(text: str, facts: list[object], tmp_path: Path) -> None:
    touch(tmp_path, "fan/test/a.wav", "fan/train/good/a.wav")
    (row,) = read(write(tmp_path, {"clips.csv": text}) / "clips.csv").to_dict("records")
    assert [row["class"], row["split"], row["label"]] == facts
    assert row.get("anomaly_score_mine", 0.5) == 0.5
    assert row.get("d1v", "3") == "3"


@pytest.mark.parametrize(
    ("header", "cells", "column"),
    [
        ("is_normal", "01", "label"),
        ("Normal", ["False", "True"], "label"),
        ("is_anomaly", ["True", "False"], "label"),
        ("anomalous", ["yes", "no"], "label"),
        ("y_true", ["1.0", "0.0"], "label"),
        ("y", "10", "label"),
        ("condition", ["NOK", "OK"], "label"),
        ("is_target", ["true", "false"], "domain"),
    ],
)
def test_labels_and_domains_of_other_names_are_taken_and_that_is_said(
    header: str, cells: list[str], column: str, tmp_path: Path, capsys: Capture
) -> None:
    write(touch(tmp_path, "a.wav", "b.wav"), {"clips.csv": f"path,{header}\na.wav,{cells[0]}\nb.wav,{cells[1]}\n"})
    frame = read(tmp_path)
    assert frame[column].tolist() == {"label": ["anomaly", "normal"], "domain": ["target", "source"]}[column]
    assert f"clips.csv: column {header} is taken for the {column}" in capsys.readouterr().err
    assert "d1v" not in frame


def test_of_two_columns_of_labels_the_one_called_so_is_taken(tmp_path: Path) -> None:
    (row,) = read(write(touch(tmp_path, "a.wav"), {"clips.csv": "path,y,label\na.wav,0,1\n"})).to_dict("records")
    assert (row["label"], row["d1p"], row["d1v"]) == ("anomaly", "y", "0")
    (row,) = read(write(tmp_path, {"clips.csv": "path,y,is_normal\na.wav,1,5\n"})).to_dict("records")
    assert (row["label"], row["d1p"], row["d1v"]) == ("anomaly", "is_normal", "5")


def test_recordings_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    write(touch(tmp_path, "x/1.wav", "y/1.wav"), {"clips.csv": "path,class\nx/1.wav,fan\ny/1.wav,fan\n"})
    assert list(read(tmp_path).index) == ["test/fan_x_1.wav", "test/fan_y_1.wav"]


def test_a_recording_that_is_not_there_is_named_and_its_clip_shown(tmp_path: Path, capsys: Capture) -> None:
    write(touch(tmp_path, "a.wav"), {"clips.csv": "path,label\na.wav,normal\nb.wav,anomaly\n"})
    assert read(tmp_path)["path"].tolist() == [str(tmp_path / "a.wav"), None]
    assert "1 recording not there, shown without sound: b.wav" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        ("a.wav,odd,test,0\n", ["line 2", "there is no label 'odd'", "normal"]),
        ("a.wav,normal,eval,0\n", ["line 2", "there is no split 'eval'"]),
        ("a.wav,normal,test,first\n", ["line 2", "whole number", "'first'"]),
        ("a.wav,normal,test,1.5\n", ["line 2", "whole number"]),
        ("a.wav,normal,test\n", ["line 2", "3 fields", "4"]),
        (",normal,test,0\n", ["line 2", "no path"]),
        ("notes.txt,normal,test,0\n", ["line 2", "'notes.txt'", "no recording"]),
        ("a.wav,normal,test,0\na.wav,normal,test,0\n", ["listed twice", "a.wav"]),
        ("gone.wav,normal,test,0\n", ["none of its recordings is there", "gone.wav"]),
        ("", ["not a single recording"]),
        ("a.wav,odd,test,0\n\nb.wav,odd,test,x\n", ["2 rows", "line 2", "line 4"]),
    ],
)
def test_bad_rows_of_a_table_are_named(rows: str, parts: list[str], tmp_path: Path) -> None:
    write(touch(tmp_path, "a.wav"), {"clips.csv": f"path,label,split,section\n{rows}"})
    sentence = refused(tmp_path)
    assert [part for part in [str(tmp_path / "clips.csv"), *parts] if part not in sentence] == []


def test_scores_and_identities_in_a_table_are_its_own(tmp_path: Path, capsys: Capture) -> None:
    text = "path,clip_id,anomaly_score_a,prediction_a,nearest_normal,embeddings_x,note to self\n"
    rows = 'a.wav,test/press_one.wav,0.5,1,/etc/passwd,"[1, 2]",hm\n'
    (row,) = read(write(touch(tmp_path, "a.wav"), {"clips.csv": text + rows})).reset_index().to_dict("records")
    assert (row["clip_id"], row["anomaly_score_a"], row["prediction_a"]) == ("test/press_one.wav", 0.5, "anomaly")
    assert (row["d1p"], row["d1v"]) == ("note to self", "hm")
    assert not row.keys() & {"nearest_normal", "embeddings_x"}
    assert "columns nearest_normal, embeddings_x are left out" in capsys.readouterr().err
    bad = write(tmp_path, {"clips.csv": text + rows.replace("0.5", "high")})
    assert "line 2: anomaly_score_a is a number, not 'high'" in refused(bad)


def test_a_table_without_paths_is_not_taken_for_one(tmp_path: Path, capsys: Capture) -> None:
    write(touch(tmp_path, "fan/test/a.wav"), {"clips.csv": "a,b\n1,2\n"})
    assert list(read(tmp_path).index) == ["test/fan_a.wav"]
    assert "clips.csv, whose first line has no column path as well, left out" in capsys.readouterr().err
    assert "is a file" in refused(tmp_path / "clips.csv")


def test_a_path_that_leads_to_no_recording_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "fan").mkdir()
    (tmp_path / "folder.wav").mkdir()
    write(touch(tmp_path, "a.wav"), {"fan/clips.csv": "path\n../a.wav\n../folder.wav\n"})
    assert read(tmp_path / "fan")["path"].tolist() == [str(tmp_path / "a.wav"), None]


# Both


def test_scores_meet_recordings_of_another_format(tmp_path: Path) -> None:
    touch(tmp_path / "raw", "press/test/hall 1.flac", "press/test/hall 2.ogg")
    scores = "hall 1.wav,0.5\nhall 2.npy,1.5\n"
    write(tmp_path / "mine", {"anomaly_score_press_section_01_test.csv": scores})
    frame = read(tmp_path / "raw", tmp_path / "mine")
    assert told(frame, "anomaly_score_mine", "section") == {
        "test/press_hall 1.flac": [0.5, 1],
        "test/press_hall 2.ogg": [1.5, 1],
    }


def test_a_table_of_ones_own_is_a_clip_table(tmp_path: Path) -> None:
    write(touch(tmp_path, "sounds/a 1.wav", "sounds/b 2.flac"), {"clips.csv": TABLE})
    source = read_sources([str(tmp_path)])
    assert clips.problems(source.frame) == []
    assert source.title == tmp_path.name
    with pytest.raises(ExploreError):
        read_sources([str(tmp_path / "nowhere.csv")])


def test_endings_of_recordings_are_in_lower_case() -> None:
    assert all(ending == ending.lower() and ending[0] == "." for ending in RECORDINGS)
