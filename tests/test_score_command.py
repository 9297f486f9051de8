"""``dcase-explore score``: the tables people read, and the JSON and CSV that programs read."""

import csv
import io
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from commands import run
from dcase_explore import explore, load
from dcase_explore.exploring import explored
from dcase_explore.options import Options
from dcase_explore.scoring import printing
from dcase_explore.scoring.thresholds import gamma_threshold
from test_cli import imported_by

REFERENCE = {
    # AUC source, AUC target, pAUC of valve, and Ω over all machine types
    "baseline_MSE": (0.5580, 0.5024, 0.5137, 0.5526),
    "baseline_MAHALA": (0.5618, 0.5082, 0.5105, 0.5734),
}


def write_scores(folder: Path, rows: dict[str, float], machine: str = "valve", section: str = "00") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name},{value}\n" for name, value in rows.items()]
    (folder / f"anomaly_score_{machine}_section_{section}_test.csv").write_text("".join(lines))
    return folder


def made_run(folder: Path, shift: float = 0.0, domains: tuple[str, ...] = ("source", "target")) -> Path:
    rows = {}
    for domain in domains:
        for label in ("normal", "anomaly"):
            for number in range(6):
                score = number + (2.5 if label == "anomaly" else 0) + (shift if domain == "target" else 0)
                rows[f"section_00_{domain}_test_{label}_{number:04d}_pat_00.wav"] = score
    return write_scores(folder, rows)


def test_json_is_one_document_in_the_documented_form(real_scores: Path) -> None:
    result = run("score", "--data", str(real_scores), "--format", "json")
    document = json.loads(result.stdout)
    assert set(document) == set(REFERENCE)
    for model, (source, target, pauc, official) in REFERENCE.items():
        scores = document[model]
        assert set(scores) == {"official_score", "arithmetic_mean", "harmonic_mean", "machines", "machine_types"}
        assert round(scores["official_score"], 4) == official
        (valve,) = [row for row in scores["machines"] if row["class"] == "valve"]
        assert valve["section"] == 0
        assert valve["n_clips"] == 200
        assert [round(valve[name], 4) for name in ("auc_source", "auc_target", "pauc")] == [source, target, pauc]
        assert valve["threshold_origin"] == "decisions in the data"
        assert "precision_source" in valve
        assert {row["class"] for row in scores["machine_types"]} == {row["class"] for row in scores["machines"]}


def test_nothing_undefined_reaches_json_as_a_number(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "mine", domains=("source",))
    result = run("score", "--data", str(folder), "--format", "json")
    document = json.loads(result.stdout, parse_constant=pytest.fail)
    (row,) = document["mine"]["machines"]
    assert "auc_target" not in row
    assert not [name for name in row if name.startswith(("precision", "threshold"))]
    assert "auc_target, pauc_target of valve 00 (no target clips)" in result.stderr
    assert "Ω is over 2 of 3 numbers" in result.stderr


def run_of_2021(folder: Path) -> Path:
    rows = {
        "source": {"normal_0000": 1, "normal_0001": 4, "anomaly_0000": 3, "anomaly_0001": 5},
        "target": {"normal_0000": 11, "normal_0001": 14, "anomaly_0000": 13, "anomaly_0001": 15},
    }
    for domain, by_name in rows.items():
        scores = {f"section_00_{domain}_test_{name}.wav": float(score) for name, score in by_name.items()}
        write_scores(folder, scores, section=f"00_{domain}")
    return folder


def test_data_of_2021_are_scored_by_the_definition_of_2021_and_it_is_named(tmp_path: Path) -> None:
    data = ("score", "--data", str(run_of_2021(tmp_path / "mine")))
    document = json.loads(run(*data, "--format", "json").stdout)["mine"]
    (row,) = document["machines"]
    assert [row["auc_source"], row["auc_target"]] == [0.75, 0.75]
    numbers = [row[name] for name in ("auc_source", "auc_target", "pauc_source", "pauc_target")]
    assert math.isclose(document["official_score"], 4 / sum(1 / number for number in numbers))
    assert document["official_definition"].startswith("of 2021: harmonic mean of AUC and pAUC")
    printed = run(*data).stdout
    assert "of 2021: harmonic mean" in printed
    assert f"{document['official_score']:.4f}" in printed
    both = json.loads(run(*data, "--year", "2021", "--year", "2022", "--format", "json").stdout)["mine"]
    assert both["official_scores"]["of 2021"] == both["official_score"] == document["official_score"]
    todays = json.loads(run(*data, "--year", "2023", "--format", "json").stdout)["mine"]
    assert todays["official_score"] == both["official_scores"]["since 2022"] != document["official_score"]
    assert "official_definition" not in todays
    rows = list(csv.DictReader(io.StringIO(run(*data, "--year", "2021", "--year", "2022", "--format", "csv").stdout)))
    told = {row["official_definition"]: float(row["official_score"]) for row in rows if row["official_score"]}
    assert told == both["official_scores"]


def test_a_year_without_a_challenge_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    result = run("score", "--data", str(tmp_path / "nowhere"), "--year", "2019")
    assert result.returncode == 1
    assert "there is no year 2019" in result.stderr


def test_csv_holds_every_number_in_full(real_scores: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("score", "--data", str(real_scores), "--format", "csv").stdout)))
    scored = explored(Options(data=[str(real_scores)]), with_maps=False, with_findings=False)
    for model in scored.models:
        by_section = {(row["class"], row["section"]): row for row in rows if row["model"] == model.model}
        for section in model.sections:
            row = by_section[section.machine_type, str(section.section)]
            assert {name: float(row[name]) for name in section.metrics} == section.metrics
        overall = by_section["", "harmonic mean"]
        assert float(overall["official_score"]) == model.official_score
        assert float(overall["pauc"]) == model.means()["harmonic_mean"]["pauc"]
        assert {row["official_score"] for key, row in by_section.items() if key != ("", "harmonic mean")} == {""}


def test_table_sets_the_models_side_by_side_and_marks_the_best(real_scores: Path) -> None:
    result = run("score", "--data", str(real_scores), "--class", "valve", "--class", "slider")
    lines = result.stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip().startswith("valve 00"))
    first, second = lines[start].split(), lines[start + 1].split()
    assert first[:6] == ["valve", "00", "baseline_MAHALA", "0.5618*", "0.5082*", "0.5105"]
    assert second[:4] == ["baseline_MSE", "0.5580", "0.5024", "0.5137*"]
    for part in ("arithmetic mean", "harmonic mean", "official score", "data, 200/200", "data, 73/200"):
        assert part in result.stdout
    assert "Traceback" not in result.stderr


def test_models_scored_on_different_clips_are_not_compared(tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    made_run(tmp_path / "all")
    made_run(tmp_path / "half", domains=("source",))
    models = explored(Options(data=[str(tmp_path)]), with_maps=False, with_findings=False).comparable()
    capsys.readouterr()
    printing.print_tables(models)
    printed = capsys.readouterr().out
    assert "1.0000" not in printed
    assert "*" not in printed.replace(printing.BEST + " best", "")
    assert "–" in printed


def test_a_model_without_decisions_beside_one_with(real_scores: Path, tmp_path: Path) -> None:
    scored = explored(Options(data=[str(real_scores)], class_name=["fan"]), with_maps=False, with_findings=False)
    rows = scored.frame[["clip_id", "anomaly_score_baseline_MSE"]]
    rows.rename(columns={"anomaly_score_baseline_MSE": "score"}).to_csv(tmp_path / "mine.csv", index=False)
    result = run(*("score", "--data", str(real_scores), "--class", "fan", "--scores", f"mine={tmp_path / 'mine.csv'}"))
    assert result.returncode == 0, result.stderr
    _, _, decisions = result.stdout.partition("precision")
    assert "baseline_MSE" in decisions
    assert decisions.count("mine") == 1  # in the table of Ω alone
    assert "mine: 200 of 1,400 clips; none for gearbox" in result.stderr


@pytest.mark.parametrize("name", ["[red]mine", "a b", "ü+1"])
def test_names_are_printed_as_they_are(name: str, tmp_path: Path) -> None:
    result = run("score", "--data", str(made_run(tmp_path / name)))
    assert name in result.stdout


def test_a_threshold_is_fitted_once_and_then_known(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "mine")
    rng = np.random.default_rng(0)
    training = [f"section_00_source_train_normal_{n:04d}.wav,{rng.gamma(5)}\n" for n in range(40)]
    (folder / "anomaly_score_valve_section_00_train.csv").write_text("".join(training))
    again = f"from dcase_explore import load; print(load({str(folder)!r}).prediction_mine.tolist())"
    assert "scipy" in imported_by(again)
    assert "scipy" not in imported_by(again)
    fresh, known = (explored(Options(data=[str(folder)]), with_maps=False, with_findings=False) for _ in range(2))
    assert fresh.thresholds == known.thresholds
    assert known.thresholds["mine"]["valve"].value == gamma_threshold(
        fresh.frame.loc[fresh.frame["split"] == "train", "anomaly_score_mine"].to_numpy(dtype=np.float64)
    )


def test_what_keeps_a_score_from_being_computed_is_one_sentence(tmp_path: Path, recordings: Path) -> None:
    unlabelled = write_scores(tmp_path / "eval", {f"section_00_{number:04d}.wav": number for number in range(4)})
    result = run("score", "--data", str(unlabelled))
    assert result.returncode == 1
    assert "--ground-truth FOLDER" in result.stderr.splitlines()[-1]
    assert result.stdout == ""


def test_ground_truth_makes_an_evaluation_set_count(tmp_path: Path) -> None:
    scores = {f"section_00_{number:04d}.wav": float(number) for number in range(8)}
    unlabelled = write_scores(tmp_path / "eval", scores)
    for folder, code in (("ground_truth_data", lambda number: number // 4), ("ground_truth_domain", lambda n: n % 2)):
        truth = tmp_path / "evaluator" / folder
        truth.mkdir(parents=True)
        lines = [f"{name},{code(number)}\n" for number, name in enumerate(scores)]
        (truth / "ground_truth_valve_section_00_test.csv").write_text("".join(lines))
    command = ["score", "--data", str(unlabelled), "--ground-truth", str(tmp_path / "evaluator"), "--format", "json"]
    result = run(*command)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["eval"]["official_score"] == 1.0


def test_recordings_alone_are_scored_by_what_is_computed_of_them(recordings: Path) -> None:
    result = run("score", "--data", str(recordings), "--format", "json")
    assert list(json.loads(result.stdout)) == ["logmel_lof", "logmel_pca"]


def test_the_same_numbers_stand_in_the_tooltips(real_scores: Path) -> None:
    scored = explored(Options(data=[str(real_scores)]), with_maps=False, with_findings=False)
    tooltips = scored.descriptions
    for model, (source, target, pauc, official) in REFERENCE.items():
        tooltip = tooltips[f"anomaly_score_{model}"]
        assert f"Ω {official:.4f}." in tooltip
        numbers = [float(number) for number in re.findall(r"[0-9.]+", tooltip.splitlines()[-1])[1:]]
        assert numbers == pytest.approx([source, target, pauc], abs=0.00056)  # three digits of them, not four
        assert re.fullmatch(r"valve 00: AUC source \S+, target \S+, pAUC \S+", tooltip.splitlines()[-1])
    assert "valve: came with the data; 200 of 200 test clips are called" in tooltips["prediction_baseline_MAHALA"]
    decided = scored.frame["prediction_baseline_MSE"] == "anomaly"
    valve = scored.frame["class"] == "valve"
    scores = scored.frame["anomaly_score_baseline_MSE"]
    low, high = scores[valve & ~decided].max(), scores[valve & decided].min()
    assert (
        f"valve: came with the data, between {low:.4g} and {high:.4g}; 73 of 200"
        in (tooltips["prediction_baseline_MSE"])
    )


def test_undefined_is_said_once_per_reason_and_not_once_per_section(tmp_path: Path) -> None:
    for section in range(5):
        rows = {f"section_{section:02d}_source_test_normal_{n:04d}.wav": float(n) for n in range(3)}
        write_scores(tmp_path / "mine", rows, section=f"{section:02d}")
    rows = {f"section_09_source_test_{label}_0000.wav": float(n) for n, label in enumerate(("normal", "anomaly"))}
    write_scores(tmp_path / "mine", rows, section="09")
    result = run("score", "--data", str(tmp_path / "mine"), "--format", "json")
    (said,) = [line for line in result.stderr.splitlines() if "not defined" in line]
    assert "all of valve 00, valve 01, valve 02 and 2 more (no anomalies)" in said
    assert "Ω is over 2 of 18 numbers" in said
    assert math.isclose(json.loads(result.stdout)["mine"]["official_score"], 1.0)
    assert np.isfinite(json.loads(result.stdout)["mine"]["harmonic_mean"]["pauc"])


def test_a_loaded_table_keeps_the_year_it_is_scored_by(tmp_path: Path) -> None:
    frame = load(run_of_2021(tmp_path / "mine"))
    assert set(frame["year"]) == {2021}
    first, again = explore(run_of_2021(tmp_path / "mine")), explore(frame)
    assert [model.brief() for model in again.models] == [model.brief() for model in first.models]
    assert "(2021)" in again.summary()
    todays = explore(frame, year=2023)
    assert "(2021)" not in todays.summary()
    assert set(todays.frame["year"]) == {2023}
    assert "(2021)" in explore(first, year=[2022, 2021]).models[0].beside[0].brief()
