"""The chapters of a report: score, curves, comparison, conditions, findings; none of what the data do not have."""

from collections.abc import Sequence

from markupsafe import Markup

from dcase_explore.messages import counted, some
from dcase_explore.reporting.cards import Media, cards
from dcase_explore.reporting.charts import bars, differences
from dcase_explore.reporting.comparing import Comparison, Difference
from dcase_explore.reporting.curves import Curve
from dcase_explore.reporting.drawing import roc_panel
from dcase_explore.reporting.facts import Facts, Group
from dcase_explore.reporting.markup import Content, element, signed
from dcase_explore.reporting.tables import official_table, score_tables, terms_table
from dcase_explore.scoring.official import ModelScore

OF_CURVES = (
    "Each curve ranks the normals of one domain against the anomalies that the official AUC ranks them against. "
    "Shaded: the false-positive rates that pAUC looks at."
)
OF_DIFFERENCES = (
    "Differences in AUC on the same clips, with 95 % confidence intervals (DeLong's test, paired). Better or worse is "
    "said where the probability of such a difference by chance is at most 5 % for all differences of two models "
    "together (Holm's correction)."
)
OF_CONDITIONS = (
    "Mean AUC cost of the normals of each domain and attribute value, with its 95 % interval: the share of anomalies "
    "that score below one of these normals. 0 is a perfect ranking, 0.5 is chance; the dashed line is the mean of all "
    "normals. These are all conditions as they are; whether one costs more than chance and the others explain, the "
    "findings say."
)


def score(facts: Facts) -> Content:
    """Ω and the tables of every metric; nothing without a model."""
    if not facts.models:
        return None
    reasons = [f"{model.model}: {sentence}" for model in facts.models for sentence in _undefined(model)]
    return [
        official_table(facts.models, facts.intervals),
        [element("p", f"{one.sentence()}.") for one in facts.intervals.differences] if facts.intervals else None,
        score_tables(facts.models, facts.curves, facts.intervals),
        terms_table(facts.models),
        [element("p", reason, class_="remark") for reason in reasons],
    ]


def _undefined(model: ModelScore) -> list[str]:
    return [
        f"{', '.join(metrics)} of {some(sections)} not defined, for there are {reason}"
        for (metrics, reason), sections in model.undefined().items()
    ]


def curves(facts: Facts) -> Content:
    """ROC curves, model by model."""
    found = []
    for model, sections in facts.curves.items():
        panels = [
            element(
                "figure",
                element("figcaption", element("strong", name), _aucs(curves)),
                roc_panel(f"{name}, {model}", curves),
            )
            for name, curves in sections.items()
            if curves
        ]
        if panels:
            found.append([element("h3", model), element("div", panels, class_="panels")])
    if not found:
        return None
    return [element("p", OF_CURVES), element("p", _key("source"), _key("target")), found]


def _aucs(curves: Sequence[Curve]) -> Content:
    return [element("span", f"{curve.domain} {curve.auc:.3f}", class_=f"auc {curve.domain}") for curve in curves]


def _key(kind: str, word: str | None = None) -> Content:
    return [element("span", class_=f"key {kind}", aria_hidden="true"), f"{word or kind} "]


def compared(facts: Facts, media: Media) -> Content:
    """What got better and what worse, with the clips that changed most."""
    found: list[Content] = []
    for number, one in enumerate(facts.comparisons):
        omega = [f"{value:.4f}" if value is not None else "–" for value in one.omega]
        found.append(element("h3", f"{one.after} against {one.before}"))
        found.append(
            element(
                "p",
                f"{one.symbol} {omega[0]} → {omega[1]}; {counted(one.clips, 'test clip')} are scored by both. "
                + (f"{one.official.sentence()}. " if one.official else "")
                + (_what_changed(one) if one.differences else "No section has clips enough to tell more."),
            )
        )
        if one.differences:
            found.append(element("figure", differences(one.differences, one.before, one.after), class_="chart"))
        if facts.changes:
            found += [_group(group, media) for group in facts.changes[number]]
    if not found:
        return None
    return [element("p", OF_DIFFERENCES), found]


def conditions(facts: Facts) -> Content:
    """Costs by domain and attribute value."""
    if not facts.conditions:
        return None
    figures = [
        element(
            "figure",
            element("figcaption", element("strong", section.name), _left_out(section.left_out)),
            bars(section, [model for model in facts.drawn if model in section.overall]),
            class_="chart",
        )
        for section in facts.conditions
    ]
    return [
        element("p", OF_CONDITIONS),
        element(
            "p",
            _key("source", "source domain"),
            _key("target", "target domain"),
            _key("both", "values of both domains; paler: those of one"),
        ),
        figures,
    ]


def _left_out(number: int) -> str | None:
    return f" {counted(number, 'value')} not drawn, of fewer than three normals or beyond thirty" if number else None


def findings(facts: Facts, media: Media) -> Content:
    """Every finding in words, with its costliest clips."""
    if not facts.findings:
        return element("p", f"Nothing was found in {counted(len(facts.frame), 'clip')} that chance would not explain.")
    how = (
        f"{len(facts.findings)} of {facts.found} findings, worst first."
        if facts.found > len(facts.findings)
        else "Worst first."
    )
    shown = (
        f" Of each, its {media.plan.clips} costliest clips."
        if media.plan.clips > 1
        else " Of each, its costliest clip."
    )
    play = (
        " A click on a spectrogram plays from there."
        if media.plan.seconds and media.sounds.pictures and media.sounds.to_play
        else ""
    )
    return [element("p", f"{how}{shown}{play}"), [_group(group, media) for group in facts.findings]]


def _group(group: Group, media: Media) -> Markup:
    return element(
        "section",
        element("h3", group.title),
        element(
            "p",
            [element("span", tag, class_=f"tag {tag}") for tag in group.tags],
            f" {counted(len(group.rows), 'clip')}",
            class_="tags",
        ),
        element("p", group.text),
        cards(group, media),
        id=group.anchor,
        class_="finding",
    )


def told(one: Comparison) -> str:
    """What got better and what worse, in a sentence."""
    return f"{one.after} against {one.before}: better {_list(one.told(1))}; worse {_list(one.told(-1))}."


def _what_changed(one: Comparison) -> str:
    return f"Better {_list(one.told(1))}; worse {_list(one.told(-1))}."


def _list(found: Sequence[Difference]) -> str:
    if not found:
        return "nowhere beyond chance"
    return "on " + some(
        (f"{difference.section} {difference.domain} ({signed(f'{difference.more:+.3f}')})" for difference in found), 4
    )
