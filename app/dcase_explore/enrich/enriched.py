"""What enrichment by models is asked for, and what it gives."""

from dataclasses import dataclass, field

import pandas as pd

from dcase_explore.messages import counted, note


@dataclass
class Enriched:
    """
    A clip table and where its new columns come from.

    Attributes
    ----------
    frame
        Conforming clip table.
    made
        By column: model, revision, parameters, seed and versions, as the card tells them.
    problems
        By path: why a recording cannot be read.
    """

    frame: pd.DataFrame = field(repr=False)
    made: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def report(self) -> None:
        """List the recordings that could not be read."""
        if self.problems:
            note(f"{counted(len(self.problems), 'recording')} that cannot be read and have no values:")
            for path, reason in self.problems.items():
                note(f"  {path} ({reason})")


@dataclass(frozen=True)
class Settings:
    """
    How to enrich.

    Attributes
    ----------
    model
        Of stage ``ast``: a name on the hub, or a folder.
    pooling
        See `dcase_explore.enrich.audio_model.load`.
    batch
        Clips that it hears at once.
    epochs
        Of stage ``ae``.
    on
        What models compute on, ``"cpu"`` or ``"cuda"``; None for the best that this machine has.
    """

    model: str | None = None
    pooling: str | None = None
    batch: int = 8
    epochs: int = 100
    on: str | None = None


def versions(*packages: str) -> str:
    """Versions of this program and of what it used, in words."""
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in ("dcase-explore", *packages))


def is_there(frame: pd.DataFrame, column: str) -> bool:
    """Whether the data bring a column; that is said."""
    if column in frame:
        note(f"{column} is there already and left as it is")
    return column in frame
