"""The file: as much of sounds and pictures as its size allows, written whole or not at all."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from dcase_explore.cache import write_atomically
from dcase_explore.errors import ExploreError
from dcase_explore.exploration import Exploration
from dcase_explore.messages import counted, note
from dcase_explore.progress import busy
from dcase_explore.regular import open_regular
from dcase_explore.reporting.cards import Media, Plan
from dcase_explore.reporting.facts import Facts, facts_of
from dcase_explore.reporting.page import GENERATOR, page
from dcase_explore.reporting.sounds import LONGEST, Sounds

_PLANS = (
    Plan(),
    Plan(seconds=10),
    Plan(clips=2, seconds=10),
    Plan(clips=2, seconds=6),
    Plan(clips=1, seconds=6),
    Plan(clips=1, seconds=3),
    Plan(seconds=0),
    Plan(clips=1, seconds=0),
    Plan(seconds=0, pictures=False),
)
"""What is given up, one after the other, where a file would be too large: length, clips, sound, pictures."""
_UNITS = {"kb": 10**3, "mb": 10**6, "gb": 10**9}


@dataclass(frozen=True)
class Reported:
    """
    What was written.

    Attributes
    ----------
    file
        Where.
    bytes
        Of it.
    findings
        That it tells.
    sounds
        Recordings that it plays.
    """

    file: Path
    bytes: int
    findings: int
    sounds: int

    def __str__(self) -> str:
        heard = counted(self.sounds, "recording") if self.sounds else "no sound"
        return f"{counted(self.findings, 'finding')}, {heard}, {in_words(self.bytes)}"


def write_report(
    exploration: Exploration,
    file: Path,
    *,
    other: Exploration | None = None,
    audio: str | None = None,
    size: int = 25 * 10**6,
) -> Reported:
    """
    Write an exploration as one HTML file that plays.

    Parameters
    ----------
    exploration
        What it is about.
    file
        Where; a file that is there must be a report as well.
    other
        What it is compared with.
    audio
        ``"findings"``: the recordings of the findings' costliest clips and their nearest normals; ``"none"``; None for
        those whose licence is known.
    size
        Most bytes that the file may have.

    Returns
    -------
    Reported
        How much it became. What was given up for the size is said on stderr and in the file.

    Raises
    ------
    ExploreError
        When the file cannot be written, or not within the size; then what was there before still is.
    """
    check_file(file)
    facts = facts_of(exploration, other)
    allowed = audio == "findings" or (audio is None and bool(facts.credits))
    with busy("listening to the clips of the report"):
        sounds = Sounds(_paths(facts), to_play=allowed)
    content = _within(facts, sounds, size, _why_silent(sounds, audio))
    try:
        write_atomically(file, content)
    except OSError as error:
        raise ExploreError(f"{file} cannot be written ({error.strerror})") from error
    return Reported(file, len(content), len(facts.findings), content.count(b"data:audio/flac"))


def check_file(file: Path) -> None:
    """
    Refuse a place where a report cannot be written, or would replace something else.

    Raises
    ------
    ExploreError
        With what is in the way.
    """
    if file.is_dir():
        raise ExploreError(f"{file} is a folder: give a file, such as {shlex.quote(str(file / 'report.html'))}")
    if not file.absolute().parent.is_dir():
        parent = file.absolute().parent
        raise ExploreError(f"there is no folder {parent}: mkdir -p {shlex.quote(str(parent))} makes it")
    if file.exists():
        with open_regular(file, str(file)) as stream:  # a pipe would keep whoever opens it waiting
            if GENERATOR.encode() not in stream.read(4096):
                raise ExploreError(f"{file} is there and is no report of ours: give another name, or remove it")


def bytes_of(size: str) -> int:
    """
    Read a size.

    Parameters
    ----------
    size
        ``"25MB"``, ``"800 kB"``, ``"1.5 GB"``; of 1,000 each.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    ExploreError
        When it is none.
    """
    match = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]{1,3})?) ?(kb|mb|gb)", size.strip().lower())
    if match is None:
        raise ExploreError(f"size {size[:40]!r}: give a number with kB, MB or GB, as in 25MB")
    return round(float(match[1]) * _UNITS[match[2]])


def in_words(size: int) -> str:
    """``"17.4 MB"``, ``"320 kB"``."""
    return f"{size / 10**6:,.1f} MB" if size >= 10**6 else f"{size / 1_000:,.0f} kB"


def _paths(facts: Facts) -> list[str]:
    """Recordings of the clips that are shown one by one, and of their nearest normals."""
    frame = facts.frame
    rows = [row for group in facts.groups for row in group.rows[: Plan().clips]]
    columns = [name for name in ("path", "nearest_normal") if name in frame]
    found = [path for row in rows for path in (frame[name].iloc[row] for name in columns) if isinstance(path, str)]
    return list(dict.fromkeys(found))


def _why_silent(sounds: Sounds, audio: str | None) -> list[str]:
    if not sounds.pictures or sounds.to_play:
        return []
    if audio is None:
        note(
            "the licence of these recordings is not known, so the report is without them: --audio findings puts them in"
        )
        return ["Without sound, for the licence of the recordings is not known."]
    return ["Without sound, as was asked for."]


def _within(facts: Facts, sounds: Sounds, size: int, remarks: list[str]) -> bytes:
    """The file by the first plan that fits."""
    plans = [plan for plan in _PLANS if sounds.to_play or not plan.seconds] if sounds.pictures else [_PLANS[-1]]
    length = 0
    for plan in plans:
        if plan.seconds and plan.seconds < LONGEST and sounds.longest <= plan.seconds and plan.clips == Plan().clips:
            continue  # no shorter than the one before
        given_up = _given_up(plan, plans[0], sounds, size)
        said = [
            *remarks,
            *given_up,
            *([] if not plan.seconds else ["Sounds are lossless (FLAC), as loud as recorded."]),
        ]
        first = page(facts, Media(facts.frame, sounds, plan), "", said)
        content = page(facts, Media(facts.frame, sounds, plan), in_words(len(first)), said)
        length = len(content)
        if length <= size:
            for sentence in given_up:
                note(sentence)
            return content
    raise ExploreError(
        f"the report takes {in_words(length)} without any sound or picture: --size {-(-length // 10**6)}MB"
    )


def _given_up(plan: Plan, best: Plan, sounds: Sounds, size: int) -> list[str]:
    said = []
    if plan.clips < best.clips:
        said.append(f"of each finding {counted(plan.clips, 'clip')} of {best.clips}")
    if plan.seconds and plan.seconds < min(sounds.longest, LONGEST):
        said.append(f"of each recording the first {plan.seconds:g} s")
    if best.seconds and not plan.seconds:
        said.append("no sound")
    if best.pictures and not plan.pictures:
        said.append("no spectrograms")
    sentences = [f"To stay within {in_words(size)} it holds {', '.join(said)}."] if said else []
    if plan.seconds == LONGEST < sounds.longest:
        sentences.append(f"Of recordings longer than {LONGEST} s it holds the beginning.")
    return sentences
