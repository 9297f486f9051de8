"""What Python holds of a page that another process serves."""

import contextlib
import http.client
import json
import os
import secrets
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dcase_explore.errors import ExploreError
from dcase_explore.viewer.child import SECRET

if TYPE_CHECKING:
    import pandas as pd

    from dcase_explore.explore import Exploration

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
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(16)
        self.cell: str | None = None
        # A session of its own, for what interrupts the kernel is sent to all of its processes.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dcase_explore.viewer.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Its helpers would warn of what is put away when it ends.
            env={**os.environ, SECRET: self.token, "PYTHONWARNINGS": "ignore::UserWarning"},
            start_new_session=True,
        )
        self._folder = tempfile.TemporaryDirectory(prefix="dcase-explore-")
        self._finish = weakref.finalize(self, _end, self._process, self._folder)
        self._shown: Exploration | None = None
        self._url = ""
        self._waiting = 0  # answers that are to come

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

    def show(self, exploration: "Exploration") -> None:
        """
        Have the page show something, without waiting for it.

        Parameters
        ----------
        exploration
            What to show.

        Raises
        ------
        dcase_explore.errors.ExploreError
            When the process is gone.
        """
        from dcase_explore import handover

        address = self.url  # its first answer comes before all others
        path = Path(self._folder.name) / f"{secrets.token_hex(8)}.parquet"
        handover.write(exploration, path)
        try:
            if self._process.stdin is None:
                raise BrokenPipeError
            self._process.stdin.write(f"{path}\n".encode())
            self._process.stdin.flush()
        except OSError as error:
            raise ExploreError(f"the viewer at {address} has ended: call show(..., new=True)") from error
        self._shown = exploration
        self._waiting += 1

    def wait(self) -> None:
        """
        Wait until the page shows what it was told last.

        Raises
        ------
        dcase_explore.errors.ExploreError
            When it cannot.
        """
        while self._waiting:
            self._waiting -= 1
            error = self._answer()["error"]
            if error:
                raise ExploreError(error)

    def close(self) -> None:
        """End the page and its process."""
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
    def _exploration(self) -> "Exploration":
        if self._shown is None:
            raise ExploreError("nothing is shown yet: call show()")
        return self._shown

    def _rows(self, kind: str) -> "pd.DataFrame":
        return self.frame.iloc[json.loads(self._get("api/rows"))[kind]]

    def _get(self, path: str) -> bytes:
        """Ask the page's server, once it shows what it was told last."""
        if not self.running:
            raise ExploreError("the viewer is closed: call show() again")
        self.wait()
        host = urlsplit(self.url)
        with contextlib.closing(http.client.HTTPConnection(host.hostname or "", host.port, timeout=60)) as connection:
            try:
                connection.request("GET", f"/{path}")
                answer = connection.getresponse()
                body = answer.read()
            except OSError as error:
                raise ExploreError(f"the viewer at {self.url} does not answer ({error})") from error
        if answer.status != 200:
            raise ExploreError(body.decode(errors="replace").strip() or f"the viewer answers {answer.status}")
        return body

    def _answer(self) -> dict[str, Any]:
        """Next line that the process says."""
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            raise ExploreError(f"the viewer did not start (its process ended with {self._process.wait()})")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _end(process: "subprocess.Popen[bytes]", folder: "tempfile.TemporaryDirectory[str]") -> None:
    """Close the pipe, on which the process ends; make sure that it does."""
    with contextlib.suppress(OSError):  # it was gone already, with something unsaid
        if process.stdin:
            process.stdin.close()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
    folder.cleanup()
