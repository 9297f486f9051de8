"""Layouts kept: in the user's library, and in the file that a page's arrangement is saved to."""

import copy
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dcase_explore.errors import ExploreError
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.layouts.curated import curated_names
from dcase_explore.layouts.files import find_layout, read_layout
from dcase_explore.layouts.library import keep, library_names
from dcase_explore.layouts.saving import SavedFile, Saving, file_to_save
from dcase_explore.layouts.text import as_bytes
from test_arranging import DEMO, Node, widget_called


def rearranged(arrangement: Arrangement, name: str) -> None:
    """As somebody who renames the table does."""
    page: Node = copy.deepcopy(arrangement.shown())
    page["children"][0]["children"][-1]["children"][0]["name"] = name
    arrangement.arrange(page)


@pytest.fixture
def arrangement() -> Arrangement:
    return Arrangement(read_layout("simple"), DEMO)


# The library


def test_kept_layout_is_found_by_its_name(tmp_path: Path) -> None:
    path = keep(read_layout("compare"), "two models")
    assert path == tmp_path / "library" / "two models.json"
    assert library_names() == ["two models"]
    assert read_layout("two models") == read_layout("compare")
    assert path.read_bytes() == find_layout("compare").read_bytes()


def test_name_near_one_of_the_library_is_offered() -> None:
    keep(read_layout("compare"), "bearings")
    with pytest.raises(ExploreError, match="did you mean bearings"):
        read_layout("bearingz")


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", "a\0b", ".hidden", "x" * 65, "mine.json", "-x", "a\nb", " a"]
)
def test_name_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ExploreError, match="cannot be called") as refusal:
        keep(read_layout("simple"), name)
    assert "\n" not in str(refusal.value)
    assert not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("name", ["simple", "extended", "last"])
def test_name_of_the_program_is_refused(name: str) -> None:
    with pytest.raises(ExploreError, match=f"take another one, as in my-{name}"):
        keep(read_layout("simple"), name)


def test_name_that_is_taken_is_refused_unless_it_shall_be_replaced() -> None:
    path = keep(read_layout("simple"), "mine")
    before = path.read_bytes()
    with pytest.raises(ExploreError, match="--replace"):
        keep(read_layout("compare"), "mine")
    assert path.read_bytes() == before
    keep(read_layout("compare"), "mine", replace=True)
    assert read_layout("mine") == read_layout("compare")


def test_of_programs_that_keep_one_name_at_once_one_succeeds(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dcase_explore", "layouts", "save"]
    names = [*curated_names()] * 2
    started = [
        subprocess.Popen([*command, name, "mine"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for name in names
    ]
    ended = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    assert sorted(code for _, code in ended) == [0, *[1] * (len(names) - 1)]
    assert all("--replace" in said for said, code in ended if code)
    winner = names[[code for _, code in ended].index(0)]
    assert (tmp_path / "library" / "mine.json").read_bytes() == find_layout(winner).read_bytes()
    assert [path.name for path in (tmp_path / "library").iterdir() if path.name != ".lock"] == ["mine.json"]


def test_library_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DCASE_EXPLORE_LAYOUTS", str(tmp_path / "file" / "below"))
    with pytest.raises(ExploreError, match="set DCASE_EXPLORE_LAYOUTS to a folder that can"):
        keep(read_layout("simple"), "mine")
    assert library_names() == []


def test_full_disk_leaves_what_was_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    path = keep(read_layout("simple"), "mine")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ExploreError, match="No space left on device"):
        keep(read_layout("compare"), "mine", replace=True)
    assert read_layout("mine") == read_layout("simple")
    assert [entry.name for entry in path.parent.iterdir() if entry.name != ".lock"] == ["mine.json"]


def full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_only_files_of_the_library_are_its_layouts(tmp_path: Path) -> None:
    keep(read_layout("simple"), "mine")
    library = tmp_path / "library"
    os.mkfifo(library / "pipe.json")
    (library / "folder.json").mkdir()
    (library / "broken.json").symlink_to(library / "nowhere")
    (library / "simple.json").write_text("{}")
    (library / ".hidden.json").write_text("{}")
    assert library_names() == ["mine"]


def test_modes_of_files_are_kept(tmp_path: Path) -> None:
    path = keep(read_layout("simple"), "mine")
    path.chmod(0o600)
    keep(read_layout("compare"), "mine", replace=True)
    assert path.stat().st_mode & 0o777 == 0o600


# The file of --save-layout


@pytest.mark.parametrize("name", ["https://example.org/x.json", "file:///tmp/x.json", "", "a\0b"])
def test_what_is_no_file_is_refused(name: str) -> None:
    with pytest.raises(ExploreError, match="is no file to save a layout to"):
        file_to_save(name)


def test_folder_foreign_file_and_missing_folder_are_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "notes.md"
    foreign.write_text("# Notes")
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "flare.json").write_text('{"name": "flare", "children": [{"name": "analytics", "value": 3}]}')
    for path, part in (
        (tmp_path, "is a folder"),
        (foreign, "would be lost"),
        (tmp_path / "pipe.json", "would be lost"),
        (tmp_path / "flare.json", "would be lost"),
        (tmp_path / "none" / "mine.json", "there is no folder"),
        (foreign / "mine.json", "cannot be written|there is no folder"),
    ):
        with pytest.raises(ExploreError, match=part):
            file_to_save(str(path))
    assert foreign.read_text() == "# Notes"


def test_file_is_written_at_every_change_and_at_the_end(arrangement: Arrangement, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    keeps = Saving(arrangement, file_to_save(str(path)))
    assert not path.exists()
    rearranged(arrangement, "Recordings")
    assert widget_called(json.loads(path.read_bytes()), "Recordings")
    arrangement.reset()
    assert path.read_bytes() == find_layout("simple").read_bytes()
    path.unlink()
    with pytest.raises(ExploreError):
        read_layout(str(path))
    rearranged(arrangement, "Recordings")
    keeps.finish()
    assert widget_called(read_layout(str(path)), "Recordings")


def test_page_that_was_only_looked_at_is_saved_as_it_was_opened(
    arrangement: Arrangement, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.json"
    Saving(arrangement, file_to_save(str(path))).finish()
    assert path.read_bytes() == find_layout("simple").read_bytes()
    assert capsys.readouterr().err == f"layout saved to {path}\n"


def test_what_another_program_saved_meanwhile_is_not_overwritten(
    arrangement: Arrangement, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(as_bytes(read_layout("simple")))
    keeps = Saving(arrangement, file_to_save(str(path)))
    other = as_bytes(read_layout("compare"))
    path.write_bytes(other)
    rearranged(arrangement, "Recordings")
    rearranged(arrangement, "Sounds")
    keeps.finish()
    assert path.read_bytes() == other
    assert widget_called(read_layout(str(tmp_path / "mine-2.json")), "Sounds")
    said = capsys.readouterr().err
    assert said.count("another program has changed") == 1
    assert said.endswith(f"layout saved to {tmp_path / 'mine-2.json'}\n")
    assert sorted(entry.name for entry in tmp_path.glob("*.json")) == ["mine-2.json", "mine.json"]


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")
    with pytest.raises(ExploreError, match=r"loop\.json cannot be written"):
        file_to_save(str(tmp_path / "loop.json"))


def test_link_is_followed(arrangement: Arrangement, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    path = tmp_path / "shared" / "mine.json"
    path.write_bytes(as_bytes(read_layout("compare")))
    (tmp_path / "link.json").symlink_to(path)
    Saving(arrangement, file_to_save(str(tmp_path / "link.json"))).finish()
    assert (tmp_path / "link.json").is_symlink()
    assert read_layout(str(path)) == read_layout("simple")


def test_many_that_save_to_one_file_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    pages = [Arrangement(read_layout("simple"), DEMO) for _ in range(8)]
    for page in pages:
        Saving(page, SavedFile(path))
    threads = [threading.Thread(target=rearranged, args=(page, f"Table {number}")) for number, page in enumerate(pages)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    saved = [json.loads(file.read_bytes()) for file in tmp_path.glob("mine*.json")]
    assert sorted(as_bytes(layout) for layout in saved) == sorted(as_bytes(page.layout()) for page in pages)


def test_full_disk_is_said_once_and_the_next_change_is_saved(
    arrangement: Arrangement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(before := as_bytes(read_layout("compare")))
    keeps = Saving(arrangement, file_to_save(str(path)))
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        rearranged(arrangement, "Recordings")
        rearranged(arrangement, "Sounds")
        assert path.read_bytes() == before
        assert capsys.readouterr().err.count("No space left on device") == 1
        with pytest.raises(ExploreError, match="No space left on device"):
            keeps.finish()
    rearranged(arrangement, "Clips again")
    assert widget_called(read_layout(str(path)), "Clips again")
    assert [entry.name for entry in tmp_path.glob("*mine*")] == ["mine.json"]


def test_without_a_file_what_was_arranged_is_kept_as_the_last(
    arrangement: Arrangement, capsys: pytest.CaptureFixture[str]
) -> None:
    keeps = Saving(arrangement, None)
    keeps.finish()
    arrangement.arrange(arrangement.shown())
    assert library_names() == []
    assert capsys.readouterr().err == ""
    rearranged(arrangement, "Recordings")
    keeps.finish()
    assert "dcase-explore layouts save last NAME" in capsys.readouterr().err
    assert widget_called(read_layout("last"), "Recordings")


def test_what_is_no_file_is_neither_waited_for_nor_replaced(arrangement: Arrangement, tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    os.mkfifo(tmp_path / "library" / "last.json")
    with pytest.raises(ExploreError, match="is a pipe"):
        Saving(arrangement, None)
    with pytest.raises(ExploreError, match="is no layout and would be lost"):
        file_to_save(str(tmp_path / "library" / "last.json"))


def test_what_became_a_pipe_while_it_was_arranged_is_left_alone(
    arrangement: Arrangement, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.json"
    Saving(arrangement, file_to_save(str(path)))
    os.mkfifo(path)
    rearranged(arrangement, "Recordings")
    assert "is a pipe" in capsys.readouterr().err
    assert path.is_fifo()


def test_what_was_taken_back_is_not_the_last(arrangement: Arrangement, capsys: pytest.CaptureFixture[str]) -> None:
    keeps = Saving(arrangement, None)
    rearranged(arrangement, "Recordings")
    arrangement.reset()
    keeps.finish()
    assert capsys.readouterr().err == ""
    assert read_layout("last") == read_layout("simple")


def test_library_that_cannot_be_written_does_not_keep_the_page_from_working(
    arrangement: Arrangement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DCASE_EXPLORE_LAYOUTS", str(tmp_path / "file" / "below"))
    keeps = Saving(arrangement, None)
    rearranged(arrangement, "Recordings")
    keeps.finish()
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "--save-layout" in said


def test_interrupt_in_the_middle_of_writing_leaves_the_file_whole(
    arrangement: Arrangement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(before := as_bytes(read_layout("simple")))
    Saving(arrangement, file_to_save(str(path)))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rearranged(arrangement, "Recordings")
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.glob("*mine*")] == ["mine.json"]
