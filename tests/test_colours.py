"""One set of colours: in the page's widgets, in the report, in Python for the notebooks."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from dcase_explore import reporting
from dcase_explore.colours import COLOURS, MODEL_COLOURS
from frontend import FRONTEND

SEEN_BY = {
    "most": np.eye(3),
    # Machado, Oliveira and Fernandes 2009: linear RGB as it looks to people who lack a kind of cones.
    "protanopes": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopes": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopes": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> np.ndarray:
    red_green_blue = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    return np.where(red_green_blue <= 0.04045, red_green_blue / 12.92, ((red_green_blue + 0.055) / 1.055) ** 2.4)


def lab(colour: str, seen_by: str) -> np.ndarray:
    """CIELAB, in which a distance of 2 is just seen."""
    xyz = TO_XYZ @ np.clip(np.array(SEEN_BY[seen_by]) @ linear(colour), 0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_colours_are_the_same_everywhere() -> None:
    widgets = dict(re.findall(r'([A-Z]+) = "(#\w{6})"', (FRONTEND / "colours.js").read_text()))
    assert {name.lower(): colour for name, colour in widgets.items()}.items() >= COLOURS.items()
    (models,) = re.findall(r"MODEL_COLOURS = \[(.*)\];", (FRONTEND / "bars.js").read_text())
    assert tuple(re.findall(r"#\w{6}", models)) == MODEL_COLOURS
    report = dict(re.findall(r"--(\w+): (#\w{6});", (Path(reporting.__file__).parent / "page.css").read_text()))
    assert report.items() >= COLOURS.items()


@pytest.mark.parametrize("seen_by", SEEN_BY)
def test_labels_and_domains_are_told_apart_by_everybody(seen_by: str) -> None:
    for one, other in itertools.combinations(COLOURS, 2):
        apart = np.linalg.norm(lab(COLOURS[one], seen_by) - lab(COLOURS[other], seen_by))
        assert apart > 20, (one, other)


def test_domains_are_read_on_the_pages_ground() -> None:
    for name in ("source", "target"):
        assert 1.03 / (linear(COLOURS[name]) @ TO_XYZ[1] + 0.05) > 3, name
