"""
Found for you: the clips that cost a model its score, where the domains part, what is odd in the data themselves.

Each rule is a file in `rules/` that declares its name, what it needs and how it is told (`rule`, `needs`); here they
are run. `conditions` says what operating conditions there are, `search` which of them cost AUC, `distances` (by
`neighbors`) how far clips lie apart; `chance` holds the tests that tell a finding from noise; `report` prints them.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.column_names import describe, members
from dcase_explore.findings.distances import Distances, measure_distances
from dcase_explore.findings.finding import Finding
from dcase_explore.findings.nearest_normals import known, nearest_in_words, with_nearest
from dcase_explore.findings.rule import MachineClips, lacking, those_that_can_look
from dcase_explore.findings.rules import RULES
from dcase_explore.messages import note, some
from dcase_explore.score_names import BUILT_IN

MOST_SHOWN = 12
"""Findings of a view: more than that nobody reads."""

Measured: TypeAlias = Mapping[tuple[str, str], Distances]
"""Distances by machine type and embedding, the user's own embeddings first."""


@dataclass(frozen=True)
class Found:
    """
    A clip table and what was found in it.

    Attributes
    ----------
    frame
        Conforming clip table with ``domain_distance_<embedding>`` and ``nearest_normal``.
    findings
        All of them, worst first.
    distances
        SEP and DSUP, by machine type and embedding.
    descriptions
        Tooltips of the columns that were added, with the numbers.
    """

    frame: pd.DataFrame = field(repr=False)
    findings: list[Finding]
    distances: Measured = field(default_factory=dict, repr=False)
    descriptions: Mapping[str, str] = field(default_factory=dict, repr=False)


def find(frame: pd.DataFrame) -> Found:
    """
    Find what is worth a look, machine type by machine type.

    Parameters
    ----------
    frame
        Scored clip table, of whole machine types.

    Returns
    -------
    Found
        What could not be looked for is said on stderr.
    """
    embeddings = sorted(members(frame.columns, "embeddings_<embedding>"), key=lambda name: name in BUILT_IN)
    findings: list[Finding] = []
    distances: dict[tuple[str, str], Distances] = {}
    of_machine = {machine: frame[frame["class"] == machine] for machine in clips.machine_types_present(frame)}
    # Beside the rules: numpy measures the next machine type while these look at one.
    with ThreadPoolExecutor(1) as beside:
        measuring = {machine: beside.submit(_measured, each, embeddings) for machine, each in of_machine.items()}
        for machine, machine_clips in of_machine.items():
            measured = measuring[machine].result()
            distances |= {(machine, name): found for name, found in measured.items()}
            looked_at = MachineClips.of(machine_clips, measured)
            for rule in those_that_can_look(RULES, machine_clips):
                findings += [with_nearest(one, machine_clips, measured) for one in rule.look(looked_at)]
    findings.sort(key=lambda finding: finding.weight)
    say_not_looked_for(frame)
    columns = _columns(frame, embeddings, distances)
    frame = clips.conform(frame.assign(**columns))
    there = {name for name in frame.columns if frame[name].notna().any()}
    findings = [
        replace(finding, columns=tuple(name for name in finding.columns if name in there)) for finding in findings
    ]
    return Found(frame, findings, distances, _descriptions(columns, distances))


def _measured(machine_clips: pd.DataFrame, embeddings: Sequence[str]) -> dict[str, Distances]:
    """Distances of one machine type in each embedding that its clips have."""
    return {name: found for name in embeddings if (found := measure_distances(machine_clips, name)) is not None}


def in_view(found: Sequence[Finding], rows: np.ndarray) -> list[Finding]:
    """
    The findings of some rows.

    Parameters
    ----------
    found
        Findings of a table.
    rows
        Positions in it of the rows in view, int64, shape (rows,).

    Returns
    -------
    list of Finding
        Those that have a row in view, in their order, with the rows in view only, as positions in the view.
    """
    position_of = {row: position for position, row in enumerate(rows.tolist())}
    return [seen for finding in found if len((seen := _in_view(finding, position_of)).rows)]


def shown(found: Sequence[Finding]) -> list[Finding]:
    """
    The findings that a view has room for.

    Parameters
    ----------
    found
        All findings, worst first.

    Returns
    -------
    list of Finding
        At most a dozen, worst first, the worst of each rule among them.
    """
    if len(found) <= MOST_SHOWN:
        return list(found)
    first_of_rule = {finding.rule: number for number, finding in reversed(list(enumerate(found)))}
    numbers = dict.fromkeys([*sorted(first_of_rule.values()), *range(len(found))])
    several = len({finding.machine_type for finding in found}) > 1
    choose = ": choose a machine type with --class for its own" if several else ""
    note(f"{MOST_SHOWN} of {len(found)} findings are shown, the worst and the worst of each rule{choose}")
    return [found[number] for number in sorted(list(numbers)[:MOST_SHOWN])]


def _in_view(finding: Finding, position_of: Mapping[int, int]) -> Finding:
    rows = np.array([position_of[row] for row in finding.rows.tolist() if row in position_of], dtype=np.int64)
    cut = f" ({len(rows)} of {len(finding.rows)} clips in view)" if len(rows) < len(finding.rows) else ""
    return replace(finding, rows=rows, title=f"{finding.title}{cut}")


def _columns(frame: pd.DataFrame, embeddings: Sequence[str], distances: Measured) -> dict[str, object]:
    """What the distances add to the table."""
    columns: dict[str, object] = {}
    for name in embeddings:
        scaled = known(frame, f"domain_distance_{name}", np.nan).astype(np.float32)
        for (_, embedding), measured in distances.items():
            if embedding == name and not np.isnan(measured.distance).all():
                scaled[measured.rows] = measured.distance
        if not np.isnan(scaled).all():
            columns[f"domain_distance_{name}"] = scaled
    if "path" in frame and embeddings:
        paths, nearest = frame["path"].to_numpy(dtype=object), known(frame, "nearest_normal", None)
        # In the first embedding that a machine type has: the user's own before those that come with the data.
        for measured in reversed(list(distances.values())):
            # A part of a table that was loaded before keeps the training normals that it was loaded with.
            there = (measured.nearest >= 0) & (measured.trained | pd.isna(nearest[measured.rows]))
            nearest[measured.rows[there]] = paths[measured.rows[measured.nearest[there]]]
        if any(path is not None for path in nearest):
            columns["nearest_normal"] = nearest
    return columns | nearest_in_words(frame, distances)


def _descriptions(columns: Mapping[str, object], distances: Measured) -> dict[str, str]:
    found = {}
    for column in columns:
        contract = describe(column)
        lines = [contract.description if contract else ""]
        if column == "nearest_normal":
            lines += [f"Nearest in {next(iter(distances.values())).embedding}."]
            without = dict.fromkeys(machine for (machine, _), each in distances.items() if not each.trained)
            if without:
                lines += [f"{some(without)}: no training clips, so the nearest other normal of the test split."]
        for (machine, name), measured in distances.items():
            if column == f"domain_distance_{name}":
                numbers = [
                    f"{word} {auc.value:.3f}" for word, auc in (("SEP", measured.sep), ("DSUP", measured.dsup)) if auc
                ]
                lines += [f"{machine}: {', '.join(numbers)}"] if numbers else []
        found[column] = "\n".join(lines)
    return found


def say_not_looked_for(frame: pd.DataFrame) -> None:
    """
    Say on stderr what cannot be looked for, if there is anything.

    Parameters
    ----------
    frame
        Scored clip table.
    """
    if missing := not_looked_for(frame):
        note(f"not looked for: {'; '.join(missing)}")


def not_looked_for(frame: pd.DataFrame) -> list[str]:
    """
    What cannot be looked for, and why.

    Parameters
    ----------
    frame
        Scored clip table.

    Returns
    -------
    list of str
        Parts of a sentence.
    """
    return lacking(RULES, frame)
