"""Writes an exploration as the page's answers."""

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import orjson
import pandas as pd

from dcase_explore import parquet
from dcase_explore.cache import in_the_making
from dcase_explore.column_names import describe
from dcase_explore.columns import Kind
from dcase_explore.exploration import Exploration, columns_with_values
from dcase_explore.facts import facts_of
from dcase_explore.findings import shown
from dcase_explore.stored import ABOUT, CELLS, CLIPS, FACTS, FORMAT, ISSUES, TABLE, Stored
from dcase_explore.stored.cells import write_cells

DEFAULT_RATE = 16_000
SHOWN = 100
"""Characters of a text that the page's table holds; the rest is asked for with the cell."""
SOUND = "sound"
"""What the page's table holds of a recording: that there is one."""


def store(
    exploration: Exploration,
    folder: Path,
    notes: Sequence[str] = (),
    made_of: Mapping[str, Any] = MappingProxyType({}),
) -> Stored:
    """
    Write an exploration, whole or not at all.

    Parameters
    ----------
    exploration
        What is shown.
    folder
        Where; one that is there is replaced.
    notes
        What was said while it was made; what is still said here, about it, is kept as well.
    made_of
        State of the files that it was made of.

    Returns
    -------
    Stored
        Opened.

    Raises
    ------
    OSError
        When the disk is full or cannot be written; nothing is left behind then.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with in_the_making(folder, folder=True) as temporary:
        temporary.chmod(0o700)
        _write(exploration, temporary, notes, made_of)
        if folder.exists():
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # another program has made the same meanwhile
            temporary.rename(folder)
        return Stored(folder)


def kind_of(values: pd.Series) -> Kind:
    """
    Kind of a column by the contract, or by its dtype where the contract does not know it.

    Parameters
    ----------
    values
        The column.

    Returns
    -------
    str
        See `dcase_explore.columns.Column.kind`.
    """
    column = describe(str(values.name))
    if column:
        return column.kind
    if isinstance(values.dtype, pd.CategoricalDtype):
        return "category"
    if pd.api.types.is_bool_dtype(values.dtype):
        return "bool"
    if pd.api.types.is_integer_dtype(values.dtype):
        return "int"
    return "float" if pd.api.types.is_float_dtype(values.dtype) else "text"


def identity_of(exploration: Exploration) -> str:
    """Identity by content, so that what the page remembers belongs to the same clips and findings."""
    identity = [exploration.title, *exploration.frame["clip_id"], *(finding.title for finding in exploration.findings)]
    return hashlib.blake2b("\n".join(identity).encode(errors="surrogatepass"), digest_size=16).hexdigest()


def _write(exploration: Exploration, folder: Path, notes: Sequence[str], made_of: Mapping[str, Any]) -> None:
    in_page = shown(exploration.findings)
    own = [name for name in exploration.frame if describe(name) is None]
    frame = exploration.frame.assign(**{name: _simple(exploration.frame[name]) for name in own})
    kinds = {str(name): kind_of(frame[name]) for name in frame.columns}
    with (folder / TABLE).open("wb") as table:
        table.writelines(_table(exploration, frame, kinds))
        size = table.tell()
    issues = [
        {
            "title": finding.title,
            "rows": finding.rows.tolist(),
            "severity": finding.severity,
            "columns": list(finding.columns),
            "description": finding.description,
        }
        for finding in in_page
    ]
    issues_bytes = (folder / ISSUES).write_bytes(json.dumps({"running": False, "issues": issues}).encode())
    (folder / FACTS).write_text(json.dumps(facts_of(exploration), allow_nan=False, separators=(",", ":")))
    (folder / CELLS).mkdir()
    for number, (name, kind) in enumerate(kinds.items()):
        if kind in ("audio", "text"):
            write_cells(folder / CELLS / str(number), _texts(frame[name]))
    about = {
        "format": FORMAT,
        "title": exploration.title,
        "rows": len(frame),
        "table_bytes": size,
        "issues_bytes": issues_bytes,
        "kinds": kinds,
        "columns": columns_with_values(frame),
        "made_of": dict(made_of),
        # Without a layout, for it can be shown in any.
        "summary": Exploration.summary(replace(exploration, findings=in_page)),
        "descriptions": dict(exploration.descriptions),
        "findings": [{**asdict(finding), "rows": finding.rows.tolist()} for finding in exploration.findings],
        "credits": [asdict(credit) for credit in exploration.credits],
        "models": [asdict(model) for model in exploration.models],
        "rate": sampling_rate_of(frame["path"].dropna().to_list() if "path" in frame else []),
        "notes": list(notes),
        "sampled": exploration.sampled,
        "notes_file": None if exploration.notes_file is None else str(exploration.notes_file.absolute()),
    }
    parquet.write(frame, folder / CLIPS, {}, plain=True)
    (folder / ABOUT).write_bytes(json.dumps(about, default=_plain).encode())


def _table(exploration: Exploration, frame: pd.DataFrame, kinds: dict[str, Kind]) -> Iterable[bytes]:
    """The page's table, piece by piece: it may be large."""
    yield b'{"uid":"%s","filename":%s,"columns":[' % (
        identity_of(exploration).encode(),
        json.dumps(exploration.name).encode(),
    )
    for number, (name, kind) in enumerate(kinds.items()):
        column = describe(name)
        head = {
            "name": name,
            "editable": False,  # nothing would keep the edit
            "optional": True,
            "hidden": False,
            "dtype": _DTYPES[kind](frame[name]),
            "description": exploration.descriptions.get(name, column.description if column else None),
            "tags": [],
            "computed": False,
        }
        yield b"," if number else b""
        yield json.dumps(head).encode()[:-1] + b',"values":'
        yield _VALUES[kind](frame[name])
        yield b"}"
    yield b'],"generation_id":0}'


def _numbers(values: pd.Series) -> bytes:
    if values.isna().any() and not pd.api.types.is_float_dtype(values.dtype):
        return _list(values.astype(object).where(values.notna(), None).to_list())
    array = np.ascontiguousarray(values.to_numpy(dtype=np.float64 if values.dtype == np.float64 else None))
    return _list(array if array.dtype != object else values.to_list())


def _booleans(values: pd.Series) -> bytes:
    return _list([None if value is pd.NA or value is None else bool(value) for value in values.astype(object)])


def _list(values: object) -> bytes:
    try:
        return orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:  # half characters, numbers of more than 64 bits
        return json.dumps(values).encode()


def _in_short(values: pd.Series) -> bytes:
    return _list([text if text is None or len(text) <= SHOWN else f"{text[: SHOWN - 3]}..." for text in _texts(values)])


def _texts(values: pd.Series) -> Iterable[str | None]:
    return (None if missing else str(value) for value, missing in zip(values, values.isna(), strict=True))


_VALUES: dict[Kind, Callable[[pd.Series], bytes]] = {
    "text": _in_short,
    "audio": lambda values: _list([None if missing else SOUND for missing in values.isna()]),
    "category": lambda values: _list(values.cat.codes.to_numpy()),
    "int": _numbers,
    "float": _numbers,
    "bool": _booleans,
    "vector": lambda values: _list([None if missing else "[...]" for missing in values.isna()]),
}

_DTYPES: dict[Kind, Callable[[pd.Series], dict[str, Any]]] = {
    "text": lambda _: {"name": "str"},
    "audio": lambda _: {"name": "Audio"},
    "category": lambda values: {
        "name": "Category",
        "categories": {str(name): code for code, name in enumerate(values.cat.categories)},
    },
    "int": lambda _: {"name": "int"},
    "float": lambda _: {"name": "float"},
    "bool": lambda _: {"name": "bool"},
    "vector": lambda values: {"name": "Embedding", "length": _length(values)},
}


def _length(values: pd.Series) -> int | None:
    return next((len(vector) for vector in values if isinstance(vector, np.ndarray)), None)


def _simple(values: pd.Series) -> pd.Series:
    """A column of one's own as the page shows it: categories, numbers, anything else as text."""
    if isinstance(values.dtype, pd.SparseDtype):
        values = values.sparse.to_dense()
    if isinstance(values.dtype, pd.CategoricalDtype):
        names = values.cat.categories.map(str)
        return values.cat.rename_categories(names) if names.is_unique else values.astype(object).map(str)
    kinds = (pd.api.types.is_bool_dtype, pd.api.types.is_integer_dtype, pd.api.types.is_float_dtype)
    if any(is_of(values.dtype) for is_of in kinds):
        return values
    return values.astype(object).map(str).where(values.notna(), None)


def sampling_rate_of(paths: Sequence[str]) -> int:
    """
    Sampling rate of the recordings, by the first one.

    Parameters
    ----------
    paths
        Recordings; may be empty.

    Returns
    -------
    int
        In Hz; the challenge's 16 kHz where the first recording has none, or one that no browser context can have.
    """
    import soundfile

    try:
        rate: int = soundfile.info(paths[0]).samplerate if paths and Path(paths[0]).is_file() else DEFAULT_RATE
    except (OSError, RuntimeError):  # soundfile's own errors are RuntimeErrors
        return DEFAULT_RATE
    return rate if 3_000 <= rate <= 384_000 else DEFAULT_RATE


def _plain(value: object) -> object:
    """What numpy left in a number's place."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be stored")
