"""
Two things of Spotlight's page that machine sounds need otherwise and no setting reaches, changed as the page is served.

Spectrograms are 120 pixels high, too low to read; and the browser decodes every recording at its own device's rate, so
that of a 16 kHz recording's spectrogram two thirds are empty. Where the script is not as expected it is served as it
is; `tests/test_viewer.py` fails when a new Spotlight moves it.
"""

import re
from functools import cache
from pathlib import Path

SPECTROGRAM_PIXELS = 260
DEFAULT_RATE = 16_000

_HEIGHT = re.compile(r'(\.key = "SpectrogramView", \w+\.defaultHeight = )120\b')
# Made on first use, after a click: a browser keeps a sound context silent that was made before one.
_RATE = """Object.defineProperty(globalThis, "WaveSurferAudioContext", {
  get() { return this.__clipContext ??= new AudioContext({ sampleRate: %d }); },
});
"""


@cache
def main_script(sampling_rate: int) -> str:
    """
    Spotlight's page script with higher spectrograms and the recordings' own sampling rate.

    Parameters
    ----------
    sampling_rate
        Of the recordings, in Hz.

    Returns
    -------
    str
        JavaScript module.
    """
    import renumics.spotlight.backend

    path = Path(renumics.spotlight.backend.__file__).parent / "statics" / "main.js"
    script = _HEIGHT.sub(rf"\g<1>{SPECTROGRAM_PIXELS}", path.read_text(encoding="utf-8"), count=1)
    return _RATE % sampling_rate + script


def sampling_rate_of(paths: list[str]) -> int:
    """
    Sampling rate of the recordings, by the first one.

    Parameters
    ----------
    paths
        Recordings that can be read; may be empty.

    Returns
    -------
    int
        In Hz; the challenge's 16 kHz where there is no recording, or one that no browser context can have.
    """
    import soundfile

    for path in paths[:1]:
        rate: int = soundfile.info(path).samplerate
        if 3_000 <= rate <= 384_000:
            return rate
    return DEFAULT_RATE
