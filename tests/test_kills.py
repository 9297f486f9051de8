"""A hundred runs are killed while they write: the next one is right, and nothing is left behind."""

import json
import os
import random
import secrets
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from hub_repository import AST, StandIn
from hub_server import HubServer, slow

KILLS = 17
"""Of each writer."""
LARGE = f"data/{AST}_dev_train.npz"


def test_whoever_is_killed_while_it_writes_the_next_run_is_right(
    tmp_path: Path, hub: HubServer, standin: StandIn
) -> None:
    size = (standin.files / LARGE).stat().st_size
    hub.fault(LARGE, slow(4 * size), times=None)
    # In a process of one thread, whose copies are killed: copies of this one might wait for threads that they lack.
    run = subprocess.run(
        [sys.executable, __file__, str(tmp_path), str(standin.files / LARGE)],
        env={
            **os.environ,
            "DCASE_EXPLORE_CACHE": str(tmp_path / "cache"),
            "OMP_NUM_THREADS": "1",
            "JE_ARROW_MALLOC_CONF": "background_thread:false",
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2_000:]
    killed = dict(line.split() for line in run.stdout.splitlines())
    assert set(killed) == {"demo", "fetch", "export", "layout", "notes", "store", "stored"}
    assert sum(map(int, killed.values())) >= 100, killed


def main(folder: Path, fetched: Path) -> None:
    """Kill every writer, and look at what the next run leaves."""
    for name, (write, right) in writers(folder, fetched).items():
        own, rng, killed = folder / name, random.Random(name), 0
        own.mkdir()
        steps = steps_of(write, own)
        for number in range(3 * KILLS):
            # Every other one is held where it was, so that it does not end before it is killed; others get on.
            held = number % 2 == 0
            killed += kill(write, own, rng.randint(1, steps), held=held, after=0 if held else rng.uniform(0, 0.05))
            if killed >= KILLS:
                break
        in_copy(lambda: (write(own), right(own)))  # noqa: B023
        left = [path for path in own.rglob("*") if path.name.startswith(".") or path.suffix == ".part"]
        assert not [path for path in left if path.suffix != ".lock"], left
        print(name, killed)


def in_copy(call: Callable[[], object]) -> None:
    """Call it in a copy of this process, which goes on having one thread: copies would lack the others."""
    threads = Path("/proc/self/task")
    assert not threads.is_dir() or len(list(threads.iterdir())) == 1
    copy = os.fork()
    if not copy:
        try:
            call()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    assert os.waitpid(copy, 0)[1] == 0


def watched(write: Callable[[Path], object], folder: Path, step: Callable[[], None]) -> None:
    """Write in this process, which is a copy, and say before every file that is opened, moved or removed there."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        writes = event in ("os.rename", "os.remove", "os.mkdir", "sqlite3.connect", "os.truncate") or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if writes and str(folder) in str(arguments[0]):
            step()

    def rows(writer: pq.ParquetWriter, *what: Any, **how: Any) -> None:
        step()  # Arrow opens its files by itself
        write_table(writer, *what, **how)
        step()

    write_table = pq.ParquetWriter.write_table
    pq.ParquetWriter.write_table = rows
    sys.addaudithook(hook)
    write(folder)


def steps_of(write: Callable[[Path], object], folder: Path) -> int:
    reads, says = os.pipe()
    in_copy(lambda: watched(write, folder, lambda: os.write(says, b".") and None))
    return len(os.read(reads, 2**16))


def kill(write: Callable[[Path], object], folder: Path, at: int, *, held: bool, after: float) -> bool:
    """Kill a run at one of its steps, or so many seconds after; whether it was still there."""
    reads, says = os.pipe()
    copy = os.fork()
    if not copy:
        done = []

        def step() -> None:
            done.append(1)
            if len(done) == at:
                os.write(says, b".")
                time.sleep(60 if held else 0)

        try:
            watched(write, folder, step)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(says)
    os.read(reads, 1)
    time.sleep(after)
    os.kill(copy, signal.SIGKILL)
    os.close(reads)
    ended = os.waitpid(copy, 0)[1]
    assert ended == 0 or os.WIFSIGNALED(ended)
    return os.WIFSIGNALED(ended)


def writers(folder: Path, fetched: Path) -> dict[str, tuple[Callable[[Path], object], Callable[[Path], None]]]:
    """What writes into a folder, and what looks whether it holds what it should."""
    import datasets  # noqa: F401 - as the next two: once for all copies
    import httpx2  # noqa: F401
    from huggingface_hub import HfApi, get_session  # noqa: F401

    from dcase_explore import clips, parquet, store
    from dcase_explore.exploring import explored
    from dcase_explore.exporting import export
    from dcase_explore.hub import download
    from dcase_explore.hub.repository import open_repository
    from dcase_explore.layouts.files import read_layout
    from dcase_explore.layouts.saving import file_to_save
    from dcase_explore.notes import Notes
    from dcase_explore.notes.files import Note
    from dcase_explore.options import Options
    from dcase_explore.sources import demo
    from dcase_explore.sources.demo_clips import demo_clips
    from dcase_explore.sources.exported import read_exported
    from dcase_explore.stored import kept as explorations

    few = demo_clips()[:3]
    layout = read_layout("simple")
    names = [f"section_00_source_test_{('normal', 'anomaly')[n % 2]}_{n:04d}.wav" for n in range(20)]
    table = clips.facts_from_names(["fan"] * 20, names, ["test"] * 20)
    table["path"] = [str(folder / "sounds" / name) for name in names]
    for path in map(Path, table["path"]):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(50_000))
    table = clips.conform(table.assign(anomaly_score_mine=np.arange(20.0)))
    in_copy(lambda: parquet.write(table.drop(columns="path"), folder / "table.parquet", {}))
    options = Options(data=[str(folder / "table.parquet")])
    arrays = {f"{number}": np.full(2_000, number, np.float32) for number in range(50)}

    def made(folder: Path) -> None:
        assert all(demo._place(folder, clip).stat().st_size == 320_044 for clip in few)

    def put(folder: Path) -> None:
        os.environ["DCASE_EXPLORE_CACHE"] = str(folder)
        with store.Store() as opened:
            opened.put(arrays)

    def kept(folder: Path) -> None:
        os.environ["DCASE_EXPLORE_CACHE"] = str(folder)
        with store.Store() as opened:
            found = opened.get(arrays)
        assert {key: array.tolist() for key, array in found.items()} == {
            key: array.tolist() for key, array in arrays.items()
        }

    def fetch(folder: Path) -> None:
        os.environ["DCASE_EXPLORE_CACHE"] = str(folder)
        download._PIECE = 2**10
        repository = open_repository("hub")
        repository.local(LARGE).unlink(missing_ok=True)
        repository.fetch(LARGE)

    def arrived(folder: Path) -> None:
        os.environ["DCASE_EXPLORE_CACHE"] = str(folder)
        assert open_repository("hub").local(LARGE).read_bytes() == fetched.read_bytes()

    def exports(folder: Path) -> None:
        for name in ("new", "empty"):
            there = folder / name
            if (there / "data").is_dir():
                there.rename(folder.with_name(f"away-{secrets.token_hex(6)}"))
            if name == "empty":
                there.mkdir(exist_ok=True)
            export(table, there, audio=True, title="mine")

    def exported(folder: Path) -> None:
        for name in ("new", "empty"):
            assert list(read_exported(folder / name).frame["clip_id"]) == list(table["clip_id"])
            assert sorted(path.name for path in (folder / name).iterdir()) == ["README.md", "data"]

    def explore(folder: Path) -> None:
        os.environ["DCASE_EXPLORE_CACHE"] = str(folder)
        explorations.make(options, lambda: explored(options)).stored.close()

    def shown(folder: Path) -> None:
        os.environ["DCASE_EXPLORE_CACHE"] = str(folder)
        found = explorations.find(options)
        assert found is not None
        assert found.stored.rows == len(table)
        assert len(json.loads(found.stored.table.read())["columns"]) > 5
        assert len(list((folder / explorations.FOLDER).iterdir())) == 1

    def noted(folder: Path) -> None:
        assert Notes(folder / "notes.csv").read()["test/fan_a.wav"] == Note("noise", "hum")

    return {
        "demo": (lambda folder: [clip.unlink() for clip in folder.rglob("*.wav")] + [demo._make(folder, few)], made),
        "layout": (
            lambda folder: (
                (folder / "mine.json").unlink(missing_ok=True),
                file_to_save(str(folder / "mine.json")).write(layout),
            ),
            lambda folder: read_layout(str(folder / "mine.json")) and None,
        ),
        "notes": (lambda folder: Notes(folder / "notes.csv").keep("test/fan_a.wav", Note("noise", "hum")), noted),
        "store": (put, kept),
        "fetch": (fetch, arrived),
        "export": (exports, exported),
        "stored": (explore, shown),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
