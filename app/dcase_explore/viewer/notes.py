"""Notes that are written in the page: read from and kept in their file at once."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dcase_explore.columns import TAGS
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.viewer.body import body_of
from dcase_explore.viewer.refusal import refusal

if TYPE_CHECKING:
    from starlette.requests import Request

    from dcase_explore.notes import Notes
    from dcase_explore.notes.files import Note

MAX_BYTES = 2**17


def routes(notes: "Callable[[], Notes]", clip_ids: Callable[[], Sequence[str]]) -> list[Route]:
    """
    Routes under ``/api/dcase/notes``.

    Parameters
    ----------
    notes
        Gives the notes of what is shown now.
    clip_ids
        Gives the clips of the table that is shown now, row by row.

    Returns
    -------
    list of starlette.routing.Route
        GET: tags there are, where notes are kept, and the notes by row. PUT: one clip's note, in place of its last one.
    """

    def told(_: "Request") -> Response:
        file, problem = notes(), None
        try:
            kept = file.read()
        except ExploreError as reason:
            # What cannot be read is not written over either.
            kept, problem = {}, str(reason)
        clips = clip_ids() if kept else ()
        rows = {row: _document(kept[clip]) for row, clip in enumerate(clips) if clip in kept}
        return JSONResponse({"file": str(file.path), "tags": TAGS, "rows": rows, "problem": problem})

    async def keep(request: "Request") -> Response:
        try:
            clip_id, written = _note_in(await body_of(request, MAX_BYTES))
            await run_in_threadpool(_keep, notes(), clip_ids(), clip_id, written)
        except ExploreError as reason:
            note(f"refused in the page: {reason}")
            return refusal(str(reason))
        return JSONResponse(_document(written))

    return [
        Route("/api/dcase/notes", told, methods=["GET"]),
        Route("/api/dcase/notes", keep, methods=["PUT"]),
    ]


def _keep(notes: "Notes", clip_ids: Sequence[str], clip_id: str, written: "Note") -> None:
    if not any(clip_id == one for one in clip_ids):
        raise ExploreError("that clip is not in the table that is shown: load the page anew")
    notes.keep(clip_id, written)


def _note_in(body: bytes) -> tuple[str, "Note"]:
    from dcase_explore.notes.files import Note

    try:
        said = json.loads(body)
        clip_id, tag, text = said["clip_id"], said["tag"], said["note"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise ExploreError("the page sent no note") from error
    if not all(isinstance(part, str) for part in (clip_id, tag, text)):
        raise ExploreError("the page sent a note that is no text")
    return clip_id, Note(tag, text.replace("\r\n", "\n").replace("\0", ""))


def _document(written: "Note") -> dict[str, Any]:
    return {"tag": written.tag, "note": written.text}
