"""The rules, one job a file: a new one is a file here that declares its `RULES`, and a test."""

from importlib import import_module
from pkgutil import iter_modules

from dcase_explore.findings.rule import Rule

RULES: tuple[Rule, ...] = tuple(
    rule
    for module in sorted(iter_modules(__path__), key=lambda module: module.name)
    for rule in import_module(f"{__name__}.{module.name}").RULES
)
"""All that is looked for, in the order of the files."""
