"""Made-up clip tables whose findings are known: noise, and what is planted in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from dcase_explore import clips
from dcase_explore.findings import Found, find
from dcase_explore.findings.rules.costly_conditions import LEVELS, told_by_model
from dcase_explore.findings.search import Told
from dcase_explore.scoring import score

N_TRAIN, N_TEST = 60, 50
"""Source training normals, and clips of each domain and label in the test split, as the 2023 data have them."""
DIMENSIONS = 24


@dataclass
class Made:
    """
    A made-up machine type: facts, two models' scores, one embedding; nothing in it but what is planted.

    ``skill`` is by how many standard deviations anomalies score higher than normals; ``common`` is noise that the
    models share, in the same unit; with ``nested`` each attribute value belongs to one domain.
    """

    seed: int = 0
    skill: float = 0.0
    models: tuple[str, ...] = ("one", "two")
    machine: str = "valve"
    common: float = 0.0
    nested: bool = False
    facts: pd.DataFrame = field(init=False)
    scores: dict[str, np.ndarray] = field(init=False)
    vectors: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng([self.seed, 7])
        rows = [("train", "source", "normal")] * N_TRAIN + [("train", "target", "normal")] * 3
        rows += [
            ("test", domain, label)
            for domain in ("source", "target")
            for label in ("normal", "anomaly")
            for _ in range(N_TEST)
        ]
        split, domain, label = (np.array(values) for values in zip(*rows, strict=True))
        # Values that both domains have, so that an attribute is not the domain by another name.
        attributes = {
            f"d{number}v": self.rng.choice(list(values), len(rows))
            for number, values in enumerate(("ABCDEFGH", "123456"), 1)
        }
        if self.nested:
            attributes["d1v"] = np.where(domain == "target", np.char.add("T", attributes["d1v"]), attributes["d1v"])
        names = [
            f"section_00_{its_domain}_{its_split}_{its_label}_{row:04d}_loc_{loc}_vel_{vel}.wav"
            for row, (its_split, its_domain, its_label, loc, vel) in enumerate(
                zip(split, domain, label, *attributes.values(), strict=True)
            )
        ]
        self.facts = clips.facts_from_names([self.machine] * len(rows), names, list(split))
        shift = np.where(label == "anomaly", self.skill, 0.0)
        shift += self.common * self.rng.normal(size=len(rows))
        self.scores = {model: self.rng.normal(size=len(rows)) + shift for model in self.models}
        self.vectors = self.rng.normal(size=(len(rows), DIMENSIONS)).astype(np.float32)

    def rows(self, **facts: str) -> np.ndarray:
        """Positions of the clips of which all of this holds."""
        keep = np.ones(len(self.facts), bool)
        for column, value in facts.items():
            keep &= (self.facts[column] == value).to_numpy()
        return np.flatnonzero(keep)

    def frame(self) -> pd.DataFrame:
        """Scored clip table; only test clips have scores, so that no threshold decides."""
        test = (self.facts["split"] == "test").to_numpy()
        scores = {f"anomaly_score_{model}": np.where(test, values, np.nan) for model, values in self.scores.items()}
        vectors = pd.Series(list(self.vectors), dtype=object)
        table = self.facts.assign(**scores, embeddings_mine=vectors)
        return score(clips.conform(table.assign(attributes=clips.attributes_in_words(table)))).frame

    def found(self) -> Found:
        """What is found in it."""
        return find(self.frame())


NULLS: dict[str, dict[str, Any]] = {
    "scores without meaning": {},
    "scores of one meaningless noise": {"common": 1.5},
    "good scores": {"skill": 4.0},
    "attributes of one domain each": {"nested": True},
}
"""Kinds of tables in which nothing is planted."""


def blaming(found: Found) -> set[str]:
    """Rules of the findings that blame clips; that scores without meaning are no better than chance is true."""
    return {finding.rule for finding in found.findings if "clearly better than chance" not in finding.title}


def conditioned(rng: np.random.Generator, n: int = 100) -> pd.DataFrame:
    """Test normals of both domains with a place (A to H) and a speed (5 to 27), drawn independently."""
    return pd.DataFrame(
        {
            "domain": np.repeat(["source", "target"], n // 2),
            "d1p": "loc",
            "d1v": rng.choice(list("ABCDEFGH"), n),
            "d2p": "vel",
            "d2v": rng.choice([str(speed) for speed in range(5, 29, 2)], n),
        }
    )


def costs_at(rng: np.random.Generator, auc: float, n: int = 100) -> np.ndarray:
    """AUC costs of normals of a model with such an AUC: both classes normally distributed, 100 anomalies."""
    anomalies = np.sort(rng.normal(stats.norm.ppf(auc) * np.sqrt(2), 1, 100))
    return np.searchsorted(anomalies, rng.normal(size=n)) / 100


def told_of_normals(clips: pd.DataFrame, costs: np.ndarray) -> list[Told]:
    """What is told of normals with such costs."""
    scored = clips.assign(auc_cost_one=costs)
    return told_by_model(scored, ["one"], LEVELS["normal"])["one"]


def of_rule(found: Found, rule: str) -> list[Mapping[str, object]]:
    """Title, clips and severity of what one rule found, in order."""
    return [
        {
            "title": finding.title,
            "rows": finding.rows.tolist(),
            "severity": finding.severity,
            "why": finding.description,
        }
        for finding in found.findings
        if finding.rule == rule
    ]
