"""Spectrograms as pictures: log-mel, in dB, one colour scale for all of a machine type."""

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from dcase_explore.enrich.logmel import N_FFT, SAMPLE_RATE, decibels, mel_filters

TICKS_KHZ = (0.25, 1, 2, 4, 8)
LOUDNESS = (
    *((8, 6, 30), (52, 18, 88), (112, 28, 100), (170, 48, 86)),
    *((220, 88, 56), (244, 148, 40), (250, 210, 92), (254, 252, 210)),
)
"""From dark to bright by lightness alone, so that louder is brighter for everybody, and on grey paper."""
_SHADES = 64
_TOGETHER = 3
"""Bands that are averaged before two spectra are compared."""


@dataclass(frozen=True)
class Spectrogram:
    """
    What a recording sounds like over time.

    Attributes
    ----------
    decibels
        Power of each mel band, dB, float32, shape (frames, 128).
    seconds
        That it spans.
    """

    decibels: np.ndarray = field(repr=False)
    seconds: float

    @property
    def mean(self) -> np.ndarray:
        """Mean power of each band, dB, shape (128,)."""
        return np.asarray(10 * np.log10((10 ** (self.decibels.astype(np.float64) / 10)).mean(axis=0)))

    @property
    def loudest_hertz(self) -> float:
        """Centre of the band with most power, on average over time."""
        return hertz_of(int(self.mean.argmax()))

    def unlike(self, other: "Spectrogram") -> tuple[float, float]:
        """
        Where the mean spectrum differs most from another one.

        Parameters
        ----------
        other
            What it is compared with.

        Returns
        -------
        hertz : float
            Centre of the band that differs most, a few bands taken together.
        decibels : float
            How much louder it is there; negative where it is quieter.
        """
        more = np.convolve(self.mean - other.mean, np.ones(_TOGETHER) / _TOGETHER, "valid")
        band = int(np.abs(more).argmax())
        return hertz_of(band + _TOGETHER // 2), float(more[band])

    def png(self, scale: tuple[float, float]) -> str:
        """
        As a picture.

        Parameters
        ----------
        scale
            Decibels that are drawn darkest and brightest.

        Returns
        -------
        str
            PNG, base64: one pixel per frame and band, low bands at the bottom.
        """
        from PIL import Image

        low, high = scale
        shades = np.clip((self.decibels - low) / (high - low), 0, 1) * (_SHADES - 1)
        image = Image.fromarray(np.ascontiguousarray(shades.round().astype(np.uint8).T[::-1]))
        image.putpalette(palette().tobytes())
        packed = io.BytesIO()
        image.save(packed, "PNG", optimize=True)
        return base64.b64encode(packed.getvalue()).decode()


def spectrogram(samples: np.ndarray) -> Spectrogram:
    """
    Compute the challenge baseline's spectrogram: 128 mel bands, power 2, ``10·log10(max(mel, eps))``.

    Parameters
    ----------
    samples
        At 16 kHz, float32, shape (samples,).

    Returns
    -------
    Spectrogram
        A frame every 32 ms.
    """
    return Spectrogram(decibels(samples), len(samples) / SAMPLE_RATE)


def scale_of(spectrograms: Iterable[Spectrogram]) -> tuple[float, float]:
    """
    One scale for several: from what all but the quietest twentieth exceeds to what hardly anything does.

    Returns
    -------
    tuple of float
        dB, whole, ten apart at least.
    """
    values = np.concatenate([picture.decibels.ravel() for picture in spectrograms])
    low, high = np.floor(np.quantile(values, 0.05)), np.ceil(np.quantile(values, 0.9995))
    return float(low), float(max(high, low + 10))


def palette() -> np.ndarray:
    """Colours from quiet to loud, uint8, shape (64, 3)."""
    places = np.linspace(0, len(LOUDNESS) - 1, _SHADES)
    anchors = np.array(LOUDNESS, dtype=np.float64)
    channels = [np.interp(places, np.arange(len(anchors)), anchors[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def hertz_of(band: int) -> float:
    """Centre of a mel band."""
    bins = np.arange(N_FFT // 2 + 1) * SAMPLE_RATE / N_FFT
    weights = mel_filters()[band]
    return float((bins * weights).sum() / weights.sum())


def height_of(hertz: float) -> float:
    """Where a frequency lies between the lowest band (0) and the highest (1), on Slaney's mel scale."""
    corner, step = 1000.0, 200 / 3
    log_step = np.log(6.4) / 27
    mel = hertz / step if hertz < corner else corner / step + np.log(hertz / corner) / log_step
    return float(mel / (corner / step + np.log(SAMPLE_RATE / 2 / corner) / log_step))
