"""
Recordings of the enriched dataset, out of the original record (`record_zips`): one clip, or all of a machine type.

Where the record has no such file, or does not hand out pieces of it, the hub's own archive of the split is fetched.
"""

from collections.abc import Sequence
from pathlib import Path

from dcase_explore.hub.repository import Repository
from dcase_explore.messages import counted, note, some
from dcase_explore.recordings import archives
from dcase_explore.recordings.kept import Origin, keep, place
from dcase_explore.recordings.record_zips import NotServedError, from_whole_zip, machine_of, missing_of, piece, url_of

FEW = 16
"""So many recordings are fetched piece by piece even where whole zip files would do."""


def origin_in(repository: Repository, config: str) -> tuple[str, Origin]:
    """
    Origin of a config's recordings, and the name of their folder.

    Parameters
    ----------
    repository
        At its commit.
    config
        ``"dev"``, ``"add"`` or ``"eval"``.

    Returns
    -------
    name, origin
        For `dcase_explore.recordings.kept.place`.
    """
    origin = {"kind": "hub", "repository": repository.name, "commit": repository.commit, "config": config}
    return f"{repository.key}-{config}", origin


def read(origin: Origin, clip_id: str) -> bytes:
    """
    Fetch one recording.

    Parameters
    ----------
    origin
        As `origin_in` made it.
    clip_id
        Which clip.

    Returns
    -------
    bytes
        Content of the WAV file.

    Raises
    ------
    NotHere
        When it cannot be had, or the archive that holds it is on its way.
    """
    try:
        return piece(url_of(origin["config"], machine_of(clip_id)), clip_id)
    except NotServedError as reason:
        repository, folder = _home(origin)
        archives.begin(repository, origin["config"], folder, clip_id, str(reason))
    raise AssertionError("unreachable")


def fetch_many(origin: Origin, folder: Path, clip_ids: Sequence[str]) -> None:
    """
    Fetch many recordings, by whole zip files, or by the hub's archives where there are none.

    Parameters
    ----------
    origin
        As `origin_in` made it.
    folder
        Where they belong.
    clip_ids
        Which are missing.

    Raises
    ------
    ExploreError
        When they cannot be had; what has arrived is kept.
    """
    by_machine: dict[str, set[str]] = {}
    for clip_id in clip_ids:
        by_machine.setdefault(machine_of(clip_id), set()).add(clip_id)
    for machine, wanted in by_machine.items():
        url = url_of(origin["config"], machine)
        reasons = []
        try:
            if len(wanted) > FEW:
                from_whole_zip(url, machine, folder, wanted)
        except NotServedError as reason:
            reasons.append(reason)
        else:
            for clip_id in missing_of(folder, wanted):
                try:
                    keep(folder, clip_id, piece(url, clip_id))
                except NotServedError as reason:
                    reasons.append(reason)
        if reasons:
            note(f"{machine}: {some(reasons, 1)}")
    repository, _ = _home(origin)
    for split in sorted({clip_id.partition("/")[0] for clip_id in missing_of(folder, clip_ids)}):
        archives.fetch(repository, origin["config"], split, folder, missing_of(folder, clip_ids))
    if missing := missing_of(folder, clip_ids):
        note(f"{counted(len(missing), 'recording')} that neither record nor hub has, such as {missing[0]}")


def _home(origin: Origin) -> tuple[Repository, Path]:
    repository = Repository(origin["repository"], origin["commit"])
    return repository, place(*origin_in(repository, origin["config"]))
