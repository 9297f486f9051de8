"""The line on which Spotlight's server reports to whoever started it."""

import contextlib
import multiprocessing.connection
import os
import secrets
import threading
import time
from typing import Any

from dcase_explore.errors import ExploreError

START_SECONDS = 60


class SpotlightLine:
    """
    The other end of the line on which Spotlight reports that it is up, or what went wrong.

    It looks for a `multiprocessing` listener at ``CONNECTION_PORT`` and knows it by ``CONNECTION_AUTHKEY``.
    """

    def __init__(self) -> None:
        self._key = secrets.token_hex(16)
        self._listener = multiprocessing.connection.Listener(("127.0.0.1", 0), authkey=self._key.encode())
        self._connection: Any = None
        self._messages: list[dict[str, Any]] = []
        self._arrived = threading.Condition()

    def __enter__(self) -> "SpotlightLine":
        port = self._listener.address[1]
        os.environ.update(CONNECTION_PORT=str(port), CONNECTION_AUTHKEY=self._key)
        threading.Thread(target=self._receive, name="spotlight-reports", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Not for the environment of later child processes.
        for name in ("CONNECTION_PORT", "CONNECTION_AUTHKEY"):
            os.environ.pop(name, None)
        self._listener.close()

    def wait(self, kind: str, server: threading.Thread) -> dict[str, Any]:
        """First message of a kind that has not been waited for yet, while the server lives."""
        deadline = time.monotonic() + START_SECONDS
        with self._arrived:
            while True:
                for message in self._messages:
                    if message.get("kind") == kind:
                        self._messages.remove(message)
                        return message
                if not server.is_alive() or time.monotonic() > deadline:
                    raise ExploreError("Spotlight's server did not start: try again with --debug")
                self._arrived.wait(0.2)

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()

    def _receive(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            self._connection = self._listener.accept()
            while True:
                message = self._connection.recv()
                with self._arrived:
                    self._messages.append(message)
                    self._arrived.notify_all()
