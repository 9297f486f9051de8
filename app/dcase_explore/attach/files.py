"""Scores and embeddings from files. None of them is trusted: no pickles, bounded sizes."""

import csv
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.attach.frames import NAME_COLUMNS, given_in_frame
from dcase_explore.attach.numbers import Given, Kind, numbers
from dcase_explore.clip_names import is_clip, parse_clip_name, with_ending
from dcase_explore.errors import ExploreError, meant
from dcase_explore.messages import counted, some
from dcase_explore.sources.results import machine_in_name

MAX_BYTES = 4 * 2**30
"""Embeddings of a million clips with 768 float32 values have three quarters of it."""

SUFFIXES = (".npy", ".npz", ".csv", ".parquet")
_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".ckpt")


def read_file(path: Path, kind: Kind, name: str, where: str) -> Given:
    """
    Read scores or embeddings from a file.

    Parameters
    ----------
    path
        ``.npy``, ``.npz``, ``.csv`` or ``.parquet``.
    kind
        ``"scores"`` or ``"embeddings"``.
    name
        What they will be called.
    where
        What an error calls them.

    Returns
    -------
    Given
        With names where the file has any.

    Raises
    ------
    ExploreError
        A file that is missing, too large, damaged, pickled, or holds something else.
    """
    suffix = path.suffix.lower()
    if not path.exists():
        if not path.parent.is_dir():
            raise ExploreError(f"{where}: there is no such file, nor the folder {path.parent}")
        siblings = sorted(child.name for child in path.parent.iterdir() if not child.name.startswith("."))
        raise ExploreError(f"{where}: there is no such file; {meant(path.name, siblings)}")
    if suffix in _PICKLES:
        raise ExploreError(f"{where}: pickles can run anything and are not read: save it with numpy.save as .npy")
    if suffix not in SUFFIXES:
        raise ExploreError(f"{where}: files of kind {suffix or 'no suffix'} are not read, but {', '.join(SUFFIXES)}")
    try:
        _check_size(path.stat().st_size, where)
        if suffix == ".npy":
            return Given(numbers(_array(path, where), kind, where), None)
        if suffix == ".npz":
            return _from_npz(path, kind, where)
        if suffix == ".csv":
            return _from_csv(path, kind, name, where)
        return _from_parquet(path, kind, name, where)
    except OSError as error:
        raise ExploreError(f"{where}: cannot be read ({error.strerror or error})") from error
    except MemoryError as error:
        raise ExploreError(f"{where}: does not fit into memory") from error


def _check_size(size: int, where: str) -> None:
    if size > MAX_BYTES:
        raise ExploreError(f"{where}: is larger than {MAX_BYTES // 2**30} GB")


def _array(path: Path, where: str) -> np.ndarray:
    """A .npy file, mapped: its header may claim any size, the file's end decides."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # numpy's parser raises whatever a damaged header makes it run into
        raise ExploreError(f"{where}: {_why_no_array(str(error), 'this')}") from error
    if not isinstance(array, np.ndarray):
        raise ExploreError(f"{where}: is an archive of arrays: rename it to .npz")
    return array


def _why_no_array(reason: str, what: str) -> str:
    # numpy's words for an array of Python objects, which only a pickle can hold, and for a file that is a pickle
    if "Object arrays" in reason or "pickled" in reason or "Python objects" in reason:
        return (
            f"{what} is no array of numbers but pickled Python objects, which can run anything and are not read: "
            "save it as numbers, as in numpy.save(file, numpy.stack(vectors))"
        )
    return f"{what} is no readable array ({_in_one_line(reason)})"


def _in_one_line(reason: object) -> str:
    return " ".join(str(reason).split())[:200]


def _from_npz(path: Path, kind: Kind, where: str) -> Given:
    arrays: dict[str, np.ndarray] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(sum(member.file_size for member in archive.infolist()), where)
        with np.load(path, allow_pickle=False) as archive:
            for key in archive.files:
                try:
                    arrays[key] = np.asarray(archive[key])
                except Exception as error:
                    raise ExploreError(f"{where}: {_why_no_array(str(error), f'array {key}')}") from error
    except ExploreError:
        raise
    except Exception as error:  # as for .npy, and whatever a damaged archive makes zipfile run into
        raise ExploreError(f"{where}: is no readable .npz ({_in_one_line(error)})") from error
    texts = [key for key, array in arrays.items() if array.dtype.kind == "U"]
    others = [key for key in arrays if key not in texts]
    if arrays and not texts and all(is_clip(key) for key in arrays):
        return Given(numbers(list(arrays.values()), kind, where), list(arrays))
    if len(others) == 1 and len(texts) <= 1:
        values = numbers(arrays[others[0]], kind, where)
        names = [str(name) for name in arrays[texts[0]].ravel()] if texts else None
        if names is not None and len(names) != len(values):
            raise ExploreError(f"{where}: {len(names):,} names in {texts[0]} for {len(values):,} values in {others[0]}")
        return Given(values, names)
    raise ExploreError(
        f"{where}: holds arrays {some(arrays, 6) or '(none)'}, of which none is plainly the {kind}: "
        "keep one array of numbers and, beside it, one of clip names"
    )


def _from_csv(path: Path, kind: Kind, name: str, where: str) -> Given:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines)
            first = next((row for row in reader if any(field.strip() for field in row)), [])
            before = reader.line_num - 1
        if any(sign in field for field in first[:1] for sign in ";\t"):
            raise ExploreError(f"{where}: its fields are not separated by commas (the first line is {first[0][:60]!r})")
        header = _is_header(first)
        twice = [name for place, name in enumerate(first) if name in first[:place]]
        if header and twice:
            raise ExploreError(f"{where}: column {some(twice)} stands there twice")
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # pandas drops the fields that are too many
            frame = pd.read_csv(
                path,
                header=0 if header else None,
                skiprows=before,
                encoding="utf-8-sig",
                keep_default_na=False,
                na_values=[],
                skip_blank_lines=False,  # so that a row's number is a line's
                float_precision="round_trip",
                index_col=False,
                low_memory=False,
            )
    except pd.errors.EmptyDataError:
        raise ExploreError(f"{where}: is empty") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ExploreError(f"{where}: is no CSV text file ({error})") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise ExploreError(f"{where}{_odd_line(path, len(first))}") from error
    frame.columns = ["" if str(column).startswith("Unnamed:") else column for column in frame.columns]
    blank = frame.isna() | (frame == "")
    frame = frame[~blank.all(axis=1)]
    first_row = before + (2 if header else 1)
    lines_of = (frame.index + first_row).to_list()
    given = given_in_frame(
        _without_counter(frame.reset_index(drop=True), where),
        *(kind, name, where),
        lambda row: f"{where}, line {lines_of[row]}",
    )
    machine = machine_in_name(path.name)
    if machine and given.names is not None:
        # The baseline writes one file per machine type and leaves its name out of the rows.
        return Given(given.array, [_in_score_file(file_name, machine) for file_name in given.names])
    return given


def _odd_line(path: Path, length: int) -> str:
    """Which line has another number of fields than the first, and how many."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines)
        for row in reader:
            if row and len(row) != length:
                return f", line {reader.line_num}: {counted(len(row), 'field')}, where the first line has {length}"
    return ": its lines differ in their number of fields"


def _is_header(first: list[str]) -> bool:
    """Whether a CSV's first line names its columns; those of vectors may be numbered."""
    if not first or is_clip(first[0]):
        return False
    return first[0].strip().lower() in ("", *NAME_COLUMNS) or not any(_is_number(field) for field in first)


def _in_score_file(name: str, machine: str) -> str:
    """Name of a clip that says all that its score file says; of names that are silent, its clips are test clips."""
    facts = parse_clip_name(with_ending(name.strip()))
    return clips.clip_id(facts.split or "test", machine, name.strip()) if facts else name


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _without_counter(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Without the row numbers that pandas writes as a first column without a name."""
    if not len(frame.columns) or frame.columns[0] != "" or not pd.api.types.is_integer_dtype(frame.iloc[:, 0].dtype):
        return frame
    if not (frame.iloc[:, 0] == range(len(frame))).all():
        raise ExploreError(f"{where}: its rows are numbered out of order: write the clip_id of each instead")
    return frame.iloc[:, 1:]


def _from_parquet(path: Path, kind: Kind, name: str, where: str) -> Given:
    from dcase_explore.parquet import bounded, opened

    try:
        with opened(path) as file:
            frame = bounded(file, file.schema_arrow.names, MAX_BYTES).to_pandas(use_threads=False)
    except ExploreError as error:
        raise ExploreError(f"{where}: {str(error).removeprefix(f'{path} ')}") from error
    return given_in_frame(frame, kind, name, where, lambda row: f"{where}, row {row}")
