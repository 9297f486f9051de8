"""A report to test: read as people see it."""

from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup, Tag


@dataclass(frozen=True)
class Read:
    """A report's file, parsed."""

    content: bytes
    soup: BeautifulSoup

    @staticmethod
    def of(file: Path) -> "Read":
        content = file.read_bytes()
        return Read(content, BeautifulSoup(content, "html.parser"))

    @property
    def text(self) -> str:
        """All that is written in it."""
        return " ".join(self.soup.get_text(" ").split())

    def chapter(self, anchor: str) -> str:
        """What is written in one chapter; empty where there is none."""
        found = self.soup.find(id=anchor)
        return "" if found is None else " ".join(found.get_text(" ").split())

    def rows(self, caption: str) -> list[list[str]]:
        """Cells of the table of that caption, the spanning first ones repeated."""
        table = next(one for one in self.soup.find_all("table") if caption in one.find("caption").get_text())
        found = []
        first = ""
        for row in table.select("tbody tr"):
            cells = [_shown(cell) for cell in row.find_all(["th", "td"], recursive=False)]
            if row.find("th") is not None:
                first, *cells = cells
            found.append([first, *cells])
        return found


def _shown(cell: Tag) -> str:
    """A cell's number, without the interval and the mark beside it."""
    return "".join(text for text in cell.find_all(string=True, recursive=False)) or cell.get_text()
