"""What README and notebooks quote of a command is what it prints of the real run today."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import nbformat
import pytest

from commands import run

ROOT = Path(__file__).parents[1]
RESULTS = "path/to/results"
"""In the place of the real run's folder."""
QUOTED = re.compile(r"^( *)\$ dcase-explore (.+)\n((?:\1.*\n|[ \t]*\n)*?)(?=\1```|\1?\S|\Z)", re.MULTILINE)


def quotes() -> Iterator[tuple[str, str, str]]:
    """Where, the command's arguments, and what it is said to print."""
    texts = {"README.md": (ROOT / "README.md").read_text()}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        texts[path.name] = "\n\n".join(f"{cell.source}\n" for cell in cells if cell.cell_type == "markdown")
    for name, text in texts.items():
        lines = iter(text.splitlines())
        for line in lines:
            if not line.lstrip().startswith("$ dcase-explore "):
                continue
            indent, told = len(line) - len(line.lstrip()), []
            for said in lines:
                if said.strip() == "```" or (said.strip() and len(said) - len(said.lstrip()) < indent):
                    break
                told.append(said)
            yield name, line.strip().removeprefix("$ dcase-explore "), "\n".join(told)


QUOTES = list(quotes())


@lru_cache
def printed(arguments: str, results: Path) -> str:
    """All that the command prints, in one line."""
    result = run(*(str(results) if one == RESULTS else one for one in arguments.split()))
    assert result.returncode == 0, result.stderr
    return " ".join(result.stdout.split())


def test_both_quote_the_real_run() -> None:
    assert {name for name, *_ in QUOTES} >= {"README.md", "findings.ipynb"}
    assert len(QUOTES) >= 6
    assert all(len(re.findall(r"\d\.\d", told)) >= 3 for *_, told in QUOTES)


@pytest.mark.parametrize(
    ("name", "arguments", "told"), QUOTES, ids=[f"{name} {number}" for number, (name, *_) in enumerate(QUOTES)]
)
def test_what_is_quoted_is_what_is_printed(name: str, arguments: str, told: str, real_scores: Path) -> None:
    found, place = printed(arguments, real_scores), 0
    # An ellipsis stands for anything between, and so does the end of a quoted line that begins another finding.
    for piece in re.split(r"…|\n(?=[\w ]*: |For )", told):
        words = " ".join(piece.split())
        there = found.find(words, place)
        assert there >= 0, f"{name}: {words!r} is not what dcase-explore {arguments} prints"
        place = there + len(words)
