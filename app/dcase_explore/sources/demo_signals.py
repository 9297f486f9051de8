"""Building blocks of the synthetic machine sounds: coloured noise, periodic waves, decaying bursts."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

SAMPLE_RATE = 16_000  # Hz
SECONDS = 10
N_SAMPLES = SAMPLE_RATE * SECONDS

Signal = NDArray[np.float32]
Spectrum = Sequence[tuple[float, float]]  # (Hz, dB) points, rising in Hz

_TABLE_SIZE = 16_384
_HZ = np.fft.rfftfreq(N_SAMPLES, 1 / SAMPLE_RATE)
_LOG_HZ = np.log2(np.maximum(_HZ, 1.0))
TIME = np.arange(N_SAMPLES) / SAMPLE_RATE
"""Time of each sample in seconds, float64, shape (160000,)."""


def gain_curve(spectrum: Spectrum) -> Signal:
    """
    Interpolate the linear gain of each frequency bin of a whole clip.

    Parameters
    ----------
    spectrum
        (Hz, dB) points; in between, dB is interpolated over log frequency.

    Returns
    -------
    ndarray, float32, shape (80001,)
        Gain from 0 Hz to 8 kHz.
    """
    hz, db = np.array(spectrum, dtype=np.float64).T
    gain: Signal = np.exp((np.log(10) / 20 * np.interp(_LOG_HZ, np.log2(hz), db)).astype(np.float32))
    gain[_HZ < 15] = 0  # inaudible, and it would only eat headroom
    return gain


def coloured_noise(rng: np.random.Generator, spectrum: Spectrum) -> Signal:
    """
    Make Gaussian noise of unit RMS with the given spectral shape.

    Parameters
    ----------
    rng
        Source of randomness.
    spectrum
        (Hz, dB) points, see `gain_curve`.

    Returns
    -------
    ndarray, float32, shape (160000,)
    """
    gain = gain_curve(spectrum)
    # Drawn in the frequency domain: one FFT instead of two.
    bins = rng.standard_normal(2 * gain.size, dtype=np.float32).view(np.complex64)
    noise = np.fft.irfft(bins * gain, N_SAMPLES).astype(np.float32)
    # Scaled by the expected RMS, not the measured one: noise keeps its natural differences in level.
    return noise * np.float32(N_SAMPLES / np.sqrt(4 * np.sum(gain**2, dtype=np.float64)))


def transfer(signal: Signal, spectrum: Spectrum) -> Signal:
    """
    Filter a clip as the path from machine to microphone would (zero phase).

    Parameters
    ----------
    signal
        float32, shape (160000,).
    spectrum
        (Hz, dB) points, see `gain_curve`.

    Returns
    -------
    ndarray, float32, shape (160000,)
    """
    return np.fft.irfft(np.fft.rfft(signal) * gain_curve(spectrum), N_SAMPLES).astype(np.float32)


def drift(rng: np.random.Generator, period: float, deviation: float) -> NDArray[np.float64]:
    """
    Draw a slow random curve around 0, for levels and speeds that wander.

    Parameters
    ----------
    rng
        Source of randomness.
    period
        Seconds between the random points that the curve joins.
    deviation
        Standard deviation of those points; the curve has the same unit.

    Returns
    -------
    ndarray, float64, shape (160000,)
    """
    points = np.arange(0, SECONDS + 2 * period, period)
    return np.interp(TIME, points, rng.normal(0, deviation, points.size))


def turns(hz: ArrayLike) -> NDArray[np.float64]:
    """Count the turns since the start of the clip at a (varying) rate in Hz: float64, shape (160000,)."""
    return np.cumsum(np.broadcast_to(np.asarray(hz, dtype=np.float64), N_SAMPLES)) / SAMPLE_RATE


def harmonics(rng: np.random.Generator, angle: NDArray[np.float64], levels: Sequence[float]) -> Signal:
    """
    Sum up harmonics of a rotation, each with a random phase.

    Parameters
    ----------
    rng
        Source of randomness.
    angle
        Turns since the start (see `turns`), float64, shape (160000,).
    levels
        Peak amplitude of harmonics 1, 2, 3, ...; the caller keeps them below 8 kHz.

    Returns
    -------
    ndarray, float32, shape (160000,)
    """
    bins = np.zeros(_TABLE_SIZE // 2 + 1, dtype=np.complex128)
    phases = rng.uniform(0, 2 * np.pi, len(levels))
    bins[1 : len(levels) + 1] = np.asarray(levels) * np.exp(1j * phases) * _TABLE_SIZE / 2
    # One turn is tabulated and looked up: the cost does not grow with the number of harmonics.
    table = np.fft.irfft(bins, _TABLE_SIZE).astype(np.float32)
    return np.asarray(table[(angle * _TABLE_SIZE).astype(np.int64) & (_TABLE_SIZE - 1)])


def ring(hz: Iterable[float], decay: float) -> Signal:
    """
    Make the sound of one knock: a short noisy impact and resonances that decay, peak 1.

    Parameters
    ----------
    hz
        Resonance frequencies in Hz; the first is the strongest.
    decay
        Seconds until the amplitude has fallen to 1/e.

    Returns
    -------
    ndarray, float32, shape (5 * decay * 16000,)
    """
    t = np.arange(int(5 * decay * SAMPLE_RATE)) / SAMPLE_RATE
    knock = sum(np.sin(2 * np.pi * f * t) / (i + 1) for i, f in enumerate(hz)) * np.exp(-t / decay)
    # The impact itself is broadband; its noise never changes, so that resonances alone tell knocks apart.
    knock += 0.6 * np.random.default_rng(0).standard_normal(t.size) * np.exp(-t / min(0.003, decay))
    return np.asarray(knock / np.max(np.abs(knock)), dtype=np.float32)


def bursts(times: NDArray[np.float64], gains: ArrayLike, knock: Signal) -> Signal:
    """
    Place a knock at each of the given times.

    Parameters
    ----------
    times
        Onsets in seconds, float64, shape (n,); those outside the clip are left out.
    gains
        Amplitudes, a scalar or shape (n,).
    knock
        float32, shape (k,), for instance from `ring`.

    Returns
    -------
    ndarray, float32, shape (160000,)
    """
    inside = (times >= 0) & (times < SECONDS)
    starts = (times[inside] * SAMPLE_RATE).astype(np.int64)
    weights = np.broadcast_to(gains, times.shape)[inside]
    places = starts[:, None] + np.arange(knock.size)
    summed = np.bincount(places.ravel(), (weights[:, None] * knock).ravel(), minlength=N_SAMPLES + knock.size)
    return summed[:N_SAMPLES].astype(np.float32)


def crossings(angle: NDArray[np.float64], offset: float = 0.0) -> NDArray[np.float64]:
    """Find the times (s, float64) at which a rising angle in turns passes whole numbers plus `offset`."""
    first, last = np.ceil(angle[0] - offset), np.floor(angle[-1] - offset)
    return np.interp(np.arange(first, last + 1) + offset, angle, TIME)


def factory_noise(rng: np.random.Generator) -> Signal:
    """Make the background of a factory hall: rumble that swells and fades, mains hum, a rare clank."""
    db = rng.normal((0, 0, -8, -19, -30), 0.8)
    hall = coloured_noise(rng, list(zip((30, 150, 600, 2500, 8000), db, strict=True)))
    hall *= 10 ** (drift(rng, 0.8, 1.0) / 20)
    hum = harmonics(rng, turns(50.0), [0.15, 0.3, 0.05, 0.12, 0.0, 0.06])
    clanks = rng.uniform(0, SECONDS, rng.poisson(2))
    knock = ring(rng.uniform(500, 2500, 3), 0.06)
    return (hall + hum + bursts(clanks, rng.uniform(0.3, 1.2, clanks.size), knock)).astype(np.float32)


def mixed_noise(rng: np.random.Generator, kind: str) -> Signal:
    """Make the factory noise mixed into fan clips: W a press, X a pump, Y compressed air, Z a saw."""
    if kind == "W":
        beats = np.arange(rng.uniform(0, 0.9), SECONDS, 0.9)
        return bursts(beats, rng.uniform(0.8, 1.6, beats.size), ring((95, 310, 720), 0.08))
    if kind == "X":
        return harmonics(rng, turns(31 * (1 + drift(rng, 1.5, 0.004))), [0.1, 0.3, 0.2, 0.3, 0.1, 0.1])
    if kind == "Y":
        air = coloured_noise(rng, [(500, -30), (2500, -4), (5000, 0), (8000, -3)])
        return (air * np.clip(0.18 + drift(rng, 0.7, 0.15), 0.02, 0.6)).astype(np.float32)
    saw = harmonics(rng, turns(620 * (1 + drift(rng, 0.5, 0.03))), [0.15, 0.1, 0.08, 0.06, 0.04])
    return (saw * np.clip(0.8 + drift(rng, 1.0, 0.8), 0, 2)).astype(np.float32)
