"""What a rule is: its name, what it needs, how it is told, and where it looks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pandas as pd

from dcase_explore.findings.distances import Distances
from dcase_explore.findings.finding import Finding, models_of

Need: TypeAlias = Callable[[pd.DataFrame], str | None]
"""Looks into a clip table; gives None where what is needed is there, otherwise what ends "no hard normals …"."""


@dataclass(frozen=True)
class MachineClips:
    """
    What a rule looks at.

    Attributes
    ----------
    clips
        One machine type's rows of a scored clip table.
    models
        Names of the scores of its labelled test clips, the user's own first.
    distances
        By name of the embedding, the user's own first.
    """

    clips: pd.DataFrame
    models: Sequence[str]
    distances: Mapping[str, Distances]

    @classmethod
    def of(cls, clips: pd.DataFrame, distances: Mapping[str, Distances]) -> "MachineClips":
        """With the models that it has."""
        return cls(clips, models_of(clips), distances)

    @property
    def machine_type(self) -> str:
        """Its name."""
        return str(self.clips["class"].iloc[0])


@dataclass(frozen=True)
class Rule:
    """
    Something that is looked for.

    Attributes
    ----------
    name
        As JSON, CSV and the page tell it.
    things
        What it looks for, in the plural, to say that it could not: "no hard normals without labels".
    finds, speaks
        What it finds, and when it speaks: a line of the README's table.
    look
        Finds them; called only where everything needed is there.
    needs
        What a table has to have.
    level
        Its part of the probability of a false finding (`dcase_explore.findings.chance.FAMILY`) on a machine type, for a
        model or an embedding; 0 where no chance is involved.
    parts
        Things of it that need more than it does.
    """

    name: str
    things: str
    finds: str
    speaks: str
    look: Callable[[MachineClips], Sequence[Finding]]
    needs: tuple[Need, ...] = ()
    level: float = 0.0
    parts: tuple[tuple[str, Need], ...] = ()


def lacking(rules: Iterable[Rule], frame: pd.DataFrame) -> list[str]:
    """
    Say what cannot be looked for in a table, and why.

    Parameters
    ----------
    rules
        All there are.
    frame
        Clip table.

    Returns
    -------
    list of str
        One part of a sentence per reason: "duplicates or training outliers (without embeddings)".
    """
    things: dict[str, list[str]] = {}
    for rule in rules:
        reason = _first(rule.needs, frame)
        if reason:
            things.setdefault(reason, []).append(rule.things)
            continue
        for part, need in rule.parts:
            if said := need(frame):
                things.setdefault(said, []).append(part)
    return [f"{_or(names)} ({reason.strip(' ,')})" for reason, names in things.items()]


def those_that_can_look(rules: Iterable[Rule], clips: pd.DataFrame) -> list[Rule]:
    """Rules of which everything that they need is in these clips."""
    needs = dict.fromkeys(need for rule in rules for need in rule.needs)
    met = {need for need in needs if need(clips) is None}
    return [rule for rule in rules if met.issuperset(rule.needs)]


def _first(needs: Iterable[Need], frame: pd.DataFrame) -> str | None:
    return next((reason for need in needs if (reason := need(frame))), None)


def _or(names: Sequence[str]) -> str:
    names = list(dict.fromkeys(names))
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
