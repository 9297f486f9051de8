"""A clip of a report: what it is, what the models say of it, its sound and picture above its nearest normal's."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

import pandas as pd
from markupsafe import Markup

from dcase_explore.reporting.drawing import spectrogram_frame
from dcase_explore.reporting.facts import HEARD, Group
from dcase_explore.reporting.markup import Content, element, signed
from dcase_explore.reporting.pictures import palette, scale_of
from dcase_explore.reporting.sounds import LONGEST, Sounds

WORTH_SAYING = 3
"""Decibels by which two recordings differ somewhere, from which it is said."""


@dataclass(frozen=True)
class Plan:
    """
    How much of the recordings a report holds.

    Attributes
    ----------
    clips
        Of each finding, shown one by one.
    seconds
        Of each recording that is played; 0 for none.
    pictures
        Whether spectrograms are drawn.
    """

    clips: int = HEARD
    seconds: float = LONGEST
    pictures: bool = True


@dataclass
class Media:
    """
    Sounds and pictures of one file: each is in it once, wherever it is shown.

    Attributes
    ----------
    frame
        Clip table.
    sounds
        Recordings that were heard.
    plan
        How much of them is wanted.
    """

    frame: pd.DataFrame = field(repr=False)
    sounds: Sounds
    plan: Plan
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        paths = self.frame["path"].tolist() if "path" in self.frame else []
        self.row_of = {path: row for row, path in enumerate(paths) if path is not None}
        sections = self.frame.groupby("class", observed=True)["section"].nunique() if "section" in self.frame else {}
        self._in_sections = {str(machine) for machine, number in sections.items() if number > 1}
        self._number = {path: number for number, path in enumerate(self.sounds.pictures)}
        by_machine: dict[str, list[str]] = {}
        for path in self.sounds.pictures:
            by_machine.setdefault(self._machine_type(path), []).append(path)
        self._scales = {
            machine: scale_of(self.sounds.pictures[path] for path in paths) for machine, paths in by_machine.items()
        }

    def _machine_type(self, path: str) -> str:
        return str(self.frame["class"].iloc[self.row_of[path]]) if path in self.row_of else ""

    def section(self, row: int) -> str | None:
        """Which part of its machine type a clip is of, where there are several."""
        machine = str(self.frame["class"].iloc[row])
        return f"section {self.frame['section'].iloc[row]:02d}" if machine in self._in_sections else None

    def scale(self, row: int) -> tuple[float, float] | None:
        """Decibels that are drawn darkest and brightest, for the machine type of a clip."""
        return self._scales.get(str(self.frame["class"].iloc[row]))

    def figure(self, path: str, name: str, span: float, scale: tuple[float, float]) -> Content:
        """Spectrogram and player of a recording; nothing where there is neither."""
        if path not in self.sounds or not self.plan.pictures:
            return None
        seen = self.sounds.pictures[path]
        said = f"Spectrogram of {name}: {seen.seconds:.1f} s, up to 8 kHz, loudest around {_hertz(seen.loudest_hertz)}"
        return element(
            "div",
            spectrogram_frame(self._picture(path, scale), seen.seconds, span, said),
            self._player(path, name),
            class_="sound",
        )

    def _picture(self, path: str, scale: tuple[float, float]) -> Markup:
        key = f"p{self._number[path]}"
        if ("picture", path) in self._seen:
            return element("use", href=f"#{key}")
        self._seen.add(("picture", path))
        source = f"data:image/png;base64,{self.sounds.pictures[path].png(scale)}"
        return element("image", id=key, href=source, width=1, height=1, preserveAspectRatio="none")

    def _player(self, path: str, name: str) -> Content:
        if not self.plan.seconds or not self.sounds.to_play:
            return None
        key, label = f"s{self._number[path]}", f"Play {name}"
        if ("sound", path) in self._seen:
            return element("audio", controls=True, preload="none", aria_label=label, data_sound=key)
        self._seen.add(("sound", path))
        source = f"data:audio/flac;base64,{self.sounds.flac(path, self.plan.seconds)}"
        return element("audio", controls=True, preload="none", aria_label=label, id=key, src=source)


def cards(group: Group, media: Media) -> Markup:
    """
    The costliest clips of a group, side by side.

    Parameters
    ----------
    group
        Which clips.
    media
        Sounds and pictures of the file.

    Returns
    -------
    markupsafe.Markup
        One article per clip, and the scale of the pictures below.
    """
    rows = [int(row) for row in group.rows[: media.plan.clips]]
    paths = [_text(media.frame, row, column) for row in rows for column in ("path", "nearest_normal")]
    heard = [media.sounds.pictures[path].seconds for path in paths if path and path in media.sounds]
    span = max(heard, default=1.0)
    clips = [_card(row, group, media, span) for row in rows]
    scale = media.scale(rows[0]) if rows else None
    below = _scale_bar(scale, f"scale-{group.anchor}") if heard and scale and media.plan.pictures else None
    return element("div", element("div", clips, class_="cards"), below)


def _card(row: int, group: Group, media: Media, span: float) -> Markup:
    frame, name, scale = media.frame, str(media.frame["clip_id"].iloc[row]), media.scale(row)
    path, nearest = (_text(frame, row, column) for column in ("path", "nearest_normal"))
    figure = media.figure(path, name, span, scale) if path and scale else None
    beside: Content = None
    if (
        figure
        and path
        and nearest
        and scale
        and (of_nearest := media.figure(nearest, name_of(nearest, media), span, scale))
    ):
        beside = [_nearest(nearest, media), of_nearest, _unlike(media, path, nearest)]
    label = _text(frame, row, "label") or "unknown"
    return element(
        "article",
        element("p", element("strong", label, class_=f"label {label}"), clip_facts(media, row), class_="what"),
        element("p", _breaking(name), class_="name"),
        clip_numbers(frame, row, label, group.models),
        element("p", said, class_="unlike") if (said := group.said.get(row)) else None,
        _note(frame, row),
        figure,
        beside,
        class_=f"clip {label}",
    )


def _note(frame: pd.DataFrame, row: int) -> Content:
    """What somebody noted of the clip, line by line."""
    tag, text = (_text(frame, row, column) for column in ("tag", "note"))
    if not tag and not text:
        return None
    lines = [[element("br"), line] for line in (text or "").splitlines()]
    return element("p", element("b", f"Note{f' ({tag})' if tag else ''}"), lines, class_="note")


def _breaking(name: str) -> Content:
    """A name that goes on in the next line after one of its parts."""
    return [[part, element("wbr")] for part in re.split(r"(?<=_)", name)]


def clip_facts(media: Media, row: int) -> Content:
    """Section, domain, attributes and split, in words."""
    frame = media.frame
    section = media.section(row)
    words = [section, *(_text(frame, row, column) for column in ("domain", "attributes", "split"))]
    return [[" · ", word] for word in words if word]


def _nearest(path: str, media: Media) -> Markup:
    row = media.row_of.get(path)
    split = None if row is None else _text(media.frame, row, "split")
    what = "Nearest training normal" if split == "train" else "Nearest normal"
    facts = None if row is None else clip_facts(media, row)
    return element(
        "div",
        element("p", element("strong", what), facts, class_="what"),
        element("p", _breaking(name_of(path, media)), class_="name"),
        class_="nearest",
    )


def _unlike(media: Media, path: str, nearest: str) -> Content:
    """Where the clip's mean spectrum differs most from its nearest normal's, in words."""
    if path == nearest:
        return None
    hertz, more = media.sounds.pictures[path].unlike(media.sounds.pictures[nearest])
    if abs(more) < WORTH_SAYING:
        return element("p", f"On average no band differs by {WORTH_SAYING} dB.", class_="unlike")
    word = "louder" if more > 0 else "quieter"
    return element(
        "p", f"Most unlike it around {_hertz(hertz)}: {abs(more):.0f} dB {word} on average.", class_="unlike"
    )


def _hertz(hertz: float) -> str:
    return f"{hertz / 1000:.1f} kHz" if hertz >= 1000 else f"{round(hertz, -1):.0f} Hz"


def name_of(path: str, media: Media) -> str:
    """Of a recording: its clip's, or its file's where no clip of the table has it."""
    row = media.row_of.get(path)
    return PurePath(path).name if row is None else str(media.frame["clip_id"].iloc[row])


def clip_numbers(frame: pd.DataFrame, row: int, label: str, models: Sequence[str]) -> Content:
    """What each model says of a clip."""
    lines = []
    for model in models:
        if f"anomaly_score_{model}" not in frame or pd.isna(score := frame[f"anomaly_score_{model}"].iloc[row]):
            continue
        decision = _text(frame, row, f"prediction_{model}")
        cost = frame[f"auc_cost_{model}"].iloc[row] if f"auc_cost_{model}" in frame else None
        words = [f"{float(score):.4g}"]
        if cost is not None and pd.notna(cost):
            words.append(f"above {cost:.0%} of anomalies" if label == "normal" else f"below {cost:.0%} of normals")
        if decision:
            words.append("called anomalous" if decision == "anomaly" else "called normal")
        lines.append(element("li", element("b", model), " ", " · ".join(words)))
    return element("ul", lines, class_="numbers") if lines else None


def _scale_bar(scale: tuple[float, float], anchor: str) -> Markup:
    stops = [
        element("stop", offset=f"{step / 63:.3f}", stop_color="#" + bytes(colour.tolist()).hex())
        for step, colour in enumerate(palette())
        if step % 9 == 0
    ]
    bar = element(
        "svg",
        element("defs", element("linearGradient", stops, id=anchor)),
        element("rect", width=120, height=8, fill=f"url(#{anchor})"),
        viewBox="0 0 120 8",
        class_="scale",
        aria_hidden="true",
    )
    low, high = scale
    return element(
        "p",
        signed(f"{low:.0f} dB "),
        bar,
        signed(f" {high:.0f} dB") + " of power per mel band, the same for all of the machine type; kHz upwards",
        class_="legend",
    )


def _text(frame: pd.DataFrame, row: int, column: str) -> str | None:
    value = frame[column].iloc[row] if column in frame else None
    return None if value is None or pd.isna(value) else str(value)
