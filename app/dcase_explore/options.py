"""What can be asked for, of the command line and of Python alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

AUDIO = ("lazy", "all", "none")


@dataclass(frozen=True)
class Options:
    """
    What to show.

    Attributes
    ----------
    data
        Sources: ``"hub"``, ``"demo"`` or paths; see `dcase_explore.sources`.
    config
        Configs of the hub's data: ``"dev"``, ``"add"``, ``"eval"``; empty for ``"dev"``.
    audio
        ``"lazy"`` fetches the hub's recordings when they are played, ``"all"`` beforehand, ``"none"`` leaves all out.
    class_name
        Machine types; empty for all. Case is ignored.
    split, domain
        ``"train"`` or ``"test"``; ``"source"`` or ``"target"``; None for both.
    limit
        At most so many clips, evenly spaced over the table; None for all.
    layout
        Curated name, name from the user's library, or file.
    strict_layout
        Whether to refuse a layout that names columns which the data do not have, instead of fitting it to them.
    scores, embeddings
        The user's own, by name; see `dcase_explore.attach.attach`.
    ground_truth
        Folder of labels for an evaluation set.
    """

    data: Sequence[str | pd.DataFrame] = ("hub",)
    config: Sequence[str] = ()
    audio: str = "lazy"
    class_name: Sequence[str] = ()
    split: str | None = None
    domain: str | None = None
    limit: int | None = None
    layout: str = "simple"
    strict_layout: bool = False
    scores: Mapping[str, object] = field(default_factory=dict)
    embeddings: Mapping[str, object] = field(default_factory=dict)
    ground_truth: str | Path | None = None
