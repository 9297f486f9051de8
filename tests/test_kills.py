"""A hundred runs are killed while they write: the next one is right, and nothing is left behind."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

KILLS = 25
"""Of each writer."""


def test_whoever_is_killed_while_it_writes_the_next_run_is_right(tmp_path: Path) -> None:
    # In a process of one thread, whose copies are killed: copies of this one might wait for threads that they lack.
    run = subprocess.run(
        [sys.executable, __file__, str(tmp_path)],
        env={**os.environ, "DCASE_EXPLORE_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-2_000:]
    killed = dict(line.split() for line in run.stdout.splitlines())
    assert set(killed) == {"demo", "layout", "notes", "store"}
    assert sum(map(int, killed.values())) >= 100, killed


def main(folder: Path) -> None:
    """Kill every writer, and look at what the next run leaves."""
    for name, (write, right) in writers(folder).items():
        own, rng, killed = folder / name, random.Random(name), 0
        own.mkdir()
        steps = steps_of(write, own)
        for number in range(2 * KILLS):
            # Every other one is held where it was, so that it does not end before it is killed.
            killed += kill(write, own, rng.randint(1, steps), held=number % 2 == 0)
            if killed >= KILLS:
                break
        write(own)
        right(own)
        left = [path for path in own.rglob("*") if path.name.startswith(".") and path.suffix != ".lock"]
        assert not left, left
        print(name, killed)


def watched(write: Callable[[Path], object], folder: Path, step: Callable[[], None]) -> None:
    """Write in this process, which is a copy, and say before every file that is opened, moved or removed there."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        writes = event in ("os.rename", "os.remove", "os.mkdir", "sqlite3.connect", "os.truncate") or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if writes and str(folder) in str(arguments[0]):
            step()

    sys.addaudithook(hook)
    write(folder)


def steps_of(write: Callable[[Path], object], folder: Path) -> int:
    reads, says = os.pipe()
    copy = os.fork()
    if not copy:
        watched(write, folder, lambda: os.write(says, b".") and None)
        os._exit(0)
    assert os.waitpid(copy, 0)[1] == 0
    return len(os.read(reads, 2**16))


def kill(write: Callable[[Path], object], folder: Path, at: int, *, held: bool) -> bool:
    """Kill a run at one of its steps, or shortly after; whether it was still there."""
    reads, says = os.pipe()
    copy = os.fork()
    if not copy:
        done = []

        def step() -> None:
            done.append(1)
            if len(done) == at:
                os.write(says, b".")
                time.sleep(60 if held else 0)

        watched(write, folder, step)
        os._exit(0)
    os.close(says)
    os.read(reads, 1)
    os.kill(copy, signal.SIGKILL)
    os.close(reads)
    return os.WIFSIGNALED(os.waitpid(copy, 0)[1])


def writers(folder: Path) -> dict[str, tuple[Callable[[Path], object], Callable[[Path], None]]]:
    """What writes into a folder, and what looks whether it holds what it should."""
    from dcase_explore import store
    from dcase_explore.layouts.files import read_layout
    from dcase_explore.layouts.saving import file_to_save
    from dcase_explore.notes import Notes
    from dcase_explore.notes.files import Note
    from dcase_explore.sources import demo
    from dcase_explore.sources.demo_clips import demo_clips

    few = demo_clips()[:3]
    layout = read_layout("simple")
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
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
