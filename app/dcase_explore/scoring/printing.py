"""The official score as people read it: tables on the terminal, the models' lines side by side."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from dcase_explore.messages import counted, short
from dcase_explore.scoring.definitions import Definition
from dcase_explore.scoring.documents import MEANS
from dcase_explore.scoring.official import ModelScore, SectionScore
from dcase_explore.streams import console_on

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

_RANKING = {
    "auc_source": "AUC\nsource",
    "auc_target": "AUC\ntarget",
    "pauc": "pAUC",
    "pauc_source": "pAUC\nsource",
    "pauc_target": "pAUC\ntarget",
    "auc": "AUC\nall",
}
_DECISIONS = {
    "precision_source": "precision\nsource",
    "recall_source": "recall\nsource",
    "f1_source": "F1\nsource",
    "precision_target": "precision\ntarget",
    "recall_target": "recall\ntarget",
    "f1_target": "F1\ntarget",
}
BEST = "*"
_UNBOUNDED = 1_000
"""Columns of a file or pipe."""


def print_tables(models: Sequence[ModelScore]) -> None:
    """
    Print the scores to stdout as tables, the models' lines side by side for each section.

    AUC and pAUC; precision, recall and F1 where there are decisions; Ω. The best of several models that were scored on
    the same clips is marked. Where the terminal is too narrow for a table it is cut in two.

    Parameters
    ----------
    models
        At least one.
    """
    console = console_on("stdout", _UNBOUNDED)
    decided = [model for model in models if any(row.threshold for row in model.sections)]
    for its_models, columns in ((models, _RANKING), (decided, _DECISIONS)):
        there = {name for model in its_models for row in model.sections for name in row.metrics}
        columns = {name: title for name, title in columns.items() if name in there}
        if not columns:
            continue
        tables = [_table(its_models, columns)]
        if console.measure(tables[0], options=console.options.update(width=_UNBOUNDED)).maximum > console.width:
            names = list(columns)
            halves = names[: len(names) // 2], names[len(names) // 2 :]
            tables = [_table(its_models, {name: columns[name] for name in half}) for half in halves]
        for table in tables:
            console.print(table)
    console.print(_official(models))
    for definition in dict.fromkeys(scored.definition for model in models for scored in (model, *model.beside)):
        console.print(definition.told, style="dim", soft_wrap=True)
    if len(models) > 1:
        console.print(f"{BEST} best of the models scored on the same clips", style="dim")


def _table(models: Sequence[ModelScore], columns: dict[str, str]) -> "Table":
    # Thresholds stand beside the last decisions.
    thresholds = "f1_target" in columns
    table = _bare("machine type", "model", *columns.values(), *(["threshold"] if thresholds else []), right_from=2)
    rows_of = {model.model: {(row.machine_type, row.section): row for row in model.sections} for model in models}
    keys = list(dict.fromkeys(key for rows in rows_of.values() for key in rows))
    machine_types = list(dict.fromkeys(machine for machine, _ in keys))
    for machine in machine_types:
        sections = [key for key in keys if key[0] == machine]
        for key in sections:
            rows = {model: found[key] for model, found in rows_of.items() if key in found}
            same_clips = len({_on(row, columns) for row in rows.values()}) == 1
            name = next(iter(rows.values())).name
            origins = {model: row.threshold.brief for model, row in rows.items() if thresholds and row.threshold}
            _add(table, name, {model: row.metrics for model, row in rows.items()}, columns, same_clips, origins)
        if len(sections) > 1:
            _add_means(table, machine, models, columns)
    if len(machine_types) > 1:
        table.add_section()
        _add_means(table, None, models, columns)
    return table


def _add_means(table: "Table", machine: str | None, models: Sequence[ModelScore], columns: dict[str, str]) -> None:
    for mean, title in MEANS.items():
        metrics = {
            model.model: model.means(machine)[mean] for model in models if machine in (None, *model.machine_types)
        }
        name = title if machine is None else f"{machine} {title}"
        _add(table, name, metrics, columns, _comparable(models, columns, machine))


def _add(
    table: "Table",
    name: str,
    metrics: dict[str, dict[str, float]],
    columns: dict[str, str],
    mark: bool,
    last: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """One line per model, the best of each column marked."""
    best = {
        column: max(there)
        for column in columns
        if mark and len(there := [each[column] for each in metrics.values() if column in each]) > 1
    }
    for line, (model, values) in enumerate(metrics.items()):
        cells = [_cell(values.get(column), best.get(column)) for column in columns]
        table.add_row(
            _plain(name if line == 0 else ""), _plain(model), *cells, *([last[model]] if model in last else [])
        )


def _cell(value: float | None, best: float | None) -> "Text":
    if value is None:
        return _plain("– ")
    return _plain(f"{value:.4f}{BEST}", "bold") if value == best else _plain(f"{value:.4f} ")


def _plain(text: str, style: str = "") -> "Text":
    """Text that is shown as it is: in the name of a model, square brackets are no markup."""
    from rich.text import Text

    return Text(short(text), style)


def _on(row: SectionScore, columns: Mapping[str, str]) -> int:
    """Digest of the clips that a table's numbers are of."""
    return row.decided_on if columns.keys() & _DECISIONS.keys() else row.scored_on


def _comparable(models: Sequence[ModelScore], columns: Mapping[str, str], machine: str | None = None) -> bool:
    """Whether all models were scored on the same clips, so that their means can be compared."""
    on = {
        tuple(
            (row.machine_type, row.section, _on(row, columns))
            for row in model.sections
            if machine in (None, row.machine_type)
        )
        for model in models
    }
    return len(on) == 1


def _official(models: Sequence[ModelScore]) -> "Table":
    table = _bare("model", "official score Ω", "by definition", "over", right_from=1)
    by_definition: dict[Definition, dict[str, float]] = {}
    for model in models:
        for scored in (model, *model.beside):
            if scored.official_score is not None:
                by_definition.setdefault(scored.definition, {})[scored.model] = scored.official_score
    same_clips = _comparable(models, _RANKING)
    for model in models:
        clips = sum(row.n_clips for row in model.sections)
        over = f"{counted(len(model.machine_types), 'machine type')}, {counted(clips, 'clip')}"
        for scored in (model, *model.beside):
            known = by_definition.get(scored.definition, {})
            best = max(known.values()) if len(known) > 1 and same_clips else None
            first = scored is model
            cells = _plain(model.model if first else ""), _cell(known.get(model.model), best), scored.definition.name
            table.add_row(*cells, over if first else "")
    return table


def _bare(*titles: str, right_from: int) -> "Table":
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column, title in enumerate(titles):
        table.add_column(title, justify="right" if column >= right_from else "left", overflow="fold")
    return table
