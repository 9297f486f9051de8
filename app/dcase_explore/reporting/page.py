"""The report as one file of HTML that asks for nothing else."""

import base64
import hashlib
import os
import time
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files

from markupsafe import Markup

from dcase_explore.errors import ExploreError
from dcase_explore.messages import counted, some
from dcase_explore.reporting import chapters
from dcase_explore.reporting.about import about
from dcase_explore.reporting.cards import Media
from dcase_explore.reporting.facts import Facts
from dcase_explore.reporting.markup import Content, element
from dcase_explore.reporting.tables import RANKING
from dcase_explore.scoring.official import ModelScore

GENERATOR = "dcase-explore report"
"""What stands in the head of every file that is ours."""


def page(facts: Facts, media: Media, size: str, remarks: Sequence[str]) -> bytes:
    """
    Write the file.

    Parameters
    ----------
    facts
        What it says.
    media
        Sounds and pictures that it holds.
    size
        How large it is, in words.
    remarks
        What is to be said of its sounds and pictures.

    Returns
    -------
    bytes
        HTML in UTF-8.
    """
    style, script = (_part(name) for name in ("page.css", "player.js"))
    policy = (
        "default-src 'none'; img-src data:; media-src data:; "
        f"style-src '{digest(style)}'; script-src '{digest(script)}'; base-uri 'none'; form-action 'none'"
    )
    sections = [
        (
            "score",
            "Official score" if any(model.official_score for model in facts.models) else "Score",
            chapters.score(facts),
        ),
        ("curves", "ROC by domain", chapters.curves(facts)),
        ("comparison", "Better and worse", chapters.compared(facts, media)),
        ("conditions", "What costs, by condition", chapters.conditions(facts)),
        ("findings", "Findings", chapters.findings(facts, media)),
        ("data", "Data, licence, and how to read this", about(facts, size, remarks)),
    ]
    sections = [(anchor, title, content) for anchor, title, content in sections if content]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="generator", content=GENERATOR),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{facts.title}: report"),
        element("style", Markup(style)),  # noqa: S704 - ours
    )
    body = element(
        "body",
        element(
            "header",
            element("p", "Anomalous machine sound", class_="kicker"),
            element("h1", facts.title),
            element("p", _of_what(facts), class_="subtitle"),
            element(
                "nav", [element("a", title, href=f"#{anchor}") for anchor, title, _ in sections], aria_label="Sections"
            ),
        ),
        element(
            "main",
            _in_short(facts),
            [element("section", element("h2", title), content, id=anchor) for anchor, title, content in sections],
        ),
        element("script", Markup(script)),  # noqa: S704 - ours
    )
    return (Markup("<!DOCTYPE html>\n") + element("html", head, body, lang="en") + "\n").encode()


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    """What a Content-Security-Policy calls a script or style."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _of_what(facts: Facts) -> str:
    machine_types = list(dict.fromkeys(facts.frame["class"].sort_values()))
    clips = counted(facts.clips, "clip")
    if len(facts.frame) < facts.clips:
        clips = f"{len(facts.frame):,} of {clips} in view"
    names = [model.model for model in facts.models]
    models = f" · {'models' if len(names) > 1 else 'model'} {some(names, 6)}" if names else " · no scores"
    return f"{clips} of {some(machine_types, 8)}{models} · dcase-explore {version('dcase-explore')}, {_date()}"


def _date() -> str:
    """Today, or the day that SOURCE_DATE_EPOCH says, in universal time."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        moment = time.gmtime(float(epoch) if epoch else None)
    except (ValueError, OverflowError, OSError):
        raise ExploreError(f"SOURCE_DATE_EPOCH is {epoch[:40]!r}, not a number of seconds") from None  # type: ignore[index]
    return f"{moment.tm_mday} {_MONTHS[moment.tm_mon - 1]} {moment.tm_year}"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def _in_short(facts: Facts) -> Content:
    lines: list[Content] = [
        [element("strong", model.model), ": ", _brief(model), _weakest(model)] for model in facts.models
    ]
    lines += [[chapters.told(one)] for one in facts.comparisons if one.differences]
    for group in facts.findings[:3]:
        lines.append(element("a", group.title, href=f"#{group.anchor}"))
    if not facts.models:
        lines.insert(0, "There is no score of labelled test clips here: what is said is about the data alone.")
    return element(
        "section", element("h2", "In short"), element("ul", [element("li", line) for line in lines]), class_="short"
    )


def _brief(model: ModelScore) -> str:
    return model.brief() or "no AUC, for there is one class only"


def _weakest(model: ModelScore) -> str | None:
    numbers = model.definition.numbers
    known = [(row.metrics[name], row.name, name) for row in model.sections for name in numbers if name in row.metrics]
    if len(known) < 2:
        return None
    value, section, name = min(known)
    return f", weakest on {section} ({RANKING[name]} {value:.4f})"
