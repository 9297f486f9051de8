"""Scoring: the official tables to the last digit, scikit-learn's metrics, decisions, and what is said of the rest."""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma, hmean
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from dcase_explore import clips
from dcase_explore.columns import DOMAINS
from dcase_explore.errors import ExploreError
from dcase_explore.exploring import explored
from dcase_explore.options import TableOptions
from dcase_explore.scoring import Scored, score, thresholds
from dcase_explore.scoring.definitions import OF_2020, OF_2021, SINCE_2022, YEARS, definition_of
from dcase_explore.scoring.metrics import DECISIONS, METRICS, auc_costs, section_metrics
from dcase_explore.scoring.official import official_scores
from dcase_explore.sources import read_sources
from dcase_explore.sources.results import read_results

Kinds = Mapping[str, Sequence[float]]
Rows = Sequence[tuple[str, float]]
Capture = pytest.CaptureFixture[str]

PRINTED = ("auc_source", "auc_target", "pauc", "pauc_source", "pauc_target", *DECISIONS)
ANOMALIES: Kinds = {"source_test_anomaly": [3, 6], "target_test_anomaly": [2]}
WHOLE: Kinds = {"source_test_normal": [1, 2, 3], "target_test_normal": [2, 5], **ANOMALIES}
TRAINING = np.random.default_rng(0).gamma(4, 0.5, 60).astype(np.float32).tolist()
PAUC = roc_auc_score([0, 0, 1, 1], [1, 3, 2, 4], max_fpr=0.1)


def table(**machine_types: Kinds) -> pd.DataFrame:
    """Scores of model ``m`` by machine type (``fan``, or ``fan_01`` for its section) and by kind of clip."""
    rows = [
        (machine, f"section_{section or '00'}_{kind}_{number:04d}.wav", "train" if "train" in kind else "test", value)
        for key, kinds in machine_types.items()
        for machine, _, section in [key.partition("_")]
        for kind, values in kinds.items()
        for number, value in enumerate(values)
    ]
    *names, scores = zip(*rows, strict=True)
    return clips.conform(clips.facts_from_names(*names).assign(anomaly_score_m=scores))


def by_sklearn(
    scores: np.ndarray, anomalous: np.ndarray, domains: np.ndarray, flagged: np.ndarray | None = None
) -> dict[str, float]:
    """Every metric that is defined, each from its own definition."""
    found = {}
    if len(set(anomalous)) == 2:
        found = {"auc": roc_auc_score(anomalous, scores), "pauc": roc_auc_score(anomalous, scores, max_fpr=0.1)}
    for domain in DOMAINS:
        own = np.array([value == domain for value in domains], dtype=bool)
        ranked = own | anomalous
        if len(set(anomalous[ranked])) == 2:
            found[f"auc_{domain}"] = roc_auc_score(anomalous[ranked], scores[ranked])
        if len(set(anomalous[own])) == 2:
            found[f"pauc_{domain}"] = roc_auc_score(anomalous[own], scores[own], max_fpr=0.1)
        decided = own if flagged is None else own & ~np.isnan(flagged)
        if flagged is not None and anomalous[decided].any():
            for name, metric in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
                found[f"{name}_{domain}"] = metric(anomalous[decided], flagged[decided] == 1, zero_division=0)
    return found


def near(expected: object) -> object:
    return pytest.approx(expected, abs=1e-12, rel=0)


def values(scored: Scored, column: str) -> list[object]:
    found = scored.frame[column].astype(object)
    return found.where(found.notna(), None).tolist()


# The tables of a real run


@pytest.fixture(scope="module")
def real(real_scores: Path) -> Scored:
    return score(read_sources([str(real_scores)]).frame)


@pytest.mark.parametrize(("mode", "omega"), [("baseline_MSE", 0.5526), ("baseline_MAHALA", 0.5734)])
def test_every_number_of_the_official_tables_is_ours(real: Scored, real_scores: Path, mode: str, omega: float) -> None:
    (model,) = [model for model in real.models if model.model == mode]
    sections = {section.machine_type: section.metrics for section in model.sections}
    official, compared = [], 0
    for path in (real_scores / mode).glob("result_*_roc.csv"):
        (machine,) = re.findall(r"result_DCASE2023T2(\w+?)_test", path.name)
        means = {name.replace("_", " "): mean for name, mean in model.means(machine).items()}
        with path.open(newline="") as lines:
            header, *rows = [row for row in csv.reader(lines) if row]
        assert [re.sub(r"\W+", "_", name.lower().replace(" score", "")).strip("_") for name in header[1:]] == [*PRINTED]
        for name, *numbers in rows:
            ours = {"00": sections[machine], **means}[name]
            assert [ours[metric] for metric in PRINTED] == near([float(number) for number in numbers])
            compared += len(numbers)
        official += [float(number) for number in rows[0][1:4]]
    assert compared == 7 * 3 * 11
    assert model.official_score == near(hmean(official))
    assert model.brief() == f"Ω {omega}"
    assert f"Ω {omega}" in real.descriptions()[f"anomaly_score_{mode}"]
    assert {(threshold.value, threshold.fitted_on) for threshold in real.thresholds[mode].values()} == {(None, None)}


# Metrics and costs

CLIP = st.tuples(st.integers(0, 4), st.booleans(), st.sampled_from([*DOMAINS, None]), st.sampled_from([0, 1, np.nan]))


@st.composite
def sections(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    scores, anomalous, domains, flagged = zip(*draw(st.lists(CLIP, min_size=1, max_size=40)), strict=True)
    null = draw(st.sampled_from([None, np.nan]))
    known = np.array([null if domain is None else domain for domain in domains], dtype=object)
    return np.array(scores, np.float64), np.array(anomalous), known, np.array(flagged, np.float64)


@settings(deadline=None)
@given(section=sections(), parts=st.sampled_from([3, 4]))
def test_metrics_are_those_of_sklearn(section: tuple[np.ndarray, ...], parts: int) -> None:
    assert section_metrics(*section[:parts]) == near(by_sklearn(*section[:parts]))


@settings(deadline=None)
@given(section=sections())
def test_cost_is_the_share_of_the_other_class_on_the_wrong_side(section: tuple[np.ndarray, ...]) -> None:
    scores, anomalous, domains, _ = section
    costs = auc_costs(scores, anomalous)
    if len(set(anomalous)) == 1:
        assert np.isnan(costs).all()
        return
    for value, is_anomalous, cost in zip(scores, anomalous, costs, strict=True):
        above = (-1 if is_anomalous else 1) * (value - scores[anomalous != is_anomalous])
        assert cost == near(sum(1 if gap > 0 else 0.5 if gap == 0 else 0 for gap in above) / len(above))
    assert 0 <= costs.min() <= costs.max() <= 1
    metrics = section_metrics(scores, anomalous, domains)
    for name, of in [("auc", True), *((f"auc_{domain}", domains == domain) for domain in DOMAINS)]:
        normal_costs = costs[~anomalous & of]
        assert metrics.get(name) == (
            pytest.approx(1 - normal_costs.mean(), abs=1e-15, rel=0) if len(normal_costs) else None
        )


def test_scores_that_differ_by_less_than_float32_resolves_are_not_tied() -> None:
    scored = score(table(fan={"test_normal": [1, 2], "test_anomaly": [2 + 1e-9, 3]}))
    assert scored.models[0].sections[0].metrics["auc"] == 1
    assert clips.problems(scored.frame) == []


def test_perfect_ranking_costs_nothing() -> None:
    assert auc_costs(np.array([3.0, 1, 9, 2, 4]), np.array([False, False, True, False, True])).tolist() == [0] * 5


KINDS = ("source_test_normal", "target_test_normal", "target_test_anomaly", "test_anomaly", "source_test")
ROW = st.tuples(st.integers(0, 4) | st.none(), st.sampled_from(KINDS), st.sampled_from(["normal", "anomaly", None]))


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=25))
def test_clips_without_score_or_label_count_as_not_there(rows: list[tuple[int | None, str, str | None]]) -> None:
    names = [f"section_00_{kind}_{number:04d}.wav" for number, (_, kind, _) in enumerate(rows)]
    scores, kinds, called = zip(*rows, strict=True)
    facts = clips.facts_from_names(["fan"] * len(rows), names, ["test"] * len(rows))
    models, costs = official_scores(clips.conform(facts.assign(anomaly_score_m=scores, prediction_m=called)), {})
    there = np.array([value is not None and kind != "source_test" for value, kind in zip(scores, kinds, strict=True)])
    assert len(models) == there.any()
    if not models:
        return
    given_scores = np.array(scores, np.float64)[there]
    anomalous = np.array(["anomaly" in kind for kind in kinds])[there]
    flagged = np.array([{"normal": 0, "anomaly": 1}.get(str(call), np.nan) for call in called])[there]
    domains = np.array([kind.split("_")[0] for kind in kinds])[there]
    assert models[0].sections[0].metrics == near(by_sklearn(given_scores, anomalous, domains, flagged))
    assert models[0].sections[0].n_clips == there.sum()
    np.testing.assert_allclose(costs["auc_cost_m"][there], auc_costs(given_scores, anomalous), rtol=1e-6)
    assert costs["auc_cost_m"][~there].isna().all()
    assert costs["auc_cost_m"].dtype == np.float32


def test_table_carries_the_cost_of_labelled_test_clips_alone() -> None:
    scored = score(table(fan={**WHOLE, "source_train_normal": TRAINING, "source_test": [4, 4]}))
    assert clips.problems(scored.frame) == []
    assert scored.frame["auc_cost_m"].dtype == np.float32
    expected = [0, 1 / 6, 1 / 2, 1 / 6, 2 / 3, 0.3, 0, 0.6]
    assert values(scored, "auc_cost_m")[:8] == pytest.approx(expected, abs=1e-7)
    assert values(scored, "auc_cost_m")[8:] == [None] * (len(TRAINING) + 2)


def test_harmonic_mean_with_a_zero_is_zero() -> None:
    (model,) = score(table(fan=WHOLE, valve={**WHOLE, "target_test_normal": [9, 9]})).models
    assert (model.official_score, model.means()["harmonic_mean"]["auc_target"]) == (0, 0)
    assert model.means()["arithmetic_mean"]["auc_target"] > 0


# Decisions


@pytest.mark.parametrize("scores", [TRAINING, TRAINING[:10], [-5 - value for value in TRAINING]])
def test_threshold_is_the_90th_percentile_of_a_gamma_fit(scores: list[float]) -> None:
    assert thresholds.gamma_threshold(np.array(scores)) == gamma.ppf(0.9, *gamma.fit(scores))


@pytest.mark.parametrize("seed", [0, 1, 3, 13])
def test_threshold_of_skewed_scores_is_no_fit_gone_astray(seed: int) -> None:
    scores = np.random.default_rng(seed).lognormal(size=990)
    assert 0.03 < (scores > (thresholds.gamma_threshold(scores) or 0)).mean() < 0.25
    below_zero = thresholds.gamma_threshold(scores - 1)
    assert below_zero is None or 0.03 < (scores - 1 > below_zero).mean() < 0.25


@pytest.mark.parametrize(
    "scores", [[], TRAINING[:9], [2.5] * 50, [1, 2] * 20], ids=["none", "nine", "equal", "beyond the highest"]
)
def test_scores_without_a_threshold_give_no_decisions(scores: list[float], capsys: Capture) -> None:
    assert thresholds.gamma_threshold(np.array(scores)) is None
    scored = score(table(fan={**WHOLE, "source_train_normal": scores}))
    assert [name for name in scored.frame if "prediction" in name] == []
    assert (scored.thresholds, set(scored.models[0].sections[0].metrics)) == ({}, set(METRICS) - set(DECISIONS))
    assert ("no decisions for fan: too few training scores" in capsys.readouterr().err) == bool(scores)


def test_threshold_is_fitted_to_all_training_normals_of_a_machine_type() -> None:
    second = {**WHOLE, "target_train_normal": TRAINING[30:], "target_train_anomaly": [50] * 40}
    scored = score(table(fan={**WHOLE, "source_train_normal": TRAINING[:30]}, fan_01=second, valve=WHOLE))
    ((machine, threshold),) = scored.thresholds["m"].items()
    value = gamma.ppf(0.9, *gamma.fit(np.array(TRAINING)))
    assert (machine, threshold.value, threshold.fitted_on) == ("fan", value, 60)
    assert (threshold.called, threshold.decided) == (4, 16)
    called = ["anomaly" if number > value else "normal" for number in scored.frame["anomaly_score_m"]]
    assert values(scored, "prediction_m") == [*called[:-8], *[None] * 8]
    first, _, valve = scored.models[0].sections
    assert (first.threshold, first.metrics["recall_source"], valve.threshold) == (threshold, 0.5, None)
    assert threshold.origin in scored.descriptions()["prediction_m"]


def test_score_at_the_threshold_is_called_normal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thresholds, "gamma_threshold", lambda _: 5.0)
    scored = score(table(fan={"test_normal": [4.9, 5, 5.1], "source_test": [5.1], "train_normal": [1]}))
    assert values(scored, "prediction_m") == ["normal", "normal", "anomaly", "anomaly", "normal"]
    assert values(scored, "prediction_correct_m") == [True, True, False, None, True]


def test_decisions_of_the_data_are_kept_and_the_rest_is_decided(tmp_path: Path) -> None:
    of_test = [(f"section_00_source_test_{label}_0000.wav", 9.0) for label in ("normal", "anomaly")]
    of_training = [(f"section_00_source_train_normal_{n:04d}.wav", value) for n, value in enumerate(TRAINING)]
    for machine in ("fan", "valve"):
        write(tmp_path / "m", f"anomaly_score_{machine}_section_00_test", of_test)
        write(tmp_path / "m", f"anomaly_score_{machine}_section_00_train", of_training)
    write(tmp_path / "m", "decision_result_fan_section_00_test", [(name, 0) for name, _ in of_test])
    scored = score(read_results([tmp_path / "m"]))
    assert {name: threshold.fitted_on for name, threshold in scored.thresholds["m"].items()} == {
        "fan": None,
        "valve": 60,
    }
    fan, valve = (scored.frame[scored.frame["class"] == name] for name in ("fan", "valve"))
    assert fan.loc[fan["prediction_m"].notna(), "prediction_m"].tolist() == ["normal", "normal"]
    assert valve.loc[valve["split"] == "test", "prediction_m"].tolist() == ["anomaly", "anomaly"]
    tested = scored.frame[scored.frame["split"] == "test"]
    assert tested["prediction_correct_m"].tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("called", "between"),
    [("nnaa", (2, 3)), ("nana", None), ("aaaa", None), ("nn-a", (2, 4))],
    ids=["by a threshold", "not by a threshold", "all one side", "some undecided"],
)
def test_threshold_of_given_decisions_lies_between_scores(called: str, between: tuple[float, float] | None) -> None:
    given_decisions = [{"n": "normal", "a": "anomaly"}.get(letter) for letter in called]
    frame = table(fan={"test_normal": [1, 2, 3, 4], "train_normal": TRAINING})
    scored = score(clips.conform(frame.assign(prediction_m=given_decisions + [None] * len(TRAINING))))
    threshold = scored.thresholds["m"]["fan"]
    assert (threshold.value, threshold.fitted_on, threshold.between) == (None, None, between)
    assert (threshold.called, threshold.decided) == (called.count("a"), 4 - called.count("-"))
    assert values(scored, "prediction_m")[:4] == given_decisions


# What is not defined

NO_CLIPS = "m: not defined: auc_target, pauc_target of fan 00 (no target clips); Ω is over 2 of 3 numbers\n"
NO_NORMALS = (
    "m: not defined: auc_target, pauc_target of fan 00 (no target normals); "
    "pauc_source of fan 00 (no source anomalies); Ω is over 2 of 3 numbers\n"
)
ALL_THREE = "m: not defined: all of fan 00 ({}); there is no official score\n"
NO_DOMAINS = "m: no official score, for no clip's domain is known; its AUC is over all clips\n"


@pytest.mark.parametrize(
    ("normals", "anomalies", "defined", "omega", "said"),
    [
        (
            "source_test",
            "source_test",
            "auc auc_source pauc pauc_source",
            hmean([0.75, PAUC]),
            NO_CLIPS,
        ),
        ("source_test", "target_test", "auc auc_source pauc", hmean([0.75, PAUC]), NO_NORMALS),
        ("source_test", None, "", None, ALL_THREE.format("no anomalies")),
        (None, "target_test", "", None, ALL_THREE.format("no normals")),
        ("test", "test", "auc pauc", None, NO_DOMAINS),
    ],
    ids=["no target clips", "no target normals", "only normals", "only anomalies", "no domains"],
)
def test_what_is_not_defined_is_absent_and_said(
    normals: str | None, anomalies: str | None, defined: str, omega: float | None, said: str, capsys: Capture
) -> None:
    kinds = {f"{normals}_normal": [1, 3], f"{anomalies}_anomaly": [2, 4]}
    (model,) = score(table(fan={kind: scores for kind, scores in kinds.items() if "None" not in kind})).models
    assert [" ".join(found) for found in (model.sections[0].metrics, *model.means().values())] == [defined] * 3
    assert model.official_score == (None if omega is None else near(omega))
    assert capsys.readouterr().err == said


def test_omega_is_over_the_numbers_there_are(capsys: Capture) -> None:
    without = {"source_test_normal": [1, 2, 3], **ANOMALIES}
    (model,) = score(table(fan=WHOLE, valve=without, valve_01=without)).models
    rows = [section.metrics for section in model.sections]
    assert ["auc_target" in row for row in rows] == [True, False, False]
    assert model.official_score == near(
        hmean([row[name] for row in rows for name in SINCE_2022.numbers if name in row])
    )
    assert model.means()["arithmetic_mean"]["auc_target"] == rows[0]["auc_target"]
    said = (
        "m: not defined: auc_target, pauc_target of valve 00, valve 01 (no target normals); Ω is over 7 of 9 numbers\n"
    )
    assert capsys.readouterr().err == said


def test_model_without_labelled_test_clips_is_decided_but_not_scored() -> None:
    scored = score(table(fan={"source_test": [1, 9], "train_normal": TRAINING}))
    assert (scored.models, [name for name in scored.frame if "auc" in name]) == ([], [])
    assert values(scored, "prediction_m")[:2] == ["normal", "anomaly"]


@pytest.mark.parametrize(("fan", "valve", "hinted"), [(-1, -1, True), (-1, 1, False), (1, 1, False)])
def test_reversed_scores_are_hinted_at_and_left_as_they_are(
    fan: int, valve: int, hinted: bool, capsys: Capture
) -> None:
    signs = {"fan": fan, "valve": valve}
    of = {name: {kind: [sign * v for v in numbers] for kind, numbers in WHOLE.items()} for name, sign in signs.items()}
    scored = score(table(**of))
    assert ("m: AUC is below 0.5 on every machine type" in capsys.readouterr().err) == hinted
    assert values(scored, "anomaly_score_m") == values(Scored(table(**of), [], {}), "anomaly_score_m")
    aucs = [section.metrics["auc"] for section in scored.models[0].sections]
    assert aucs == near([0.5 + 0.2 * sign for sign in (fan, valve)])


# Folders of other years


def write(folder: Path, name: str, rows: Rows) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.csv").write_text("".join(f"{clip},{value!r}\n" for clip, value in rows))


def made(name: str, seed: int) -> Rows:
    """Clips of both labels, named such as ``section_00_source_test_{}``, and their scores."""
    random = np.random.default_rng(seed)
    return [
        (f"{name.format(label)}_{number:08d}.wav", float(np.float32(random.normal(label == "anomaly"))))
        for label in ("normal", "anomaly")
        for number in range(20)
    ]


def expected(rows: Rows) -> object:
    names, scores = zip(*rows, strict=True)
    domains = [next((domain for domain in DOMAINS if domain in name), None) for name in names]
    return near(by_sklearn(np.array(scores), np.array(["anomaly" in name for name in names]), np.array(domains)))


def test_folder_of_2020_is_scored_by_the_means_over_its_machine_ids(tmp_path: Path, capsys: Capture) -> None:
    rows = {number: made(f"{{}}_id_{number}", int(number)) for number in ("02", "00")}
    for number, lines in rows.items():
        write(tmp_path / "dense", f"anomaly_score_ToyCar_id_{number}", lines)
    write(tmp_path / "dense", "anomaly_score_fan_id_04", made("{}_id_04", 4))
    (model,) = score(read_results([tmp_path / "dense"])).models
    assert [section.name for section in model.sections] == ["fan 04", "ToyCar 00", "ToyCar 02"]
    assert [section.metrics for section in model.sections][1:] == [expected(rows["00"]), expected(rows["02"])]
    fan, *toys = (section.metrics for section in model.sections)
    by_machine = [fan[name] for name in ("auc", "pauc")]
    by_machine += [float(np.mean([toy[name] for toy in toys])) for name in ("auc", "pauc")]
    assert model.definition is OF_2020
    assert model.official_score == near(np.mean(by_machine))
    assert model.brief() == f"mean of AUC and pAUC {np.mean(by_machine):.4f} (2020)"
    assert capsys.readouterr().err == ""


def of_2021(folder: Path) -> Scored:
    for seed, section in enumerate(("00", "01")):
        for domain in DOMAINS:
            rows = made(f"section_{section}_{domain}_test_{{}}", 2 * seed + DOMAINS.index(domain))
            write(folder, f"anomaly_score_fan_section_{section}_{domain}_test", rows[: 30 + 5 * seed])
    return score(read_results([folder]), beside=[SINCE_2022])


def test_folder_of_2021_is_scored_domain_by_domain(tmp_path: Path) -> None:
    scored = of_2021(tmp_path / "ae")
    ((model,), (beside,)) = scored.models, scored.models[0].beside
    frame, numbers, since_2022 = scored.frame, [], []
    for section, of_section in frame.groupby("section"):
        anomalous = (of_section["label"] == "anomaly").to_numpy()
        scores = of_section["anomaly_score_ae"].to_numpy(np.float64)
        metrics = model.sections[int(section)].metrics
        for domain in DOMAINS:
            own = (of_section["domain"] == domain).to_numpy()
            auc = roc_auc_score(anomalous[own], scores[own])
            pauc = roc_auc_score(anomalous[own], scores[own], max_fpr=0.1)
            assert (metrics[f"auc_{domain}"], metrics[f"pauc_{domain}"]) == (near(auc), near(pauc))
            numbers += [auc, pauc]
        todays = by_sklearn(scores, anomalous, of_section["domain"].to_numpy(dtype=object))
        assert beside.sections[int(section)].metrics == near(todays)
        since_2022 += [todays[name] for name in SINCE_2022.numbers]
    assert model.definition is OF_2021
    assert model.official_score == near(hmean(numbers))
    assert beside.official_score == near(hmean(since_2022))
    assert model.official_score != beside.official_score
    assert model.brief() == f"Ω {hmean(numbers):.4f} (2021)"


def test_the_definition_is_named_in_every_tooltip(tmp_path: Path, real: Scored) -> None:
    tooltip = of_2021(tmp_path / "ae").descriptions()["anomaly_score_ae"]
    assert f"Official score {OF_2021.told}." in tooltip
    assert re.search(r"Ω 0\.\d{4} \(2021\)\.\nΩ 0\.\d{4}\.\n", tooltip)
    assert re.search(r"fan 01: AUC source \S+, target \S+, pAUC source \S+, target \S+$", tooltip)
    assert f"Official score {SINCE_2022.told}." in real.descriptions()["anomaly_score_baseline_MSE"]


@pytest.mark.parametrize("year", YEARS)
def test_each_year_has_its_definition(year: int) -> None:
    expected_of = {2020: OF_2020, 2021: OF_2021}.get(year, SINCE_2022)
    assert definition_of(year) is definition_of(str(year)) is expected_of


@pytest.mark.parametrize("year", [2019, "2027", "", "21", "since 2022", 2021.5])
def test_another_year_is_refused(year: object) -> None:
    with pytest.raises(ExploreError, match="2020 to 2026"):
        definition_of(year)  # type: ignore[arg-type]


def test_clips_of_several_years_are_scored_by_todays_definition(capsys: Capture) -> None:
    frame = table(fan=WHOLE, valve=WHOLE)
    frame["year"] = np.where(frame["class"] == "fan", 2021, 2023)
    (model,) = score(clips.conform(frame)).models
    assert model.definition is SINCE_2022
    assert "m: scored on clips of several years" in capsys.readouterr().err


def test_a_table_without_sections_is_scored_by_machine_type() -> None:
    whole = score(table(fan=WHOLE, fan_01=WHOLE))
    scored = score(whole.frame.drop(columns="section"))
    (section,) = scored.models[0].sections
    assert (section.name, section.section, section.n_clips) == ("fan", None, 2 * 8)
    again = whole.frame.rename(columns={"section": "section_x"})
    assert score(again).models[0].official_score == scored.models[0].official_score


def test_sections_of_2022_are_averaged_per_machine_type_and_count_one_by_one_in_omega(tmp_path: Path) -> None:
    rows: dict[str, Rows] = {}
    for seed, name in enumerate(["valve 02", "valve 00", "fan 01", "fan 02", "fan 00", "valve 01"]):
        machine, section = name.split()
        both = [made(f"section_{section}_{domain}_test_{{}}", 2 * seed + n) for n, domain in enumerate(DOMAINS)]
        rows[name] = [*both[0], *both[1][:30]]
        write(tmp_path / "ae", f"anomaly_score_{machine}_section_{section}_test", rows[name])
    (model,) = score(read_results([tmp_path / "ae"])).models
    found = {section.name: section.metrics for section in model.sections}
    assert list(found) == ["fan 00", "fan 01", "fan 02", "valve 00", "valve 01", "valve 02"]
    assert found == {name: expected(lines) for name, lines in rows.items()}
    for machine in model.machine_types:
        for mean, of in (("arithmetic_mean", np.mean), ("harmonic_mean", hmean)):
            three = [metrics for name, metrics in found.items() if name.startswith(machine)]
            assert model.means(machine)[mean] == near({name: of([row[name] for row in three]) for name in three[0]})
    numbers = [metrics[name] for metrics in found.values() for name in SINCE_2022.numbers]
    assert (len(numbers), model.official_score) == (2 * 9, near(hmean(numbers)))


def test_each_seed_is_a_model_of_its_own(tmp_path: Path) -> None:
    rows = {seed: made("section_00_source_test_{}", seed) for seed in (7, 11)}
    for seed, lines in rows.items():
        write(tmp_path / "ae", f"anomaly_score_DCASE2023T2fan_section_00_test_seed{seed}_id(0_)", lines)
    found = {model.model: model.sections[0].metrics for model in score(read_results([tmp_path / "ae"])).models}
    assert found == {f"ae_seed{seed}": expected(each) for seed, each in rows.items()}


def test_findings_of_a_table_without_sections_are_found() -> None:
    whole = table(fan=WHOLE, fan_01=WHOLE, valve=WHOLE).drop(columns="section")
    first = explored(TableOptions(data=[whole]), listen=False, with_maps=False)
    again = explored(TableOptions(data=[first.frame]), listen=False, with_maps=False)
    assert [finding.title for finding in again.findings] == [finding.title for finding in first.findings]
    assert [model.brief() for model in again.models] == [model.brief() for model in first.models]
