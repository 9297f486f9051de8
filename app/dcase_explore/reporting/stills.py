"""What a notebook keeps of a page, for whoever reads it without a kernel: text, still pictures, players."""

import os
from collections.abc import Sequence

from markupsafe import Markup

from dcase_explore.exploration import Exploration
from dcase_explore.findings import shown
from dcase_explore.findings.finding import Finding
from dcase_explore.messages import counted
from dcase_explore.reporting.cards import Media, Plan, clip_facts, clip_numbers, name_of
from dcase_explore.reporting.markup import Content, element
from dcase_explore.reporting.sounds import Sounds
from dcase_explore.reporting.tables import official_table
from dcase_explore.score_names import BUILT_IN

MOST_CHARACTERS = 2_000_000
"""Characters that a cell keeps at most: notebooks are kept in git and sent by mail."""
SECONDS = 5
"""Of each recording that is played."""
_WIDTH = 360


def stills(exploration: Exploration, most: int = MOST_CHARACTERS) -> Markup:
    """
    Tell what was found as HTML that needs no style, no script and no program.

    Parameters
    ----------
    exploration
        What is shown.
    most
        Characters.

    Returns
    -------
    markupsafe.Markup
        The official score, and the findings in words, each with its costliest clip above its nearest normal: still
        spectrograms, and the beginnings of both sounds where the licence is known. Nothing is fetched for it. Sounds,
        then pictures are left out of findings that would make it too large, which it says.
    """
    frame, findings = exploration.frame, shown(exploration.findings)
    costliest = [int(finding.rows[0]) for finding in findings if len(finding.rows)]
    columns = [name for name in ("path", "nearest_normal") if name in frame]
    paths = [path for row in costliest for path in (frame[name].iloc[row] for name in columns) if isinstance(path, str)]
    sounds = Sounds([path for path in paths if os.path.exists(path)], to_play=False)  # noqa: PTH110 - a text
    sounds.to_play = bool(exploration.credits)
    media = Media(frame, sounds, Plan(clips=1, seconds=SECONDS))
    models = sorted(exploration.models, key=lambda model: model.model in BUILT_IN)
    head: list[Content] = [
        element("p", element("strong", exploration.title), f": {exploration.summary().partition(' · ')[2]}"),
        official_table(models, None),
        [
            element("p", f"Data: {credit.owners}. Licence: {credit.licence}. ", "; ".join(credit.citations))
            for credit in exploration.credits
        ],
    ]
    if sounds.to_play and sounds.longest > SECONDS:
        head.append(element("p", f"Of each recording the first {SECONDS} s can be played."))
    told: list[Markup] = []
    room, less = most - len(element("div", head)) - 500, 0
    for finding in findings:
        versions = (
            _finding(finding, media, pictures=pictures, players=players)
            for pictures, players in ((True, sounds.to_play), (True, False), (False, False))
        )
        first = next(versions)
        taken = first if len(first) <= room else next((one for one in versions if len(one) <= room), None)
        less += taken is not first
        if taken is not None:
            told.append(taken)
            room -= len(taken)
    remark = f"Of {counted(less, 'finding')} there is less here, to keep this small." if less else None
    return element("div", head, told, element("p", element("small", remark)) if remark else None)


def _finding(finding: Finding, media: Media, *, pictures: bool, players: bool) -> Markup:
    row = int(finding.rows[0]) if len(finding.rows) else None
    clip: Content = None
    if row is not None:
        clip = _clip(row, tuple(finding.auc_lost), media, pictures=pictures, players=players)
    return element(
        "div",
        element("p", element("strong", finding.title), f" ({finding.severity})"),
        element("p", finding.description),
        clip,
        style="border-top: 1px solid #ccc; padding-top: 4px",
    )


def _clip(row: int, models: Sequence[str], media: Media, *, pictures: bool, players: bool) -> Content:
    frame = media.frame
    label = str(frame["label"].iloc[row]) if "label" in frame and frame["label"].notna().iloc[row] else "unknown"
    models = models or [name.removeprefix("auc_cost_") for name in frame if str(name).startswith("auc_cost_")]
    name = element("code", str(frame["clip_id"].iloc[row]))
    said = element("p", "First of its clips: ", element("strong", label), clip_facts(media, row), element("br"), name)
    found: list[Content] = [said, clip_numbers(frame, row, label, models)]
    scale = media.scale(row)
    for column in ("path", "nearest_normal"):
        path = frame[column].iloc[row] if column in frame else None
        if pictures and scale and isinstance(path, str) and path in media.sounds:
            of_nearest = element("div", "Nearest normal: ", element("code", name_of(path, media)))
            found += [of_nearest if column == "nearest_normal" else None, _heard(path, scale, media, players=players)]
    return found


def _heard(path: str, scale: tuple[float, float], media: Media, *, players: bool) -> Content:
    name, spectrogram = name_of(path, media), media.sounds.pictures[path]
    picture = element(
        "img",
        src=f"data:image/png;base64,{spectrogram.png(scale)}",
        alt=f"Spectrogram of {name}: {spectrogram.seconds:.1f} s, up to 8 kHz",
        width=_WIDTH,
        height=96,
    )
    sound = f"data:audio/flac;base64,{media.sounds.flac(path, SECONDS)}" if players else None
    return [
        element("div", picture),
        element("audio", controls=True, preload="none", aria_label=f"Play {name}", src=sound) if sound else None,
    ]
