"""
What of Spotlight's page machine sounds need otherwise and no setting reaches, changed as the page is served.

- A spectrogram is 120 pixels high, too low to read.
- It stays empty until something else makes the page draw again, because its size is watched on an element that is not
  there yet.
- The browser decodes every recording at its own device's rate, so that of a 16 kHz recording's spectrogram two thirds
  are empty.
- A scatter plot draws rows without a value at 0, as if that were one: a clip without a place stands on the map.
- A column's description is broken within words, and its lines are run together.
- Of a cell that cannot be had, such as the sound of a clip without one, the page says "Error" and not why.

Where the script is not as expected it is served as it is, and that is said; `tests/test_viewer.py` fails when a new
Spotlight moves it.
"""

import re
from functools import cache
from pathlib import Path

from dcase_explore.messages import note

SPECTROGRAM_PIXELS = 260
DEFAULT_RATE = 16_000

CHANGES = (
    (re.compile(r'(\.key = "SpectrogramView", \w+\.defaultHeight = )120\b'), rf"\g<1>{SPECTROGRAM_PIXELS}"),
    # Watch the reference, which is filled once the lens stands, instead of what it held before.
    (
        re.compile(
            r"\b(\w+)\((\w+)\.current(, \(\) => \{\s*if \(\w+ === void 0\) return;\s*let \w+ = \w+\.current\?\.backend)"
        ),
        r"\1(\2\3",
    ),
    # Leave out the rows that have no x or no y.
    (
        re.compile(
            r'(\[(?P<x>\w+), \w+\] = \w+\("xAxisColumn", ""\), \[(?P<y>\w+), \w+\] = \w+\("yAxisColumn", ""\)'
            r"[^;]{0,600}?\bcolumnData: (?P<data>\w+),[^;]{0,400}?\.useMemo\)\(\(\) => )"
            r"(?P<rows>\w+ \? \w+ : \w+)(, \[)"
        ),
        r"\1(\g<rows>).filter((row) => !Number.isNaN(\g<data>[\g<x>]?.[row]) && !Number.isNaN(\g<data>[\g<y>]?.[row]))"
        r"\6\g<data>, \g<x>, \g<y>, ",
    ),
    # Throw the server's answer, which has the sentence, rather than the failed request.
    (re.compile(r'(\|\| (\w+)\?\.type !== "GenerationIDMismatch"\) throw )(\w+);'), r"\1\2 ?? \3;"),
    (
        re.compile(r"\{ (children: \w+\.description) \}"),
        r'{ style: { whiteSpace: "pre-line", wordBreak: "normal", overflowWrap: "anywhere" }, \1 }',
    ),
)
"""Pattern and replacement of each change to the script; each pattern stands in it exactly once."""
# Made on first use, after a click: a browser keeps a sound context silent that was made before one.
_RATE = """Object.defineProperty(globalThis, "WaveSurferAudioContext", {
  get() { return this.__clipContext ??= new AudioContext({ sampleRate: %d }); },
});
"""


@cache
def main_script(sampling_rate: int) -> str:
    """
    Spotlight's page script with readable spectrograms at the recordings' own sampling rate.

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
    script = path.read_text(encoding="utf-8")
    for pattern, replacement in CHANGES:
        script, changed = pattern.subn(replacement, script, count=1)
        if not changed:
            note(
                "this version of Spotlight is not the one that was tested: its page may draw sounds and maps less well"
            )
    return _RATE % sampling_rate + script


def sampling_rate_of(paths: list[str]) -> int:
    """
    Sampling rate of the recordings, by the first one.

    Parameters
    ----------
    paths
        Recordings; may be empty.

    Returns
    -------
    int
        In Hz; the challenge's 16 kHz where the first recording has none, or one that no browser context can have.
    """
    import soundfile

    try:
        rate: int = soundfile.info(paths[0]).samplerate if paths else DEFAULT_RATE
    except (OSError, RuntimeError):  # soundfile's own errors are RuntimeErrors
        return DEFAULT_RATE
    return rate if 3_000 <= rate <= 384_000 else DEFAULT_RATE
