"""How a CSV file is written: encoding, delimiter, decimal sign, header; guessed from its first lines."""

import codecs
import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dcase_explore.clip_names import is_clip

NAME_COLUMNS = (
    *("clip_id", "clipid", "path", "filepath", "file_path", "audio_path", "wav_path", "file_name", "filename", "file"),
    *("files", "filenames", "file_names", "audio_file", "audio_filename", "wav", "wav_file", "audio", "clip", "clips"),
    *("recording", "basename", "fname", "name", "names", "key", "id"),
)
"""What a column of clip names may be called, the likeliest first."""

_DELIMITERS = "\t;|, "
"""In the order of preference, where several would do."""
_DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+")


@dataclass(frozen=True)
class Dialect:
    """
    How the fields of a file are written.

    Attributes
    ----------
    delimiter
        Between fields.
    decimal_comma
        Whether 0,5 is a half.
    """

    delimiter: str = ","
    decimal_comma: bool = False


def encoding_of(head: bytes) -> str:
    """
    Encoding of a text.

    Parameters
    ----------
    head
        Its first bytes.

    Returns
    -------
    str
        UTF-16 or UTF-32 by its byte order mark, or by the NULs that ASCII becomes in it; UTF-8 otherwise.
    """
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    pairs = head[: len(head) // 2 * 2]
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        high, low = pairs[offset::2], pairs[1 - offset :: 2]
        if high and not high.strip(b"\0") and b"\0" not in low:
            return encoding
    return "utf-8-sig"


def dialect_of(lines: Sequence[str]) -> Dialect:
    """
    Guess how a file is written.

    Parameters
    ----------
    lines
        Its first lines, none of them blank.

    Returns
    -------
    Dialect
        The delimiter by which each line has equally many fields and one of them is a number, if there is one.
    """
    with_numbers: dict[str, bool] = {}
    for delimiter in _DELIMITERS:
        parsed = _parsed(lines, delimiter)
        counts = {len(fields) for fields in parsed}
        if len(counts) == 1 and counts.pop() > 1:
            with_numbers[delimiter] = any(
                is_number(field) or _DECIMAL_COMMA.fullmatch(field.strip()) for field in parsed[-1]
            )
    texts = [candidate for candidate in with_numbers if candidate != " "]
    likely = [candidate for candidate, numbers in with_numbers.items() if numbers] or texts[-1:]
    # Where lines differ in length, the first one stands for them.
    delimiter = likely[0] if likely else max(",;\t|", key="".join(lines[:1]).count)
    fields = [field.strip() for line in _parsed(lines, delimiter) for field in line]
    commas = [field for field in fields if _DECIMAL_COMMA.fullmatch(field)]
    points = any("." in field and is_number(field) for field in fields)
    return Dialect(delimiter, bool(commas) and not points and not all(map(_THOUSANDS.fullmatch, commas)))


def _parsed(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    try:
        return [fields for fields in csv.reader(lines, delimiter=delimiter) if fields]
    except csv.Error:  # a field that is too long, which is said when it is read
        return []


def is_header(first: Sequence[str]) -> bool:
    """
    Whether a file's first line names its columns.

    Parameters
    ----------
    first
        Its fields, stripped.

    Returns
    -------
    bool
        Names of columns are no numbers, but for those of vectors, which may be numbered.
    """
    if not first or any(map(is_clip, first)):
        return False
    numbers = [field for field in first if is_number(field)]
    if not numbers or first[0] == "" or any(field.lower() in NAME_COLUMNS for field in first):
        return True
    return len(numbers) > 1 and numbers == [str(number) for number in range(len(numbers))]


def is_number(text: str) -> bool:
    """Whether a text is a number as programs write it: ASCII digits, a point, an exponent, nan, inf."""
    if "_" in text or not text.isascii():  # both are numbers to Python, and to nobody else
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True
