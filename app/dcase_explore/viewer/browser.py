"""The user's browser."""

import os
import socket
import sys
import webbrowser
from urllib.parse import urlsplit

from dcase_explore.messages import note


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
        opened = not headless and webbrowser.open(url)
    except webbrowser.Error:
        opened = False
    if not opened:
        reason = "there is no display here" if headless else "no browser could be started"
        port = urlsplit(url).port
        tunnel = f"ssh -L {port}:127.0.0.1:{port} {socket.gethostname()}"
        note(f"{reason}: open {url} yourself, from another machine through {tunnel}")
