"""The README's table of options, made of the command line: ``python tests/options_table.py`` writes it anew."""

import inspect
import re
from pathlib import Path
from typing import Literal, get_args, get_origin

import typer

from dcase_explore.asking import declared
from dcase_explore.cli import app, main
from dcase_explore.options import Options

README = Path(__file__).parents[1] / "README.md"
TABLE = re.compile(r"(?<=<!-- options: made by tests/options_table.py -->\n).*?(?=<!-- end of options -->)", re.DOTALL)


def table() -> str:
    in_python = {one.name for one in declared(Options)}
    rows = ["| option | in Python | meaning |", "| --- | --- | --- |"]
    of_page = inspect.signature(main).parameters
    rows += [row(one, f"`{one.name}`" if one.name in in_python else "") for one in of_page.values()]
    told = {row(one, "") for one in of_page.values()}
    for command in app.registered_commands:
        assert command.callback is not None
        every = inspect.signature(command.callback).parameters.values()
        rows += [row(one, "", f"{command.callback.__name__} ") for one in every if row(one, "") not in told]
    return "\n".join(filter(None, rows)) + "\n"


def row(parameter: inspect.Parameter, python: str, command: str = "") -> str:
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


if __name__ == "__main__":
    README.write_text(TABLE.sub(lambda _: table(), README.read_text()))
