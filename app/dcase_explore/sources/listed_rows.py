"""What the cells of a table of recordings mean."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from dcase_explore.clip_names import is_recording
from dcase_explore.clip_types import LABEL_CODES
from dcase_explore.column_names import describe
from dcase_explore.columns import DOMAINS, LABELS, SPLITS
from dcase_explore.errors import meant
from dcase_explore.sources.attribute_files import is_no_attribute
from dcase_explore.sources.folder_names import is_label, read_folders
from dcase_explore.tables.dialect import is_number

NAMED_OTHERWISE = {
    **dict.fromkeys(("is_anomaly", "anomaly", "is_anomalous", "anomalous", "is_abnormal", "abnormal"), "label"),
    **dict.fromkeys(("y_true", "y", "gt", "ground_truth", "truth", "is_normal", "normal"), "label"),
    "is_target": "domain",
}
"""What columns of labels and domains are called elsewhere."""
_YES_IS = {"is_normal": ("normal", "anomaly"), "normal": ("normal", "anomaly"), "is_target": ("target", "source")}
"""What yes and no mean in a column called so; in one of another name for labels, yes is an anomaly."""
_YES, _NO = ("1", "1.0", "true", "yes"), ("0", "0.0", "false", "no")


def word_of(text: str, column: str) -> str:
    """
    A label or a domain in words, where a column says yes or no.

    Parameters
    ----------
    text
        Of a cell.
    column
        One of `NAMED_OTHERWISE`.

    Returns
    -------
    str
        Any other text as it is.
    """
    yes, no = _YES_IS.get(column, ("anomaly", "normal"))
    return yes if text.lower() in _YES else no if text.lower() in _NO else text


def row_problem(row: Mapping[str, str]) -> str | None:
    """
    What keeps a row from being a clip.

    Parameters
    ----------
    row
        Cells by column of the clip table.

    Returns
    -------
    str or None
        Part of a sentence.
    """
    path = row.get("path")
    if not path:
        return "there is no path"
    if not is_recording(PurePosixPath(path.replace("\\", "/")).name):
        return f"{path[:80]!r} is no recording in a format that is read"
    for column, values, read in _FACTS:
        text = row.get(column, "")
        if text and not is_no_attribute(text) and read(text) is None:
            return f"there is no {column} {text[:40]!r}: {meant(text, values)}"
    for column, text in row.items():
        if _is_numeric(column) and text and not is_no_attribute(text) and not is_number(text):
            return f"{column} is a number, not {text[:40]!r}"
    section = row.get("section", "")
    if section and not is_no_attribute(section) and section_of(section) is None:
        return f"a section is a whole number, not {section[:40]!r}"
    return None


@lru_cache(1_000)
def _is_numeric(column: str) -> bool:
    """Whether a column holds numbers; sections are read otherwise."""
    contract = describe(column)
    return column != "section" and contract is not None and contract.kind in ("float", "int")


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
