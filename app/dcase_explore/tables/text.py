"""Tables in text: CSV, line by line, so that no file takes more memory than its table needs."""

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, some
from dcase_explore.tables import MORE_ROWS, Table, most_bytes, too_large
from dcase_explore.tables.dialect import Dialect, dialect_of, encoding_of, is_header
from dcase_explore.tables.kinds import open_kind

MAX_LINE = 2**20
"""Characters; a vector of 4,096 numbers takes a tenth of it."""
MAX_COLUMNS = 16_384
_LOOKED_AT = 20
"""Lines by which the dialect is guessed."""
_AT_ONCE, _CHARACTERS_AT_ONCE = 200_000, 4 * 2**20
"""Fields, and what stands in them, that are made numbers together."""
_PER_TEXT, _PER_PIECE = 64, 128
"""Bytes that are taken for a text beside its characters, for a piece of a column beside its values."""
_SEPARATOR = re.compile(r"sep=(.)\s*")


def rows(path: Path, where: str, most: int) -> Iterator[tuple[int, list[str]]]:
    """
    Read a CSV file, line by line.

    Parameters
    ----------
    path
        Of the file.
    where
        What an error calls it.
    most
        Rows of the table at hand: bounds the size of the file and the number of its rows.

    Yields
    ------
    line, fields : int, list of str
        Number of the line that a row ends in, and its fields, stripped, of each row that is not blank. Decimal commas
        have become points where the file has them.

    Raises
    ------
    ExploreError
        What is no text, too large, or has a quote that is not closed.
    """
    for dialect, line, fields in _rows(path, where, most):
        yield line, [_with_point(field) for field in fields] if dialect.decimal_comma else fields


def read_csv(path: Path, where: str, most: int, *, text: Callable[[str], bool] = lambda _: False) -> Table:
    """
    Read a CSV file, with or without a line that names its columns.

    Parameters
    ----------
    path, where, most
        As of `rows`.
    text
        Whether a column of this name is to stay text though each value is a number.

    Returns
    -------
    Table
        Columns of numbers are float64, others text.

    Raises
    ------
    ExploreError
        As `rows`; when lines differ in their number of fields, or two columns have one name.
    """
    _, first = next(rows(path, where, most), (0, []))
    if not first:
        raise ExploreError(f"{where}: is empty")
    if len(first) > MAX_COLUMNS:
        raise ExploreError(f"{where}: has {len(first):,} columns, and at most {MAX_COLUMNS:,} are read")
    names: list[object] = list(range(len(first)))
    header = is_header(first)
    if header:
        names = [first[0].lstrip("# "), *first[1:]]
        twice = [name or "without a name" for index, name in enumerate(names) if name in names[:index]]
        if twice:
            raise ExploreError(f"{where}: column {some(twice)} stands there twice")
    texts = {index for index, name in enumerate(names) if text(str(name))}
    found = None
    while found is None:  # again, where a column turned out to be text after many numbers
        found = _columns(itertools.islice(rows(path, where, most), int(header), None), len(first), texts, where, most)
    columns, lines = found
    return Table(pd.DataFrame(dict(zip(names, columns, strict=True))), where, lines)


def _rows(path: Path, where: str, most: int) -> Iterator[tuple[Dialect, int, list[str]]]:
    with open_kind(path, "CSV", where) as binary:
        if binary.seek(0, io.SEEK_END) > 2 * most_bytes(most):  # a number takes up to three times as much in text
            raise too_large(where, most)
        binary.seek(0)
        encoding = encoding_of(binary.read(64))
        binary.seek(0)
        lines = _lines(io.TextIOWrapper(binary, encoding, newline=""), binary, where)
        before = list(itertools.islice(lines, _LOOKED_AT))
        dialect, separator = dialect_of([line for line in before if line.strip()]), _separator(before)
        if separator:  # what Excel writes for itself
            dialect = Dialect(separator, dialect_of(before[1:]).decimal_comma)
        reader = csv.reader(itertools.chain(before, lines), delimiter=dialect.delimiter, strict=True)
        count, start = 0, 1
        try:
            for row in reader:
                fields = [field.strip() for field in row]
                if any(fields) and not (separator and reader.line_num == 1):
                    count += 1
                    if count > most + MORE_ROWS + 1:
                        raise ExploreError(f"{where}: has more than {most + MORE_ROWS:,} rows for {most:,} clips")
                    yield dialect, reader.line_num, fields
                start = reader.line_num + 1
        except csv.Error as error:
            unclosed = "unexpected end" in str(error) or "field limit" in str(error)
            reason = "a quote is opened there and not closed" if unclosed else str(error)
            raise ExploreError(f"{where}, line {start}: {reason}") from error


def _lines(file: io.TextIOWrapper, binary: BinaryIO, where: str) -> Iterator[str]:
    """Lines of a text, bounded."""
    number = 0
    while True:
        number += 1
        try:
            line = file.readline(MAX_LINE + 1)
        except (UnicodeError, ValueError) as error:
            raise ExploreError(
                f"{where}{_undecodable(binary, file.encoding)}: is no text in UTF-8 or UTF-16: save it as CSV UTF-8"
            ) from error
        if not line:
            return
        if len(line) > MAX_LINE:
            raise ExploreError(
                f"{where}, line {number}: is longer than {MAX_LINE:,} characters, which is no row of a table"
            )
        if "\0" in line:
            raise ExploreError(f"{where}, line {number}: holds a NUL, which no CSV text file does: write it again")
        yield line


def _undecodable(binary: BinaryIO, encoding: str) -> str:
    """Line that cannot be decoded, for decoding goes ahead of reading."""
    if not encoding.startswith("utf-8"):
        return ""
    binary.seek(0)
    number = 0
    while line := binary.readline(MAX_LINE):
        number += 1
        try:
            line.decode()
        except UnicodeDecodeError:
            return f", line {number}"
    return ""


def _separator(lines: Sequence[str]) -> str | None:
    match = _SEPARATOR.fullmatch(lines[0]) if lines else None
    return match[1] if match else None


def _columns(
    its_rows: Iterable[tuple[int, list[str]]], width: int, texts: set[int], where: str, most: int
) -> tuple[list[np.ndarray], list[int]] | None:
    """Columns and the line of each row; None, and the column among `texts`, once one is text that began as numbers."""
    kept: list[list[np.ndarray]] = [[] for _ in range(width)]
    lines: list[int] = []
    size = 0
    for block in _blocks(its_rows, width, where):
        for index, column in enumerate(zip(*(fields for _, fields in block), strict=True)):
            values = None if index in texts else _numbers(column)
            if values is None:
                if index not in texts and kept[index]:
                    texts.add(index)
                    return None
                texts.add(index)
                values = np.array(column, dtype=object)
                size += sum(map(len, column)) + _PER_TEXT * len(column)
            kept[index].append(values)
            size += values.nbytes + _PER_PIECE
        lines += [line for line, _ in block]
        if size > most_bytes(most):
            raise too_large(where, most)
    return [np.concatenate(parts) if parts else np.empty(0, dtype=object) for parts in kept], lines


def _blocks(its_rows: Iterable[tuple[int, list[str]]], width: int, where: str) -> Iterator[list[tuple[int, list[str]]]]:
    """Rows, some at once, all of one length."""
    block: list[tuple[int, list[str]]] = []
    size = 0
    for line, fields in its_rows:
        if len(fields) > width and not any(fields[width:]):
            fields = fields[:width]  # a delimiter at the end of the line
        if len(fields) != width:
            here = counted(len(fields), "field")
            raise ExploreError(f"{where}, line {line}: {here}, where the first line has {width}")
        block.append((line, fields))
        size += sum(map(len, fields))
        if len(block) * width >= _AT_ONCE or size >= _CHARACTERS_AT_ONCE:
            yield block
            block, size = [], 0
    if block:
        yield block


def _numbers(column: Sequence[str]) -> np.ndarray | None:
    """Values of a column as float64; None where one is no number as programs write it."""
    together = "".join(column)
    if "_" in together or not together.isascii():  # both are numbers to Python, and to nobody else
        return None
    try:
        return np.array([*map(float, column)])
    except ValueError:
        return None


def _with_point(field: str) -> str:
    return field.replace(",", ".") if re.fullmatch(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", field) else field
