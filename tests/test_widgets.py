"""Our widgets' modules by themselves, in the browser that will run them: the same numbers as Python's."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dcase_explore.scoring.metrics import harmonic_mean, section_metrics
from frontend import served_modules

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

METRICS = """async ([scores, anomalous, domains]) => {
  const { ascending, sectionMetrics } = await import("/metrics.js");
  const those = (wanted) => ascending(scores.filter((_, i) => wanted(anomalous[i], domains[i])));
  return sectionMetrics({
    normals: those((its) => !its), anomalies: those((its) => its),
    source: those((its, domain) => !its && domain === "source"),
    target: those((its, domain) => !its && domain === "target"),
  });
}"""


@pytest.fixture(scope="module")
def modules(browser: "Browser") -> "Iterator[Page]":
    with served_modules() as address:
        page = browser.new_page()
        page.goto(f"{address}metrics.js")
        yield page
        page.close()


def in_page(modules: "Page", scores: np.ndarray, anomalous: np.ndarray, domains: np.ndarray) -> dict[str, Any]:
    found: dict[str, Any] = modules.evaluate(METRICS, [scores.tolist(), anomalous.tolist(), domains.tolist()])
    return found


@pytest.mark.parametrize("seed", range(12))
def test_metrics_are_pythons(modules: "Page", seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 400))
    scores = rng.normal(size=n)
    if seed % 3 == 0:
        scores = np.round(scores)  # many ties
    if seed % 3 == 1:
        scores = scores * 1e-12 + 1  # near each other, apart only in double precision
    anomalous, domains = rng.random(n) < rng.random(), rng.choice(["source", "target", "?"], n)
    expected = section_metrics(scores, anomalous, domains)
    found = in_page(modules, scores, anomalous, domains)
    for name in ("auc", "auc_source", "auc_target", "pauc"):
        if name in expected:
            assert found[name] == pytest.approx(expected[name], abs=1e-12), name
        else:
            assert found[name] is None, name


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.25, 1.0], [0.3, 0.0], [1 / 3] * 21])
def test_harmonic_mean(modules: "Page", values: list[float]) -> None:
    script = "async (values) => (await import('/metrics.js')).harmonicMean(values)"
    assert modules.evaluate(script, values) == pytest.approx(harmonic_mean(values), abs=1e-15)


def test_the_worst_number_and_what_the_score_would_be_without_it(modules: "Page") -> None:
    sections = [
        {"auc_source": 0.8, "auc_target": 0.3, "pauc": 0.6},
        {"auc_source": 0.7, "auc_target": None, "pauc": 0.5},
    ]
    worst = modules.evaluate("async (its) => (await import('/metrics.js')).worst(its)", sections)
    assert (worst["section"], worst["name"], worst["value"], worst["median"]) == (0, "auc_target", 0.3, 0.6)
    assert worst["omega"] == pytest.approx(harmonic_mean([0.8, 0.6, 0.6, 0.7, 0.5]), abs=1e-15)


def test_no_official_score_without_domains(modules: "Page") -> None:
    sections = [{"auc_source": None, "auc_target": None, "pauc": 0.6}]
    script = "async (its) => (await import('/metrics.js')).officialScore(its)"
    assert modules.evaluate(script, sections) is None


@pytest.mark.parametrize("threshold", [-1.0, 0.0, 0.5, 1.0, 2.0])
def test_decisions_at_a_threshold(modules: "Page", threshold: float) -> None:
    scores = np.array([0.0, 0.5, 0.5, 1.0, 0.0, 0.5, 1.0, 2.0])
    anomalous = np.repeat([False, True], 4)
    expected = section_metrics(scores, anomalous, np.full(8, "source"), (scores > threshold).astype(float))
    found = modules.evaluate(
        """async ([normals, anomalies, threshold]) => {
          const { ascending, decided } = await import("/metrics.js");
          return decided(ascending(normals), ascending(anomalies), threshold);
        }""",
        [scores[:4].tolist(), scores[4:].tolist(), threshold],
    )
    assert {name: found[name] for name in ("precision", "recall", "f1")} == {
        name: expected[f"{name}_source"] for name in ("precision", "recall", "f1")
    }
    assert found["falseAlarms"] == int((scores[:4] > threshold).sum())
