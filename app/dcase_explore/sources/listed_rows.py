"""What the cells of a table of recordings mean."""

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from dcase_explore.clip_names import is_recording
from dcase_explore.clip_types import LABEL_CODES
from dcase_explore.columns import DOMAINS, LABELS, SPLITS
from dcase_explore.errors import meant
from dcase_explore.messages import counted
from dcase_explore.sources.attribute_files import is_no_attribute
from dcase_explore.sources.folder_names import is_label, read_folders
from dcase_explore.tables.dialect import is_number


def row_problem(row: dict[str, str], count: int, wanted: int, numbers: Sequence[str]) -> str | None:
    """
    What keeps a row from being a clip.

    Parameters
    ----------
    row
        Cells by column of the clip table.
    count, wanted
        How many fields it has, and the first line.
    numbers
        Columns that hold numbers.

    Returns
    -------
    str or None
        Part of a sentence.
    """
    if count != wanted:
        return f"{counted(count, 'field')}, where the first line has {wanted}"
    path = row["path"]
    if not path:
        return "there is no path"
    if not is_recording(PurePosixPath(path.replace("\\", "/")).name):
        return f"{path[:80]!r} is no recording in a format that is read"
    for column, values, read in _FACTS:
        text = row.get(column, "")
        if text and not is_no_attribute(text) and read(text) is None:
            return f"there is no {column} {text[:40]!r}: {meant(text, values)}"
    for column in numbers:
        text = row[column]
        if text and not is_no_attribute(text) and not is_number(text):
            return f"{column} is a number, not {text[:40]!r}"
    section = row.get("section", "")
    if section and not is_no_attribute(section) and section_of(section) is None:
        return f"a section is a whole number, not {section[:40]!r}"
    return None


def label_of(text: str) -> str | None:
    """Label that a cell means; None for any other word."""
    return LABEL_CODES.get(text.lower()) or is_label(text)


def domain_of(text: str) -> str | None:
    """Domain that a cell means; None for any other word."""
    return text.lower() if text.lower() in DOMAINS else None


def split_of(text: str) -> str | None:
    """Split that a cell means; None for any other word."""
    facts = read_folders(("", "x", text), 1)
    return facts.split if facts else None


_FACTS: tuple[tuple[str, Sequence[str], Callable[[str], str | None]], ...] = (
    ("label", LABELS, label_of),
    ("domain", DOMAINS, domain_of),
    ("split", SPLITS, split_of),
)


def section_of(text: str) -> int | None:
    """Section that a cell means; None for anything else."""
    facts = read_folders(("", "x", text, "normal"), 1)  # id_02 and section_02 are sections 2
    if facts and facts.section is not None:
        return facts.section
    return int(float(text)) if text.removesuffix(".0").isdecimal() and text.isascii() else None
