"""
The page's settings: colours, what was shown once already.

They are kept where Spotlight keeps them, in its database in the user's folders, so that they are the same in its own
page; within bounds, which it does not have.
"""

import contextlib
import json
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import appdirs
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.viewer.body import body_of

if TYPE_CHECKING:
    from starlette.requests import Request

MAX_BYTES = 2**16
"""Of one setting; the page's own have a few hundred."""
MAX_SETTINGS = 100
"""Of one browser; the page has half a dozen."""
MAX_NAME = 100
COOKIE = "browser_id"
"""By which Spotlight tells one browser's settings from another's."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    name TEXT NOT NULL, value JSON NOT NULL, user TEXT, dataset TEXT, PRIMARY KEY (name, user, dataset)
)
"""


class Settings:
    """The settings of all browsers; those that cannot be kept hold as long as the page is served."""

    def __init__(self) -> None:
        self._path = Path(appdirs.user_config_dir("spotlight", "renumics")) / "config.db"
        self._lock = threading.Lock()
        self._unkept: dict[tuple[str, str], str] | None = None

    def get(self, name: str, user: str) -> Any:
        """
        A setting's value.

        Parameters
        ----------
        name, user
            Which, and of which browser.

        Returns
        -------
        object
            Anything that JSON holds; None where there is none.
        """
        query = "SELECT value FROM entries WHERE name = ? AND user = ? AND dataset = ''"
        rows = self._run(query, (name, user))
        with self._lock:
            text = (self._unkept or {}).get((name, user)) or (rows[0][0] if rows else None)
        with contextlib.suppress(ValueError, TypeError):
            return json.loads(text) if text is not None else None
        return None

    def set(self, name: str, user: str, value: Any) -> bool:
        """
        Keep a setting.

        Parameters
        ----------
        name, user
            Which, and of which browser.
        value
            Anything that JSON holds; None forgets it.

        Returns
        -------
        bool
            False where a browser has too many of them.
        """
        if value is None:
            self._run("DELETE FROM entries WHERE name = ? AND user = ? AND dataset = ''", (name, user))
            with self._lock:
                (self._unkept or {}).pop((name, user), None)
            return True
        others = self._run("SELECT count(*) FROM entries WHERE user = ? AND name != ?", (user, name))
        with self._lock:
            count = (others[0][0] if others else 0) + len(self._unkept or {})
        if count >= MAX_SETTINGS:
            return False
        text = json.dumps(value)
        query = "REPLACE INTO entries (name, value, user, dataset) VALUES (?, ?, ?, '')"
        if self._run(query, (name, text, user)) is None:
            with self._lock:
                self._unkept = {**(self._unkept or {}), (name, user): text}
        return True

    def _run(self, query: str, values: tuple[str, ...]) -> list[Any] | None:
        """Rows of a query; None where the database cannot be used, which is said once."""
        if self._unkept is not None:
            return None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self._path, timeout=5)) as database, database:
                database.execute(_SCHEMA)
                return database.execute(query, values).fetchall()
        except (OSError, sqlite3.Error) as error:
            with self._lock:
                if self._unkept is None:
                    self._unkept = {}
                    note(f"the page's settings cannot be kept in {self._path} ({error}): they hold until it is closed")
            return None


def routes() -> list[Route]:
    """Routes that read and write settings."""
    settings = Settings()

    async def answer(request: "Request") -> Response:
        # A browser that keeps no cookies here, as within a notebook's page, has those of all such.
        name, user = request.path_params["name"], request.cookies.get(COOKIE, "")
        if len(name) > MAX_NAME or len(user) > MAX_NAME:
            return Response(status_code=422)
        if request.method in ("GET", "HEAD"):
            return JSONResponse(await anyio.to_thread.run_sync(settings.get, name, user))
        value = None
        if request.method == "PUT":
            try:
                value = json.loads(await body_of(request, MAX_BYTES))["value"]
            except (ExploreError, ValueError, RecursionError, KeyError, TypeError):
                return Response(status_code=422)
        kept = await anyio.to_thread.run_sync(settings.set, name, user, value)
        return JSONResponse(None, status_code=200 if kept else 413)

    return [Route("/api/config/{name}", answer, methods=["GET", "PUT", "DELETE"])]
