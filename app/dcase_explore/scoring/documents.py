"""The official score as programs read it: JSON, CSV."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from dcase_explore.scoring.definitions import SINCE_2022
from dcase_explore.scoring.metrics import METRICS
from dcase_explore.scoring.official import ModelScore, SectionScore

MEANS = {"arithmetic_mean": "arithmetic mean", "harmonic_mean": "harmonic mean"}


def as_json(models: Sequence[ModelScore]) -> str:
    """
    Scores as one JSON document.

    Parameters
    ----------
    models
        At least one.

    Returns
    -------
    str
        By model: ``official_score`` (with ``official_definition``, where it is not today's, and ``official_scores`` by
        others, where they were asked for), ``arithmetic_mean`` and ``harmonic_mean`` over all sections, ``machines``
        (one entry per section) and ``machine_types`` (means over the sections of each). Numbers in full precision;
        what is not defined is absent.
    """
    return json.dumps({model.model: _document(model) for model in models}, indent=2, ensure_ascii=False)


def _document(model: ModelScore) -> dict[str, Any]:
    official = model.official_score
    return {
        **({} if official is None else {"official_score": official}),
        **({} if _is_todays(model) else {"official_definition": model.definition.told}),
        **({"official_scores": _by_definition(model)} if model.beside else {}),
        **model.means(),
        "machines": [_section(section) for section in model.sections],
        "machine_types": [{"class": name, **model.means(name)} for name in model.machine_types],
    }


def _is_todays(model: ModelScore) -> bool:
    """Whether a model's score is today's and stands alone, which goes without saying."""
    return model.definition is SINCE_2022 and not model.beside


def _by_definition(model: ModelScore) -> dict[str, float]:
    both = {scored.definition.name: scored.official_score for scored in (model, *model.beside)}
    return {name: value for name, value in both.items() if value is not None}


def _section(row: SectionScore) -> dict[str, Any]:
    section = {} if row.section is None else {"section": row.section}
    found: dict[str, Any] = {"class": row.machine_type, **section, "n_clips": row.n_clips, **row.metrics}
    if row.threshold:
        if row.threshold.value is not None:
            found["threshold"] = row.threshold.value
        found["threshold_origin"] = "decisions in the data" if row.threshold.value is None else "gamma fit"
    return found


def as_csv(models: Sequence[ModelScore]) -> str:
    """
    Scores as CSV.

    Parameters
    ----------
    models
        At least one.

    Returns
    -------
    str
        One row per model and section, then one per mean, whose ``section`` is ``arithmetic mean`` or ``harmonic mean``
        (over all machine types where ``class`` is empty); ``official_score`` stands in the last row of each model,
        beside ``official_definition``; by other definitions, if any, in a row of its own after that. Empty where not
        defined.
    """
    text = io.StringIO(newline="")
    names = ("model", "class", "section", "n_clips", *METRICS, "official_score", "official_definition")
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    for model in models:
        for row in model.sections:
            writer.writerow(
                {"model": model.model, "class": row.machine_type, "section": row.section, "n_clips": row.n_clips}
                | row.metrics
            )
        for machine in (*model.machine_types, None):
            for mean, metrics in model.means(machine).items():
                last = machine is None and mean == "harmonic_mean" and model.official_score is not None
                writer.writerow(
                    {"model": model.model, "class": machine or "", "section": MEANS[mean], **metrics}
                    | (_official_cells(model) if last else {})
                )
        for other in model.beside:
            if other.official_score is not None:
                writer.writerow({"model": model.model, "class": "", "section": "", **_official_cells(other)})
    return text.getvalue()


def _official_cells(model: ModelScore) -> dict[str, object]:
    return {"official_score": model.official_score, "official_definition": model.definition.name}
