"""Enrichment by models: the autoencoder, the audio model, LOF, and the stages that keep what they computed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from dcase_explore import clips
from dcase_explore.cli import app
from dcase_explore.enrich import baseline, logmel, pipeline
from dcase_explore.enrich.enriched import Settings
from dcase_explore.enrich.frames import Frames, windows
from dcase_explore.enrich.lof import lof_scores
from dcase_explore.enrich.pipeline import enrich_by_models
from dcase_explore.errors import ExploreError
from dcase_explore.sources import read_sources
from exploring import make_recordings
from hub_server import HubServer
from tiny_model import make_model

Record = Callable[..., Path]
AE = "dcase2023_task2_baseline_ae"


@pytest.fixture(scope="session")
def torch_there() -> None:
    pytest.importorskip("torch", reason="torch is not installed: pip install 'dcase-explore[enrich]'")


@pytest.fixture(scope="session")
def model(torch_there: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small transformer of random weights."""
    return make_model(tmp_path_factory.mktemp("models") / "tiny-ast")


@pytest.fixture(scope="session")
def fans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """16 fans of one second: 8 of them to train on; anomalies squeal."""
    return make_recordings(tmp_path_factory.mktemp("fans"), ("fan",))


@pytest.fixture
def its_frames(own_cache: Path) -> Iterator[tuple[Frames, list[str], list[str], list[str]]]:
    """Frames of clips near a plane, and of some far from it: to train on, normal, anomalous."""
    rng = np.random.default_rng(0)
    axes = rng.normal(size=(3, 128))
    with Frames() as frames:
        names: dict[str, list[str]] = {"train": [], "normal": [], "anomaly": []}
        for kind, count in (("train", 20), ("normal", 10), ("anomaly", 10)):
            for number in range(count):
                clip_frames = -5 + 2 * rng.normal(size=(60, 3)) @ axes + 0.3 * rng.normal(size=(60, 128))
                if kind == "anomaly":
                    clip_frames[:, 40:60] += 8
                names[kind].append(f"{kind}{number}")
                frames.add(names[kind][-1], clip_frames.astype(np.float32))
        yield frames, names["train"], names["normal"], names["anomaly"]


# Autoencoder


def test_it_has_the_published_networks_parameters(torch_there: None) -> None:
    from dcase_explore.enrich.network import Autoencoder

    network = Autoencoder()
    # Dense layers and batch normalisation of 640-128-128-128-128-8-128-128-128-128-640, running statistics left out.
    widths = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640]
    expected = sum(a * b + b for a, b in pairwise(widths)) + 2 * sum(widths[1:-1])
    assert sum(weights.numel() for weights in network.parameters()) == expected == 267_928


def test_features_are_librosas(real_clips: Path) -> None:
    from librosa.feature import melspectrogram

    path = sorted(real_clips.glob("fan/test/*.wav"))[0]
    samples, rate = soundfile.read(path, dtype="float32")
    samples = samples if samples.ndim == 1 else samples[:, 0]
    mel = melspectrogram(y=samples, sr=rate, n_fft=1024, hop_length=512, n_mels=128, power=2.0, pad_mode="constant")
    expected = 10 * np.log10(np.maximum(mel, np.finfo(np.float32).eps)).T
    heard = logmel.listen(str(path)).frames
    assert heard is not None
    # Both compute in single precision: 1e-4 of a decibel is the last digit or two of -50.
    np.testing.assert_allclose(heard, expected, rtol=1e-4, atol=1e-4)
    vectors = windows(heard)
    assert vectors.shape == (len(expected) - 4, 640)
    np.testing.assert_allclose(vectors[7], expected[7:12].ravel(), rtol=1e-4, atol=1e-4)


def test_planted_anomalies_are_found(its_frames, tmp_path: Path, torch_there: None) -> None:  # type: ignore[no-untyped-def]
    from dcase_explore.enrich import network

    frames, training, normal, anomalous = its_frames
    view, rows = frames.training(training)
    assert len(rows) == 20 * 56
    np.testing.assert_array_equal(view[rows[:56]], windows(frames.of(training[0])))
    trained, validation = network.train(view, rows, 40, tmp_path / "a.pt", "training")
    assert 0 < validation < 30
    scores, covariance, means = [], baseline.Covariance(), []
    for name in (*training, *normal, *anomalous):
        residual, bottleneck = network.residuals(trained, windows(frames.of(name)))
        assert bottleneck.shape == (56, 8)
        scores.append(np.mean(residual**2))
        means.append(residual.mean(axis=0, dtype=np.float64))
        if name in training:
            covariance.add(residual)
    planted = np.array([False] * 10 + [True] * 10)
    assert roc_auc_score(planted, scores[20:]) > 0.95
    inverse = covariance.inverse()
    assert inverse is not None
    assert roc_auc_score(planted, baseline.selective_mahalanobis(np.array(means), [inverse])[20:]) > 0.95


def test_training_goes_on_where_it_was_killed_with_the_same_bits(
    its_frames,  # type: ignore[no-untyped-def]
    tmp_path: Path,
    torch_there: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dcase_explore.enrich import network

    frames, training, _, _ = its_frames
    view, rows = frames.training(training)
    whole, _ = network.train(view, rows, 6, tmp_path / "whole.pt", "training")
    written = network.write_atomically

    def killed(path: Path, content: bytes) -> None:
        written(path, content)
        if path.name == "part.pt" and len(seen := [*killed_after, path]) == 3:
            raise KeyboardInterrupt
        killed_after[:] = seen

    killed_after: list[Path] = []
    with monkeypatch.context() as patch:
        patch.setattr(network, "write_atomically", killed)
        with pytest.raises(KeyboardInterrupt):
            network.train(view, rows, 6, tmp_path / "part.pt", "training")
    resumed, _ = network.train(view, rows, 6, tmp_path / "part.pt", "training")
    for one, other in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True):
        assert (one == other).all()


def test_the_order_in_which_recordings_were_heard_changes_no_bit(
    its_frames,  # type: ignore[no-untyped-def]
    tmp_path: Path,
    torch_there: None,
) -> None:
    from dcase_explore.enrich import network

    frames, training, _, _ = its_frames
    one, _ = network.train(*frames.training(training), 2, tmp_path / "one.pt", "training")
    with Frames() as others:
        for name in reversed(training):
            others.add(name, frames.of(name))
        other, _ = network.train(*others.training(training), 2, tmp_path / "other.pt", "training")
    for mine, their in zip(one.state_dict().values(), other.state_dict().values(), strict=True):
        assert (mine == their).all()


def test_damaged_checkpoint_is_said_and_begun_anew(
    its_frames,  # type: ignore[no-untyped-def]
    tmp_path: Path,
    torch_there: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from dcase_explore.enrich import network

    frames, training, _, _ = its_frames
    view, rows = frames.training(training[:2])
    (tmp_path / "a.pt").write_bytes(b"damaged")
    one, _ = network.train(view, rows, 2, tmp_path / "a.pt", "training")
    assert "damaged (UnpicklingError): the training begins anew" in capsys.readouterr().err
    (tmp_path / "file").touch()
    other, _ = network.train(view, rows, 2, tmp_path / "file" / "a.pt", "training")
    assert capsys.readouterr().err.count("a training that is interrupted begins anew") == 1, "and it goes on"
    assert all(
        (mine == their).all()
        for mine, their in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_mahalanobis_is_numpys_by_the_nearer_domain() -> None:
    rng = np.random.default_rng(0)
    source, target = rng.normal(size=(400, 12)) * np.arange(1, 13), rng.normal(size=(300, 12))
    covariances = [baseline.Covariance(), baseline.Covariance()]
    for covariance, residuals in zip(covariances, (source, target), strict=True):
        for start in range(0, len(residuals), 50):
            covariance.add(residuals[start : start + 50].astype(np.float32))
    inverses = [each.inverse() for each in covariances]
    means = rng.normal(size=(5, 12)) * 3
    expected = [
        min(np.sqrt(mean @ np.linalg.inv(np.cov(values.astype(np.float32).T)) @ mean) for values in (source, target))
        for mean in means
    ]
    found = baseline.selective_mahalanobis(means, [each for each in inverses if each is not None])
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_of_fewer_windows_than_dimensions_there_is_no_covariance() -> None:
    covariance = baseline.Covariance()
    covariance.add(np.random.default_rng(0).normal(size=(12, 12)))
    assert covariance.inverse() is None


def test_bottlenecks_are_reduced_by_the_training_clips_components() -> None:
    rng = np.random.default_rng(0)
    bottlenecks = [rng.normal(size=(length, 8)).astype(np.float32) for length in (30, 30, 30, 25, 40)]
    training = np.array([True, True, True, False, False])
    found = baseline.reduced(bottlenecks, training)
    assert found.shape == (5, 3)
    flat = np.stack([bottleneck.ravel() for bottleneck in bottlenecks[:3]])
    apart, its_apart = (np.linalg.norm(each[0] - each[1]) for each in (flat, found))
    assert apart == pytest.approx(its_apart, rel=1e-5), "all that tells training clips apart is there"


# Audio model


def test_vectors_are_those_of_transformers_own_call_alone_and_together(model: Path) -> None:
    import torch
    from transformers import ASTFeatureExtractor, ASTModel

    from dcase_explore.enrich.audio_model import load

    rng = np.random.default_rng(0)
    sounds = [rng.normal(0, 0.1, 16_000 * seconds).astype(np.float32) for seconds in (1, 2, 10)]
    inputs = ASTFeatureExtractor.from_pretrained(model)(sounds, sampling_rate=16_000, return_tensors="pt")
    with torch.inference_mode():
        output = ASTModel.from_pretrained(model).eval()(**inputs)
    state = output.last_hidden_state
    for pooling, expected in (("cls", state[:, 0]), ("mean", state.mean(1)), ("pooler", output.pooler_output)):
        loaded = load(str(model), pooling)
        together = loaded.embed(sounds)
        np.testing.assert_allclose(together, expected.numpy(), atol=1e-4)
        np.testing.assert_allclose(np.concatenate([loaded.embed([sound]) for sound in sounds]), together, atol=1e-4)
        assert loaded.name == ("tiny-ast" if pooling == "cls" else f"tiny-ast_{pooling}")


def test_another_audio_model_loads_the_same_way(torch_there: None, tmp_path: Path) -> None:
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    from dcase_explore.enrich.audio_model import load

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    convolutions = {"conv_dim": (16,) * 2, "conv_stride": (20, 16), "conv_kernel": (20, 16)}
    Wav2Vec2Model(
        Wav2Vec2Config(**sizes, **convolutions, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=2)
    ).save_pretrained(tmp_path / "wav2vec")
    Wav2Vec2FeatureExtractor().save_pretrained(tmp_path / "wav2vec")
    loaded = load(str(tmp_path / "wav2vec"))
    assert loaded.pooling == "mean"
    sounds = [np.random.default_rng(0).normal(size=length).astype(np.float32) for length in (8_000, 16_000)]
    np.testing.assert_allclose(loaded.embed(sounds)[0], loaded.embed(sounds[:1])[0], atol=1e-4)
    with pytest.raises(ExploreError, match=r"no first token .* --pooling mean"):
        load(str(tmp_path / "wav2vec"), "cls")


def test_first_channel_is_heard_at_the_models_rate(model: Path, tmp_path: Path, record: Record) -> None:
    from dcase_explore.enrich.audio_model import load

    samples = load(str(model)).listen(str(record(tmp_path / "many.wav", rate=48_000, channels=2)))
    assert samples.shape == (8_000,)


@pytest.mark.parametrize("lacking", ["config.json", "preprocessor_config.json", "model.safetensors"])
def test_a_folder_that_lacks_a_file_is_told(lacking: str, model: Path, tmp_path: Path) -> None:
    from dcase_explore.enrich.audio_model import load

    shutil.copytree(model, tmp_path / "model")
    (tmp_path / "model" / lacking).unlink()
    with pytest.raises(ExploreError, match=f"lacks {lacking}: download it again"):
        load(str(tmp_path / "model"))


def test_damaged_weights_and_models_of_other_kinds_are_told(model: Path, tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel, EncodecConfig, EncodecFeatureExtractor, EncodecModel

    from dcase_explore.enrich.audio_model import load

    shutil.copytree(model, tmp_path / "cut")
    content = (tmp_path / "cut" / "model.safetensors").read_bytes()
    (tmp_path / "cut" / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(ExploreError, match="no audio model that can be loaded"):
        load(str(tmp_path / "cut"))
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    BertModel(BertConfig(vocab_size=10, **sizes)).save_pretrained(tmp_path / "text")
    shutil.copy(model / "preprocessor_config.json", tmp_path / "text")
    with pytest.raises(ExploreError, match="another kind"):
        load(str(tmp_path / "text"))
    sizes = {"num_filters": 2, "hidden_size": 4, "codebook_size": 2, "num_lstm_layers": 1}
    EncodecModel(EncodecConfig(**sizes, sampling_rate=16_000)).save_pretrained(tmp_path / "codec")
    EncodecFeatureExtractor(sampling_rate=16_000).save_pretrained(tmp_path / "codec")
    with pytest.raises(ExploreError, match=r"codec \(encodec\) makes nothing of these clips .*last_hidden_state"):
        load(str(tmp_path / "codec")).embed([np.zeros(16_000, np.float32)])
    with pytest.raises(ExploreError, match=r"there is no folder \./nowhere"):
        load("./nowhere")


def test_out_of_memory_halves_the_batch_and_ends_in_a_sentence(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dcase_explore.enrich.audio_model import AudioModel, load

    loaded = load(str(model))
    sounds = [np.full(16_000, level, np.float32) for level in (0.1, 0.2, 0.3)]
    expected = loaded.embed(sounds)
    embed = AudioModel._embed

    def most(count: int) -> Callable[..., np.ndarray]:
        def limited(self: AudioModel, waveforms: list[np.ndarray]) -> np.ndarray:
            if len(waveforms) > count:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
            return embed(self, waveforms)

        return limited

    monkeypatch.setattr(AudioModel, "_embed", most(1))
    np.testing.assert_allclose(loaded.embed(sounds), expected, atol=1e-4)
    assert "not enough memory for 3 clips at once" in capsys.readouterr().err
    monkeypatch.setattr(AudioModel, "_embed", most(0))
    with pytest.raises(ExploreError, match="not enough memory for tiny-ast"):
        loaded.embed(sounds)

    def refused(*_: object, **__: object) -> None:
        raise RuntimeError("unable to mmap 344771400 bytes from file: Cannot allocate memory (12)")

    monkeypatch.setattr("transformers.AutoModel.from_pretrained", refused)
    with pytest.raises(ExploreError, match=r"not enough memory for .*tiny-ast"):
        load(str(model))


# LOF


def test_lof_is_pyods() -> None:
    from pyod.models.lof import LOF

    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(80, 16)).astype(np.float32)
    reference = np.arange(80) < 60
    theirs = LOF(n_neighbors=20, novelty=True).fit(matrix[reference])
    found = lof_scores(matrix, reference)
    np.testing.assert_allclose(found[reference], theirs.decision_scores_, rtol=1e-5)
    np.testing.assert_allclose(found[~reference], theirs.decision_function(matrix[~reference]), rtol=1e-5)


# Stages


def test_each_stage_adds_its_columns_and_the_second_run_computes_nothing(
    fans: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = read_sources([str(fans)]).frame
    settings = Settings(str(model), epochs=2)
    wanted = ("ast", "ae", "lof", "knn")
    first = enrich_by_models(frame, wanted, settings)
    assert clips.problems(first.frame) == []
    added = [name for name in first.frame if name not in frame]
    assert (
        added
        == [
            f"anomaly_score_{AE}",
            f"anomaly_score_{AE}_mahala",
            "anomaly_score_tiny-ast_lof",
            "anomaly_score_tiny-ast_knn",
            "embeddings_tiny-ast",
            f"embeddings_{AE}",
        ]
        or f"anomaly_score_{AE}_mahala" not in added
    )
    assert set(first.made) >= set(added)
    assert "pooling cls" in first.made["embeddings_tiny-ast"]
    assert "seed" in first.made[f"anomaly_score_{AE}"]
    from dcase_explore.enrich import network
    from dcase_explore.enrich.audio_model import AudioModel

    monkeypatch.setattr(logmel, "listen", lambda path: pytest.fail(f"{path} was heard again"))
    monkeypatch.setattr(network, "train", lambda *_: pytest.fail("it was trained again"))
    monkeypatch.setattr(AudioModel, "embed", lambda *_: pytest.fail("it was embedded again"))
    pd.testing.assert_frame_equal(enrich_by_models(frame, wanted, settings).frame, first.frame)


def test_embedding_that_is_interrupted_goes_on_with_the_same_bits(
    fans: Path, model: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    from dcase_explore.enrich.audio_model import AudioModel

    frame = read_sources([str(fans)]).frame
    settings = Settings(str(model), batch=5)
    whole = enrich_by_models(frame, ["ast"], settings).frame["embeddings_tiny-ast"]
    shutil.rmtree(own_cache)
    embed, batches = AudioModel.embed, []

    def counted(self: AudioModel, waveforms: list[np.ndarray]) -> np.ndarray:
        batches.append(len(waveforms))
        if batches == [5, 5]:
            raise KeyboardInterrupt
        return embed(self, waveforms)

    monkeypatch.setattr(AudioModel, "embed", counted)
    with pytest.raises(KeyboardInterrupt):
        enrich_by_models(frame, ["ast"], settings)
    again = enrich_by_models(frame, ["ast"], settings).frame["embeddings_tiny-ast"]
    assert batches == [5, 5, 5, 5, 1]
    assert all((one == other).all() for one, other in zip(whole, again, strict=True))


def test_broken_recordings_are_listed_and_cost_the_others_nothing(
    fans: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(fans, tmp_path / "fans")
    broken, short = sorted((tmp_path / "fans" / "fan" / "train").iterdir())[:2]
    broken.write_text("this is no recording")
    soundfile.write(short, np.full(1, 0.1), 16_000)
    frame = read_sources([str(tmp_path / "fans")]).frame
    result = enrich_by_models(frame, ["ast", "ae"], Settings(str(model), epochs=1))
    result.report()
    assert list(result.problems) == [str(broken), str(short)]
    said = capsys.readouterr().err
    assert "fan: too few training windows (169) for a covariance of 640 values: no score" in said
    assert f"  {broken} (" in said
    assert f"  {short} (shorter than 0.025 s, too short for tiny-ast)" in said
    for column, lacking in (("embeddings_tiny-ast", 2), (f"anomaly_score_{AE}", 1), (f"embeddings_{AE}", 1)):
        assert result.frame[column].isna().sum() == lacking


def test_what_the_data_bring_is_left_as_it_is(fans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = read_sources([str(fans)]).frame
    vectors = pd.Series(list(np.eye(len(frame), dtype=np.float32)), dtype=object)
    ast = "embeddings_ast-finetuned-audioset-10-10-0.4593"
    frame = clips.conform(frame.assign(**{ast: vectors, "anomaly_score_embedding_lof": np.arange(len(frame))}))
    found = enrich_by_models(frame, ["lof", "knn"], Settings()).frame
    pd.testing.assert_frame_equal(found[list(frame)], frame)
    assert "embedding_lof is there already" in capsys.readouterr().err
    assert set(found) - set(frame) == {"anomaly_score_ast-finetuned-audioset-10-10-0.4593_knn"}


# Command


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["enrich", *map(str, arguments)])
    return result.exit_code, result.output + (result.stderr if result.stderr_bytes else "")


def test_what_is_written_opens_as_it_was(fans: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, said = run(fans, "--out", out, "--with", "ast,ae,lof,knn", "--model", model, "--epochs", 2)
    assert code == 0, said
    frame = read_sources([str(out)]).frame
    assert frame["embeddings_tiny-ast"].notna().all()
    assert frame["path"].notna().all()
    card = (out / "README.md").read_text()
    for part in ("tiny-ast, revision ", "pooling cls", "seed 13711", "torch 2", "2 epochs", "scikit-learn"):
        assert part in card
    assert str(model.parent) not in card
    code, said = run(out, "--out", tmp_path / "again", "--with", "knn")
    assert code == 0, said
    assert "tiny-ast, revision " in (tmp_path / "again" / "README.md").read_text(), "what made a column goes with it"
    code, said = run(fans, "--out", out, "--with", "lof")
    assert code == 1
    assert "holds an export already" in said


def test_without_the_extra_the_command_that_installs_it_is_told(
    fans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "find_spec", lambda _: None)
    code, said = run(fans, "--out", tmp_path / "out")
    assert code == 1
    assert 'pip install "dcase-explore[enrich]"' in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--with", "asd"], "there is no stage asd"),
        (["--with", ","], "no stage is named: there are ast, ae, lof, knn, map"),
        (["--class", "valve"], "there is no machine type valve"),
    ],
)
def test_bad_words_are_told(arguments: list[str], words: str, fans: Path, tmp_path: Path) -> None:
    code, said = run(
        fans, "--out", tmp_path / "out", *(["--with", "lof"] if "--with" not in arguments else []), *arguments
    )
    assert code == 1
    assert words in said


def test_scores_alone_cannot_be_listened_to(real_scores: Path, tmp_path: Path, torch_there: None) -> None:
    code, said = run(real_scores, "--out", tmp_path / "out")
    assert code == 1
    assert "no recordings to listen to" in said


def test_two_runs_on_one_output_and_a_folder_that_cannot_be_written(
    fans: Path, tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filelock import FileLock

    from dcase_explore.store import digest_of

    out = tmp_path / "out"
    (own_cache / "locks").mkdir(parents=True)
    with FileLock(own_cache / "locks" / f"{digest_of(str(out.resolve()))}.lock"):
        code, said = run(fans, "--out", out, "--with", "lof")
    assert code == 1
    assert "another run writes to" in said
    monkeypatch.setattr(os, "access", lambda folder, _: Path(folder) != tmp_path)
    code, said = run(fans, "--out", out, "--with", "lof")
    assert code == 1
    assert "cannot be written" in said


def test_torch_is_not_imported_before_it_is_needed() -> None:
    code = "import sys; from dcase_explore.enrich import pipeline; assert not {'torch', 'umap'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_hubs_lost_columns_come_from_its_recordings(hub: HubServer, tmp_path: Path, torch_there: None) -> None:
    out = tmp_path / "out"
    code, said = run("hub", "--out", out, "--class", "valve", "--with", "ast,ae,lof,knn", "--epochs", 1, "--audio")
    assert code == 0, said
    assert "embeddings_ast-finetuned-audioset-10-10-0.4593 is there already" in said
    frame = read_sources([str(out)]).frame
    for column in (f"embeddings_{AE}", f"anomaly_score_{AE}", "anomaly_score_embedding_lof"):
        assert frame[column].notna().all()
    assert {"anomaly_score_dev_train_lof", "embeddings_ast-finetuned-audioset-10-10-0.4593"} <= set(frame)
