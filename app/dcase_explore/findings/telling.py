"""Findings as people and programs read them: table, JSON, CSV."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore.findings import Measured
from dcase_explore.findings.finding import Finding
from dcase_explore.findings.together import Together, together
from dcase_explore.messages import counted, short, some
from dcase_explore.streams import console_on

_STYLES = {"high": "bold red", "medium": "yellow", "low": "dim"}
_WIDTH = 120
"""Columns of a file or pipe."""


def as_json(findings: Sequence[Finding], clip_ids: np.ndarray) -> str:
    """
    Findings as one JSON document.

    Parameters
    ----------
    findings
        Worst first.
    clip_ids
        Of every row of the clip table, shape (clips,).

    Returns
    -------
    str
        A list of objects; ``auc_lost_share``, the mean over the models of ``auc_lost_shares``, is null where a rule has
        nothing to do with the score; ``auc_explained`` is the AUC, by model, that findings are ranked by; ``estimates``
        are the numbers of the description that have a 95 % interval (`Estimate`).
    """
    return json.dumps([_document(finding, clip_ids) for finding in findings], indent=2, ensure_ascii=False)


def _document(finding: Finding, clip_ids: np.ndarray) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "class": finding.machine_type,
        "title": finding.title,
        "severity": finding.severity,
        "columns": list(finding.columns),
        "description": finding.description,
        "auc_lost_share": finding.auc_lost_share,
        "auc_lost_shares": dict(finding.auc_lost_shares),
        "auc_explained": dict(finding.auc_explained),
        "estimates": [asdict(one) for one in finding.estimates],
        "clip_ids": clip_ids[finding.rows].tolist(),
    }


def as_csv(findings: Sequence[Finding], clip_ids: np.ndarray) -> str:
    """
    Findings as CSV, one row per clip of each.

    Parameters
    ----------
    findings, clip_ids
        As in `as_json`.

    Returns
    -------
    str
        ``place`` counts the clips of a finding, worst first, from 1.
    """
    text = io.StringIO(newline="")
    names = ("finding", "rule", "class", "title", "severity", "auc_lost_share", "description", "place", "clip_id")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for number, finding in enumerate(findings, start=1):
        share = "" if finding.auc_lost_share is None else finding.auc_lost_share
        facts = (
            number,
            finding.rule,
            finding.machine_type,
            finding.title,
            finding.severity,
            share,
            finding.description,
        )
        writer.writerows([(*facts, place, clip) for place, clip in enumerate(clip_ids[finding.rows], start=1)])
    return text.getvalue()


def _in_all(found: Sequence[Together]) -> str:
    """What the findings that are printed say together."""
    if not found:
        return ""
    carried = " and ".join(f"{each.share:.0%} of the AUC that {each.model} loses" for each in found)
    beyond = ""
    for label, clips in (("normal", "normals"), ("anomaly", "anomalies")):
        shares = " and ".join(f"{each.explained_share(label):.0%}" for each in found)
        if any(each.explained_share(label) for each in found):
            first = f" Beyond what other clips cost, conditions of {clips} explain {shares} of it"
            beyond = f"{beyond}, those of {clips} {shares}" if beyond else first
    beyond += "." if beyond else ""
    return f"The clips of all findings below carry {carried}, counted once.{beyond}"


def print_findings(findings: Sequence[Finding], frame: pd.DataFrame, distances: Measured) -> None:
    """
    Print findings to stdout, worst first, each with its costliest clips, then SEP and DSUP of every embedding.

    Parameters
    ----------
    findings
        Those to print.
    frame
        Clip table that they were found in.
    distances
        By machine type and embedding.
    """
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = console_on("stdout", _WIDTH)
    clip_ids = frame["clip_id"].to_numpy()
    if said := _in_all(together(frame, findings)):
        console.print(Text(f"{said}\n"))
    for number, finding in enumerate(findings, start=1):
        share = "" if finding.auc_lost_share is None else f", {finding.auc_lost_share:.0%} of the AUC lost"
        if finding.auc_explained:
            share = f", {np.mean(list(finding.auc_explained.values())):.3f} AUC{share}"
        head = Text.assemble(f"{number:>2}  ", (finding.severity, _STYLES[finding.severity]), "  ")
        head.append(short(finding.title), "bold").append(f"  ({finding.rule}{share})", "dim")
        console.print(head)
        console.print(Padding(Text(short(finding.description, 2_000)), (0, 0, 0, 4)))
        console.print(Padding(Text(f"clips: {some(clip_ids[finding.rows], 3)}", "dim"), (0, 0, 1, 4)))
    if not findings:
        machine_types = dict.fromkeys(frame["class"])
        console.print(Text(f"Nothing found in {counted(len(frame), 'clip')} of {some(machine_types)}."))
    if not distances:
        return
    table = Table(box=None, pad_edge=False)
    for title in ("machine type", "embedding", "SEP", "95 %", "DSUP", "95 %"):
        table.add_column(title, justify="left" if title in ("machine type", "embedding") else "right")
    for (machine, name), measured in distances.items():
        cells = []
        for auc in (measured.sep, measured.dsup):
            cells += [f"{auc.value:.3f}", "{:.2f}–{:.2f}".format(*auc.interval)] if auc else ["–", ""]
        table.add_row(Text(short(machine)), Text(short(name)), *cells)
    console.print(table)
    console.print(
        "SEP: AUC of the distance to the source training normals for anomalies. DSUP: the same for target normals "
        "against source normals, 0.5 where the domains share support.",
        style="dim",
    )
