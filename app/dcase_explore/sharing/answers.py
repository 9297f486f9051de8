"""What a copy answers in the program's place, as files of JSON: what is stored, the layouts, the notes."""

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from dcase_explore.columns import TAGS
from dcase_explore.errors import ExploreError
from dcase_explore.facts import intervals_of
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.layouts.curated import curated_names
from dcase_explore.layouts.files import read_layout
from dcase_explore.nearest import nearest_of
from dcase_explore.notes.in_tables import notes_in
from dcase_explore.sharing.card import about
from dcase_explore.sharing.sounds import Copied
from dcase_explore.stored import Stored
from dcase_explore.view import View
from dcase_explore.viewer import plugins

OURS, COPY = "dcase_explore", "dcase_explore_copy"
"""Names of our plugin, and of the one that tells of the copy; others' are not ours to copy."""


def write_answers(folder: Path, view: View, stored: Stored, copied: Copied) -> None:
    """
    Write them.

    Parameters
    ----------
    folder
        Folder to make.
    view
        What is shown.
    stored
        The same, stored.
    copied
        Recordings of the copy.

    Raises
    ------
    OSError
        When they cannot be written.
    """
    folder.mkdir()
    for name in ("table", "issues", "facts"):
        shutil.copyfile(stored.folder / f"{name}.json", folder / f"{name}.json")
    texts = [name for name, kind in stored.kinds.items() if kind == "text"]
    notes, clip_ids = notes_in(view.frame), view.frame["clip_id"]
    documents: dict[str, Any] = {
        "about": {
            "rate": stored.rate,
            "sound_columns": [name for name, kind in stored.kinds.items() if kind == "audio"],
            "copy": about(view, copied.count),
        },
        "sounds": copied.names,
        "texts": {name: _cells(stored, name) for name in texts},
        "nearest": {row: nearest_of(view.frame, row) for row in copied.rows},
        "layouts": _layouts(view, stored),
        "plugins": [
            {
                "name": name,
                "priority": plugins.DEFAULT_PRIORITY,
                "dev": False,
                "entrypoint": f"../plugins/{name}/main.js",
            }
            for name in (OURS, COPY)
        ],
        "intervals": intervals_of(view),
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
        (folder / f"{name}.json").write_text(text, encoding="utf-8", errors="replace")


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
