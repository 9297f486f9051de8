"""
How often a condition is found, by the size of its effect, the number of clips and the model; what is found in noise.

    uv run --group test python tests/benchmarks/power.py [TABLES]

Made-up normals of both domains with a place of eight and a speed of twelve values: some 90 values, ranges and
combinations to try. Some of one domain get a place of their own and cost more AUC (at most 1 each); counted is how
often `attribute_values` tells that place, and beside it how often a test of that place alone would, at the same level:
who does not know where to look cannot find more. Then noise: tables in which any rule tells anything, against the
levels that the rules declare. Printed are shares of TABLES tables (100).
"""

import contextlib
import io
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from dcase_explore.findings.chance import FAMILY
from dcase_explore.findings.dealing import probability
from dcase_explore.findings.rules import RULES
from dcase_explore.findings.rules.costly_conditions import DOMAIN, LEVELS, domains_of
from finding import NULLS, Made, blaming, conditioned, costs_at, told_of_normals

AUCS = (0.6, 0.75, 0.85, 0.9, 0.95)
EFFECTS = (0.1, 0.2, 0.3, 0.4)
SIZES = ((20, 100), (20, 200), (10, 100), (5, 100))


def found(auc: float, effect: float, planted: int, clips: int, tables: int) -> tuple[float, float]:
    """Shares of tables in which the planted place is told, and in which a test of it alone speaks."""
    told = alone = 0
    for seed in range(tables):
        rng = np.random.default_rng([seed, 1])
        table, costs = conditioned(rng, clips), costs_at(rng, auc, clips)
        rows = rng.choice(clips // 2, planted, replace=False)
        table.loc[rows, "d1v"] = "Z"
        costs[rows] = np.minimum(1, costs[rows] + effect)
        told += any(one.condition.name == "loc Z" for one in told_of_normals(table, costs))
        p = probability(costs, (table["d1v"] == "Z").to_numpy(), domains_of(table))
        alone += p <= LEVELS["normal"] * (1 - DOMAIN)
    return told / tables, alone / tables


def in_noise(tables: int) -> None:
    """What is told where nothing is planted, of one model."""
    for kind, options in NULLS.items():
        with contextlib.redirect_stderr(io.StringIO()):
            told = [blaming(Made(seed, models=("one",), **options).found()) for seed in range(tables)]
        rules = {rule.name: sum(rule.name in blamed for blamed in told) / tables for rule in RULES}
        some = ", ".join(f"{name} {share:.0%}" for name, share in rules.items() if share) or "nothing"
        print(f"{kind:<32} any rule {sum(map(bool, told)) / tables:.0%}: {some}", flush=True)


def main() -> None:
    """Print the curve, then noise."""
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    print(
        "clips that cost more, of how many; AUC; tables that tell it (a test of it alone), by how much more they cost"
    )
    print(f"{'':<24}" + "".join(f"{effect:>14.1f}" for effect in EFFECTS))
    for planted, clips in SIZES:
        for auc in AUCS:
            shares = [found(auc, effect, planted, clips, tables) for effect in EFFECTS]
            print(
                f"{planted:>4} of {clips}, AUC {auc:.2f}    "
                + "".join(f"{told:>6.0%} ({alone:>4.0%})" for told, alone in shares),
                flush=True,
            )
    levels = ", ".join(f"{rule.name} {rule.level:g}" for rule in RULES if rule.level)
    print(f"\nlevels: {levels}; together {sum(rule.level for rule in RULES):.3f} of {FAMILY}")
    in_noise(tables)


if __name__ == "__main__":
    main()
