"""Maps of a page of Python, computed in a process of its own: the page is there at once, and the kernel is free."""

import json
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dcase_explore.errors import ExploreError
from dcase_explore.viewer.behind import kill_group, start_python
from dcase_explore.viewer.lifeline import lines_of

if TYPE_CHECKING:
    from dcase_explore.view import View

AXES = ("x", "y")


class Mapping:
    """
    The process, and what it is for.

    Parameters
    ----------
    exploration
        In which principal components stand in for maps.
    embeddings
        Names of those whose map is wanted.
    folder
        Where what is handed to and fro may lie.
    done
        Called in another thread, if its object is still there: with the exploration that was given, and that with its
        maps or the reason why there are none.
    """

    def __init__(
        self,
        exploration: "View",
        embeddings: Sequence[str],
        folder: Path,
        done: "Callable[[View, View | ExploreError], None]",
    ) -> None:
        self._exploration, self._embeddings = exploration, embeddings
        self._done = weakref.WeakMethod(done)  # who forgets the page shall not find it kept by this
        self._owner = os.getpid()
        self._vectors, self._places = folder / "vectors.parquet", folder / "places.parquet"
        self._closed = False
        self._process = start_python("dcase_explore.viewer.mapping", [str(os.getpid())], {})
        threading.Thread(target=self._run, name="maps", daemon=True).start()

    def close(self) -> None:
        """End it, whatever it does: its maps are not wanted any more. In a copy of its process do nothing."""
        if os.getpid() != self._owner:
            return
        self._closed = True
        if self._process.poll() is None:
            kill_group(self._process)
            self._process.wait()

    def _run(self) -> None:
        from dcase_explore import parquet

        result: View | ExploreError
        try:
            columns = ["clip_id", "class", "split", *(f"embeddings_{name}" for name in self._embeddings)]
            parquet.write(self._exploration.given[columns], self._vectors, {}, plain=True)
            asked = {
                "vectors": str(self._vectors),
                "places": str(self._places),
                "embeddings": list(self._embeddings),
            }
            if self._process.stdin and self._process.stdout:
                self._process.stdin.write(f"{json.dumps(asked)}\n".encode())
                self._process.stdin.flush()
                line = self._process.stdout.readline()
                self._process.wait()  # that has nothing else to do; what nobody waits for stays
            error = json.loads(line or b'{"error": "its process has ended"}')["error"]
            result = ExploreError(error) if error else self._mapped()
        except (OSError, ValueError) as reason:
            result = ExploreError(str(reason))
        except ExploreError as reason:
            result = reason
        done = self._done()
        if done is not None and not self._closed:
            with suppress(ExploreError):  # the page has gone meanwhile
                done(self._exploration, result)

    def _mapped(self) -> "View":
        from dcase_explore import parquet

        places = parquet.read(self._places)[0].set_index("clip_id")
        exploration = self._exploration
        names = [f"map_{name}_{axis}" for name in self._embeddings for axis in AXES]
        shown, given = (
            frame.assign(**{name: places[name].reindex(frame["clip_id"]).to_numpy() for name in names})
            for frame in (exploration.frame, exploration.given)
        )
        descriptions = {name: text for name, text in exploration.descriptions.items() if name not in names}
        return replace(exploration, frame=shown, given=given, descriptions=descriptions)


def main() -> None:
    """Compute the maps that are asked for, and answer once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the kernel's cell
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    if hasattr(os, "nice"):
        os.nice(5)  # page and kernel go first
    asked = json.loads(lines_of(int(sys.argv[1]), lambda: None).get())
    from dcase_explore import parquet
    from dcase_explore.enrich.maps import with_map
    from dcase_explore.store import Store

    error = None
    try:
        frame, _ = parquet.read(Path(asked["vectors"]))
        with Store() as store:
            for name in asked["embeddings"]:
                frame = with_map(frame, name, store)
        places = [f"map_{name}_{axis}" for name in asked["embeddings"] for axis in AXES]
        parquet.write(frame[["clip_id", "class", "split", *places]], Path(asked["places"]), {}, plain=True)
    except (ExploreError, OSError) as reason:
        error = str(reason)
    answers.write(json.dumps({"error": error}) + "\n")
    answers.flush()
