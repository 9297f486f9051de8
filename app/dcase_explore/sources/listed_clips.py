"""Clips of what a file lists: each recording with what is known of it, however the file is written."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import pandas as pd

from dcase_explore import clips
from dcase_explore.clip_names import parse_clip_name
from dcase_explore.column_names import describe
from dcase_explore.columns import ATTRIBUTE, machine_type
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some
from dcase_explore.recordings.references import resolve
from dcase_explore.sources.attribute_files import is_no_attribute
from dcase_explore.sources.folder_names import FolderFacts, read_folders
from dcase_explore.sources.listed_rows import domain_of, label_of, row_problem, section_of, split_of

ATTRIBUTES = 9
_NOT_TAKEN = ("vector", "audio")


def clips_listed(lines: Iterable[tuple[int, Mapping[str, str] | str]], path: Path) -> pd.DataFrame:
    """
    Clip table of what a file lists, however it is written.

    Parameters
    ----------
    lines
        Number of each line, and its cells by column of the clip table (any other is an attribute of its name; a path
        there has to be), or what is wrong with it.
    path
        Of the file: the paths in it start from its folder.

    Returns
    -------
    pandas.DataFrame
        Conforming clip table; a recording that is not there is said, and its clip is shown without sound.

    Raises
    ------
    ExploreError
        Rows whose values mean nothing, each named by its line; no row at all, no recording that is there.
    """
    bad: list[str] = []
    kept: list[Mapping[str, str]] = []
    for line, cells in lines:
        if problem := cells if isinstance(cells, str) else row_problem(cells):
            bad.append(f"line {line}: {problem}")
        elif not isinstance(cells, str):
            kept.append(cells)
    if bad:
        raise ExploreError(f"{path}: {counted(len(bad), 'row')} without a meaning: {some(bad, 5)}")
    if not kept:
        raise ExploreError(f"{path} lists not a single recording: give each a row, its path first")
    return _frame(pd.DataFrame(kept), path)


def _frame(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    table = table.drop(columns=[name for name in table if not name])
    table = table.mask(table.map(is_no_attribute), None).astype(object)
    paths = [str(text).replace("\\", "/") for text in table["path"]]
    told = [_folders(path.parent, text) for text in paths]
    machines = _filled(table, "class", [facts.machine if facts else None for facts in told], path.parent.name)
    splits = _filled(table, "split", [_split_by(text, facts) for text, facts in zip(paths, told, strict=True)], "test")
    splits = [split_of(text) or text for text in splits]
    machines = [machine_type(name) for name in machines]
    frame = clips.facts_from_names(machines, _names(path, paths, machines, splits), splits)
    for column, read in (("label", label_of), ("domain", domain_of)):
        frame = _with(frame, column, [getattr(facts, column) if facts else None for facts in told])
        frame = _with(frame, column, [read(text) if text is not None else None for text in _texts(table, column)])
    frame = _with(
        frame, "section", [section_of(text) if text is not None else None for text in _texts(table, "section")]
    )
    if "clip_id" in table and table["clip_id"].notna().all():
        frame = frame.assign(clip_id=table["clip_id"].to_numpy())
    found = resolve(paths, list(frame["clip_id"]), {}, path.parent)
    frame["path"] = found
    missing = [text for text, there in zip(paths, found, strict=True) if there is None]
    if len(missing) == len(paths):
        raise ExploreError(f"{path}: none of its recordings is there ({some(missing)}): paths start from its folder")
    if missing:
        note(f"{path}: {counted(len(missing), 'recording')} not there, shown without sound: {some(missing, 5)}")
    try:
        return clips.conform(_with_the_rest(frame, table))
    except ExploreError as error:
        raise ExploreError(f"{path}: {error}") from error


def _folders(folder: Path, text: str) -> FolderFacts | None:
    """What the folders in a path say, as far as they stand in the table."""
    above = PurePosixPath(text).parent.parts
    return read_folders((folder.name, *above), 0)


def _split_by(text: str, facts: FolderFacts | None) -> str | None:
    name = parse_clip_name(text)
    return facts.split if facts and facts.split else name.split if name else None


def _texts(table: pd.DataFrame, column: str) -> list[str | None]:
    return table[column].tolist() if column in table else [None] * len(table)


def _filled(table: pd.DataFrame, column: str, told: Sequence[str | None], otherwise: str) -> list[str]:
    """The table's values, what folders say where it is silent, or the same for all."""
    return [one or other or otherwise for one, other in zip(_texts(table, column), told, strict=True)]


def _with(frame: pd.DataFrame, column: str, values: Sequence[object]) -> pd.DataFrame:
    """With these values before those that the frame has."""
    new = pd.Series(list(values), frame.index, dtype=object)
    if new.isna().all():
        return frame
    known = frame[column].astype(object) if column in frame else pd.Series(None, frame.index, dtype=object)
    return frame.assign(**{column: new.where(new.notna(), known)})


def _names(table: Path, paths: Sequence[str], machines: Sequence[str], splits: Sequence[str]) -> list[str]:
    """As many of each path's last parts as it takes to tell all recordings apart."""
    parts = [PurePosixPath(text).parts for text in paths]
    for count in range(1, max(map(len, parts)) + 1):
        names = ["/".join(path[-count:]) for path in parts]
        ids = list(map(clips.clip_id, splits, machines, names))
        if len(set(ids)) == len(ids):
            return names
    again = next(text for text, clip in zip(paths, ids, strict=True) if ids.count(clip) > 1)
    raise ExploreError(f"{table}: a recording is listed twice, such as {again}: keep one row of each")


def _with_the_rest(frame: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """With the table's other columns: those of the contract as they are, any other as an attribute."""
    taken = {"path", "class", "split", "label", "domain", "section", "clip_id", "file_name"}
    # Vectors are not written so, and a path that is no clip's own could lead anywhere.
    left_out = [
        name for name in table if name not in taken and (contract := describe(name)) and contract.kind in _NOT_TAKEN
    ]
    if left_out:
        note(f"columns {some(left_out)} are left out: vectors by --embeddings, recordings by path alone")
        table = table.drop(columns=left_out)
    own = [name for name in table if ATTRIBUTE.fullmatch(name)]
    if own:
        frame = frame.drop(columns=[name for name in frame if ATTRIBUTE.fullmatch(name)])
    more = [name for name in table if name not in taken and describe(name) is None and table[name].notna().any()]
    frame = frame.assign(**{name: table[name].to_numpy() for name in table if name not in taken and describe(name)})
    free = [number for number in range(1, ATTRIBUTES + 1) if f"d{number}v" not in frame and f"d{number}p" not in frame]
    if len(more) > len(free):
        note(f"columns {some(more[len(free) :])} are left out: a clip has at most {ATTRIBUTES} attributes")
    for number, name in zip(free, more, strict=False):
        values = table[name].to_numpy()
        frame[f"d{number}p"] = [None if value is None else name for value in values]
        frame[f"d{number}v"] = values
    return frame
