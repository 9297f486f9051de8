"""Parquet files whose footers and pages lie about what they hold: one sentence each, and no memory for it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dcase_explore import parquet
from dcase_explore.parquet.pages import sizes
from lying_parquet import I32, I64, Lie

ROWS = 100
MOST = 2**31 - 1
LARGE = 400 * 2**20
VALUES: dict[str, list[Any]] = {
    "text": [f"words {number % 7}" for number in range(ROWS)],
    "numbers": [float(number) for number in range(ROWS)],
    "vectors": [[float(number), 2.0] for number in range(ROWS)],
}
WAYS: dict[str, dict[str, Any]] = {
    "dictionary": {"compression": "zstd"},
    "plain": {"compression": "snappy", "use_dictionary": False},
    "version 2": {"compression": "zstd", "data_page_version": "2.0"},
}
DATA_PAGES = (5, 8)
"""Fields of a page's header: of a data page, of one of version 2."""


def honest(path: Path, values: list[Any], **how: Any) -> Lie:
    """A clip table with a column of one's own."""
    names = [f"test/fan_section_00_source_test_normal_{number:04d}.wav" for number in range(len(values))]
    columns = {"clip_id": names, "class": ["fan"] * len(names), "split": ["test"] * len(names), "x": values}
    pq.write_table(pa.table(columns), path, write_statistics=False, store_schema=False, **how)
    return Lie.of(path)


def lies(folder: Path) -> Iterator[tuple[str, Lie]]:
    """Every lie about every kind of column, by the name of its file."""
    for kind, values in VALUES.items():
        for way, how in WAYS.items():

            def lie(values: list[Any] = values, how: dict[str, Any] = how) -> tuple[Lie, Any, Any]:
                taken = honest(folder / "honest.parquet", values, **how)
                return taken, taken.chunks[-1], taken.footer[4][1][1][0]

            taken, column, group = lie()
            for header, _ in column.pages:
                header[2] = (I32, MOST)
            yield f"{kind} {way}, bytes of pages", taken
            for field in (*DATA_PAGES, 7):
                taken, column, group = lie()
                for header in [header for header, _ in column.pages if field in header]:
                    header[field][1][1] = (I32, MOST)
                    yield f"{kind} {way}, values of page {field}", taken
            taken, column, group = lie()
            for header in [header for header, _ in column.pages if 8 in header]:
                for field in (2, 3, 5, 6):
                    header[8][1][field] = (I32, MOST)
                yield f"{kind} {way}, rows and levels", taken
            taken, column, group = lie()
            column.told[5] = (I64, MOST)
            yield f"{kind} {way}, values of the column", taken
            taken, column, group = lie()
            column.told[6] = (I64, MOST * 100)
            yield f"{kind} {way}, bytes of the column", taken
            taken, column, group = lie()
            taken.footer[3] = (I64, 9_000_000)
            yield f"{kind} {way}, rows of the file", taken
            group[3] = (I64, 9_000_000)
            yield f"{kind} {way}, rows of the group", taken
            column.told[5] = (I64, 9_000_000)
            for header, _ in column.pages:
                for field in set(DATA_PAGES) & set(header):
                    header[field][1][1] = (I32, 9_000_000)
            yield f"{kind} {way}, all of them agree", taken


def bombs(folder: Path) -> Iterator[tuple[str, Lie]]:
    """Pages of some kilobytes that unpack to hundreds of megabytes; the footer knows of a few bytes."""
    packed = pa.Codec("zstd").compress(LARGE.to_bytes(4, "little") + bytes(LARGE), asbytes=True)
    for kind, way in (
        ("text", "dictionary"),
        ("text", "plain"),
        ("vectors", "plain"),
        ("vectors", "dictionary"),
        ("numbers", "plain"),
    ):
        taken = honest(folder / "honest.parquet", VALUES[kind], **WAYS[way] | {"compression": "zstd"})
        header, _ = taken.chunks[-1].pages[0]
        header[2], header[3] = (I32, LARGE + 4), (I32, len(packed))
        taken.chunks[-1].pages[0] = (header, packed)
        yield f"{kind} {way}, unpacked", taken
    vectors = [np.zeros(1_000_000, np.float32)] * ROWS
    taken = honest(folder / "honest.parquet", vectors, compression="zstd", use_dictionary=False)
    taken.chunks[-1].told |= {5: (I64, ROWS), 6: (I64, 1_000)}
    yield "vectors, more than told", taken
    texts = ["x" * 2**20] * 150
    for how in (
        {},
        {"column_encoding": {"x": "DELTA_LENGTH_BYTE_ARRAY"}},
        {"column_encoding": {"x": "DELTA_BYTE_ARRAY"}},
    ):
        taken = honest(folder / "honest.parquet", texts, compression="zstd", use_dictionary=False, **how)
        taken.chunks[-1].told[6] = (I64, 1_000)
        yield f"texts {''.join(how)} {len(str(how))}, more than told", taken


READ = """
import sys
from pathlib import Path
from dcase_explore.errors import ExploreError
from dcase_explore.sources.exported import read_exported
from dcase_explore.tables import read_parquet

def peak():
    said = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return int(said.split()[1]) // 1024

files = sorted(Path(sys.argv[1]).glob("*.parquet"))
for read in (read_exported, lambda path: read_parquet(path, path.name, 100)):
    read(files.pop(0) if files[0].name.startswith("0") else Path(sys.argv[1]) / "0 honest.parquet")
before = peak()
for path in files:
    for read in (read_exported, lambda path: read_parquet(path, path.name, 100)):
        try:
            read(path)
            said = "read"
        except ExploreError as error:
            said = str(error)
        print(peak() - before, path.name, said.encode(), sep="|")
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_what_a_file_says_of_its_size_takes_no_memory(tmp_path: Path) -> None:
    files, made = tmp_path / "files", 0
    files.mkdir()
    honest(files / "0 honest.parquet", VALUES["numbers"])
    for make in (lies, bombs):
        for name, lie in make(tmp_path):
            lie.write(files / f"{name}.parquet")
            made += 1
    assert made > 80
    assert max(path.stat().st_size for path in files.iterdir()) < 200_000
    done = subprocess.run([sys.executable, "-c", READ, files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2_000:]
    said = [line.split("|", 2) for line in done.stdout.splitlines()]
    assert len(said) == 2 * made
    assert max(int(megabytes) for megabytes, _, _ in said) < 300
    assert sum(text != "b'read'" for _, _, text in said) > made
    assert all("\\n" not in text and len(text) < 500 for _, _, text in said)


def test_the_headers_of_pages_tell_what_pyarrow_tells_of_an_honest_file(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    for values in VALUES.values():
        for how in WAYS.values():
            honest(path, values * 50, row_group_size=1_000, data_page_size=1_000, **how)
            told = sizes(path)
            groups = [pq.ParquetFile(path).metadata.row_group(number) for number in range(5)]
            for number, (name, size) in enumerate(told.items()):
                chunks = [group.column(number) for group in groups]
                assert name == chunks[0].path_in_schema
                assert size.count == sum(chunk.num_values for chunk in chunks)
                headers = sum(chunk.total_uncompressed_size for chunk in chunks) - size.bytes
                assert 0 < headers < 5 * 100 * 60
            assert len(parquet.read(path, ["x"])[0]) == 50 * ROWS


def test_what_was_taken_apart_is_put_together_again(tmp_path: Path) -> None:
    for values in VALUES.values():
        for how in WAYS.values():
            lie = honest(tmp_path / "x.parquet", values, **how)
            before = pq.read_table(tmp_path / "x.parquet", use_threads=False)
            assert pq.read_table(lie.write(tmp_path / "y.parquet"), use_threads=False) == before
