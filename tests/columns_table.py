"""The README's table of columns, made of the contract: ``python tests/columns_table.py`` writes it anew."""

import re
from pathlib import Path

from dcase_explore.columns import COLUMNS, KINDS

README = Path(__file__).parents[1] / "README.md"
TABLE = re.compile(r"(?<=<!-- columns: made by tests/columns_table.py -->\n).*?(?=<!-- end of columns -->)", re.DOTALL)


def table() -> str:
    rows = ["| column | type | meaning |", "| --- | --- | --- |"]
    for column in COLUMNS:
        name = column.name.partition("<")[2].partition(">")[0]
        meaning = column.description.replace("{}", f"`<{name}>`").replace("|", "\\|")
        rows.append(f"| `{column.name}` | {KINDS[column.kind]} | {meaning} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    README.write_text(TABLE.sub(lambda _: table(), README.read_text()))
