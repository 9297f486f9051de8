"""Intervals and what each number costs, as people and programs read them: tables, JSON, CSV."""

import json
from collections.abc import Sequence
from typing import Any

from dcase_explore.scoring import documents
from dcase_explore.scoring.improvement import terms
from dcase_explore.scoring.intervals import Interval, Intervals, ModelIntervals
from dcase_explore.scoring.official import ModelScore
from dcase_explore.streams import console_on

_WIDTH = 160
"""Columns of a file or pipe."""
SHOWN = 3
"""Numbers that cost a model most, which people are told; programs get all of them."""


def as_json(models: Sequence[ModelScore], found: Intervals) -> str:
    """
    Scores and their intervals as one JSON document.

    Parameters
    ----------
    models
        At least one.
    found
        Their intervals.

    Returns
    -------
    str
        What `dcase_explore.scoring.documents.as_json` gives; each model with an official score has, beside it,
        ``official_score_interval`` (low, high), ``intervals`` (by machine type and section), ``differences`` (from each
        other model: value, low, high) and ``terms`` (what each number costs it, the costliest first).
    """
    models_told: dict[str, Any] = json.loads(documents.as_json(models))
    by_name = {model.model: model for model in models}
    for of_model in found.models:
        document = models_told[of_model.model]
        document["official_score_interval"] = [of_model.official.low, of_model.official.high]
        document["intervals"] = _numbers(of_model)
        document["differences"] = {
            **{one.other: _ends(one.official) for one in found.differences if one.model == of_model.model},
            **{one.model: _ends(_turned(one.official)) for one in found.differences if one.other == of_model.model},
        }
        document["terms"] = [
            {"class": one.machine_type, "section": one.section, "metric": one.metric, "value": one.value}
            | {"median_of_others": one.median, "official_score_would_be": one.would_be, "brings": one.brings}
            for one in terms(by_name[of_model.model])
        ]
    return json.dumps(models_told, indent=2, ensure_ascii=False)


def as_document(found: Intervals) -> dict[str, Any]:
    """
    Intervals as the page asks for them.

    Parameters
    ----------
    found
        Of all models.

    Returns
    -------
    dict
        ``models``: by name, ``official_score`` (value, low, high) and ``numbers`` (those, by machine type, section and
        metric); ``differences`` of each two: model, other, value, low, high.
    """
    return {
        "models": {
            one.model: {"official_score": _ends(one.official), "numbers": _numbers(one)} for one in found.models
        },
        "differences": [{"model": one.model, "other": one.other, **_ends(one.official)} for one in found.differences],
    }


def print_intervals(models: Sequence[ModelScore], found: Intervals) -> None:
    """
    Print to stdout how sure each official score is, by how much models differ, and what costs each most.

    Parameters
    ----------
    models
        At least one.
    found
        Their intervals.
    """
    from rich.text import Text

    console = console_on("stdout", _WIDTH)
    for of_model in found.models:
        one = of_model.official
        console.print(
            Text(f"{of_model.model}: official score {one.value:.4f}, 95 % interval {one.low:.4f} to {one.high:.4f}")
        )
    for difference in found.differences:
        console.print(Text(difference.sentence()))
    for model in models:
        costliest = [term.sentence() for term in terms(model)[:SHOWN]]
        if costliest:
            console.print(Text(f"What costs {model.model} most:"))
            console.print(Text("\n".join(f"  {sentence}" for sentence in costliest)))


def _numbers(of_model: ModelIntervals) -> list[dict[str, Any]]:
    return [
        {"class": machine, **({} if section is None else {"section": section}), "metric": name, **_ends(one)}
        for (machine, section, name), one in of_model.numbers.items()
    ]


def _ends(one: Interval) -> dict[str, float]:
    return {"value": one.value, "low": one.low, "high": one.high}


def _turned(one: Interval) -> Interval:
    return Interval(-one.value, -one.high, -one.low)
