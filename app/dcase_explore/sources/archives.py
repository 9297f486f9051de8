"""
Zip files of results: a submission of the challenge as it was handed in, or ASDKit's output.

They are strangers' files: only tables and arrays are unpacked, into a folder of their own that goes again, none outside
it, and no more than `MAX_BYTES` of them, whatever the archive says of itself.
"""

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from dcase_explore.clip_names import is_recording
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note, some
from dcase_explore.sources.asdkit import ASDKIT
from dcase_explore.sources.kinds import Asked, Kind, Seen, Source
from dcase_explore.sources.results import RESULTS
from dcase_explore.temporary import temporary_folder

MAX_BYTES = 300 * 2**20
MAX_MEMBERS = 100_000
PACKED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
WANTED = (".csv", ".npz")
_INSIDE = (RESULTS, ASDKIT)


def _is_archive(asked: Asked) -> bool:
    return asked.path.suffix.lower() == ".zip" and asked.path.is_file()


def _read(asked: Asked) -> Source:
    with unpacked(asked.path) as folder:
        inside = Asked(str(folder), shown=str(asked.path))
        packed = _packed_in(asked.path)
        if packed and any(kind.recognises(inside) for kind in _INSIDE):
            note(f"{asked.path}: left out, for archives within it are not unpacked: {some(packed)}")
        for kind in _INSIDE:
            if kind.recognises(inside):
                return kind.reads(inside)
        saw = [seen for kind in _INSIDE if (seen := kind.saw(inside))]
    with zipfile.ZipFile(asked.path) as archive:
        recordings = [name for name in archive.namelist() if is_recording(PurePosixPath(name).name)]
    if recordings:
        raise ExploreError(
            f"{asked.path} holds recordings ({some(recordings, 1)}): unpack it first, and give its folder"
        )
    if packed:
        raise ExploreError(
            f"{asked.path} holds archives ({some(packed)}): unpack it first, and give the one that holds score files"
        )
    told = "; ".join(f"{seen.what}: {seen.how}" for seen in saw)
    raise ExploreError(f"{asked.path} holds no score files: {told or f'expected {RESULTS.looks} or {ASDKIT.looks}'}")


def _packed_in(path: Path) -> list[str]:
    """Archives within an archive."""
    with zipfile.ZipFile(path) as archive:
        return [name for name in archive.namelist() if name.lower().endswith(PACKED) and "__MACOSX" not in name]


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """
    Unpack an archive's tables and arrays into a folder that goes again.

    Parameters
    ----------
    path
        A zip file.

    Yields
    ------
    pathlib.Path
        Folder of the archive's name.

    Raises
    ------
    ExploreError
        An archive that is damaged, encrypted or too large, has a member twice, or one that would leave its folder.
    """
    with temporary_folder() as temporary:
        folder = temporary / path.stem
        folder.mkdir(exist_ok=True)
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, folder, path)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
            # RuntimeError is zipfile's word for an encrypted member
            raise ExploreError(f"{path} cannot be unpacked ({' '.join(str(error).split())[:200]})") from error
        except Exception as error:  # zlib's, lzma's and bz2's own
            raise error if isinstance(error, ExploreError) else ExploreError(f"{path} is damaged ({error})") from error
        yield folder


def _unpack(archive: zipfile.ZipFile, folder: Path, path: Path) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ExploreError(f"{path} holds {len(members):,} files: that is no submission")
    left, there = MAX_BYTES, set[Path]()
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        if any(part in ("..", "/") or ":" in part or "\0" in part for part in parts):
            raise ExploreError(
                f"{path} holds {member.filename[:80]!r}, which would leave its folder: it is not unpacked"
            )
        if not parts or not parts[-1].lower().endswith(WANTED) or "__MACOSX" in parts or member.is_dir():
            continue
        if stat.S_ISLNK(member.external_attr >> 16):
            continue
        target = folder.joinpath(*parts)
        if target in there:
            raise ExploreError(f"{path} holds {member.filename[:80]!r} twice: pack it again")
        there.add(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(member) as content, target.open("wb") as unpacked:
            while piece := content.read(2**20):  # never all of it at once: a few packed bytes may be hundreds of MB
                left -= len(piece)
                if left < 0:
                    raise ExploreError(
                        f"{path} holds more than {MAX_BYTES // 2**20} MB of tables: that is no submission"
                    )
                unpacked.write(piece)


def _saw(asked: Asked) -> Seen | None:
    zips = asked.files(".zip")
    if not zips or any(folder.path != asked.path and folder.files for folder in asked.folders):
        return None
    first = zips[0].relative_to(asked.path)
    how = f"unpack them first, as in unzip {first}, or give one of score files by --data {zips[0]}"
    return Seen(f"archives that are still packed ({some(path.name for path in zips)})", how)


ARCHIVES = Kind(
    "a zip file of score files or ASDKit's output, such as a submission of the challenge",
    "submission.zip",
    "--data submission.zip --ground-truth path/to/evaluator",
    _is_archive,
    _read,
    _saw,
)
