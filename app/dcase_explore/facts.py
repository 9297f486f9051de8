"""What our widgets in the page are told that the page's table does not carry, as JSON has it."""

from typing import Any

import numpy as np

from dcase_explore.column_names import in_words, members
from dcase_explore.exploration import Exploration
from dcase_explore.findings import not_looked_for
from dcase_explore.findings.distances import Auc
from dcase_explore.findings.finding import Finding
from dcase_explore.scoring.definitions import Definition
from dcase_explore.scoring.interval_tables import as_document


def facts_of(exploration: Exploration) -> dict[str, Any]:
    """
    What the widgets need to know of an exploration.

    Parameters
    ----------
    exploration
        What is shown.

    Returns
    -------
    dict
        ``exact``: values by column of the scores that the page's single precision would tie. ``findings``: all of them,
        worst first, their rows as positions in the table; ``auc_lost_share`` as `Finding` has it. ``definitions`` of
        the official score that counts, by model. ``not_looked_for``: parts of a sentence. ``separation``: SEP and DSUP
        with their 95 % intervals by machine type and embedding. ``words``: what each column is called.
    """
    frame = exploration.frame
    columns = [f"anomaly_score_{model}" for model in members(frame.columns, "anomaly_score_<score>")]
    return {
        "exact": {name: _listed(frame[name].to_numpy()) for name in columns if frame[name].dtype == np.float64},
        "findings": [_finding(finding) for finding in exploration.findings],
        "definitions": {model.model: _definition(model.definition) for model in exploration.models},
        "not_looked_for": not_looked_for(frame) if exploration.looked else ["anything yet: that takes a while"],
        "separation": [
            {"class": machine, "embedding": name, "sep": _auc(measured.sep), "dsup": _auc(measured.dsup)}
            for (machine, name), measured in exploration.distances.items()
        ],
        "words": in_words(map(str, frame.columns)),
    }


def intervals_of(exploration: Exploration) -> dict[str, Any]:
    """
    How sure the official scores are.

    Parameters
    ----------
    exploration
        What is shown.

    Returns
    -------
    dict
        `dcase_explore.scoring.interval_tables.as_document`; empty where a part of the clips is shown, for which the
        page computes other scores.
    """
    return as_document(exploration.intervals) if exploration.models and exploration.is_whole else {}


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "class": finding.machine_type,
        "title": finding.title,
        "severity": finding.severity,
        "description": finding.description,
        "auc_lost_share": finding.auc_lost_share,
        "auc_lost_shares": dict(finding.auc_lost_shares),
        "rows": finding.rows.tolist(),
    }


def _definition(definition: Definition) -> dict[str, Any]:
    return {
        "symbol": definition.symbol,
        "numbers": list(definition.numbers),
        "own_anomalies": definition.own_anomalies,
        "has_domains": definition.has_domains,
    }


def _auc(auc: Auc | None) -> dict[str, Any] | None:
    return None if auc is None else {"value": auc.value, "interval": _listed(np.array(auc.interval))}


def _listed(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]
