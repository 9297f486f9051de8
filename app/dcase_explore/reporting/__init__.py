"""
One file to send: score, curves, conditions, findings with their sounds, in a page that needs no program.

`facts` gathers what is said (`curves`, `conditions`, `comparing`), `sounds` and `pictures` make what is heard and seen,
`tables`, `drawing`, `charts` and `cards` lay it out, `chapters` and `page` put it together, `writing` keeps it within
its size; whatever a name holds becomes text in `markup`.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from dcase_explore.exploring import explored
from dcase_explore.options import ReportOptions
from dcase_explore.reporting.writing import Reported, bytes_of, check_file, write_report


def report(options: ReportOptions, file: Path, *, ready: Callable[[], None] | None = None) -> Reported:
    """
    Explore data and write a report of them.

    Parameters
    ----------
    options
        What it is about.
    file
        Where it goes.
    ready
        Called when all is known, before the file is written.

    Returns
    -------
    Reported
        What was written.

    Raises
    ------
    ExploreError
        As `dcase_explore.exploring.explored` and `dcase_explore.reporting.writing.write_report`.
    """
    size = bytes_of(options.size)
    check_file(file)  # first: a typo should not wait for the data
    other = None
    if options.compare:  # before the other: it takes less, and a typo should not wait
        before = replace(options, data=options.compare, compare=(), scores={}, embeddings={})
        other = explored(before, listen=False, with_maps=False, with_findings=False)
    exploration = explored(options, with_maps=False)
    if ready is not None:
        ready()
    return write_report(exploration, file, other=other, audio=options.audio, size=size)
