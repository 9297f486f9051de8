"""
The demo: synthetic machines, made once on this machine, always there offline.

The sounds of `demo_sounds` are written into the cache as a raw download of 2023 lays them out, so that the demo is read
as any other folder of recordings.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from dcase_explore.cache import cache_folder, in_the_making
from dcase_explore.credits import SYNTHETIC
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.progress import track
from dcase_explore.sources.demo_clips import DemoClip, demo_clips
from dcase_explore.sources.demo_signals import SAMPLE_RATE
from dcase_explore.sources.demo_sounds import render
from dcase_explore.sources.kinds import Asked, Kind, Source
from dcase_explore.sources.raw import RAW

VERSION = "1"
"""Goes up when a sound of the demo changes, so that nobody hears an old one under a new name."""


def read_demo() -> pd.DataFrame:
    """
    Clip table of the demo, whose recordings are made first where they are missing.

    Returns
    -------
    pandas.DataFrame
        630 clips of seven machine types, 10 s each, 16 kHz mono.

    Raises
    ------
    ExploreError
        When the cache cannot be written.
    """
    note("demo: these sounds are synthetic, made on this machine; they are not recordings")
    folder = cache_folder("demo", VERSION)
    missing = [clip for clip in demo_clips() if not _place(folder, clip).exists()]
    if missing:
        _make(folder, missing)
        note(f"demo: made {len(missing)} clips in {folder}")
    return RAW.reads(Asked(str(folder))).frame


def _place(folder: Path, clip: DemoClip) -> Path:
    return folder / clip.machine / clip.split / clip.file_name


def _make(folder: Path, clips: list[DemoClip]) -> None:
    for subfolder in {_place(folder, clip).parent for clip in clips}:
        subfolder.mkdir(parents=True, exist_ok=True)
    # Threads suffice: numpy leaves the interpreter lock while it computes.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            for _ in track(pool.map(lambda clip: _write(folder, clip), clips), len(clips), "making the demo's sounds"):
                pass
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _write(folder: Path, clip: DemoClip) -> None:
    import soundfile

    target = _place(folder, clip)
    try:
        with in_the_making(target) as temporary:
            soundfile.write(temporary, render(clip), SAMPLE_RATE, subtype="PCM_16", format="WAV")
            temporary.replace(target)
    except (OSError, soundfile.LibsndfileError) as error:
        raise ExploreError(
            f"the demo's sounds cannot be written to {target.parent} ({error}): free some space"
        ) from error


DEMO = Kind(
    "nothing yet: synthetic sounds",
    "demo",
    "--data demo --layout extended --class valve",
    lambda asked: asked.spec == "demo",
    lambda _: Source(read_demo(), "demo: synthetic sounds", (SYNTHETIC,)),
)
