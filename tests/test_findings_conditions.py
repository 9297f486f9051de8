"""Conditions that cost AUC: found where planted, matched with clips like them, right on a real run."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dcase_explore.exploration import Exploration
from dcase_explore.exploring import explored
from dcase_explore.findings.condition_costs import condition_costs, to_frame
from dcase_explore.findings.conditions import candidates, values_of
from dcase_explore.findings.dealing import probabilities, probability, prominence
from dcase_explore.options import Options
from finding import Made, conditioned, costs_at, of_rule, told_of_normals

# What conditions there are


def test_numbers_with_units_are_ordered_and_names_are_not() -> None:
    clips = pd.DataFrame(
        {
            "d1p": "spd",
            "d1v": ["9V", "10V", "28V", "31V"] * 10,
            "d2p": "pat",
            "d2v": sorted(["00", "01", "02", "03"] * 10),
            "d3p": "ac",
            "d3v": ["0.30", "0.02", "0.1", "0.3"] * 10,
        }
    )
    names = {one.name for one in candidates(clips, np.zeros(40, int)).conditions}
    assert {"spd 9 to 10 V", "spd 10 to 28 V", "spd 9V", "pat 01"} <= names
    assert not [name for name in names if name.startswith("pat") and " to " in name]


@pytest.mark.parametrize("odd", ["x", "12 apples and pears", "1e999", "∞", "", "9" * 40])
def test_an_attribute_with_a_value_that_is_no_number_has_no_ranges(odd: str) -> None:
    clips = pd.DataFrame({"d1p": "vel", "d1v": ["1", "2", "3", odd] * 5})
    assert not [one.name for one in candidates(clips, np.zeros(20, int)).conditions if " to " in one.name]


def test_a_condition_holds_for_clips_of_other_tables_by_number() -> None:
    clips = conditioned(np.random.default_rng(0))
    found = candidates(clips, (clips["domain"] == "target").to_numpy().astype(int))
    for number, condition in enumerate(found.conditions):
        assert (condition.holds(clips) == found.holds[:, number]).all()
    (fast,) = [one for one in found.conditions if one.name == "vel 21 to 25"]
    other = pd.DataFrame({"d2v": ["20", "21", "22.5", "25", "26", None, "fast"]})
    assert fast.holds(other).tolist() == [False, True, True, True, False, False, False]
    assert not fast.holds(pd.DataFrame({"d1v": ["21"]})).any()


def test_of_conditions_that_hold_for_the_same_clips_the_simplest_is_kept() -> None:
    clips = pd.DataFrame({"d1v": ["a", "b"] * 20, "d2v": ["x", "y"] * 20})
    assert [one.name for one in candidates(clips, np.zeros(40, int)).conditions] == ["a", "b"]


def test_most_values_are_named_by_the_few_that_they_are_not() -> None:
    clips = conditioned(np.random.default_rng(0))
    speeds = [value for value in clips["d2v"].unique() if value not in ("9", "15")]
    assert values_of(clips, "d2v", speeds).name == "vel other than 9 and 15"
    assert values_of(clips, "d2v", ["15", "9"]).name == "vel 9 and 15"


# Chance


def test_probabilities_are_those_of_the_best_of_each_deal() -> None:
    """By other deals, and by ranks and logarithms as they are defined; each kind against its own."""
    rng = np.random.default_rng(0)
    costs, holds, strata = rng.random(30).round(1), rng.random((30, 12)) < 0.4, np.repeat([0, 1, 2], 10)
    holds[costs > 0.6, 0] = True
    deals = np.array([np.concatenate([rng.permutation(10) + 10 * s for s in range(3)]) for _ in range(20_000)])

    def standardised(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sums = values[deals] @ holds
        return (values @ holds - sums.mean(axis=0)) / sums.std(axis=0), (sums - sums.mean(axis=0)) / sums.std(axis=0)

    ranks = np.concatenate([stats.rankdata(costs[strata == s]) for s in range(3)])
    kinds, by_itself, smallest = np.repeat([0, 1], [3, 9]), np.ones(12), np.ones(len(deals))
    counted = [(ranks > 10 * cut).astype(float) for cut in (0.25, 0.5)]
    for z, dealt in map(standardised, (ranks, np.log(costs + 0.01), *counted)):
        for kind in (0, 1):
            highest = np.sort(dealt[:, kinds == kind].max(axis=1))
            share = 1 - np.searchsorted(highest, z - 1e-9) / len(deals)
            by_itself[kinds == kind] = np.minimum(by_itself, share)[kinds == kind]
            among = 1 - np.searchsorted(highest, dealt[:, kinds == kind].max(axis=1) - 1e-9) / len(deals)
            smallest = np.minimum(smallest, among)
    expected = [(smallest <= alone).mean() for alone in by_itself]
    found = probabilities(costs, holds, strata, kinds)
    np.testing.assert_allclose(found, expected, atol=0.04)
    assert probability(costs, holds[:, 0], strata) < found[0] < found[1:].min()
    np.testing.assert_allclose(prominence(costs, holds, strata), standardised(np.arcsin(np.sqrt(costs)))[0], atol=0.03)


def test_few_deals_suffice_where_all_is_far_from_being_told() -> None:
    rng = np.random.default_rng(4)
    strata, told = np.repeat([0, 1], 50), 0
    for more in (0.0, 0.2, 0.4) * 5:
        costs, holds = costs_at(rng, 0.85), rng.random((100, 20)) < 0.2
        costs[holds[:, 0]] += more
        every, few = probabilities(costs, holds, strata), probabilities(costs, holds, strata, level=0.02)
        assert ((every <= 0.02) == (few <= 0.02)).all()
        assert every.min() > 0.02 or (every == few).all()
        told += every.min() <= 0.02
    assert 5 <= told <= 11


def test_probabilities_of_noise_are_evenly_spread() -> None:
    rng = np.random.default_rng(1)
    p = [probability(rng.random(40), rng.random(40) < 0.3, np.repeat([0, 1], 20)) for _ in range(200)]
    assert abs(np.mean(np.array(p) <= 0.2) - 0.2) < 0.08


def test_what_cannot_be_dealt_otherwise_is_never_told() -> None:
    strata = np.repeat([0, 1], 20)
    assert probability(np.random.default_rng(0).random(40), strata == 1, strata) == 1.0
    assert told_of_normals(conditioned(np.random.default_rng(0)), np.zeros(100)) == []


def test_many_clips_are_dealt_out_in_blocks() -> None:
    rng = np.random.default_rng(2)
    costs = rng.random(3_000)
    costs[:60] = np.minimum(1, costs[:60] + 0.4)
    assert probability(costs, np.arange(3_000) < 60, np.repeat([0, 1], 1_500)) <= 0.001


# Planted


def planted_range(seed: int, auc: float = 0.85, more: float = 0.4) -> tuple[list[str], float, int]:
    """Names of what is told, and share of the planted clips and those told that are both."""
    rng = np.random.default_rng([seed, 2])
    clips, costs = conditioned(rng), costs_at(rng, auc)
    fast = (clips["d2v"].astype(float) >= 21).to_numpy()
    costs[fast] = np.minimum(1, costs[fast] + more)
    told = told_of_normals(clips, costs)
    if not told:
        return [], 0.0, 0
    rows = told[0].rows
    return [one.condition.name for one in told], float((rows & fast).sum() / (rows | fast).sum()), len(told)


def test_a_planted_range_is_told_as_one() -> None:
    names, overlap, _ = planted_range(0)
    assert names == ["vel 21 to 27"]
    assert overlap == 1


@pytest.mark.slow
def test_planted_ranges_are_found_as_one_range() -> None:
    """In at least 90 of 100 tables one range is told and nothing else, and it is the planted one to four fifths."""
    found = [planted_range(seed) for seed in range(100)]
    as_one = [names for names, overlap, count in found if count == 1 and " to " in names[0] and overlap >= 0.8]
    assert len(as_one) >= 90


def confounded(seed: int, follows: float, linear: bool) -> tuple[bool, bool]:
    """Whether the place alone is blamed, and whether the speed is, where cost depends on speed and place follows it."""
    rng = np.random.default_rng([seed, 3])
    clips, costs = conditioned(rng), costs_at(rng, 0.85)
    speed = clips["d2v"].astype(float).to_numpy()
    costs = np.clip(costs + (0.5 * (speed - 5) / 22 if linear else 0.4 * (speed >= 19)), 0, 1)
    follow = rng.random(len(clips)) < follows
    clips["d1v"] = np.where(follow, np.where(speed >= 19, "A", "B"), clips["d1v"])
    told = told_of_normals(clips, costs)
    place = any(one.condition.columns == ("d1v",) and one.rival is None for one in told)
    fast = any("d2v" in (*one.condition.columns, one.rival.column if one.rival else "") for one in told)
    return place, fast


@pytest.mark.slow
@pytest.mark.parametrize("linear", [False, True])
@pytest.mark.parametrize("follows", [0.6, 0.9, 1.0])
def test_a_place_that_follows_the_speed_is_not_blamed_alone(follows: float, linear: bool) -> None:
    found = [confounded(seed, follows, linear) for seed in range(100)]
    assert sum(place for place, _ in found) <= 5
    assert sum(fast for _, fast in found) >= 90


def test_a_place_that_follows_the_speed_is_not_blamed_alone_in_a_few_tables() -> None:
    found = [confounded(seed, 0.8, linear=False) for seed in range(8)]
    assert sum(place for place, _ in found) <= 1
    assert sum(fast for _, fast in found) >= 7


def test_what_the_data_do_not_separate_is_told_as_one() -> None:
    rng = np.random.default_rng(5)
    clips, costs = conditioned(rng), costs_at(rng, 0.85)
    speed = clips["d2v"].astype(float)
    clips["d1v"] = np.where(speed >= 19, "A", "B")
    costs[speed >= 19] = np.minimum(1, costs[speed >= 19] + 0.5)
    (told,) = told_of_normals(clips, costs)
    assert told.rival is not None
    assert {told.condition.parts[0].column, told.rival.column} == {"d1v", "d2v"}
    assert all(match.overlap == 0 for match in told.matches)


@pytest.mark.slow
@pytest.mark.parametrize("auc", [0.95, 0.85, 0.75])
def test_clips_that_cost_a_fifth_more_are_found(auc: float) -> None:
    """20 of the 50 normals of one domain: at least 90 of 100, down to an AUC of 0.75."""
    found = 0
    for seed in range(100):
        rng = np.random.default_rng([seed, 1])
        clips, costs = conditioned(rng), costs_at(rng, auc)
        planted = rng.choice(50, 20, replace=False)
        clips.loc[planted, "d1v"] = "Z"
        costs[planted] = np.minimum(1, costs[planted] + 0.2)
        found += any(told.condition.name == "loc Z" for told in told_of_normals(clips, costs))
    assert found >= 90


def test_two_attributes_together_are_told_where_neither_alone_costs() -> None:
    rng = np.random.default_rng(0)
    clips, costs = conditioned(rng, 400), costs_at(rng, 0.7, 400)
    clips["d1v"], clips["d2v"] = rng.choice(["A", "B", "C"], 400), rng.choice(["u", "v", "w"], 400)
    both = ((clips["d1v"] == "A") & (clips["d2v"] == "v")).to_numpy()
    neither = ((clips["d1v"] == "A") ^ (clips["d2v"] == "v")).to_numpy()
    costs = np.clip(costs + 0.4 * both - 0.2 * neither, 0, 1)
    names = [told.condition.name for told in told_of_normals(clips, costs)]
    assert names[0] == "loc A with vel v"


def test_what_lies_in_a_told_range_is_not_told_again() -> None:
    for seed in range(6):
        rng = np.random.default_rng([seed, 7])
        clips, costs = conditioned(rng), costs_at(rng, 0.8)
        costs = np.clip(costs + 0.03 * (clips["d2v"].astype(float) - 9).clip(lower=0).to_numpy(), 0, 1)
        told = [one for one in told_of_normals(clips, costs) if one.condition.columns == ("d2v",)]
        assert told
        assert np.sum([one.rows for one in told], axis=0).max() == 1


def test_missed_anomalies_have_conditions() -> None:
    made = Made(seed=4, skill=3.0)
    planted = made.rows(split="test", label="anomaly", d1v="C")
    for model in made.models:
        made.scores[model][planted] -= 3
    found = made.found()
    (finding,) = of_rule(found, "missed_attribute_values")
    assert str(finding["title"]).startswith(f"valve: loc C: its {len(planted)} anomalies cost ")
    assert set(finding["rows"]) == set(planted)  # type: ignore[call-overload]
    assert finding["severity"] == "medium"


def test_whether_the_training_clips_cover_a_condition_is_told() -> None:
    made = Made(seed=4, skill=3.0, models=("one",))
    made.scores["one"][made.rows(split="test", label="normal", d1v="C")] += 3.5
    covered = len(made.rows(split="train", d1v="C"))
    finding = of_rule(made.found(), "attribute_values")[0]
    assert f"loc C: {covered} of 63 training clips." in str(finding["why"])


# A real run


@pytest.fixture(scope="module")
def real(real_scores: Path) -> Exploration:
    """Found in both modes together."""
    return explored(Options(data=[str(real_scores)]), with_maps=False)


def test_what_is_said_of_bearings_does_not_blame_the_place_alone(real: Exploration) -> None:
    first = next(finding for finding in real.findings if finding.machine_type == "bearing")
    assert first.title.startswith("bearing: loc A, or vel other than 8 and 16: its 56 normals cost ")
    assert "The data do not separate loc A from vel other than 8 and 16" in first.description
    assert "of the 56, 6 have a counterpart with the same vel" in first.description
    fast = [
        finding for finding in real.findings if finding.title.startswith("bearing: vel 21 to 25: its 12 normals cost ")
    ]
    assert len(fast) == 1


def test_toy_cars_of_34_volts_are_told(real: Exploration) -> None:
    (finding,) = [each for each in real.findings if each.title.startswith("ToyCar: spd 34V: its 25 normals cost ")]
    assert "For baseline_MSE they cost 0.44 on average" in finding.description
    assert "of their domain they are compared with 0.17" in finding.description


def holds_by_words(name: str, attributes: str) -> bool:
    """Whether a condition's name says so of a clip's attributes, read from the words alone."""
    told = dict(word.split(" ", 1) for word in attributes.split(", "))
    for part in name.split(" with "):
        attribute, _, values = part.partition(" ")
        value = told.get(attribute, "")
        if " to " in values:
            low, high = (float(re.match(r"[\d.]+", end)[0]) for end in values.split(" to "))  # type: ignore[index]
            if not low <= float(re.match(r"[\d.]+", value)[0]) <= high:  # type: ignore[index]
                return False
        elif value != values:
            return False
    return True


def test_each_told_condition_is_what_the_score_files_say(real: Exploration, real_scores: Path) -> None:
    """Clips by the words of their attributes, costs pair by pair, compared within the domain: from the files alone."""
    checked = 0
    for finding in real.findings:
        if not finding.rule.endswith("attribute_values"):
            continue
        label, other = ("normal", "anomaly") if finding.rule == "attribute_values" else ("anomaly", "normal")
        of_label = real.frame[(real.frame["class"] == finding.machine_type) & (real.frame["label"] == label)]
        name = finding.title.split(": ")[1].split(", or ")[0]
        if name == "target domain":
            rows = (of_label["domain"] == "target").to_numpy()
        else:
            rows = np.array([holds_by_words(name, str(words)) for words in of_label["attributes"]])
        assert set(of_label.index[rows]) == set(finding.rows.tolist())
        for model in finding.auc_lost:
            (path,) = (real_scores / model).glob(
                f"anomaly_score_DCASE2023T2{finding.machine_type}_section_00_test*.csv"
            )
            lines = [line.rpartition(",") for line in path.read_text().splitlines()]
            scores = {file: float(value) for file, _, value in lines}
            others = np.array([value for file, value in scores.items() if f"_{other}_" in file])
            own = np.array([scores[clip.partition(f"{finding.machine_type}_")[2]] for clip in of_label["clip_id"]])
            wrong = own[:, None] - others if label == "normal" else others - own[:, None]
            costs = ((wrong > 0) + 0.5 * (wrong == 0)).mean(axis=1)
            said = re.search(rf"For {model} they cost ([\d.]+) on average", finding.description)
            assert said is not None
            assert float(said[1]) == pytest.approx(costs[rows].mean(), abs=0.00501)
            # The others of the same domains, in the condition's own proportion: unless something was told before it.
            domain = of_label["domain"].to_numpy(object)
            there = [one for one in ("source", "target") if (rows & (domain == one)).any()]
            rest = [~rows & (domain == one) for one in there]
            words = finding.description.split(f"For {model} they cost ")[1].split(" For ")[0]
            others_said = re.search(r"the (\d+) others of their domain they are compared with (\d\.\d+)", words)
            if others_said and "told before" not in words:
                assert int(others_said[1]) == sum(part.sum() for part in rest if part.any())
                shares = [(rows & (domain == one)).sum() for one, part in zip(there, rest, strict=True) if part.any()]
                means = [costs[part].mean() for part in rest if part.any()]
                assert float(others_said[2]) == pytest.approx(np.average(means, weights=shares), abs=0.0051)
                checked += 1
    assert checked >= 15


# All of them


def test_costs_of_all_conditions_are_means_of_their_clips() -> None:
    made = Made(seed=14, models=("one",))
    frame = made.frame()
    table = to_frame(condition_costs(frame))
    named = {"target domain", *(f"loc {value}" for value in "ABCDEFGH"), *(f"vel {value}" for value in "123456")}
    assert set(table["condition"]) == named
    assert len(table) == 2 * len(named)
    for one in table.itertuples():
        rows = (frame["split"] == "test") & (frame["label"] == one.label)
        attribute, value = one.condition.split(" ")
        column = {"loc": "d1v", "vel": "d2v", "target": "domain"}[attribute]
        value = "target" if attribute == "target" else value
        held = frame[rows & (frame[column] == value)]
        assert one.n_clips == len(held)
        assert one.cost == pytest.approx(held["auc_cost_one"].astype(np.float64).mean())
        assert one.low <= one.cost <= one.high
        assert one.training_clips == ((frame["split"] == "train") & (frame[column] == value)).sum()
    assert 0.1 < (table["p"] < 0.5).mean() < 0.9
    assert to_frame(condition_costs(frame.drop(columns="auc_cost_one"))).empty
