"""Bars and differences as SVG: costs by condition, and what changed in AUC, with their intervals."""

from collections.abc import Sequence

from markupsafe import Markup

from dcase_explore.reporting.comparing import Difference
from dcase_explore.reporting.conditions import Bar, Section
from dcase_explore.reporting.drawing import svg
from dcase_explore.reporting.markup import Content, element, signed

ROW = 17
"""Height of a bar with its space, in the unit of the picture."""


def bars(section: Section, models: Sequence[str]) -> Markup:
    """
    Mean AUC costs of a section's conditions, one panel per model, each bar with its interval.

    Parameters
    ----------
    section
        With its bars.
    models
        Those to draw, left to right.

    Returns
    -------
    markupsafe.Markup
        SVG.
    """
    width, left, gap, top = 700, 138, 16, 30
    panel = (width - left - gap * (len(models) - 1)) / len(models)
    inner, height = panel - 30, ROW * len(section.bars)
    labels = [
        [
            element(
                "text",
                _short(bar.name, 17),
                element("title", bar.name),
                x=left - 34,
                y=top + ROW * row + 12,
                class_="end",
            ),
            element("text", f"n {bar.clips}", x=left - 6, y=top + ROW * row + 12, class_="end faint"),
        ]
        for row, bar in enumerate(section.bars)
    ]
    panels = []
    for number, model in enumerate(models):
        start = left + number * (panel + gap)
        grid = [
            [
                element("line", x1=x, x2=x, y1=top, y2=top + height, class_="grid"),
                element("text", f"{value:g}", x=x, y=top - 4, class_="middle faint"),
            ]
            for value in (0, 0.25, 0.5, 0.75, 1)
            for x in [round(start + value * inner, 1)]
        ]
        overall = section.overall.get(model)
        mean = None
        if overall is not None:
            x = round(start + overall * inner, 1)
            mean = element("line", x1=x, x2=x, y1=top - 2, y2=top + height, class_="mean")
        drawn = [_bar(bar, model, start, inner, top + ROW * row) for row, bar in enumerate(section.bars)]
        title = element("text", _short(model, round(panel / 6)), element("title", model), x=start, y=11, class_="head")
        panels.append([title, grid, drawn, mean])
    said = "; ".join(
        f"{bar.name}: " + ", ".join(f"{model} {cost.mean:.2f}" for model, cost in bar.costs.items() if model in models)
        for bar in section.bars
    )
    return svg(f"Mean AUC cost of normals of {section.name}. {said}", width, top + height + 4, labels, panels)


def _bar(bar: Bar, model: str, start: float, inner: float, top: float) -> Content:
    cost = bar.costs.get(model)
    if cost is None:
        return element("text", "–", x=start + 3, y=top + 12, class_="faint")
    low, high = (round(start + end * inner, 1) for end in cost.interval)
    middle = top + ROW / 2
    return [
        element(
            "rect",
            x=start,
            y=top + 3,
            width=round(cost.mean * inner, 1),
            height=ROW - 6,
            class_=f"bar {bar.kind}{'' if bar.is_domain else ' value'}",
        ),
        element("path", d=f"M{low} {middle} H{high} M{low} {middle - 3} v6 M{high} {middle - 3} v6", class_="whisker"),
        element("text", f"{cost.mean:.2f}", x=start + inner + 30, y=top + 12, class_="end"),
    ]


def differences(found: Sequence[Difference], before: str, after: str) -> Markup:
    """
    Differences in AUC of two models with their intervals, better to the right.

    Parameters
    ----------
    found
        Section by section.
    before, after
        Names of both models.

    Returns
    -------
    markupsafe.Markup
        SVG.
    """
    width, left, right, top = 700, 170, 200, 26
    inner, height = width - left - right, ROW * len(found)
    reach = max(0.1, *(abs(end) for one in found for end in one.interval))
    reach = min(1.0, -(-reach * 10 // 1) / 10)

    def x(value: float) -> float:
        return round(left + (max(-reach, min(reach, value)) / reach + 1) / 2 * inner, 1)

    grid = [
        [
            element("line", x1=x(value), x2=x(value), y1=top, y2=top + height, class_="mean" if value == 0 else "grid"),
            element("text", signed(f"{value:+.2g}") if value else "0", x=x(value), y=top - 4, class_="middle faint"),
        ]
        for value in (-reach, -reach / 2, 0, reach / 2, reach)
    ]
    rows = []
    for row, one in enumerate(found):
        middle = top + ROW * (row + 0.5)
        low, high = x(one.interval[0]), x(one.interval[1])
        word = word_of(one)
        rows.append(
            [
                element("text", f"{one.section}, {one.domain}", x=left - 8, y=middle + 4, class_="end"),
                element(
                    "path",
                    d=f"M{low} {middle} H{high} M{low} {middle - 3} v6 M{high} {middle - 3} v6",
                    class_="whisker",
                ),
                element(
                    "circle",
                    cx=x(one.more),
                    cy=middle,
                    r=4 if one.is_told else 3,
                    class_=f"dot {one.domain}{'' if one.is_told else ' open'}",
                ),
                element("text", f"{one.before:.3f} → {one.after:.3f}", x=width - right + 12, y=middle + 4),
                element("text", word, x=width, y=middle + 4, class_=f"end{' strong' if one.is_told else ' faint'}"),
            ]
        )
    said = "; ".join(f"{one.section} {one.domain} {one.more:+.3f} ({word_of(one)})" for one in found)
    return svg(f"Difference in AUC, {after} minus {before}: {said}", width, top + height + 4, grid, rows)


def word_of(one: Difference) -> str:
    """What a difference is, in a word or three."""
    return ("better" if one.more > 0 else "worse") if one.is_told else "may be chance"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
