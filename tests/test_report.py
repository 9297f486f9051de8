"""What a report says: the numbers of `score`, curves, costs by condition, findings, two runs compared."""

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dcase_explore import explore, report
from dcase_explore.errors import ExploreError
from dcase_explore.exploration import Exploration
from dcase_explore.notes.files import Note
from dcase_explore.notes.in_tables import with_notes
from dcase_explore.reporting.charts import word_of
from dcase_explore.reporting.comparing import compare, difference, pairs
from dcase_explore.reporting.conditions import costs_by_condition
from dcase_explore.reporting.curves import curves_of, roc
from dcase_explore.reporting.facts import facts_of
from dcase_explore.reporting.markup import element
from dcase_explore.scoring.documents import as_json
from dcase_explore.scoring.improvement import terms
from reading_reports import Read

COLUMNS = {
    "How the scores rank": ["auc_source", "auc_target", "pauc", "pauc_source", "pauc_target", "auc"],
    "How the decisions fare": [
        *("precision_source", "recall_source", "f1_source", "precision_target", "recall_target", "f1_target")
    ],
}


@pytest.fixture(scope="module")
def run(real_scores: Path) -> Exploration:
    return explore(real_scores)


@pytest.fixture(scope="module")
def read(run: Exploration, tmp_path_factory: pytest.TempPathFactory) -> Read:
    return Read.of(report(tmp_path_factory.mktemp("report") / "run.html", run))


@pytest.mark.parametrize("caption", COLUMNS)
def test_every_number_is_that_of_score(read: Read, run: Exploration, caption: str) -> None:
    scores = json.loads(as_json(run.models))
    named = {
        f"{row['class']} {row['section']:02d}": row for of_model in scores.values() for row in of_model["machines"]
    }
    seen = 0
    for name, model, *cells in read.rows(caption):
        mean = name.replace(" ", "_")
        numbers = scores[model][mean] if name not in named else None
        if numbers is None:
            numbers = next(row for row in scores[model]["machines"] if f"{row['class']} {row['section']:02d}" == name)
        shown = [cell for cell in cells if "." in cell]
        assert shown == [f"{numbers[column]:.4f}" for column in COLUMNS[caption]]
        seen += 1
    assert seen == 2 * (7 + 2)


def test_the_official_score_stands_with_its_definition(read: Read, run: Exploration) -> None:
    rows = read.rows("Official score")
    found = {one.model: one.official for one in run.intervals.models}
    assert [row[:3] for row in rows] == [
        [model.model, f"{model.official_score:.4f}", f"{found[model.model].low:.4f} to {found[model.model].high:.4f}"]
        for model in run.models
    ]
    (difference,) = run.intervals.differences
    assert difference.sentence() in read.chapter("score")
    assert "harmonic mean of AUC (source), AUC (target) and pAUC" in read.chapter("score")


def test_the_numbers_of_the_score_have_their_intervals(read: Read, run: Exploration) -> None:
    names = dict(enumerate(COLUMNS["How the scores rank"]))
    seen, section = {}, ""
    for row in read.soup.select("#score tbody tr"):
        first = row.find("th")
        section = first.get_text() if first else section
        cells = [cell for cell in row.find_all("td") if cell.find("small") or "." in cell.get_text()]
        for number, cell in enumerate(cells):
            if (small := cell.find("small")) and "above" not in small.get_text():
                seen[row.find("td").get_text(), section.split()[0], names[number]] = small.get_text()
    assert seen == {
        (of_model.model, machine, name): f"{one.low:.2f}–{one.high:.2f}"
        for of_model in run.intervals.models
        for (machine, _, name), one in of_model.numbers.items()
    }


def test_what_costs_most_is_told(read: Read, run: Exploration) -> None:
    expected = [
        [model.model, term.name, *(f"{value:.4f}" for value in (term.value, term.median, term.would_be))]
        for model in run.models
        for term in terms(model)[:3]
    ]
    assert [row[:-1] for row in read.rows("What costs most")] == expected


def test_the_lowest_of_each_model_is_marked(read: Read, run: Exploration) -> None:
    marked = {
        (row.find_all("td")[0].get_text(), cell.find(string=True, recursive=False))
        for row in read.soup.select("#score tbody tr")
        for cell in row.select("td.worst")
    }
    for model in run.models:
        for name in ("auc_source", "auc_target", "pauc"):
            assert (model.model, f"{min(section.metrics[name] for section in model.sections):.4f}") in marked
        value = min(
            section.metrics[name] for section in model.sections for name in ("auc_source", "auc_target", "pauc")
        )
        assert f"{value:.4f})" in " ".join(read.soup.select_one(".short").get_text().split())


def test_the_area_under_each_curve_is_the_official_auc(run: Exploration) -> None:
    for model in run.models:
        curves = curves_of(run.frame, model)
        for section in model.sections:
            for curve in curves[section.name]:
                assert np.trapezoid(curve.tpr, curve.fpr) == pytest.approx(section.metrics[f"auc_{curve.domain}"])
                assert curve.auc == pytest.approx(section.metrics[f"auc_{curve.domain}"])
                assert curve.interval is not None
                assert curve.interval[0] < curve.auc < curve.interval[1]


def test_points_of_a_curve_are_where_it_turns() -> None:
    fpr, tpr = roc(np.array([1.0, 2.0, 3.0, 3.0]), np.array([3.0, 4.0, 5.0]))
    assert list(zip(fpr, tpr, strict=True)) == [(0, 0), (0, pytest.approx(2 / 3)), (0.5, 1), (1, 1)]


def test_costs_by_condition_are_those_of_the_table(run: Exploration) -> None:
    frame = run.frame
    names = [model.model for model in run.models]
    bearing = next(each for each in costs_by_condition(frame, names) if each.name == "bearing 00")
    normals = frame[(frame["class"] == "bearing") & (frame["label"] == "normal")]
    by_name = {bar.name: bar for bar in bearing.bars}
    assert bearing.bars[0].name == "source domain"
    for model in run.models:
        section = next(each for each in model.sections if each.name == "bearing 00")
        for domain in ("source", "target"):
            assert by_name[f"{domain} domain"].costs[model.model].mean == pytest.approx(
                1 - section.metrics[f"auc_{domain}"]
            )
    fast = normals[normals["d1v"] == "25"]
    assert by_name["vel 25"].clips == len(fast) == 4
    costs = fast["auc_cost_baseline_MSE"].to_numpy(float)
    half = 3.182 * costs.std(ddof=1) / 2  # Student's t of three degrees of freedom
    low, high = by_name["vel 25"].costs["baseline_MSE"].interval
    assert by_name["vel 25"].costs["baseline_MSE"].mean == pytest.approx(costs.mean())
    assert low == pytest.approx(costs.mean() - half, abs=2e-3)
    assert high == pytest.approx(min(1, costs.mean() + half), abs=2e-3)
    assert by_name["vel 25"].kind == "target"
    assert by_name["loc A"].kind == "both"
    values = [bar.name for bar in bearing.bars if bar.name.startswith("vel ")]
    assert values == sorted(values, key=lambda name: int(name.split()[1]))


def test_each_finding_is_told_with_its_costliest_clips(read: Read, run: Exploration) -> None:
    facts = facts_of(run)
    assert len(facts.findings) == 12
    for group in facts.findings:
        told = read.soup.find(id=group.anchor)
        assert told is not None
        assert told.find("h3").get_text() == group.title
        assert group.text in told.get_text()
        clips = [name.get_text() for name in told.select(".name")]
        assert clips == run.frame["clip_id"].iloc[group.rows[:3]].tolist()
    assert f"12 of {len(run.findings)} findings" in read.chapter("findings")


def test_notes_stand_with_their_clips(run: Exploration, tmp_path: Path) -> None:
    noted = run.frame["clip_id"].iloc[run.findings[0].rows[0]]
    frame = with_notes(run.frame, {noted: Note("fault heard", "a door slams\n<b>twice</b>")})
    shown = Read.of(report(tmp_path / "out.html", replace(run, frame=frame)))
    notes = {
        article.select_one(".name").get_text(): article.select(".note") for article in shown.soup.select("article")
    }
    assert [note.get_text("|") for note in notes[noted]] == ["Note (fault heard)|a door slams|<b>twice</b>"]
    assert all(not written for clip, written in notes.items() if clip != noted)


def test_pictures_have_words(read: Read) -> None:
    pictures = read.soup.select("svg:not([aria-hidden])")
    assert len(pictures) > 20
    for picture in pictures:
        assert picture["role"] == "img"
        assert len(picture.find("title").get_text()) > 10


def test_what_is_in_view_changes_no_number(read: Read, run: Exploration, tmp_path: Path) -> None:
    part = run.only(run.frame["domain"] == "target")
    shown = Read.of(report(tmp_path / "part.html", part))
    assert shown.rows("How the scores rank") == read.rows("How the scores rank")
    assert [str(path["d"]) for path in shown.soup.select(".curve")] == [
        str(path["d"]) for path in read.soup.select(".curve")
    ]
    assert "700 of 1,400 clips in view" in shown.text


def test_a_run_without_labels_says_what_makes_sense(tmp_path: Path, record) -> None:  # type: ignore[no-untyped-def]
    for number in range(12):
        record(tmp_path / "data" / "fan" / "test" / f"section_00_{number:04d}.wav", seed=number)
    shown = Read.of(report(tmp_path / "out.html", str(tmp_path / "data"), audio="none"))
    assert "There is no score of labelled test clips here" in shown.text
    assert not shown.chapter("score")
    assert not shown.chapter("curves")
    assert shown.chapter("data")


def test_no_scores_at_all(tmp_path: Path, run: Exploration) -> None:
    frame = run.frame[["clip_id", "class", "split", "domain", "label"]]
    shown = Read.of(report(tmp_path / "out.html", frame))
    assert "no scores" in shown.text
    assert "Nothing was found in 1,400 clips" in shown.text


HOSTILE = '<script>alert("1")</script>\u202e&amp;'


def test_names_are_text_whatever_they_hold(tmp_path: Path, run: Exploration) -> None:
    valves = run.frame[run.frame["class"] == "valve"]
    frame = pd.DataFrame(
        {
            "clip_id": [f"test/{HOSTILE}{number}.wav" for number in range(len(valves))],
            "class": HOSTILE,
            "split": "test",
            "label": valves["label"].astype(str).to_numpy(),
            "domain": valves["domain"].astype(str).to_numpy(),
            "d1p": HOSTILE,
            "d1v": [f"{HOSTILE}{number % 3}" for number in range(len(valves))],
        }
    )
    scores = np.random.default_rng(0).normal(size=len(frame))
    frame[f"anomaly_score_{HOSTILE}"], frame["anomaly_score_<b>"] = scores, -scores
    shown = Read.of(report(tmp_path / "out.html", frame))
    assert len(shown.soup.find_all("script")) == 1
    assert HOSTILE.replace("\u202e", "?") in shown.text
    assert "\u202e" not in shown.content.decode()
    assert not [tag for tag in shown.soup.find_all(True) if any(name.startswith("on") for name in tag.attrs)]


def test_elements_escape_all_but_elements() -> None:
    made = element("p", "a < b", element("b", "&"), None, ["c", ["d"]], title='"', hidden=True, class_="x", data_of=3)
    assert made == '<p title="&#34;" hidden class="x" data-of="3">a &lt; b<b>&amp;</b>cd</p>'
    assert element("meta", charset="utf-8", lang=None) == '<meta charset="utf-8">'


def brute_force(was: np.ndarray, new: np.ndarray, anomalous: np.ndarray) -> tuple[float, float]:
    """Difference of two AUCs and its variance by DeLong's formula, pair by pair."""
    placed = []
    for scores in (was, new):
        pairs = np.array(
            [[(a > n) + (a == n) / 2 for n in scores[~anomalous]] for a in scores[anomalous]], dtype=np.float64
        )
        placed.append((pairs.mean(axis=1), pairs.mean(axis=0)))
    more = placed[1][1].mean() - placed[0][1].mean()
    variance = sum(
        (np.cov(placed[0][side], placed[1][side]) @ [1, -1] @ [1, -1]) / len(placed[0][side]) for side in (0, 1)
    )
    return more, variance


def test_a_difference_in_auc_is_delongs() -> None:
    rng = np.random.default_rng(3)
    anomalous = np.arange(60) < 25
    was = np.round(rng.normal(size=60) + anomalous, 1)
    new = np.round(0.7 * was + 0.7 * rng.normal(size=60) + 0.3 * anomalous, 1)
    found = difference("valve 00", "source", was, new, anomalous)
    more, variance = brute_force(was, new, anomalous)
    assert found.more == pytest.approx(more)
    assert found.interval == pytest.approx(
        (more - 1.96 * math.sqrt(variance), more + 1.96 * math.sqrt(variance)), abs=1e-4
    )
    assert found.p == pytest.approx(math.erfc(abs(more) / math.sqrt(2 * variance)))
    assert (found.normals, found.anomalies) == (35, 25)


def test_the_same_scores_differ_in_nothing(run: Exploration) -> None:
    model = run.models[0]
    found = compare(run.frame, model, model, run.frame, ("before", "after"))
    assert {one.more for one in found.differences} == {0.0}
    assert not found.told(1)
    assert not found.told(-1)
    assert not len(found.worse)
    assert not len(found.better)


def test_two_runs_are_compared(real_scores: Path, run: Exploration, tmp_path: Path) -> None:
    shown = Read.of(
        report(tmp_path / "out.html", real_scores / "baseline_MAHALA", compare=real_scores / "baseline_MSE")
    )
    before, after = (
        next(model for model in run.models if model.model == f"baseline_{name}") for name in ("MSE", "MAHALA")
    )
    found = compare(run.frame, before, after, run.frame, ("baseline_MSE", "baseline_MAHALA"))
    chapter = shown.chapter("comparison")
    assert f"Ω {before.official_score:.4f} → {after.official_score:.4f}" in chapter
    assert "1,400 test clips are scored by both" in chapter
    (difference,) = run.intervals.differences  # the same draws, of the same clips
    assert f"scored by both. {difference.sentence()}." in chapter
    assert len(found.differences) == 14
    for one, section in itertools.product(found.differences, after.sections):
        if one.section == section.name:
            assert one.after == pytest.approx(section.metrics[f"auc_{one.domain}"])
            assert f"{one.section} {one.domain} {one.more:+.3f} ({word_of(one)})" in chapter
    worst = run.frame.iloc[found.worse[:3]]
    change = (run.frame["auc_cost_baseline_MAHALA"] - run.frame["auc_cost_baseline_MSE"]).astype(float)
    assert change.iloc[found.worse[0]] == pytest.approx(change.max())
    assert change.iloc[found.better[0]] == pytest.approx(change.min())
    assert [name.get_text() for name in shown.soup.select("#change-1 .name")] == worst["clip_id"].tolist()
    first = worst.iloc[0]
    said = f"AUC cost {first['auc_cost_baseline_MSE']:.2f} before, {first['auc_cost_baseline_MAHALA']:.2f} now."
    assert said in shown.soup.find(id="change-1").get_text()


def test_differences_are_corrected_for_their_number(run: Exploration) -> None:
    before, after = run.models
    found = compare(run.frame, before, after, run.frame, ("a", "b")).differences
    in_order = sorted(found, key=lambda one: one.p)
    expected = np.maximum.accumulate([min(1.0, (len(found) - rank) * one.p) for rank, one in enumerate(in_order)])
    assert [one.corrected for one in in_order] == pytest.approx(expected.tolist())


def test_models_are_paired_by_name_or_as_the_only_ones(run: Exploration) -> None:
    one, other = run.models
    assert pairs([one, other], [other], ("a", "b")) == [(other, other)]
    assert pairs([one], [other], ("a", "b")) == [(one, other)]
    with pytest.raises(ExploreError, match="has the name of one of before"):
        pairs([one, other], [], ("before", "after"))


def test_runs_without_a_clip_in_common_are_a_sentence(run: Exploration) -> None:
    fans, valves = (run.frame[run.frame["class"] == name].reset_index(drop=True) for name in ("fan", "valve"))
    with pytest.raises(ExploreError, match="a and b score no clip in common"):
        compare(fans, run.models[0], run.models[1], valves, ("a", "b"))
