"""Light enrichment: what is heard, what is kept, how clips are ranked and placed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.neighbors import LocalOutlierFactor

from dcase_explore import clips
from dcase_explore.column_names import members
from dcase_explore.enrich import enrich, logmel
from dcase_explore.enrich.lof import lof_scores
from dcase_explore.enrich.maps import map_coordinates
from dcase_explore.errors import ExploreError
from dcase_explore.sources import read_sources

Record = Callable[..., Path]
RATE = 16_000


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were listened to, since the list was last cleared."""
    names: list[str] = []
    listen = logmel.listen

    def overheard(path: str) -> logmel.Heard:
        names.append(Path(path).name)
        return listen(path)

    monkeypatch.setattr(logmel, "listen", overheard)
    return names


def table(paths: list[Path | None], train: int | None = None, machine: str = "fan") -> pd.DataFrame:
    """One normal clip per path, the first of them (all, if not said) from the training split."""
    count = len(paths)
    train = count if train is None else train
    return clips.conform(
        pd.DataFrame(
            {
                "clip_id": [f"{machine}_{number}" for number in range(count)],
                "class": machine,
                "split": ["train"] * train + ["test"] * (count - train),
                "label": "normal",
                "path": [path and str(path) for path in paths],
            }
        )
    )


def recordings(folder: Path, record: Record, count: int = 4) -> list[Path]:
    return [record(folder / f"{number}.wav", seed=number) for number in range(count)]


def vector_of(path: Path) -> np.ndarray:
    vector = logmel.listen(str(path)).vector
    assert vector is not None
    return vector


def tone(rate: int, seconds: float = 2, frequency: float = 440) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


# Hearing


def test_real_recording_is_heard_as_the_baselines_spectrogram(real_clips: Path) -> None:
    from librosa.feature import melspectrogram

    path = sorted(real_clips.glob("valve/test/*.wav"))[0]
    samples, rate = soundfile.read(path, dtype="float32")
    mel = melspectrogram(y=samples, sr=rate, n_fft=1024, hop_length=512, n_mels=128, power=2.0)
    decibel = 10 * np.log10(np.maximum(mel, np.finfo(np.float32).eps))
    vector = vector_of(path)
    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector, [*decibel.mean(axis=1), *decibel.std(axis=1)], atol=1e-3)


@pytest.mark.parametrize("channels", [2, 8])
def test_first_of_several_channels_is_heard(tmp_path: Path, record: Record, channels: int) -> None:
    many = record(tmp_path / "many.wav", channels=channels)
    samples, _ = soundfile.read(many, dtype="int16")
    soundfile.write(tmp_path / "mono.wav", samples[:, 0], RATE)
    result = logmel.listen(str(many))
    np.testing.assert_array_equal(result.vector, vector_of(tmp_path / "mono.wav"))
    assert any("more than one channel" in remark for remark in result.remarks)
    assert logmel.listen(str(tmp_path / "mono.wav")).remarks == ()


def test_tone_sounds_alike_at_another_rate(tmp_path: Path) -> None:
    for rate in (RATE, 44_100):
        noise = np.random.default_rng(0).normal(0, 1e-3, 2 * rate)
        soundfile.write(tmp_path / f"{rate}.wav", tone(rate) + noise, rate)
    result = logmel.listen(str(tmp_path / "44100.wav"))
    assert result.vector is not None
    assert any("sampling rate" in remark for remark in result.remarks)
    means, others = vector_of(tmp_path / "16000.wav")[:128], result.vector[:128]
    assert np.argmax(means) == np.argmax(others)
    loud = means > means.max() - 30
    np.testing.assert_allclose(means[loud], others[loud], atol=1)


def test_only_the_first_minute_is_heard(tmp_path: Path, record: Record) -> None:
    long = record(tmp_path / "long.wav", seconds=61)
    samples, _ = soundfile.read(long, dtype="int16")
    soundfile.write(tmp_path / "minute.wav", samples[: 60 * RATE], RATE)
    result = logmel.listen(str(long))
    np.testing.assert_array_equal(result.vector, vector_of(tmp_path / "minute.wav"))
    assert any("only the beginning" in remark for remark in result.remarks)


@pytest.mark.filterwarnings("ignore:n_fft=1024 is too large")
def test_silence_and_very_short_clips_have_finite_vectors(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    soundfile.write(tmp_path / "short.wav", np.ones(3) / 2, RATE)
    assert np.isfinite(vector_of(tmp_path / "silent.wav")).all()
    assert np.isfinite(vector_of(tmp_path / "short.wav")).all()


def test_truncated_recording_is_heard_as_far_as_it_goes_and_remarked(
    tmp_path: Path, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = recordings(tmp_path, record)
    paths[1].write_bytes(paths[1].read_bytes()[:6_000])
    frame = enrich(table(paths))
    assert frame["path"].notna().all()
    assert frame["embeddings_logmel"].notna().all()
    said = capsys.readouterr().err
    assert "1 recording " in said
    assert str(paths[1]) in said
    assert "cut short" in said


def test_recordings_that_cannot_be_read_are_named_and_cost_the_others_nothing(
    tmp_path: Path, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    good = recordings(tmp_path, record)
    broken = [tmp_path / name for name in ("zero.wav", "header.wav", "text.wav", "half.wav", "missing.wav", "dir.wav")]
    broken[0].touch()
    soundfile.write(broken[1], np.empty(0), RATE)
    broken[2].write_text("this is no recording")
    broken[3].write_bytes(good[0].read_bytes()[:30])
    broken[5].mkdir()
    notfinite = tmp_path / "nan.wav"
    soundfile.write(notfinite, np.full(RATE, np.nan), RATE, subtype="FLOAT")
    broken.append(notfinite)
    alone = enrich(table(good))
    frame = enrich(table([*good[:2], *broken, *good[2:]]))
    readable = frame["path"].notna()
    assert frame.loc[readable, "path"].tolist() == [str(path) for path in good]
    assert clips.vectors(frame, "logmel")[1].tolist() == readable.tolist()
    np.testing.assert_array_equal(clips.vectors(frame, "logmel")[0], clips.vectors(alone, "logmel")[0])
    for column in ("anomaly_score_logmel_lof", "anomaly_score_logmel_pca", "map_logmel_x"):
        assert frame[column].notna().tolist() == readable.tolist()
    said = capsys.readouterr().err
    assert "7 recordings that cannot be read" in said
    assert str(broken[0]) in said


def test_unreadable_recording_is_named_again_on_the_next_run(
    tmp_path: Path, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = recordings(tmp_path, record)
    paths[0].write_text("this is no recording")
    enrich(table(paths))
    first = capsys.readouterr().err
    assert pd.isna(enrich(table(paths))["path"][0])
    assert capsys.readouterr().err == first


def test_table_of_broken_recordings_alone_is_shown_without_sound(tmp_path: Path) -> None:
    (tmp_path / "zero.wav").touch()
    frame = enrich(table([tmp_path / "zero.wav"]))
    assert clips.problems(frame) == []
    assert frame["path"].isna().all()
    assert not {"map_logmel_x", "anomaly_score_logmel_lof", "embeddings_logmel"} & set(frame)


# Keeping


def test_real_recordings_are_heard_once(real_clips: Path, heard: list[str]) -> None:
    frame = read_sources([str(real_clips / "valve")]).frame
    first = enrich(frame)
    assert len(heard) == 16
    heard.clear()
    pd.testing.assert_frame_equal(enrich(frame), first)
    assert heard == []


def fans_and_valves(folder: Path, record: Record) -> pd.DataFrame:
    """Four of each, 0.wav to 3.wav and 20.wav to 23.wav."""
    fans = table(recordings(folder / "fan", record))
    valves = table([record(folder / f"valve/{seed}.wav", seed=seed) for seed in range(20, 24)], machine="valve")
    return clips.conform(pd.concat([fans.astype(object), valves.astype(object)]))


def test_changed_recording_is_heard_again_with_those_it_is_compared_with(
    tmp_path: Path, record: Record, heard: list[str]
) -> None:
    frame = fans_and_valves(tmp_path, record)
    first = enrich(frame)
    heard.clear()
    record(tmp_path / "fan" / "2.wav", seed=99)
    second = enrich(frame)
    assert sorted(heard) == ["0.wav", "1.wav", "2.wav", "3.wav"]
    same = [
        bool((old == new).all())
        for old, new in zip(first["embeddings_logmel"], second["embeddings_logmel"], strict=True)
    ]
    assert same == [True, True, False, True, True, True, True, True]
    for name, changed in (("logmel_lof", 4), ("logmel_pca", 4)):
        old, new = (frame[f"anomaly_score_{name}"] for frame in (first, second))
        assert (old[:changed] != new[:changed]).any()
        assert (old[changed:] == new[changed:]).all()


def test_change_that_keeps_size_and_modification_time_is_noticed(
    tmp_path: Path, record: Record, heard: list[str]
) -> None:
    paths = recordings(tmp_path, record)
    enrich(table(paths))
    heard.clear()
    before = paths[2].stat()
    record(paths[2], seed=99)
    os.utime(paths[2], ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (paths[2].stat().st_size, paths[2].stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    enrich(table(paths))
    assert "2.wav" in heard


def test_touched_but_unchanged_recording_is_not_heard_again(tmp_path: Path, record: Record, heard: list[str]) -> None:
    paths = recordings(tmp_path, record)
    first = enrich(table(paths))
    heard.clear()
    os.utime(paths[2], (0, 0))
    pd.testing.assert_frame_equal(enrich(table(paths)), first)
    assert heard == []


def test_recordings_moved_elsewhere_are_not_heard_again(tmp_path: Path, record: Record, heard: list[str]) -> None:
    paths = recordings(tmp_path / "here", record)
    first = enrich(table(paths))
    heard.clear()
    shutil.move(tmp_path / "here", tmp_path / "there")
    second = enrich(table([tmp_path / "there" / path.name for path in paths]))
    assert heard == []
    pd.testing.assert_frame_equal(second.drop(columns="path"), first.drop(columns="path"))


def test_recording_put_in_place_of_an_unreadable_one_is_heard(tmp_path: Path, record: Record) -> None:
    paths = recordings(tmp_path, record)
    paths[0].write_text("this is no recording")
    enrich(table(paths))
    record(paths[0])
    assert enrich(table(paths))["path"].notna().all()


def test_damaged_store_is_put_aside_and_all_computed_again(
    tmp_path: Path, record: Record, own_cache: Path, heard: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    paths = recordings(tmp_path, record)
    first = enrich(table(paths))
    (store,) = own_cache.glob("*.sqlite")
    store.write_bytes(b"damaged" * 1_000)
    heard.clear()
    capsys.readouterr()
    pd.testing.assert_frame_equal(enrich(table(paths)), first)
    assert sorted(heard) == ["0.wav", "1.wav", "2.wav", "3.wav"]
    said = capsys.readouterr().err
    assert str(store) in said
    assert "damaged" in said
    assert store.with_suffix(".damaged").read_bytes().startswith(b"damaged")
    heard.clear()
    enrich(table(paths))
    assert heard == []


def test_interrupted_hearing_keeps_what_was_heard(
    tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch, heard: list[str]
) -> None:
    frame = fans_and_valves(tmp_path, record)
    expected = enrich(table(recordings(tmp_path / "valve", record)))["anomaly_score_logmel_pca"]
    overheard = logmel.listen

    def interrupted(path: str) -> logmel.Heard:
        if Path(path).name == "23.wav":
            raise KeyboardInterrupt
        return overheard(path)

    with monkeypatch.context() as patch:
        patch.setattr(logmel, "listen", interrupted)
        with pytest.raises(KeyboardInterrupt):
            enrich(frame)
    heard.clear()
    resumed = enrich(frame)
    assert sorted(heard) == ["20.wav", "21.wav", "22.wav", "23.wav"], "the fans were finished"
    assert resumed["anomaly_score_logmel_pca"][:4].tolist() == expected.tolist()


def test_cache_that_cannot_be_written_is_an_error_with_a_way_out(
    tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(ExploreError) as error:
        enrich(table(recordings(tmp_path, record)))
    assert str(tmp_path / "file") in str(error.value)
    assert "DCASE_EXPLORE_CACHE=" in str(error.value)


# Ranking


def test_lof_is_fitted_on_training_normals_alone(tmp_path: Path, record: Record) -> None:
    paths = recordings(tmp_path, record, count=12)
    frame = table(paths, train=8)
    frame.loc[[1, 6, 9], "label"] = "anomaly"
    frame.loc[[0, 2, 4], "label"] = None
    enriched = enrich(frame)
    matrix, _ = clips.vectors(enriched, "logmel")
    scores = enriched["anomaly_score_logmel_lof"].to_numpy()
    reference, others = [0, 2, 3, 4, 5, 7], [1, 6, 8, 9, 10, 11]
    fitted = LocalOutlierFactor(n_neighbors=2, novelty=True).fit(matrix[reference])
    np.testing.assert_allclose(scores[others], -fitted.score_samples(matrix[others]), rtol=1e-5)
    np.testing.assert_allclose(scores[reference], -fitted.negative_outlier_factor_, rtol=1e-5)


def test_each_machine_type_is_ranked_among_its_own(tmp_path: Path, record: Record) -> None:
    fans = table(recordings(tmp_path / "fan", record, count=6), train=4)
    valves = table([record(tmp_path / f"valve/{seed}.wav", seed=seed) for seed in range(20, 26)], 4, "valve")
    both = enrich(clips.conform(pd.concat([fans.astype(object), valves.astype(object)])))
    for machine, alone in (("fan", enrich(fans)), ("valve", enrich(valves))):
        scores = both.loc[both["class"] == machine, "anomaly_score_logmel_lof"].tolist()
        assert scores == alone["anomaly_score_logmel_lof"].tolist()


def test_odd_clip_gets_the_highest_score(tmp_path: Path, record: Record) -> None:
    paths = recordings(tmp_path, record, count=12)
    soundfile.write(paths[11], tone(RATE), RATE)
    scores = enrich(table(paths, train=8))["anomaly_score_logmel_lof"]
    assert scores.idxmax() == 11
    assert scores[11] > 2 * scores[:11].max()


def test_without_training_split_lof_is_fitted_on_all_and_that_is_said(
    real_clips: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = enrich(read_sources([str(real_clips / "valve")]).frame)
    matrix, _ = clips.vectors(frame, "logmel")
    expected = -LocalOutlierFactor(n_neighbors=7).fit(matrix).negative_outlier_factor_
    np.testing.assert_allclose(frame["anomaly_score_logmel_lof"], expected, rtol=1e-5)
    said = capsys.readouterr().err
    assert "no training clips of valve" in said
    assert "fitted on all clips" in said


def test_with_training_split_nothing_is_said(
    tmp_path: Path, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    enrich(table(recordings(tmp_path, record), train=3))
    assert capsys.readouterr().err == ""


def test_neighbours_are_at_most_twenty() -> None:
    matrix = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
    expected = -LocalOutlierFactor(n_neighbors=20).fit(matrix).negative_outlier_factor_
    np.testing.assert_allclose(lof_scores(matrix, np.ones(60, bool)), expected, rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_than_three_clips_get_no_score_but_a_place(tmp_path: Path, record: Record, count: int) -> None:
    frame = enrich(table(recordings(tmp_path, record, count)))
    assert members(frame.columns, "anomaly_score_<score>") == []
    assert np.isfinite(frame[["map_logmel_x", "map_logmel_y"]]).all().all()


# Placing


@pytest.mark.parametrize("count", [1, 2, 5, 7, 8, 9, 30])
def test_map_of_few_clips_is_finite_and_the_same_twice(count: int) -> None:
    matrix = np.random.default_rng(count).normal(size=(count, 16)).astype(np.float32)
    places = map_coordinates(matrix)
    assert places.shape == (count, 2)
    assert places.dtype == np.float32
    assert np.isfinite(places).all()
    np.testing.assert_array_equal(map_coordinates(matrix), places)


@pytest.mark.parametrize("count", [5, 30])
def test_clips_that_all_sound_the_same_have_a_place(count: int) -> None:
    assert np.isfinite(map_coordinates(np.ones((count, 16), np.float32))).all()


def test_what_umap_compiles_is_kept_for_the_next_program() -> None:
    matrix = np.random.default_rng(0).normal(size=(30, 16)).astype(np.float32)
    expected = map_coordinates(matrix).tobytes().hex()
    code = (
        "import numpy as np; from dcase_explore.enrich.maps import map_coordinates\n"
        "print(map_coordinates(np.random.default_rng(0).normal(size=(30, 16)).astype(np.float32)).tobytes().hex())\n"
        "from umap.layouts import _nb_optimize_layout_euclidean_single_epoch as compiled\n"
        "print(sum(compiled.stats.cache_hits.values()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [expected, "1"]


def test_what_is_kept_of_umap_and_damaged_is_done_without_and_made_again(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from umap import UMAP

    matrix = np.random.default_rng(0).normal(size=(30, 16)).astype(np.float32)
    expected, placed, tries = map_coordinates(matrix), UMAP.fit_transform, []
    kept = next((own_cache / "compiled").iterdir())
    (kept / "damaged").touch()

    def fit_transform(*given: object) -> np.ndarray:
        tries.append(given)
        if len(tries) == 1:
            raise EOFError
        return placed(*given)

    monkeypatch.setattr(UMAP, "fit_transform", fit_transform)
    np.testing.assert_array_equal(map_coordinates(matrix), expected)
    assert len(tries) == 2
    assert not (kept / "damaged").exists()


@pytest.mark.parametrize("count", [6, 40])
def test_near_on_the_map_means_similar(count: int) -> None:
    matrix = np.random.default_rng(0).normal(size=(count, 16)).astype(np.float32)
    matrix[: count // 2] += 20
    places = map_coordinates(matrix)
    one, other = places[: count // 2], places[count // 2 :]
    own = [np.linalg.norm(group - group.mean(axis=0), axis=1).mean() for group in (one, other)]
    assert np.linalg.norm(one.mean(axis=0) - other.mean(axis=0)) > 2 * max(own)


@pytest.mark.parametrize("scored", [True, False])
def test_recordings_with_own_embeddings_are_heard_only_where_a_score_is_lacking(
    scored: bool, tmp_path: Path, record: Record, heard: list[str]
) -> None:
    paths = recordings(tmp_path, record, count=5)
    vectors = [*np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), None]
    given = {"anomaly_score_mine": np.arange(5, dtype=np.float32)} if scored else {}
    frame = enrich(table(paths).assign(embeddings_mine=pd.Series(vectors, dtype=object), **given))
    assert clips.problems(frame) == []
    assert frame["map_mine_x"].notna().tolist() == [True] * 4 + [False]
    assert members(frame.columns, "embeddings_<embedding>") == (["mine"] if scored else ["mine", "logmel"])
    assert members(frame.columns, "anomaly_score_<score>") == (
        ["mine", "mine_knn"] if scored else ["logmel_lof", "logmel_pca"]
    )
    assert len(heard) == (0 if scored else 5)


def test_map_that_the_data_bring_is_used_as_it_is() -> None:
    frame = table([None, None]).assign(
        embeddings_mine=[np.zeros(2, np.float32), np.ones(2, np.float32)],
        map_mine_x=np.array([7, 8], np.float32),
        map_mine_y=np.array([9, 10], np.float32),
    )
    enriched = enrich(frame)
    pd.testing.assert_frame_equal(enriched[list(frame)], frame)
    assert set(enriched) - set(frame) == {"anomaly_score_mine_knn"}


def test_table_of_scores_alone_passes_unchanged(real_scores: Path, own_cache: Path) -> None:
    frame = read_sources([str(real_scores)]).frame
    pd.testing.assert_frame_equal(enrich(frame), frame)
    assert not own_cache.exists()


def test_clips_without_recordings_keep_their_row(tmp_path: Path, record: Record) -> None:
    paths = [None, *recordings(tmp_path, record), None]
    frame = enrich(table(paths))
    assert frame["path"].tolist() == [path and str(path) for path in paths]
    assert frame["embeddings_logmel"].notna().tolist() == [False, True, True, True, True, False]
    assert frame["map_logmel_x"].notna().tolist() == [False, True, True, True, True, False]


def test_the_embedding_is_librosas_log_mel_spectrogram(tmp_path: Path, record: Record) -> None:
    path = record(tmp_path / "noise.wav", seed=7, seconds=2)
    samples, _ = soundfile.read(path, dtype="float32")
    mel = librosa.feature.melspectrogram(
        y=samples, sr=16_000, n_fft=1024, hop_length=512, n_mels=128, power=2.0, pad_mode="constant"
    )
    decibel = 10 * np.log10(np.maximum(mel, np.finfo(np.float32).eps))
    heard = logmel.listen(str(path)).vector
    assert heard is not None
    np.testing.assert_allclose(heard, np.concatenate([decibel.mean(axis=1), decibel.std(axis=1)]), atol=2e-4)
    np.testing.assert_allclose(logmel.mel_filters(), librosa.filters.mel(sr=16_000, n_fft=1024), atol=1e-7)


def test_remarks_are_said_again_though_nothing_is_heard_again(
    tmp_path: Path, record: Record, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = table([*recordings(tmp_path, record), record(tmp_path / "stereo.wav", channels=2)])
    enrich(frame)
    first = capsys.readouterr().err
    monkeypatch.setattr(logmel, "listen", lambda path: pytest.fail(f"{path} was heard again"))
    enrich(frame)
    assert capsys.readouterr().err == first
    assert logmel.SEVERAL_CHANNELS in first


def test_a_streamed_recording_is_not_called_cut_short(tmp_path: Path, record: Record) -> None:
    path = record(tmp_path / "streamed.wav")
    content = bytearray(path.read_bytes())
    content[4:8] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert logmel.listen(str(path)).remarks == ()


def test_several_programs_may_begin_and_mend_the_store_at_once(own_cache: Path) -> None:
    code = (
        "import numpy as np; from dcase_explore.store import Store\n"
        "with Store() as store: store.put({'a': np.arange(3)}); assert store.get(['a'])['a'].size == 3"
    )
    for damaged in (False, True):
        if damaged:
            (own_cache / "computed.sqlite").write_bytes(b"no database" * 1000)
        programs = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(6)]
        errors = [program.communicate()[1].decode() for program in programs]
        assert [program.returncode for program in programs] == [0] * 6, errors
