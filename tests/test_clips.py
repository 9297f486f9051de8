"""The contract of the clip table: what conform makes of a frame, what it refuses, what each column is."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dcase_explore import clips
from dcase_explore.column_names import describe, in_display_order, in_words, member, members
from dcase_explore.columns import COLUMNS
from dcase_explore.errors import ExploreError
from dcase_explore.score_names import AE, AST


def table(**columns: Any) -> pd.DataFrame:
    """Two clips, a training and a test clip of a fan, with more columns."""
    required = {"clip_id": ["train/fan_a.wav", "test/fan_b.wav"], "class": ["fan", "fan"], "split": ["train", "test"]}
    return pd.DataFrame({**required, **columns})


def refused(frame: pd.DataFrame) -> str:
    with pytest.raises(ExploreError) as error:
        clips.conform(frame)
    return str(error.value)


def test_loosely_typed_frame_gets_the_contracts_types() -> None:
    frame = clips.conform(
        table(
            path=["/a.wav", np.nan],
            section=["0", "3"],
            domain=["source", None],
            label=["normal", np.nan],
            d1p=["vel", None],
            d1v=["16", None],
            embeddings_mine=[np.ones(3, np.float32), None],
            anomaly_score_mine=["1.5", None],
            prediction_mine=["anomaly", pd.NA],
            prediction_correct_mine=[False, None],
            dev_train_lof_anomaly=[0.0, 1.0],
            auc_cost_mine=[0, 1],
        )
    )
    kinds = {name: str(dtype) for name, dtype in frame.dtypes.items()}
    assert kinds == {
        "class": "category",
        "label": "category",
        "domain": "category",
        "anomaly_score_mine": "float32",
        "prediction_mine": "category",
        "prediction_correct_mine": "boolean",
        "auc_cost_mine": "float32",
        "d1p": "category",
        "d1v": "category",
        "split": "category",
        "section": "int64",
        "path": "object",
        "clip_id": "object",
        "dev_train_lof_anomaly": "int64",
        "embeddings_mine": "object",
    }
    assert frame["section"].tolist() == [0, 3]
    assert frame["path"].tolist() == ["/a.wav", None]
    assert frame["d1v"].dropna().tolist() == ["16"]
    assert clips.problems(frame) == []


def test_what_is_unknown_is_null_and_never_a_text() -> None:
    frame = clips.conform(
        table(
            path=[None, np.nan],
            domain=[np.nan, None],
            label=[pd.NA, None],
            d1p=[None, np.nan],
            d1v=[float("nan"), pd.NA],
            prediction_mine=[None, None],
            prediction_correct_mine=[None, np.nan],
        )
    )
    unknown = ["path", "domain", "label", "d1p", "d1v", "prediction_mine", "prediction_correct_mine"]
    assert frame[unknown].isna().all().all()
    assert list(frame["domain"].cat.categories) == ["source", "target"]
    assert list(frame["d1v"].cat.categories) == []


def test_conform_of_a_clip_table_changes_nothing_and_copies_no_vector() -> None:
    once = clips.conform(table(label=["normal", None], embeddings_mine=[np.ones(3, np.float32), None]))
    twice = clips.conform(once)
    pd.testing.assert_frame_equal(once, twice)
    assert twice["embeddings_mine"][0] is once["embeddings_mine"][0]


def test_rows_are_counted_anew_and_the_given_frame_stays_as_it_was() -> None:
    given = table(label=["normal", "anomaly"]).iloc[::-1]
    before = given.copy()
    assert list(clips.conform(given).index) == [0, 1]
    pd.testing.assert_frame_equal(given, before)


def test_machine_types_stand_in_the_datasets_order_and_unknown_ones_after() -> None:
    machines = ["zebra", "valve", "3DPrinter", "fan", "apple", "gearbox", "pump"]
    frame = pd.DataFrame({"clip_id": machines, "class": machines, "split": "test"})
    order = ["gearbox", "fan", "valve", "pump", "3DPrinter", "apple", "zebra"]
    assert list(clips.conform(frame)["class"].cat.categories) == order
    assert clips.machine_types_present(clips.conform(frame)) == order


def test_machine_type_without_clips_is_not_present() -> None:
    frame = clips.conform(pd.DataFrame({"clip_id": ["a", "b"], "class": ["fan", "valve"], "split": "test"}))
    assert clips.machine_types_present(frame[frame["class"] == "valve"]) == ["valve"]


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["13", "9", "100", "16"], ["9", "13", "16", "100"]),
        (["1", "0.5", "0.09", "1.5"], ["0.09", "0.5", "1", "1.5"]),
        (["31V", "28V", "4V"], ["4V", "28V", "31V"]),
        (["mix", "B10", "B2", "2"], ["2", "B2", "B10", "mix"]),
    ],
)
def test_attribute_values_stand_in_natural_order(values: list[str], order: list[str]) -> None:
    frame = pd.DataFrame({"clip_id": list("abcd")[: len(values)], "class": "fan", "split": "test", "d1v": values})
    assert list(clips.conform(frame)["d1v"].cat.categories) == order


@pytest.mark.parametrize(
    ("column", "categories"),
    [("label", ["normal", "anomaly"]), ("domain", ["source", "target"]), ("prediction_x", ["normal", "anomaly"])],
)
def test_fixed_categories_are_complete_and_in_order(column: str, categories: list[str]) -> None:
    frame = clips.conform(table(**{column: [categories[1], None]}))
    assert list(frame[column].cat.categories) == categories


def test_what_people_look_at_first_comes_first() -> None:
    given = [
        "embeddings_mine",
        "remark",
        "map_mine_y",
        "map_mine_x",
        "clip_id",
        "path",
        "prediction_correct_b",
        "section",
        "d2v",
        "d1v",
        "d2p",
        "d1p",
        "anomaly_score_a",
        "auc_cost_a",
        "anomaly_score_b",
        "prediction_b",
        "prediction_a",
        "prediction_correct_a",
        "split",
        "domain",
        "label",
        "class",
    ]
    scores_of_b = ["anomaly_score_b", "prediction_b", "prediction_correct_b"]
    scores_of_a = ["anomaly_score_a", "prediction_a", "prediction_correct_a", "auc_cost_a"]
    assert in_display_order(given) == [
        *["class", "label", "domain", *scores_of_b, *scores_of_a],
        *["d1p", "d1v", "d2p", "d2v", "split", "section", "path", "clip_id"],
        *["map_mine_x", "map_mine_y", "embeddings_mine", "remark"],
    ]


def test_columns_outside_the_contract_are_kept_as_they_are_and_last() -> None:
    frame = clips.conform(table(remark=["loud", None], section=[0, 0]))
    assert frame.columns[-1] == "remark"
    assert frame["remark"].tolist() == ["loud", None]


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"label": ["normal", "odd"]}, ["label", "normal and anomaly", "odd"]),
        ({"domain": ["source", "nan"]}, ["domain", "source and target", "nan"]),
        ({"d1v": ["16", "nan"]}, ["d1v", "'nan'", "null"]),
        ({"section": ["00", "first"]}, ["section", "int", "first"]),
        ({"anomaly_score_x": ["1.5", "high"]}, ["anomaly_score_x", "float", "high"]),
        ({"prediction_correct_x": ["yes", "no"]}, ["prediction_correct_x", "bool"]),
        ({"path": [1, None]}, ["path", "text"]),
        ({"class": ["fan", None]}, ["class", "without one"]),
        ({"split": [None, "test"]}, ["split", "without one"]),
        ({"split": ["train", "eval"]}, ["split", "train and test", "eval"]),
        ({"clip_id": ["a", None]}, ["clip_id", "1 rows without one"]),
        ({"clip_id": ["twin", "twin"]}, ["clip_id", "more than once", "twin"]),
        ({"embeddings_x": [np.zeros(3), np.zeros(3)]}, ["embeddings_x", "float32"]),
        ({"embeddings_x": [[1.0, 2.0], [1.0, 2.0]]}, ["embeddings_x", "float32"]),
        ({"embeddings_x": [np.zeros((2, 2), np.float32), None]}, ["embeddings_x", "one-dimensional"]),
        (
            {"embeddings_x": [np.zeros(3, np.float32), np.zeros(4, np.float32)]},
            ["embeddings_x", "differ in length", "3, 4"],
        ),
    ],
)
def test_broken_column_is_refused_by_name_and_reason(columns: dict[str, Any], named: list[str]) -> None:
    sentence = refused(table(**columns))
    assert [part for part in named if part not in sentence] == []


def test_all_that_cannot_be_read_is_said_at_once() -> None:
    sentence = refused(table(label=["odd", None], section=["x", "y"], anomaly_score_a=["high", "low"]))
    assert all(column in sentence for column in ("label", "section", "anomaly_score_a"))
    assert "\n" not in sentence


def test_all_that_breaks_the_contract_is_said_at_once() -> None:
    sentence = refused(
        pd.DataFrame(
            {
                "clip_id": ["twin", "twin"],
                "path": [1, 2],
                "d1v": ["nan", None],
                "embeddings_x": [np.zeros(2), np.zeros(2)],
            }
        )
    )
    parts = ["column class is missing", "column split is missing", "path", "d1v", "embeddings_x", "twin"]
    assert [part for part in parts if part not in sentence] == []


def test_column_that_stands_there_twice_is_a_problem() -> None:
    frame = clips.conform(table(label=["normal", "anomaly"]))
    found = clips.problems(pd.concat([frame, frame[["label"]]], axis=1))
    assert len(found) == 1
    assert "label" in found[0]
    assert "twice" in found[0]


def test_problems_says_what_conform_would_have_mended() -> None:
    conforming = clips.conform(table(section=[0, 0], anomaly_score_x=[1, 2], prediction_correct_x=[True, False]))
    loose = conforming.astype(
        {"class": "object", "section": "float64", "anomaly_score_x": "float64", "prediction_correct_x": "object"}
    )
    found = clips.problems(loose)
    assert len(found) == 4
    assert all(
        any(f"column {name}: must be {kind}" in problem for problem in found)
        for name, kind in [
            ("class", "categorical"),
            ("section", "int64"),
            ("anomaly_score_x", "float32"),
            ("prediction_correct_x", "bool"),
        ]
    )


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("class", "category", "Machine type"),
        ("anomaly_score_x_y", "float", "x_y: higher is more anomalous"),
        ("anomaly_score_embedding_lof", "float", "embedding_lof"),
        ("prediction_my_model", "category", "Decision of my_model"),
        ("prediction_correct_my_model", "bool", "decision of my_model agrees"),
        ("auc_cost_my_model", "float", "AUC of my_model"),
        ("domain_distance_my_net", "float", "my_net"),
        ("map_ast-finetuned-audioset-10-10-0.4593_x", "float", "ast-finetuned-audioset-10-10-0.4593"),
        ("map_my_x_y", "float", "Vertical place on the map (UMAP) of my_x"),
        ("embeddings_dcase2023_task2_baseline_ae", "vector", "dcase2023_task2_baseline_ae"),
        ("anomaly_score_{0}", "float", "of {0}"),
        ("d1p", "category", "Name of an attribute"),
        ("d9v", "category", "Value of the attribute"),
        ("dev_train_lof_anomaly", "int", "1 where LOF"),
        ("dev_train_lof_anomaly_score", "float", "LOF score"),
        ("nearest_normal", "audio", "nearest training normal"),
    ],
)
def test_column_is_described_with_the_name_of_its_score_or_embedding(name: str, kind: str, says: str) -> None:
    described = describe(name)
    assert described is not None
    assert (described.name, described.kind) == (name, kind)
    assert says in described.description
    assert "{}" not in described.description


@pytest.mark.parametrize("name", ["", "d0p", "d10v", "anomaly_score_", "embeddings_", "Label", "map_x", "prediction"])
def test_column_outside_the_contract_has_no_description(name: str) -> None:
    assert describe(name) is None


def test_every_family_is_described_for_people() -> None:
    for column in COLUMNS:
        name = column.name.replace("<score>", "mine").replace("<embedding>", "mine").replace("<n>", "1")
        described = describe(name)
        assert described is not None
        assert described.kind == column.kind, name
        assert described.description.endswith("."), name


def test_members_of_a_family_keep_the_order_of_the_columns() -> None:
    columns = [
        *["prediction_b", "prediction_correct_b", "prediction_correct_a_b", "prediction_a_b", "clip_id"],
        *["anomaly_score_z", "anomaly_score_a_b", "embeddings_e", "map_e_x", "map_e_y"],
    ]
    assert members(columns, "anomaly_score_<score>") == ["z", "a_b"]
    assert members(columns, "prediction_<score>") == ["b", "a_b"]
    assert members(columns, "prediction_correct_<score>") == ["b", "a_b"]
    assert members(columns, "embeddings_<embedding>") == ["e"]
    assert members(columns, "map_<embedding>_x") == ["e"]
    assert members(columns, "domain_distance_<embedding>") == []


def test_member_knows_its_own_family_only() -> None:
    assert member("prediction_correct_mine", "prediction_correct_<score>") == "mine"
    assert member("prediction_correct_mine", "prediction_<score>") is None
    assert member("clip_id", "anomaly_score_<score>") is None


def test_vectors_are_a_matrix_of_the_clips_that_have_one() -> None:
    frame = clips.conform(table(embeddings_mine=[None, np.array([1, 2], np.float32)]))
    matrix, present = clips.vectors(frame, "mine")
    assert present.tolist() == [False, True]
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[1, 2]]


def test_column_without_any_vector_is_an_empty_matrix() -> None:
    matrix, present = clips.vectors(clips.conform(table(embeddings_mine=[None, None])), "mine")
    assert len(matrix) == 0
    assert not present.any()


def test_facts_of_names_make_a_conforming_table() -> None:
    frame = clips.facts_from_names(
        ["bearing", "fan", "valve"],
        [
            "section_00_source_train_normal_0000_vel_16_loc_A.wav",
            "section_00_0000.wav",
            "section_01_target_test_anomaly_0003_strength_1_ambient.wav",
        ],
        ["train", "test", "test"],
    )
    assert clips.problems(frame) == []
    facts = frame.astype(object).where(frame.notna(), None).to_dict("records")
    assert facts[0] == {
        "clip_id": "train/bearing_section_00_source_train_normal_0000_vel_16_loc_A.wav",
        "file_name": "section_00_source_train_normal_0000_vel_16_loc_A.wav",
        "split": "train",
        "class": "bearing",
        "section": 0,
        "domain": "source",
        "label": "normal",
        "d1p": "vel",
        "d1v": "16",
        "d2p": "loc",
        "d2v": "A",
    }
    assert [facts[1][name] for name in ("domain", "label", "d1p", "d1v")] == [None] * 4
    assert [facts[2][name] for name in ("section", "d1p", "d1v", "d2p")] == [1, None, "strength_1_ambient", None]


@pytest.mark.parametrize(
    ("column", "values", "part"),
    [
        ("section", [0, 1.5], "whole"),
        ("anomaly_score_x", [0.0, float("inf")], "infinite, such as row 1"),
        ("embeddings_x", [np.zeros(2, np.float32), np.full(2, np.nan, np.float32)], "not finite, such as row 1"),
    ],
)
def test_values_that_mean_nothing_are_refused(column: str, values: list[object], part: str) -> None:
    sentence = refused(pd.DataFrame({"clip_id": ["a", "b"], "class": "fan", "split": "test", column: values}))
    assert column in sentence
    assert part in sentence


def test_a_doubled_column_and_one_without_a_text_name_are_said() -> None:
    frame = pd.DataFrame([["a", "fan", "test", "normal", "normal", 1]])
    frame.columns = pd.Index(["clip_id", "class", "split", "label", "label", 5])
    sentence = refused(frame)
    assert "label stands there twice" in sentence
    assert "column 5" in sentence


def test_signs_that_look_like_digits_sort_as_text() -> None:
    frame = clips.conform(
        pd.DataFrame({"clip_id": ["a", "b"], "class": "fan", "split": "test", "d1p": "vel", "d1v": ["5²", "5"]})
    )
    assert set(frame["d1v"].cat.categories) == {"5", "5²"}


@pytest.mark.parametrize(
    "codes",
    [
        [0, 1, None],
        ["0", "1", None],
        [0.0, 1.0, np.nan],
        ["normal", "abnormal", None],
        [False, True, None],
        ["False", "TRUE", None],
        ["Normal", "ANOMALY", None],
    ],
)
def test_labels_and_decisions_may_be_codes_and_that_is_said(
    codes: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    frame = pd.DataFrame({"clip_id": list("abc"), "class": "fan", "split": "test", "label": codes})
    found = clips.conform(frame.assign(prediction_mine=codes))
    for column in ("label", "prediction_mine"):
        assert found[column].astype(object).where(found[column].notna(), None).tolist() == ["normal", "anomaly", None]
    assert "column label: " in capsys.readouterr().err
    clips.conform(found)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("codes", [[0, 2], ["yes", "no"], [0.5, 1]])
def test_other_codes_of_labels_are_refused(codes: list[object]) -> None:
    sentence = refused(pd.DataFrame({"clip_id": ["a", "b"], "class": "fan", "split": "test", "label": codes}))
    assert "only normal and anomaly are known" in sentence


def test_splits_and_domains_in_capitals_are_read_and_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame({"clip_id": ["a", "b"], "class": "fan", "split": ["Test", "TRAIN"], "domain": "Source"})
    found = clips.conform(frame)
    assert found[["split", "domain"]].to_numpy().tolist() == [["test", "source"], ["train", "source"]]
    assert "column split: Test, TRAIN read as test, train" in capsys.readouterr().err


@pytest.mark.parametrize("values", [[True, False], [0.5, True], [None, np.True_]])
def test_truth_values_are_no_scores(values: list[object]) -> None:
    frame = pd.DataFrame({"clip_id": ["a", "b"], "class": "fan", "split": "test", "anomaly_score_x": values})
    assert "anomaly_score_x: cannot be read as float (truth values are no numbers)" in refused(frame)


def test_paths_may_be_paths() -> None:
    frame = pd.DataFrame({"clip_id": ["a", "b"], "class": "fan", "split": "test", "path": [Path("/x/a.wav"), None]})
    assert clips.conform(frame)["path"].tolist() == ["/x/a.wav", None]


def test_text_is_composed_and_paths_stay_as_the_file_system_has_them() -> None:
    city, machine = "Ko\u0308ln", "Lu\u0308fter"
    frame = clips.conform(
        pd.DataFrame(
            {
                "clip_id": [f"test/{machine}_a.wav", f"test/{machine}_b.wav"],
                "class": [machine, "L\u00fcfter"],
                "split": "test",
                "d1v": [city, "K\u00f6ln"],
                "path": [f"/{machine}/a.wav", None],
                "file_name": [f"{city}.wav", None],
            }
        )
    )
    assert list(frame["class"].cat.categories) == ["L\u00fcfter"]
    assert list(frame["d1v"].cat.categories) == ["K\u00f6ln"]
    assert frame["clip_id"].tolist() == ["test/L\u00fcfter_a.wav", "test/L\u00fcfter_b.wav"]
    assert frame["path"].tolist() == [f"/{machine}/a.wav", None]
    assert frame["file_name"].tolist() == ["K\u00f6ln.wav", None]


def test_file_names_of_any_kind_make_a_table() -> None:
    frame = clips.facts_from_names(["press", "fan"], ["sub/hall 1.flac", "section_02_0000.npy"], ["train", "test"])
    assert frame["clip_id"].tolist() == ["train/press_sub_hall 1.flac", "test/fan_section_02_0000.wav"]
    assert frame["file_name"].tolist() == ["sub/hall 1.flac", "section_02_0000.npy"]
    assert frame["section"].isna().tolist() == [True, False]
    assert "section" not in clips.facts_from_names(["press"], ["hall.wav"], ["test"])


def test_columns_are_called_in_words_and_no_two_alike() -> None:
    assert in_words(["auc_cost_mine", f"map_{AST}_x", "d2v", "class", "of my own"]) == {
        "auc_cost_mine": "AUC cost (mine)",
        f"map_{AST}_x": "map of AST, first axis",
        "d2v": "attribute 2, value",
        "class": "machine type",
        "of my own": "of my own",
    }
    alike = [f"anomaly_score_{AE}", "anomaly_score_baseline AE"]
    assert in_words(alike) == {name: name for name in alike}
    every = [column.name.replace("<n>", "1").replace("<score>", "a").replace("<embedding>", "a") for column in COLUMNS]
    assert all("_" not in words for words in in_words(every).values())
