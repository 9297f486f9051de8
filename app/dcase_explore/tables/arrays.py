"""Arrays of NumPy: .npy, and .npz, which is a zip archive of them. No pickles; headers may claim anything."""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from dcase_explore.errors import ExploreError
from dcase_explore.messages import some
from dcase_explore.tables import MORE_ROWS, most_bytes, too_large
from dcase_explore.tables.kinds import open_kind

_READ_AT_ONCE = 64 * 2**20
"""Bytes: a zip archive's list of members is read in one piece."""
_NAMES = re.compile(r"name|file|path|clip|id|audio", re.IGNORECASE)


def read_npy(path: Path, where: str, most: int) -> np.ndarray:
    """
    Read an array.

    Parameters
    ----------
    path
        Of the file.
    where
        What an error calls it.
    most
        Rows of the table at hand: its header is compared with it before anything is allocated.

    Returns
    -------
    numpy.ndarray
        Of any shape, and any type but Python objects.

    Raises
    ------
    ExploreError
        When it is none, damaged, too large, or a pickle.
    """
    with open_kind(path, ".npy", where) as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        return _array(file, size, where, None, most, most_bytes(most))


def read_npz(path: Path, where: str, most: int, *, without_objects: bool = False) -> dict[str, np.ndarray]:
    """
    Read an archive of arrays.

    Parameters
    ----------
    path, where, most
        As of `read_npy`.
    without_objects
        Whether to leave arrays of Python objects out, which are pickles, instead of refusing them.

    Returns
    -------
    dict of str to numpy.ndarray
        By name.

    Raises
    ------
    ExploreError
        As `read_npy`; when two arrays have one name.
    """
    with open_kind(path, ".npz", where) as file:
        return dict(_members(file, where, most, without_objects))


def _members(file: IO[bytes], where: str, most: int, without_objects: bool) -> Iterator[tuple[str, np.ndarray]]:
    left = most_bytes(most)
    try:
        with zipfile.ZipFile(_Frugal(file)) as archive:
            members = archive.infolist()
            names = [member.filename.removesuffix(".npy") for member in members]
            twice = [name for name, count in Counter(names).items() if count > 1]
            if twice:
                raise ExploreError(f"{where}: array {some(twice)} stands there twice")
            if len(names) > most + MORE_ROWS:
                raise ExploreError(f"{where}: holds {len(names):,} arrays for {most:,} clips")
            for name, member in zip(names, members, strict=True):
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise ExploreError(f"{where}: array {name} is packed in a way that numpy.savez does not use")
                try:
                    with archive.open(member) as opened:
                        array = _array(opened, member.file_size, where, name, most, left)
                except _PickledError:
                    if without_objects:
                        continue
                    raise
                left -= array.nbytes
                yield name, array
    except ExploreError:
        raise
    except Exception as error:  # whatever a damaged archive makes zipfile run into
        raise ExploreError(f"{where}: is no readable .npz ({_in_one_line(error)})") from error


class _PickledError(ExploreError):
    """An array of Python objects."""


class _Frugal(io.BufferedReader):
    """A file that hands out no more at once than an honest archive asks for."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(io.FileIO(file.fileno(), closefd=False))

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _READ_AT_ONCE:
            raise ValueError("its list of members is too long")
        return super().read(size)


def _array(file: IO[bytes], size: int, where: str, name: str | None, most: int, left: int) -> np.ndarray:
    """An array, once its header has been found to be true and bearable."""
    what = "this" if name is None else f"array {name}"
    try:
        version = npy.read_magic(file)
        header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        shape, _, dtype = header(file)
    except Exception as error:  # numpy's parser raises whatever a damaged header makes it run into
        raise ExploreError(f"{where}: {what} is no readable array ({_in_one_line(error)})") from error
    if dtype.hasobject:
        how = (
            "names as text, as in numpy.array(names, dtype=str)"
            if _NAMES.search(name or "")
            else "numbers as numbers, as in numpy.stack(vectors)"
        )
        raise _PickledError(
            f"{where}: {what} holds Python objects, as a pickle, which can run anything and is not read: "
            f"save it again, {how}"
        )
    count = 1
    for length in shape:
        count *= max(length, 0)
    if count * dtype.itemsize != size - file.tell() or min(shape, default=0) < 0 or not dtype.itemsize:
        raise ExploreError(
            f"{where}: {what} is no readable array (its header claims shape {str(shape)[:60]}, "
            f"the file has {size:,} bytes): write or download it again"
        )
    if count * dtype.itemsize > left or (shape and shape[0] > most + MORE_ROWS):
        raise too_large(where, most)
    file.seek(0)
    try:
        return npy.read_array(file, allow_pickle=False)
    except Exception as error:
        raise ExploreError(f"{where}: {what} is no readable array ({_in_one_line(error)})") from error


def _in_one_line(reason: object) -> str:
    return " ".join(str(reason).split())[:200]
