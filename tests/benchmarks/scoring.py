"""
What scoring costs, beside scikit-learn computing the same metrics section by section.

    uv run --group test python tests/benchmarks/scoring.py

Prints the median of seven rounds, the two taking turns. Made-up scores; the number of clips and sections is the 2023
development set's, and one of 100,000 clips. Costs, decisions and the table itself are in our time, not in the peer's.
"""

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

from dcase_explore import clips
from dcase_explore.columns import DOMAINS, MACHINE_TYPES
from dcase_explore.scoring import score

ROUNDS = 7


def made_up(n_clips: int, n_models: int = 2) -> pd.DataFrame:
    """Clip table of so many test clips of seven machine types, with decisions."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"class": np.resize(MACHINE_TYPES[:7], n_clips), "split": "test", "section": 0})
    frame["clip_id"] = [f"test/{machine}_{row}" for row, machine in enumerate(frame["class"])]
    frame["label"] = np.where(rng.random(n_clips) < 0.5, "normal", "anomaly")
    frame["domain"] = np.where(rng.random(n_clips) < 0.5, *DOMAINS)
    for model in range(n_models):
        scores = rng.normal(size=n_clips) + 0.5 * (frame["label"] == "anomaly")
        frame[f"anomaly_score_model{model}"] = scores
        frame[f"prediction_model{model}"] = np.where(scores > 0.5, "anomaly", "normal")
    return clips.conform(frame)


def with_scikit_learn(frame: pd.DataFrame, n_models: int = 2) -> None:
    """The same metrics, each by its function."""
    for model in range(n_models):
        for _, rows in frame.groupby("class", observed=True):
            truth, scores = rows["label"] == "anomaly", rows[f"anomaly_score_model{model}"]
            called = rows[f"prediction_model{model}"] == "anomaly"
            roc_auc_score(truth, scores)
            roc_auc_score(truth, scores, max_fpr=0.1)
            for domain in DOMAINS:
                within = rows["domain"] == domain
                roc_auc_score(truth[within | truth], scores[within | truth])
                roc_auc_score(truth[within], scores[within], max_fpr=0.1)
                precision_recall_fscore_support(truth[within], called[within], average="binary", zero_division=0)


def seconds(call: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Time both on both sizes."""
    for n_clips in (1_400, 100_000):
        frame = made_up(n_clips)
        score(frame), with_scikit_learn(frame)  # imports and caches are not what is measured
        rounds = [
            (seconds(lambda f=frame: score(f)), seconds(lambda f=frame: with_scikit_learn(f))) for _ in range(ROUNDS)
        ]
        ours, peer = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(
            f"{n_clips:>7,} clips x 2 models: score() {ours:.3f} s, scikit-learn {peer:.3f} s, ratio {ours / peer:.2f}"
        )
    print(f"Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
