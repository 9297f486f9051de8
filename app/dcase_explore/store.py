"""
What was computed once is kept: float32 arrays under a key made of content and recipe.

One SQLite file in the cache. Every write is a transaction, so that an interrupted run loses nothing that was finished;
a damaged file is put aside and a new one begun. Content is told by a digest of the bytes; a file whose size, times and
inode are as they were is not read again to learn its digest.
"""

import hashlib
import os
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from types import TracebackType

import numpy as np
from filelock import FileLock

from dcase_explore.cache import cache_folder
from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, note

_BATCH = 256
_DIGEST = re.compile(r"[0-9a-f]{40}")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, stamp TEXT NOT NULL, digest TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS summed (key TEXT PRIMARY KEY, value BLOB NOT NULL, sum INTEGER NOT NULL);
DROP TABLE IF EXISTS arrays; -- earlier versions', which nothing told from damaged ones
"""


def digest_of(*parts: bytes | str) -> str:
    """
    Key for something computed from these parts.

    Parameters
    ----------
    *parts
        Bytes or text, in order.

    Returns
    -------
    str
        Hexadecimal, 40 characters.
    """
    total = hashlib.blake2b(digest_size=20)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()


class Store:
    """
    The kept arrays. Use as a context manager.

    Parameters
    ----------
    in_memory
        Whether they are kept no longer than the store is open.

    Raises
    ------
    ExploreError
        When the cache folder cannot be written.
    """

    def __init__(self, *, in_memory: bool = False) -> None:
        self._path = Path(":memory:") if in_memory else cache_folder() / "computed.sqlite"
        self._not_kept: dict[str, np.ndarray] = {}

    def __enter__(self) -> "Store":
        try:
            self._database = self._open()
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                self._put_aside(error)
                self._database = self._open()
            else:
                _say_once(f"{self._unusable(error)}; until then what is computed is not kept")
                self._database = sqlite3.connect(":memory:")
                self._database.executescript(_SCHEMA)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()
        if isinstance(error, sqlite3.DatabaseError):
            if not _is_damage(error):
                raise self._unusable(error) from error
            self._put_aside(error)
            raise ExploreError("the store of computed things was damaged: run the same command again") from error

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=60)
        try:
            database.executescript(_SCHEMA)
            database.execute("SELECT count(*) FROM files").fetchone()
        except sqlite3.DatabaseError:
            database.close()
            raise
        return database

    def _put_aside(self, error: sqlite3.DatabaseError) -> None:
        """Make room for a new file, unless another program has done so already."""
        with FileLock(self._path.with_suffix(".lock")):
            try:
                self._open().close()
            except sqlite3.DatabaseError:
                aside = self._path.with_suffix(".damaged")
                self._path.replace(aside)
                note(f"the store {self._path} is damaged ({error}): put aside as {aside.name}; all is computed again")

    def _unusable(self, error: sqlite3.DatabaseError) -> ExploreError:
        return ExploreError(f"the store {self._path} cannot be used ({error}): free some space, or delete it")

    def file_digests(self, paths: Iterable[str]) -> dict[str, str]:
        """
        Digest of each file's content.

        Parameters
        ----------
        paths
            Absolute paths.

        Returns
        -------
        dict of str to str
            Files that cannot be read are left out.
        """
        known = {
            path: (stamp, digest)
            for path, stamp, digest in self._database.execute("SELECT path, stamp, digest FROM files")
        }
        digests: dict[str, str] = {}
        fresh: list[tuple[str, str, str]] = []
        for path in paths:
            try:
                stamp = stamp_of(path)
                if path in known and known[path][0] == stamp and _DIGEST.fullmatch(str(known[path][1])):
                    digests[path] = known[path][1]
                    continue
                with Path(path).open("rb") as file:
                    digests[path] = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20)).hexdigest()
            except OSError:
                continue
            fresh.append((path, stamp, digests[path]))
            if len(fresh) >= _BATCH:
                self._keep_digests(fresh)
                fresh = []
        self._keep_digests(fresh)
        return digests

    def content(self) -> tuple[list[tuple[str, str, str]], list[tuple[str, bytes, int]]]:
        """Give all of it, for another store to `take`: digests of files, and arrays."""
        files = self._database.execute("SELECT path, stamp, digest FROM files").fetchall()
        return files, self._database.execute("SELECT key, value, sum FROM summed").fetchall()

    def take(self, files: Iterable[tuple[str, str, str]], arrays: Iterable[tuple[str, bytes, int]]) -> None:
        """
        Keep what another store's `content` was.

        Parameters
        ----------
        files
            Path, stamp and digest of each.
        arrays
            Key, float32 bytes and check sum of each; those that are damaged are told when they are read.
        """
        self._keep_digests(files)
        self._write("REPLACE INTO summed VALUES (?, ?, ?)", arrays)

    def _keep_digests(self, rows: Iterable[tuple[str, str, str]]) -> None:
        self._write("REPLACE INTO files VALUES (?, ?, ?)", rows)

    def get(self, keys: Iterable[str]) -> dict[str, np.ndarray]:
        """
        Read kept arrays.

        Parameters
        ----------
        keys
            As given to `put`.

        Returns
        -------
        dict of str to numpy.ndarray
            float32, shape (length,), of the keys that are there; those that are damaged are said on stderr.
        """
        found: dict[str, np.ndarray] = {}
        damaged = 0
        for key in keys:
            if key in self._not_kept:
                found[key] = self._not_kept[key]
                continue
            row = self._database.execute("SELECT value, sum FROM summed WHERE key = ?", (key,)).fetchone()
            if row is None:
                continue
            value, total = row
            if isinstance(value, bytes) and len(value) % 4 == 0 and _sum(key, value) == total:
                found[key] = np.frombuffer(value, dtype="<f4")
            else:
                damaged += 1
        if damaged:
            note(f"the store {self._path}: {counted(damaged, 'value')} damaged, computed again")
        return found

    def kept(self, key: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """
        Read a kept array, or compute and keep it.

        Parameters
        ----------
        key
            Made of all that the array depends on.
        compute
            Called where there is none yet.

        Returns
        -------
        numpy.ndarray
            float32.
        """
        found = self.get([key]).get(key)
        if found is None:
            found = compute().astype(np.float32)
            self.put({key: found})
        return found

    def put(self, arrays: dict[str, np.ndarray]) -> None:
        """
        Keep arrays, all or none of them.

        Parameters
        ----------
        arrays
            By key; stored as float32, flattened.
        """
        values = {key: np.ascontiguousarray(array, dtype="<f4").tobytes() for key, array in arrays.items()}
        rows = [(key, value, _sum(key, value)) for key, value in values.items()]
        if not self._write("REPLACE INTO summed VALUES (?, ?, ?)", rows):
            # Whoever computed them asks for them as long as the store is open.
            self._not_kept |= {key: np.frombuffer(value, dtype="<f4") for key, value in values.items()}

    def _write(self, statement: str, rows: Iterable[tuple[object, ...]]) -> bool:
        """Write all rows or none, and tell whether; a full disk is said, and what is computed all the same there."""
        try:
            with self._database:
                self._database.executemany(statement, rows)
            return True
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                raise
            _say_once(f"{self._unusable(error)}; until then what is computed is not kept")
            return False


@lru_cache(maxsize=16)
def _say_once(sentence: str) -> None:
    note(sentence)


def _sum(key: str, value: bytes) -> int:
    return zlib.crc32(value, zlib.crc32(key.encode()))


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is at fault, not a full disk or a lock."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code, without its details
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def stamp_of(path: str) -> str:
    """What changes whenever a file's content does; the change time cannot be set back by a program."""
    status = os.stat(path)  # noqa: PTH116 - one call for thousands of paths
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"
