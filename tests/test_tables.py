"""Tables from outside: the dialects of CSV, arrays, Parquet; what is no table, never ends or would not fit."""

import io
import os
import socket
import tempfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcase_explore import tables
from dcase_explore.errors import ExploreError
from dcase_explore.regular import open_regular
from dcase_explore.tables import read_parquet
from dcase_explore.tables.arrays import read_npy, read_npz
from dcase_explore.tables.text import read_csv, rows

READERS: dict[str, Callable[..., object]] = {
    ".csv": read_csv,
    ".npy": read_npy,
    ".npz": read_npz,
    ".parquet": read_parquet,
}
CLIPS = 8
"""Rows of the table at hand."""

LINES = [["clip_id", "score", "of"], ["fan/a.wav", "0.5", "x"], ["fan/b.wav", "-1.25e-3", "y z"], ["c", "7", ""]]
VALUES = {"clip_id": ["fan/a.wav", "fan/b.wav", "c"], "score": [0.5, -0.00125, 7.0], "of": ["x", "y z", ""]}


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path) -> Any:
    return READERS[path.suffix](path, str(path), CLIPS)


def refused(path: Path, most: float = 50e6) -> str:
    """The sentence, which took little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(ExploreError) as error:
            read(path)
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()
    sentence = str(error.value)
    assert sentence.startswith(str(path))
    assert "\n" not in sentence
    assert len(sentence) < len(str(path)) + 300
    return sentence.removeprefix(str(path))


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def zipped(path: Path, members: list[tuple[str, bytes]], how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive, pytest.MonkeyPatch.context() as patch:
        patch.setattr("warnings.warn", lambda *_, **__: None)  # of names that stand there twice
        for name, content in members:
            archive.writestr(name, content)
    return path


# Dialects


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("comma", [False, True], ids=["point", "decimal comma"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
def test_every_dialect_gives_the_same_table(
    delimiter: str, comma: bool, encoding: str, newline: str, tmp_path: Path
) -> None:
    lines = [[name, number.replace(".", ",") if comma else number, text] for name, number, text in LINES]
    quoted = [[f'"{field}"' if delimiter in field else field for field in line] for line in lines]
    text = newline.join(delimiter.join(line) for line in quoted)
    table = read(written(tmp_path / "m.csv", text.encode(encoding)))
    assert table.frame.to_dict("list") == VALUES
    assert table.place(2).endswith("m.csv, line 4")


NAMES = st.text(st.characters(blacklist_categories=["C", "Z"]), min_size=1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NAMES, st.floats()), min_size=1), st.sampled_from(",;\t|"))
def test_what_python_writes_is_read_back(values: list[tuple[str, float]], delimiter: str) -> None:
    frame = pd.DataFrame(values, columns=["file", "score"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.csv"
        frame.to_csv(path, sep=delimiter, index=False, na_rep="nan")
        found = read_csv(path, "m", CLIPS, text=lambda name: name == "file").frame
    assert found["file"].tolist() == frame["file"].tolist()
    assert np.array_equal(found["score"], frame["score"], equal_nan=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sep=;\nfile;score\na;1\n", {"file": ["a"], "score": [1.0]}),
        ("# clip_id,score\na,1\n", {"clip_id": ["a"], "score": [1.0]}),
        ("1.0 2.0\n3 4e0\n", {0: [1.0, 3.0], 1: [2.0, 4.0]}),
        ("0,1,2\n5,6,7\n", {"0": [5.0], "1": [6.0], "2": [7.0]}),
        ("0.5\n0.25\n", {0: [0.5, 0.25]}),
        ('file,score\na,"0,5"\nb,"1,25"\n', {"file": ["a", "b"], "score": [0.5, 1.25]}),
        ("file;score\na;1,234\nb;5,678\n", {"file": ["a", "b"], "score": ["1,234", "5,678"]}),
        ("file;score\na;1,234\nb;0.5\n", {"file": ["a", "b"], "score": ["1,234", "0.5"]}),
        ("clip x.wav,1,vel 1;loc A\n", {0: ["clip x.wav"], 1: [1.0], 2: ["vel 1;loc A"]}),
        ('"a\nb",1\nc,2\n', {0: ["a\nb", "c"], 1: [1.0, 2.0]}),
        ("file,full name\na.wav,b.wav\n", {"file": ["a.wav"], "full name": ["b.wav"]}),
        ("file,score\na,１\nb,1_0\n", {"file": ["a", "b"], "score": ["１", "1_0"]}),
    ],
)
def test_what_a_file_may_mean(text: str, expected: dict[object, list[object]], tmp_path: Path) -> None:
    """Numbers with a comma before three digits may be thousands, and stay text."""
    assert read(written(tmp_path / "m.csv", text)).frame.to_dict("list") == expected


def test_numbers_before_a_text_in_a_long_column_stay_as_they_were_written(tmp_path: Path) -> None:
    column = [f"{number:07d}" for number in range(150_000)] + ["loud"]
    path = written(tmp_path / "m.csv", "id,score\n" + "".join(f"{text},1\n" for text in column))
    assert read(path).frame["id"].tolist() == column


def test_rows_are_read_with_the_line_that_they_end_in(tmp_path: Path) -> None:
    path = written(tmp_path / "m.csv", '\ufeffa , 1\n\n"b\nc",2,3\n,\n')
    assert list(rows(path, "m", CLIPS)) == [(1, ["a", "1"]), (4, ["b\nc", "2", "3"])]


# What is none


NOT_CSV = {
    "empty": (b"", "is empty"),
    "blank": (b"\n \r\n\n", "is empty"),
    "open quote": (b'a,b\n"x,1\ny,2\n', ", line 2: a quote is opened there and not closed"),
    "open quote in a long file": (b'a,b\nw,0\n"x,1\n' + b"y,2\n" * 100_000, ", line 3: a quote is opened"),
    "open quote in the first line": (b'"' + b"0" * 200_000, ", line 1: a quote is opened"),
    "text after a quote": (b'a,b\n"x"y,1\n', ", line 2: "),
    "NUL": (b"a,b\nx,1\ny\0,2\n", ", line 3: holds a NUL"),
    "zeros": (bytes(100), ", line 1: holds a NUL"),
    "Latin-1": ("a,b\nx,1\n\nLüfter,2\n".encode("latin-1"), ", line 4: is no text in UTF-8"),
    "half of UTF-16": ("a,b\nx,1\n".encode("utf-16")[:-1], "is no text in UTF-8"),
    "one line": (b"a,b\n" + b"1" * 10_000_000, ", line 2: is longer than 1,048,576 characters"),
    "a million columns": (b"1," * 1_000_000 + b"1\n", ", line 1: is longer"),
    "many columns": (b"1," * 20_000 + b"1\n", "has 20,001 columns, and at most 16,384"),
    "two of one name": (b"a,b,b\n1,2,3\n", "column b stands there twice"),
    "short line": (b"a,b\nx,1\n\ny\n", ", line 4: 1 field, where the first line has 2"),
    "LFS": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n", "git lfs pull"),
    "web page": (b"<!DOCTYPE html>\n<html>", "is a web page"),
    "NPY": (npy(np.ones(3)), "call it .npy"),
    "ZIP": (b"PK\x03\x04", "is a zip archive"),
    "Parquet": (b"PAR1....PAR1", "call it .parquet"),
    "table of a web page": (b"<table><tr><td>1", "is a web page"),
    "Excel's newer file": (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "is an Excel file"),
    "JSON": (b'{"test/a.wav": 0.5}', "is JSON"),
    "lines of JSON": (b'{"id": 1}\n{"id": 2}', "is JSON"),
    "gzip": (b"\x1f\x8b\x08", "unpack it"),
    "recording": (b"RIFF....WAVE", "is a recording"),
    "pickle": (b"\x80\x04\x95\0\0", "is a pickle"),
    "Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an Excel file"),
}


@pytest.mark.parametrize("case", NOT_CSV)
def test_what_is_no_csv_is_said_with_its_line(case: str, tmp_path: Path) -> None:
    content, part = NOT_CSV[case]
    assert part in refused(written(tmp_path / "m.csv", content))


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
@pytest.mark.parametrize("case", ["empty", "LFS", "web page", "gzip", "recording", "text", "zeros"])
def test_what_is_no_array_and_no_parquet_is_said_by_its_first_bytes(case: str, suffix: str, tmp_path: Path) -> None:
    content, part = {**NOT_CSV, "text": (b"0.5\n0.25\n", "but text"), "zeros": (bytes(99), "is no")}[case]
    assert part in refused(written(tmp_path / f"m{suffix}", content))


@pytest.mark.parametrize("suffix", READERS)
def test_what_is_no_regular_file_is_refused_before_it_is_opened(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", lambda *_, **__: pytest.fail("it was opened"))
    monkeypatch.chdir(tmp_path)  # the path of a socket is bounded
    path = Path(f"m{suffix}")
    for make, kind in (
        (lambda: os.mkfifo(path), "a pipe"),
        (lambda: path.symlink_to("/dev/zero"), "a device"),
        (lambda: path.mkdir(), "a folder"),
        (lambda: socket.socket(socket.AF_UNIX).bind(str(path)), "a socket"),
    ):
        make()
        assert kind in refused(path)
        path.rmdir() if path.is_dir() else path.unlink()


def test_what_became_a_pipe_since_it_was_looked_at_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    file = written(tmp_path / "file", "x")
    stat = os.stat
    monkeypatch.setattr(os, "stat", lambda path, **options: stat(file, **options))
    with pytest.raises(ExploreError, match=r"pipe \(FIFO\), not a file"):
        open_regular(tmp_path / "pipe")


@pytest.mark.parametrize("path", ["nowhere", "a\0b", "x" * 5000])
def test_what_cannot_be_opened_is_a_sentence(path: str, tmp_path: Path) -> None:
    with pytest.raises(ExploreError, match="cannot be read"):
        open_regular(tmp_path / path, "it")


# What would not fit


def sparse(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(16 * 2**30)
    return path


def deflated(shape: tuple[int, ...]) -> Callable[[Path], Path]:
    """As many zeros as that, packed small."""

    def write(path: Path) -> Path:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": shape})
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.npy", "w") as file:
            file.write(header.getvalue())
            for _ in range(4 * int(np.prod(shape)) // 2**20):
                file.write(bytes(2**20))
        return path

    return write


def parquet(table: pa.Table) -> Callable[[Path], Path]:
    return lambda path: pq.write_table(table, path) or path


def one_list(column: pa.Array) -> pa.Table:
    """A table of eight rows, the first of which is a list of all these values: next to nothing in a file."""
    lists = pa.ListArray.from_arrays(pa.array([0] + [len(column)] * 8, pa.int32()), column)
    return pa.table({"clip_id": [f"{row}" for row in range(8)], "v": lists})


TOO_LARGE: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "sparse CSV": (".csv", sparse),
    "long CSV": (".csv", lambda path: written(path, b"1\n" * 3_000)),
    "wide CSV": (".csv", lambda path: written(path, (b"1," * 9_999 + b"1\n") * 130)),
    "CSV of texts": (".csv", lambda path: written(path, (b"a" * 60_000 + b",1\n") * 200)),
    "deflated rows": (".npz", deflated((2**18, 64))),
    "deflated columns": (".npz", deflated((8, 2**20))),
    "long Parquet": (".parquet", parquet(pa.table({"a": np.zeros(3_000)}))),
    "wide Parquet": (".parquet", parquet(pa.table({f"e{n}": np.zeros(3_000) for n in range(400)}))),
    "Parquet of vectors": (".parquet", parquet(pa.table({"v": list(np.zeros((100, 12_000)))}))),
    "one huge list": (".parquet", parquet(one_list(pa.array(np.zeros(10**7, "f4"))))),
    "lists in lists": (".parquet", parquet(one_list(pa.array([[0.0] * 10**6] * 10)))),
    "long bytes": (".parquet", parquet(pa.table({"b": pa.array([bytes(9_000_000)] * 8, pa.binary(9_000_000))}))),
    "many arrays": (".npz", lambda path: zipped(path, [(f"{n}.npy", npy(np.ones(1))) for n in range(3_000)])),
}


@pytest.mark.parametrize("case", TOO_LARGE)
def test_what_the_table_at_hand_does_not_need_is_not_read(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suffix, write = TOO_LARGE[case]
    monkeypatch.setattr(tables, "_BEYOND", 2**23)
    if case.startswith(("long", "many")):
        for module in (tables, tables.text, tables.arrays):
            monkeypatch.setattr(module, "MORE_ROWS", 2_000)
    sentence = refused(write(tmp_path / f"m{suffix}"), 20e6)
    assert "for 8 clips" in sentence or "is larger than" in sentence


def test_a_long_text_in_every_row_of_a_small_file_is_held_once(tmp_path: Path) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000, int)), ["x" * 2**20])
    pq.write_table(pa.table({"a": column}), tmp_path / "m.parquet", store_schema=False)
    frame = read(tmp_path / "m.parquet").frame
    assert len(frame) == 1_000
    assert isinstance(frame["a"].dtype, pd.CategoricalDtype)


def test_nested_texts_are_not_read_and_are_no_names(tmp_path: Path) -> None:
    table = one_list(pa.array(["x" * 2**20]).take(pa.array(np.zeros(200, int))))
    pq.write_table(table, tmp_path / "m.parquet")
    assert (tmp_path / "m.parquet").stat().st_size < 2**22
    frame = read(tmp_path / "m.parquet").frame
    assert list(map(repr, frame["v"])) == ["a nested value"] * 8


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
@pytest.mark.parametrize("shape", ["(1000000000000,)", f"({10**30}, 2)", "(9,)", "(-8,)", "(8, -1)", "(8, 0, 5)"])
def test_headers_that_claim_another_size_are_not_believed(shape: str, suffix: str, tmp_path: Path) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    content = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little") + f"{header:<117}\n".encode() + bytes(32)
    path = tmp_path / f"m{suffix}"
    zipped(path, [("a.npy", content)]) if suffix == ".npz" else written(path, content)
    assert "is no readable array (its header claims shape (" in refused(path)


def test_archives_that_numpy_does_not_write_are_refused(tmp_path: Path) -> None:
    array = npy(np.ones(8))
    twice = zipped(tmp_path / "twice.npz", [("a.npy", array), ("b.npy", array), ("a.npy", array)])
    assert "array a stands there twice" in refused(twice)
    assert "packed in a way" in refused(zipped(tmp_path / "bz2.npz", [("a.npy", array)], zipfile.ZIP_BZIP2))
    assert "readme.txt is no readable array" in refused(zipped(tmp_path / "text.npz", [("readme.txt", b"hello")]))
    long = zipped(tmp_path / "long.npz", [("a.npy", array)]).read_bytes()
    offset = long.rindex(b"PK\x05\x06") + 12  # where the size of the list of members stands
    lie = long[:offset] + (2**31).to_bytes(4, "little") + long[offset + 4 :]
    assert "is no readable .npz" in refused(written(tmp_path / "lie.npz", lie))


@pytest.mark.parametrize("name", ["names", "clip_ids", "paths"])
def test_names_saved_as_objects_are_to_be_saved_as_text(name: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", scores=np.ones(8), **{name: np.array(["a"] * 8, dtype=object)})
    sentence = refused(tmp_path / "m.npz")
    assert f"array {name} holds Python objects" in sentence
    assert "numpy.array(names, dtype=str)" in sentence
    np.savez(tmp_path / "m.npz", vectors=np.array([np.ones(2), np.ones(3)], dtype=object))
    assert "numpy.stack(vectors)" in refused(tmp_path / "m.npz")


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(list(READERS)), st.booleans())
def test_any_bytes_are_a_table_or_a_sentence(content: bytes, suffix: str, begun: bool) -> None:
    magic = {".npy": b"\x93NUMPY\x01\x00", ".npz": b"PK\x03\x04", ".parquet": b"PAR1", ".csv": b"file,score\n"}[suffix]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"m{suffix}"
        path.write_bytes((magic if begun else b"") + content)
        try:
            read(path)
        except ExploreError as error:
            assert str(error).startswith(str(path))
