"""
How much a Parquet file unpacks to, by the headers of its pages.

What its footer says of that may be anything, and pyarrow tells nothing else; a page, though, is unpacked into as many
bytes as its own header says, or not at all. Headers and footer are written in Thrift's compact protocol.
"""

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

MAX_PAGES = 500_000
MAX_FOOTER_BYTES = 16 * 2**20

_HEADER_BYTES = 2**16
"""Of a page, at most: it may hold its least and greatest value."""
_TRUE, _FALSE, _BYTE, _INTEGERS, _DOUBLE, _BINARY, _LISTS, _STRUCT = 1, 2, 3, (4, 5, 6), 7, 8, (9, 10), 12


@dataclass
class Size:
    """
    Of a leaf of the schema, in all row groups.

    Attributes
    ----------
    count
        Of values that are announced, nulls included.
    bytes
        That its pages have when they are unpacked.
    """

    count: int = 0
    bytes: int = 0


def sizes(path: Path) -> Mapping[str, Size]:
    """
    Go through the headers of all pages; no page is read.

    Parameters
    ----------
    path
        Parquet file.

    Returns
    -------
    dict of str to Size
        By the path of the leaf, with dots.

    Raises
    ------
    ValueError, IndexError, KeyError, TypeError, RecursionError
        When it is damaged.
    """
    found: dict[str, Size] = {}
    pages = 0
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(end - 8)
        (length,) = struct.unpack("<I", file.read(4))
        if length > min(MAX_FOOTER_BYTES, end - 8):
            raise ValueError(f"its footer has {length:,} bytes")
        file.seek(end - 8 - length)
        footer, _ = _struct(file.read(length), 0)
        for group in footer[4]:
            for column in group[1]:
                told = column[3]
                leaf = found.setdefault(".".join(step.decode() for step in told[3]), Size())
                for header in _pages(file, told):
                    pages += 1
                    if pages > MAX_PAGES or header[2] < 0:
                        raise ValueError("it has too many pages" if pages > MAX_PAGES else "a page is of negative size")
                    leaf.bytes += header[2]
                    leaf.count += max(0, (header.get(5) or header.get(8) or {1: 0})[1])
    return found


def _pages(file: BinaryIO, told: Mapping[int, Any]) -> Iterator[dict[int, Any]]:
    """Headers of one column's pages in one row group."""
    at, dictionary = told[9], told.get(11, 0)
    if 0 < dictionary < at:
        at = dictionary
    end = at + told[7]
    while at < end:
        file.seek(at)
        content = file.read(_HEADER_BYTES)
        if not content:
            raise ValueError("a page lies behind its end")
        header, length = _struct(content, 0)
        if header[3] < 0:
            raise ValueError("a page is of negative size")
        at += length + header[3]
        yield header


def _struct(content: bytes, at: int) -> tuple[dict[int, Any], int]:
    """Fields by their numbers, and where they end."""
    fields: dict[int, Any] = {}
    number = 0
    while content[at]:
        step, kind = divmod(content[at], 16)
        at += 1
        if step:
            number += step
        else:
            number, at = _integer(content, at)
        if kind in (_TRUE, _FALSE):
            fields[number] = kind == _TRUE
        else:
            fields[number], at = _value(content, at, kind)
    return fields, at + 1


def _value(content: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in _INTEGERS:
        return _integer(content, at)
    if kind in (_TRUE, _FALSE, _BYTE):
        return content[at], at + 1
    if kind == _DOUBLE:
        return None, at + 8
    if kind == _BINARY:
        length, at = _varint(content, at)
        return content[at : at + length], at + length
    if kind in _LISTS:
        count, of = divmod(content[at], 16)
        at += 1
        if count == 15:
            count, at = _varint(content, at)
        values = []
        for _ in range(count):
            value, at = _value(content, at, of)
            values.append(value)
        return values, at
    if kind != _STRUCT:
        raise ValueError("what it says of itself is not understood")
    return _struct(content, at)


def _integer(content: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(content, at)
    return value >> 1 ^ -(value & 1), at


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (content[at] & 0x7F) << shift
        at += 1
        if content[at - 1] < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("what it says of itself is not understood")
