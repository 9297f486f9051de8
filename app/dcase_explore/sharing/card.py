"""What a copy of the page says of itself: README.md, with what a static Space reads in front."""

import html
import json

from dcase_explore.exploration import Exploration
from dcase_explore.messages import counted, plain


def card(exploration: Exploration, recordings: int) -> str:
    """
    Describe a copy.

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
    title = _inline(exploration.title)
    licence = exploration.credits[0].licence_id if exploration.credits else "unknown"
    front = {"title": exploration.title, "sdk": "static", "app_file": "index.html", "license": licence}
    head = "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in front.items())
    whose = [
        f"{_inline(credit.owners)}, {_inline(credit.licence)}."
        + "".join(f"\n- {_inline(citation)}" for citation in credit.citations)
        for credit in exploration.credits
    ] or ["It is not known whose data these are: find out before you pass them on."]
    clips, heard = counted(len(exploration.frame), "clip"), counted(recordings, "recording")
    paragraphs = [
        f"---\n{head}\n---",
        f"# {title}",
        f"{clips}, {heard}. Written by dcase-explore; the page is that of Renumics Spotlight (MIT licence, in "
        "`static/LICENSE`).",
        "Any static web server shows it: `python -m http.server` in this folder, GitHub Pages, a static Space. Table, "
        "maps, filters, findings, sounds and spectrograms work; new similarity maps, editing, notes and layouts from "
        "files need the program.",
        "## Licence and citation",
        *whose,
    ]
    return "\n\n".join(paragraphs) + "\n"


def _inline(text: str) -> str:
    """Text in one line, in which no tag is one."""
    return html.escape(" ".join(plain(text).split()), quote=False)
