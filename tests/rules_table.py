"""
The README's table of what is looked for, made of what the rules declare.

    uv run python tests/rules_table.py
"""

from pathlib import Path

from dcase_explore.findings.rules import RULES

README = Path(__file__).parents[1] / "README.md"
START, END = "<!-- rules: made by tests/rules_table.py -->", "<!-- end of rules -->"


def table() -> str:
    """Markdown, one line per rule."""
    lines = ["| rule | what it finds | when it speaks |", "| --- | --- | --- |"]
    lines += [f"| `{rule.name}` | {rule.finds} | {rule.speaks} |" for rule in RULES]
    return "\n".join([START, *lines, END])


def main() -> None:
    """Put the table into the README."""
    text = README.read_text()
    before, rest = text.split(START)
    README.write_text(before + table() + rest.split(END)[1])


if __name__ == "__main__":
    main()
