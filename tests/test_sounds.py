"""Recordings on their way to the page: what browsers play as it is, all else as PCM; what is no file is refused."""

import io
import json
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from dcase_explore.enrich import logmel
from dcase_explore.viewer.sounds import NoSound, peaks_of, sound_of

RATE = 11_025
TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)


def written(path: Path, form: str, subtype: str, endian: str = "FILE", channels: int = 1) -> Path:
    """A second of a tone, fainter in each further channel."""
    samples = np.stack([TONE / (1 + number) for number in range(channels)], axis=1)
    soundfile.write(path, samples, RATE, format=form, subtype=subtype, endian=endian)
    return path


@pytest.mark.parametrize(
    ("form", "subtype"),
    [("WAV", kind) for kind in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "ULAW", "ALAW")]
    + [("WAVEX", "PCM_16"), ("WAVEX", "FLOAT"), ("RF64", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")]
    + [("MP3", "MPEG_LAYER_III")],
)
def test_what_browsers_play_is_left_as_it_is(tmp_path: Path, form: str, subtype: str) -> None:
    path = written(tmp_path / "clip.wav", form, subtype)
    assert sound_of(str(path)) == path.read_bytes()


@pytest.mark.parametrize(
    ("form", "subtype", "endian", "near"),
    [
        ("WAV", "DOUBLE", "FILE", 1e-6),
        ("WAVEX", "DOUBLE", "FILE", 1e-6),
        ("WAV", "IMA_ADPCM", "FILE", 0.05),
        ("WAV", "MS_ADPCM", "FILE", 0.05),
        ("W64", "PCM_16", "FILE", 1e-4),
        ("AIFF", "PCM_24", "FILE", 1e-6),
        ("AU", "FLOAT", "FILE", 1e-6),
        ("CAF", "PCM_16", "FILE", 1e-4),
        ("WAV", "PCM_16", "BIG", 1e-4),
    ],
)
def test_all_else_becomes_pcm_at_its_own_rate(
    tmp_path: Path, form: str, subtype: str, endian: str, near: float
) -> None:
    path = written(tmp_path / "clip.wav", form, subtype, endian)
    made = sound_of(str(path))
    assert made[:4] == b"RIFF"
    with soundfile.SoundFile(io.BytesIO(made)) as file:
        assert (file.samplerate, file.channels, file.subtype[:4]) == (RATE, 1, "PCM_")
        settled = slice(500 if "ADPCM" in subtype else 0, RATE)  # its steps grow; its last block is full
        assert np.allclose(file.read()[settled], TONE[settled], atol=near)
    assert sound_of(str(path)) == made


def test_of_a_microphone_array_the_first_channel_is_played(tmp_path: Path) -> None:
    stereo, array = (written(tmp_path / f"{n}.wav", "WAV", "PCM_16", channels=n) for n in (2, 8))
    assert sound_of(str(stereo)) == stereo.read_bytes()
    samples, rate = soundfile.read(io.BytesIO(sound_of(str(array))), always_2d=True)
    assert (samples.shape[1], rate) == (1, RATE)
    assert np.allclose(samples[:, 0], TONE, atol=1e-4)


def test_what_is_louder_than_full_scale_is_cut_and_not_wrapped(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "loud.wav", 3 * TONE, RATE, subtype="DOUBLE")
    samples, _ = soundfile.read(io.BytesIO(sound_of(str(tmp_path / "loud.wav"))))
    assert np.allclose(samples, np.clip(3 * TONE, -1, 1), atol=1e-6)


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(str(path))


OTHERS: dict[str, Callable[[Path], object]] = {
    "pipe": make_pipe,
    "folder": Path.mkdir,
    "socket": make_socket,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "link to nothing": lambda path: path.symlink_to("nothing"),
    "nothing": lambda path: None,
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("answer", [sound_of, peaks_of])
def test_what_is_no_file_is_refused_and_not_waited_for(
    kind: str, answer: Callable[[str], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    OTHERS[kind](Path("clip.wav"))
    refused: list[NoSound] = []

    def ask() -> None:
        try:
            answer("clip.wav")
        except NoSound as reason:
            refused.append(reason)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(20)
    assert [reason.status for reason in refused] == [404]
    assert "clip.wav" in str(refused[0])


@pytest.mark.parametrize("content", [b"", b"RIFX" + bytes(100), b"no sound at all", b"FORM" + bytes(8) + b"AIFF"])
def test_what_is_no_sound_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clip.wav").write_bytes(content)
    with pytest.raises(NoSound, match=r"clip\.wav is no sound that can be read") as refusal:
        sound_of(str(tmp_path / "clip.wav"))
    assert refusal.value.status == 415


def test_no_path_is_a_sentence() -> None:
    for nothing in (None, ""):
        with pytest.raises(NoSound, match="has no recording here"):
            sound_of(nothing)


def test_too_large_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dcase_explore.viewer import sounds

    monkeypatch.setattr(sounds, "MAX_RECORDING_BYTES", 100)
    with pytest.raises(NoSound, match="is larger than") as refusal:
        sound_of(str(written(tmp_path / "clip.wav", "WAV", "PCM_16")))
    assert refusal.value.status == 413


@pytest.mark.parametrize("frames", [1, 2, 15, 16_000, 160_001])
def test_peaks_are_the_highest_and_lowest_of_each_stretch(tmp_path: Path, frames: int) -> None:
    samples = np.random.default_rng(frames).integers(-(2**15), 2**15, (frames, 2), np.int16)
    soundfile.write(tmp_path / "clip.wav", samples, 16_000, subtype="PCM_16")
    peaks = np.array(json.loads(peaks_of(str(tmp_path / "clip.wav"))), np.float32)
    assert len(peaks) % 2 == 0
    parts = np.array_split(samples.astype(np.float32) / 32_767, len(peaks) // 2)
    assert np.array_equal(peaks[::2], [part.max() for part in parts])
    assert np.array_equal(peaks[1::2], [part.min() for part in parts])


def test_no_samples_no_peaks(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "clip.wav", np.zeros(0), 16_000)
    assert peaks_of(str(tmp_path / "clip.wav")) == b"[]"


@pytest.mark.parametrize(("form", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("WAV", "IMA_ADPCM")])
def test_a_small_file_of_very_many_samples_is_a_sentence(
    form: str, subtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "m", np.zeros((20_000, 2)), 16_000, format=form, subtype=subtype)
    monkeypatch.setattr("dcase_explore.viewer.sounds.MAX_SAMPLES", 30_000)
    for read in (sound_of, peaks_of):
        with pytest.raises(NoSound, match="holds more than 0 million samples") as raised:
            read(str(tmp_path / "m"))
        assert raised.value.status == 413
    monkeypatch.setattr("dcase_explore.enrich.logmel.MAX_SAMPLES", 30_000)
    with pytest.raises(ValueError, match="million samples"):
        logmel.read(str(tmp_path / "m"))
