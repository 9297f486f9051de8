"""The page's own files: Spotlight's as the program hands them out, our widgets, what answers in the program's place."""

import html
import shutil
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path

from dcase_explore.sharing.answers import COPY, OURS, write_answers
from dcase_explore.sharing.sounds import Copied, write_sounds
from dcase_explore.stored.making import store
from dcase_explore.temporary import temporary_folder
from dcase_explore.view import View
from dcase_explore.viewer import plugins, statics
from dcase_explore.viewer.page import changed_script, clip_context
from dcase_explore.viewer.rows import SCRIPT

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'"
)


def write_page(view: View, rows: Sequence[int], folder: Path) -> Copied:
    """
    Write all that the page asks for.

    Parameters
    ----------
    view
        What is shown.
    rows
        Positions in its table of the clips whose sounds are copied.
    folder
        An empty folder.

    Returns
    -------
    Copied
        Recordings that are in it.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    with temporary_folder() as kept:
        stored = store(view, kept / "stored")
        try:
            _write_scripts(folder, stored.rate)
            copied = write_sounds(folder / "sounds", view.frame, rows)
            write_answers(folder / "data", view, stored, copied)
        finally:
            stored.close()
    return copied


def part(name: str) -> str:
    """A script of ours that is no module."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _write_scripts(folder: Path, rate: int) -> None:
    (folder / "static" / "assets").mkdir(parents=True)
    source = statics.statics()
    libraries = sorted(source.glob("lib-*.js"))
    for path in (
        *(source / name for name in ("index.css", "style.css", "spotlight.svg")),
        *source.glob("assets/Spec*.js"),
    ):
        shutil.copyfile(path, folder / "static" / path.relative_to(source))
    for path in libraries:
        (folder / "static" / path.name).write_bytes(changed_script(path))
    script = clip_context(rate).encode() + changed_script(source / "main.js") + SCRIPT.encode()
    (folder / "static" / "main.js").write_bytes(script)
    with suppress(PackageNotFoundError):
        licence = next(
            (path for path in distribution("renumics-spotlight").files or () if path.name == "LICENSE"), None
        )
        if licence is not None:
            shutil.copyfile(str(licence.locate()), folder / "static" / "LICENSE")
    (folder / "answers.js").write_text(part("answers.js"))
    policy = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">'
    preloads = [f'<link rel="modulepreload" href="static/{path.name}">' for path in libraries]
    head = "\n".join([policy, '<script src="answers.js"></script>', *preloads])
    (folder / "index.html").write_text(statics.PAGE.format(preloads=head), encoding="utf-8")
    ours = next((plugin for plugin in plugins.plugins() if plugin.name == OURS), None)
    if ours is not None:
        shutil.copytree(
            ours.folder / "frontend", folder / "plugins" / OURS, ignore=shutil.ignore_patterns("__pycache__")
        )
    about = folder / "plugins" / COPY
    about.mkdir(parents=True, exist_ok=True)
    (about / "main.js").write_text(part("about.js"), encoding="utf-8")
