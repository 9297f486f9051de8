"""``dcase-explore findings``: the text people read, and the JSON and CSV that programs read."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from commands import run
from dcase_explore.column_names import describe
from test_cli import imported_by
from test_score_command import made_run, write_scores

KEYS = [
    *("rule", "class", "title", "severity", "columns", "description"),
    *("auc_lost_share", "auc_lost_shares", "auc_explained", "estimates", "clip_ids"),
]


@pytest.fixture(scope="module")
def bearing(real_scores: Path) -> list[dict[str, object]]:
    result = run("findings", "--data", str(real_scores), "--class", "bearing", "--format", "json")
    assert result.returncode == 0, result.stderr
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def test_json_is_a_list_in_the_documented_form(bearing: list[dict[str, object]]) -> None:
    assert len(bearing) > 3
    for finding in bearing:
        assert list(finding) == KEYS
        assert finding["class"] == "bearing"
        assert finding["severity"] in ("high", "medium", "low")
        assert all(describe(str(column)) for column in finding["columns"])  # type: ignore[attr-defined]
        assert all(str(clip).startswith("test/bearing_section_00_") for clip in finding["clip_ids"])  # type: ignore[attr-defined]
        shares = list(finding["auc_lost_shares"].values())  # type: ignore[attr-defined]
        expected = pytest.approx(sum(shares) / len(shares)) if shares else None
        assert finding["auc_lost_share"] == expected
    assert {finding["rule"] for finding in bearing} == {
        *("attribute_values", "missed_attribute_values"),
        *("missed_anomalies", "hard_normals", "thresholds"),
    }


def test_json_holds_as_numbers_what_the_text_says_with_an_interval(bearing: list[dict[str, Any]]) -> None:
    for finding in bearing:
        means = [one for one in finding["estimates"] if one["name"] == "mean_auc_cost"]
        assert [one["of"] for one in means] == (
            list(finding["auc_lost_shares"]) if finding["rule"].endswith("attribute_values") else []
        )
        said = [
            f"For {one['of']} they cost {one['value']:.2f} on average "
            f"(95 % interval {one['low']:.2f} to {one['high']:.2f})"
            for one in means
        ]
        said += [
            f"called {one['name'].split('_')[1]} ({one['low']:.0%} to {one['high']:.0%}), of the others "
            f"{one['others']:.0%}"
            for one in finding["estimates"]
            if one["name"].startswith("called_")
        ]
        assert all(each in finding["description"] for each in said)
        assert finding["description"].count("95 % interval") == len(means)
        assert all(one["low"] - 1e-9 <= one["value"] <= one["high"] + 1e-9 for one in finding["estimates"])
    assert any(one["name"] == "called_anomalous" for finding in bearing for one in finding["estimates"])


def test_csv_has_a_row_for_each_clip_of_each_finding(bearing: list[dict[str, object]], real_scores: Path) -> None:
    result = run("findings", "--data", str(real_scores), "--class", "bearing", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    by_finding: dict[str, list[str]] = {}
    for row in rows:
        clip_ids = by_finding.setdefault(row["finding"], [])
        clip_ids.append(row["clip_id"])
        assert int(row["place"]) == len(clip_ids)
    assert list(by_finding.values()) == [finding["clip_ids"] for finding in bearing]
    assert {row["title"] for row in rows} == {finding["title"] for finding in bearing}


def test_text_names_each_finding_with_its_costliest_clips(bearing: list[dict[str, object]], real_scores: Path) -> None:
    result = run("findings", "--data", str(real_scores), "--class", "bearing")
    text = re.sub(r"\s+", " ", result.stdout)
    for finding in bearing:
        assert str(finding["title"]) in text
        assert str(finding["description"]) in text
        assert finding["clip_ids"][0] in text  # type: ignore[index]
    assert re.match(
        r"The clips of all findings below carry \d+% of the AUC that baseline_MAHALA loses and \d+% of the AUC that "
        r"baseline_MSE loses, counted once\. Beyond what other clips cost, conditions of normals explain \d+% and \d+% "
        r"of it, those of anomalies \d+% and \d+%\. 1 high bearing: ",
        text,
    )


def test_people_get_a_dozen_of_all_machine_types_and_programs_all(real_scores: Path) -> None:
    text = run("findings", "--data", str(real_scores))
    found = json.loads(run("findings", "--data", str(real_scores), "--format", "json").stdout)
    assert len(found) > 12
    assert f"12 of {len(found)} findings are shown" in text.stderr
    assert re.findall(r"^ ?(\d+)  (?:high|medium|low)", text.stdout, re.MULTILINE) == [str(n) for n in range(1, 13)]


def test_nothing_found_is_said(tmp_path: Path) -> None:
    rows = {
        f"section_00_{domain}_test_{label}_{number:04d}_pat_00.wav": number + (100 if label == "anomaly" else 0)
        for domain in ("source", "target")
        for label in ("normal", "anomaly")
        for number in range(12)
    }
    folder = str(write_scores(tmp_path / "mine", rows))
    assert "Nothing found in 48 clips of valve." in run("findings", "--data", folder).stdout
    assert json.loads(run("findings", "--data", folder, "--format", "json").stdout) == []
    assert run("findings", "--data", folder, "--format", "csv").stdout.count("\n") == 1
    assert "0 findings" in run("--data", folder, "--check").stdout


def test_what_could_not_be_looked_for_is_said_on_stderr(tmp_path: Path) -> None:
    result = run("findings", "--data", str(made_run(tmp_path / "mine")))
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("not looked for: ")]
    assert "disagreements (with one model only)" in line
    assert "without embeddings" in result.stderr


def test_own_embeddings_and_scores_are_looked_at(recordings: Path) -> None:
    result = run("findings", "--data", str(recordings), "--class", "valve")
    assert result.returncode == 0, result.stderr
    assert re.search(r"valve\s+logmel\s+\S+\s+\S+–\S+", result.stdout)


def test_the_summary_counts_the_findings_of_the_view(bearing: list[dict[str, object]], real_scores: Path) -> None:
    for domain in ("source", "target"):
        said = run("--data", str(real_scores), "--class", "bearing", "--domain", domain, "--check").stdout
        in_view = [finding for finding in bearing if any(f"_{domain}_" in str(clip) for clip in finding["clip_ids"])]  # type: ignore[attr-defined]
        assert f" {len(in_view)} finding" in said


def test_finding_in_scores_imports_no_model_library(real_scores: Path) -> None:
    code = (
        "from dcase_explore.exploring import explored; from dcase_explore.options import Options\n"
        f"explored(Options(data=[{str(real_scores)!r}]), with_maps=False)"
    )
    assert not {"sklearn", "umap", "torch", "renumics", "librosa"} & imported_by(code)


def test_a_model_that_scores_a_few_clips_only_does_not_narrow_the_others(real_scores: Path, tmp_path: Path) -> None:
    valves = sorted((real_scores / "baseline_MSE").glob("anomaly_score_*valve*"))[0].read_text().splitlines()
    few = [line for line in valves if "_0001_" in line or "_0002_" in line]
    mine = tmp_path / "few.csv"
    mine.write_text("file_name,anomaly_score\n" + "\n".join(few) + "\n")
    arguments = ("findings", "--data", str(real_scores), "--class", "valve", "--format", "json")
    alone = json.loads(run(*arguments).stdout)
    beside = json.loads(run(*arguments, "--scores", f"few={mine}").stdout)
    assert [finding["title"] for finding in alone] == [
        finding["title"] for finding in beside if "few" not in finding["auc_lost_shares"]
    ]
