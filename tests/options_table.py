"""The README's table of options, made of the command line: ``python tests/options_table.py`` writes it anew."""

import inspect
import re
from pathlib import Path
from typing import Literal, get_args, get_origin

import typer

from dcase_explore.asking import declared
from dcase_explore.cli import main
from dcase_explore.options import Options

README = Path(__file__).parents[1] / "README.md"
TABLE = re.compile(r"(?<=<!-- options: made by tests/options_table.py -->\n).*?(?=<!-- end of options -->)", re.DOTALL)


def table() -> str:
    in_python = {one.name for one in declared(Options)}
    rows = ["| option | in Python | meaning |", "| --- | --- | --- |"]
    for parameter in inspect.signature(main).parameters.values():
        if parameter.annotation is typer.Context:
            continue
        kind, *said = get_args(parameter.annotation)
        flag = said[0].default if isinstance(said[0].default, str) else f"--{parameter.name.replace('_', '-')}"
        choices = next((one for one in (kind, *get_args(kind)) if get_origin(one) is Literal), None)
        value = said[0].metavar or "|".join(get_args(choices)) or ("" if kind is bool else parameter.name.upper())
        python = f"`{parameter.name}`" if parameter.name in in_python else ""
        off = f", `--no-{parameter.name}`" if kind is bool and parameter.default else ""
        cells = (f"`{f'{flag} {value}'.strip()}`{off}", python, said[0].help)
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    README.write_text(TABLE.sub(lambda _: table(), README.read_text()))
