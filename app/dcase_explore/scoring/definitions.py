"""The challenge's official score by the years that defined it anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dcase_explore.errors import ExploreError
from dcase_explore.scoring.metrics import harmonic_mean

YEARS = tuple(range(2020, 2027))


@dataclass(frozen=True)
class Definition:
    """
    One definition of the official score.

    Attributes
    ----------
    name
        ``"since 2022"``, ``"of 2021"``, ``"of 2020"``.
    symbol
        What the number is called.
    year
        Named beside the number; None for today's.
    sentence
        How it is computed.
    numbers
        Metrics of each section that it is made of.
    own_anomalies
        Whether the AUC of a domain ranks its normals against its own anomalies, instead of all.
    """

    name: str
    symbol: str
    year: int | None
    sentence: str
    numbers: tuple[str, ...]
    own_anomalies: bool = False

    @property
    def told(self) -> str:
        """Name and sentence."""
        return f"{self.name}: {self.sentence}"

    @property
    def has_domains(self) -> bool:
        """Whether it tells the domains apart."""
        return "auc" not in self.numbers

    def brief(self, score: float) -> str:
        """A score in a line: ``"Ω 0.5806 (2021)"``."""
        return f"{self.symbol} {score:.4f}" + (f" ({self.year})" if self.year else "")

    def score(self, metrics: Mapping[str, Sequence[Mapping[str, float]]]) -> float | None:
        """
        The official score.

        Parameters
        ----------
        metrics
            Of each section of each machine type; see `dcase_explore.scoring.metrics.METRICS`.

        Returns
        -------
        float or None
            0 to 1, over the numbers that are defined; None where the domain of no clip is known to a definition that
            tells them apart, for pAUC alone is another number.
        """
        rows = [row for sections in metrics.values() for row in sections]
        if not any(name in row for row in rows for name in self.numbers if name.startswith("auc")):
            return None
        if self.has_domains:
            return harmonic_mean([row[name] for row in rows for name in self.numbers if name in row])
        by_machine = [
            _mean(found)
            for sections in metrics.values()
            for name in self.numbers
            if (found := [row[name] for row in sections if name in row])
        ]
        return _mean(by_machine)


SINCE_2022 = Definition(
    "since 2022",
    "Ω",
    None,
    "harmonic mean of AUC (source), AUC (target) and pAUC over all machine types and sections, "
    "the normals of each domain against all anomalies",
    ("auc_source", "auc_target", "pauc"),
)
OF_2021 = Definition(
    "of 2021",
    "Ω",
    2021,
    "harmonic mean of AUC and pAUC over all machine types, sections and domains, "
    "the normals of each domain against its own anomalies",
    ("auc_source", "auc_target", "pauc_source", "pauc_target"),
    own_anomalies=True,
)
OF_2020 = Definition(
    "of 2020",
    "mean of AUC and pAUC",
    2020,
    "arithmetic mean over machine ids of AUC and of pAUC, per machine type; the one number is the mean of these",
    ("auc", "pauc"),
)


def definition_of(year: int | str) -> Definition:
    """
    The definition that counted in a year.

    Parameters
    ----------
    year
        Of the challenge.

    Returns
    -------
    Definition
        `SINCE_2022` for that year and all later ones.

    Raises
    ------
    ExploreError
        When there was no such challenge.
    """
    if str(year) not in map(str, YEARS):
        raise ExploreError(f"there is no year {year} of this challenge: give one of {YEARS[0]} to {YEARS[-1]}")
    return {2020: OF_2020, 2021: OF_2021}.get(int(year), SINCE_2022)


def _mean(numbers: Sequence[float]) -> float:
    return sum(numbers) / len(numbers)
