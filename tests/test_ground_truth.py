"""Ground truth in the organisers' lists (2020 to 2025), given as files, and beside data that carry labels already."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from dcase_explore import clips
from dcase_explore.attach.ground_truth import attach_ground_truth
from dcase_explore.errors import ExploreError

Capture = pytest.CaptureFixture[str]

OF_2020 = """fan
id_01_00000000.wav,normal_id_01_00000050.wav,0
id_01_00000001.wav,anomaly_id_01_00000051.wav,1
pump
id_01_00000000.wav,anomaly_id_01_00000070.wav,1
"""
OF_2023 = """fan
section_00_0000.wav,section_00_source_test_normal_0000_m-n_W.wav
section_00_0001.wav,section_00_target_test_anomaly_0001_m-n_Z.wav
"""


def table(names: Mapping[str, str]) -> pd.DataFrame:
    return clips.facts_from_names(list(names.values()), list(names), ["test"] * len(names))


def of_fan(*names: str) -> pd.DataFrame:
    return table(dict.fromkeys(names, "fan"))


def written(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def known(frame: pd.DataFrame, *columns: str) -> list[list[object]]:
    found = frame[list(columns)].astype(object)
    return found.where(found.notna(), None).to_numpy().tolist()


HIDDEN_2020 = of_fan("id_01_00000000.wav", "id_01_00000001.wav", "id_01_00000009.wav")


@pytest.mark.parametrize(
    "text",
    [
        OF_2020,
        OF_2020.replace("fan\n", "FAN,,\n"),
        OF_2020.replace("\n", "\r\n"),
        "\ufeff" + OF_2020,
        OF_2020.replace(",normal_id_01_00000050.wav,0", ",normal_id_01_00000050.wav"),
        OF_2020.replace(",normal_id_01_00000050.wav,0", ",0"),
        OF_2020.replace("normal_id_01_00000050.wav,0", "anomaly_id_01_00000050.wav,0"),
        OF_2020.replace("fan\nid_01", "DCASE2020T2fan\nfan/test/id_01"),
    ],
    ids=["2020", "fields", "CRLF", "BOM", "no label", "label alone", "label decides", "paths"],
)
def test_a_list_gives_the_labels_of_each_machine_type(text: str, tmp_path: Path, capsys: Capture) -> None:
    path = written(tmp_path / "evaluator", "eval_data_list.csv", text)
    for given in (path, path.parent):
        found = attach_ground_truth(HIDDEN_2020, given)
        assert known(found, "label", "domain") == [["normal", None], ["anomaly", None], [None, None]]
    said = capsys.readouterr().err
    assert "a list in eval_data_list.csv" in said
    assert "label of 2 and domain of 0 of 3 clips" in said
    assert "left out, as not in this data: pump" in said


def test_a_list_of_full_names_gives_domains_and_attributes_too(tmp_path: Path) -> None:
    path = written(tmp_path, "eval_data_list_2023.csv", OF_2023)
    found = attach_ground_truth(of_fan("section_00_0000.wav", "section_00_0001.wav"), path)
    facts = known(found, "label", "domain", "d1p", "d1v", "year")
    assert facts == [["normal", "source", "m-n", "W", 2023], ["anomaly", "target", "m-n", "Z", 2023]]


def test_a_list_finds_clips_that_were_renamed_already(tmp_path: Path, capsys: Capture) -> None:
    renamed = of_fan("section_00_source_test_normal_0000_m-n_W.wav", "section_00_0001.wav")
    found = attach_ground_truth(renamed, written(tmp_path, "eval_data_list.csv", OF_2023))
    assert known(found, "label") == [["normal"], ["anomaly"]]
    assert "agrees with the label that 1 clip carry already" in capsys.readouterr().err


def test_a_list_under_any_name_is_taken_and_machine_types_may_be_left_open(tmp_path: Path) -> None:
    path = written(tmp_path, "labels.csv", "file_name,label\nid_01_00000000.wav,1\nid_01_00000001.wav,normal\n")
    assert known(attach_ground_truth(HIDDEN_2020, path), "label") == [["anomaly"], ["normal"], [None]]


def test_one_file_of_a_folder_is_taken(tmp_path: Path) -> None:
    path = written(tmp_path / "ground_truth_domain", "ground_truth_fan_id_01.csv", "id_01_00000001.wav,1\n")
    assert known(attach_ground_truth(HIDDEN_2020, path), "domain") == [[None], ["target"], [None]]


LABELLED = of_fan("normal_id_01_00000000.wav", "anomaly_id_01_00000001.wav")


@pytest.mark.parametrize(
    ("text", "said", "labels"),
    [
        ("fan\nnormal_id_01_00000000.wav,0\n", "agrees with the label that 1 clip", ["normal", "anomaly"]),
        ("fan\nnormal_id_01_00000000.wav,1\n", "differs in label from 1 clip", ["anomaly", "anomaly"]),
        (OF_2020, "2 test clips carry their labels already, which stand", ["normal", "anomaly"]),
    ],
    ids=["the same", "another", "other clips"],
)
def test_beside_labels_ground_truth_is_compared_and_said(
    text: str, said: str, labels: list[str], tmp_path: Path, capsys: Capture
) -> None:
    found = attach_ground_truth(LABELLED, written(tmp_path, "eval_data_list.csv", text))
    assert found["label"].tolist() == labels
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("fan\nid_01_00000000.wav,loud\n", ["line 2", "'loud'"]),
        ("fan\nid_01_00000000.wav\n", ["line 2", "file name,value"]),
        ("fan\nnoise,0\n", ["line 2", "'noise,0'"]),
        ("fan\npump\n", ["not a single clip"]),
        ("", ["is empty"]),
        ("fan\nid_07_00000000.wav,1\n", ["1 of 1 names"]),
    ],
)
def test_a_list_that_says_nothing_is_refused_with_its_line(text: str, parts: list[str], tmp_path: Path) -> None:
    path = written(tmp_path, "eval_data_list.csv", text)
    with pytest.raises(ExploreError) as error:
        attach_ground_truth(HIDDEN_2020, path)
    assert [part for part in [str(path), *parts] if part not in str(error.value)] == []


HIDDEN = of_fan("section_00_0000.wav", "section_00_0001.wav")


@pytest.mark.parametrize(
    ("header", "cells", "facts"),
    [
        ("file,label", ["0", "1"], ["label"]),
        ("file_name;Label", ["normal", "abnormal"], ["label"]),
        ("file,is_normal", ["1", "0"], ["label"]),
        ("filename,is_anomaly", ["False", "True"], ["label"]),
        ("file,y_true", ["0.0", "1.0"], ["label"]),
        ("path,is_target", ["0", "1"], ["domain"]),
        ("file,domain,label", ["source,0", "target,1"], ["domain", "label"]),
        ("file,is_target,is_normal", ["0,1", "1,0"], ["domain", "label"]),
        ("file,remark,gt", ["section_00,no", "section_01,yes"], ["label"]),
    ],
)
@pytest.mark.parametrize("name", ["labels.csv", "ground_truth_fan_section_00_test.csv"])
def test_columns_are_taken_for_what_their_names_say(
    header: str, cells: list[str], facts: list[str], name: str, tmp_path: Path
) -> None:
    text = "\n".join([header, *(f"section_00_{row:04d}.wav,{cell}" for row, cell in enumerate(cells))])
    path = written(tmp_path, name, text.replace(",", ";") if ";" in header else text)
    said = {"label": ["normal", "anomaly"], "domain": ["source", "target"]}
    expected = [list(row) for row in zip(*(said[fact] for fact in facts), strict=True)]
    assert known(attach_ground_truth(HIDDEN, path), *facts) == expected


def test_a_domain_beside_a_label_is_taken_without_a_header_as_well(tmp_path: Path) -> None:
    path = written(tmp_path, "labels.csv", "section_00_0000.wav,0,source\nsection_00_0001.wav,1,target\n")
    assert known(attach_ground_truth(HIDDEN, path), "label", "domain") == [["normal", "source"], ["anomaly", "target"]]


def test_a_word_that_is_no_label_is_refused_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "labels.csv", "file,is_normal\nsection_00_0000.wav,2\n")
    with pytest.raises(ExploreError, match="line 2: a label is normal or anomaly, not '2'"):
        attach_ground_truth(HIDDEN, path)


@pytest.mark.parametrize("places", [("ground_truth_data", "ground_truth_data"), ("one", "other")])
def test_a_clip_of_two_labels_is_refused(places: tuple[str, str], tmp_path: Path) -> None:
    lines = ["section_00_0000.wav,0\n", "section_00_0000.wav,1\n"]
    for folder in set(places):
        text = "".join(line for line, where in zip(lines, places, strict=True) if where == folder)
        written(tmp_path / folder, "ground_truth_fan_section_00_test.csv", text)
    with pytest.raises(ExploreError, match=r"says (normal and anomaly|anomaly and normal) of test/fan_section_00_0000"):
        attach_ground_truth(HIDDEN, tmp_path)
