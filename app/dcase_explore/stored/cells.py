"""The values of one column that a page asks for one by one: two files, read at a place, never as a whole."""

import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path

_PLACE = 8
"""Bytes of a place in the index."""
_moving = threading.Lock()


class Cells:
    """
    The cells of a column, each as JSON.

    The files stay open, so that the values can be had though the folder is cleared away meanwhile.

    Parameters
    ----------
    path
        As given to `write_cells`.

    Raises
    ------
    OSError
        When they are not there.
    """

    def __init__(self, path: Path) -> None:
        self._index = path.with_suffix(".index").open("rb", buffering=0)
        self._values = path.with_suffix(".values").open("rb", buffering=0)
        self.rows = os.fstat(self._index.fileno()).st_size // _PLACE - 1

    def __getitem__(self, row: int) -> bytes:
        """
        A cell as JSON: text or null.

        Parameters
        ----------
        row
            From 0 on.

        Returns
        -------
        bytes
            UTF-8.
        """
        if not 0 <= row < self.rows:
            raise IndexError(row)
        places = read_at(self._index.fileno(), 2 * _PLACE, row * _PLACE)
        start, end = (int.from_bytes(places[at : at + _PLACE], "little") for at in (0, _PLACE))
        return read_at(self._values.fileno(), end - start, start)

    def text(self, row: int) -> str | None:
        """The same as a value."""
        value: str | None = json.loads(self[row])
        return value

    def close(self) -> None:
        """Let go of the files."""
        self._index.close()
        self._values.close()


def write_cells(path: Path, values: Iterable[str | None]) -> None:
    """
    Write the cells of a column.

    Parameters
    ----------
    path
        Without an ending; two files are written.
    values
        Of each row.

    Raises
    ------
    OSError
        When the disk is full.
    """
    offset = 0
    with path.with_suffix(".values").open("wb") as content, path.with_suffix(".index").open("wb") as index:
        index.write(offset.to_bytes(_PLACE, "little"))
        for value in values:
            cell = json.dumps(value).encode()
            content.write(cell)
            offset += len(cell)
            index.write(offset.to_bytes(_PLACE, "little"))


def read_at(file: int, count: int, offset: int) -> bytes:
    """
    Read from an open file at a place, which no other thread moves.

    Parameters
    ----------
    file
        Its descriptor.
    count, offset
        In bytes.

    Raises
    ------
    OSError
        When there is less.
    """
    if hasattr(os, "pread"):
        content = os.pread(file, count, offset)
    else:  # Windows
        with _moving:
            os.lseek(file, offset, os.SEEK_SET)
            content = os.read(file, count)
    if len(content) != count:
        raise OSError("a stored exploration is cut short")
    return content
