"""The exploration: looked into, restricted to rows, given further scores, without going round again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dcase_explore import explore, load
from dcase_explore.errors import ExploreError
from dcase_explore.exploration import Exploration
from dcase_explore.exploring import SCORED


@pytest.fixture(scope="module")
def valves(real_scores: Path) -> Exploration:
    return explore(real_scores, class_name="valve")


def test_it_holds_table_models_and_findings(valves: Exploration) -> None:
    assert [model.model for model in valves.models] == ["baseline_MAHALA", "baseline_MSE"]
    assert len(valves.frame) == 200
    assert {finding.machine_type for finding in valves.findings} == {"valve"}
    assert "auc_cost_baseline_MSE" in valves.computed
    assert "anomaly_score_baseline_MSE" not in valves.computed
    assert "auc_cost_baseline_MSE" not in valves.given


def test_what_is_said_of_it_is_there_as_tables(valves: Exploration) -> None:
    assert valves.findings_table["title"].tolist() == [finding.title for finding in valves.findings]
    scores = valves.intervals.to_frame().query("metric == 'official_score' and less.isna()").set_index("model")
    for model in valves.models:
        low, value, high = scores.loc[model.model, ["low", "value", "high"]]
        assert low < value == model.official_score < high
    assert len(valves.terms) == 6
    assert (valves.terms.groupby("model")["brings"].first() > 0).all()
    assert valves.embedding_names == []
    tables = (valves.scores, valves.terms, valves.conditions, valves.separation, valves.findings_table, valves.columns)
    assert all(isinstance(table, pd.DataFrame) for table in tables)
    assert valves.columns.index.tolist() == list(valves.frame.columns)
    assert (valves.columns["meaning"].str.len() > 5).all()
    part = valves.only(valves.frame["domain"] == "target")
    assert part.intervals.to_frame().equals(valves.intervals.to_frame())


def test_some_of_its_rows_keep_what_they_cost_the_whole(valves: Exploration) -> None:
    target = valves.only(valves.frame["domain"] == "target")
    assert set(target.frame["domain"]) == {"target"}
    costs = valves.frame.set_index("clip_id")["auc_cost_baseline_MSE"]
    kept = target.frame.set_index("clip_id")["auc_cost_baseline_MSE"]
    pd.testing.assert_series_equal(kept, costs[kept.index])
    assert target.models == valves.models
    whole = {finding.description: set(valves.frame["clip_id"].iloc[finding.rows]) for finding in valves.findings}
    assert target.findings
    for finding in target.findings:
        there = set(target.frame["clip_id"].iloc[finding.rows])
        assert there == whole[finding.description] & set(target.frame["clip_id"])


def test_positions_do_as_well_and_none_left_is_a_sentence(valves: Exploration) -> None:
    assert valves.only([3, 1]).frame["clip_id"].to_list() == valves.frame["clip_id"].iloc[[3, 1]].to_list()
    with pytest.raises(ExploreError, match="no clip is left in view"):
        valves.only(valves.frame["domain"] == "nowhere")


def test_further_scores_are_of_its_own_rows_and_the_view_stays(valves: Exploration, real_scores: Path) -> None:
    mine = np.where(valves.frame["label"] == "anomaly", 1.0, 0.0)
    target = valves.only(valves.frame["domain"] == "target")
    more = explore(target, scores={"mine": mine})
    assert more.frame["clip_id"].to_list() == target.frame["clip_id"].to_list()
    assert {model.model: model.official_score for model in more.models}["mine"] == 1
    assert (more.frame["auc_cost_mine"].dropna() == 0).all()
    again = load(real_scores, class_name="valve").set_index("clip_id")["auc_cost_baseline_MSE"]
    assert np.array_equal(more.frame["auc_cost_baseline_MSE"], again[more.frame["clip_id"]], equal_nan=True)


def test_rows_asked_for_of_an_exploration_are_chosen_and_nothing_is_computed_again(
    valves: Exploration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dcase_explore.exploring.score", None)
    assert len(explore(valves, domain="source", limit=7).frame) == 7


def test_a_part_of_a_loaded_table_knows_that_it_is_one(real_scores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = load(real_scores, class_name="valve")
    assert frame.attrs[SCORED] == {"baseline_MAHALA": 200, "baseline_MSE": 200}
    part = frame[frame["domain"] == "target"]
    capsys.readouterr()
    again = load(part)
    assert np.array_equal(again["auc_cost_baseline_MSE"], part["auc_cost_baseline_MSE"])
    assert "100 of the 200 clips it was scored on" in capsys.readouterr().err
    assert load(again).attrs[SCORED] == frame.attrs[SCORED]


def test_a_table_that_knows_of_no_whole_is_one(real_scores: Path) -> None:
    part = load(real_scores, class_name="valve").query("domain == 'target'")
    part.attrs = {}
    fresh = load(part)
    normals = fresh[fresh["label"] == "normal"]
    score = "anomaly_score_baseline_MSE"
    anomalies = fresh.loc[fresh["label"] == "anomaly", score].to_numpy()
    costs = [np.mean((anomalies < one) + (anomalies == one) / 2) for one in normals[score]]
    assert normals["auc_cost_baseline_MSE"].to_numpy() == pytest.approx(costs)
