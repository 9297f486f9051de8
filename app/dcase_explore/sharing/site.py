"""The files of a page without a program."""

import hashlib
import html
import json
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from dcase_explore.columns import TAGS
from dcase_explore.errors import ExploreError
from dcase_explore.exploration import View
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.layouts.curated import curated_names
from dcase_explore.layouts.files import read_layout
from dcase_explore.messages import counted, note, some, track
from dcase_explore.nearest import nearest_of
from dcase_explore.notes import notes_in
from dcase_explore.recordings import fetch_all
from dcase_explore.reporting.writing import in_words
from dcase_explore.sharing.card import card
from dcase_explore.stored import Stored
from dcase_explore.stored.making import store
from dcase_explore.viewer import plugins, statics
from dcase_explore.viewer.page import changed_script, clip_context
from dcase_explore.viewer.rows import SCRIPT
from dcase_explore.viewer.sounds import NoSound, sound_of

OURS = "dcase_explore"
"""Name of our plugin; others' are not ours to copy."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Shared:
    """
    What was written.

    Attributes
    ----------
    files, bytes
        How many, and of all together.
    sounds
        Recordings among them.
    """

    files: int
    bytes: int
    sounds: int

    def __str__(self) -> str:
        return f"{counted(self.files, 'file')}, {counted(self.sounds, 'recording')}, {in_words(self.bytes)}"


def check_free(folder: Path) -> None:
    """
    Refuse a folder that is taken.

    Raises
    ------
    ExploreError
        With what is in the way.
    """
    parent = folder.absolute().parent
    if not parent.is_dir():
        raise ExploreError(f"there is no folder {parent}: mkdir -p {shlex.quote(str(parent))} makes it")
    if folder.exists() and not folder.is_dir():
        raise ExploreError(f"{folder} is a file: give a folder that is not there yet")
    inside = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    if inside:
        raise ExploreError(f"{folder} holds other things ({some(inside)}): give a folder that is not there yet")


@contextmanager
def write_site(view: View, rows: Sequence[int], folder: Path) -> Iterator[Shared]:
    """
    Write the page's files, whole or not at all.

    Parameters
    ----------
    view
        What is shown.
    rows
        Positions in its table of the clips whose sounds are copied.
    folder
        Where; not there, or empty.

    Yields
    ------
    Shared
        All of it, before it is in its place: an error from here on leaves nothing.

    Raises
    ------
    ExploreError
        When it cannot be written.
    """
    folder = folder.absolute()
    place = Path(tempfile.mkdtemp(prefix=f".{folder.name[:80]}.", dir=folder.parent))
    try:
        with tempfile.TemporaryDirectory() as kept:
            stored = store(view, Path(kept) / "stored")
            try:
                _write_page(place, stored.rate)
                sounds = _write_sounds(place / "sounds", view.frame, rows)
                _write_data(place / "data", view, stored, sounds)
            finally:
                stored.close()
        recordings = len({name for by_row in sounds.values() for name in by_row.values()})
        (place / "README.md").write_text(card(view, recordings), encoding="utf-8", errors="replace")
        (place / ".nojekyll").touch()  # GitHub Pages hands out all files then
        its = [path for path in place.rglob("*") if path.is_file()]
        yield Shared(len(its), sum(path.stat().st_size for path in its), recordings)
        place.chmod(0o777 & ~_umask())
        if folder.exists():
            folder.rmdir()
        place.rename(folder)
    except OSError as error:
        raise ExploreError(f"{folder} cannot be written ({error.strerror or error}): free some space") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _umask() -> int:
    """What is taken from the rights of a new folder; a temporary one has fewer."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _write_page(place: Path, rate: int) -> None:
    (place / "static" / "assets").mkdir(parents=True)
    source = statics.statics()
    libraries = sorted(source.glob("lib-*.js"))
    for path in (
        *(source / name for name in ("index.css", "style.css", "spotlight.svg")),
        *source.glob("assets/Spec*.js"),
    ):
        shutil.copyfile(path, place / "static" / path.relative_to(source))
    for path in libraries:
        (place / "static" / path.name).write_bytes(changed_script(path))
    script = clip_context(rate).encode() + changed_script(source / "main.js") + SCRIPT.encode()
    (place / "static" / "main.js").write_bytes(script)
    with suppress(PackageNotFoundError):
        licence = next(
            (path for path in distribution("renumics-spotlight").files or () if path.name == "LICENSE"), None
        )
        if licence is not None:
            shutil.copyfile(str(licence.locate()), place / "static" / "LICENSE")
    (place / "answers.js").write_text(files(__package__).joinpath("answers.js").read_text(encoding="utf-8"))
    policy = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">'
    preloads = [f'<link rel="modulepreload" href="static/{path.name}">' for path in libraries]
    head = "\n".join([policy, '<script src="answers.js"></script>', *preloads])
    (place / "index.html").write_text(statics.PAGE.format(preloads=head), encoding="utf-8")
    ours = next((plugin for plugin in plugins.plugins() if plugin.name == OURS), None)
    if ours is not None:
        shutil.copytree(
            ours.folder / "frontend", place / "plugins" / OURS, ignore=shutil.ignore_patterns("__pycache__")
        )


def _write_sounds(place: Path, frame: pd.DataFrame, rows: Sequence[int]) -> dict[str, dict[int, str]]:
    """Name of each sound's file, by column and row."""
    place.mkdir()
    columns = [name for name in ("path", "nearest_normal") if name in frame] if rows else []
    wanted = {(name, row): frame[name].iloc[row] for name in columns for row in rows}
    paths = list(dict.fromkeys(path for path in wanted.values() if isinstance(path, str)))
    fetch_all(paths)
    names: dict[str, str] = {}
    problems = []
    for path in track(paths, len(paths), "copying recordings"):
        try:
            content = sound_of(path)
        except NoSound as reason:
            problems.append(str(reason))
            continue
        # Named by its content: two clips of one sound are one file, and no name of this machine is told.
        names[path] = f"{hashlib.sha256(content).hexdigest()[:20]}{'.flac' if content[:4] == b'fLaC' else '.wav'}"
        (place / names[path]).write_bytes(content)
    if problems:
        note(f"{counted(len(problems), 'recording')} that cannot be copied: {some(problems)}")
    found: dict[str, dict[int, str]] = {name: {} for name in columns}
    for (name, row), path in wanted.items():
        if path in names:
            found[name][row] = names[path]
    # A clip may be heard as another one's nearest normal.
    if "path" in found:
        rows_of = {path: row for row, path in enumerate(frame["path"]) if path in names}
        found["path"].update({row: names[path] for path, row in rows_of.items()})
    return found


def _write_data(place: Path, view: View, stored: Stored, sounds: dict[str, dict[int, str]]) -> None:
    place.mkdir()
    for name in ("table", "issues", "facts"):
        shutil.copyfile(stored.folder / f"{name}.json", place / f"{name}.json")
    heard = sorted({row for by_row in sounds.values() for row in by_row})
    texts = [name for name, kind in stored.kinds.items() if kind == "text"]
    notes, clip_ids = notes_in(view.frame), view.frame["clip_id"]
    documents: dict[str, Any] = {
        "about": {"rate": stored.rate, "sound_columns": [n for n, kind in stored.kinds.items() if kind == "audio"]},
        "sounds": sounds,
        "texts": {name: _cells(stored, name) for name in texts},
        "nearest": {row: nearest_of(view.frame, row) for row in heard},
        "layouts": _layouts(view, stored),
        "plugins": [
            {
                "name": OURS,
                "priority": plugins.DEFAULT_PRIORITY,
                "dev": False,
                "entrypoint": f"../plugins/{OURS}/main.js",
            }
        ],
        "notes": {
            "file": None,
            "tags": TAGS,
            "rows": {
                row: {"tag": notes[clip].tag, "note": notes[clip].text}
                for row, clip in enumerate(clip_ids)
                if clip in notes
            },
            "problem": None,
        },
    }
    for name, document in documents.items():
        text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        (place / f"{name}.json").write_text(text, encoding="utf-8", errors="replace")


def _cells(stored: Stored, column: str) -> list[str | None]:
    cells = stored.cells(column)
    return [] if cells is None else [cells.text(row) for row in range(cells.rows)]


def _layouts(view: View, stored: Stored) -> dict[str, Any]:
    """The layout asked for and the curated ones, each fitted to the table."""
    columns = stored.columns
    fitted = {view.arrangement.name: view.arrangement.shown()}
    for name in curated_names():
        if name not in fitted:
            with suppress(ExploreError):  # it shows nothing of this table
                arrangement = Arrangement(read_layout(name), columns, name=name)
                arrangement.binding.require_some(name)
                fitted[name] = arrangement.shown()
    return {"current": view.arrangement.name, "layouts": fitted}
