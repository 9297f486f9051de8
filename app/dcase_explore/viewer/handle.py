"""What Python holds of a page that another process serves."""

import contextlib
import http.client
import json
import os
import secrets
import subprocess
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.pending import Pending
from dcase_explore.temporary import Temporary
from dcase_explore.viewer.behind import end_process, start_python
from dcase_explore.viewer.child import SECRET

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from dcase_explore.findings.finding import Finding
    from dcase_explore.view import View
    from dcase_explore.viewer.mapping import Mapping

END_SECONDS = 10


class Viewer:
    """
    A page in a process of its own, which ends with this one.

    `dcase_explore.show` makes it.

    Attributes
    ----------
    token
        Secret by which a notebook server may hand requests on to the page.
    cell
        Cell of the notebook that shows the page, where that is known.
    page
        By what cells know the page.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(16)
        self.cell: str | None = None
        self.page = secrets.token_hex(6)
        self._shown: View | None = None
        self._mapping: Mapping | None = None
        self._url = ""
        self._waiting = 0  # answers that are to come
        self._lock = threading.RLock()
        try:
            temporary = Temporary()
        except OSError as error:
            raise _no_room(error) from error
        self._folder = temporary.path
        self._process = start_python(
            "dcase_explore.viewer.child", [str(os.getpid()), str(self._folder)], {SECRET: self.token}
        )
        self._finish = weakref.finalize(self, _end, self._process, temporary, os.getpid())

    @property
    def url(self) -> str:
        """Address of the page, on the machine that Python runs on."""
        if not self._url:
            self._url = self._answer()["url"]
        return self._url

    @property
    def running(self) -> bool:
        """Whether the page is served."""
        return self._process.poll() is None

    @property
    def frame(self) -> "pd.DataFrame":
        """The clip table that is shown, one row per clip in the page's order; see `dcase_explore.load`."""
        return self._exploration.frame

    @property
    def selection(self) -> "pd.DataFrame":
        """Rows of `frame` that are selected in the page, in the order they were selected in; none at first."""
        return self._rows("selected")

    @property
    def filtered(self) -> "pd.DataFrame":
        """Rows of `frame` that the page's filters leave; all at first."""
        return self._rows("filtered")

    @property
    def findings(self) -> "Sequence[Finding]":
        """What was found in `frame`, worst first; `select` shows one."""
        return self._exploration.findings

    def select(self, which: "Finding | str | Iterable[str] | pd.DataFrame") -> None:
        """
        Select clips in the page, or look at a finding there.

        Parameters
        ----------
        which
            One or several ``clip_id``, or rows of `frame`: they are selected, in that order, the first in the
            inspector. One of `findings`: its clips alone are shown, the costliest first.

        Raises
        ------
        dcase_explore.errors.ExploreError
            A clip or a finding that is not shown; a page that is gone.
        """
        from dcase_explore.viewer.choosing import chosen_of

        self._ask("PUT", "api/dcase/chosen", json.dumps(chosen_of(which, self._exploration)))

    @property
    def layout(self) -> dict[str, Any]:
        """The layout as arranged now, as it would be saved."""
        layout: dict[str, Any] = json.loads(self._get("api/layout/file"))
        return layout

    def save_layout(self, file: str | Path) -> None:
        """
        Save the layout as arranged now.

        Parameters
        ----------
        file
            Path; an existing file is replaced if it is a layout.

        Raises
        ------
        dcase_explore.errors.ExploreError
            A file that cannot be written, or that is no layout and would be lost; a page that is gone.
        """
        from dcase_explore.layouts.saving import file_to_save

        file_to_save(str(file)).write(self.layout)

    def show(self, exploration: "View", pending: Pending | None = None) -> None:
        """
        Have the page show something, without waiting for it.

        Parameters
        ----------
        exploration
            What to show.
        pending
            Maps that it does not have yet: they are computed in a process of their own and come into the page.

        Raises
        ------
        dcase_explore.errors.ExploreError
            When the process is gone.
        """
        with self._lock:
            self._end_mapping()
            self._hand_over(exploration, say=pending.sentence() if pending else "", holds=True)
            if pending:
                from dcase_explore.viewer.mapping import Mapping

                note(pending.sentence())
                self._mapping = Mapping(exploration, pending.maps, self._folder, self._mapped)
                weakref.finalize(self, self._mapping.close)

    def _mapped(self, exploration: "View", result: "View | ExploreError") -> None:
        """Maps have come, or the reason why there are none; in a thread of its own."""
        with self._lock:
            if self._shown is not exploration:
                return
            if isinstance(result, ExploreError):
                self._tell({"say": f"the map could not be computed ({result})"})
            else:
                self._hand_over(result, again=True, say="the map is ready")

    def _end_mapping(self) -> None:
        if self._mapping is not None:
            self._mapping.close()
            self._mapping = None

    def _hand_over(self, exploration: "View", *, again: bool = False, say: str = "", holds: bool = False) -> None:
        from dcase_explore.stored import making

        with self._lock:
            path = self._folder / secrets.token_hex(8)
            try:
                making.store(exploration, path).close()
            except OSError as error:
                raise _no_room(error) from error
            of = exploration.arrangement
            layout = {"layout": of.binding.original, "strict": of.strict, "name": of.name}
            self._tell({"folder": str(path), "again": again, "say": say, "holds": holds, **layout})
            self._shown = exploration
            self._waiting += 1

    def _tell(self, told: dict[str, Any]) -> None:
        address = self.url  # its first answer comes before all others
        try:
            if self._process.stdin is None:
                raise BrokenPipeError
            self._process.stdin.write(f"{json.dumps(told)}\n".encode())
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise ExploreError(f"the viewer at {address} has ended: call show(..., new=True)") from error

    def wait(self) -> None:
        """
        Wait until the page shows what it was told last.

        Raises
        ------
        dcase_explore.errors.ExploreError
            When it cannot.
        """
        error = None
        with self._lock:
            while self._waiting:
                error = self._answer()["error"]  # of what was told last: the others have been overtaken
                self._waiting -= 1
        if error:
            raise ExploreError(error)

    def stay(self) -> None:
        """
        Keep the page, and this program, until Ctrl-C or until it is closed by all who have it open.

        At the end of a script that opens its page in the browser this is done by itself.
        """
        from dcase_explore.viewer.staying import stay

        stay(self)

    def opened(self) -> tuple[int, int]:
        """How often the page was opened in a browser, and in how many it is open now."""
        opened, there = json.loads(self._get("api/dcase/opened"))
        return opened, there

    def close(self) -> None:
        """End the page and its process."""
        self._end_mapping()
        self._finish()

    def __repr__(self) -> str:
        """Address and what is shown."""
        if not self.running:
            return "<Viewer: closed>"
        return f"<Viewer: {self._exploration.summary()}: {self.url}>" if self._shown else "<Viewer>"

    def __enter__(self) -> "Viewer":
        """Close it at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _exploration(self) -> "View":
        if self._shown is None:
            raise ExploreError("nothing is shown yet: call show()")
        return self._shown

    def _rows(self, kind: str) -> "pd.DataFrame":
        return self.frame.iloc[json.loads(self._get("api/rows"))[kind]]

    def _get(self, path: str) -> bytes:
        return self._ask("GET", path)

    def _ask(self, method: str, path: str, body: str | None = None) -> bytes:
        """Ask the page's server, once it shows what it was told last."""
        if not self.running:
            raise ExploreError("the viewer is closed: call show() again")
        self.wait()
        host = urlsplit(self.url)
        with contextlib.closing(http.client.HTTPConnection(host.hostname or "", host.port, timeout=60)) as connection:
            try:
                connection.request(method, f"{host.path}{path}", body)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise ExploreError(f"the viewer at {self.url} does not answer ({error})") from error
        if answer.status != 200:
            raise ExploreError(content.decode(errors="replace").strip() or f"the viewer answers {answer.status}")
        return content

    def _answer(self) -> dict[str, Any]:
        """Next line that the process says."""
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            did = "has ended" if self._url else "did not start"
            raise ExploreError(f"the viewer {did} (its process, with {self._process.wait()}): call show() again")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _no_room(error: OSError) -> ExploreError:
    return ExploreError(
        f"the table cannot be handed to the page ({error.strerror or error}): set TMPDIR to a folder with room for it"
    )


def _end(process: "subprocess.Popen[bytes]", folder: Temporary, owner: int) -> None:
    """End the process, and make sure that it does; in a copy of the process that started it do nothing."""
    if os.getpid() != owner:
        return
    end_process(process, END_SECONDS)
    folder.close()
