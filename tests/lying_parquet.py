"""Parquet files that lie: written by pyarrow, taken apart, and put together again with other headers."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Struct = dict[int, tuple[int, Any]]
"""Fields of Thrift's compact protocol by their number: type and value."""

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)


@dataclass
class Pages:
    """One column chunk: what its footer says of it, and its pages, each a header and a body."""

    told: Struct
    pages: list[tuple[Struct, bytes]] = field(default_factory=list)


@dataclass
class Lie:
    """A file of one row group, taken apart; `write` puts it together with whatever was changed."""

    footer: Struct
    chunks: list[Pages]

    @classmethod
    def of(cls, path: Path) -> "Lie":
        content = path.read_bytes()
        length = struct.unpack("<I", content[-8:-4])[0]
        footer, _ = decode(content, len(content) - 8 - length)
        chunks = []
        for column in footer[4][1][1][0][1][1][1]:
            told = column[3][1]
            at = min(told[number][1] for number in (9, 11) if number in told)
            end = at + told[7][1]
            chunk = Pages(told)
            while at < end:
                header, at = decode(content, at)
                chunk.pages.append((header, content[at : at + header[3][1]]))
                at += header[3][1]
            chunks.append(chunk)
        return cls(footer, chunks)

    def write(self, path: Path) -> Path:
        out = bytearray(b"PAR1")
        for column, chunk in zip(self.footer[4][1][1][0][1][1][1], self.chunks, strict=True):
            start = len(out)
            for number in (9, 11):
                chunk.told.pop(number, None)
            for header, body in chunk.pages:
                chunk.told.setdefault(11 if 7 in header else 9, (I64, len(out)))
                out += encode(header) + body
            chunk.told[7] = (I64, len(out) - start)
            chunk.told.pop(12, None)
            column[3] = (STRUCT, chunk.told)
            for number in (4, 5, 6, 7):  # indices, which lie elsewhere now
                column.pop(number, None)
        footer = encode(self.footer)
        path.write_bytes(bytes(out) + footer + struct.pack("<I", len(footer)) + b"PAR1")
        return path


def decode(content: bytes, at: int) -> tuple[Struct, int]:
    """A struct, and where it ends."""
    found: Struct = {}
    number = 0
    while content[at]:
        delta, kind = divmod(content[at], 16)
        at += 1
        if delta:
            number += delta
        else:
            number, at = _zigzag(content, at)
        if kind in (TRUE, FALSE):
            found[number] = (kind, kind == TRUE)
        else:
            value, at = _value(content, at, kind)
            found[number] = (kind, value)
    return found, at + 1


def encode(fields: Struct) -> bytes:
    """Of a struct."""
    out = bytearray()
    before = 0
    for number, (kind, value) in sorted(fields.items()):
        if 0 < number - before < 16:
            out.append((number - before) * 16 + kind)
        else:
            out.append(kind)
            out += _varint(number << 1)
        before = number
        if kind not in (TRUE, FALSE):
            out += _encoded(kind, value)
    return bytes(out) + b"\0"


def _value(content: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (I16, I32, I64):
        return _zigzag(content, at)
    if kind in (BYTE, TRUE, FALSE):
        return content[at], at + 1
    if kind == DOUBLE:
        return content[at : at + 8], at + 8
    if kind == BINARY:
        length, at = _unsigned(content, at)
        return content[at : at + length], at + length
    if kind in (LIST, SET):
        count, of = divmod(content[at], 16)
        at += 1
        if count == 15:
            count, at = _unsigned(content, at)
        values = []
        for _ in range(count):
            value, at = _value(content, at, of)
            values.append(value)
        return (of, values), at
    assert kind == STRUCT, kind
    return decode(content, at)


def _encoded(kind: int, value: Any) -> bytes:
    if kind in (I16, I32, I64):
        return _varint(value << 1 if value >= 0 else (-value << 1) - 1)
    if kind in (BYTE, TRUE, FALSE):
        return bytes([value])
    if kind == BINARY:
        return _varint(len(value)) + value
    if kind in (LIST, SET):
        of, values = value
        head = bytes([len(values) * 16 + of]) if len(values) < 15 else bytes([0xF0 + of]) + _varint(len(values))
        return head + b"".join(_encoded(of, each) for each in values)
    return encode(value) if kind == STRUCT else bytes(value)


def _unsigned(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (content[at] & 0x7F) << shift
        shift += 7
        at += 1
        if content[at - 1] < 0x80:
            return value, at


def _zigzag(content: bytes, at: int) -> tuple[int, int]:
    value, at = _unsigned(content, at)
    return value >> 1 ^ -(value & 1), at


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


Change = Callable[[Lie], None]
