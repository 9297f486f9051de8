"""
The organisers' files of ground truth, in the two forms they have.

Evaluators hold folders of files without header, ``ground_truth_<machine>_section_<NN>_test.csv`` (2021:
``…_source_test.csv``, ``…_target_test.csv``):

- ``ground_truth_data``: ``file name,0|1``, 1 for an anomaly;
- ``ground_truth_domain``: ``file name,0|1``, 1 for the target domain;
- ``ground_truth_attributes``: ``file name,full name``, a clip name with domain, label and attributes (2024 adds a third
  field with attributes that were hidden even from it).

``eval_data_list*.csv`` (2020 to 2025) is one list of all machine types, each on a line of its own before its clips:
``file name,full name`` or, in 2020, ``file name,full name,0|1``.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath

from dcase_explore.clip_names import parse_clip_name
from dcase_explore.columns import DOMAINS, LABELS, machine_type
from dcase_explore.errors import ExploreError, meant
from dcase_explore.messages import note
from dcase_explore.regular import open_regular
from dcase_explore.sources.listed_rows import NAMED_OTHERWISE, domain_of, label_of, word_of
from dcase_explore.tables.dialect import NAME_COLUMNS
from dcase_explore.tables.text import rows

MAX_DEPTH = 3

_FILE_NAME = re.compile(
    r"ground_truth_(?:DCASE(?P<year>\d{4})T\d)?(?P<machine>[A-Za-z0-9]+?)"
    r"_(?:section_\d+(?:_(?P<domain>source|target))?(?:_test)?|id_\d+)\.csv",
    re.ASCII,
)
_LIST = re.compile(r"eval_data_list(?:.*?(?P<year>20\d\d))?.*\.csv", re.ASCII | re.IGNORECASE)
_LABELS = {"0": "normal", "1": "anomaly", "normal": "normal", "anomaly": "anomaly"}


@dataclass(frozen=True)
class Truth:
    """
    What one line says of one clip.

    Attributes
    ----------
    machine
        Machine type; None where neither file nor line tells.
    names
        What the clip is called: its name as it was published and, where there is one, its full name.
    facts
        ``label``, ``domain``, ``year`` and attributes, by column.
    """

    machine: str | None
    names: tuple[str, ...]
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class TruthFile:
    """
    One recognised file.

    Attributes
    ----------
    path
        Where it is.
    holds
        ``"label"``, ``"domain"``, ``"attributes"`` or ``"list"``.
    machine, domain, year
        As far as its name tells.
    """

    path: Path
    holds: str
    machine: str | None = None
    domain: str | None = None
    year: int | None = None


def truth_files(given: Path) -> list[TruthFile]:
    """
    Find the files of ground truth.

    Parameters
    ----------
    given
        An evaluator's folder, one of its folders of ground truth, or one file.

    Returns
    -------
    list of TruthFile
        Labels last, for they decide.

    Raises
    ------
    ExploreError
        When there is no such place, or nothing of the kind in it.
    """
    if given.is_file():
        return [_recognised(given) or TruthFile(given, "list")]
    if not given.is_dir():
        if os.path.lexists(given):
            open_regular(given, f"--ground-truth {given}").close()  # says what it is
        siblings = [child.name for child in given.parent.iterdir()] if given.parent.is_dir() else []
        raise ExploreError(f"--ground-truth: there is no folder or file {given}; {meant(given.name, sorted(siblings))}")
    level, found = [given], []
    for _ in range(MAX_DEPTH):
        for folder in level:
            for path in sorted(folder.glob("*.csv")):
                if recognised := _recognised(path):
                    found.append(recognised)
                elif path.name.startswith("ground_truth_"):
                    note(f"{path}: left out, as not named like ground truth")
        level = [child for folder in level for child in sorted(folder.iterdir()) if child.is_dir()]
    if not found:
        raise ExploreError(
            f"--ground-truth {given}: holds no ground truth, expected ground_truth_<machine>_section_00_test.csv "
            "in it or in folders ground_truth_data and ground_truth_domain, or eval_data_list.csv"
        )
    return sorted(found, key=lambda file: ("list", "attributes", "domain", "label").index(file.holds))


def _recognised(path: Path) -> TruthFile | None:
    if match := _FILE_NAME.fullmatch(path.name):
        year = int(match["year"]) if match["year"] else 2021 if match["domain"] else None
        return TruthFile(path, _holds(path.parent), machine_type(match["machine"]), match["domain"], year)
    if match := _LIST.fullmatch(path.name):
        return TruthFile(path, "list", year=int(match["year"]) if match["year"] else None)
    return None


def _holds(folder: Path) -> str:
    """What a folder's files say, by its name."""
    name = folder.absolute().name.lower()
    return "attributes" if "attribute" in name else "domain" if "domain" in name else "label"


def truths(file: TruthFile, most: int) -> Iterator[Truth]:
    """
    Read a file of ground truth.

    Parameters
    ----------
    file
        Which one.
    most
        Clips of the table at hand: bounds what is read.

    Yields
    ------
    Truth
        Line by line.

    Raises
    ------
    ExploreError
        A line of another form.
    """
    machine = file.machine
    header: list[str] = []
    for index, (line, fields) in enumerate(rows(file.path, f"--ground-truth {file.path}", most)):
        where = f"--ground-truth {file.path}, line {line}"
        name, *rest = (text for text in fields if text) if any(fields) else ("",)
        name = PureWindowsPath(name).name
        is_clip = parse_clip_name(name) is not None
        if file.holds == "list" and not is_clip and not rest:
            machine = machine_type(re.sub(r"^DCASE\d{4}T\d", "", name))
            continue
        if index == 0 and name.lower() in NAME_COLUMNS:
            header = [text.lower() for text in fields]
            if file.holds in ("label", "domain") and not any(_fact(column) for column in header):
                raise ExploreError(
                    f"{where}: no column is called label or domain in {','.join(fields)[:80]!r}: name it, or leave out "
                    "the line of names"
                )
            continue
        if not rest or not is_clip:
            raise ExploreError(f"{where}: expected 'file name,value', found {','.join(fields)[:80]!r}")
        facts: dict[str, object] = {"year": file.year, "domain": file.domain}
        if header and (told := _under(header, fields, where)):
            yield Truth(machine, (name,), {**facts, **told})
        elif file.holds == "list":
            yield _listed(machine, name, rest, facts, where)
        elif file.holds == "attributes":
            yield Truth(machine, (name, rest[-1]), {**facts, **_named(rest[-1], where)})
        else:
            yield Truth(machine, (name,), {**facts, file.holds: _code(rest[0], file.holds, where)})


def _fact(column: str) -> str | None:
    """What a column of this name tells: label, domain, or nothing that is known."""
    return column if column in ("label", "domain") else NAMED_OTHERWISE.get(column)


def _under(header: list[str], fields: list[str], where: str) -> dict[str, object]:
    """Label and domain of a line below one that names the columns; nothing where no name is known."""
    found: dict[str, object] = {}
    for column, text in zip(header, fields, strict=False):
        fact = _fact(column)
        if fact is None or fact in found or not text:
            continue
        words, read = (LABELS, label_of) if fact == "label" else (DOMAINS, domain_of)
        found[fact] = read(words[int(text)] if column == fact and text in ("0", "1") else word_of(text, column))
        if found[fact] is None:
            raise ExploreError(f"{where}: a {fact} is {words[0]} or {words[1]}, not {text[:40]!r}")
    return found


def _listed(machine: str | None, name: str, rest: list[str], facts: dict[str, object], where: str) -> Truth:
    """One line of a list: a full name, a label, or both, of which the label decides."""
    full = next((PureWindowsPath(text).name for text in rest if parse_clip_name(PureWindowsPath(text).name)), None)
    label = next((_LABELS[text.lower()] for text in rest if text.lower() in _LABELS), None)
    if full is None and label is None:
        raise ExploreError(f"{where}: expected 'file name,full name' or 'file name,0|1', found {rest[0][:80]!r}")
    told = _named(full, where) if full else {}
    if domain := next((text.lower() for text in rest if text.lower() in DOMAINS), None):
        told["domain"] = domain
    return Truth(machine, (name, full) if full else (name,), {**facts, **told, **({"label": label} if label else {})})


def _code(code: str, holds: str, where: str) -> str:
    words = LABELS if holds == "label" else DOMAINS
    if code not in ("0", "1"):
        raise ExploreError(f"{where}: a {holds} is 0 ({words[0]}) or 1 ({words[1]}), not {code[:40]!r}")
    return words[int(code)]


def _named(full_name: str, where: str) -> dict[str, object]:
    """Facts in a clip's full name."""
    name = parse_clip_name(full_name)
    if name is None:
        raise ExploreError(f"{where}: {full_name[:80]!r} is not a clip name of the challenge")
    attributes: dict[str, object] = {
        f"d{number}{part}": value
        for number, pair in enumerate(name.attributes, start=1)
        for part, value in zip("pv", pair, strict=True)
        if value is not None
    }
    return attributes | {key: value for key, value in (("domain", name.domain), ("label", name.label)) if value}
