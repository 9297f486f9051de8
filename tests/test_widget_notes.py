"""Notes written in the page: at once in their file, and in the table."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from conftest import FLAGS, chromium
from dcase_explore.notes.files import Note, read_notes
from widgets_page import filtered, layout_file

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

LENS = {"view": "dcase.note", "columns": ["clip_id"], "name": "Note", "key": "note"}
INSPECTOR = {"type": "inspector", "config": {"visibleColumns": 1, "views": [LENS]}}
NOTE = "globalThis.spotlight.useDataset.getState().columnData.note[7]"
TEXT = "rattles <b>loudly</b>, \u202ebidi\u202c and 'quotes'"


@contextmanager
def program(data: Path, layout: str, notes: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program as it is started from a shell, and its address; killed at the end, if it was not before."""
    command = [sys.executable, "-m", "dcase_explore", "--data", str(data), "--layout", layout, "--no-browser"]
    with subprocess.Popen([*command, "--notes", str(notes)], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = next(found[0] for line in process.stderr if (found := re.search(r"http://\S+", line)))
        try:
            yield process, url
        finally:
            process.kill()


def opened(browser: "Browser", url: str, row: int) -> "Page":
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url)
    page.wait_for_function("() => location.hash.includes('layout=')")
    page.evaluate("(row) => globalThis.spotlight.useDataset.getState().selectRows([row])", row)
    page.get_by_role("group", name="Tag").wait_for()
    return page


def killed(process: psutil.Process) -> None:
    """End a process without a word."""
    process.kill()
    psutil.wait_procs([process], timeout=30)


@contextmanager
def browser_of_its_own(browser: "Browser") -> "Iterator[tuple[Browser, psutil.Process]]":
    """Another browser, and its first process."""
    before = set(psutil.Process().children(recursive=True))
    own = browser.browser_type.launch(executable_path=chromium(), args=FLAGS)
    new = [its for its in psutil.Process().children(recursive=True) if its not in before]
    (first,) = (its for its in new if its.parent() not in new)
    try:
        yield own, first
    finally:
        own.close()


def test_a_note_survives_the_death_of_browser_and_program(
    browser: "Browser", real_scores: Path, tmp_path: Path
) -> None:
    notes, layout = tmp_path / "notes.csv", layout_file(tmp_path, inspector=INSPECTOR)
    with program(real_scores, layout, notes) as (process, url):
        with browser_of_its_own(browser) as (own, its_process):
            page, told = opened(own, url, 7), list[str]()
            page.on(
                "request", lambda request: told.append(request.post_data or "") if request.method == "PUT" else None
            )
            clip = page.evaluate("fetch('api/table/clip_id/7?generation_id=0').then((answer) => answer.json())")
            page.get_by_role("group", name="Tag").get_by_role("button", name="fault heard").click()
            page.get_by_role("status").get_by_text("kept").wait_for()
            page.get_by_label("Note on this clip").focus()
            page.keyboard.type(TEXT[:14], delay=100)  # longer than it takes until what is being written is kept
            page.keyboard.insert_text(TEXT[14:])
            # The field is not left, and nothing else is done: it is in its file.
            while not (notes.exists() and read_notes(notes).get(clip) == Note("fault heard", TEXT)):
                page.wait_for_timeout(20)
            parts = [json.loads(body).get("note") for body in told if '"note"' in body]
            assert any(part and TEXT.startswith(part) and part != TEXT for part in parts), "kept while one writes on"
            killed(its_process)
            assert not its_process.is_running()
        page = opened(browser, url, 7)
        assert page.get_by_label("Note on this clip").input_value() == TEXT
        killed(psutil.Process(process.pid))
        # Said, not lost without a word, where nobody is there to keep it.
        page.get_by_role("group", name="Tag").get_by_role("button", name="noise").click()
        page.get_by_role("alert").get_by_text("this note is not kept").wait_for()
        page.close()
    assert read_notes(notes) == {clip: Note("fault heard", TEXT)}
    with program(real_scores, layout, notes) as (_, url):
        page = opened(browser, url, 7)
        assert page.get_by_label("Note on this clip").input_value() == TEXT
        tag = page.get_by_role("group", name="Tag").get_by_role("button", name="fault heard")
        assert tag.get_attribute("aria-pressed") == "true"
        # A column that the page filters by, and shows.
        assert filtered(page, "filter('tag', 'equal', code('tag', 'fault heard'))") == [7]
        assert page.get_by_text(TEXT, exact=True).count() >= 1
        # Taken away again.
        page.get_by_role("group", name="Tag").get_by_role("button", name="fault heard").click()
        page.get_by_label("Note on this clip").fill("")
        page.wait_for_function(f"() => {NOTE} === null")
        page.close()
    assert read_notes(notes) == {}


def test_what_is_being_written_is_kept_when_another_clip_is_chosen(
    browser: "Browser", real_scores: Path, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.csv"
    with program(real_scores, layout_file(tmp_path, inspector=INSPECTOR), notes) as (_, url):
        page = opened(browser, url, 3)
        with page.expect_response("**/api/dcase/notes") as answer:
            page.get_by_label("Note on this clip").fill("first")
            page.evaluate("globalThis.spotlight.useDataset.getState().selectRows([4])")
        assert answer.value.status == 200
        page.wait_for_function("() => document.querySelector('textarea')?.value === ''")
        page.close()
    assert [note.text for note in read_notes(notes).values()] == ["first"]
