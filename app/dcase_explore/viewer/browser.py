"""The user's browser."""

import contextlib
import html
import os
import secrets
import socket
import sys
import time
import webbrowser
from urllib.parse import urlsplit

from dcase_explore.cache import cache_folder
from dcase_explore.messages import note

_READ_SECONDS = 60
"""After which a browser has read what it was to open."""


def open_browser(url: str) -> None:
    """
    Open a page in the user's browser, or say where it is when there is none.

    Parameters
    ----------
    url
        Address of the page, on this machine.
    """
    headless = sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    try:
        opened = not headless and webbrowser.open(_unread_by_others(url))
    except (webbrowser.Error, OSError):
        opened = False
    if not opened:
        reason = "there is no display here" if headless else "no browser could be started"
        port = urlsplit(url).port
        tunnel = f"ssh -L {port}:127.0.0.1:{port} {socket.gethostname()}"
        note(f"{reason}: open {url} yourself, from another machine through {tunnel}")


def _unread_by_others(url: str) -> str:
    """What to open: a file of ours that leads to the page, where its address has a token. Others read command lines."""
    if urlsplit(url).path == "/":
        return url
    folder = cache_folder("opened")
    folder.chmod(0o700)
    for old in folder.glob("*.html"):
        with contextlib.suppress(OSError):  # another run is about to do the same
            if time.time() - old.stat().st_mtime > _READ_SECONDS:
                old.unlink()
    path = folder / f"{secrets.token_hex(8)}.html"
    path.touch(mode=0o600)
    path.write_text(f'<meta http-equiv="refresh" content="0; url={html.escape(url)}">', encoding="utf-8")
    return path.as_uri()
