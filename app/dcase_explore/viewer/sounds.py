"""
A recording as the page gets it: its own bytes where browsers play them, otherwise PCM in a WAV file at its own rate.

Chromium decodes PCM of 8 to 32 bits, 32-bit float, A-law and mu-law in RIFF and RF64 files, FLAC, Ogg and MP3. It
refuses 64-bit float, ADPCM, W64 and AIFF, and plays big-endian WAV (RIFX) as noise at full scale.
"""

import contextlib
import io
import os
from typing import TYPE_CHECKING

from dcase_explore.errors import ExploreError
from dcase_explore.recordings.kept import MAX_RECORDING_BYTES, MAX_SAMPLES
from dcase_explore.regular import open_regular

if TYPE_CHECKING:
    import numpy as np
    from soundfile import SoundFile

PEAKS_PER_SECOND, FEWEST_PEAKS_PER_SECOND, PEAKS = 1_000, 50, 10_000
"""Of the drawn waveform: at most and at least so many a second, and about so many in all, as Spotlight has them."""

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_PLAYED = (b"fLaC", b"OggS", b"ID3")
_HEAD = 4_096
"""Bytes within which a WAV file says what it holds."""
MAX_CHANNELS = 2
"""That browsers mix as they were meant. Those of a microphone array they would take for loudspeakers around a room."""


class NoSound(Exception):  # noqa: N818 - a state more than an error
    """
    A recording that cannot be handed out, as a sentence for the page.

    Attributes
    ----------
    status
        Of the answer.
    """

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


def sound_of(path: str | None) -> bytes:
    """
    Read a recording for the page.

    Parameters
    ----------
    path
        Of a file; None or empty where a clip has none.

    Returns
    -------
    bytes
        A file that browsers play; of more than two channels the first one alone, as the challenge hears it.

    Raises
    ------
    NoSound
        When there is none, it is no regular file, too large, or nothing that can be read as sound.
    """
    content = _content_of(path)
    is_played, is_packed = _is_played(content[:_HEAD]), content[:4] not in (b"RIFF", b"RF64")
    if is_played and not is_packed:
        return content
    import soundfile

    if is_played:
        with contextlib.suppress(OSError, RuntimeError), soundfile.SoundFile(io.BytesIO(content)) as file:
            _check_length(file.frames * file.channels, path)
        return content
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            few_bits = file.subtype in ("PCM_16", "PCM_U8", "PCM_S8", "ULAW", "ALAW") or "ADPCM" in file.subtype
            samples = _samples(file, "int16" if few_bits else "float64", path)
            rate = file.samplerate
    except (OSError, RuntimeError, MemoryError) as error:  # soundfile's own errors are RuntimeErrors
        raise _unreadable(path, error) from error
    made = io.BytesIO()
    kept = samples if samples.shape[1] <= MAX_CHANNELS else samples[:, 0]
    soundfile.write(made, kept, rate, format="WAV", subtype="PCM_16" if few_bits else "PCM_24")
    return made.getvalue()


def peaks_of(path: str | None) -> bytes:
    """
    Highest and lowest sample of each short stretch of a recording, to be drawn.

    Parameters
    ----------
    path
        Of a file; None or empty where a clip has none.

    Returns
    -------
    bytes
        JSON list of numbers between -1 and 1: highest and lowest in turn, over all channels.

    Raises
    ------
    NoSound
        As `sound_of`.
    """
    import numpy as np
    import orjson
    import soundfile

    content = _content_of(path)
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            dtype = {"PCM_16": "int16", "PCM_24": "int32", "PCM_32": "int32"}.get(file.subtype, "float32")
            samples, rate = _samples(file, dtype, path), file.samplerate
    except (OSError, RuntimeError, MemoryError) as error:
        raise _unreadable(path, error) from error
    if not len(samples):
        return b"[]"
    per_second = max(FEWEST_PEAKS_PER_SECOND, min(PEAKS_PER_SECOND, PEAKS * rate / len(samples)))
    stretches = max(1, round(len(samples) / max(1.0, rate / per_second)))
    # Of stretches that differ in length by one, the longer ones come first.
    length, longer = divmod(len(samples), stretches)
    starts = np.cumsum([0, *[length + 1] * longer, *[length] * (stretches - longer - 1)])
    highest = np.maximum.reduceat(samples.max(axis=1), starts)
    lowest = np.minimum.reduceat(samples.min(axis=1), starts)
    peaks = np.stack([highest, lowest], axis=1).reshape(-1)
    if dtype != "float32":
        peaks = peaks.astype(np.float32) / np.iinfo(dtype).max
    return orjson.dumps(np.ascontiguousarray(peaks, dtype=np.float32), option=orjson.OPT_SERIALIZE_NUMPY)


def _samples(file: "SoundFile", dtype: str, path: str | None) -> "np.ndarray":
    """All samples, shape (frames, channels), if they are bearable; the file may claim any number."""
    samples: np.ndarray = file.read(min(file.frames, MAX_SAMPLES // file.channels + 1), dtype=dtype, always_2d=True)
    _check_length(samples.size, path)
    return samples


def _check_length(samples: int, path: str | None) -> None:
    if samples > MAX_SAMPLES:
        raise NoSound(f"{path} holds more than {MAX_SAMPLES / 1e6:,.0f} million samples", 413)


def _content_of(path: str | None) -> bytes:
    if not path:
        raise NoSound("This clip has no recording here, or one that cannot be read", 404)
    try:
        with open_regular(path) as file:
            if os.fstat(file.fileno()).st_size > MAX_RECORDING_BYTES:
                raise NoSound(f"{path} is larger than {MAX_RECORDING_BYTES // 2**20} MB", 413)
            return file.read(MAX_RECORDING_BYTES + 1)
    except ExploreError as error:
        raise NoSound(str(error), 404) from error
    except OSError as error:
        raise NoSound(f"{path} cannot be read ({error.strerror or error})", 404) from error


def _is_played(head: bytes) -> bool:
    """Whether browsers play a file that begins so."""
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        at = head.find(b"fmt ", 12)
        form = head[at + 8 : at + 8 + 40]
        if at < 0 or len(form) < 16:
            return True  # as it is: nobody could tell more of it
        code, channels, bits = (int.from_bytes(form[start : start + 2], "little") for start in (0, 2, 14))
        if code == _EXTENSIBLE and len(form) >= 26:
            code = int.from_bytes(form[24:26], "little")
        known = code in (_PCM, _ALAW, _MULAW) or (code == _FLOAT and bits == 32)
        return known and channels <= MAX_CHANNELS
    is_mp3 = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    return is_mp3 or head[:4] in _PLAYED or head[:3] in _PLAYED


def _unreadable(path: str | None, error: Exception) -> NoSound:
    reason = str(error).split(": ", 1)[-1].strip(" .'\"") or type(error).__name__
    return NoSound(f"{path} is no sound that can be read ({reason})", 415)
