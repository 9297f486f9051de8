"""What a copy says of itself: in its page, and in README.md, with what a static Space reads in front."""

import html
import json
from typing import Any

from dcase_explore.exploration import Exploration
from dcase_explore.messages import counted
from dcase_explore.streams import plain

_WORKS = (
    "Table, maps, filters, findings, scores, notes, sounds and spectrograms work as they do in the program; new "
    "similarity maps, editing, notes, reports and layouts from files need it."
)
_MADE = "Written by dcase-explore; the page is that of Renumics Spotlight (MIT licence)."
_UNKNOWN = "It is not known whose data these are, nor under which licence: find out before you pass them on."


def about(exploration: Exploration, recordings: int) -> dict[str, Any]:
    """
    Tell of a copy, for its page.

    Parameters
    ----------
    exploration
        What it shows.
    recordings
        How many it plays.

    Returns
    -------
    dict
        As JSON has it: ``title``; ``paragraphs`` and ``citations``, texts.
    """
    owners = exploration.credits
    whose = [f"Data: {credit.owners}. Licence: {credit.licence}." for credit in owners] or [_UNKNOWN]
    citations = [citation for credit in owners for citation in credit.citations]
    return {
        "title": exploration.title,
        "paragraphs": [_holds(exploration, recordings), _WORKS, *whose, _MADE],
        "citations": citations,
    }


def card(exploration: Exploration, recordings: int) -> str:
    """
    Describe a copy's folder.

    Parameters
    ----------
    exploration
        What it shows.
    recordings
        How many it plays.

    Returns
    -------
    str
        Markdown after a front matter in YAML.
    """
    said = about(exploration, recordings)
    licence = exploration.credits[0].licence_id if exploration.credits else "unknown"
    front = {"title": exploration.title, "sdk": "static", "app_file": "index.html", "license": licence}
    head = "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in front.items())
    holds, works, *whose, made = (_inline(paragraph) for paragraph in said["paragraphs"])
    paragraphs = [
        f"---\n{head}\n---",
        f"# {_inline(exploration.title)}",
        holds,
        "Any static web server shows it: `python -m http.server` in this folder, GitHub Pages, a static Space. "
        "`dcase-explore --data` with this folder opens it in the program, with all that is in it.",
        works,
        f"{made} Its licence is in `static/LICENSE`.",
        "## Licence and citation",
        *whose,
        "\n".join(f"- {_inline(citation)}" for citation in said["citations"]),
    ]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _holds(exploration: Exploration, recordings: int) -> str:
    clips = counted(len(exploration.frame), "clip")
    heard = f"the sounds of {counted(recordings, 'recording')}" if recordings else "no sound"
    return f"A copy without the program: {clips}, {heard}."


def _inline(text: str) -> str:
    """Text in one line, in which no tag is one."""
    return html.escape(" ".join(plain(text).split()), quote=False)
