"""
Ground truth of evaluation sets, which are published without labels.

The organisers' evaluators hold it in folders of files without header, ``ground_truth_<machine>_section_<NN>_test.csv``
(2021: ``…_source_test.csv``, ``…_target_test.csv``):

- ``ground_truth_data``: ``file name,0|1``, 1 for an anomaly;
- ``ground_truth_domain``: ``file name,0|1``, 1 for the target domain;
- ``ground_truth_attributes``: ``file name,full name``, a clip name with domain, label and attributes (2024 adds a third
  field with attributes that were hidden even from it).
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import pandas as pd

from dcase_explore import clips
from dcase_explore.attach.matching import Names
from dcase_explore.clip_names import parse_clip_name, with_ending
from dcase_explore.columns import DOMAINS, LABELS, machine_type
from dcase_explore.errors import ExploreError, meant
from dcase_explore.messages import counted, note, some

MAX_FILE_BYTES = 16 * 2**20
MAX_DEPTH = 3

_FILE_NAME = re.compile(
    r"ground_truth_(?:DCASE\d{4}T\d)?(?P<machine>[A-Za-z0-9]+?)_(?:section_\d+_(?:(?P<domain>source|target)_)?test|id_\d+)\.csv"
)


def attach_ground_truth(frame: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """
    Fill in label, domain and attributes of clips whose names do not say them.

    Parameters
    ----------
    frame
        Conforming clip table.
    folder
        An evaluator's folder, or one of its folders of ground truth.

    Returns
    -------
    pandas.DataFrame
        Conforming clip table; where the ground truth differs from a name, the ground truth stands.

    Raises
    ------
    ExploreError
        A folder without ground truth, a line that is not ``file name,0|1``, clips that the data do not have.
    """
    files = list(_files(folder))
    if not files:
        raise ExploreError(
            f"--ground-truth {folder}: holds no ground truth, expected ground_truth_<machine>_section_00_test.csv "
            "in it or in folders ground_truth_data and ground_truth_domain"
        )
    facts: dict[str, dict[str, str]] = {}
    for file, machine, domain in files:
        for name, its in _rows(file, domain):
            facts.setdefault(clips.clip_id("test", machine, name), {}).update(its)
    if not facts:
        raise ExploreError(f"--ground-truth {folder}: its files hold not a single clip")
    matched = Names(frame).match(list(facts), f"--ground-truth {folder}", some_only=True)
    there = matched.rows >= 0
    if not there.any():
        raise ExploreError(f"--ground-truth {folder}: is of {some(matched.left_out)}, which this data does not have")
    if matched.left_out:
        note(f"--ground-truth {folder}: left out, as not in this data: {some(matched.left_out)}")
    values = pd.DataFrame(list(facts.values()))[there]
    values.index = frame.index[matched.rows[there]]
    changed = frame.assign(
        **{column: frame[column].astype(object) if column in frame else None for column in values.columns}
    )
    for column in values.columns:
        known = values[column].dropna()
        before = changed.loc[known.index, column]
        differ = int((before.notna() & (before != known)).sum())
        if differ and column in ("label", "domain"):
            note(
                f"--ground-truth {folder}: differs in {column} from {counted(differ, 'clip')} as named, and is believed"
            )
        changed.loc[known.index, column] = known
    labelled = int(values["label"].notna().sum()) if "label" in values else 0
    in_domain = int(values["domain"].notna().sum()) if "domain" in values else 0
    read = {place: _holds(place) for place in dict.fromkeys(file.parent for file, _, _ in files)}
    kinds = ", ".join(f"{holds}{'' if holds == 'attributes' else 's'} in {place.name}" for place, holds in read.items())
    note(f"ground truth ({kinds}): label of {labelled:,} and domain of {in_domain:,} of {len(frame):,} clips")
    return clips.conform(changed)


def _files(folder: Path) -> Iterator[tuple[Path, str, str | None]]:
    """Files of ground truth with their machine type and domain; labels last, for they decide."""
    if not folder.is_dir():
        siblings = [child.name for child in folder.parent.iterdir()] if folder.parent.is_dir() else []
        raise ExploreError(f"--ground-truth: there is no folder {folder}; {meant(folder.name, sorted(siblings))}")
    level, places = [folder], []
    for _ in range(MAX_DEPTH):
        places += level
        level = [child for place in level for child in sorted(place.iterdir()) if child.is_dir()]
    for place in sorted(places, key=lambda place: _holds(place) != "attributes" and 1 + (_holds(place) == "label")):
        for path in sorted(place.glob("ground_truth_*.csv")):
            match = _FILE_NAME.fullmatch(path.name)
            if match:
                yield path, machine_type(match["machine"]), match["domain"]
            else:
                note(f"{path}: left out, as not named like ground truth")


def _holds(folder: Path) -> str:
    """What a folder's files say, by its name."""
    name = folder.absolute().name.lower()
    return "attributes" if "attribute" in name else "domain" if "domain" in name else "label"


def _rows(path: Path, domain: str | None) -> Iterator[tuple[str, dict[str, str]]]:
    """File name and facts of each line."""
    holds = _holds(path.parent)
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ExploreError(f"{path} is larger than {MAX_FILE_BYTES // 2**20} MB: that is no ground truth")
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines)
            for row in reader:
                fields = [field.strip() for field in row]
                if not any(fields):
                    continue
                where = f"{path}, line {reader.line_num}"
                name = PureWindowsPath(fields[0]).name
                if len(fields) < 2 or parse_clip_name(name) is None:
                    raise ExploreError(f"{where}: expected 'file name,value', found {','.join(row)[:80]!r}")
                facts = (
                    _named(fields[-1], where)
                    if holds == "attributes"
                    else {holds: _named_code(fields[1], holds, where)}
                )
                yield name, {**({"domain": domain} if domain else {}), **facts}
    except OSError as error:
        raise ExploreError(f"{path} cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ExploreError(f"{path} is not a CSV text file ({error})") from error


def _named_code(code: str, holds: str, where: str) -> str:
    words = LABELS if holds == "label" else DOMAINS
    if code not in ("0", "1"):
        raise ExploreError(f"{where}: a {holds} is 0 ({words[0]}) or 1 ({words[1]}), not {code[:40]!r}")
    return words[int(code)]


def _named(full_name: str, where: str) -> dict[str, str]:
    """Facts in a clip's full name."""
    name = parse_clip_name(with_ending(full_name))
    if name is None:
        raise ExploreError(f"{where}: {full_name[:80]!r} is not a clip name of the challenge")
    attributes = {
        f"d{place}{part}": value
        for place, pair in enumerate(name.attributes, start=1)
        for part, value in zip("pv", pair, strict=True)
        if value is not None
    }
    return {key: value for key, value in (("domain", name.domain), ("label", name.label)) if value} | attributes
