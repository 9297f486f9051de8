"""The README's table of what can be opened, made of the kinds of sources: ``python tests/sources_table.py``."""

import re
from pathlib import Path

from dcase_explore.sources import KINDS

README = Path(__file__).parents[1] / "README.md"
TABLE = re.compile(r"(?<=<!-- sources: made by tests/sources_table.py -->\n).*?(?=<!-- end of sources -->)", re.DOTALL)


def table() -> str:
    rows = ["| you have | it looks so | you type |", "| --- | --- | --- |"]
    for kind in KINDS:
        looks = kind.looks.replace("|", "\\|")
        rows.append(f"| {kind.name} | `{looks}` | `dcase-explore {kind.typed}` |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    README.write_text(TABLE.sub(lambda _: table(), README.read_text()))
