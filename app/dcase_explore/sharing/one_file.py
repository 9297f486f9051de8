"""The page in one file that opens by double click: all files of a copy stand in it, and its scripts know each other."""

import base64
import gzip
import html
import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath

from dcase_explore.cache import in_the_making
from dcase_explore.errors import ExploreError
from dcase_explore.regular import open_regular
from dcase_explore.reporting.page import digest
from dcase_explore.sharing.card import about
from dcase_explore.sharing.page import part, write_page
from dcase_explore.sharing.site import Shared
from dcase_explore.temporary import temporary_folder
from dcase_explore.view import View

GENERATOR = "dcase-explore share"
"""What stands in the head of every file that is ours."""
MAIN = "static/main.js"
_FIRST = ("opening.js", "answers.js")
_POLICY = (
    "default-src 'none'; script-src {scripts} blob:; style-src 'unsafe-inline'; img-src data: blob:; media-src data: "
    "blob:; font-src data:; worker-src blob:; connect-src blob:; base-uri 'none'; form-action 'none'"
)
_ADDRESS = "dcase-explore-file:"
"""What stands before a script's name where it is named: `opening.js` puts its address there."""
_IMPORTED = re.compile(r'(?P<before>(?:\bfrom|^import) ?)"(?P<name>\./[\w./-]+\.js)"', re.MULTILINE)
_WORKER = re.compile(
    r'"" \+ new URL\("(?P<name>assets/[\w.-]+\.js)", import\.meta\.url\)\.href,\s*"" \+ import\.meta\.url'
)


def check_file(file: Path) -> None:
    """
    Refuse a place where a page cannot be written, or would replace something else.

    Raises
    ------
    ExploreError
        With what is in the way.
    """
    if file.is_dir():
        raise ExploreError(f"{file} is a folder: give a file that is not there yet, or a folder without .html")
    if not file.absolute().parent.is_dir():
        raise ExploreError(f"there is no folder {file.absolute().parent}: make it first")
    if file.exists():
        with open_regular(file, str(file)) as stream:  # a pipe would keep whoever opens it waiting
            if GENERATOR.encode() not in stream.read(4096):
                raise ExploreError(f"{file} is there and is no page of ours: give another name, or remove it")


@contextmanager
def write_file(view: View, rows: Sequence[int], file: Path) -> Iterator[Shared]:
    """
    Write the page as one file, whole or not at all.

    Parameters
    ----------
    view
        What is shown.
    rows
        Positions in its table of the clips whose sounds are in it.
    file
        Where; one of ours that is there is replaced.

    Yields
    ------
    Shared
        What was written, before it is in its place: an error from here on leaves what was there.

    Raises
    ------
    ExploreError
        When it cannot be written.
    """
    try:
        with temporary_folder() as folder, in_the_making(file.absolute()) as temporary:
            copied = write_page(view, rows, folder)
            with temporary.open("wb") as out:
                for piece in _page(folder, view, copied.count):
                    out.write(piece.encode())
            yield Shared(1, temporary.stat().st_size, copied.count)
            temporary.replace(file.absolute())
    except OSError as error:
        raise ExploreError(f"{file} cannot be written ({error.strerror or error}): free some space") from error


def _page(folder: Path, view: View, recordings: int) -> Iterator[str]:
    """The file, piece by piece: it may be large."""
    first = [part(name) for name in _FIRST]
    policy = _POLICY.format(scripts=" ".join(f"'{digest(script)}'" for script in first))
    icon = base64.b64encode((folder / "static" / "spotlight.svg").read_bytes()).decode()
    said = about(view, recordings)
    styles = [(folder / "static" / name).read_text(encoding="utf-8") for name in ("index.css", "style.css")]
    yield f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{html.escape(policy)}">
<meta name="generator" content="{GENERATOR}">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>{html.escape(view.title)}</title>
<link rel="icon" type="image/svg+xml" href="data:image/svg+xml;base64,{icon}">
"""
    yield "".join(f"<style>{style}</style>\n" for style in styles)
    yield "".join(f"<script>{script}</script>\n" for script in first)
    yield (
        '</head>\n<body>\n<div id="root"></div><div id="modalRoot"></div><div id="popupRoot"></div>'
        '<div id="selectMenuRoot"></div>\n<noscript>'
    )
    yield "".join(f"<p>{html.escape(text)}</p>\n" for text in ("This page needs JavaScript.", *said["paragraphs"]))
    yield "</noscript>\n"
    scripts = {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.js"))
        if path.parent != folder
    }
    for name, script in (changed := linked(scripts)).items():
        yield _element(name, script.encode())
    yield _element("scripts.json", json.dumps(list(changed)).encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".js", ".css")):
        name = path.relative_to(folder).as_posix()
        if path.parent.name == "sounds":
            yield _element(name, _as_flac(path.read_bytes()), packed=True)
        elif name == "data/plugins.json":
            yield _element(name, path.read_bytes().replace(b'"../', f'"{_ADDRESS}'.encode()))
        elif path.parent != folder:
            yield _element(name, path.read_bytes())
    yield "</body>\n</html>\n"


def linked(scripts: dict[str, str]) -> dict[str, str]:
    """
    Have scripts name each other by what is replaced by an address in the page.

    Parameters
    ----------
    scripts
        Texts by path from the page on.

    Returns
    -------
    dict of str to str
        In an order in which each stands behind those that it needs, the page's own last.

    Raises
    ------
    ExploreError
        When Spotlight's worker is not where it was.
    """
    needs: dict[str, set[str]] = {name: set() for name in scripts}
    changed = {}
    for name, script in scripts.items():
        folder = PurePosixPath(name).parent

        def named(match: re.Match[str], folder: PurePosixPath = folder, name: str = name) -> str:
            module = (folder / match["name"]).as_posix()
            if module not in scripts:
                return match[0]
            needs[name].add(module)
            return f'{match.groupdict().get("before") or ""}"{_ADDRESS}{module}"'

        text = _IMPORTED.sub(named, script)
        if name == MAIN:
            text, workers = _WORKER.subn(named, text)
            if not workers:
                raise ExploreError("this version of Spotlight is not the one that was tested: share a folder instead")
        changed[name] = text
    if MAIN in needs:
        needs[MAIN] |= set(scripts) - {MAIN}
    # Sorted, for sets have another order in each process, and the same input is to give the same bytes.
    order = TopologicalSorter({name: sorted(needs[name]) for name in sorted(needs)}).static_order()
    return {name: changed[name] for name in order}


def _element(name: str, content: bytes, *, packed: bool = False) -> str:
    """A file in the page, packed here unless it is already."""
    small = content if packed else gzip.compress(content, mtime=0)
    mark = "" if packed else " data-packed"
    return (
        f'<script type="application/octet-stream" id="file:{html.escape(name)}"{mark}>'
        f"{base64.b64encode(small).decode()}</script>\n"
    )


def _as_flac(content: bytes) -> bytes:
    """A WAV file of samples as FLAC, which has the same samples in less space; anything else as it is."""
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            if file.format not in ("WAV", "WAVEX") or file.subtype not in ("PCM_16", "PCM_24"):
                return content
            rate, subtype = file.samplerate, file.subtype
            samples = file.read(dtype="int16" if subtype == "PCM_16" else "int32")
        made = io.BytesIO()
        soundfile.write(made, samples, rate, format="FLAC", subtype=subtype)
    except (OSError, RuntimeError):  # as it was copied
        return content
    return made.getvalue() if len(made.getvalue()) < len(content) else content
