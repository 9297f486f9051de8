"""The score as a report's tables: the same numbers as ``dcase-explore score``, the lowest of each column marked."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from dcase_explore.messages import counted, some
from dcase_explore.reporting.curves import Curve
from dcase_explore.reporting.markup import Content, element, signed
from dcase_explore.scoring.improvement import terms
from dcase_explore.scoring.intervals import Interval, Intervals
from dcase_explore.scoring.official import ModelScore, SectionScore

RANKING = {
    "auc_source": "AUC source",
    "auc_target": "AUC target",
    "pauc": "pAUC",
    "pauc_source": "pAUC source",
    "pauc_target": "pAUC target",
    "auc": "AUC all",
}
DECISIONS = {
    "precision_source": "precision source",
    "recall_source": "recall source",
    "f1_source": "F1 source",
    "precision_target": "precision target",
    "recall_target": "recall target",
    "f1_target": "F1 target",
}
DRAWN = (
    " Interval: clips are drawn anew within section, domain and label, and of 100 such intervals 95 hold what more "
    "and more clips of the kind would give."
)
SHOWN = 3
"""Numbers that cost a model most, which are told."""
_DECIDED = {"f1_source", "f1_target"}
"""Columns of decisions in which the lowest is marked; of ranking those that the official score is made of."""
_TIED = 2
"""Sections that share the lowest, beyond which it is no one's."""
_MEANS = {"arithmetic_mean": "arithmetic mean", "harmonic_mean": "harmonic mean"}


def official_table(models: Sequence[ModelScore], intervals: Intervals | None) -> Content:
    """Ω of every model that has one, with its interval where that is known and it is of the definition that counts."""
    found = {one.model: one.official for one in intervals.models} if intervals else {}
    lines = [
        element(
            "tr",
            element("th", model.model, scope="row", class_="text"),
            element("td", element("strong", f"{scored.official_score:.4f}")),
            element("td", _ends(found.get(model.model)) if scored is model else None) if found else None,
            element("td", scored.definition.name, class_="text"),
            element("td", counted(len(model.machine_types), "machine type"), class_="text"),
            element("td", counted(sum(row.n_clips for row in model.sections), "clip"), class_="text"),
        )
        for model in models
        for scored in (model, *model.beside)
        if scored.official_score is not None
    ]
    if not lines:
        return None
    titles = element(
        "tr",
        element("th", "model", scope="col", class_="text"),
        element("th", "score", scope="col"),
        element("th", "95 % interval", scope="col") if found else None,
        element("th", "by definition", scope="col", class_="text"),
        element("th", "over", scope="col", colspan=2, class_="text"),
    )
    definitions = dict.fromkeys(scored.definition for model in models for scored in (model, *model.beside))
    told = f"{'; '.join(definition.told for definition in definitions)}."
    caption = element("caption", element("strong", "Official score "), told, DRAWN if found else None)
    table = element("table", caption, element("thead", titles), element("tbody", lines), class_="score")
    return element("div", table, class_="wide")


def _ends(one: Interval | None) -> str | None:
    return None if one is None else f"{one.low:.4f} to {one.high:.4f}"


def terms_table(models: Sequence[ModelScore]) -> Content:
    """What the numbers that cost each model most cost it."""
    bodies = [
        element(
            "tbody",
            [
                element(
                    "tr",
                    element("th", model.model, scope="rowgroup", rowspan=len(costliest), class_="text")
                    if number == 0
                    else None,
                    element("td", term.name, class_="text"),
                    element("td", f"{term.value:.4f}"),
                    element("td", f"{term.median:.4f}"),
                    element("td", f"{term.would_be:.4f}"),
                    element("td", signed(f"{term.brings:+.4f}")),
                )
                for number, term in enumerate(costliest)
            ],
        )
        for model in models
        if (costliest := terms(model)[:SHOWN])
    ]
    if not bodies:
        return None
    words = ("number", "value", "median of the others", "score at that median", "more")
    titles = [element("th", "model", scope="col", class_="text")]
    titles += [element("th", word, scope="col", class_="text" if word == "number" else None) for word in words]
    caption = element(
        "caption",
        element("strong", "What costs most."),
        " What the official score would be, were one number at the median of the model's others.",
    )
    table = element("table", caption, element("thead", element("tr", titles)), bodies, class_="score")
    return element("div", table, class_="wide")


def score_tables(
    models: Sequence[ModelScore], curves: Mapping[str, Mapping[str, Sequence[Curve]]], sure: Intervals | None
) -> Markup:
    """
    One table of rankings, and one of decisions where there are any.

    Parameters
    ----------
    models
        With a score, at least one.
    curves
        By model and section: the intervals of their AUCs stand in the table,
    sure
        unless these have them: the intervals of the numbers that official scores are made of.

    Returns
    -------
    markupsafe.Markup
        Tables, each with its caption.
    """
    intervals = {
        (model, section, f"auc_{curve.domain}".removesuffix("_all")): curve.interval
        for model, by_section in curves.items()
        for section, found in by_section.items()
        for curve in found
        if curve.interval
    }
    names = {(model.model, row.machine_type, row.section): row.name for model in models for row in model.sections}
    drawn = {
        (of_model.model, names[of_model.model, machine, section], metric): (one.low, one.high)
        for of_model in (sure.models if sure else ())
        for (machine, section, metric), one in of_model.numbers.items()
    }
    by = "as above" if drawn.keys() >= intervals.keys() else "as above, or DeLong's" if drawn else "DeLong"
    intervals |= drawn
    decided = [model for model in models if any(row.threshold for row in model.sections)]
    below = f" Small: 95 % confidence interval ({by})." if intervals else ""
    tables = [_table(models, RANKING, intervals, "How the scores rank", below)]
    if decided:
        tables.append(_table(decided, DECISIONS, {}, "How the decisions fare", _origins(decided)))
    return element("div", tables)


def _table(
    models: Sequence[ModelScore],
    columns: Mapping[str, str],
    intervals: Mapping[tuple[str, str, str], tuple[float, float]],
    title: str,
    below: str,
) -> Content:
    there = {name for model in models for row in model.sections for name in row.metrics}
    columns = {name: word for name, word in columns.items() if name in there}
    if not columns:
        return None
    thresholds = "f1_target" in columns or "f1_source" in columns
    lowest = {model.model: _lowest(model, columns) for model in models}
    rows_of = {model.model: {(row.machine_type, row.section): row for row in model.sections} for model in models}
    keys = list(dict.fromkeys(key for rows in rows_of.values() for key in rows))
    bodies = [
        _body(
            {model: rows[key] for model, rows in rows_of.items() if key in rows}, columns, lowest, intervals, thresholds
        )
        for key in keys
    ]
    if len(keys) > 1:
        bodies += [_means(models, columns, mean, word, thresholds) for mean, word in _MEANS.items()]
    head = element(
        "tr",
        element("th", "machine type", scope="col", class_="text"),
        element("th", "model", scope="col", class_="text"),
        None if thresholds else element("th", "clips", scope="col"),
        [element("th", word, scope="col") for word in columns.values()],
        element("th", "called anomalous", scope="col", class_="text") if thresholds else None,
    )
    marked = " The lowest of each model is marked ▼." if any(lowest.values()) else ""
    caption = element("caption", element("strong", f"{title}."), marked, below)
    return element("div", element("table", caption, element("thead", head), bodies, class_="score"), class_="wide")


def _lowest(model: ModelScore, columns: Mapping[str, str]) -> dict[str, float]:
    if len(model.sections) < 2:
        return {}
    found = {}
    for name in {*model.definition.numbers, *_DECIDED} & set(columns):
        values = [row.metrics[name] for row in model.sections if name in row.metrics]
        if len(values) > 1 and values.count(min(values)) <= _TIED:
            found[name] = min(values)
    return found


def _body(
    rows: Mapping[str, SectionScore],
    columns: Mapping[str, str],
    lowest: Mapping[str, Mapping[str, float]],
    intervals: Mapping[tuple[str, str, str], tuple[float, float]],
    thresholds: bool,
) -> Markup:
    lines = []
    for number, (model, row) in enumerate(rows.items()):
        cells = [
            _cell(row.metrics.get(name), lowest[model].get(name), intervals.get((model, row.name, name)))
            for name in columns
        ]
        called = [f"{row.threshold.called} of {row.threshold.decided}", _threshold(row)] if row.threshold else None
        first = element("th", row.name, scope="rowgroup", rowspan=len(rows), class_="text") if number == 0 else None
        lines.append(
            element(
                "tr",
                first,
                element("td", model, class_="text"),
                None if thresholds else element("td", f"{row.n_clips:,}"),
                cells,
                element("td", called, class_="text") if thresholds else None,
            )
        )
    return element("tbody", lines)


def _threshold(row: SectionScore) -> Content:
    """Where it was fitted; that decisions came with the data the caption says."""
    threshold = row.threshold
    return element("small", f"above {threshold.value:.4g}") if threshold and threshold.fitted_on is not None else None


def _origins(models: Sequence[ModelScore]) -> str:
    fitted = [
        model.model for model in models if any(row.threshold and row.threshold.fitted_on for row in model.sections)
    ]
    brought = [
        model.model for model in models if any(row.threshold and not row.threshold.fitted_on for row in model.sections)
    ]
    said = f" Decisions of {some(brought)} came with the data." if brought else ""
    how = "called anomalous above the 90th percentile of a gamma distribution fitted to training clips."
    return f"{said} Clips of {some(fitted)} are {how}" if fitted else said


def _means(models: Sequence[ModelScore], columns: Mapping[str, str], mean: str, word: str, thresholds: bool) -> Markup:
    lines = []
    for number, model in enumerate(models):
        values = model.means()[mean]
        lines.append(
            element(
                "tr",
                element("th", word, scope="rowgroup", rowspan=len(models), class_="text") if number == 0 else None,
                element("td", model.model, class_="text"),
                None if thresholds else element("td"),
                [_cell(values.get(name)) for name in columns],
                element("td") if thresholds else None,
            )
        )
    return element("tbody", lines, class_="means")


def _cell(value: float | None, lowest: float | None = None, interval: tuple[float, float] | None = None) -> Markup:
    if value is None:
        return element("td", "–")
    is_lowest = lowest is not None and value == lowest
    small = element("small", "{:.2f}–{:.2f}".format(*interval)) if interval else None
    mark = element("span", "▼", class_="mark", title="lowest of this model") if is_lowest else None
    return element("td", mark, f"{value:.4f}", small, class_="worst" if is_lowest else None)
