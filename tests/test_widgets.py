"""Our widgets' modules by themselves, in the browser that will run them: the same numbers as Python's."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.special import stdtrit

from dcase_explore.enrich.logmel import N_FFT, mel_filters
from dcase_explore.facts import _definition as facts_definition
from dcase_explore.scoring.definitions import OF_2020, OF_2021, SINCE_2022, Definition
from dcase_explore.scoring.metrics import RANKING, harmonic_mean, section_metrics
from frontend import served_modules

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

METRICS = """async ([scores, anomalous, domains, own]) => {
  const { ascending, sectionMetrics } = await import("/metrics.js");
  const those = (wanted) => ascending(scores.filter((_, i) => wanted(anomalous[i], domains[i])));
  return sectionMetrics({
    normals: those((its) => !its), anomalies: those((its) => its),
    source: those((its, domain) => !its && domain === "source"),
    target: those((its, domain) => !its && domain === "target"),
    anomaliesOf: {
      source: those((its, domain) => its && domain === "source"),
      target: those((its, domain) => its && domain === "target"),
    },
  }, own);
}"""


@pytest.fixture(scope="module")
def modules(browser: "Browser") -> "Iterator[Page]":
    with served_modules() as address:
        page = browser.new_page()
        page.goto(f"{address}metrics.js")
        yield page
        page.close()


def in_page(modules: "Page", *arrays: np.ndarray, own: bool = False) -> dict[str, Any]:
    """Metrics of scores, which of them are anomalies, and domains."""
    found: dict[str, Any] = modules.evaluate(METRICS, [*(values.tolist() for values in arrays), own])
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
    own = seed % 2 == 0
    expected = section_metrics(scores, anomalous, domains, own_anomalies=own)
    found = in_page(modules, scores, anomalous, domains, own=own)
    for name in RANKING:
        if name in expected:
            assert found[name] == pytest.approx(expected[name], abs=1e-12), name
        else:
            assert found[name] is None, name


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.25, 1.0], [0.3, 0.0], [1 / 3] * 21])
def test_harmonic_mean(modules: "Page", values: list[float]) -> None:
    script = "async (values) => (await import('/metrics.js')).harmonicMean(values)"
    assert modules.evaluate(script, values) == pytest.approx(harmonic_mean(values), abs=1e-15)


def test_students_t_is_scipys(modules: "Page") -> None:
    freedom = [*range(1, 260), 1_000, 10_001]
    found = modules.evaluate(
        "async (each) => { const { student95 } = await import('/costs.js'); return each.map(student95); }", freedom
    )
    assert found == pytest.approx(stdtrit(freedom, 0.975), rel=1e-6)


def test_what_each_number_costs_is_told_the_costliest_first(modules: "Page") -> None:
    sections = [
        {"auc_source": 0.8, "auc_target": 0.3, "pauc": 0.6},
        {"auc_source": 0.7, "auc_target": None, "pauc": 0.5},
    ]
    found = modules.evaluate("async (its) => (await import('/metrics.js')).terms(its)", sections)
    assert [one["value"] for one in found] == [0.3, 0.5, 0.6, 0.7, 0.8]
    worst = found[0]
    assert (worst["section"], worst["name"], worst["median"]) == (0, "auc_target", pytest.approx(0.65))
    assert worst["omega"] == pytest.approx(harmonic_mean([0.8, 0.65, 0.6, 0.7, 0.5]), abs=1e-15)
    for few in ([{"auc_source": 0.8, "auc_target": None, "pauc": None}], [{"auc_source": None, "pauc": 0.5}]):
        given = [{"auc_target": None, "pauc": None, **section} for section in few]
        assert modules.evaluate("async (its) => (await import('/metrics.js')).terms(its)", given) == []


@pytest.mark.parametrize("definition", [SINCE_2022, OF_2021, OF_2020])
def test_the_official_score_is_that_of_the_year(modules: "Page", definition: Definition) -> None:
    rng = np.random.default_rng(3)
    sections = [
        {name: float(rng.uniform(0.3, 1)) if rng.random() < 0.8 else None for name in RANKING} for _ in range(12)
    ]
    by_machine: dict[str, list[dict[str, float]]] = {}
    for number, section in enumerate(sections):
        known = {name: value for name, value in section.items() if value is not None}
        by_machine.setdefault(f"machine {number % 4}", []).append(known)
        section["machine"] = f"machine {number % 4}"  # type: ignore[assignment]
    script = "async ([its, definition]) => (await import('/metrics.js')).officialScore(its, definition)"
    found = modules.evaluate(script, [sections, facts_definition(definition)])
    assert found == pytest.approx(definition.score(by_machine), abs=1e-12)


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


def test_the_log_mel_spectrogram_is_numpys(modules: "Page") -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, N_FFT // 2), N_FFT)[:: N_FFT // 4]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    expected = 10 * np.log10(np.maximum(power @ mel_filters().T, np.finfo(np.float32).eps))
    script = """async (samples) => {
      const found = (await import("/mel.js")).logMel(Float32Array.from(samples), 16000);
      return { ...found, decibel: Array.from(found.decibel) };
    }"""
    found = modules.evaluate(script, samples.tolist())
    assert found["frames"] == len(expected)
    assert found["step"] == 256 / 16_000
    np.testing.assert_allclose(np.reshape(found["decibel"], expected.shape), expected, atol=1e-3)


def test_the_best_lag_is_what_one_recording_was_moved_by(modules: "Page") -> None:
    rng = np.random.default_rng(1)
    loudness = np.repeat(rng.uniform(0.01, 0.5, 100), 800)  # which changes 20 times a second
    samples = rng.normal(size=80_000) * loudness
    script = """async ([one, other]) => {
      const { bestLag, logMel } = await import("/mel.js");
      return bestLag(logMel(Float32Array.from(one), 16000), logMel(Float32Array.from(other), 16000));
    }"""
    lag = modules.evaluate(script, [samples[:64_000].tolist(), samples[8_000:72_000].tolist()])
    assert lag == pytest.approx(0.5, abs=0.02)


def test_colours_grow_brighter_with_loudness(modules: "Page") -> None:
    ramp = np.reshape(
        modules.evaluate("async () => Array.from((await import('/painting.js')).RAMPS.loudness)"), (256, 3)
    )
    assert (np.diff(ramp @ [0.2126, 0.7152, 0.0722]) >= -0.5).all()


PLAYER = """async () => {
  const { Player } = await import("/player.js");
  const context = new OfflineAudioContext(1, 16000, 16000);
  const player = new Player(() => context);
  const tone = (hertz) => ({ rate: 16000, seconds: 1,
    samples: Float32Array.from({ length: 16000 }, (_, i) => Math.sin(2 * Math.PI * hertz * i / 16000)) });
  player.load([tone(400), tone(400)], [0.5, 0.5]);
  player.play();
  const started = player.graph.sources.length;
  context.suspend(0.5).then(() => { player.hear(1); context.resume(); });
  const sound = (await context.startRendering()).getChannelData(0);
  return { started, sources: player.graph.sources.length, sound: Array.from(sound) };
}"""


def test_switching_between_two_recordings_leaves_no_gap(modules: "Page") -> None:
    """The same tone in both: if the switch is a crossfade of two that run together, nothing is heard of it."""
    found = modules.evaluate(PLAYER)
    assert found["started"] == found["sources"] == 2  # none was started anew
    sound = np.array(found["sound"])[600:15_900].reshape(-1, 100)  # in pieces of two and a half periods
    loud = np.abs(sound).max(axis=1)
    assert loud.min() > 0.49 and loud.max() < 0.51
