"""Where a launch's seconds go."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_imported = time.time()
_steps: list[tuple[str, float]] = []
_within: list[float] = []
"""For each step that runs: the seconds of the steps within it."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """
    Count the seconds of one step, without those of the steps within it.

    Parameters
    ----------
    name
        What is done, as in ``"reading the table"``.
    """
    started = time.perf_counter()
    _within.append(0.0)
    try:
        yield
    finally:
        seconds = time.perf_counter() - started
        own = seconds - _within.pop()
        if _within:
            _within[-1] += seconds
        _steps.append((name, own))


def until_here(name: str) -> None:
    """
    Count everything up to now as a step, the first one.

    Parameters
    ----------
    name
        What was done.
    """
    if not _steps:
        _steps.append((name, time.time() - _imported))


def steps_in_words() -> str:
    """
    All steps and what they took.

    Returns
    -------
    str
        A line for each, in their order, then the total since the process began; what is in none of them is a line as
        well, so that they sum up.
    """
    began = _process_began()
    total = time.time() - began
    steps: dict[str, float] = {}
    for name, seconds in _steps:
        steps[name] = steps.get(name, 0.0) + seconds
    start = _imported - began
    lines = {"starting Python": start, **steps, "all else": total - start - sum(steps.values()), "total": total}
    return "\n".join(f"{seconds:8.2f} s  {name}" for name, seconds in lines.items())


def _process_began() -> float:
    """When this process began, as `time.time` counts; when this module was imported where that is not known."""
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        uptime = float(Path("/proc/uptime").read_text().split()[0])
        return time.time() - (uptime - int(fields[19]) / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError, AttributeError):
        return _imported
