"""
What the hub's CSV files and the clips' names say of each clip: metadata, labels, attributes, scores.

Little of these files is certain but that they are there, so each column is taken as it comes: text or index, present or
not. What could not be used is handed back as sentences.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.clip_names import parse_clip_name
from dcase_explore.column_names import describe
from dcase_explore.columns import ATTRIBUTE, DOMAINS, LABELS, MACHINE_TYPES, SPLITS, machine_type
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, some
from dcase_explore.tables.text import read_csv as read_table

_KEYS = ("path", "clip_id", "file_name", "filename")
_INDEXED = {"class": MACHINE_TYPES, "domain": DOMAINS, "label": LABELS}
"""Columns that the hub's script writes as an index into these, and its CSV files as text."""


def clip_id_of(key: str, split: str) -> str | None:
    """
    Identity of the clip that a key of the repository means.

    Parameters
    ----------
    key
        ``train/valve_section_….wav`` behind any prefix, or the file's name alone.
    split
        Of a key without a folder whose name does not tell either.

    Returns
    -------
    str or None
        None when the key is not that of a clip of the challenge.
    """
    path = PurePosixPath(key.strip().replace("\\", "/"))
    machine, _, file = path.name.partition("_")
    name = parse_clip_name(file)
    if name is None:
        return None
    return clips.clip_id(path.parent.name if path.parent.name in SPLITS else name.split or split, machine, file)


def read_csv(path: Path) -> pd.DataFrame:
    """
    Read one of the repository's CSV files.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    pandas.DataFrame
        All of it as text, ``""`` where there is nothing; the column that names the clip is called ``key``.

    Raises
    ------
    ExploreError
        When it is no such file.
    """
    # As text, or the attribute 1 of a column with gaps would become 1.0.
    table = read_table(path, str(path), 0, text=lambda _: True).frame
    keys = [name for name in _KEYS if name in table]
    if not keys:
        raise ExploreError(f"{path}, line 1: no column names the clip (path), only {some(table.columns, 8)}")
    return table.drop(columns="key", errors="ignore").rename(columns={keys[0]: "key"})


def facts(keys: Iterable[str], split: str, metadata: pd.DataFrame | None) -> tuple[pd.DataFrame, list[str]]:
    """
    Clip table of what names, and metadata where they are, say.

    Parameters
    ----------
    keys
        Of the clips, used where there are no metadata.
    split
        Of keys without a folder.
    metadata
        As `read_csv` returns; decides over the names.

    Returns
    -------
    frame : pandas.DataFrame
        Conforming clip table.
    remarks : list of str
        What was left out.

    Raises
    ------
    ExploreError
        When no clip is left, or the metadata contradict the contract.
    """
    remarks: list[str] = []
    given = list(keys if metadata is None else metadata["key"])
    ids = [clip_id_of(key, split) for key in given]
    first = ~pd.Series(ids, dtype=object).duplicated().to_numpy()
    keep = np.flatnonzero(first & np.array([clip is not None for clip in ids], bool))
    strange = [key for key, clip in zip(given, ids, strict=True) if clip is None]
    if strange:
        remarks.append(f"{counted(len(strange), 'entry')} not named like clips are left out ({strange[0]!r})")
    if len(keep) + len(strange) < len(given):
        remarks.append(f"{counted(len(given) - len(keep) - len(strange), 'repeated entry')} left out")
    if not len(keep):
        raise ExploreError(
            f"none of the {len(given):,} entries is named like a clip of the challenge ({some(given, 1)})"
        )
    kept = [str(ids[row]) for row in keep]
    splits, names = zip(*(clip.split("/") for clip in kept), strict=True)
    machines, files = zip(*(name.split("_", 1) for name in names), strict=True)
    frame = clips.facts_from_names([machine_type(machine) for machine in machines], files, splits)
    if metadata is not None:
        frame, more = _with_metadata(frame, metadata.iloc[keep].reset_index(drop=True))
        remarks += more
    return frame.assign(clip_id=kept), remarks


def _with_metadata(frame: pd.DataFrame, metadata: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    remarks = []
    for name in ("class", "domain", "label", "section"):
        if name not in metadata:
            remarks.append(f"no column {name} in the metadata: it is what the file names say")
            continue
        values, unknown = _facts_in(metadata[name], name)
        if unknown:
            remarks.append(f"column {name} of the metadata: {some(unknown)} not understood")
        frame[name] = values.where(values.notna(), frame[name].astype(object))
    attributes = [name for name in metadata if ATTRIBUTE.fullmatch(name)]
    named = frame[[name for name in frame if ATTRIBUTE.fullmatch(name)]]
    if attributes:
        frame = frame.drop(columns=list(named))
    for name in attributes:
        values = metadata[name].str.strip()
        values = values.where(~values.str.lower().isin(("", "nan", "none", "noattribute")), None)
        if name in named:
            values = _as_spelled(values, named[name])
        if values.notna().any():
            frame[name] = values
    return clips.conform(frame), remarks


def _as_spelled(values: pd.Series, names: pd.Series) -> pd.Series:
    """Values of the metadata, as the file names spell them where both are the same number: 00 became 0 there."""
    names = names.astype(object)
    same = pd.to_numeric(values, errors="coerce") == pd.to_numeric(names, errors="coerce")
    return values.where(~same, names)


def _facts_in(column: pd.Series, name: str) -> tuple[pd.Series, list[str]]:
    """Values of a column given as text or index, null where they are neither; and those that are not understood."""
    text = column.str.strip()
    if name == "section":
        numbers = pd.to_numeric(text, errors="coerce")
        values = numbers.where(numbers.between(0, 9_999) & (numbers % 1 == 0)).astype(object)
    else:
        text = text.str.replace(r"^(\d+)\.0+$", r"\1", regex=True)  # an index that was once a number with gaps
        known = _INDEXED[name]
        by_index = {str(index): value for index, value in enumerate(known)}
        if name == "class":
            values = text.map(lambda word: by_index.get(word, machine_type(word) or None))
        else:
            values = text.str.lower().map({**by_index, **{value: value for value in known}})
    silent = text.str.lower().isin(("", "nan", "none", "unknown"))
    values = values.astype(object).where(values.notna() & ~silent, None)
    return values, sorted(set(text[values.isna() & ~silent]))


def measures(table: pd.DataFrame, ids: Sequence[str], split: str) -> tuple[pd.DataFrame, list[str]]:
    """
    Scores, decisions and the like that a CSV file has for the clips at hand.

    Parameters
    ----------
    table
        As `read_csv` returns.
    ids
        ``clip_id`` of the clips at hand.
    split
        Of keys without a folder.

    Returns
    -------
    frame : pandas.DataFrame
        One row per clip at hand; the columns of the contract that have a value for one of them.
    remarks : list of str
        What was left out.
    """
    remarks = []
    table = table.assign(clip_id=[clip_id_of(key, split) for key in table["key"]]).drop(columns="key")
    table = table[table["clip_id"].notna() & ~table["clip_id"].duplicated()].set_index("clip_id").reindex(list(ids))
    found: dict[str, pd.Series] = {}
    others = []
    for name in table.columns:
        column = describe(name)
        if name in ("class", "section", "domain", "label", "split") or ATTRIBUTE.fullmatch(name):
            continue
        if column is None or column.kind not in ("float", "int", "bool", "category"):
            others.append(name)
            continue
        text = table[name].fillna("").str.strip()
        values = _measure(text, column.kind)
        unread = text[values.isna() & ~text.str.lower().isin(("", "nan", "none"))]
        if len(unread):
            remarks.append(f"column {name}: {counted(len(unread), 'value')} not understood, such as {unread.iloc[0]!r}")
        if values.notna().any():
            found[name] = values
    if others:
        remarks.append(f"columns not known here are left out: {some(others)}")
    return pd.DataFrame(found, index=table.index).reset_index(drop=True), remarks


def _measure(text: pd.Series, kind: str) -> pd.Series:
    if kind in ("bool", "category"):
        words = {"1": 1, "1.0": 1, "true": 1, "anomaly": 1, "0": 0, "0.0": 0, "false": 0, "normal": 0}
        truth = text.str.lower().map(words)
        return truth.map({1: "anomaly", 0: "normal"}) if kind == "category" else truth.map({1: True, 0: False})
    # Some columns of decisions are written as truth values or words.
    digits = {"true": "1", "false": "0", "anomaly": "1", "normal": "0"}
    numbers = pd.to_numeric(text.str.lower().replace(digits), errors="coerce")
    sound = np.isfinite(numbers) & (numbers.abs() < np.finfo(np.float32).max)
    return numbers.where(sound & (numbers % 1 == 0) if kind == "int" else sound)
