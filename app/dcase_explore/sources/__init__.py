"""
Where clips come from: `--data` specs read into clip tables and joined.

One module per kind of source: `raw` (downloaded recordings), `results` (score files), `demo` (made on the spot).
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dcase_explore import clips
from dcase_explore.columns import describe, members
from dcase_explore.errors import ExploreError, meant
from dcase_explore.messages import note, some
from dcase_explore.sources.demo import read_demo
from dcase_explore.sources.raw import read_raw, split_folders
from dcase_explore.sources.results import read_results, result_folders

NAMED = ("demo", "hub")
"""Specs that are words; everything else is a path."""


@dataclass(frozen=True)
class Source:
    """
    What one or several `--data` specs brought.

    Attributes
    ----------
    frame
        Clip table.
    title
        What people see as its name.
    """

    frame: pd.DataFrame
    title: str


def read_sources(specs: Sequence[str | pd.DataFrame]) -> Source:
    """
    Read every source and join them on ``clip_id``.

    Parameters
    ----------
    specs
        ``"demo"``, paths of raw downloads and result folders, or a clip table at hand; the first one that knows a fact
        decides.

    Returns
    -------
    Source
        One clip table with the clips of all.

    Raises
    ------
    ExploreError
        A spec that is neither a known word nor a folder with recognised content.
    """
    if len(specs) > 1 and any(isinstance(spec, str) and spec == "demo" for spec in specs):
        raise ExploreError("the demo's sounds are synthetic and belong to no other data: give --data demo alone")
    sources = [_read(spec) for spec in specs]
    frame = sources[0].frame
    names = [spec if isinstance(spec, str) else source.title for spec, source in zip(specs, sources, strict=True)]
    for spec, source in zip(names[1:], sources[1:], strict=True):
        twice = set(members(frame, "anomaly_score_<score>")) & set(members(source.frame, "anomaly_score_<score>"))
        if twice:
            raise ExploreError(
                f"--data {spec}: there is a model called {some(sorted(twice))} already: rename its folder"
            )
        frame = _join(frame, source.frame, spec)
    return Source(frame, " + ".join(source.title for source in sources))


def _read(spec: str | pd.DataFrame) -> Source:
    if isinstance(spec, pd.DataFrame):
        return Source(clips.conform(spec), "your table")
    if spec == "demo":
        return Source(read_demo(), "demo: synthetic sounds")
    if spec == "hub" or spec.startswith("hf://"):
        raise ExploreError(
            f"--data {spec} cannot be read by this version: download the recordings and give their folder, "
            "or look at dcase-explore --data demo"
        )
    folder = Path(os.path.expanduser(spec))  # noqa: PTH111 - Path.expanduser raises for an unknown user
    if not spec.strip():
        raise ExploreError(f"--data is empty: give a folder, or one of {', '.join(NAMED)}")
    if not folder.is_dir():
        raise ExploreError(_no_folder(spec, folder))
    if results := result_folders(folder):
        note(f"{folder.absolute().name}: results of {some(place.absolute().name for place in results)}")
        if split_folders(folder):
            note(f"{folder} holds recordings as well: add --data with their folder to hear them")
        return Source(read_results(results), folder.absolute().name)
    if split_folders(folder):
        return Source(read_raw(folder), folder.absolute().name)
    raise ExploreError(_nothing_in(folder))


def _no_folder(spec: str, folder: Path) -> str:
    if folder.exists():
        return f"{folder} is a file: give the folder of a raw download or of score files"
    if folder.is_symlink():
        return f"{folder} is a link to {os.readlink(folder)}, which is not there"  # noqa: PTH115
    if not folder.parent.is_dir():
        return f"there is no folder {spec}: {folder.parent} does not exist either"
    siblings = sorted(child.name for child in folder.parent.iterdir() if child.exists())
    words = [*NAMED, *siblings] if len(Path(spec).parts) == 1 else siblings
    return f"there is no folder {spec}: {meant(folder.name, words)}"


def _nothing_in(folder: Path) -> str:
    expected = (
        "expected recordings in <machine>/train|test/*.wav or score files anomaly_score_<machine>_section_00_test.csv"
    )
    if not any(folder.iterdir()):
        return f"{folder} is empty: {expected}"
    zips = sorted(path.name for path in folder.glob("*.zip"))
    if zips:
        return f"{folder} holds archives that are still packed ({some(zips)}): unpack them first, as in unzip {zips[0]}"
    inside = some(sorted(path.name for path in folder.iterdir()))
    return f"{folder} holds nothing that can be explored ({inside}): {expected}"


def _join(first: pd.DataFrame, second: pd.DataFrame, spec: str) -> pd.DataFrame:
    """All clips of both; where both know a fact the first one's counts."""
    left = first.astype(_loose(first)).set_index("clip_id")
    right = second.astype(_loose(second)).set_index("clip_id")
    common = left.index.intersection(right.index)
    if common.empty:
        note(
            f"--data {spec} has no clip in common with the data before it "
            f"({first['clip_id'].iloc[0]} there, {second['clip_id'].iloc[0]} here): both are shown side by side"
        )
    else:
        note(f"--data {spec}: {len(common):,} of its {len(right):,} clips are known already and are joined")
    for column in left.columns.intersection(right.columns):
        contract = describe(column)
        if contract is None or contract.kind in ("audio", "vector"):
            continue
        known = left.loc[common, column].notna() & right.loc[common, column].notna()
        differ = int((left.loc[common, column][known] != right.loc[common, column][known]).sum())
        if differ:
            note(f"column {column}: {differ:,} clips differ between the sources; the first source's values are shown")
    joined = left.combine_first(right)
    # combine_first sorts rows and columns: keep the order in which people gave the sources.
    rows = [*left.index, *right.index.difference(left.index, sort=False)]
    columns = [*left.columns, *right.columns.difference(left.columns, sort=False)]
    return clips.conform(joined.loc[rows, columns].reset_index())


def _loose(frame: pd.DataFrame) -> dict[str, str]:
    """Categories as plain objects: two sources may know different ones."""
    return {name: "object" for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)}
