"""
Where clips come from: `--data` specs read into clip tables and joined.

Each kind of source is a module that tells what it recognises, reads and saw (`kinds`); `KINDS` is their list, in the
order in which a spec is held against them. Only `hub` ever reaches the network.
"""

import errno
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from dcase_explore import clips
from dcase_explore.errors import ExploreError, meant
from dcase_explore.messages import note, some
from dcase_explore.regular import open_regular
from dcase_explore.sources.archives import ARCHIVES, PACKED
from dcase_explore.sources.asdkit import ASDKIT
from dcase_explore.sources.demo import DEMO
from dcase_explore.sources.exported import EXPORTED
from dcase_explore.sources.hub import HUB, is_hub
from dcase_explore.sources.joining import joined
from dcase_explore.sources.kinds import Asked, Kind, Source
from dcase_explore.sources.listed import LISTED
from dcase_explore.sources.raw import RAW
from dcase_explore.sources.results import RESULTS

KINDS = (HUB, DEMO, ARCHIVES, RESULTS, ASDKIT, LISTED, RAW, EXPORTED)
__all__ = ["KINDS", "NAMED", "Source", "kind_of", "read_scores", "read_sources"]

NAMED = ("demo", "hub")
"""Specs that are words; everything else is a path."""


def read_sources(
    specs: Sequence[str | pd.DataFrame], *, configs: Sequence[str] = (), with_audio: bool = True
) -> Source:
    """
    Read every source and join them on ``clip_id``.

    Parameters
    ----------
    specs
        ``"hub"``, ``"hf://owner/name[@revision]"``, ``"demo"``, paths of what `KINDS` tells, or a clip table at hand;
        the first one that knows a fact decides.
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
        A spec that is neither a known word nor a path with recognised content.
    """
    if not len(specs):
        raise ExploreError(f"--data is empty: give a folder, or one of {', '.join(NAMED)}")
    if len(specs) > 1 and any(isinstance(spec, str) and spec == "demo" for spec in specs):
        raise ExploreError("the demo's sounds are synthetic and belong to no other data: give --data demo alone")
    if configs and not any(isinstance(spec, str) and is_hub(spec) for spec in specs):
        raise ExploreError(f"--config {some(configs)} is of the hub's data: add --data hub, or leave it out")
    first, *others = specs
    source = _read(first, configs)
    for spec in others:
        other = _read(spec, configs)
        source = joined(source, other, spec if isinstance(spec, str) else other.title)
    if not with_audio and "path" in source.frame:
        return replace(source, frame=source.frame.drop(columns="path"))
    return source


def _read(spec: str | pd.DataFrame, configs: Sequence[str]) -> Source:
    if isinstance(spec, pd.DataFrame):
        return Source(clips.conform(spec), "your table")
    if not spec.strip():
        raise ExploreError(f"--data is empty: give a folder, or one of {', '.join(NAMED)}")
    asked = Asked(spec, configs)
    try:
        asked.path.lstat()
    except ValueError:  # a NUL, with which there is no path
        pass
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise ExploreError(f"--data {spec[:200]}: cannot be read ({error.strerror})") from error
    kind = kind_of(asked)
    if kind is None:
        raise ExploreError(_nothing_in(asked) if asked.path.is_dir() else _no_folder(spec, asked.path))
    source = kind.reads(asked)
    # Recordings beside a table that lists them are no others; the words are no folders.
    others = () if kind in (HUB, DEMO) else (RESULTS, ASDKIT) if kind.lists else KINDS
    for other in others:
        if other is not kind and (seen := other.saw(asked)):
            note(f"{asked.path} holds {seen.what} as well, left out: {seen.how}")
    return source


def kind_of(asked: Asked) -> Kind | None:
    """The kind of source that a spec is; None where it is none."""
    return next((kind for kind in KINDS if kind.recognises(asked)), None)


def read_scores(path: Path) -> pd.DataFrame | None:
    """
    Clip table of what holds scores alone: a folder of score files, ASDKit's output, a zip file of either.

    Parameters
    ----------
    path
        Of a file or folder.

    Returns
    -------
    pandas.DataFrame or None
        None where it is nothing of that kind.

    Raises
    ------
    ExploreError
        As `read_sources`.
    """
    asked = Asked(str(path))
    kind = next((kind for kind in (ARCHIVES, RESULTS, ASDKIT) if kind.recognises(asked)), None)
    return kind.reads(asked).frame if kind else None


def _no_folder(spec: str, path: Path) -> str:
    if path.exists():
        if not path.is_file():
            open_regular(path, f"--data {spec}").close()  # says what it is
        if path.suffix.lower() in PACKED:
            return f"{path} is packed: unpack it first, and give its folder"
        return f"{path} is a file: give the folder that it lies in, or {_looks()}"
    if path.is_symlink():
        return f"{path} is a link to {os.readlink(path)}, which is not there"  # noqa: PTH115
    if not path.parent.is_dir():
        return f"there is no folder {spec}: {path.parent} does not exist either"
    siblings = sorted(child.name for child in path.parent.iterdir() if child.exists())
    words = [*NAMED, *siblings] if len(Path(spec).parts) == 1 else siblings
    return f"there is no folder {spec}: {meant(path.name, words)}"


def _looks() -> str:
    """How what can be read looks, of the kinds that lie in folders."""
    return ", or ".join(kind.looks for kind in KINDS if kind not in (HUB, DEMO))


def _nothing_in(asked: Asked) -> str:
    """What every kind of source says that it saw, and how it could be read."""
    saw = [f"{seen.what}: {seen.how}" for kind in KINDS if (seen := kind.saw(asked))]
    if saw:
        return f"{asked.path} holds nothing that can be explored as it is, but {'; '.join(saw)}"
    inside = sorted(path.name for path in asked.path.iterdir())
    what = f"holds nothing that can be explored ({some(inside)})" if inside else "is empty"
    return f"{asked.path} {what}: expected {_looks()}"
