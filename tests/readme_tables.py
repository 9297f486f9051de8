"""The README's tables, made of what is declared: ``python tests/readme_tables.py`` writes them anew."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args, get_origin

import typer

from dcase_explore.asking import declared
from dcase_explore.cli import app, main
from dcase_explore.columns import COLUMNS, KINDS
from dcase_explore.findings.rules import RULES
from dcase_explore.options import Options
from dcase_explore.sources import KINDS as SOURCES

README = Path(__file__).parents[1] / "README.md"


def sources() -> list[str]:
    rows = ["| you have | it looks so | you type |", "| --- | --- | --- |"]
    for kind in SOURCES:
        looks = kind.looks.replace("|", "\\|")
        rows.append(f"| {kind.name} | `{looks}` | `dcase-explore {kind.typed}` |")
    return rows


def rules() -> list[str]:
    rows = ["| rule | what it finds | when it speaks |", "| --- | --- | --- |"]
    return rows + [f"| `{rule.name}` | {rule.finds} | {rule.speaks} |" for rule in RULES]


def columns() -> list[str]:
    rows = ["| column | type | meaning |", "| --- | --- | --- |"]
    for column in COLUMNS:
        name = column.name.partition("<")[2].partition(">")[0]
        meaning = column.description.replace("{}", f"`<{name}>`").replace("|", "\\|")
        rows.append(f"| `{column.name}` | {KINDS[column.kind]} | {meaning} |")
    return rows


def options() -> list[str]:
    in_python = {one.name for one in declared(Options)}
    rows = ["| option | in Python | meaning |", "| --- | --- | --- |"]
    of_page = inspect.signature(main).parameters
    rows += [_option(one, f"`{one.name}`" if one.name in in_python else "") for one in of_page.values()]
    told = {_option(one, "") for one in of_page.values()}
    for command in app.registered_commands:
        assert command.callback is not None
        every = inspect.signature(command.callback).parameters.values()
        rows += [_option(one, "", f"{command.callback.__name__} ") for one in every if _option(one, "") not in told]
    return list(filter(None, rows))


def _option(parameter: inspect.Parameter, python: str, command: str = "") -> str:
    """Of one option; nothing of what is none."""
    if parameter.annotation is typer.Context:
        return ""
    kind, *said = get_args(parameter.annotation)
    if not isinstance(said[0], typer.models.OptionInfo):
        return ""
    flag = said[0].default if isinstance(said[0].default, str) else f"--{parameter.name.replace('_', '-')}"
    choices = next((one for one in (kind, *get_args(kind)) if get_origin(one) is Literal), None)
    is_flag = bool in (kind, *get_args(kind))
    value = said[0].metavar or "|".join(get_args(choices)) or ("" if is_flag else parameter.name.upper())
    off = f", `--no-{parameter.name}`" if is_flag and parameter.default is not False else ""
    cells = (f"`{command}{f'{flag} {value}'.strip()}`{off}", python, said[0].help)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


TABLES: tuple[Callable[[], list[str]], ...] = (sources, rules, columns, options)


def with_tables(text: str) -> str:
    """The README's text with every table as it is made now."""
    for table in TABLES:
        start, end = (
            f"<!-- {mark} -->\n"
            for mark in (f"{table.__name__}: made by tests/readme_tables.py", f"end of {table.__name__}")
        )
        assert text.count(start) == text.count(end) == 1
        before, rest = text.split(start)
        text = before + start + "".join(f"{row}\n" for row in table()) + end + rest.split(end)[1]
    return text


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text()))
