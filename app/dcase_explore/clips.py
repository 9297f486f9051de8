"""
The clip table: one row per clip.

Everything that reads, attaches, finds or shows works on this table, whose contract is `dcase_explore.columns`:
`conform` brings a frame into it, `problems` says all that is wrong with one.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dcase_explore.clip_names import composed, file_identity, parse_clip_name
from dcase_explore.clip_types import cast, would_be_tied
from dcase_explore.column_names import describe, in_display_order
from dcase_explore.columns import ATTRIBUTE, Column
from dcase_explore.errors import ExploreError
from dcase_explore.messages import some


def clip_id(split: str, machine_type: str, file_name: str) -> str:
    """
    Identity of a clip, as the enriched dataset writes it.

    Parameters
    ----------
    split, machine_type, file_name
        ``"train"``, ``"valve"`` and the name of its file, or its path below the folder of the machine type.

    Returns
    -------
    str
        ``train/valve_section_00_source_train_normal_0000_pat_00.wav``, ``test/press_hall 1.flac``.
    """
    return f"{split}/{composed(machine_type)}_{file_identity(file_name)}"


def facts_from_names(machine_types: Sequence[str], file_names: Sequence[str], split: Sequence[str]) -> pd.DataFrame:
    """
    Clip table of everything that file names say.

    Parameters
    ----------
    machine_types, file_names
        Of each clip; a name that no parser knows says nothing but which clip it is.
    split
        Split of each clip where its name is silent, or where its folder says otherwise.

    Returns
    -------
    pandas.DataFrame
        Conforming clip table without scores, embeddings or audio.
    """
    rows: list[dict[str, object]] = []
    for machine, file_name, part in zip(machine_types, file_names, split, strict=True):
        name = parse_clip_name(file_name)
        row: dict[str, object] = {
            "clip_id": clip_id(part, machine, file_name),
            "file_name": composed(file_name),
            "split": part,
            "class": machine,
            "section": name and name.section,
            "domain": name and name.domain,
            "label": name and name.label,
            "year": name and name.year,
        }
        for number, (attribute, value) in enumerate(name.attributes if name else (), start=1):
            row[f"d{number}p"], row[f"d{number}v"] = attribute, value
        rows.append(row)
    frame = pd.DataFrame(rows)
    return conform(frame.drop(columns=[name for name in ("section", "year") if frame[name].isna().all()]))


def conform(frame: pd.DataFrame) -> pd.DataFrame:
    """
    Bring a frame into the contract: types, category orders, display order.

    Parameters
    ----------
    frame
        Any columns of the contract, loosely typed, and others, which are kept as they are, last.

    Returns
    -------
    pandas.DataFrame
        A new frame with a fresh index; vectors are not copied.

    Raises
    ------
    ExploreError
        When the result breaks the contract; the sentence names everything that is wrong.
    """
    wrong = _name_problems(frame)
    if wrong:
        raise _not_a_clip_table(wrong)
    frame = frame.reset_index(drop=True)
    columns = {name: cast(frame[name], describe(name)) for name in frame.columns}
    wrong = [f"{name}: {problem}" for name, (_, problem) in columns.items() if problem]
    typed = pd.DataFrame({name: values for name, (values, _) in columns.items()}, index=frame.index)
    wrong += problems(typed.drop(columns=[name for name, (_, problem) in columns.items() if problem]))
    if wrong:
        raise _not_a_clip_table(wrong)
    return typed[in_display_order(typed.columns)]


def problems(frame: pd.DataFrame) -> list[str]:
    """
    Everything that is wrong with a clip table.

    Parameters
    ----------
    frame
        Any frame.

    Returns
    -------
    list of str
        One entry per problem, naming column and example; empty when the frame keeps the contract.
    """
    found = _name_problems(frame)
    if found:
        return found
    found = [f"column {name} is missing" for name in ("clip_id", "class", "split") if name not in frame]
    for name in frame.columns:
        column = describe(str(name))
        if column:
            found += [f"column {name}: {text}" for text in _column_problems(frame[name], column)]
    if "clip_id" in frame:
        ids = frame["clip_id"]
        if ids.isna().any():
            found.append(f"column clip_id: {int(ids.isna().sum())} rows without one")
        twice = ids[ids.duplicated()].unique()
        if len(twice):
            found.append(f"column clip_id: {len(twice)} ids stand there more than once, such as {some(twice, 1)}")
    return found


def vectors(frame: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray]:
    """
    Embedding column as a matrix.

    Parameters
    ----------
    frame
        Clip table.
    name
        Name of the embedding, without ``embeddings_``.

    Returns
    -------
    matrix : numpy.ndarray
        float32, shape (clips that have a vector, dimensions).
    present : numpy.ndarray
        bool, shape (clips,): which rows those are.
    """
    column = frame[f"embeddings_{name}"]
    present = column.notna().to_numpy()
    rows = column[present].to_list()
    return (np.stack(rows) if rows else np.empty((0, 0), np.float32)), present


def attributes_in_words(frame: pd.DataFrame) -> pd.Series:
    """
    Names and values of each clip's attributes as people say them.

    Parameters
    ----------
    frame
        Conforming clip table.

    Returns
    -------
    pandas.Series
        Of str, ``"vel 25, loc A"``; null where a clip has no attribute.
    """
    words = pd.Series("", index=frame.index, dtype=object)
    for value_column in [name for name in frame.columns if ATTRIBUTE.fullmatch(str(name)) and name.endswith("v")]:
        values, names = frame[value_column].astype(object), frame.get(f"{value_column[:-1]}p")
        named = values if names is None else names.astype(object).fillna("").str.cat(values, " ").str.strip()
        there = values.notna()
        words[there] = words[there].where(words[there] == "", words[there] + ", ") + named[there]
    return words.where(words != "", None)


def machine_types_present(frame: pd.DataFrame) -> list[str]:
    """Machine types that have clips in the table, in the dataset's order."""
    return [str(name) for name in frame["class"].cat.categories if (frame["class"] == name).any()]


def _not_a_clip_table(wrong: list[str]) -> ExploreError:
    return ExploreError(f"this is not a clip table: {'; '.join(wrong)}")


def _name_problems(frame: pd.DataFrame) -> list[str]:
    """What keeps columns from being looked at one by one."""
    names = list(frame.columns)
    found = [f"column {name} has a name that is not text" for name in names if not isinstance(name, str)]
    repeated = [str(name) for name in frame.columns[frame.columns.duplicated()].unique()]
    return found + ([f"column {some(repeated)} stands there twice"] if repeated else [])


def _column_problems(values: pd.Series, column: Column) -> list[str]:
    if column.kind == "category":
        if not isinstance(values.dtype, pd.CategoricalDtype):
            return [f"must be categorical, not {values.dtype}"]
        if column.categories is not None and tuple(values.cat.categories) != column.categories:
            return [f"categories must be {', '.join(column.categories)}, not {some(values.cat.categories)}"]
        if "nan" in values.cat.categories:
            return ["holds the text 'nan' where it should be null"]
        return ["has rows without one"] if column.name in ("class", "split") and values.isna().any() else []
    if column.kind == "float":
        if values.dtype != np.float32 and not (values.dtype == np.float64 and would_be_tied(values, column)):
            return [f"must be float32, not {values.dtype}"]
        infinite = np.flatnonzero(np.isinf(values.to_numpy()))
        return [f"{len(infinite)} rows are infinite, such as row {infinite[0]}"] if len(infinite) else []
    if column.kind == "int" and values.dtype != np.int64 and not values.isna().any():
        return [f"must be int64, not {values.dtype}"]
    if column.kind == "bool" and values.dtype not in ("bool", "boolean"):
        return [f"must be bool, not {values.dtype}"]
    if column.kind in ("text", "audio") and not values.dropna().map(lambda value: isinstance(value, str)).all():
        return ["must hold text only"]
    if column.kind == "vector":
        present = values.dropna()
        if not present.map(lambda v: isinstance(v, np.ndarray) and v.ndim == 1 and v.dtype == np.float32).all():
            return ["must hold one-dimensional float32 vectors"]
        lengths = sorted(present.map(len).unique())
        if len(lengths) > 1:
            return [f"vectors differ in length: {some(lengths)}"]
        bad = [row for row, vector in present.items() if not np.isfinite(vector).all()]
        return [f"{len(bad)} vectors hold values that are not finite, such as row {bad[0]}"] if bad else []
    return []
