"""How sure the official scores of a stored exploration are: computed when it is first asked for, and kept beside it."""

import json
from contextlib import suppress
from threading import Lock

from dcase_explore.cache import write_atomically
from dcase_explore.errors import ExploreError
from dcase_explore.stored import INTERVALS, Stored

_ONE_AT_A_TIME = Lock()


def intervals_of(stored: Stored) -> bytes:
    """
    Intervals of the official scores.

    Nothing waits for them: neither the launch nor its first picture.

    Parameters
    ----------
    stored
        The exploration.

    Returns
    -------
    bytes
        `dcase_explore.facts.intervals_of` it, as JSON.
    """
    file = stored.folder / INTERVALS
    with _ONE_AT_A_TIME:
        with suppress(OSError):
            return file.read_bytes()
        from dcase_explore import facts
        from dcase_explore.stored.exploration import read

        try:
            content = json.dumps(facts.intervals_of(read(stored.folder)), separators=(",", ":")).encode()
        except ExploreError:  # it was cleared away meanwhile
            return b"{}"
        with suppress(OSError, ExploreError):
            write_atomically(file, content)
        return content
