"""
What a clip's file name says, for every year of the challenge and for the data sets it came from.

======== ===============================================================================================
year     example
======== ===============================================================================================
2020     ``normal_id_00_00000000.wav``, evaluation ``id_01_00000000.wav``
2021     ``section_00_source_train_normal_0000_strength_1_ambient.wav``,
         test ``section_00_source_test_normal_0000.wav``, evaluation ``section_03_source_test_0000.wav``
2022 on  ``section_00_source_test_normal_0000_car_A2_spd_28V_mic_1_noise_1.wav``
2023 on  evaluation ``section_00_0000.wav``
2024 on  ``section_00_source_train_normal_0000_noAttribute.wav`` where a machine type has no attributes
======== ===============================================================================================

ToyADMOS writes ``1200010001_ToyCar_case1_ab01_IND_ch1_0001.wav``. Score files carry the same names, with the ending of
whatever was read, or none. The machine type is not in them: it is the folder's or the score file's name. A name that no
parser knows says nothing, and names a clip all the same.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath
from unicodedata import normalize

NO_ATTRIBUTE = "noAttribute"

RECORDINGS = (
    *(".wav", ".wave", ".flac", ".w64", ".rf64", ".aiff", ".aif", ".aifc", ".caf", ".au", ".snd", ".voc"),
    *(".ogg", ".oga", ".opus", ".mp3"),
)
"""Endings of recordings that soundfile reads; of one clip in several formats the first is taken."""

OTHER_SOUNDS = (".m4a", ".aac", ".wma", ".amr", ".ape", ".wv", ".mp4", ".webm")
"""Endings of recordings that it does not read."""

FEATURES = (
    *(".npy", ".npz", ".json", ".pt", ".pth", ".h5", ".hdf5", ".pkl", ".pickle", ".mat", ".csv", ".txt", ".png"),
)
"""Endings of what is computed of a recording and called like it."""

_SECTION_NAME = re.compile(
    r"section_(?P<section>\d{1,4})"
    r"(?:_(?P<domain>source|target))?"
    r"(?:_(?P<split>train|test))?"
    r"(?:_(?P<label>normal|anomaly))?"
    r"_(?P<number>\d{3,9})"
    r"(?:_(?P<attributes>.+))?",
    re.ASCII,
)
_MACHINE_ID_NAME = re.compile(r"(?:(?P<label>normal|anomaly)_)?id_(?P<section>\d{1,4})_(?P<number>\d{3,9})", re.ASCII)
_TOYADMOS_NAME = re.compile(
    r"\d+_Toy[A-Za-z]+_case(?P<section>\d{1,4})_(?P<label>normal|ab\d*)_(?:IND|CNT)_ch(?P<channel>\d)_(?P<number>\d{3,9})",
    re.ASCII,
)


@dataclass(frozen=True)
class ClipName:
    """
    What one file name says; None where it is silent.

    Attributes
    ----------
    section
        Section, the machine id of 2020, or the case of ToyADMOS.
    number
        Running number within machine type, split, domain and label.
    domain
        ``"source"`` or ``"target"``.
    split
        ``"train"`` or ``"test"``.
    label
        ``"normal"`` or ``"anomaly"``.
    attributes
        Name and value of each attribute. The name is None where the text does not come as name–value pairs
        (2021: ``strength_1_ambient``, ``0_g_25_mm_2000_mV_none``): then all of the text is one value.
    year
        Year of the challenge, where no other names its clips so.
    """

    section: int
    number: int
    domain: str | None = None
    split: str | None = None
    label: str | None = None
    attributes: tuple[tuple[str | None, str], ...] = ()
    year: int | None = None


def parse_clip_name(file_name: str) -> ClipName | None:
    """
    Read the facts in a clip's file name.

    Parameters
    ----------
    file_name
        Name or path of the clip, with the ending of a recording, of features, or none; folders are ignored.

    Returns
    -------
    ClipName or None
        None when no parser knows the name.

    Examples
    --------
    >>> parse_clip_name("section_00_target_test_anomaly_0003_vel_25_loc_E.wav").attributes
    (('vel', '25'), ('loc', 'E'))
    >>> parse_clip_name("holiday.wav") is None
    True
    """
    return _parse(composed(file_name.rpartition("/")[2]))


@lru_cache(maxsize=2**15)  # a name is looked at for its facts, its identity and its label, one after the other
def _parse(name: str) -> ClipName | None:
    stem = without_ending(name)
    before, dot, _ = stem.rpartition(".")
    if dot and without_ending(before) != before:  # x.wav.part is not the clip
        return None
    for pattern, read in _PARSERS:
        match = pattern.fullmatch(stem)
        if match:
            return read(match)
    return None


def _of_section(match: re.Match[str]) -> ClipName:
    domain, split, label = match["domain"], match["split"], match["label"]
    return ClipName(
        section=int(match["section"]),
        number=int(match["number"]),
        domain=domain,
        split=split,
        label=label,
        attributes=_attributes(match["attributes"] or NO_ATTRIBUTE),
        # Its evaluation set alone told the domain and hid the label.
        year=2021 if domain and split == "test" and label is None and match["attributes"] is None else None,
    )


def _of_machine_id(match: re.Match[str]) -> ClipName:
    return ClipName(section=int(match["section"]), number=int(match["number"]), label=match["label"], year=2020)


def _of_toyadmos(match: re.Match[str]) -> ClipName:
    label = "normal" if match["label"] == "normal" else "anomaly"
    channel = (("ch", match["channel"]),)
    return ClipName(section=int(match["section"]), number=int(match["number"]), label=label, attributes=channel)


_PARSERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], ClipName]], ...] = (
    (_SECTION_NAME, _of_section),
    (_MACHINE_ID_NAME, _of_machine_id),
    (_TOYADMOS_NAME, _of_toyadmos),
)


def _attributes(text: str) -> tuple[tuple[str | None, str], ...]:
    if text.lower() == NO_ATTRIBUTE.lower():
        return ()
    words = text.split("_")
    names, values = words[::2], words[1::2]
    if len(names) == len(values) and all(name[:1].isalpha() for name in names) and all(values):
        return tuple(zip(names, values, strict=True))
    return ((None, text),)


def composed(text: str) -> str:
    """Text with its letters composed (NFC): some systems take ü apart in the names of files."""
    return text if text.isascii() else normalize("NFC", text)


def without_ending(name: str) -> str:
    """
    Name of a clip without the endings of recordings and features.

    Parameters
    ----------
    name
        Of a file.

    Returns
    -------
    str
        ``"hall 1"`` for ``"hall 1.flac"``, ``"hall 1.wav.npy"`` and ``"hall 1"``.
    """
    while (dot := name.rfind(".")) > 0 and name[dot:].lower() in _ENDINGS:
        name = name[:dot]
    return name


_ENDINGS = frozenset((*RECORDINGS, *OTHER_SOUNDS, *FEATURES))


def is_recording(name: str) -> bool:
    """Whether a file's name is that of a recording that can be read."""
    return name.lower().endswith(RECORDINGS) and not name.startswith("._")  # a Mac's file about a file


def is_clip(text: str) -> bool:
    """
    Whether a text is a clip's ``clip_id``, path or file name.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    bool
        True for ``"test/fan_section_00_0000.wav"``, ``"fan/test/section_00_0000.wav"``, ``"section_00_0000"``,
        ``"hall 1.flac"``.
    """
    name = PurePath(text.strip().replace("\\", "/")).name
    _, _, without_machine = name.partition("_")
    return is_recording(name) or parse_clip_name(name) is not None or parse_clip_name(without_machine) is not None


def file_identity(file_name: str) -> str:
    """
    What a clip's file name adds to its identity.

    Parameters
    ----------
    file_name
        Name, or path below the folder of the machine type where names alone are not unique.

    Returns
    -------
    str
        In a name that a parser knows the ending is ``.wav``, whatever the file's: it is the same clip. Any other name
        stays as it is, with its ending in lower case and ``_`` for ``/``.
    """
    name = composed(file_name.strip().replace("\\", "/"))
    bare = name.rpartition("/")[2]
    if parse_clip_name(bare) is not None:
        return f"{without_ending(bare)}.wav"
    stem = without_ending(name)
    return f"{stem}{name[len(stem) :].lower()}".replace("/", "_")
