"""Where nothing is planted nothing is found: each rule, and all of them together, against tables of noise."""

from collections import Counter

import pytest

from dcase_explore.findings.chance import FAMILY
from dcase_explore.findings.rule import MachineClips
from dcase_explore.findings.rules import RULES
from dcase_explore.findings.rules.costly_conditions import find_conditions
from finding import NULLS, Made, blaming

TABLES = 100


@pytest.fixture(scope="session")
def told_of_noise() -> dict[str, list[set[str]]]:
    """Rules that tell something, table by table, of each kind of null table: two models."""
    return {kind: [blaming(Made(seed, **options).found()) for seed in range(TABLES)] for kind, options in NULLS.items()}


def test_levels_of_all_rules_together_are_within_the_family() -> None:
    assert sum(rule.level for rule in RULES) <= FAMILY


@pytest.mark.parametrize("kind", NULLS)
def test_a_few_tables_of_noise_hold_nothing(kind: str) -> None:
    """The short form of what the long runs say."""
    told = [blaming(Made(seed, models=("one",), **NULLS[kind]).found()) for seed in range(100, 112)]
    assert sum(map(bool, told)) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
@pytest.mark.parametrize("kind", NULLS)
def test_no_rule_finds_anything_in_noise(told_of_noise: dict[str, list[set[str]]], kind: str, rule: str) -> None:
    """Fewer than 5 of 100 tables of noise have a finding of any one rule."""
    assert sum(rule in rules for rules in told_of_noise[kind]) < 0.05 * TABLES


@pytest.mark.slow
@pytest.mark.parametrize("kind", NULLS)
def test_all_rules_together_find_nothing_in_noise(told_of_noise: dict[str, list[set[str]]], kind: str) -> None:
    """Each of the two models may have its own family; what they share counts once."""
    counts = Counter(bool(rules) for rules in told_of_noise[kind])
    print(counts, Counter(rule for rules in told_of_noise[kind] for rule in rules))
    assert counts[True] <= 2 * FAMILY * TABLES


@pytest.mark.slow
@pytest.mark.parametrize("shift", [1.0, 1.5])
def test_where_the_domain_costs_its_attribute_values_are_not_blamed(shift: float) -> None:
    blamed = 0
    for seed in range(TABLES):
        made = Made(seed, skill=3.0, models=("one",), nested=True)
        made.scores["one"][made.rows(domain="target", split="test", label="normal")] += shift
        found = find_conditions(MachineClips.of(made.frame(), {}), "normal")
        blamed += any("target domain" not in finding.title for finding in found)
    assert blamed < 0.05 * TABLES
