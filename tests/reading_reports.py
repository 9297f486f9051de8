"""A report to test: of recordings made on the spot and a model that gets them wrong; read as people see it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from bs4 import BeautifulSoup, Tag

RATE = 16_000


def make_valves(folder: Path) -> Path:
    """Write valves of a second each: 8 normals to train with, 12 of each class to test."""
    for split, label, count in (("train", "normal", 8), ("test", "normal", 12), ("test", "anomaly", 12)):
        for number in range(count):
            noise = np.random.default_rng([len(split), len(label), number]).normal(0, 0.02, RATE)
            tone = 0.1 * np.sin(2 * np.pi * (3000 if label == "anomaly" else 300) * np.arange(RATE) / RATE)
            domain = "target" if number % 2 else "source"
            path = folder / "valve" / split / f"section_00_{domain}_{split}_{label}_{number:04d}_pat_00.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, noise + tone, RATE)
    return folder


def reversed_scores(folder: Path) -> dict[str, float]:
    """Higher for normals, so that there is something to find."""
    clips = sorted((folder / "valve" / "test").glob("*.wav"))
    return {clip.name: ("normal" in clip.name) + number / 100 for number, clip in enumerate(clips)}


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
