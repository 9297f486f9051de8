"""Recordings of a report: heard once for their picture, packed without loss for their player."""

import base64
import io
from collections.abc import Iterable

import numpy as np

from dcase_explore.enrich.logmel import SAMPLE_RATE
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some
from dcase_explore.recordings import fetch_all, not_here
from dcase_explore.regular import open_regular
from dcase_explore.reporting.pictures import Spectrogram, spectrogram

LONGEST = 20
"""Seconds of a recording that are drawn and played; the challenge's have 6 to 18."""


class Sounds:
    """
    The recordings that a report shows.

    Parameters
    ----------
    paths
        Of recordings; those that are elsewhere are fetched.
    to_play
        Whether they are wanted for players; otherwise none is fetched, and those that are here are drawn.
    """

    def __init__(self, paths: Iterable[str], *, to_play: bool) -> None:
        self.to_play = to_play
        wanted = list(dict.fromkeys(paths))
        self._fetch(wanted)
        self.pictures: dict[str, Spectrogram] = {}
        self.seconds: dict[str, float] = {}
        self._packed: dict[tuple[str, float], str] = {}
        problems = []
        for path in wanted:
            try:
                samples, self.seconds[path] = _samples(path)
                self.pictures[path] = spectrogram(samples)
            except (ExploreError, OSError, RuntimeError, ValueError) as error:  # soundfile's own are RuntimeErrors
                problems.append(f"{path} ({str(error).split(': ', 1)[-1].strip(' .')})")
        if problems:
            note(f"{counted(len(problems), 'recording')} that cannot be read, reported without sound: {some(problems)}")

    def _fetch(self, paths: list[str]) -> None:
        missing = not_here(paths)
        if missing and self.to_play:
            try:
                fetch_all(paths)
            except ExploreError as error:
                note(f"recordings that cannot be fetched are reported without sound: {error}")
        elif missing:
            note(f"{counted(missing, 'recording')} would have to be fetched to be drawn; with --audio none none is")

    def __contains__(self, path: object) -> bool:
        return path in self.pictures

    def flac(self, path: str, seconds: float) -> str:
        """
        The beginning of a recording, as browsers play it, without loss.

        Parameters
        ----------
        path
            Of a recording that was heard.
        seconds
            How much of it.

        Returns
        -------
        str
            FLAC, base64.
        """
        key = path, min(seconds, self.seconds[path])
        if key not in self._packed:
            self._packed[key] = _as_flac(*key)
        return self._packed[key]

    @property
    def longest(self) -> float:
        """Seconds that the longest recording has."""
        return max(self.seconds.values(), default=0.0)


def _as_flac(path: str, seconds: float) -> str:
    """A recording's beginning; of several channels the first, as the challenge does."""
    import soundfile

    with open_regular(path) as opened, soundfile.SoundFile(opened) as file:
        # Players decode up to 24 bits.
        deep = file.subtype not in ("PCM_16", "PCM_S8", "PCM_U8", "ULAW", "ALAW")
        samples = file.read(round(seconds * file.samplerate), dtype="int32" if deep else "int16", always_2d=True)[:, 0]
        packed = io.BytesIO()
        subtype = "PCM_24" if deep else "PCM_16"
        soundfile.write(packed, samples, file.samplerate, format="FLAC", subtype=subtype, compression_level=1.0)
    return base64.b64encode(packed.getvalue()).decode()


def _samples(path: str) -> tuple[np.ndarray, float]:
    """First channel at 16 kHz, float32, shape (samples,), and the seconds of the whole."""
    import soundfile

    with open_regular(path) as opened, soundfile.SoundFile(opened) as file:
        rate, seconds = file.samplerate, file.frames / file.samplerate
        samples = file.read(LONGEST * rate, dtype="float32", always_2d=True)[:, 0]
    if samples.size == 0:
        raise ValueError("no samples in it")
    if not np.isfinite(samples).all():
        raise ValueError("samples that are not finite")
    if rate != SAMPLE_RATE:
        import soxr

        samples = soxr.resample(samples, rate, SAMPLE_RATE)
    return samples, seconds
