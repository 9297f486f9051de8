"""Log-mel embedding: what a clip sounds like on average and how much that varies, without any model."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

SAMPLE_RATE = 16_000
N_FFT = 1024
HOP = 512
N_MELS = 128
MAX_SECONDS = 60
RECIPE = f"logmel 1: {SAMPLE_RATE} Hz, n_fft {N_FFT}, hop {HOP}, {N_MELS} bands, at most {MAX_SECONDS} s"
"""Names everything the vector depends on besides the recording; a change here computes all anew."""


@dataclass(frozen=True)
class Heard:
    """
    Embedding of one recording, or why there is none.

    Attributes
    ----------
    vector
        float32, shape (256,): mean, then standard deviation over time, of each of 128 mel bands in dB. None when the
        recording cannot be read.
    problem
        Why it cannot be read.
    remarks
        What was done to it that a listener should know.
    """

    vector: np.ndarray | None
    problem: str | None = None
    remarks: tuple[str, ...] = ()


def listen(path: str) -> Heard:
    """
    Compute the log-mel embedding of a recording.

    The spectrogram is the challenge baseline's: power 2, ``10·log10(max(mel, eps))``.

    Parameters
    ----------
    path
        Any file that soundfile reads. Of several channels the first is used, as the challenge does; other sampling
        rates are resampled to 16 kHz; only the first minute counts.

    Returns
    -------
    Heard
        Never raises for a bad recording.
    """
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            rate, channels, seconds = file.samplerate, file.channels, file.frames / file.samplerate
            samples = file.read(MAX_SECONDS * rate, dtype="float32", always_2d=True)[:, 0]
    except (OSError, RuntimeError) as error:
        # soundfile's own errors are RuntimeErrors; their text repeats the path.
        return Heard(None, str(error).split(": ", 1)[-1].strip(" .'\""))
    if samples.size == 0:
        return Heard(None, "no samples in it")
    if not np.isfinite(samples).all():
        return Heard(None, "samples that are not finite")
    remarks = []
    if _cut_short(path):
        remarks.append("fewer bytes than its header announces: cut short, and heard as far as it goes")
    if channels > 1:
        remarks.append("more than one channel: the first is used, as the challenge does")
    if rate != SAMPLE_RATE:
        remarks.append("another sampling rate than 16 kHz: resampled for the embedding")
        samples = _resample(samples, rate)
    if seconds > MAX_SECONDS:
        remarks.append(f"longer than {MAX_SECONDS} s: the embedding hears only the beginning")
    return Heard(_vector(samples), remarks=tuple(remarks))


def _cut_short(path: str) -> bool:
    """Whether a RIFF file ends before its header says; soundfile reads what is there without a word."""
    with Path(path).open("rb") as file:
        head = file.read(8)
    return head[:4] == b"RIFF" and int.from_bytes(head[4:], "little") + 8 > Path(path).stat().st_size + 1


def _resample(samples: np.ndarray, rate: int) -> np.ndarray:
    import librosa

    resampled: np.ndarray = librosa.resample(samples, orig_sr=rate, target_sr=SAMPLE_RATE)
    return resampled


@cache
def _filters() -> np.ndarray:
    from librosa.filters import mel

    filters: np.ndarray = mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS)
    return filters


def _vector(samples: np.ndarray) -> np.ndarray:
    import librosa

    samples = np.pad(samples, (0, max(0, N_FFT - len(samples))))
    spectrum = np.abs(librosa.stft(samples, n_fft=N_FFT, hop_length=HOP, pad_mode="constant")) ** 2
    decibel = 10 * np.log10(np.maximum(_filters() @ spectrum, np.finfo(np.float32).eps))
    return np.concatenate([decibel.mean(axis=1), decibel.std(axis=1)]).astype(np.float32)
