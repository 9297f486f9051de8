"""A report of what the page shows, made where somebody asks for it there."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from dcase_explore.errors import ExploreError
from dcase_explore.temporary import temporary_folder
from dcase_explore.viewer.refusal import refusal

if TYPE_CHECKING:
    from starlette.requests import Request

    from dcase_explore.notes import Notes
    from dcase_explore.stored import Stored


def routes(stored: "Callable[[], Stored]", notes: "Callable[[], Notes]") -> list[Route]:
    """
    Route ``/api/dcase/report``.

    Parameters
    ----------
    stored
        Gives what is shown now.
    notes
        Gives the notes on its clips.

    Returns
    -------
    list of starlette.routing.Route
        GET: a report as `dcase_explore.report` writes it, with the notes as they stand; a sentence where the page shows
        a part of the clips only, or a report cannot be made.
    """

    def report(_: "Request") -> Response:  # not a coroutine: run beside the event loop
        try:
            return Response(_report(stored(), notes()), media_type="text/html; charset=utf-8", headers=_TO_SAVE)
        except ExploreError as reason:
            return refusal(str(reason))

    return [Route("/api/dcase/report", report, methods=["GET"])]


_TO_SAVE = {"content-disposition": "attachment; filename=report.html"}


def _report(stored: "Stored", notes: "Notes") -> bytes:
    from dcase_explore.notes.in_tables import with_notes
    from dcase_explore.reporting.writing import write_report
    from dcase_explore.stored.exploration import read

    exploration = read(stored.folder)
    frame = exploration.frame
    if not exploration.is_whole:
        raise ExploreError(
            "this page shows a part of the clips, and a report is of all of them: dcase-explore report OUT.html "
            "with the same --data makes one"
        )
    with temporary_folder() as folder:
        written = write_report(replace(exploration, frame=with_notes(frame, notes.read())), folder / "report.html")
        return written.file.read_bytes()
