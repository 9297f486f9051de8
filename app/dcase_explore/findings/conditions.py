"""
Operating conditions: attribute values, ranges of numeric ones, and two of them together.

Numeric values (``25``, ``34V``, ``0.30``) are ordered numbers with a unit; ``00`` is a name. Whatever a condition was
found in, `Condition.holds` tells which clips of another table it holds for.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from dcase_explore.columns import ATTRIBUTE
from dcase_explore.messages import some

_NUMBER = re.compile(r"([+-]?(?:0|[1-9]\d{0,8})(?:\.\d{1,9})?) ?([^\W\d_]{0,6}|%)")
_LEVELS = 3
"""Values of which a numeric attribute has ranges."""
_NAMED = 4
"""Values that a name lists."""
FEWEST, FEWEST_BOTH, FEWEST_OTHERS = 3, 5, 5
"""Clips of a condition, of a combination, and of those that they are compared with, below which nothing can be told."""
OTHERS = 0.5
"""Clips that a condition's are compared with, per clip: where they are fewer, it is they that are the exception."""


@dataclass(frozen=True)
class Part:
    """
    Values of one attribute, or a domain.

    Attributes
    ----------
    column
        That holds them.
    attribute
        What it is called, such as ``"vel"``; empty where it has no name.
    values
        Those that the condition holds for, as text, in order.
    unit
        Of a range's numbers; None for values that are no range.
    other_than
        The values that it does not hold for, where those are the fewer.
    """

    column: str
    attribute: str
    values: tuple[str, ...]
    unit: str | None = None
    other_than: tuple[str, ...] = ()

    @property
    def is_range(self) -> bool:
        """Whether it is a range of numbers."""
        return self.unit is not None

    @property
    def bounds(self) -> tuple[float, float]:
        """Both ends of a range, included."""
        return _numbers(self.values[:1])[0], _numbers(self.values[-1:])[0]

    @property
    def name(self) -> str:
        """``"vel 25"``, ``"spd 28 to 34 V"``, ``"target domain"``."""
        if self.column == "domain":
            return f"{self.values[0]} domain"
        if self.unit is None:
            named = f"other than {_and(self.other_than)}" if self.other_than else _and(self.values)
            return f"{self.attribute} {named}".strip()
        first, last = (value.removesuffix(self.unit).strip() for value in (self.values[0], self.values[-1]))
        return f"{self.attribute} {first} to {last} {self.unit}".strip()

    def holds(self, clips: pd.DataFrame) -> np.ndarray:
        """Whether it holds for each of these clips: bool, shape (clips,)."""
        if self.column not in clips:
            return np.zeros(len(clips), bool)
        values = clips[self.column].to_numpy(object)
        if not self.is_range:
            return np.asarray(pd.Series(values).isin(self.values))
        low, high = self.bounds
        numbers = _numbers(values)
        return (numbers >= low) & (numbers <= high)


@dataclass(frozen=True)
class Condition:
    """
    One part, or two of which both hold.

    Attributes
    ----------
    parts
        Of different columns.
    """

    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """``"vel 23 to 25"``, ``"car C2 with spd 34V"``."""
        return " with ".join(part.name for part in self.parts)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that it is about."""
        return tuple(part.column for part in self.parts)

    @property
    def is_combination(self) -> bool:
        """Whether it is about two attributes."""
        return len(self.parts) > 1

    def holds(self, clips: pd.DataFrame) -> np.ndarray:
        """Whether it holds for each of these clips: bool, shape (clips,)."""
        return np.asarray(np.logical_and.reduce([part.holds(clips) for part in self.parts]))


TARGET = Condition((Part("domain", "", ("target",)),))


@dataclass(frozen=True)
class Candidates:
    """
    Every condition that clips have, once for those that hold for the same clips.

    Attributes
    ----------
    conditions
        Single values first, then ranges, then combinations.
    holds
        bool, shape (clips, conditions).
    """

    conditions: tuple[Condition, ...]
    holds: np.ndarray


def attribute_columns(clips: pd.DataFrame) -> list[str]:
    """Columns of attribute values that these clips have."""
    columns = [str(name) for name in clips.columns if ATTRIBUTE.fullmatch(str(name)) and str(name).endswith("v")]
    return [name for name in columns if clips[name].notna().any()]


def candidates(clips: pd.DataFrame, strata: np.ndarray) -> Candidates:
    """
    List the conditions of clips that can be compared with others like them.

    Parameters
    ----------
    clips
        Rows of a clip table.
    strata
        Numbers, shape (clips,): a condition's clips are compared with others of their stratum.

    Returns
    -------
    Candidates
        Of at least `FEWEST` clips, with at least `FEWEST_OTHERS` others in their strata, and at least half as many as
        they are. Of several that hold for the same clips the first is kept: a value before a range, a range before a
        combination.
    """
    by_column = [list(_parts(clips, column)) for column in attribute_columns(clips)]
    values = [[pair for pair in parts if not pair[0].is_range] for parts in by_column]
    if "domain" in clips and len(clips["domain"].dropna().unique()) > 1:
        values.append(
            [(part, part.holds(clips)) for part in (Part("domain", "", (name,)) for name in ("source", "target"))]
        )
    found = [(Condition((part,)), holds) for parts in by_column for part, holds in parts]
    found.sort(key=lambda pair: pair[0].parts[0].is_range)
    found += [
        (Condition((one, other)), holds & also)
        for some, others in combinations(values, 2)
        for one, holds in some
        for other, also in others
    ]
    seen: dict[bytes, tuple[Condition, np.ndarray]] = {}
    sizes = np.bincount(strata)
    for condition, holds in found:
        if holds.sum() < (FEWEST_BOTH if condition.is_combination else FEWEST):
            continue
        by_stratum = np.bincount(strata[holds], minlength=len(sizes))
        others = (sizes - by_stratum)[by_stratum > 0].sum()
        if others >= max(FEWEST_OTHERS, OTHERS * holds.sum()):
            seen.setdefault(holds.tobytes(), (condition, holds))
    if not seen:
        return Candidates((), np.zeros((len(clips), 0), bool))
    conditions, columns = zip(*seen.values(), strict=True)
    return Candidates(conditions, np.stack(columns, axis=1))


def _parts(clips: pd.DataFrame, column: str) -> Iterator[tuple[Part, np.ndarray]]:
    """Values and ranges of an attribute, and the clips that they hold for."""
    values = clips[column].to_numpy(object)
    names = clips.get(f"{column[:-1]}p", pd.Series(None, clips.index, dtype=object)).to_numpy(object)
    levels = list(dict.fromkeys(values[pd.notna(values)]))
    for value in levels:
        held = values == value
        named = set(names[held & pd.notna(names)])
        yield Part(column, named.pop() if len(named) == 1 else "", (value,)), held
    called, parsed = set(names[pd.notna(names)]), [_parsed(value) for value in levels]
    units = {pair[1] if pair else None for pair in parsed}
    if len(levels) < _LEVELS or len(called) > 1 or len(units) > 1 or None in units:
        return
    attribute, unit = called.pop() if called else "", units.pop()
    levels.sort(key=lambda value: _numbers([value])[0])
    level_of_clip = np.array([levels.index(value) if value in levels else -1 for value in values])
    for first, last in combinations(range(len(levels)), 2):
        if last - first < len(levels) - 1:
            held = (level_of_clip >= first) & (level_of_clip <= last)
            yield Part(column, attribute, tuple(levels[first : last + 1]), unit), held


def attribute_name(clips: pd.DataFrame, column: str) -> str:
    """What the attribute of a column of values is called in these clips; empty where it has no name, or several."""
    names = list(clips[f"{column[:-1]}p"].dropna().unique()) if f"{column[:-1]}p" in clips else []
    return str(names[0]) if len(names) == 1 else ""


def values_of(clips: pd.DataFrame, column: str, values: Sequence[str]) -> Part:
    """Some of the values that clips have in a column, as one part of a condition."""
    rest = [value for value in dict.fromkeys(clips[column].dropna()) if value not in values]
    few = tuple(_ordered(rest)) if 0 < len(rest) < len(values) else ()
    return Part(column, attribute_name(clips, column), tuple(_ordered(values)), other_than=few)


def _ordered(values: Sequence[str]) -> list[str]:
    return sorted(values, key=lambda value: (float(np.nan_to_num(_numbers([value])[0], nan=np.inf)), value))


def _and(values: Sequence[str]) -> str:
    if len(values) > _NAMED:
        return some(values, _NAMED)
    return " and ".join([", ".join(values[:-1]), values[-1]]) if len(values) > 1 else values[0]


def codes(clips: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Number of each clip's combination of values in some columns, a missing one among them: int64, shape (clips,)."""
    found = np.zeros(len(clips), np.int64)
    for column in columns:
        of_column, _ = pd.factorize(clips[column].to_numpy(object), use_na_sentinel=False)
        found = np.unique(found * (of_column.max(initial=0) + 1) + of_column, return_inverse=True)[1]
    return found


def _parsed(value: object) -> tuple[str, str] | None:
    """Number, as it is written, and unit of an attribute's value."""
    match = _NUMBER.fullmatch(str(value)) if isinstance(value, str) else None
    return (match[1], match[2]) if match else None


def _numbers(values: Sequence[object] | np.ndarray) -> np.ndarray:
    """Values as numbers, without their unit; NaN for what is none."""
    known = {value: parsed for value in dict.fromkeys(values) if (parsed := _parsed(value))}
    return np.array([float(known[value][0]) if value in known else np.nan for value in values])
