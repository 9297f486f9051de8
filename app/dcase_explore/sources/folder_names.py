"""
What the names of folders say of the recordings in them.

================================== =========================================================
folders                            from
================================== =========================================================
``fan/train``, ``fan/source_test`` the challenge
``-6_dB_fan/fan/id_00/abnormal``   MIMII
``ToyCar/case1/NormalSound_IND``   ToyADMOS
``train_cut/engine2_broken``       IDMT-ISA Electric Engine
``press/test/good``                one's own machines
================================== =========================================================
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dcase_explore.columns import MACHINE_TYPES, machine_type

_SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
_ONLY_SPLIT = {*_SPLITS, "source_test", "target_test"}
"""Names that say no more than split and domain: it takes no other to tell their files apart."""
_BESIDE_SPLIT = {"source", "target", "cut", "data", "set", "split"}
_NORMAL = {"normal", "normals", "good", "ok", "healthy", "nominal", "intact"}
_ANOMALY = {
    *("abnormal", "anomaly", "anomalies", "anomalous", "broken", "bad", "faulty", "fault", "defect", "defective"),
    *("damaged", "failure", "ng", "nok", "heavyload"),
}
_NOT = {"no", "non", "not", "without"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SECTION = re.compile(r"(?:id|case|section)[_ -]?(\d{1,4})", re.ASCII | re.IGNORECASE)
_NOISE = re.compile(r"(-|min(?:us)?_?)?(\d{1,2})_?dB(?:_(.+))?", re.ASCII | re.IGNORECASE)
_CHANNEL = re.compile(r"ch(?:annel)?_?(\d{1,2})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class FolderFacts:
    """
    What the folders above a recording say; None where they are silent.

    Attributes
    ----------
    machine
        Machine type.
    split, label, domain
        As in the clip table.
    section
        Machine id of MIMII, case of ToyADMOS.
    year
        2021, whose test folders alone are called after the domain.
    attributes
        Name and value of each.
    above
        How many folders stand above that of the machine type.
    below
        Folders that it takes to tell a file from others of the machine type.
    """

    machine: str | None = None
    split: str | None = None
    label: str | None = None
    domain: str | None = None
    section: int | None = None
    year: int | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    above: int = 0
    below: tuple[str, ...] = field(default=())


_FACTS = ("machine", "split", "label", "domain", "section", "year")


def read_folders(parts: Sequence[str], given: int) -> FolderFacts | None:
    """
    Read the facts in the folders above a recording.

    Parameters
    ----------
    parts
        Of the folder's path, from the root.
    given
        Which of them is the folder that people gave: what stands above it is looked at only for the machine type.

    Returns
    -------
    FolderFacts or None
        None where they say neither split nor label, or where other folders stand between.

    Examples
    --------
    >>> read_folders(("", "mimii", "-6_dB_fan", "fan", "id_00", "abnormal"), 1).attributes
    (('snr', '-6 dB'),)
    """
    told = [_told(part) for part in parts]
    machine = len(parts) - 1
    while machine > 0 and told[machine] is not None:
        machine -= 1
    start = machine
    while start > given and told[start - 1] is not None:
        start -= 1
    found, below = FolderFacts(), []
    for depth, facts in enumerate(told):
        if depth < start or depth == machine or facts is None:
            continue
        told_here = {name: getattr(facts, name) for name in _FACTS if getattr(facts, name) is not None}
        found = replace(found, **told_here, attributes=(*found.attributes, *facts.attributes))
        if facts.split is None or parts[depth].lower() not in _ONLY_SPLIT:
            below.append(parts[depth])
    if found.split is None and found.label is None:
        return None
    # A folder of an unknown name below train or test is a machine type only where the challenge knows it.
    if machine == len(parts) - 1 and machine_type(parts[machine]) not in MACHINE_TYPES:
        return None
    own = parts[machine]
    name = found.machine if found.machine and machine_type(own) not in MACHINE_TYPES else own
    return replace(found, machine=machine_type(name), above=machine, below=tuple(below))


def _told(part: str) -> FolderFacts | None:
    """What one folder's name says; None where it is any name."""
    words = {word.lower() for word in _WORD.findall(part)}
    split = next((_SPLITS[word] for word in words if word in _SPLITS), None)
    if split and words <= _SPLITS.keys() | _BESIDE_SPLIT and len(words & _SPLITS.keys()) == 1:
        domain = next((domain for domain in ("source", "target") if domain in words), None)
        return FolderFacts(split=split, domain=domain, year=2021 if domain and split == "test" else None)
    if label := _label(words):
        is_word = "".join(sorted(words)) == part.lower()
        return FolderFacts(label=label, attributes=() if is_word else (("state", part),))
    if part.lower() in ("source", "target"):
        return FolderFacts(domain=part.lower())
    if match := _SECTION.fullmatch(part):
        return FolderFacts(section=int(match[1]))
    if match := _NOISE.fullmatch(part):
        return FolderFacts(machine=match[3], attributes=(("snr", f"{'-' if match[1] else ''}{match[2]} dB"),))
    if match := _CHANNEL.fullmatch(part):
        return FolderFacts(attributes=(("ch", match[1]),))
    return None


def _label(words: set[str]) -> str | None:
    normal, anomaly = bool(words & _NORMAL), bool(words & _ANOMALY)
    if normal == anomaly:
        return None
    return "normal" if normal != bool(words & _NOT) else "anomaly"


def is_label(word: str) -> str | None:
    """
    Label that a word of somebody's table means.

    Parameters
    ----------
    word
        ``"abnormal"``, ``"good"``, ``"not ok"``.

    Returns
    -------
    str or None
        ``"normal"`` or ``"anomaly"``; None for any other word.
    """
    return _label({each.lower() for each in _WORD.findall(word)})
