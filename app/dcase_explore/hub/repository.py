"""
A dataset repository of the hub at one commit: what it holds, and its files on this machine.

A revision is asked for once and kept; from then on the same commit is meant, without a request, until somebody asks for
a newer one. Files lie in the cache under their commit.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dcase_explore.cache import cache_folder, write_atomically
from dcase_explore.errors import ExploreError, meant
from dcase_explore.hub.download import digest_of_file, download, patiently

ENRICHED = "renumics/dcase23-task2-enriched"
"""What ``--data hub`` means."""
MAIN = "main"

_SPEC = re.compile(r"hf://(?:datasets/)?(?P<name>\w[\w.-]*/\w[\w.-]*)(?:@(?P<revision>\w[\w./-]*))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FILE = re.compile(r"(?:[\w+-][\w.+-]*/)*[\w+-][\w.+-]*")


@dataclass(frozen=True)
class RemoteFile:
    """
    One file of a repository.

    Attributes
    ----------
    size
        In bytes.
    digest
        Hexadecimal sha256 (large files) or git blob sha1.
    """

    size: int
    digest: str


@dataclass(frozen=True)
class Repository:
    """
    One repository at one commit.

    Attributes
    ----------
    name
        ``owner/name``.
    commit
        Forty hexadecimal digits.
    """

    name: str
    commit: str

    @property
    def key(self) -> str:
        """Name of a folder that belongs to this repository at this commit."""
        return f"{self.name.replace('/', '+')}@{self.commit[:12]}"

    @property
    def folder(self) -> Path:
        """Where its files, and what is made of them, are kept."""
        return cache_folder("hub", self.name.replace("/", "+"), self.commit)

    @cached_property
    def files(self) -> Mapping[str, RemoteFile]:
        """
        Every file of it by name; asked for once, then kept.

        Raises
        ------
        ExploreError
            When it is not known yet and the hub does not tell.
        """
        kept = self.folder / "files.json"
        try:
            return {name: RemoteFile(*entry) for name, entry in json.loads(kept.read_text()).items()}
        except (OSError, ValueError, TypeError, AttributeError):
            found = _listing(self.name, self.commit)
            if not found:
                raise ExploreError(
                    f"the hub lists no file of {self.name} at {self.commit[:12]}: try again later"
                ) from None
            text = json.dumps({name: [file.size, file.digest] for name, file in found.items()}, indent=1)
            write_atomically(kept, text.encode())
            return found

    def local(self, name: str) -> Path:
        """Where a file is, or will be, on this machine."""
        return self.folder / "files" / name

    def fetch(self, name: str) -> Path:
        """
        Make sure that a file is on this machine.

        Parameters
        ----------
        name
            One of `files`.

        Returns
        -------
        pathlib.Path
            Where it is.

        Raises
        ------
        ExploreError
            When it cannot be had.
        """
        path = self.local(name)
        if path.exists():
            return path
        file = self.files.get(name)
        if file is None:
            raise ExploreError(f"{self.name} at {self.commit[:12]} has no file {name}: {meant(name, self.files)}")
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

        url = hf_hub_url(self.name, name, repo_type="dataset", revision=self.commit, endpoint=_endpoint())
        with _as_sentences(self.name, self.commit, name):
            # Large files are redirected to other hosts; the client leaves the token out there.
            headers = build_hf_headers()
            download(url, path, size=file.size, digest=file.digest, headers=headers, source="the hub")
        return path

    def damaged(self, name: str) -> str | None:
        """What is wrong with a file on this machine, or None."""
        path, file = self.local(name), self.files[name]
        if not path.exists():
            return "is missing"
        if path.stat().st_size != file.size:
            return f"has {path.stat().st_size:,} bytes instead of {file.size:,}"
        return None if digest_of_file(path, file.digest) == file.digest else "has another content than the hub's"


def kept_repository(spec: str) -> Repository | None:
    """
    Repository that a `--data` spec means, without asking the hub.

    Parameters
    ----------
    spec
        ``"hub"`` or ``"hf://owner/name[@revision]"``.

    Returns
    -------
    Repository or None
        At the commit that was kept for this revision; None where there is none.

    Raises
    ------
    ExploreError
        When the spec is none.
    """
    name, revision = _parts(spec)
    if _COMMIT.fullmatch(revision):
        return Repository(name, revision)
    kept = _kept_revision(name, revision)
    commit = kept.read_text() if kept.is_file() else ""
    return Repository(name, commit) if _COMMIT.fullmatch(commit) else None


def open_repository(spec: str, *, newest: bool = False) -> Repository:
    """
    Repository that a `--data` spec means; the first time, the hub is asked for its newest commit, which is then kept.

    Parameters
    ----------
    spec
        ``"hub"`` or ``"hf://owner/name[@revision]"``.
    newest
        Whether to ask again, whatever is kept.

    Returns
    -------
    Repository
        At its commit.

    Raises
    ------
    ExploreError
        When the spec is none, or the hub knows no such thing or cannot be asked.
    """
    kept = None if newest else kept_repository(spec)
    if kept is not None:
        return kept
    name, revision = _parts(spec)
    from huggingface_hub import HfApi

    api = HfApi(endpoint=_endpoint())
    with _as_sentences(name, revision), _understood():
        commit = patiently(
            lambda: api.dataset_info(name, revision=revision, timeout=20).sha or "", f"{name}@{revision}", "the hub"
        )
    if not _COMMIT.fullmatch(commit):
        raise ExploreError(f"the hub gives no commit for {name}@{revision}: try again later")
    write_atomically(_kept_revision(name, revision), commit.encode())
    return Repository(name, commit)


def _parts(spec: str) -> tuple[str, str]:
    """Name and revision."""
    match = _SPEC.fullmatch(f"hf://{ENRICHED}" if spec == "hub" else spec)
    if match is None:
        raise ExploreError(f"--data {spec} is no repository: expected hub, hf://owner/name or hf://owner/name@revision")
    return match["name"], match["revision"] or MAIN


def _kept_revision(name: str, revision: str) -> Path:
    """Where the commit of a revision is written down."""
    return cache_folder("hub", name.replace("/", "+"), "revisions") / revision.replace("/", "+")


def _listing(name: str, commit: str) -> dict[str, RemoteFile]:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    api = HfApi(endpoint=_endpoint())
    with _as_sentences(name, commit), _understood():
        entries = patiently(
            lambda: list(api.list_repo_tree(name, recursive=True, revision=commit, repo_type="dataset")),
            f"the list of files of {name}",
            "the hub",
        )
    return {
        entry.path: RemoteFile(entry.size, entry.lfs.sha256 if entry.lfs else entry.blob_id)
        for entry in entries
        if isinstance(entry, RepoFile) and _FILE.fullmatch(entry.path)
    }


def _endpoint() -> str | None:
    """Read at each call: `huggingface_hub` itself reads it once, when it is imported."""
    return os.environ.get("HF_ENDPOINT") or None


@contextlib.contextmanager
def _as_sentences(name: str, revision: str, file: str = "") -> Iterator[None]:
    """What the hub says does not exist, or is not for everybody, in one sentence."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        RemoteEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        yield
    except GatedRepoError as error:
        raise ExploreError(f"{name} asks for consent first: give it on its page, then hf auth login") from error
    except RepositoryNotFoundError as error:
        raise ExploreError(
            f"the hub has no data set {name}, or it is private: check the name, or log in with hf auth login"
        ) from error
    except RevisionNotFoundError as error:
        raise ExploreError(f"{name} has no revision {revision}: try hf://{name}@{MAIN}") from error
    except RemoteEntryNotFoundError as error:
        raise ExploreError(f"{name} at {revision[:12]} has no file {file}: try hf://{name}@{MAIN}") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        login = ", or log in with hf auth login" if status in (401, 403) else ""
        raise ExploreError(f"the hub answers {status} for {name}: check the name{login}") from error


@contextlib.contextmanager
def _understood() -> Iterator[None]:
    """A login page of some network, a mirror of something else, a proxy that is none: in one sentence."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:100]}"
        raise ExploreError(
            f"what answers for the hub is not understood ({reason}): check HF_ENDPOINT and the network's own login"
        ) from error
