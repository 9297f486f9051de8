"""
One file from the net to the disk, whole and right or not at all.

Not by a library's function, for a gigabyte over a line that breaks has to go on where it stopped, in the next run too,
and what has arrived is compared with the digest that was announced. `hf_hub_download` of `huggingface_hub` begins anew
after a fault that it gives up on, and compares sizes only (by `tests/test_hub_server.py`: when it no longer does, this
can go); pooch asks for whole files alone, and has no lock. The session, with its proxies, is `huggingface_hub`'s.
"""

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from filelock import FileLock

from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.progress import transfer

T = TypeVar("T")

TRIES = 4
"""Of one request that fails for no fault of its own; a transfer that gets on in between may fail more often."""
LONGEST_WAIT = 60
_PIECE = 2**18


def download(url: str, target: Path, *, size: int, digest: str | None, headers: dict[str, str], source: str) -> None:
    """
    Fetch one file, unless it is there already.

    Parameters
    ----------
    url
        Where it is; redirections are followed.
    target
        Where it shall be; what has arrived of it so far stands beside it, with ``.part`` at its end.
    size
        In bytes.
    digest
        Hexadecimal sha256 (64 characters) or git blob sha1 (40) of the content; None where there is none to compare.
    headers
        For the request.
    source
        Where it comes from, for sentences: ``"the hub"``.

    Raises
    ------
    ExploreError
        When it cannot be had whole and right; what has arrived stays for the next try.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    with FileLock(target.with_name(f"{target.name}.lock")):  # a second process waits, and then finds it there
        if target.exists():
            return
        _room_for(target, size, part)
        for last in (False, True):
            _transfer(url, part, size, headers, target.name, source)
            if digest is None or digest_of_file(part, digest) == digest:
                break
            part.unlink()
            if last:
                raise ExploreError(
                    f"{target.name} from {source} arrived damaged twice (its digest is not the announced one): "
                    "try again later"
                )
            note(f"{target.name} arrived damaged and is fetched again")
        os.replace(part, target)  # noqa: PTH105


def patiently(call: Callable[[], T], what: str, source: str, progress: Callable[[], int] = lambda: 0) -> T:
    """
    Call something that goes over the net; wait and try again where that helps.

    Parameters
    ----------
    call
        Raises what `huggingface_hub` raises.
    what
        What is asked for, for sentences.
    source
        Whom, for sentences.
    progress
        Bytes that have arrived; where they grow between failures, patience begins anew.

    Returns
    -------
    T
        What the call returns.

    Raises
    ------
    ExploreError
        What is wrong, in one sentence. Errors that say that something does not exist are let through.
    """
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    failures, arrived = 0, progress()
    while True:
        try:
            return call()
        except OfflineModeIsEnabled as error:
            raise ExploreError(f"{what} is not on this machine and HF_HUB_OFFLINE is set: unset it once") from error
        except HfHubHTTPError as error:
            status = error.response.status_code
            if status not in (408, 429) and status < 500:
                raise
            reason, wait = f"{source} answers {status}", _retry_after(error.response.headers)
            failure: Exception = error
        except httpx2.UnsupportedProtocol as error:
            raise ExploreError(f"{source} has no address that could be asked for {what}: unset HF_ENDPOINT") from error
        except httpx2.ConnectError as error:
            raise ExploreError(
                f"{source} cannot be reached for {what} ({error}): go on when there is a network; "
                "dcase-explore --data demo needs none"
            ) from error
        except (httpx2.TooManyRedirects, UnicodeError) as error:
            raise ExploreError(
                f"{source} cannot be asked for {what} ({error}): check HF_ENDPOINT, HF_TOKEN and the proxy"
            ) from error
        except httpx2.TransportError as error:
            reason, wait, failure = f"the connection to {source} broke ({type(error).__name__})", None, error
        if progress() > arrived:
            failures, arrived = 0, progress()
        failures += 1
        if failures == TRIES or (wait or 0) > LONGEST_WAIT:
            until = f"in {wait:.0f} seconds" if wait else "later"
            raise ExploreError(f"{what}: {reason}: try the same command again {until}") from failure
        wait = wait if wait is not None else 2.0 ** (failures - 2)
        if wait >= 2:
            note(f"{what}: {reason}, trying again in {wait:.0f} seconds")
        time.sleep(wait)


def digest_of_file(path: Path, like: str) -> str:
    """
    Digest of a file of the kind that the hub announces.

    Parameters
    ----------
    path
        The file.
    like
        A digest; its length tells the kind.

    Returns
    -------
    str
        Hexadecimal sha256 where that has 64 characters, otherwise the sha1 of a git blob.
    """
    if len(like) == 64:
        total = hashlib.sha256()
    else:
        total = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            total.update(piece)
    return total.hexdigest()


def _transfer(url: str, part: Path, size: int, headers: dict[str, str], name: str, source: str) -> None:
    """Fetch what is missing of a file."""
    import httpx2
    from huggingface_hub import get_session
    from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]

    def arrived() -> int:
        return part.stat().st_size if part.exists() else 0

    def get() -> None:
        start = arrived()
        # Not packed: a piece of a packed answer would be a piece of something else.
        asked = {**headers, "Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
        timeout = httpx2.Timeout(30, connect=10)
        with get_session().stream("GET", url, headers=asked, timeout=timeout, follow_redirects=True) as answer:
            if answer.is_error:
                answer.read()
            hf_raise_for_status(answer)
            goes_on = answer.status_code == 206
            with part.open("ab" if goes_on else "wb") as file, transfer(name, size, start * goes_on) as advance:
                here = start * goes_on
                for piece in answer.iter_bytes(_PIECE):
                    file.write(piece)
                    advance(len(piece))
                    here += len(piece)
                    if here > size:  # whatever this is, it may go on without end
                        break

    if arrived() > size:
        part.unlink()
    try:
        if not part.exists() or arrived() < size:
            patiently(get, name, source, arrived)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _full(part, size) from error
        raise
    if arrived() != size:
        came = arrived()
        part.unlink()
        raise ExploreError(f"{name} from {source} came with {came:,} bytes instead of {size:,}: try again later")


def _retry_after(headers: object) -> float | None:
    try:
        return max(0.0, float(headers["Retry-After"]))  # type: ignore[index] # dates are rare: treated as no answer
    except (KeyError, ValueError):
        return None


def _room_for(target: Path, size: int, part: Path) -> None:
    missing = size - (part.stat().st_size if part.exists() else 0)
    if shutil.disk_usage(target.parent).free < missing:
        raise _full(target, size)


def _full(path: Path, size: int) -> ExploreError:
    return ExploreError(
        f"the disk is full: {path.name.removesuffix('.part')} needs {size / 2**20:,.0f} MB below {path.parent}: "
        "free some space, or set DCASE_EXPLORE_CACHE to a folder that has it; what has arrived is kept"
    )
