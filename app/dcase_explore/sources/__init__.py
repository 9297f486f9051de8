"""
Where clips come from: `--data` specs read into clip tables and joined.

One module per kind of source: `hub` (the enriched dataset), `raw` (downloaded recordings), `results` (score files),
`exported` (what ``data export`` wrote), `demo` (made on the spot). Only `hub` ever reaches the network.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from dcase_explore import clips
from dcase_explore.columns import describe, members
from dcase_explore.credits import Credit
from dcase_explore.errors import ExploreError, meant
from dcase_explore.messages import note, some
from dcase_explore.recordings import not_here
from dcase_explore.sources.demo import read_demo
from dcase_explore.sources.exported import is_exported, read_exported
from dcase_explore.sources.hub import read_hub
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
    credits
        Whose data these are, where that is known.
    """

    frame: pd.DataFrame = field(repr=False)
    title: str
    credits: tuple[Credit, ...] = ()


def read_sources(
    specs: Sequence[str | pd.DataFrame], *, configs: Sequence[str] = (), with_audio: bool = True
) -> Source:
    """
    Read every source and join them on ``clip_id``.

    Parameters
    ----------
    specs
        ``"hub"``, ``"hf://owner/name[@revision]"``, ``"demo"``, paths of raw downloads, result folders and exports, or
        a clip table at hand; the first one that knows a fact decides.
    configs
        Of the hub's data; ``"dev"`` where none is named.
    with_audio
        Whether the paths of recordings are wanted.

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
    if configs and not any(isinstance(spec, str) and _is_hub(spec) for spec in specs):
        raise ExploreError(f"--config {some(configs)} is of the hub's data: add --data hub, or leave it out")
    sources = [_read(spec, configs or ("dev",)) for spec in specs]
    frame = sources[0].frame
    names = [spec if isinstance(spec, str) else source.title for spec, source in zip(specs, sources, strict=True)]
    for spec, source in zip(names[1:], sources[1:], strict=True):
        twice = set(members(frame, "anomaly_score_<score>")) & set(members(source.frame, "anomaly_score_<score>"))
        if twice:
            raise ExploreError(
                f"--data {spec}: there is a model called {some(sorted(twice))} already: rename its folder"
            )
        frame = _join(frame, source.frame, spec)
    if not with_audio and "path" in frame:
        frame = frame.drop(columns="path")
    credit = dict.fromkeys(credit for source in sources for credit in source.credits)
    return Source(frame, " + ".join(source.title for source in sources), tuple(credit))


def _is_hub(spec: str) -> bool:
    return spec == "hub" or spec.startswith("hf://")


def _read(spec: str | pd.DataFrame, configs: Sequence[str]) -> Source:
    if isinstance(spec, pd.DataFrame):
        return Source(clips.conform(spec), "your table")
    if spec == "demo":
        return Source(read_demo(), "demo: synthetic sounds")
    if _is_hub(spec):
        frame, title, credit = read_hub(spec, configs)
        return Source(frame, title, (credit,))
    folder = Path(os.path.expanduser(spec))  # noqa: PTH111 - Path.expanduser raises for an unknown user
    if not spec.strip():
        raise ExploreError(f"--data is empty: give a folder, or one of {', '.join(NAMED)}")
    if not folder.is_dir() and not is_exported(folder):
        raise ExploreError(_no_folder(spec, folder))
    if results := result_folders(folder) if folder.is_dir() else []:
        note(f"{folder.absolute().name}: results of {some(place.absolute().name for place in results)}")
        if split_folders(folder):
            note(f"{folder} holds recordings as well: add --data with their folder to hear them")
        return Source(read_results(results), folder.absolute().name)
    if is_exported(folder):
        frame, title, owner = read_exported(folder)
        return Source(frame, title, (owner,) if owner else ())
    if split_folders(folder):
        return Source(read_raw(folder), folder.absolute().name)
    raise ExploreError(_nothing_in(folder))


def _no_folder(spec: str, folder: Path) -> str:
    if folder.exists():
        return f"{folder} is a file: give the folder of a raw download or of score files, or a .parquet file"
    if folder.is_symlink():
        return f"{folder} is a link to {os.readlink(folder)}, which is not there"  # noqa: PTH115
    if not folder.parent.is_dir():
        return f"there is no folder {spec}: {folder.parent} does not exist either"
    siblings = sorted(child.name for child in folder.parent.iterdir() if child.exists())
    words = [*NAMED, *siblings] if len(Path(spec).parts) == 1 else siblings
    return f"there is no folder {spec}: {meant(folder.name, words)}"


def _nothing_in(folder: Path) -> str:
    expected = (
        "expected recordings in <machine>/train|test/*.wav, score files anomaly_score_<machine>_section_00_test.csv, "
        "or what data export wrote"
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
    if "path" in left and "path" in right:
        # A recording that is here goes before one that would have to be fetched.
        both = pd.DataFrame({"one": left["path"], "other": right["path"]}).loc[common].dropna()
        left.loc[[clip for clip, path in both["one"].items() if not_here([path])], "path"] = None
    joined = left.combine_first(right)
    # combine_first sorts rows and columns: keep the order in which people gave the sources.
    rows = [*left.index, *right.index.difference(left.index, sort=False)]
    columns = [*left.columns, *right.columns.difference(left.columns, sort=False)]
    return clips.conform(joined.loc[rows, columns].reset_index())


def _loose(frame: pd.DataFrame) -> dict[str, str]:
    """Categories as plain objects: two sources may know different ones."""
    return {name: "object" for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)}
