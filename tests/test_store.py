"""What is kept between runs: damaged values are computed again, what killed runs left is taken over."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dcase_explore import parquet
from dcase_explore.cache import in_the_making, write_atomically
from dcase_explore.store import Store

Capture = pytest.CaptureFixture[str]

DAMAGE = {
    "flipped": "UPDATE summed SET value = x'000080400000803f'",
    "cut": "UPDATE summed SET value = substr(value, 1, 7)",
    "empty": "UPDATE summed SET value = x''",
    "text": "UPDATE summed SET value = 'seven'",
    "number": "UPDATE summed SET value = 7",
    "exchanged": "UPDATE summed SET key = 'other' || key; UPDATE summed SET key = 'a' WHERE key = 'otherb'",
    "another sum": "UPDATE summed SET sum = 'x'",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_values_are_said_and_computed_again(damage: str, own_cache: Path, capsys: Capture) -> None:
    values = {"a": np.array([1, 2], np.float32), "b": np.array([3, 4], np.float32)}
    with Store() as store:
        store.put(values)
        assert store.get(values)["a"].tolist() == [1, 2]
    database = sqlite3.connect(own_cache / "computed.sqlite")
    with database:
        database.executescript(DAMAGE[damage])
    database.close()
    with Store() as store:
        assert store.kept("a", lambda: np.array([1, 2])).tolist() == [1, 2]
    assert "1 value damaged, computed again" in capsys.readouterr().err
    with Store() as store:
        assert store.get(["a"])["a"].tolist() == [1, 2]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("digest", ["x", "0" * 39, "'; --", 7, b"\0"])
def test_a_digest_that_is_none_is_made_again(digest: object, own_cache: Path, tmp_path: Path) -> None:
    file = tmp_path / "sound.wav"
    file.write_bytes(b"sound")
    with Store() as store:
        right = store.file_digests([str(file)])
    database = sqlite3.connect(own_cache / "computed.sqlite")
    with database:
        database.execute("UPDATE files SET digest = ?", (digest,))
    database.close()
    with Store() as store:
        assert store.file_digests([str(file)]) == right


def test_values_that_were_kept_without_a_sum_are_computed_again(own_cache: Path) -> None:
    own_cache.mkdir()
    database = sqlite3.connect(own_cache / "computed.sqlite")
    with database:
        database.executescript("CREATE TABLE arrays (key, value); INSERT INTO arrays VALUES ('a', x'00000000')")
    database.close()
    with Store() as store:
        assert store.get(["a"]) == {}


# What is in the making


WRITERS = {
    "file": (
        "from pathlib import Path; from dcase_explore.cache import in_the_making\n"
        "with in_the_making(Path(sys.argv[1])) as place:\n"
        "    place.write_bytes(b'half'); print(place, flush=True); time.sleep(60)"
    ),
    "folder": (
        "from pathlib import Path; from dcase_explore.cache import in_the_making\n"
        "with in_the_making(Path(sys.argv[1]), folder=True) as place:\n"
        "    (place / 'inside').mkdir(); (place / 'inside' / 'x').write_bytes(b'half')\n"
        "    print(place, flush=True); time.sleep(60)"
    ),
}


def started(kind: str, target: Path) -> tuple["subprocess.Popen[str]", Path]:
    """A process that has begun to write, and where."""
    program = f"import sys, time\n{WRITERS[kind]}"
    process = subprocess.Popen([sys.executable, "-c", program, str(target)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("kind", WRITERS)
def test_what_a_killed_run_left_is_taken_over_by_the_next_one(
    kind: str, ending: signal.Signals, tmp_path: Path
) -> None:
    target = tmp_path / "table.parquet"
    process, part = started(kind, target)
    assert part.exists()
    process.send_signal(ending)
    process.wait()
    assert part.exists()
    with in_the_making(target, folder=kind == "folder") as again:
        assert again == part
        assert not (list(again.iterdir()) if kind == "folder" else again.read_bytes())
        again.rename(target)
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("kind", WRITERS)
def test_what_another_run_is_still_writing_is_left_alone(kind: str, tmp_path: Path) -> None:
    target = tmp_path / "table.parquet"
    process, part = started(kind, target)
    try:
        with in_the_making(target, folder=kind == "folder") as other:
            assert other != part
        assert list(tmp_path.iterdir()) == [part]
        if kind == "file":
            write_atomically(target, b"whole")
            assert target.read_bytes() == b"whole"
            assert part.read_bytes() == b"half"
    finally:
        process.kill()
        process.wait()


def test_files_are_written_over_what_was_left_and_leave_nothing(tmp_path: Path) -> None:
    left = tmp_path / ".a.parquet.part"
    left.write_bytes(b"a longer half of something" * 100)
    parquet.write(pd.DataFrame({"a": [1.0]}), tmp_path / "a.parquet", {})
    assert parquet.read(tmp_path / "a.parquet")[0]["a"].tolist() == [1]
    with pytest.raises(ZeroDivisionError), in_the_making(tmp_path / "b"):
        raise ZeroDivisionError
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]


@pytest.mark.parametrize("trick", ["link", "hard link", "pipe", "folder"])
def test_nothing_is_written_through_what_somebody_put_there(trick: str, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    part = tmp_path / ".layout.json.part"
    {
        "link": lambda: part.symlink_to(precious),
        "hard link": lambda: part.hardlink_to(precious),
        "pipe": lambda: os.mkfifo(part),
        "folder": part.mkdir,
    }[trick]()
    write_atomically(tmp_path / "layout.json", b"whole")
    assert (tmp_path / "layout.json").read_bytes() == b"whole"
    assert precious.read_bytes() == b"mine"


def test_a_full_disk_keeps_nothing_and_what_was_computed_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    with Store() as store:
        store._database.execute("PRAGMA max_page_count = 8")
        values = np.arange(100_000, dtype=np.float32)
        assert np.array_equal(store.kept("key", lambda: values), values)
        assert np.array_equal(store.get(["key"])["key"], values), "as long as the store is open"
        store.put({"other": np.zeros(3)})
    with Store() as store:
        assert list(store.get(["key", "other"])) == ["other"]
    assert "free some space" in capsys.readouterr().err
