"""What a file is, by its first bytes: what was never downloaded, or is called what it is not, is named."""

import re
from pathlib import Path
from typing import BinaryIO, Literal

from dcase_explore.errors import ExploreError
from dcase_explore.regular import open_regular

Kind = Literal["CSV", ".npy", ".npz", "Parquet"]

_MAGIC = {".npy": b"\x93NUMPY", ".npz": b"PK", "Parquet": b"PAR1"}
_HEAD = 512
_OTHERS = (
    (re.compile(rb"version https?://git-lfs"), "a Git LFS pointer, not the file that it stands for: git lfs pull"),
    (
        re.compile(rb"\s*<(?:!doctype|html|\?xml|head|body|table)", re.IGNORECASE),
        "a web page, not a file of numbers: download it again",
    ),
    (re.compile(rb"\x93NUMPY"), "an array of NumPy: call it .npy"),
    (re.compile(rb"PK\x03\x04.{26}\[Content_Types\]", re.DOTALL), "an Excel file, which is not read: save it as CSV"),
    (re.compile(rb"\s*(?:\{\s*\"|\[\s*[\[{\"])"), "JSON, which is not read: write a table of names and values"),
    (re.compile(rb"PK\x03\x04|PK\x05\x06"), "a zip archive; if its content is arrays, call it .npz"),
    (re.compile(rb"PAR1"), "a Parquet file: call it .parquet"),
    (re.compile(rb"\x1f\x8b"), "packed with gzip: unpack it first"),
    (re.compile(rb"\x89HDF"), "an HDF5 file, which is not read: save it as .npz or .parquet"),
    (re.compile(rb"\xd0\xcf\x11\xe0"), "an Excel file, which is not read: save it as CSV"),
    (re.compile(rb"(?:RIFF|fLaC|OggS)"), "a recording, not a file of numbers"),
    (
        # Protocol 2 and later; the frame's length; or what text of protocol 0 ends in is left to the reader.
        re.compile(rb"\x80[\x02-\x05](?:\x95|[^\x80-\xff])", re.DOTALL),
        "a pickle, which can run anything and is not read: save it with numpy.save",
    ),
)


def open_kind(path: Path, kind: Kind, where: str) -> BinaryIO:
    """
    Open a file, unless it is plainly something else.

    Parameters
    ----------
    path
        Of the file.
    kind
        What it is taken for.
    where
        What an error calls it.

    Returns
    -------
    file object
        Binary, at its start.

    Raises
    ------
    ExploreError
        When it is empty, no regular file, or begins as another kind does.
    """
    file = open_regular(path, where)
    try:
        problem = _problem(file.read(_HEAD), kind)
        file.seek(0)
    except OSError as error:
        file.close()
        raise ExploreError(f"{where}: cannot be read ({error.strerror or error})") from error
    if problem:
        file.close()
        raise ExploreError(f"{where}: {problem}")
    return file


def _problem(head: bytes, kind: Kind) -> str | None:
    if not head.strip(b"\xef\xbb\xbf\r\n "):
        return "is empty" if kind == "CSV" else f"is empty, and no {kind} file"
    magic = _MAGIC.get(kind)
    if magic and head.startswith(magic):
        return None
    other = next((text for pattern, text in _OTHERS if pattern.match(head)), None)
    if other:
        return f"is {other}"
    is_text = head.isascii() and b"\0" not in head
    return f"is no {kind} file{' but text' if is_text else ''}: write or download it again" if magic else None
