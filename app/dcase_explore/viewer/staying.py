"""A script's page outlives the script's last line: until Ctrl-C, or until nobody has it open any more."""

import atexit
import os
import sys
import time
import weakref
from collections.abc import Mapping
from typing import Any, Protocol

from dcase_explore.errors import ExploreError
from dcase_explore.messages import note

AWAY_SECONDS = 3
"""So long nobody has a page open that is loaded again, or goes from one window to another."""
_LOOK_SECONDS = 0.5


class Held(Protocol):
    """What is asked of a `dcase_explore.viewer.handle.Viewer`, which itself stays."""

    @property
    def url(self) -> str:
        """Its address."""

    @property
    def running(self) -> bool:
        """Whether it is served."""

    def opened(self) -> tuple[int, int]:
        """How often it was opened, and how often it is open now."""


_pages: weakref.WeakSet[Held] = weakref.WeakSet()


def at_the_end(viewer: Held, caller: Mapping[str, Any]) -> None:
    """
    Stay at the end of this process, if it is a script that shows the page.

    Parameters
    ----------
    viewer
        Its page.
    caller
        Globals of whoever called `show`, which is not IPython; neither an interactive Python nor what only imports a
        script stays.
    """
    if caller.get("__name__") != "__main__" or hasattr(sys, "ps1") or sys.flags.interactive:
        return
    if not _pages:
        atexit.register(_stay_for_all, os.getpid())  # before what ends the pages, for it was registered later
    _pages.add(viewer)


def stay(viewer: Held) -> None:
    """
    Wait for Ctrl-C, for a page to be closed by all who have it open, or for its end.

    Parameters
    ----------
    viewer
        The page; it stays as well where nobody has opened it yet.
    """
    if not viewer.running:
        return
    left = None
    try:
        note(f"{viewer.url} stays until it is closed there, or until Ctrl-C here")
        while viewer.running:
            time.sleep(_LOOK_SECONDS)
            opened, there = viewer.opened()
            left = None if there or not opened else left or time.monotonic()
            if left is not None and time.monotonic() - left > AWAY_SECONDS:
                return
    except (KeyboardInterrupt, ExploreError):  # the latter: it has ended meanwhile
        return


def _stay_for_all(owner: int) -> None:
    if os.getpid() != owner or hasattr(sys, "last_type"):  # a copy; an error that wants to be read
        return
    for viewer in list(_pages):
        stay(viewer)
