"""Puts an exploration together: source, enrichment, the rows asked for, and a layout bound to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.columns import ATTRIBUTE, DOMAINS, SPLITS, members
from dcase_explore.enrich import enrich
from dcase_explore.errors import ExploreError, meant
from dcase_explore.layouts.binding import bind
from dcase_explore.layouts.files import read_layout
from dcase_explore.messages import counted, note, some
from dcase_explore.sources import read_sources


@dataclass(frozen=True)
class Options:
    """
    What to show.

    Attributes
    ----------
    data
        Sources: ``"demo"`` or paths; see `dcase_explore.sources`.
    class_name
        Machine types; empty for all. Case is ignored.
    split, domain
        ``"train"`` or ``"test"``; ``"source"`` or ``"target"``; None for both.
    limit
        At most so many clips, evenly spaced over the table; None for all.
    layout
        Curated name or file.
    """

    data: Sequence[str] = ("hub",)
    class_name: Sequence[str] = ()
    split: str | None = None
    domain: str | None = None
    limit: int | None = None
    layout: str = "simple"


@dataclass(frozen=True)
class Exploration:
    """
    Everything the viewer is given.

    Attributes
    ----------
    frame
        Conforming clip table of the rows to show.
    title
        Name of the data, shown in the page.
    layout
        Layout bound to the frame.
    layout_name
        What the layout is called.
    """

    frame: pd.DataFrame
    title: str
    layout: dict[str, Any] = field(repr=False)
    layout_name: str = "simple"

    def summary(self) -> str:
        """One line of what is shown."""
        machine_types = clips.machine_types_present(self.frame)
        of = machine_types[0] if len(machine_types) == 1 else f"{len(machine_types)} machine types"
        there = columns_with_values(self.frame)
        scores, maps = members(there, "anomaly_score_<score>"), members(there, "map_<embedding>_x")
        audible = int(self.frame["path"].notna().sum()) if "path" in self.frame else 0
        return (
            f"{self.title} · {counted(len(self.frame), 'clip')} of {of}, {audible:,} with sound · "
            f"scores: {some(scores) or 'none'} · maps: {some(maps) or 'none'} · layout {self.layout_name}"
        )


def load_table(options: Options) -> tuple[pd.DataFrame, str]:
    """
    Read, enrich and restrict the clip table.

    Parameters
    ----------
    options
        What to show; the layout plays no part.

    Returns
    -------
    frame : pandas.DataFrame
        Conforming clip table.
    title : str
        Name of the data.

    Raises
    ------
    ExploreError
        Unreadable source, unknown machine type, no clip left.
    """
    source = read_sources(options.data)
    # Machine types are independent of each other, so the others need not be listened to; splits and domains are not.
    frame = enrich(_of_machine_types(source.frame, options.class_name))
    for column, value in (("split", options.split), ("domain", options.domain)):
        if value is not None:
            frame = _where(frame, column, value)
    if options.limit is not None and options.limit < len(frame):
        rows = np.linspace(0, len(frame) - 1, options.limit).astype(int)
        note(f"showing {options.limit:,} of {len(frame):,} clips, evenly spaced")
        frame = frame.iloc[rows].reset_index(drop=True)
    return frame, source.title


def explore(options: Options) -> Exploration:
    """
    Build an exploration.

    Parameters
    ----------
    options
        What to show.

    Returns
    -------
    Exploration
        Ready for a viewer.

    Raises
    ------
    ExploreError
        As `load_table`; unknown or refused layout.
    """
    layout = read_layout(options.layout)  # first: a typo should not wait for the data
    frame, title = load_table(options)
    bound, changes = bind(layout, columns_with_values(frame))
    if not bound["children"]:
        raise ExploreError(f"layout {options.layout} has nothing to show of this data: try --layout simple")
    name = Path(options.layout).stem
    if changes:
        note(f"layout {name}: {'; '.join(changes)}")
    return Exploration(frame, title, bound, name)


def columns_with_values(frame: pd.DataFrame) -> list[str]:
    """Columns of which at least one row has a value; the others are as good as absent."""
    return [name for name in frame.columns if frame[name].notna().any()]


def _of_machine_types(frame: pd.DataFrame, wanted: Sequence[str]) -> pd.DataFrame:
    if not wanted:
        return frame
    there = clips.machine_types_present(frame)
    by_lower = {name.lower(): name for name in there}
    for name in wanted:
        if name.lower() not in by_lower:
            raise ExploreError(f"there is no machine type {name} in this data: {meant(name, there)}")
    keep = frame["class"].isin([by_lower[name.lower()] for name in wanted])
    return clips.conform(_without_empty_attributes(frame[keep]))


def _without_empty_attributes(frame: pd.DataFrame) -> pd.DataFrame:
    """Without the attribute columns that only the other machine types have."""
    return frame.drop(
        columns=[name for name in frame.columns if ATTRIBUTE.fullmatch(name) and frame[name].isna().all()]
    )


def _where(frame: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    values = SPLITS if column == "split" else DOMAINS
    if value not in values:
        raise ExploreError(f"there is no {column} {value}: {meant(value, values)}")
    kept = frame[frame[column] == value] if column in frame else frame.iloc[:0]
    if kept.empty:
        raise ExploreError(f"no clip of this data is known to be of the {value} {column}: leave --{column} out")
    return kept.reset_index(drop=True)
