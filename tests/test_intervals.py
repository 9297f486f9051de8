"""Intervals of the official score, and what each of its numbers costs it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from commands import run
from dcase_explore import clips
from dcase_explore.exploration import Exploration
from dcase_explore.exploring import explored
from dcase_explore.options import Options
from dcase_explore.scoring import documents, score
from dcase_explore.scoring.improvement import terms, to_frame
from dcase_explore.scoring.interval_tables import as_document, as_json
from dcase_explore.scoring.intervals import intervals
from dcase_explore.scoring.metrics import MAX_FPR, section_metrics
from dcase_explore.scoring.resampling import draw, drawn_metrics
from dcase_explore.stored.intervals import intervals_of
from dcase_explore.stored.making import store
from finding import Made


@pytest.fixture(scope="module")
def real(real_scores: Path) -> Exploration:
    return explored(Options(data=[str(real_scores)]), with_maps=False, with_findings=False)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), levels=st.sampled_from([3, 1000]), own=st.booleans())
def test_metrics_of_drawn_clips_are_those_of_the_clips_drawn(seed: int, levels: int, own: bool) -> None:
    rng = np.random.default_rng(seed)
    n = 40
    scores, anomalous = rng.integers(0, levels, n).astype(float), np.arange(n) % 2 == 0
    domains = np.where(np.arange(n) % 4 < 2, "source", "target").astype(object)
    weights = draw(anomalous + 2 * (domains == "source"), seed, 3)
    assert (weights.sum(axis=1) == n).all()
    found = drawn_metrics(scores, anomalous, domains, weights, own_anomalies=own)
    for number in range(3):
        rows = np.repeat(np.arange(n), weights[number].astype(int))
        expected = section_metrics(scores[rows], anomalous[rows], domains[rows], own_anomalies=own)
        assert {name: values[number] for name, values in found.items()} == pytest.approx(expected, abs=1e-9)


def truth(skill: float) -> dict[str, float]:
    """AUC and pAUC of ever more clips, whose anomalies score higher than normals by so many standard deviations."""
    area, _ = integrate.quad(lambda fpr: stats.norm.cdf(skill + stats.norm.ppf(fpr)), 0, MAX_FPR)
    chance, auc = MAX_FPR**2 / 2, float(stats.norm.cdf(skill / np.sqrt(2)))
    return {"auc_source": auc, "auc_target": auc, "pauc": (1 + (area - chance) / (MAX_FPR - chance)) / 2}


def covered(auc: float, tables: int) -> dict[str, float]:
    """
    Shares of made-up sections in which the intervals cover the truth: 50 clips of each domain and label.

    They are machine types of one table, scored at once.
    """
    skill = float(stats.norm.ppf(auc) * np.sqrt(2))
    kinds = [(domain, label) for domain in ("source", "target") for label in ("normal", "anomaly")]
    frame = pd.DataFrame([kind for kind in kinds for _ in range(50)] * tables, columns=["domain", "label"])
    scores = np.random.default_rng([tables, 5]).normal(size=len(frame)) + skill * (frame["label"] == "anomaly")
    machines = [f"machine{number // 200}" for number in range(len(frame))]
    clip_ids = [f"test/{machine}_{number}.wav" for number, machine in enumerate(machines)]
    facts = {"clip_id": clip_ids, "class": machines, "section": 0, "split": "test"}
    scored = score(clips.conform(frame.assign(**facts, anomaly_score_one=scores)))
    (found,) = intervals(scored.frame, scored.models, 400).models
    inside, true = dict[str, list[bool]](), truth(skill)
    for (_, _, name), one in found.numbers.items():
        inside.setdefault(name, []).append(one.low <= true[name] <= one.high)
    assert [len(those) for those in inside.values()] == [tables] * 3
    return {name: float(np.mean(those)) for name, those in inside.items()}


def test_intervals_cover_the_truth_in_a_few_tables() -> None:
    assert min(covered(0.8, 40).values()) >= 0.8


@pytest.mark.slow
@pytest.mark.parametrize(("auc", "tables", "apart"), [(0.8, 1_000, 0.02), (0.6, 300, 0.035), (0.9, 300, 0.035)])
def test_intervals_cover_the_truth_as_often_as_they_say(auc: float, tables: int, apart: float) -> None:
    found = covered(auc, tables)
    print({name: f"{share:.1%}" for name, share in found.items()})
    for name in ("auc_source", "auc_target"):
        assert found[name] == pytest.approx(0.95, abs=apart), name  # of 300, chance alone is within 0.035
    assert found["pauc"] == pytest.approx(0.95, abs=0.05)  # it hangs on ten normals or so: a little less often


def test_intervals_are_the_same_every_time_and_hold_what_they_are_of(real: Exploration) -> None:
    one, two = (intervals(real.frame, real.models, 200) for _ in range(2))
    assert one == two
    for model, of_model in zip(real.models, one.models, strict=True):
        assert of_model.official.value == model.official_score
        assert len(of_model.numbers) == 21
        for interval in (of_model.official, *of_model.numbers.values()):
            assert 0 <= interval.low < interval.value < interval.high <= 1
    table = one.to_frame()
    assert len(table) == 2 * 22 + 1  # and the difference
    assert table.iloc[-1][["model", "less"]].tolist() == ["baseline_MAHALA", "baseline_MSE"]
    assert (table["low"] < table["high"]).all()


def test_the_difference_of_two_models_is_paired(real: Exploration) -> None:
    found = intervals(real.frame, real.models, 500)
    (difference,) = found.differences
    widths = [of_model.official.high - of_model.official.low for of_model in found.models]
    paired = difference.official.high - difference.official.low
    assert paired < np.hypot(*widths)  # as it would be of other clips
    assert difference.official.value == pytest.approx(
        real.models[0].official_score - real.models[1].official_score  # type: ignore[operator]
    )


def test_a_model_does_not_differ_from_itself() -> None:
    made = Made(3, skill=1.0)
    made.scores["two"] = made.scores["one"]
    scored = score(made.frame().drop(columns=["auc_cost_one", "auc_cost_two"]))
    (difference,) = intervals(scored.frame, scored.models, 100).differences
    assert (difference.official.low, difference.official.high) == (0, 0)


def test_without_domains_there_is_no_interval_of_a_score_that_is_not_there() -> None:
    frame = Made(3, skill=1.0).frame().drop(columns=["domain", "auc_cost_one", "auc_cost_two"])
    scored = score(frame)
    assert intervals(scored.frame, scored.models, 50).models == ()
    assert terms(scored.models[0]) == []


def test_a_section_without_anomalies_counts_for_nothing() -> None:
    rng = np.random.default_rng(0)
    rows = [(section, label) for section in (0, 1) for label in ("normal", "anomaly") for _ in range(10)]
    frame = pd.DataFrame([*rows, *[(2, "normal")] * 5], columns=["section", "label"])
    facts = {"class": "fan", "split": "test", "year": 2020, "anomaly_score_one": rng.normal(size=len(frame))}
    frame = frame.assign(clip_id=[f"test/fan_{number}.wav" for number in range(len(frame))], **facts)
    with_it, without = (score(clips.conform(each)) for each in (frame, frame[frame["section"] != 2]))
    one, other = (intervals(each.frame, each.models, 50).models[0] for each in (with_it, without))
    assert (one.official, one.numbers) == (other.official, other.numbers)


def test_what_each_number_costs_is_the_score_with_that_number_changed(real: Exploration) -> None:
    for model in real.models:
        found = terms(model)
        assert [term.brings for term in found] == sorted((term.brings for term in found), reverse=True)
        values = [
            (row.machine_type, name, row.metrics[name]) for row in model.sections for name in model.definition.numbers
        ]
        for one in (found[0], found[-1]):
            others = [value for machine, name, value in values if (machine, name) != (one.machine_type, one.metric)]
            expected = stats.hmean([*others, np.median(others)])
            assert one.would_be == pytest.approx(expected, abs=1e-9)
        assert to_frame(found)["brings"].is_monotonic_decreasing
    worst = {model.model: terms(model)[0].sentence().split(":")[0] for model in real.models}
    assert worst == {"baseline_MAHALA": "ToyTrain target 0.418", "baseline_MSE": "fan target 0.360"}


# As it is printed


def test_json_tells_the_intervals_beside_the_scores(real: Exploration) -> None:
    found = intervals(real.frame, real.models, 100)
    told, plain = json.loads(as_json(real.models, found)), json.loads(documents.as_json(real.models))
    for model in plain:
        document = dict(told[model])
        low, high = document.pop("official_score_interval")
        assert low < document["official_score"] < high
        assert len(document.pop("intervals")) == len(document.pop("terms")) == 21
        ((_, difference),) = document.pop("differences").items()
        assert difference["low"] < difference["value"] < difference["high"]
        assert document == plain[model]
    one, other = (told[model]["differences"] for model in plain)
    assert one["baseline_MSE"]["low"] == -other["baseline_MAHALA"]["high"]


def test_the_page_is_told_those_of_all_clips_alone_and_they_are_computed_once(
    real: Exploration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert intervals_of(store(real.only(real.frame["domain"] == "target"), tmp_path / "part")) == b"{}"
    assert intervals_of(store(replace(real, models=()), tmp_path / "without")) == b"{}"
    whole = store(real, tmp_path / "whole")
    told = intervals_of(whole)
    assert json.loads(told) == as_document(real.intervals)
    monkeypatch.setattr("dcase_explore.facts.intervals_of", None)
    assert intervals_of(whole) == told


def test_the_command_prints_intervals_and_what_costs_most(real_scores: Path) -> None:
    result = run("score", "--data", str(real_scores), "--intervals")
    assert result.returncode == 0, result.stderr
    assert re.search(r"baseline_MSE: official score 0\.5526, 95 % interval 0\.5\d+ to 0\.5\d+", result.stdout)
    assert re.search(r"baseline_MAHALA less baseline_MSE: \+0\.0208, 95 % interval \+0\.00", result.stdout)
    assert "ToyTrain target 0.418: at the median of the others (0.566)" in result.stdout
    rows = run("score", "--data", str(real_scores), "--intervals", "--format", "csv").stdout.splitlines()
    assert rows[0] == "model,less,class,section,metric,value,low,high"
    assert len(rows) == 1 + 2 * 22 + 1
