"""Log-mel embedding: what a clip sounds like on average and how much that varies, without any model."""

import math
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dcase_explore.recordings.kept import MAX_SAMPLES

if TYPE_CHECKING:
    from scipy.sparse import csr_array

SAMPLE_RATE = 16_000
N_FFT = 1024
HOP = 512
N_MELS = 128
MAX_SECONDS = 60
FULL_SCALE = 1 - 2**-15
"""Magnitude of the highest 16-bit sample."""
QUIETEST_DBFS = -120.0
"""Level of digital silence, by agreement: its logarithm has none."""
RECIPE = f"logmel 4: {SAMPLE_RATE} Hz, n_fft {N_FFT}, hop {HOP}, {N_MELS} bands, at most {MAX_SECONDS} s"
"""Names everything the vector depends on besides the recording; a change here computes all anew."""

CUT_SHORT = "fewer bytes than its header announces: cut short, and heard as far as it goes"
SEVERAL_CHANNELS = "more than one channel: the first is used, as the challenge does"
OTHER_RATE = "another sampling rate than 16 kHz: resampled for the embedding"
LONG = f"more than {MAX_SECONDS} s: the embedding hears only the beginning"
REMARKS = (CUT_SHORT, SEVERAL_CHANNELS, OTHER_RATE, LONG)


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
        What was done to it that a listener should know; of `REMARKS`.
    level_dbfs
        Level (RMS) in dB relative to full scale; `QUIETEST_DBFS` at least.
    clipped
        Share of samples at full scale, 0 to 1.
    frames
        The spectrogram that the vector sums up, dB, float32, shape (frames, 128).
    """

    vector: np.ndarray | None
    problem: str | None = None
    remarks: tuple[str, ...] = ()
    level_dbfs: float = float("nan")
    clipped: float = float("nan")
    frames: np.ndarray | None = field(default=None, repr=False)

    def packed(self) -> np.ndarray:
        """As one float32 array, to be kept: vector, measures, which remarks hold; empty where there is no vector."""
        if self.vector is None:
            return np.empty(0, dtype=np.float32)
        held = [remark in self.remarks for remark in REMARKS]
        return np.concatenate([self.vector, [self.level_dbfs, self.clipped], held]).astype(np.float32)

    @classmethod
    def unpacked(cls, kept: np.ndarray) -> "Heard":
        """Reverse of `packed`, for a recording that could be read."""
        vector, measures, flags = np.split(kept, [-len(REMARKS) - 2, -len(REMARKS)])
        held = [remark for remark, holds in zip(REMARKS, flags, strict=True) if holds]
        return cls(vector, None, tuple(held), float(measures[0]), float(measures[1]))


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
    try:
        samples, rate, channels, seconds = read(path)
    except ValueError as error:
        return Heard(None, str(error))
    level, clipped = _level_dbfs(samples), float((np.abs(samples) >= FULL_SCALE).mean())
    remarks = []
    if _cut_short(path):
        remarks.append(CUT_SHORT)
    if channels > 1:
        remarks.append(SEVERAL_CHANNELS)
    if rate != SAMPLE_RATE:
        remarks.append(OTHER_RATE)
        samples = resample(samples, rate, SAMPLE_RATE)
    if seconds > MAX_SECONDS:
        remarks.append(LONG)
    frames = decibels(samples)
    vector = np.concatenate([frames.mean(axis=0), frames.std(axis=0)])
    return Heard(vector, None, tuple(remarks), level, clipped, frames)


def read(path: str) -> tuple[np.ndarray, int, int, float]:
    """
    Read a recording as far as it counts.

    Parameters
    ----------
    path
        Any file that soundfile reads.

    Returns
    -------
    samples : numpy.ndarray
        float32, shape (samples,), of the first channel in the first minute, within ±1.
    rate, channels : int
        Of the file, in Hz.
    seconds : float
        Length of the whole.

    Raises
    ------
    ValueError
        When it cannot be read, with the reason.
    """
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            rate, channels, seconds = file.samplerate, file.channels, file.frames / file.samplerate
            if min(file.frames, MAX_SECONDS * rate) * channels > MAX_SAMPLES:
                raise ValueError(f"more than {MAX_SAMPLES / 1e6:,.0f} million samples in it")
            samples = file.read(MAX_SECONDS * rate, dtype="float32", always_2d=True)[:, 0]
    except (OSError, RuntimeError) as error:
        # soundfile's own errors are RuntimeErrors; their text repeats the path.
        raise ValueError(str(error).split(": ", 1)[-1].strip(" .'\"")) from error
    if samples.size == 0:
        raise ValueError("no samples in it")
    if not np.isfinite(samples).all():
        raise ValueError("samples that are not finite")
    return samples, rate, channels, seconds


def resample(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Samples at another rate, both in Hz: float32, shape (samples,)."""
    import soxr

    resampled: np.ndarray = soxr.resample(samples, rate, wanted)
    return resampled


def _level_dbfs(samples: np.ndarray) -> float:
    power = float(np.mean(samples.astype(np.float64) ** 2))
    return max(QUIETEST_DBFS, 10 * math.log10(power)) if power > 0 else QUIETEST_DBFS


def _cut_short(path: str) -> bool:
    """Whether a RIFF file ends before its header says; soundfile reads what is there without a word."""
    with Path(path).open("rb") as file:
        head = file.read(8)
    announced = int.from_bytes(head[4:], "little")
    # A stream's writer cannot know the size and writes the largest one.
    return head[:4] == b"RIFF" and announced != 2**32 - 1 and announced + 8 > Path(path).stat().st_size + 1


def decibels(samples: np.ndarray) -> np.ndarray:
    """
    Log-mel spectrogram, as the challenge's baseline computes it: power 2, ``10·log10(max(mel, eps))``.

    Parameters
    ----------
    samples
        At 16 kHz, float32, shape (samples,).

    Returns
    -------
    numpy.ndarray
        dB, float32, shape (frames, 128): a frame every 32 ms.
    """
    from scipy import fft  # in single precision several times as fast as numpy's

    padded = np.pad(samples, N_FFT // 2)
    padded = np.pad(padded, (0, max(0, N_FFT - len(padded))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[::HOP]
    spectrum = fft.rfft(frames * _window())
    power = spectrum.real**2 + spectrum.imag**2
    mel = (_sparse_mel_filters() @ power.T).T
    return np.ascontiguousarray(10 * np.log10(np.maximum(mel, np.finfo(np.float32).eps)), dtype=np.float32)


@cache
def _window() -> np.ndarray:
    """Periodic Hann window."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)).astype(np.float32)


@cache
def _sparse_mel_filters() -> "csr_array":
    """Of the weights one in sixty is not zero."""
    from scipy.sparse import csr_array

    return csr_array(mel_filters())


@cache
def mel_filters() -> np.ndarray:
    """
    Triangular filters on Slaney's mel scale, each of unit area: linear below 1 kHz, logarithmic above.

    M. Slaney, Auditory Toolbox, Technical Report 1998-010, Interval Research. librosa's default filters are the same;
    but importing librosa compiles for ten seconds on a fresh machine, and nothing else of it is needed.

    Returns
    -------
    numpy.ndarray
        float32, shape (128, 513): weight of each frequency bin in each mel band.
    """
    step_hz, corner_hz = 200 / 3, 1000.0
    corner, log_step = corner_hz / step_hz, np.log(6.4) / 27
    top = corner + np.log(SAMPLE_RATE / 2 / corner_hz) / log_step
    mels = np.linspace(0, top, N_MELS + 2)
    hertz = np.where(mels < corner, mels * step_hz, corner_hz * np.exp(log_step * (mels - corner)))
    bins = np.fft.rfftfreq(N_FFT, 1 / SAMPLE_RATE)
    lower, centre, upper = hertz[:-2, None], hertz[1:-1, None], hertz[2:, None]
    rising, falling = (bins - lower) / (centre - lower), (upper - bins) / (upper - centre)
    weights: np.ndarray = np.maximum(0, np.minimum(rising, falling)) * 2 / (upper - lower)
    return weights.astype(np.float32)
