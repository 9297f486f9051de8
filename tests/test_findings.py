"""Findings: right on a real run, found where planted, silent where there is nothing, and in words where parts lack."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.neighbors import NearestNeighbors

from dcase_explore import clips
from dcase_explore.exploration import Exploration
from dcase_explore.exploring import explored
from dcase_explore.findings import MOST_SHOWN, find, in_view, shown
from dcase_explore.findings.chance import auc_of, mean_interval, overlap_by_chance, wilson_interval
from dcase_explore.findings.distances import measure_distances
from dcase_explore.findings.finding import HIGH_AUC, MEDIUM_AUC, Finding, auc_lost
from dcase_explore.findings.neighbors import nearest_neighbors
from dcase_explore.findings.rules.wrong_clips import is_wrong
from dcase_explore.findings.together import together
from dcase_explore.options import Options
from dcase_explore.scoring import score
from finding import N_TEST, Made, of_rule

Capture = pytest.CaptureFixture[str]

MACHINES = ("gearbox", "fan", "bearing", "slider", "ToyCar", "ToyTrain", "valve")
MODES = ("baseline_MSE", "baseline_MAHALA")


# A real run


@pytest.fixture(scope="module")
def real(real_scores: Path) -> dict[str, Exploration]:
    """Found in both modes together, and in each alone."""
    places = {"both": real_scores} | {mode: real_scores / mode for mode in MODES}
    return {name: explored(Options(data=[str(folder)]), with_maps=False) for name, folder in places.items()}


def lines_of(folder: Path, kind: str, machine: str) -> dict[str, float]:
    (path,) = folder.glob(f"{kind}_DCASE2023T2{machine}_section_00_test*.csv")
    with path.open(newline="") as lines:
        return {name: float(value) for name, value in csv.reader(lines)}


@pytest.mark.parametrize(
    ("machine", "label", "rule"),
    [
        ("valve", "normal", "hard_normals"),
        ("bearing", "normal", "hard_normals"),
        ("bearing", "anomaly", "missed_anomalies"),
    ],
)
def test_clips_that_both_modes_get_wrong_are_those_of_their_costs_and_decisions(
    real: dict[str, Exploration], real_scores: Path, machine: str, label: str, rule: str
) -> None:
    """Recomputed from the files alone: costs pair by pair, decisions where a mode does not call most of them wrong."""
    sign, wrong_decision = (1, 1) if label == "normal" else (-1, 0)
    wrong: dict[str, set[str]] = {}
    mean_cost: Counter[str] = Counter()
    for mode in MODES:
        scores = lines_of(real_scores / mode, "anomaly_score", machine)
        decisions = lines_of(real_scores / mode, "decision_result", machine)
        own = [name for name in scores if f"_{label}_" in name]
        others = [scores[name] for name in scores if f"_{label}_" not in name]
        costs = {
            name: sum(1.0 if sign * (scores[name] - other) > 0 else 0.5 * (scores[name] == other) for other in others)
            / len(others)
            for name in own
        }
        mean_cost.update({name: cost / 2 for name, cost in costs.items()})
        called = {name for name in own if decisions[name] == wrong_decision}
        wrong[mode] = {name for name in own if costs[name] > 0.5} | (called if len(called) <= len(own) / 2 else set())
    expected = {f"test/{machine}_{name}" for name in wrong[MODES[0]] & wrong[MODES[1]]}
    assert len(expected) > 10
    found = real["both"]
    (finding,) = [each for each in found.findings if each.rule == rule and each.machine_type == machine]
    named = found.frame["clip_id"].iloc[finding.rows].tolist()
    assert set(named) == expected
    costs_in_order = [mean_cost[clip.removeprefix(f"test/{machine}_")] for clip in named]
    assert costs_in_order == pytest.approx(sorted(costs_in_order, reverse=True), abs=1e-6)


@pytest.mark.parametrize("loaded", ["both", *MODES])
@pytest.mark.parametrize("machine", MACHINES)
def test_findings_account_for_half_of_what_each_mode_loses(
    real: dict[str, Exploration], loaded: str, machine: str
) -> None:
    found = real[loaded]
    machine_clips = found.frame[found.frame["class"] == machine]
    normals = set(machine_clips.index[machine_clips["label"] == "normal"])
    of_machine = shown([finding for finding in found.findings if finding.machine_type == machine])
    for mode in MODES if loaded == "both" else (loaded,):
        own = [finding for finding in of_machine if mode in finding.auc_lost]
        assert all(not normals <= set(finding.rows.tolist()) for finding in own)
        rows = np.unique(np.concatenate([finding.rows for finding in own]))
        lost, total = auc_lost(machine_clips, mode, rows)
        assert lost >= 0.5 * total


def test_findings_of_a_machine_type_are_the_same_alone_and_among_others(
    real: dict[str, Exploration], real_scores: Path
) -> None:
    alone = explored(Options(data=[str(real_scores)], class_name=["bearing"]), with_maps=False)
    among = [finding for finding in real["both"].findings if finding.machine_type == "bearing"]
    assert [finding.title for finding in alone.findings] == [finding.title for finding in among]
    ids = [found.frame["clip_id"] for found in (alone, real["both"])]
    for one, other in zip(alone.findings, among, strict=True):
        assert ids[0].iloc[one.rows].tolist() == ids[1].iloc[other.rows].tolist()
        assert one.auc_lost_share == other.auc_lost_share


def test_models_that_do_not_clearly_beat_chance_are_said_not_to(real: dict[str, Exploration]) -> None:
    (both,) = [
        finding
        for finding in real["both"].findings
        if (finding.machine_type, finding.rule) == ("valve", "hard_normals")
    ]
    assert both.title == "valve: 40 normals that both models get wrong, and neither is clearly better than chance"
    among = [finding for finding in real["baseline_MSE"].findings if finding.machine_type == "valve"]
    (alone,) = [finding for finding in among if finding.rule == "hard_normals"]
    assert alone.title == "valve: baseline_MSE is not clearly better than chance"
    assert "Its AUC is 0.530" in alone.description


def test_severity_is_by_what_is_lost_and_worst_comes_first(real: dict[str, Exploration]) -> None:
    findings = real["both"].findings
    assert [each.weight for each in findings] == sorted(each.weight for each in findings)
    assert len({each.severity for each in findings}) > 1
    for finding in findings:
        if not finding.auc_explained:  # nothing to do with the score
            continue
        explained = np.mean(list(finding.auc_explained.values()))
        capped = "better than chance" in finding.title or finding.rule == "missed_attribute_values"
        high = explained >= HIGH_AUC and not capped
        assert finding.severity == ("high" if high else "medium" if explained >= MEDIUM_AUC else "low")
        assert all(explained <= finding.auc_lost[model] + 1e-9 for model, explained in finding.auc_explained.items())
        assert set(finding.columns) <= set(real["both"].frame.columns)
        assert finding.title.startswith(f"{finding.machine_type}: ")
        assert finding.description.count(". ") >= 1


# What clips cost


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), skill=st.sampled_from([0.0, 1.0]))
def test_what_clips_of_one_class_cost_is_the_sum_of_their_costs(seed: int, skill: float) -> None:
    frame = Made(seed, skill, models=("one",)).frame()
    rng = np.random.default_rng(seed)
    for label in ("normal", "anomaly"):
        rows = frame.index[(frame["label"] == label) & frame["auc_cost_one"].notna()].to_numpy()
        chosen = rng.choice(rows, 20, replace=False)
        lost, total = auc_lost(frame, "one", chosen)
        costs = frame["auc_cost_one"].astype(np.float64)
        assert lost == pytest.approx(costs[chosen].sum() / len(rows), abs=1e-6)
        assert total == pytest.approx(costs[rows].mean(), abs=1e-6)


def test_pairs_between_chosen_clips_are_counted_once() -> None:
    frame = Made(models=("one",)).frame()
    scored = frame[frame["auc_cost_one"].notna()]
    lost, total = auc_lost(frame, "one", scored.index.to_numpy())
    assert lost == total
    auc = roc_auc_score(scored["label"] == "anomaly", scored["anomaly_score_one"])
    assert lost == pytest.approx(1 - auc, abs=1e-9)


def test_what_findings_explain_together_is_counted_once() -> None:
    frame = Made(models=("one",), skill=1.0).frame()
    normals = frame.index[(frame["label"] == "normal") & (frame["split"] == "test")].to_numpy()
    made = [
        Finding("hard_normals", "valve", "", "low", (), "", rows, {"one": 0.1})
        for rows in (normals[:30], normals[20:40])
    ]
    (told,) = together(frame, made)
    lost, total = auc_lost(frame, "one", normals[:40])
    assert told.share == pytest.approx(lost / total)
    assert told.explained_share("normal") == told.explained_share("anomaly") == 0
    assert together(frame, []) == []


def test_what_conditions_explain_is_beyond_the_clips_of_which_none_is_told() -> None:
    """Clips that two conditions have in common count once, and lists of wrong clips do not count."""
    frame = Made(models=("one",), skill=1.0).frame()
    normals = frame[(frame["label"] == "normal") & (frame["split"] == "test")]
    rows = normals.sort_values(["domain", "auc_cost_one"], ascending=[True, False]).index.to_numpy()
    source, target = rows[:50], rows[50:]
    told = {"attribute_values": (source[:20], source[10:30]), "hard_normals": (rows[:90],)}
    made = [
        Finding(rule, "valve", "", "low", (), "", clip_rows, {"one": 0.1})
        for rule, sets in told.items()
        for clip_rows in sets
    ]
    (explained,) = together(frame, made)
    costs = frame["auc_cost_one"].astype(np.float64)
    beyond = (costs[source[:30]] - costs[source[30:]].mean()).sum() / 100
    assert explained.explained["normal"]["valve"] == pytest.approx(beyond)
    assert beyond > 0.1
    # The whole of a domain that is told is beyond the other domain.
    costlier, other = (target, source) if costs[target].mean() > costs[source].mean() else (source, target)
    (explained,) = together(frame, [Finding("attribute_values", "valve", "", "low", (), "", costlier, {"one": 0.1})])
    beyond = (costs[costlier] - costs[other].mean()).sum() / 100
    assert explained.explained["normal"]["valve"] == pytest.approx(beyond)
    assert explained.explained["anomaly"]["valve"] == 0


def test_a_perfect_model_loses_nothing_and_nothing_is_found() -> None:
    made = Made(skill=50.0)
    assert auc_lost(made.frame(), "one", made.rows(split="test")) == (0, 0)
    assert made.found().findings == []


# Nothing planted


def test_sections_that_differ_are_neither_a_shift_nor_a_separation() -> None:
    """Two sections of unlike spread, with unlike numbers of each domain and label: within each, nothing differs."""
    counts: Counter[str] = Counter()
    for seed in range(20):
        frames = []
        for section, drop in (
            (0, {"domain": "target", "label": "normal"}),
            (1, {"domain": "source", "label": "anomaly"}),
        ):
            made = Made(seed * 2 + section, skill=50.0)
            made.vectors *= 1 + 3 * section
            frame = made.frame().assign(section=section)
            frame["clip_id"] = frame["clip_id"].str.replace("section_00", f"section_{section:02d}")
            frames.append(frame.drop(index=made.rows(split="test", **drop)[: N_TEST - 10]))
        counts.update({finding.rule for finding in find(clips.conform(pd.concat(frames))).findings})
    assert max(counts.values(), default=0) <= 1


def test_a_domain_that_lies_apart_and_has_more_anomalies_is_no_separation() -> None:
    counts: Counter[str] = Counter()
    for seed in range(20):
        made = Made(seed, skill=50.0)
        made.vectors[made.rows(domain="target")] += 1.0
        few = made.rows(split="test", domain="target", label="normal")[:40]
        counts.update({finding.rule for finding in find(clips.conform(made.frame().drop(index=few))).findings})
    assert counts["embedding_domain_shift"] == 20
    assert counts["embedding_separation"] <= 1


@pytest.mark.parametrize("kind", ["tight and wide clusters", "heavy tails", "a rare kind"])
def test_no_copies_and_no_odd_clips_are_invented_in_embeddings_of_other_shapes(kind: str) -> None:
    counts: Counter[str] = Counter()
    for seed in range(40):
        made = Made(seed, skill=50.0)
        rng, shape = made.rng, made.vectors.shape
        cluster = (made.facts["d1v"].to_numpy() == "A").astype(float)[:, None]
        if kind == "tight and wide clusters":
            made.vectors = (10 * cluster + rng.normal(size=shape) * np.where(cluster, 0.005, 1)).astype(np.float32)
        elif kind == "heavy tails":
            made.vectors = (rng.normal(size=shape) / np.sqrt(rng.chisquare(5, (len(cluster), 1)) / 5)).astype(
                np.float32
            )
        else:
            made.vectors[[*made.rows(split="train")[:4], *made.rows(split="test")[::17]]] += 8
        counts.update({finding.rule for finding in made.found().findings})
    assert {rule: count for rule, count in counts.items() if count > 2} == {}


@pytest.mark.parametrize("dimensions", [2, 512])
def test_embeddings_of_noise_hold_nothing_in_any_number_of_dimensions(dimensions: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(30):
        made = Made(seed, 50.0)
        made.vectors = made.rng.normal(size=(len(made.facts), dimensions)).astype(np.float32)
        counts.update({finding.rule for finding in made.found().findings})
    assert max(counts.values(), default=0) <= 1


def test_what_models_get_wrong_independently_is_not_told_as_what_they_share() -> None:
    """Two good models whose noise is their own: each has normals that it gets wrong, some of both by chance."""
    shared, both = 0, 0
    for seed in range(40):
        made = Made(seed, skill=1.0)
        frame = made.frame()
        both += (is_wrong(frame, "one", "normal") & is_wrong(frame, "two", "normal")).any()
        shared += any("both models" in finding.title for finding in find(frame).findings)
    assert both > 30
    assert shared <= 1


def test_a_training_clip_somewhat_farther_than_evenly_distant_ones_is_not_odd() -> None:
    made = Made(seed=8, skill=50.0)
    made.vectors = made.rng.normal(size=(len(made.facts), 512)).astype(np.float32)
    made.vectors[made.rows(split="train", domain="source")[9]] *= 1.6
    assert made.found().findings == []


# Planted


def test_planted_hard_normals_are_found_and_no_others() -> None:
    made = Made(seed=1, skill=4.0)
    planted = made.rng.choice(made.rows(split="test", label="normal"), 8, replace=False)
    for model in made.models:
        made.scores[model][planted] = 6 + made.rng.random(8)
    found = made.found()
    assert found.findings[0].rule == "hard_normals"
    assert set(found.findings[0].rows) == set(planted)
    assert found.findings[0].title == "valve: 8 normals that both models get wrong"
    assert [finding["title"] for finding in of_rule(found, "missed_anomalies")] == []


def test_planted_missed_anomalies_are_found_and_no_others() -> None:
    made = Made(seed=2, skill=4.0)
    planted = made.rng.choice(made.rows(split="test", label="anomaly"), 8, replace=False)
    for model in made.models:
        made.scores[model][planted] = -6 - made.rng.random(8)
    found = made.found()
    assert found.findings[0].rule == "missed_anomalies"
    assert set(found.findings[0].rows) == set(planted)
    assert of_rule(found, "hard_normals") == []


def test_what_only_one_model_gets_wrong_is_a_disagreement() -> None:
    made = Made(seed=3, skill=4.0)
    planted = made.rng.choice(made.rows(split="test", label="normal"), 25, replace=False)
    made.scores["two"][planted] = 6 + made.rng.random(25)
    (finding,) = [each for each in made.found().findings if each.rule == "disagreements"]
    assert set(finding.rows) == set(planted)
    assert finding.title == "valve: 25 normals that two gets wrong and one does not"
    assert list(finding.auc_lost) == ["two"]


@pytest.mark.parametrize("n_models", [1, 2, 4])
def test_a_planted_condition_is_found_first_and_alone(n_models: int) -> None:
    models = tuple(f"m{number}" for number in range(n_models))
    # Of another seed chance may tell something beside it, at the rule's level: 1 of 60 tables did.
    made = Made(seed=5, skill=3.0, models=models)
    planted = made.rows(split="test", label="normal", d1v="C")
    for model in models:
        made.scores[model][planted] += 3.5
    found = made.found()
    (finding,) = [each for each in found.findings if each.rule == "attribute_values"]
    assert finding.title.startswith(f"valve: loc C: its {len(planted)} normals cost ")
    assert set(finding.rows) == set(planted)
    assert set(finding.auc_lost) == set(models)


def test_a_planted_shift_of_the_target_domain_is_found() -> None:
    made = Made(seed=5, skill=3.0)
    target = made.rows(domain="target", split="test", label="normal")
    for model in made.models:
        made.scores[model][target] += 2.5
    made.vectors[made.rows(domain="target", split="test")] += 1.0
    found = made.found()
    condition = next(finding for finding in found.findings if finding.rule == "attribute_values")
    assert condition.title.startswith("valve: target domain: its 50 normals cost one and two ")
    (shift,) = [finding for finding in found.findings if finding.rule == "embedding_domain_shift"]
    assert set(shift.rows) == set(target)
    distances = found.frame["domain_distance_mine"].iloc[shift.rows].tolist()
    assert distances == sorted(distances, reverse=True)
    measured = found.distances["valve", "mine"]
    assert measured.dsup is not None
    assert f"AUC {measured.dsup.value:.3f}" in shift.description
    assert f"DSUP {measured.dsup.value:.3f}" in found.descriptions["domain_distance_mine"]


def test_planted_anomalies_that_lie_apart_are_found() -> None:
    made = Made(seed=6)
    made.vectors[made.rows(label="anomaly")] += 1.0
    found = made.found()
    (finding,) = [each for each in found.findings if each.rule == "embedding_separation"]
    assert set(finding.rows) <= set(made.rows(label="anomaly"))
    assert len(finding.rows) > 80
    assert of_rule(found, "embedding_domain_shift") == []
    assert finding.auc_lost_share is None


@pytest.mark.parametrize("noise", [0.0, 0.005])
def test_a_planted_copy_across_the_splits_is_found_with_its_twin(noise: float) -> None:
    made = Made(seed=7, skill=50.0)
    test, train = made.rows(split="test")[3], made.rows(split="train")[5]
    made.vectors[test] = made.vectors[train] + noise * made.rng.normal(size=made.vectors.shape[1]).astype(np.float32)
    (finding,) = made.found().findings
    assert (finding.rule, finding.severity, finding.rows.tolist()) == ("duplicates", "high", [test, train])


def test_copies_are_found_even_where_most_test_clips_are_some() -> None:
    made = Made(seed=7, skill=50.0)
    test, train = made.rows(split="test"), made.rows(split="train")
    made.vectors[test[:150]] = made.vectors[np.resize(train, 150)]
    (finding,) = [each for each in made.found().findings if each.rule == "duplicates"]
    assert finding.title == "valve: 150 test clips nearly the same as a training clip"


def test_copies_of_one_training_clip_name_it_once() -> None:
    made = Made(seed=7, skill=50.0)
    train = made.rows(split="train")[5]
    made.vectors[made.rows(split="test")[:3]] = made.vectors[train]
    (finding,) = made.found().findings
    assert sorted(finding.rows) == sorted([*made.rows(split="test")[:3], train])


def test_a_planted_outlier_among_the_training_normals_is_found() -> None:
    made = Made(seed=8, skill=50.0)
    odd = made.rows(split="train", domain="source")[9]
    made.vectors[odd] *= 6
    made.vectors[made.rows(split="train", domain="target")] *= 6  # few and meant to differ
    (finding,) = made.found().findings
    assert (finding.rule, finding.rows.tolist()) == ("training_outliers", [odd])


def test_an_attribute_that_the_name_contradicts_is_found_and_1_is_1_0() -> None:
    made = Made(seed=9, skill=50.0)
    frame = made.frame()
    frame["d2v"] = frame["d2v"].astype(object)
    frame.loc[0, "d2v"] = f"{frame.loc[0, 'd2v']}.0"
    frame.loc[4, "d2v"] = "77"
    frame = clips.conform(frame)
    (finding,) = find(frame).findings
    assert (finding.rule, finding.rows.tolist()) == ("attribute_mismatch", [4])
    assert "77 in the table" in finding.description


def test_silent_and_clipped_recordings_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "fan" / "train"
    folder.mkdir(parents=True)
    noise = np.random.default_rng(0).normal(0, 0.1, (6, 16_000))
    sounds = [*noise[:4], np.zeros(16_000), np.clip(noise[5] * 30, -1, 1)]
    for number, sound in enumerate(sounds):
        soundfile.write(folder / f"section_00_source_train_normal_{number:04d}_m-n_W.wav", sound, 16_000)
    found = explored(Options(data=[str(tmp_path)]), with_maps=False)
    silent, clipped = [finding for finding in found.findings if finding.rule == "recordings"]
    assert found.frame["clip_id"].iloc[silent.rows].tolist() == [
        "train/fan_section_00_source_train_normal_0004_m-n_W.wav"
    ]
    assert found.frame["clip_id"].iloc[clipped.rows].tolist() == [
        "train/fan_section_00_source_train_normal_0005_m-n_W.wav"
    ]
    assert found.frame.loc[clipped.rows, "clipped"].item() == pytest.approx((np.abs(sounds[5]) >= 1).mean(), abs=1e-4)
    level = 10 * np.log10(np.mean(sounds[0] ** 2))
    assert found.frame["level_dbfs"].iloc[0] == pytest.approx(level, abs=0.01)


def test_a_condition_is_compared_within_its_section() -> None:
    """One section harder than another is no condition: its own normals are what a value is compared with."""
    one, two = Made(seed=10, skill=3.0, models=("one",)), Made(seed=11, skill=3.0, models=("one",))
    two.scores["one"][two.rows(label="normal")] += 3
    two.scores["one"][two.rows(label="normal", d1v="C")] += 4
    frames = [one.frame(), two.frame()]
    frames[1]["section"] = 1
    frames[1]["clip_id"] = frames[1]["clip_id"].str.replace("section_00", "section_01")
    frame = clips.conform(pd.concat(frames).drop(columns="auc_cost_one"))
    titles = [finding["title"] for finding in of_rule(find(score(frame).frame), "attribute_values")]
    assert [title.split(": its")[0] for title in titles] == ["valve: section 01, loc C"]


# Numbers


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(2, 60),
    dimensions=st.integers(1, 8),
    seed=st.integers(0, 999),
    share=st.floats(0.1, 1),
    k=st.integers(1, 7),
)
def test_neighbours_are_those_of_sklearn(n: int, dimensions: int, seed: int, share: float, k: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = (rng.normal(size=(n, dimensions)) + 5).astype(np.float32)
    reference = np.flatnonzero(rng.random(n) < share)
    if not len(reference):
        return
    ours = nearest_neighbors(matrix, reference, k)
    for metric, values in (("euclidean", ours.euclidean), ("cosine", ours.cosine)):
        peer = NearestNeighbors(n_neighbors=len(reference), metric=metric, algorithm="brute")
        found, places = peer.fit(matrix[reference].astype(np.float64)).kneighbors(matrix.astype(np.float64))
        for row in range(n):
            others = reference[places[row]] != row  # from near to far
            if not others.any():
                assert np.isnan(values[row])
                continue
            distances = found[row][others][:k]
            assert values[row] == pytest.approx(distances.mean(), rel=1e-3, abs=1e-5)
            if metric == "euclidean":
                assert ours.distance[row] == pytest.approx(distances.min(), rel=1e-3, abs=1e-5)
                assert ours.nearest[row] in reference[places[row]][others]


def test_neighbours_of_many_clips_are_found_in_blocks() -> None:
    matrix = np.random.default_rng(0).normal(size=(2_500, 4)).astype(np.float32)
    reference = np.arange(0, 2_500, 3)
    ours = nearest_neighbors(matrix, reference)
    peer = NearestNeighbors(n_neighbors=5).fit(matrix[reference])
    distances, nearest = peer.kneighbors(matrix[1::3])
    np.testing.assert_allclose(ours.euclidean[1::3], distances.mean(axis=1), rtol=1e-4)
    assert (ours.nearest[1::3] == reference[nearest[:, 0]]).all()


def test_a_vector_of_zeros_has_no_direction() -> None:
    matrix = np.vstack([np.zeros(3), np.eye(3)]).astype(np.float32)
    near = nearest_neighbors(matrix, np.arange(1, 4))
    assert np.isnan(near.cosine).all()
    assert np.isfinite(near.euclidean).all()


def test_sep_and_dsup_are_aucs_of_the_distance_that_the_table_shows() -> None:
    made = Made(seed=12)
    made.vectors[made.rows(label="anomaly")] += 0.4
    made.vectors[made.rows(domain="target")] += 0.3
    found = made.found()
    tested = found.frame[found.frame["split"] == "test"]
    distance, measured = tested["domain_distance_mine"], found.distances["valve", "mine"]
    normal = tested["label"] == "normal"
    assert measured.sep is not None
    assert measured.dsup is not None
    assert measured.sep.value == pytest.approx(roc_auc_score(~normal, distance), abs=1e-9)
    source = made.rows(split="train", domain="source")
    cosine = nearest_neighbors(made.vectors, source).cosine[made.facts["split"] == "test"]
    assert measured.sep.cosine == pytest.approx(roc_auc_score(~normal, cosine), abs=1e-9)
    dsup = roc_auc_score(tested["domain"][normal] == "target", distance[normal])
    assert measured.dsup.value == pytest.approx(dsup, abs=1e-9)
    assert distance[normal & (tested["domain"] == "source")].median() == pytest.approx(1, abs=1e-6)


def test_the_nearest_normal_is_a_training_normal_of_any_domain_and_never_the_clip_itself(tmp_path: Path) -> None:
    made = Made(seed=13)
    frame = made.frame().assign(path=[str(tmp_path / f"{row}.wav") for row in range(len(made.facts))])
    found = find(clips.conform(frame))
    nearest = found.frame["nearest_normal"].map(lambda path: int(Path(path).stem)).to_numpy()
    training = made.rows(split="train")
    distances = np.linalg.norm(made.vectors[:, None].astype(np.float64) - made.vectors[training], axis=2)
    distances[training, np.arange(len(training))] = np.inf
    assert (nearest == training[distances.argmin(axis=1)]).all()


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 40), more=st.integers(0, 40))
def test_interval_of_a_share_is_wilsons(count: int, more: int) -> None:
    if count + more == 0:
        return
    expected = stats.binomtest(count, count + more).proportion_ci(method="wilson")
    assert wilson_interval(count, count + more) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize("n", [3, 5, 10, 50])
def test_interval_of_a_mean_is_students(n: int) -> None:
    values = np.random.default_rng(n).uniform(0.3, 0.7, n)
    expected = stats.t.interval(0.95, n - 1, values.mean(), values.std(ddof=1) / np.sqrt(n))
    low, high = mean_interval(values)
    assert (low, high) == pytest.approx((max(0, expected[0]), min(1, expected[1])))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 999), n_high=st.integers(2, 30), n_low=st.integers(2, 30), levels=st.sampled_from([3, 1000]))
def test_probability_of_an_auc_by_chance_is_mann_and_whitneys(seed: int, n_high: int, n_low: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    high, low = (rng.integers(0, levels, n).astype(float) for n in (n_high, n_low))
    auc, p, (start, end) = auc_of([(high, low)])
    assert auc == pytest.approx(roc_auc_score([1] * n_high + [0] * n_low, [*high, *low]))
    if len(set(high) | set(low)) > 1:
        expected = stats.mannwhitneyu(high, low, alternative="greater", method="asymptotic", use_continuity=False)
        assert p == pytest.approx(expected.pvalue, abs=1e-9)
    assert 0 <= start <= auc <= end <= 1


def test_interval_of_an_auc_covers_it_as_often_as_it_says() -> None:
    truth, rng = stats.norm.cdf(1 / np.sqrt(2)), np.random.default_rng(0)
    inside = 0
    for _ in range(300):
        _, _, (low, high) = auc_of([(rng.normal(1, 1, 40), rng.normal(0, 1, 40))])
        inside += low <= truth <= high
    assert 0.91 <= inside / 300 <= 0.98


def test_clips_in_common_by_chance_are_hypergeometric() -> None:
    one, other = np.arange(60) < 20, (np.arange(60) % 3 == 0) | (np.arange(60) < 8)
    common = int((one & other).sum())
    expected, p = overlap_by_chance([[one, other]])
    assert expected == pytest.approx(20 * other.sum() / 60)
    assert p == pytest.approx(stats.hypergeom.sf(common - 1, 60, 20, other.sum()), abs=0.03)
    assert overlap_by_chance([[one, one, one]])[1] < 0.001


def test_decisions_that_call_most_of_a_class_wrong_say_nothing_of_single_clips() -> None:
    made = Made(seed=15, skill=2.0, models=("one",))
    frame = made.frame()
    few = made.rows(split="test", label="normal")[:5]
    for called, expected in ((few, True), (made.rows(split="test", label="normal"), False)):
        frame["prediction_one"] = pd.Categorical(
            ["anomaly" if row in set(called) else "normal" for row in range(len(frame))], ["normal", "anomaly"]
        )
        low_cost = [row for row in few if frame.loc[row, "auc_cost_one"] <= 0.5]
        assert low_cost
        assert is_wrong(frame, "one", "normal")[low_cost].all() == expected


# What is shown


def test_findings_name_columns_that_are_there_only() -> None:
    """Without audio there is no nearest normal to look at, without attributes none of them."""
    made = Made(seed=5, skill=3.0)
    made.vectors[made.rows(domain="target", split="test")] += 1.0
    made.vectors[made.rows(split="train", domain="source")[9]] *= 6
    made.vectors[made.rows(split="test")[3]] = made.vectors[made.rows(split="train")[5]]
    found = find(clips.conform(made.frame().drop(columns=["attributes", "d1p", "d1v", "d2p", "d2v"])))
    assert {"embedding_domain_shift", "training_outliers", "duplicates"} <= {each.rule for each in found.findings}
    for finding in found.findings:
        assert finding.columns
        assert found.frame[list(finding.columns)].notna().any().all()


def test_a_view_has_a_dozen_at_most_and_says_so(capsys: Capture) -> None:
    made = [Finding("recordings", "fan", f"fan: {n}", "low", (), "Why.", np.array([n])) for n in range(20)]
    assert [finding.title for finding in shown(made)] == [f"fan: {n}" for n in range(MOST_SHOWN)]
    assert "12 of 20 findings are shown" in capsys.readouterr().err
    assert len(shown(made[:MOST_SHOWN])) == MOST_SHOWN
    assert capsys.readouterr().err == ""


def test_rows_of_a_view_are_its_own_and_what_has_none_is_left_out() -> None:
    made = [
        Finding("recordings", "fan", f"fan: {n}", "low", (), "Why.", np.array(rows))
        for n, rows in enumerate([[5, 2], [1]])
    ]
    (finding,) = in_view(made, np.array([0, 2, 9]))
    assert finding.rows.tolist() == [1]
    assert finding.title == "fan: 0 (1 of 2 clips in view)"
    assert [each.title for each in in_view(made, np.arange(9))] == ["fan: 0", "fan: 1"]


def test_the_worst_of_each_rule_is_in_a_view() -> None:
    high = [Finding("hard_normals", "fan", f"fan: {n}", "high", (), "Why.", np.array([n])) for n in range(20)]
    low = Finding("duplicates", "fan", "fan: a copy", "low", (), "Why.", np.array([3]))
    titles = [finding.title for finding in shown([*high, low])]
    assert titles == [*(f"fan: {n}" for n in range(MOST_SHOWN - 1)), "fan: a copy"]


# Missing parts


MISSING = {
    "no training split": (lambda frame: frame[frame["split"] == "test"], "without training clips"),
    "no embeddings": (lambda frame: frame.drop(columns="embeddings_mine"), "without embeddings"),
    "no labels": (lambda frame: frame.assign(label=None), "without labels"),
    "no scores": (
        lambda frame: frame.drop(columns=[name for name in frame if name.endswith(("_one", "_two"))]),
        "without scores",
    ),
    "one domain": (lambda frame: frame[frame["domain"] == "source"], "with one domain only"),
    "no domains": (lambda frame: frame.drop(columns="domain"), "without domains"),
    "one model": (
        lambda frame: frame.drop(columns=[name for name in frame if name.endswith("_two")]),
        "one model only",
    ),
    "no attributes": (
        lambda frame: frame.drop(columns=["d1p", "d1v", "d2p", "d2v", "attributes"]),
        "conditions but the domain (without attributes)",
    ),
    "names without values": (lambda frame: frame.drop(columns="d1v"), "none were listened to"),
    "normals alone": (lambda frame: frame[frame["label"] == "normal"], "without both normals and anomalies"),
    "no audio": (lambda frame: frame, "none were listened to"),
    "one clip": (lambda frame: frame.iloc[:1], "none were listened to"),
}


@pytest.mark.parametrize("lacking", MISSING)
def test_what_cannot_be_looked_for_is_said_and_the_rest_is_found(lacking: str, capsys: Capture) -> None:
    change, said = MISSING[lacking]
    costs = ("auc_cost", "prediction")
    frame = Made(seed=16).frame()
    frame = change(frame.drop(columns=[name for name in frame if name.startswith(costs)]))
    frame = score(clips.conform(frame)).frame
    capsys.readouterr()
    found = find(frame)
    assert said in capsys.readouterr().err
    assert clips.problems(found.frame) == []
    if lacking not in ("one clip", "no labels", "no scores", "normals alone"):
        assert [finding.rule for finding in found.findings] != []


def test_without_a_training_split_the_nearest_other_normal_is_shown_and_it_is_said(tmp_path: Path) -> None:
    made = Made(seed=17)
    frame = made.frame().assign(path=[str(tmp_path / f"{row}.wav") for row in range(len(made.facts))])
    found = find(clips.conform(frame[frame["split"] == "test"]))
    normals = {str(tmp_path / f"{row}.wav") for row in made.rows(split="test", label="normal")}
    assert set(found.frame["nearest_normal"]) <= normals
    assert (found.frame["nearest_normal"] != found.frame["path"]).all()
    assert "no training clips" in found.descriptions["nearest_normal"]
    assert "domain_distance_mine" not in found.frame


def test_a_part_of_a_loaded_table_keeps_its_distances_and_nearest_training_normals(tmp_path: Path) -> None:
    made = Made(seed=17)
    whole = find(clips.conform(made.frame().assign(path=[str(tmp_path / f"{n}.wav") for n in range(len(made.facts))])))
    part = find(clips.conform(whole.frame[whole.frame["split"] == "test"]))
    kept = whole.frame[whole.frame["split"] == "test"].reset_index(drop=True)
    for column in ("nearest_normal", "domain_distance_mine"):
        pd.testing.assert_series_equal(part.frame[column], kept[column])


@pytest.mark.parametrize("column", ["label", "anomaly_score_one"])
def test_costs_without_what_they_are_of_are_left_aside(column: str) -> None:
    frame = Made(seed=17, skill=2.0).frame()
    found = find(clips.conform(frame.drop(columns=column)))
    assert all("one" not in finding.auc_lost for finding in found.findings)


def test_reversed_scores_are_asked_about() -> None:
    titles = [finding.title for finding in Made(seed=3, skill=-2.0, models=("one",)).found().findings]
    assert "valve: one ranks worse than chance" in titles


def test_a_model_at_chance_hides_nothing_of_two_others() -> None:
    made = Made(seed=1, skill=4.0, models=("one", "two", "noise"))
    planted = made.rng.choice(made.rows(split="test", label="normal"), 8, replace=False)
    made.scores["noise"] = made.rng.normal(size=len(made.facts))
    for model in ("one", "two"):
        made.scores[model][planted] = 6 + made.rng.random(8)
    common = [
        finding
        for finding in made.found().findings
        if set(finding.auc_lost) == {"one", "two"} and finding.rule == "hard_normals"
    ]
    assert [set(finding.rows) for finding in common] == [set(planted)]


def test_attributes_without_names_are_told_apart_by_their_column() -> None:
    made = Made(seed=4, skill=3.0, models=("one",))
    made.facts = made.facts.drop(columns=["d1p", "d2p"])
    made.facts["d1v"] = pd.Categorical(made.rng.choice(["1", "2", "3"], len(made.facts)))
    made.facts["d2v"] = pd.Categorical(made.rng.choice(["1", "2", "3"], len(made.facts)))
    for column in ("d1v", "d2v"):
        made.scores["one"][made.rows(split="test", label="normal", **{column: "1"})] += 2.5
    found = [finding.rows for finding in made.found().findings if finding.rule == "attribute_values"]
    assert {frozenset(rows) for rows in found} == {
        frozenset(made.rows(split="test", label="normal", **{column: "1"})) for column in ("d1v", "d2v")
    }


def test_distances_that_are_kept_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    frame = clips.conform(
        pd.DataFrame(
            {
                "clip_id": [f"train/fan_{number}.wav" for number in range(40)],
                "class": "fan",
                "split": ["train", "test"] * 20,
                "section": 0,
                "domain": ["source", "source", "target", "target"] * 10,
                "label": "normal",
                "embeddings_mine": list(rng.normal(size=(40, 8)).astype(np.float32)),
            }
        )
    )
    first = measure_distances(frame, "mine")
    with monkeypatch.context() as patch:
        patch.setattr("dcase_explore.findings.distances.nearest_neighbors", None)
        again = measure_distances(frame, "mine")
        with pytest.raises(TypeError):
            measure_distances(frame[::-1], "mine")
    assert first is not None
    assert again is not None
    for name in ("distance", "nearest", "nearest_distance"):
        assert np.array_equal(getattr(again, name), getattr(first, name), equal_nan=True)
    assert (again.sep, again.dsup) == (first.sep, first.dsup)


def test_one_huge_vector_does_not_move_the_neighbours_of_others() -> None:
    matrix = np.random.default_rng(0).normal(size=(100, 16)).astype(np.float32)
    matrix[7] *= 1e6
    ours = nearest_neighbors(matrix, np.arange(60))
    others = np.delete(np.arange(60), 7)
    distances = np.linalg.norm(matrix[60:, None].astype(np.float64) - matrix[others], axis=2)
    assert (ours.nearest[60:] == others[distances.argmin(axis=1)]).all()
    np.testing.assert_allclose(ours.distance[60:], distances.min(axis=1), rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, 3.0])
def test_vectors_that_are_all_the_same_hold_no_distance(value: float) -> None:
    made = Made(seed=18, skill=50.0)
    made.vectors[:] = value
    found = made.found()
    assert found.findings == []
    assert "domain_distance_mine" not in found.frame


def test_a_machine_type_without_vectors_leaves_the_others_theirs() -> None:
    one, two = Made(seed=19, skill=50.0), Made(seed=20, skill=50.0, machine="fan")
    frames = [one.frame(), two.frame()]
    frames[1]["embeddings_mine"] = None
    frame = clips.conform(pd.concat(frames))
    found = find(frame)
    assert set(found.distances) == {("valve", "mine")}
    assert found.frame.loc[found.frame["class"] == "fan", "domain_distance_mine"].isna().all()
    assert measure_distances(frame[frame["class"] == "fan"], "mine") is None


# Decisions, labels, neighbours


@pytest.mark.parametrize(("called", "words"), [("anomaly", "anomalous"), ("normal", "normal")])
def test_decisions_that_call_all_clips_the_same_are_told_beside_other_thresholds(called: str, words: str) -> None:
    made = Made(seed=21, skill=2.0, models=("one",))
    frame = made.frame()
    frame["anomaly_score_one"] = made.scores["one"].astype(np.float32)  # training clips have scores as well
    test = frame["split"] == "test"
    frame["prediction_one"] = pd.Categorical(np.where(test, called, None), ["normal", "anomaly"])
    found = find(clips.conform(frame))
    (finding,) = [each for each in found.findings if each.rule == "thresholds"]
    assert finding.title == f"valve: one calls 200 of 200 test clips {words}"
    wrong = "normal" if called == "anomaly" else "anomaly"
    assert set(finding.rows) == set(made.rows(split="test", label=wrong))
    scores, anomalous = frame.loc[test, "anomaly_score_one"], frame.loc[test, "label"] == "anomaly"
    at = np.quantile(frame.loc[~test, "anomaly_score_one"], 0.9)
    assert f"{f1_score(anomalous, scores > at):.2f} with a threshold at the 90%" in finding.description
    best = max(f1_score(anomalous, scores > value) for value in scores)
    assert f"{best:.2f} with the best one in hindsight" in finding.description


def test_decisions_that_tell_clips_apart_are_no_finding() -> None:
    made = Made(seed=21, skill=2.0, models=("one",))
    frame = made.frame()
    decided = np.where(frame["anomaly_score_one"] > 1, "anomaly", "normal")
    frame["prediction_one"] = pd.Categorical(np.where(frame["split"] == "test", decided, None), ["normal", "anomaly"])
    assert not [finding for finding in find(clips.conform(frame)).findings if finding.rule == "thresholds"]


def test_labels_that_models_and_neighbours_speak_against_are_doubtful() -> None:
    made = Made(seed=22, skill=4.0)
    made.vectors[made.rows(split="test", label="anomaly")] += 2.0
    swapped = made.rng.choice(made.rows(split="test", label="normal"), 4, replace=False)
    made.vectors[swapped] += 2.0
    for model in made.models:
        made.scores[model][swapped] += 4.5
    (finding,) = [each for each in made.found().findings if each.rule == "doubtful_labels"]
    assert set(finding.rows) <= set(swapped)
    assert len(finding.rows) >= 3
    assert finding.severity == "low"


@pytest.mark.parametrize("seed", range(5))
def test_few_clips_at_opposite_ends_of_two_models_are_told(seed: int) -> None:
    made = Made(seed=30 + seed, skill=2.0)
    made.scores["two"] = made.scores["one"] + 0.1 * made.rng.normal(size=len(made.facts))
    normals = made.rows(split="test", label="normal")
    planted = normals[np.argsort(made.scores["one"][normals])][[0, 1, 2, -1, -2]]
    made.scores["two"][planted[:3]] += 4
    made.scores["two"][planted[3:]] -= 4
    (finding,) = [each for each in made.found().findings if each.rule == "disagreements"]
    assert set(finding.rows) == set(planted)
    assert "rank at opposite ends" in finding.title


def test_the_nearest_training_normal_is_told_in_words() -> None:
    made = Made(seed=13)
    found = find(made.frame()).frame
    training = made.rows(split="train")
    distances = np.linalg.norm(made.vectors[:, None].astype(np.float64) - made.vectors[training], axis=2)
    distances[training, np.arange(len(training))] = np.inf
    nearest = training[distances.argmin(axis=1)]
    assert found["nearest_normal_attributes"].tolist() == found["attributes"].iloc[nearest].tolist()
    assert found["nearest_normal_domain"].tolist() == found["domain"].iloc[nearest].tolist()
    np.testing.assert_allclose(found["nearest_normal_distance"], distances.min(axis=1), rtol=1e-5)
    same = found["attributes"].to_numpy(object)[:, None] == found["attributes"].to_numpy(object)[training]
    of_same = np.where(same, distances, np.inf).min(axis=1)
    told = np.isfinite(of_same) & (found["split"] == "test")
    assert 0 < (~told[found["split"] == "test"]).sum() < told.sum()
    assert (found["nearest_same_distance"].notna() == told).all()
    np.testing.assert_allclose(found["nearest_same_distance"][told].astype(np.float64), of_same[told], rtol=1e-5)


def test_findings_tell_what_lies_nearest_to_their_costliest_clip() -> None:
    made = Made(seed=4, skill=3.0, models=("one",))
    made.scores["one"][made.rows(split="test", label="normal", d1v="C")] += 3.5
    found = made.found()
    texts = set()
    for finding in [each for each in found.findings if each.auc_lost]:
        clip = found.frame.loc[finding.rows[0]]
        said = (
            f" The training normal nearest to its costliest clip is {clip['nearest_normal_attributes']}, "
            f"{clip['nearest_normal_domain']} domain, {clip['nearest_normal_distance']:.3g} away in mine"
        )
        own = clip["attributes"]
        if own != clip["nearest_normal_attributes"]:
            far = clip["nearest_same_distance"]
            said += f"; none has its own attributes, {own}" if pd.isna(far) else ""
            said += "" if pd.isna(far) else f"; the nearest of its own attributes, {own}, {far:.3g}"
        assert finding.description.endswith(f"{said}.")
        texts.add(said)
    assert texts


def test_of_too_few_clips_those_got_wrong_are_to_be_listened_to_and_all_models_are_told_at_once() -> None:
    frame = Made(seed=2).frame().drop(columns=["auc_cost_one", "auc_cost_two"])
    few = frame[(frame["split"] == "test") & (frame["domain"] == "source")].groupby("label", observed=True).head(8)
    found = find(score(few.reset_index(drop=True)).frame)
    (finding,) = [one for one in found.findings if one.rule in ("hard_normals", "missed_anomalies")]
    wrong = found.frame[
        (found.frame["label"] == "normal") & (found.frame[["auc_cost_one", "auc_cost_two"]] > 0.5).any(axis=1)
    ]
    assert finding.title == f"valve: {len(wrong)} normals to listen to, that one or two gets wrong"
    assert set(finding.rows) == set(wrong.index)
    assert finding.severity == "low"
    assert "of 8 clips of the smaller class: which of them are got wrong may be luck" in finding.description
