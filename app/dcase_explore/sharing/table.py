"""The copy's clip table, by which the program opens it again."""

from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from dcase_explore import parquet
from dcase_explore.exploration import Exploration
from dcase_explore.recordings import references
from dcase_explore.recordings.kept import Origin, origin_of
from dcase_explore.sharing.sounds import Copied

FILE = "clips.parquet"


def write_table(exploration: Exploration, copied: Copied, folder: Path) -> None:
    """
    Write the clip table as an export is written: the program takes the copy's folder for one.

    Parameters
    ----------
    exploration
        What is copied.
    copied
        Recordings of the copy; a clip of another one has none there, unless it is fetched from the hub.
    folder
        The copy's folder, with a folder ``data``.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    frame = exploration.frame.drop(columns="nearest_normal", errors="ignore")
    origins: dict[str, Origin] = {}
    if "path" in frame:
        here = copied.names.get("path", {})
        paths = [
            str(folder / "sounds" / here[row]) if row in here else path if _is_the_hubs(path) else None
            for row, path in enumerate(frame["path"])
        ]
        refer, origins = references.refer(paths, frame["clip_id"], folder)
        frame = frame.drop(columns="path") if refer is None else frame.assign(path=refer)
    credit = exploration.credits[0] if exploration.credits else None
    about = {
        "title": exploration.title,
        "credit": None if credit is None else asdict(credit),
        "derived": [name for name in exploration.computed if name in frame],
        "columns": list(frame.columns),
        "order": [[split, len(list(run))] for split, run in groupby(frame["split"])],
        "origins": origins,
    }
    parquet.write(frame, folder / "data" / FILE, about, plain=True)


def _is_the_hubs(path: str | None) -> bool:
    """Whether a recording is fetched from where everybody can: no file of this machine."""
    return path is not None and (origin_of(path) or {}).get("kind") == "hub"
