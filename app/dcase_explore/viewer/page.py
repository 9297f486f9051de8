"""
What of Spotlight's page machine sounds need otherwise and no setting reaches, changed as the page is served.

- A spectrogram is 120 pixels high, too low to read.
- It stays empty until something else makes the page draw again, because its size is watched on an element that is not
  there yet.
- The browser decodes every recording at its own device's rate, so that of a 16 kHz recording's spectrogram two thirds
  are empty.
- A scatter plot draws rows without a value at 0, as if that were one: a clip without a place stands on the map.
- A scatter plot's axes, and what a confusion matrix is of, are called by their columns' keys, not their names.
- A column's description is broken within words, and its lines are run together.
- The inspector's values stand there without their names: a score and a cost are two bare numbers.
- A table's columns are as wide as their type says, so that headings and attributes are cut off.
- A histogram's column, where its name is long, pushes the settings out of sight.
- A histogram cuts the names of categories to "car..." and leaves them out from 26 on, as many as ToyCar has.
- A width or height of exactly 100 is saved as 1.
- A layout is saved as this page has it, without what binding left out and with random keys; one that is refused is
  refused without a word.
- A worker that is to tell how relevant columns are ends with an error as soon as it is loaded.
- A button of an icon alone has no name for who does not see it.
- Colour scales of all columns are computed whenever anything is filtered, though few are used.
- Markdown and HTML in a text are shown with whatever a stranger wrote there.
- Of a cell that cannot be had, such as the sound of a clip without one, the page says "Error" and not why, and never
  asks for it again, though a recording that was on its way may have come.

Where the script is not as expected it is served as it is, and that is said; `tests/test_viewer.py` fails when a new
Spotlight moves it.
"""

import contextlib
import hashlib
import re
from pathlib import Path

from dcase_explore.cache import cache_folder, write_atomically
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note

SPECTROGRAM_PIXELS = 208
"""So that two of them with their players fit a page of 900 pixels."""
_PURIFIER = "dcaseExplorePurifier"
"""Of HTML: the page's own, under a name by which all of its lenses find it."""
_COLUMNS = "globalThis.spotlight.useDataset.getState().columnsByKey"

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
    # The names of the axes.
    (
        re.compile(
            r"(\(0, \w+\.jsx\)\(\w+, \{ caption: )(?P<x>\w+)( \}\),\s*/\* @__PURE__ \*/ "
            r"\(0, \w+\.jsx\)\(\w+, \{ caption: )(?P<y>\w+)( \}\)\s*\]\s*\}\), \w+ && [^;]{0,200}"
            r"caption: \w+\.name \|\| \w+)"
        ),
        rf"\1{_COLUMNS}[\g<x>]?.name\3{_COLUMNS}[\g<y>]?.name\5",
    ),
    # The names of the columns that a confusion matrix is of.
    *(
        (
            re.compile(
                rf'(children: "{axis}" \}}\),\s*/\* @__PURE__ \*/ \(0, \w+\.jsx\)\(\w+, \{{ children: '
                r"/\* @__PURE__ \*/ \(0, \w+\.jsx\)\(\w+, \{\s*options: \w+,)"
                r'(\s*onChange: \w+,\s*value: \w+,\s*variant: "inset")'
            ),
            rf'\1 label: (key) => {_COLUMNS}[key]?.name ?? key ?? "",\2',
        )
        for axis in "XY"
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
    # All that is shown as HTML is purified: of a text that is Markdown or HTML as well.
    (
        re.compile(
            r"(var \w+ = )(\w+\(\), \w+ = \(\{ value: \w+ \}\) => [^;]{0,60}\.sanitize\(\w+\) \}\);\s*\w+\.key = "
            r'"SafeHtmlLens")'
        ),
        rf"\1globalThis.{_PURIFIER} = \2",
    ),
    (
        re.compile(r"(\(\{ html: (?P<html>\w+) \}\) => [^;]{0,200}dangerouslySetInnerHTML: \{ __html: )(?P=html) \}"),
        rf"\1globalThis.{_PURIFIER}.sanitize(\g<html>, {{ FORBID_TAGS: ['style', 'form', 'input', 'button'], "
        r"FORBID_ATTR: ['style', 'id', 'class', 'name'], SANITIZE_NAMED_PROPS: true }) }",
    ),
    (
        re.compile(r"\{ (children: \w+\.description) \}"),
        r'{ style: { whiteSpace: "pre-line", wordBreak: "normal", overflowWrap: "anywhere" }, \1 }',
    ),
)
"""Pattern and replacement of each change to the script; each pattern stands in it exactly once."""

LIBRARY_CHANGES = (
    # A button of an icon alone is called what its tooltip says.
    (
        re.compile(
            r"(\(\{ tooltip: (?P<tip>\w+), children: (?P<icon>\w+), \.\.\.(?P<rest>\w+) \}, \w+\) => \{\s*"
            r"let \w+ = [^;]{0,60}\(0, \w+\.jsx\)\(\w+, \{\s*ref: \w+,)(\s*\.\.\.(?P=rest),)"
        ),
        r'\1 "aria-label": typeof \g<tip> === "string" && \g<icon>?.type ? \g<tip> : void 0,\5',
    ),
    (
        re.compile(
            r"(relevanceWorker: )\w+\(new Worker\(new URL\([^;]{0,300}?assets/relevanceWorker[^;]{0,200}?"
            r'\{ type: "module" \}\)\)'
        ),
        r"\1{ computeRelevances: () => Promise.resolve(new Map()) }",
    ),
    # Each when it is first used, and once.
    (
        re.compile(
            r"let (?P<values>\w+) = (?P<data>\w+)\[(?P<column>\w+)\.key\], (?P<some>\w+) = "
            r"Array\((?P<rows>\w+)\.length\);\s*for \([^)]*\) (?P=some)\[\w+\] = [^;]*;\s*"
            r"return (?P<all>\w+)\[(?P=column)\.key\] = \{\s*full: (?P<full>\w+\((?P=values), [^\n]*\)),\s*"
            r"filtered: (?P<filtered>\w+\((?P=some), [^\n]*\))\s*\}"
        ),
        r"let \g<values> = \g<data>[\g<column>.key], forAll, forSome;"
        r" return \g<all>[\g<column>.key] = { get full() { return forAll ??= \g<full>; }, get filtered() {"
        r" return forSome ??= ((\g<some>) => \g<filtered>)(Array.from(\g<rows>, (row) => \g<values>[row])); } }",
    ),
)
"""The same for the page's library, ``lib-….js``."""
# Made on first use, after a click: a browser keeps a sound context silent that was made before one.
_CONTEXT = """Object.defineProperty(globalThis, "WaveSurferAudioContext", {
  get() { return this.__clipContext ??= new AudioContext({ sampleRate: %d }); },
});
addEventListener("contextmenu", (event) => event.preventDefault());
"""


def clip_context(sampling_rate: int) -> str:
    """
    What stands before the page's script, so that recordings are decoded at their own rate.

    Parameters
    ----------
    sampling_rate
        Of the recordings, in Hz.

    Returns
    -------
    str
        JavaScript.
    """
    return _CONTEXT % sampling_rate


def changed_script(path: Path) -> bytes:
    """
    A script of Spotlight's page, as it is handed out.

    Changing it takes a third of a second, so that it is kept in the cache.

    Parameters
    ----------
    path
        Spotlight's ``main.js``, or its ``lib-….js``.

    Returns
    -------
    bytes
        JavaScript module.
    """
    changes = CHANGES if path.name == "main.js" else LIBRARY_CHANGES
    status = path.stat()
    made_of = [(pattern.pattern, replacement) for pattern, replacement in changes]
    key = hashlib.sha256(repr([str(path), status.st_size, status.st_mtime_ns, made_of]).encode()).hexdigest()[:24]
    try:
        kept = cache_folder("page") / f"{path.stem}-{key}.js"
        if kept.is_file():
            return kept.read_bytes()
    except (ExploreError, OSError):
        kept = None
    script = path.read_text(encoding="utf-8")
    whole = True
    for pattern, replacement in changes:
        script, changed = pattern.subn(replacement, script, count=1)
        whole &= bool(changed)
    content = script.encode()
    if not whole:
        note("this version of Spotlight is not the one that was tested: its page may draw sounds and maps less well")
    elif kept is not None:
        with contextlib.suppress(OSError):  # a full disk: it is changed anew the next time
            write_atomically(kept, content)
    return content
