"""
What a clip's file name says, for every year of the challenge.

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

Score files carry the same names. The machine type is not in them: it is the folder's or the score file's name.
"""

import re
from dataclasses import dataclass
from pathlib import PurePath

NO_ATTRIBUTE = "noAttribute"

_SECTION_NAME = re.compile(
    r"section_(?P<section>\d{1,4})"
    r"(?:_(?P<domain>source|target))?"
    r"(?:_(?P<split>train|test))?"
    r"(?:_(?P<label>normal|anomaly))?"
    r"_(?P<number>\d{3,9})"
    r"(?:_(?P<attributes>.+))?"
)
_MACHINE_ID_NAME = re.compile(r"(?:(?P<label>normal|anomaly)_)?id_(?P<section>\d{1,4})_(?P<number>\d{3,9})")


@dataclass(frozen=True)
class ClipName:
    """
    What one file name says; None where it is silent.

    Attributes
    ----------
    section
        Section, or the machine id of 2020.
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
    """

    section: int
    number: int
    domain: str | None = None
    split: str | None = None
    label: str | None = None
    attributes: tuple[tuple[str | None, str], ...] = ()


def parse_clip_name(file_name: str) -> ClipName | None:
    """
    Read the facts in a clip's file name.

    Parameters
    ----------
    file_name
        Name or path of the clip; folders are ignored.

    Returns
    -------
    ClipName or None
        None when the name is not one of the challenge's.

    Examples
    --------
    >>> parse_clip_name("section_00_target_test_anomaly_0003_vel_25_loc_E.wav").attributes
    (('vel', '25'), ('loc', 'E'))
    >>> parse_clip_name("holiday.wav") is None
    True
    """
    name = PurePath(file_name).name
    if not name.lower().endswith(".wav"):
        return None
    stem = name[:-4]
    match = _SECTION_NAME.fullmatch(stem)
    if match:
        return ClipName(
            section=int(match["section"]),
            number=int(match["number"]),
            domain=match["domain"],
            split=match["split"],
            label=match["label"],
            attributes=_attributes(match["attributes"] or NO_ATTRIBUTE),
        )
    match = _MACHINE_ID_NAME.fullmatch(stem)
    if match:
        return ClipName(section=int(match["section"]), number=int(match["number"]), label=match["label"])
    return None


def _attributes(text: str) -> tuple[tuple[str | None, str], ...]:
    if text.lower() == NO_ATTRIBUTE.lower():
        return ()
    words = text.split("_")
    names, values = words[::2], words[1::2]
    if len(names) == len(values) and all(name[:1].isalpha() for name in names) and all(values):
        return tuple(zip(names, values, strict=True))
    return ((None, text),)


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
        True for ``"test/fan_section_00_0000.wav"``, ``"fan/test/section_00_0000.wav"``, ``"section_00_0000"``.
    """
    name = with_ending(PurePath(text.strip().replace("\\", "/")).name)
    _, _, without_machine = name.partition("_")
    return parse_clip_name(name) is not None or parse_clip_name(without_machine) is not None


def with_ending(name: str) -> str:
    """
    Name of a clip with ``.wav`` at its end: the ending's case is the file system's whim, not another clip.

    Parameters
    ----------
    name
        With an ending in any case, or without.

    Returns
    -------
    str
        ``"section_00_0000.wav"`` for ``"section_00_0000.WAV"`` and ``"section_00_0000"``.
    """
    return f"{name[:-4] if name[-4:].lower() == '.wav' else name}.wav"
