"""
What of Spotlight's page machine sounds need otherwise and no setting reaches, changed as the page is served.

- A spectrogram is 120 pixels high, too low to read.
- It stays empty until something else makes the page draw again, because its size is watched on an element that is not
  there yet.
- The browser decodes every recording at its own device's rate, so that of a 16 kHz recording's spectrogram two thirds
  are empty.
- A scatter plot draws rows without a value at 0, as if that were one: a clip without a place stands on the map.
- A column's description is broken within words, and its lines are run together.
- The inspector's values stand there without their names: a score and a cost are two bare numbers.
- A table's columns are as wide as their type says, so that headings and attributes are cut off.
- The title of a finding is cut off where it is longer than its line, and its description is read as Markdown, which
  takes what stands between the underscores of two names for italics.
- A histogram's column, where its name is long, pushes the settings out of sight.
- A histogram cuts the names of categories to "car..." and leaves them out from 26 on, as many as ToyCar has.
- A width or height of exactly 100 is saved as 1.
- A layout is saved as this page has it, without what binding left out and with random keys; one that is refused is
  refused without a word.
- Of a cell that cannot be had, such as the sound of a clip without one, the page says "Error" and not why, and never
  asks for it again, though a recording that was on its way may have come.

Where the script is not as expected it is served as it is, and that is said; `tests/test_viewer.py` fails when a new
Spotlight moves it.
"""

import re
from functools import cache
from pathlib import Path

from dcase_explore.messages import note

SPECTROGRAM_PIXELS = 208
"""So that two of them with their players fit a page of 900 pixels."""
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
    # Ask again for what could not be had the last time.
    (
        re.compile(r"(?P<kept>\w+)\.set\((?P<key>\w+), (?P<its>\w+)\);(\s*\}\s*return (?P=its)\.promise;)"),
        r"\g<kept>.set(\g<key>, \g<its>); \g<its>.promise.catch(() => \g<kept>.delete(\g<key>));\4",
    ),
    # The name in front of the value.
    (
        re.compile(
            r"(\(\w+, \{ )(children: )(?P<value>[^;\n]{0,20}\(0, (?P<react>\w+)\.jsx\)\(\w+, \{\s*value: \w+,\s*"
            r'column: (?P<column>\w+)\s*\}\))( \}\);\s*\w+\.key = "ScalarView")'
        ),
        r'\1style: { display: "flex", gap: "0.5rem", padding: "0 0.25rem" }, '
        r'\2[(0, \g<react>.jsx)("span", { style: { opacity: 0.6 }, children: \g<column>.name }), \g<value>]\6',
    ),
    # As wide as the heading and the categories need, within reason.
    (
        re.compile(
            r"(\(\w+\[(?P<column>\w+)\.key\] = )(?P<width>\w+\[\w+\.type\.kind\])"
            r'(, \w+\), \{\}\), \[\w+\]\)[^;]{0,200}\("dataGridColumnWidths")'
        ),
        r"\1\g<width> > 128 ? \g<width> : Math.min(200, 48 + 7.5 * Math.max(..."
        r"[\g<column>.name, ...Object.keys(\g<column>.type.categories ?? {})].map((text) => text.length)))\4",
    ),
    # The title over several lines, and the columns behind it where they fit.
    (
        re.compile(
            r'(\{)(\s*onClick: \w+,\s*role: "button",\s*children: \[[^$]{0,200}\$_css2[^;]{0,1500}?\{)(\s*\$_css4: '
            r"[^;]{0,600}?\(\w+, \{)( children: \w+\.columns\?\.map)"
        ),
        r'\1 style: { height: "auto", minHeight: "1.75rem" },\2 style: { whiteSpace: "normal" },'
        r'\3 style: { flexShrink: 1e6, minWidth: 0, overflow: "hidden" },\4',
    ),
    # Its description as it is.
    (
        re.compile(
            r'(\(\w+, \{ )children: [^;]{0,20}\(0, \w+\.jsx\)\(\w+, \{ content: (\w+\.description \?\? "") \}\)'
        ),
        r'\1style: { padding: "0 0.5rem 0.5rem 0" }, children: \2',
    ),
    # Cut the column's name rather than push the settings out.
    (
        re.compile(
            r"(\(\w+, \{)( children: \w+ \}\),[^;]{0,40}\(\w+, \{\s*onClick: \(\) => \w+\(\(\w+\) => !\w+\),\s*"
            r"tooltip: \w+ \?)"
        ),
        r'\1 style: { minWidth: 0, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" },\2',
    ),
    # Upright over its bar where a name is wider than it.
    (
        re.compile(
            r"(var \w+ = )25(, \w+ = \((?P<node>\w+), (?P<room>\w+)\) => \{\s*if \(!\w+\) return;\s*"
            r"let (?P<text>\w+) = \w+\(\w+\), (?P<length>\w+) = [^;]*;)\s*for \(;[^;]*;\)[^;]*;"
        ),
        r"\g<1>40\g<2> const upright = \g<length> > \g<room>;"
        r' \g<text>.attr("transform", upright ? "rotate(-90)" : null).attr("x", upright ? 5 : null)'
        r'.attr("y", upright ? 0 : \g<text>.attr("y")).attr("dy", upright ? "0.32em" : "0.71em")'
        r'.style("text-anchor", upright ? "start" : null).style("paint-order", "stroke")'
        r'.style("stroke", upright ? "#fafcfe" : null).style("stroke-width", 3).style("pointer-events", "none");',
    ),
    # What is left unsaid of a weight is 100, not 1: of a split, and of a tab.
    (re.compile(r'(kind: "split",\s*weight: \w+\.weight \?\? )1\b'), r"\g<1>100"),
    (re.compile(r'(kind: "tab",\s*weight: \w+\.weight \?\? )1\b'), r"\g<1>100"),
    # Save the file that is made of it here.
    (
        re.compile(
            r"(save: \((?P<layout>\w+)\) => \{\s*)(?P<save>\([^;]{0,40}\.saveAs\))"
            r'\(new Blob\(\[JSON\.stringify\(\w+\)\], \{ type: "[^"]*" \}\), (?P<file>"[^"]*")\);'
        ),
        r'\1fetch("api/layout/file", { method: "PUT", body: JSON.stringify({ layout: \g<layout> }) })'
        r".then((answer) => answer.ok ? answer.blob() : answer.json().then((problem) => { throw problem; }))"
        r".then((file) => \g<save>(file, \g<file>), (problem) => alert(problem.title ?? problem));",
    ),
    # Load a file as it is: it is read and checked here. Say why it is not loaded.
    (
        re.compile(
            r"let \w+ = JSON\.parse\((?P<text>\w+\.target\.result)\);\s*"
            r"\w+\.layout\.setLayout\(\{ setLayoutRequest: \{ layout: \w+ \} \}\)\.then\((?P<show>[^;]*)\);"
        ),
        r'fetch("api/layout/load", { method: "PUT", body: \g<text> })'
        r".then((answer) => answer.json().then((loaded) => { if (!answer.ok) throw loaded; return loaded; }))"
        r".then(\g<show>).catch((problem) => alert(problem.title ?? problem));",
    ),
    # Say why what was arranged is not taken.
    (
        re.compile(
            r"(\.isEqual\(\w+, \w+\.current\) \|\| "
            r"\([^;]*?\.setLayout\(\{ setLayoutRequest: \{ layout: \w+ \} \}\))(\);)"
        ),
        r"\1.catch((refusal) => refusal.response?.json().then((problem) => alert(problem.title)))\2",
    ),
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
