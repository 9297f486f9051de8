"""The demo: synthetic, always the same, and a fair exercise."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestCentroid

from dcase_explore.clip_names import parse_clip_name
from dcase_explore.clips import problems, vectors
from dcase_explore.enrich import enrich
from dcase_explore.sources import read_sources
from dcase_explore.sources.demo_clips import ATTRIBUTES, demo_clips
from dcase_explore.sources.demo_sounds import render


@pytest.fixture(scope="module")
def demo_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def demo(demo_cache: Path) -> pd.DataFrame:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(demo_cache))
        return enrich(read_sources(["demo"]).frame)


def test_clips_are_fewer_than_in_2023_and_named_alike() -> None:
    clips = demo_clips()
    assert len(clips) == len({(clip.machine, clip.file_name) for clip in clips}) == 630
    assert Counter((clip.split, clip.domain, clip.label) for clip in clips if clip.machine == "valve") == {
        ("train", "source", "normal"): 49,
        ("train", "target", "normal"): 1,
        ("test", "source", "normal"): 10,
        ("test", "target", "normal"): 10,
        ("test", "source", "anomaly"): 10,
        ("test", "target", "anomaly"): 10,
    }
    for clip in clips:
        name = parse_clip_name(clip.file_name)
        assert name is not None
        assert (name.split, name.domain, name.label, name.attributes) == (
            clip.split,
            clip.domain,
            clip.label,
            clip.attributes,
        )


def test_conditions_of_source_and_target_differ() -> None:
    for machine in ATTRIBUTES:
        conditions = {
            domain: {clip.attributes for clip in demo_clips() if clip.machine == machine and clip.domain == domain}
            for domain in ("source", "target")
        }
        assert not conditions["source"] & conditions["target"], machine


def test_a_clip_is_the_same_whenever_and_wherever_it_is_made() -> None:
    some = demo_clips()[::31]
    first = [render(clip) for clip in some]
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(render, reversed(some)))
    for one, two in zip(first, reversed(again), strict=True):
        np.testing.assert_array_equal(one, two)


def test_recordings_are_ten_seconds_of_16_khz_mono_and_none_is_another(demo: pd.DataFrame) -> None:
    assert problems(demo) == []
    assert len(demo) == 630
    infos = [soundfile.info(path) for path in demo["path"]]
    assert {(info.samplerate, info.channels, info.frames) for info in infos} == {(16_000, 1, 160_000)}
    assert len({Path(path).read_bytes() for path in demo["path"]}) == 630


def test_machine_types_are_told_apart_by_their_sound(demo: pd.DataFrame) -> None:
    matrix, _ = vectors(demo, "logmel")
    train = (demo["split"] == "train").to_numpy()
    machine_types = demo["class"].astype(str).to_numpy()
    model = NearestCentroid().fit(matrix[train], machine_types[train])
    assert model.score(matrix[~train], machine_types[~train]) > 0.85  # a seventh by chance


def test_anomalies_are_found_neither_always_nor_never_and_the_target_domain_is_harder(demo: pd.DataFrame) -> None:
    test = demo[demo["split"] == "test"]
    score = test["anomaly_score_logmel_lof"]
    auc = test.groupby("class", observed=True)[["label", "anomaly_score_logmel_lof"]].apply(
        lambda group: roc_auc_score(group["label"] == "anomaly", group["anomaly_score_logmel_lof"])
    )
    assert 0.6 < auc.mean() < 0.9
    assert auc.min() > 0.5, "better than chance on every machine type, as the other ear is"
    for machine, of_machine in test.groupby("class", observed=True):
        assert roc_auc_score(of_machine["label"] == "anomaly", of_machine["anomaly_score_logmel_pca"]) > 0.5, machine
    normal = test["label"] == "normal"
    source, target = (score[normal & (test["domain"] == domain)].mean() for domain in ("source", "target"))
    assert target > 1.1 * source


def test_it_says_that_it_is_synthetic_and_is_made_once(
    demo: pd.DataFrame, demo_cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DCASE_EXPLORE_CACHE", str(demo_cache))
    source = read_sources(["demo"])
    said = capsys.readouterr().err.splitlines()
    assert "synthetic" in source.title
    assert len(said) == 1
    assert "synthetic" in said[0]


def test_an_interrupted_run_is_finished_by_the_next(
    demo: pd.DataFrame, demo_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DCASE_EXPLORE_CACHE", str(demo_cache))
    lost, kept = (Path(path) for path in demo["path"][:2])
    made_first = kept.stat().st_mtime_ns
    lost.unlink()
    (lost.parent / ".making-x.part").write_bytes(b"half a clip")
    again = read_sources(["demo"]).frame
    assert len(again) == 630
    assert lost.exists()
    assert kept.stat().st_mtime_ns == made_first, "what was there is not made again"
