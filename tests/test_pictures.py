"""The pictures of the README: they are there, they are of curated layouts, and they can be taken again."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from dcase_explore.layouts.curated import curated_folder, curated_names
from dcase_explore.options import Options
from take_pictures import in_readme, picture
from widgets_page import shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_pictures_are_those_that_the_readme_shows() -> None:
    assert in_readme()
    assert set(in_readme()) <= set(curated_names())
    assert {file.stem for file in curated_folder().glob("*.png")} == set(in_readme())


@pytest.mark.browser
def test_a_picture_is_taken_of_what_the_page_shows(browser: "Browser", recordings: Path) -> None:
    with shown(Options(data=[str(recordings)], class_name=["valve"], layout="extended")) as (server, _):
        seen = picture(browser, server.url)
    assert seen.size == (1440, 900)
    colours = np.asarray(seen.convert("RGB")).reshape(-1, 3)
    assert len(np.unique(colours, axis=0)) > 50, "a page with something in it"
