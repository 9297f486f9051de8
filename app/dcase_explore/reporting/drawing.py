"""Pictures as SVG: ROC curves, spectrograms with their axes."""

from collections.abc import Sequence

from markupsafe import Markup

from dcase_explore.reporting.curves import Curve
from dcase_explore.reporting.markup import Content, element
from dcase_explore.reporting.pictures import TICKS_KHZ, height_of
from dcase_explore.scoring.metrics import MAX_FPR


def roc_panel(name: str, curves: Sequence[Curve]) -> Markup:
    """
    ROC curves of one section, source and target beside each other, the region of the partial AUC shaded.

    Parameters
    ----------
    name
        Of section and model, for those who hear the picture.
    curves
        One per domain.

    Returns
    -------
    markupsafe.Markup
        SVG.
    """
    size, left, top = 112, 24, 6

    def at(fpr: float, tpr: float) -> str:
        return f"{left + fpr * size:.1f} {top + (1 - tpr) * size:.1f}"

    ticks = [
        element("text", text, x=x, y=y, class_=kind)
        for text, x, y, kind in (
            ("0", left, top + size + 11, "middle"),
            ("1", left + size, top + size + 11, "middle"),
            ("0", left - 4, top + size + 3, "end"),
            ("1", left - 4, top + 7, "end"),
            ("false positives", left + size / 2, top + size + 11, "middle"),
        )
    ]
    paths = [
        element(
            "path",
            d="M" + " L".join(at(*point) for point in zip(curve.fpr, curve.tpr, strict=True)),
            class_=f"curve {curve.domain}",
        )
        for curve in curves
    ]
    said = ", ".join(f"{curve.domain} AUC {curve.auc:.4f}" for curve in curves) or "no curve"
    return svg(
        f"ROC of {name}: {said}",
        left + size + 6,
        top + size + 15,
        element("rect", x=left, y=top, width=MAX_FPR * size, height=size, class_="shade"),
        element("rect", x=left, y=top, width=size, height=size, class_="frame"),
        element("path", d=f"M{at(0, 0)} L{at(1, 1)}", class_="chance"),
        paths,
        ticks,
    )


def spectrogram_frame(picture: Markup, seconds: float, span: float, said: str) -> Markup:
    """
    A spectrogram with its axes.

    Parameters
    ----------
    picture
        SVG that draws it from (0, 0) to (1, 1).
    seconds
        Of the recording.
    span
        Seconds of the whole axis, the same for all that stand together.
    said
        What it is, for those who hear the picture.

    Returns
    -------
    markupsafe.Markup
        SVG.
    """
    width, height, left, top = 264, 96, 26, 5
    step = next(step for step in (1, 2, 5, 10, 20) if span / step <= 7)
    times = list(range(0, int(span) + 1, step))
    ticks = [
        element(
            "text",
            f"{second} s" if second == times[-1] else f"{second}",
            x=round(left + second / span * width, 1),
            y=top + height + 12,
            class_="middle",
        )
        for second in times
    ]
    pitches = [
        element(
            "text", f"{khz:g}", x=left - 4, y=round(top + (1 - height_of(1000 * khz)) * height + 4, 1), class_="end"
        )
        for khz in TICKS_KHZ
    ]
    extent = round(width * min(1.0, seconds / span), 1)
    drawn = element("g", picture, transform=f"translate({left} {top}) scale({extent} {height})")
    return svg(
        said,
        left + width + 10,
        top + height + 16,
        element("rect", x=left, y=top, width=width, height=height, class_="silent"),
        drawn,
        element(
            "line",
            x1=left,
            x2=left,
            y1=top,
            y2=top + height,
            class_="playhead",
            data_from=left,
            data_span=round(width / span, 4),
        ),
        ticks,
        pitches,
        kind="spectrogram",
    )


def svg(said: str, width: float, height: float, *content: Content, kind: str = "chart") -> Markup:
    """A picture that says what it is to those who hear it."""
    return element(
        "svg", element("title", said), *content, viewBox=f"0 0 {width:g} {height:g}", role="img", class_=kind
    )
