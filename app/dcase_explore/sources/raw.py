"""
Recordings in folders whose names say what they are: downloads of the challenge, of MIMII and its kin, one's own.

``<machine>/train/*.wav`` and ``<machine>/test/*.wav`` (2021 also ``source_test`` and ``target_test``), or folders
called normal, abnormal, good, broken and the like, anywhere below the folder given, in every format that soundfile
reads; see `folder_names`. ``<machine>/attributes_<NN>.csv``, where a year has it, decides over the file names.
"""

import stat
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dcase_explore import clips
from dcase_explore.clip_names import OTHER_SOUNDS, RECORDINGS, is_recording, parse_clip_name, without_ending
from dcase_explore.columns import MACHINE_TYPES, machine_type
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note, some
from dcase_explore.sources.attribute_files import with_attributes
from dcase_explore.sources.folder_names import FolderFacts, read_folders
from dcase_explore.sources.kinds import Asked, Folder, Kind, Seen, Source


@dataclass(frozen=True)
class Recording:
    """
    One recording that is there.

    Attributes
    ----------
    path
        Absolute.
    told
        What its folders say.
    """

    path: Path
    told: FolderFacts

    @property
    def machine_folder(self) -> Path:
        """Folder of its machine type."""
        return Path(*self.path.parts[: self.told.above + 1])

    @property
    def name(self) -> str:
        """Name by which it is told from others of its machine type."""
        return "/".join((*self.told.below, self._named[1]))

    @property
    def machine(self) -> str:
        """Machine type: by its name, as in a ``clip_id``, or by its folders."""
        return self._named[0] or self.told.machine or self.path.parent.name

    @property
    def _named(self) -> tuple[str | None, str]:
        """Machine type and file name, where one stands before the other."""
        machine, _, rest = self.path.name.partition("_")
        is_both = machine_type(machine) in MACHINE_TYPES and parse_clip_name(rest) is not None
        return (machine_type(machine), rest) if is_both else (None, self.path.name)


def _told(asked: Asked, folder: Folder) -> FolderFacts | None:
    return read_folders(folder.path.parts, len(asked.path.parts) - 1)


def _is_raw(asked: Asked) -> bool:
    return any(_told(asked, folder) for folder in asked.folders if any(map(is_recording, folder.files)))


def _read(asked: Asked) -> Source:
    return Source(_table(asked), asked.title)


def _saw(asked: Asked) -> Seen | None:
    places = [folder for folder in asked.folders if any(map(is_recording, folder.files))]
    if not places:
        sounds = asked.files(*OTHER_SOUNDS)
        what = f"{counted(len(sounds), 'file')} of sound in formats that are not read ({some(sounds, 1)})"
        return Seen(what, "convert them to WAV or FLAC") if sounds else None
    files = [name for folder in places for name in folder.files if is_recording(name)]
    kinds = Counter(Path(name).suffix.lower().removeprefix(".").upper() for name in files)
    what = " and ".join(counted(count, f"{kind} file") for kind, count in kinds.most_common())
    where = some(dict.fromkeys(folder.path.name for folder in places), 2)
    if any(_told(asked, folder) for folder in places):
        return Seen(f"recordings ({what})", "give their folder by --data")
    return Seen(
        f"{what}, in {'folder' if len(places) == 1 else 'folders'} {where}",
        "arrange them as <machine>/train|test/*.wav or <machine>/normal|abnormal/*.wav, or list them in a table "
        "clips.csv with a column path (and label, class, split, … as far as they are known)",
    )


def _table(asked: Asked) -> pd.DataFrame:
    found = _one_format_each(_recordings(asked))
    told = [each.told for each in found]
    splits = [facts.split or "test" for facts in told]
    machines = [each.machine for each in found]
    names = _names(found, splits, len(asked.path.parts))
    _check_once(list(map(clips.clip_id, splits, machines, names)), found)
    frame = clips.facts_from_names(machines, names, splits)
    frame["path"] = [str(each.path) for each in found]
    frame = _with_folder_facts(frame, told)
    folders = {each.machine_folder: each.machine for each in found}
    for folder in sorted(folders):
        for path in sorted(folder.glob("attributes_*.csv")):
            frame = with_attributes(frame, path, folders[folder])
    _say_what_is_not_known(frame, told)
    return clips.conform(frame)


def _recordings(asked: Asked) -> list[Recording]:
    """Recordings whose folders say what they are; what else there is, is said."""
    found: list[Recording] = []
    left: list[str] = []
    strange: dict[Path, None] = {}
    for folder in sorted(asked.folders, key=lambda each: each.path):
        told = _told(asked, folder)
        names = [name for name in folder.files if is_recording(name)]
        if told is None:
            left += [folder.path.name] if names else []
            continue
        paths = [folder.path / name for name in names]
        strange |= dict.fromkeys(path for path in paths if not _is_regular(path))
        found += [Recording(path, told) for path in paths if path not in strange]
    unwritable = [each.path for each in found if not _is_text(str(each.path))]
    if unwritable:
        raise ExploreError(f"{str(unwritable[0])!a} is not a name in UTF-8: rename the folder or file")
    if left:
        note(f"recordings in other folders than train and test, normal and anomaly are left out: {some(left)}")
    if strange:
        note(f"left out, as no regular {'file' if len(strange) == 1 else 'files'}: {some(strange)}")
    if sounds := asked.files(*OTHER_SOUNDS):
        note(f"left out, as of formats that are not read: {counted(len(sounds), 'file')} such as {sounds[0]}")
    if not found:
        raise ExploreError(f"{asked.path} holds no recording that could be read")
    return found


def _one_format_each(found: list[Recording]) -> list[Recording]:
    """Without the other formats of a clip that is there in several."""
    by_stem: dict[str, list[Recording]] = defaultdict(list)
    for each in found:
        by_stem[without_ending(str(each.path))].append(each)
    if len(by_stem) == len(found):
        return found
    kept = {
        min(formats, key=lambda each: RECORDINGS.index(each.path.suffix.lower())).path for formats in by_stem.values()
    }
    left = [each.path for each in found if each.path not in kept]
    note(f"left out, as another format of a clip beside it: {counted(len(left), 'file')} such as {left[0]}")
    return [each for each in found if each.path in kept]


def _names(found: list[Recording], splits: list[str], given: int) -> list[str]:
    """Names as short as they can be; of machine types that have one twice with the folders above, if it is any name."""
    strange = [parse_clip_name(each.name) is None for each in found]
    ids = [clips.clip_id(split, each.machine, each.name) for each, split in zip(found, splits, strict=True)]
    counts = Counter(ids)
    several = {each.machine for each, clip in zip(found, ids, strict=True) if counts[clip] > 1}
    return [
        "/".join((*each.path.parts[given : each.told.above], each.name))
        if any_name and each.machine in several
        else each.name
        for each, any_name in zip(found, strange, strict=True)
    ]


def _check_once(ids: list[str], found: list[Recording]) -> None:
    twice = [clip for clip, count in Counter(ids).items() if count > 1]
    if twice:
        both = [each.path for each, clip in zip(found, ids, strict=True) if clip == twice[0]]
        raise ExploreError(
            f"{counted(len(twice), 'clip')} found in two places, such as {both[0]} and {both[1]}: "
            "give the folder of one copy"
        )


def _with_folder_facts(frame: pd.DataFrame, told: list[FolderFacts]) -> pd.DataFrame:
    """With what the folders say and the names do not, attributes after those of the names."""
    for column in ("label", "domain", "section", "year"):
        said = pd.Series([getattr(facts, column) for facts in told], frame.index, dtype=object)
        if said.notna().any():
            known = frame[column].astype(object) if column in frame else pd.Series(None, frame.index, dtype=object)
            differ = (known.notna() & said.notna() & (known != said)).sum() if column in ("label", "domain") else 0
            if differ:
                note(f"another {column} by name than by folder of {counted(int(differ), 'clip')}: the name is believed")
            frame = frame.assign(**{column: known.where(known.notna(), said)})
    for index in range(max((len(facts.attributes) for facts in told), default=0)):
        pairs = [facts.attributes[index] if index < len(facts.attributes) else (None, None) for facts in told]
        free = next(number for number in range(1, 10) if f"d{number}v" not in frame)
        frame = frame.assign(**{f"d{free}p": [name for name, _ in pairs], f"d{free}v": [value for _, value in pairs]})
    return frame


def _say_what_is_not_known(frame: pd.DataFrame, told: list[FolderFacts]) -> None:
    strangers = [name for name in frame["file_name"] if parse_clip_name(name) is None]
    if strangers and len(strangers) < len(frame):
        what = f"{counted(len(strangers), 'recording')} ({some(strangers)})"
        note(f"not named like the others, so that folders alone say what they are: {what}")
    without_split = sum(facts.split is None for facts in told)
    if without_split:
        note(f"{counted(without_split, 'clip')} in no folder train or test: taken as test clips")
    if strangers and frame["label"].isna().all():
        note("no clip's label is known: put the recordings into folders normal and anomaly, or list them in clips.csv")


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _is_text(path: str) -> bool:
    """Whether a path can be written down: some old archives unpack names in other encodings."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


RAW = Kind(
    "recordings in folders: a raw download of any year, 2020 to 2026, of MIMII, ToyADMOS, IDMT-ISA, or your own",
    "<machine>/train|test/*.wav or <machine>/normal|abnormal/*.wav",
    "--data path/to/dev_data --class valve",
    _is_raw,
    _read,
    _saw,
)
