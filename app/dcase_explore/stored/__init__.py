"""
An exploration as the page's answers: a folder of bytes, served without anything that they were made with.

`making` writes it of an exploration, `exploration` reads it back for Python, `cells` holds what a page asks for one by
one; `kept` keeps it between launches, under all that it was made of (`made_of`).
"""

import json
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from dcase_explore.errors import ExploreError
from dcase_explore.stored.cells import Cells

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 3
"""Of the folder; one of another format is made again."""
ABOUT, TABLE, ISSUES, FACTS = "about.json", "table.json", "issues.json", "facts.json"
INTERVALS = "intervals.json"
"""There once somebody has asked for them."""
CLIPS, CELLS = "clips.parquet", "cells"


class Stored:
    """
    A stored exploration.

    Its files are opened at once and stay open: what is shown goes on being shown though the folder is cleared away.

    Parameters
    ----------
    folder
        As `dcase_explore.stored.making.write` made it.

    Attributes
    ----------
    folder
        As given.
    table, issues
        What the page is answered for the table and the findings: open files.
    table_bytes, issues_bytes
        How long these are.
    facts
        What our widgets are answered.

    Raises
    ------
    ExploreError
        When there is none, or it is damaged, or of another format.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: list[BinaryIO | Cells] = []
        try:
            self._about: dict[str, Any] = json.loads((folder / ABOUT).read_bytes())
            if self._about["format"] != FORMAT:
                raise ExploreError(f"{folder} is of another version of this program: it is made again")
            self.table, self.issues = (self._opened(name) for name in (TABLE, ISSUES))
            self.facts = (folder / FACTS).read_bytes()
            self.table_bytes, self.issues_bytes = (_size(file) for file in (self.table, self.issues))
            audio_or_text = [number for number, kind in enumerate(self.kinds.values()) if kind in ("audio", "text")]
            names = list(self.kinds)
            self._cells = {names[number]: self._opened_cells(number) for number in audio_or_text}
            if [self.table_bytes, self.issues_bytes] != [self._about["table_bytes"], self._about["issues_bytes"]]:
                raise ValueError("its table is cut short")
            if any(cells.rows != self.rows for cells in self._cells.values()):
                raise ValueError("its cells are cut short")
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.close()
            raise ExploreError(f"the stored exploration {folder} is damaged ({error}): it is made again") from error

    @property
    def title(self) -> str:
        """Name of the data."""
        return str(self._about["title"])

    @property
    def rows(self) -> int:
        """Clips that are shown."""
        return int(self._about["rows"])

    @property
    def kinds(self) -> Mapping[str, str]:
        """What each column holds, in display order; see `dcase_explore.columns.Column.kind`."""
        kinds: Mapping[str, str] = self._about["kinds"]
        return kinds

    @property
    def columns(self) -> Sequence[str]:
        """Columns of which at least one row has a value: those that a layout can show."""
        columns: Sequence[str] = self._about["columns"]
        return columns

    @property
    def rate(self) -> int:
        """Sampling rate of its recordings, in Hz."""
        return int(self._about["rate"])

    @property
    def notes(self) -> Sequence[str]:
        """What was said when it was made."""
        notes: Sequence[str] = self._about["notes"]
        return notes

    @property
    def sampled(self) -> str:
        """How its clips were chosen where there were more than a page can carry; empty otherwise."""
        return str(self._about["sampled"])

    @property
    def made_of(self) -> Mapping[str, Any]:
        """State of the files that it was made of: ``digest``, ``files``, and the recordings ``outside`` of folders."""
        made_of: Mapping[str, Any] = self._about["made_of"]
        return made_of

    @property
    def about(self) -> Mapping[str, Any]:
        """All that is written of it besides the page's answers."""
        return self._about

    @property
    def notes_file(self) -> Path:
        """Where notes on its clips are kept."""
        from dcase_explore.notes import notes_file

        written = self._about.get("notes_file")
        return Path(written) if written else notes_file([], self.title)

    @cached_property
    def clip_ids(self) -> Sequence[str]:
        """The clips, row by row."""
        cells = self._cells["clip_id"]
        return [str(cells.text(row)) for row in range(cells.rows)]

    @cached_property
    def frame(self) -> "pd.DataFrame":
        """The clip table, read when it is first asked for."""
        from dcase_explore import parquet

        return parquet.read(self.folder / CLIPS)[0]

    def summary(self, layout_name: str) -> str:
        """One line of what is shown, in a layout of that name."""
        return f"{self._about['summary']} · layout {layout_name}"

    def cells(self, column: str) -> Cells | None:
        """The cells of a column of texts or recordings; None for any other."""
        return self._cells.get(column)

    def close(self) -> None:
        """Let go of the files."""
        for file in self._open:
            file.close()

    def _opened(self, name: str) -> BinaryIO:
        file = (self.folder / name).open("rb")
        self._open.append(file)
        return file

    def _opened_cells(self, number: int) -> Cells:
        cells = Cells(self.folder / CELLS / str(number))
        self._open.append(cells)
        return cells


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size
