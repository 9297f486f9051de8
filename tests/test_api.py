"""``load()`` and ``show()``: what a notebook or a script calls."""

from pathlib import Path

import numpy as np
import pytest

from dcase_explore import load, show
from dcase_explore.column_names import describe
from dcase_explore.columns import COLUMNS, KINDS
from dcase_explore.errors import ExploreError
from exploring import table_of


def test_load_returns_the_whole_table_with_costs_and_decisions(real_scores: Path) -> None:
    frame = load(real_scores)
    assert len(frame) == 1_400
    normals = frame[(frame["class"] == "valve") & (frame["label"] == "normal")]
    for domain, auc in (("source", 0.5580), ("target", 0.5024)):
        costs = normals.loc[normals["domain"] == domain, "auc_cost_baseline_MSE"]
        assert 1 - costs.mean() == pytest.approx(auc, abs=1e-7)
    assert frame["prediction_correct_baseline_MSE"].notna().all()


def test_an_array_in_the_order_of_the_whole_table_fits_every_filter(real_scores: Path) -> None:
    whole = load(real_scores)
    mine = np.arange(len(whole), dtype=np.float64)
    part = load(real_scores, class_name="Valve", domain="target", scores={"mine": mine})
    expected = whole.assign(mine=mine).set_index("clip_id").loc[part["clip_id"], "mine"]
    assert part["anomaly_score_mine"].to_numpy() == pytest.approx(expected.to_numpy())
    assert set(part["class"]) == {"valve"}
    assert set(part["domain"]) == {"target"}


def test_costs_are_those_of_the_whole_section_whatever_is_left_out(real_scores: Path) -> None:
    whole = load(real_scores).set_index("clip_id")["auc_cost_baseline_MSE"]
    part = load(real_scores, class_name=["valve", "fan"], domain="source").set_index("clip_id")
    assert part["auc_cost_baseline_MSE"].equals(whole[part.index])


def test_a_loaded_table_is_shown_as_it_is(real_scores: Path) -> None:
    frame = load(real_scores, class_name="valve")
    hardest = frame[frame["label"] == "normal"].nlargest(10, "auc_cost_baseline_MSE")
    viewer = show(hardest, layout="extended", browser=False)
    served = table_of(viewer.url)
    assert len(served["clip_id"]["values"]) == 10
    assert sorted(served["clip_id"]["values"]) == sorted(hardest["clip_id"])
    assert np.allclose(sorted(served["auc_cost_baseline_MSE"]["values"]), sorted(hardest["auc_cost_baseline_MSE"]))
    viewer.close()


def test_show_serves_your_scores_and_a_second_one_takes_their_place_in_the_same_page(real_scores: Path) -> None:
    length = 1_400
    first = show(real_scores, class_name="valve", scores={"mine": np.zeros(length)}, browser=False)
    assert "anomaly_score_mine" in table_of(first.url)
    second = show(real_scores, class_name="fan", scores={"other": np.zeros(length)}, browser=False)
    assert second is first
    second.wait()
    served = table_of(second.url)
    assert "anomaly_score_other" in served
    assert "anomaly_score_mine" not in served
    assert "Ω 0.5000" in served["anomaly_score_other"]["description"]
    assert set(second.frame["class"]) == {"fan"}
    second.close()


def test_chosen_clips_keep_their_nearest_training_normals(recordings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = load(str(recordings), class_name="valve")
    test = frame[frame["split"] == "test"].iloc[:3]
    capsys.readouterr()
    again = load(test)
    assert list(again["nearest_normal"]) == list(test["nearest_normal"])
    assert all("/train/" in path for path in again["nearest_normal"])
    assert "nearest normals are those of the test split" not in capsys.readouterr().err


def test_a_frame_that_is_no_clip_table_is_one_sentence(real_scores: Path) -> None:
    frame = load(real_scores, class_name="valve")
    with pytest.raises(ExploreError, match="column clip_id is missing"):
        load(frame.drop(columns="clip_id"))


def test_every_column_is_in_the_docstring_and_in_the_readme() -> None:
    said = load.__doc__ or ""
    for column in COLUMNS:
        assert f"    {column.name} : {KINDS[column.kind]}\n" in said
        assert column.description.split("{}")[0] in said
    assert "{columns}" not in said


def test_every_column_of_a_loaded_table_is_listed(recordings: Path, real_scores: Path) -> None:
    for data in (str(recordings), str(real_scores)):
        for name in load(data, class_name="valve").columns:
            column = describe(str(name))
            assert column is not None, name
            assert column.kind in KINDS


def test_an_unknown_attribute_is_one() -> None:
    import dcase_explore

    with pytest.raises(AttributeError, match="has no attribute 'loda'"):
        dcase_explore.loda  # noqa: B018
