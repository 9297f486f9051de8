"""Light ears: principal components of log-mel frames, and distances to the nearest training normals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.decomposition import PCA

from dcase_explore import clips
from dcase_explore.column_names import describe, members
from dcase_explore.enrich import enrich, frames, logmel, pca
from dcase_explore.enrich.frames import Frames, windows
from dcase_explore.enrich.knn import knn_scores
from dcase_explore.errors import ExploreError
from dcase_explore.exploring import explored
from dcase_explore.findings.finding import models_of
from dcase_explore.options import Options
from dcase_explore.score_names import name_problem
from dcase_explore.sources import read_sources
from dcase_explore.store import Store
from hub_server import HubServer

Record = Callable[..., Path]
SCORE = "anomaly_score_logmel_pca"


def made_up(clip_count: int, seed: int = 0) -> list[np.ndarray]:
    """Frames of clips that lie near a plane of few dimensions, far from the origin."""
    rng = np.random.default_rng(seed)
    axes = rng.normal(size=(4, 128))
    return [
        (-60 + 8 * rng.normal(size=(40, 4)) @ axes + rng.normal(size=(40, 128))).astype(np.float32)
        for _ in range(clip_count)
    ]


def table(paths: list[Path], train: int, machine: str = "fan") -> pd.DataFrame:
    return clips.conform(
        pd.DataFrame(
            {
                "clip_id": [f"{machine}_{number}" for number in range(len(paths))],
                "class": machine,
                "split": ["train"] * train + ["test"] * (len(paths) - train),
                "label": "normal",
                "path": [str(path) for path in paths],
            }
        )
    )


def test_windows_are_five_frames_side_by_side() -> None:
    clip_frames = np.arange(7 * 128, dtype=np.float32).reshape(7, 128)
    found = windows(clip_frames)
    assert found.shape == (3, 640)
    np.testing.assert_array_equal(found[2], clip_frames[2:7].ravel())


@pytest.mark.parametrize("count", [1, 4])
def test_of_fewer_frames_the_last_is_repeated(count: int) -> None:
    clip_frames = np.arange(count * 128, dtype=np.float32).reshape(count, 128)
    np.testing.assert_array_equal(windows(clip_frames), [[*clip_frames.ravel(), *np.tile(clip_frames[-1], 5 - count)]])


def test_error_is_that_of_scikit_learns_components() -> None:
    training, other = made_up(6), made_up(1, seed=5)[0]
    reference = PCA(8, svd_solver="full").fit(np.concatenate([windows(each) for each in training]).astype(np.float64))
    plane = pca.fit(training)
    for clip_frames in (training[0], other):
        restored = reference.inverse_transform(reference.transform(windows(clip_frames)))
        assert plane.error(clip_frames) == pytest.approx(np.mean((windows(clip_frames) - restored) ** 2), rel=1e-4)
    assert plane.axes.shape == (640, 8)


def test_frames_that_are_all_the_same_have_no_components_and_no_error() -> None:
    clip_frames = np.full((10, 128), -60, np.float32)
    plane = pca.fit([clip_frames, clip_frames])
    assert plane.axes.shape == (640, 0)
    assert plane.error(clip_frames) == 0


def test_components_are_of_training_normals_alone(tmp_path: Path, record: Record) -> None:
    paths = [record(tmp_path / f"{seed}.wav", seed=seed) for seed in range(8)]
    frame = table(paths, train=6)
    frame.loc[2, "label"] = "anomaly"
    scores = enrich(frame, with_maps=False)[SCORE]
    heard = [logmel.listen(str(path)).frames for path in paths]
    plane = pca.fit(heard[row] for row in (0, 1, 3, 4, 5))
    np.testing.assert_allclose(scores, [plane.error(clip_frames) for clip_frames in heard], rtol=1e-5)


def test_odd_clip_has_the_highest_error(tmp_path: Path, record: Record) -> None:
    paths = [record(tmp_path / f"{seed}.wav", seed=seed) for seed in range(8)]
    soundfile.write(paths[7], 0.1 * np.sin(np.arange(8_000) ** 1.3), 16_000)
    scores = enrich(table(paths, train=6), with_maps=False)[SCORE]
    assert scores.idxmax() == 7


def test_second_run_has_the_same_scores_and_hears_nothing(
    tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = table([record(tmp_path / f"{seed}.wav", seed=seed) for seed in range(6)], train=4)
    first = enrich(frame, with_maps=False)
    monkeypatch.setattr(logmel, "listen", lambda path: pytest.fail(f"{path} was heard again"))
    pd.testing.assert_frame_equal(enrich(frame, with_maps=False), first)


def test_without_training_split_it_is_fitted_on_all_and_both_scores_are_named(
    real_clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = enrich(read_sources([str(real_clips / "valve")]).frame, with_maps=False)
    assert frame[SCORE].notna().all()
    said = capsys.readouterr().err
    assert "no training clips of valve: the scores logmel_lof and logmel_pca are fitted on all clips" in said


def test_no_room_for_frames_is_an_error_with_a_way_out(
    tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = table([record(tmp_path / f"{seed}.wav", seed=seed) for seed in range(4)], train=4)
    monkeypatch.setattr(frames.os, "pwrite", lambda *_: 0)  # what a full disk answers
    with pytest.raises(ExploreError, match=r"has no room .* free some space"):
        enrich(frame, with_maps=False)


def test_a_store_that_has_no_room_costs_no_score(
    tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = table([record(tmp_path / f"{seed}.wav", seed=seed) for seed in range(6)], train=4)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "_write", lambda *_: False)
        without = enrich(frame, with_maps=False)
    pd.testing.assert_frame_equal(without, enrich(frame, with_maps=False))
    assert without[SCORE].notna().all()


def test_frames_come_back_as_they_went_and_leave_no_file(own_cache: Path) -> None:
    clip_frames = made_up(2)
    with Frames() as kept:
        kept.add("one", clip_frames[0])
        kept.add("two", clip_frames[1][:3])
        np.testing.assert_array_equal(kept.of("two"), clip_frames[1][:3])
        np.testing.assert_array_equal(kept.of("one"), clip_frames[0])
        assert "three" not in kept
        assert list(own_cache.iterdir()) == []


# Nearest training normals


def test_distance_to_the_nearest_other_training_normal() -> None:
    matrix = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)
    reference = np.arange(9) < 6
    apart = np.linalg.norm(matrix[:, None] - matrix[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    np.testing.assert_allclose(knn_scores(matrix, reference), apart[:, :6].min(axis=1), rtol=1e-4)


@pytest.mark.parametrize(("count", "expected"), [(0, [True, True]), (1, [True, False]), (2, [False, False])])
def test_without_a_neighbour_there_is_no_distance(count: int, expected: list[bool]) -> None:
    scores = knn_scores(np.eye(2, dtype=np.float32), np.arange(2) < count)
    assert np.isnan(scores).tolist() == expected


def with_vectors(**more: object) -> pd.DataFrame:
    """Six clips without recordings that have embeddings ``mine``."""
    vectors = list(np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32))
    frame = table([Path("x")] * 6, train=4).drop(columns="path")
    return clips.conform(frame.assign(embeddings_mine=pd.Series(vectors, dtype=object), **more))


def test_embeddings_without_a_second_score_get_one() -> None:
    one, two = np.arange(6, dtype=np.float32), np.arange(6, 0, -1, dtype=np.float32)
    for given, expected in (
        ({}, ["mine_knn"]),
        ({"anomaly_score_a": one}, ["a", "mine_knn"]),
        ({"anomaly_score_a": one, "anomaly_score_b": two}, ["a", "b"]),
        ({"anomaly_score_mine_knn": one}, ["mine_knn"]),
    ):
        frame = enrich(with_vectors(**given), with_maps=False)
        assert members(frame.columns, "anomaly_score_<score>") == expected
    assert (frame["anomaly_score_mine_knn"] == one).all(), "what the data bring is used as it is"


def test_light_ears_are_models_where_there_are_no_better_ones() -> None:
    def models(*names: str, embeddings: tuple[str, ...] = ()) -> list[str]:
        columns = {f"{family}_{name}": [0.5, 0.5] for name in names for family in ("anomaly_score", "auc_cost")}
        vectors = {f"embeddings_{name}": [np.zeros(2, np.float32)] * 2 for name in embeddings}
        return models_of(pd.DataFrame({"label": ["normal", "anomaly"], **columns, **vectors}))

    ast = "ast-finetuned-audioset-10-10-0.4593"
    assert models("logmel_lof", "logmel_pca") == ["logmel_lof", "logmel_pca"]
    assert models("logmel_lof", "mine", "logmel_pca") == ["mine"]
    assert models("mine", "mine_knn", embeddings=("mine",)) == ["mine"]
    assert models("mine", "mine_knn") == ["mine", "mine_knn"], "somebody's own"
    assert models("dev_train_lof", f"{ast}_knn", embeddings=(ast,)) == ["dev_train_lof", f"{ast}_knn"]
    baseline = "dcase2023_task2_baseline_ae"
    assert models(baseline, "embedding_lof", f"{ast}_knn", embeddings=(ast,)) == [baseline, "embedding_lof"]


@pytest.mark.parametrize(
    ("score", "words"),
    [
        ("logmel_lof", "Local outlier factor"),
        ("logmel_pca", "8 principal components"),
        ("ast-finetuned-audioset-10-10-0.4593_knn", "nearest training normal (k = 1)"),
    ],
)
def test_tooltips_say_what_they_are_and_names_are_taken(score: str, words: str) -> None:
    column = describe(f"anomaly_score_{score}")
    assert column is not None
    assert words in column.description
    assert "higher is more anomalous" in column.description
    assert name_problem(score) == "that name is taken by what is computed here"
    assert words not in str(describe("anomaly_score_mine_knn"))


def test_on_the_hubs_data_distances_stand_beside_its_outlier_score(hub: HubServer) -> None:
    found = explored(Options(class_name=["valve"]), with_maps=False)
    ast = "ast-finetuned-audioset-10-10-0.4593"
    assert members(found.frame.columns, "anomaly_score_<score>") == ["dev_train_lof", f"{ast}_knn"]
    assert models_of(found.frame) == ["dev_train_lof", f"{ast}_knn"]
