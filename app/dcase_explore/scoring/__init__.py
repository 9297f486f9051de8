"""
How good each model is by the official score, and which clips cost it that score.

`metrics` are those of a section, `definitions` make the official score of them, year by year, `official` scores every
model, `thresholds` are the decisions, `printing` is tables, `report` JSON and CSV.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from dcase_explore import clips
from dcase_explore.column_names import describe, members
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note, some
from dcase_explore.scoring.definitions import OF_2020, OF_2021, SINCE_2022, Definition
from dcase_explore.scoring.metrics import RANKING
from dcase_explore.scoring.official import ModelScore, official_scores
from dcase_explore.scoring.thresholds import Thresholds, with_decisions


@dataclass(frozen=True)
class Scored:
    """
    A clip table and how its models do on it.

    Attributes
    ----------
    frame
        Conforming clip table with ``prediction_<score>``, ``prediction_correct_<score>`` and ``auc_cost_<score>``.
    models
        One `ModelScore` per model that has labelled test clips.
    thresholds
        Where decisions come from, by model and machine type.
    """

    frame: pd.DataFrame = field(repr=False)
    models: list[ModelScore]
    thresholds: Thresholds

    def descriptions(self) -> dict[str, str]:
        """Tooltips of score and prediction columns, with the model's numbers and thresholds."""
        found = {f"anomaly_score_{score.model}": _with_numbers(score) for score in self.models}
        for model, thresholds in self.thresholds.items():
            column = describe(f"prediction_{model}")
            lines = [f"{machine}: {threshold.origin}" for machine, threshold in thresholds.items()]
            found[f"prediction_{model}"] = "\n".join([column.description if column else "", *lines])
        return found


def comparable(frame: pd.DataFrame, models: Sequence[ModelScore]) -> Sequence[ModelScore]:
    """
    Models that have a score to compare.

    Parameters
    ----------
    frame
        Scored clip table.
    models
        How its models do.

    Returns
    -------
    sequence of ModelScore
        All of them; those left out of the table's scores are said on stderr.

    Raises
    ------
    ExploreError
        When there is none: no scores, no labels, or one class only.
    """
    scores = members(frame.columns, "anomaly_score_<score>")
    if not scores:
        raise ExploreError("there is no anomaly score in this data: give yours with --scores mine=FILE")
    if not models:
        raise ExploreError(
            f"no test clip with a score of {some(scores)} has a label: "
            "give the labels with --ground-truth FOLDER, as the challenge's evaluator has them"
        )
    without = [name for name in scores if name not in {model.model for model in models}]
    if without:
        note(f"left out, for it has no score of a labelled test clip: {some(without)}")
    return models


def score(frame: pd.DataFrame, whole: Mapping[str, int] | None = None, *, beside: Sequence[Definition] = ()) -> Scored:
    """
    Decide, score and cost every model of a clip table.

    Parameters
    ----------
    frame
        Conforming clip table, of whole machine types: a clip's cost depends on all others of its section. Decisions
        that it has are kept.
    whole
        By model: how many clips were scored in the table that this one is a part of. A part keeps the costs that it
        brings, which are those of the whole.
    beside
        Definitions of the official score to score by beside that of the table's year.

    Returns
    -------
    Scored
        What could not be computed is absent, and said on stderr.
    """
    decided, thresholds = with_decisions(frame)
    models, costs = official_scores(decided, thresholds, beside)
    shown = []
    for model in models:
        column = f"auc_cost_{model.model}"
        clips_here, clips_of_whole = int(costs[column].notna().sum()), (whole or {}).get(model.model, 0)
        if column in frame and clips_here < clips_of_whole:
            costs = costs.drop(columns=column)
            note(
                f"{model.model}: {clips_here:,} of the {clips_of_whole:,} clips it was scored on; costs are those of "
                "the whole, and there is no Ω"
            )
            continue
        shown.append(model)
        _say_undefined(model)
        _say_reversed(model)
    return Scored(clips.conform(decided.assign(**costs)), shown, thresholds)


def _say_undefined(model: ModelScore) -> None:
    undefined = model.undefined()
    if not undefined:
        return
    if model.official_score is None and {reason for _, reason in undefined} == {"no domains"}:
        note(f"{model.model}: no official score, for no clip's domain is known; its AUC is over all clips")
        return
    official = model.definition.numbers
    everything = set(RANKING if model.definition.has_domains else official)
    missing = "; ".join(
        f"{'all' if everything <= set(metrics) else ', '.join(metrics)} of {some(sections)} ({reason})"
        for (metrics, reason), sections in undefined.items()
    )
    numbers = len(official) * len(model.sections)
    left = sum(name in section.metrics for section in model.sections for name in official)
    over = f"{model.definition.symbol} is over {left} of {numbers} numbers"
    omega = "there is no official score" if model.official_score is None else over
    note(f"{model.model}: not defined: {missing}; {omega}")


def _say_reversed(model: ModelScore) -> None:
    by_machine = {name: model.means(name)["arithmetic_mean"].get("auc") for name in model.machine_types}
    aucs = [auc for auc in by_machine.values() if auc is not None]
    # One machine type alone is below a half by chance often enough.
    if aucs and max(aucs) < (0.5 if len(aucs) > 1 else 0.4):
        where = f"every machine type ({min(aucs):.2f} to {max(aucs):.2f})"
        if len(aucs) == 1:
            where = f"{next(iter(by_machine))} ({aucs[0]:.2f})"
        note(
            f"{model.model}: AUC is below 0.5 on {where}: "
            "are its scores reversed? Higher must mean more anomalous; nothing was changed"
        )


def _with_numbers(model: ModelScore) -> str:
    column = describe(f"anomaly_score_{model.model}")
    rows = []
    for section in model.sections:
        named = _IN_TOOLTIP[model.definition.numbers]
        shown = [f"{word} {section.metrics[name]:.3f}" for word, name in named if name in section.metrics]
        rows.append(f"{section.name}: {', '.join(shown) or 'not defined'}")
    beside = [f"{other.brief()}." for other in model.beside if other.official_score is not None]
    how = f"Official score {model.definition.told}."
    return "\n".join([f"{column.description if column else ''} {model.brief()}.", *beside, how, *rows])


_IN_TOOLTIP = {
    SINCE_2022.numbers: (("AUC source", "auc_source"), ("target", "auc_target"), ("pAUC", "pauc")),
    OF_2021.numbers: (
        ("AUC source", "auc_source"),
        ("target", "auc_target"),
        ("pAUC source", "pauc_source"),
        ("target", "pauc_target"),
    ),
    OF_2020.numbers: (("AUC", "auc"), ("pAUC", "pauc")),
}
