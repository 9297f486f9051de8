"""Whether others use this machine as well: they reach what is served on it, so that a page has to ask who they are."""

import os
import sys

_NO_SHELLS = ("nologin", "false", "sync", "shutdown", "halt")
_FIRST, _LAST = (501 if sys.platform == "darwin" else 1000), 60_000
"""User ids that systems give to people."""
_SESSIONS = "/run/user"
"""Folder that Linux keeps for each person who is logged in, called by the user id."""


def has_neighbours() -> bool:
    """
    Whether other people have an account on this machine.

    Returns
    -------
    bool
        True as well where this account is none of the machine's own, but of a network's. To root, as in a container,
        only those count who are logged in. On Windows, where that cannot be told so, False.
    """
    try:
        import pwd
    except ImportError:
        return False
    mine = os.getuid()
    if mine == 0:
        try:
            return any(name.isdecimal() and _FIRST <= int(name) < _LAST for name in os.listdir(_SESSIONS))  # noqa: PTH208
        except OSError:
            return False
    accounts = pwd.getpwall()
    people = {
        account.pw_uid
        for account in accounts
        if _FIRST <= account.pw_uid < _LAST
        and os.path.basename(account.pw_shell) not in _NO_SHELLS  # noqa: PTH119
        and os.path.isdir(account.pw_dir)  # noqa: PTH112
    }
    return bool(people - {mine}) or mine not in {account.pw_uid for account in accounts}
