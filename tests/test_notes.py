"""Notes on clips: their file, merging two of them, and the routes by which the page reads and writes them."""

import json
import threading
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from dcase_explore import clips
from dcase_explore.cli import app
from dcase_explore.errors import ExploreError
from dcase_explore.exploring import explored
from dcase_explore.notes import NAME, Notes, merged, notes_file
from dcase_explore.notes.files import Note, as_bytes, read_notes
from dcase_explore.notes.in_tables import notes_in, with_notes
from dcase_explore.options import Options
from exploring import get, make_recordings
from widgets_page import shown

FRAME = clips.conform(pd.DataFrame({"clip_id": ["test/a.wav", "test/b.wav"], "class": "fan", "split": "test"}))
HOSTILE = 'a "quote", a comma\nand a line; <b>=1+1</b> \u202e\U0001f600 ' + "x" * 1000


def test_notes_are_kept_at_once_sorted_and_read_back(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "deep" / "notes.csv")
    assert notes.read() == {}
    assert not notes.path.exists()
    notes.keep("test/b.wav", Note("noise", "hums"))
    notes.keep("test/a.wav", Note("", HOSTILE))
    assert Notes(notes.path).read() == {"test/a.wav": Note("", HOSTILE), "test/b.wav": Note("noise", "hums")}
    assert notes.path.read_text().splitlines()[0] == "clip_id,tag,note"
    assert list(read_notes(notes.path)) == ["test/a.wav", "test/b.wav"]
    notes.keep("test/a.wav", Note())
    assert notes.path.read_text() == "clip_id,tag,note\ntest/b.wav,noise,hums\n"


def test_what_another_program_wrote_stays(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.csv")
    kept = {f"test/{n}.wav": Note("other", str(n)) for n in range(20)}
    threads = [threading.Thread(target=Notes(notes.path).keep, args=item) for item in kept.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert notes.read() == kept


def test_notes_that_the_data_came_with_are_kept_with_the_first_of_ones_own(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.csv", {"test/a.wav": Note("noise")})
    assert notes.read() == {"test/a.wav": Note("noise")}
    notes.keep("test/b.wav", Note("other"))
    assert Notes(notes.path).read() == {"test/a.wav": Note("noise"), "test/b.wav": Note("other")}
    notes.keep("test/a.wav", Note())
    assert notes.read() == {"test/b.wav": Note("other")}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "first line must be clip_id,tag,note"),
        (b"clip,tag\n", "first line must be clip_id,tag,note"),
        (b"\xff\xfe\x00", "is no CSV file of notes"),
        (b'clip_id,tag,note\na,noise,"open', "is no CSV file of notes"),
        (b"clip_id,tag,note\na,noise\n", "line 2: has 2 fields instead of 3"),
        (b"clip_id,tag,note\na,nois,x\n", "line 2: 'nois' is no tag: did you mean noise"),
        (b"clip_id,tag,note\n,noise,x\n", "line 2: has a note of no clip"),
        (b"clip_id,tag,note\na,noise,x\na,,y\n", "line 3: notes a a second time"),
        (b"clip_id,tag,note\n<<<<<<< ours\na,noise,x\n", "line 2: has 1 fields instead of 3"),
        (b"clip_id,tag,note\na,noise," + b"x" * 10_001, "10,001 characters"),
        (b"clip_id,tag,note\na,noise," + b"x" * 200_000, "is no CSV file of notes"),
    ],
)
def test_a_file_that_is_none_of_notes_is_one_sentence_and_never_written_over(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "notes.csv"
    path.write_bytes(content)
    for act in (Notes(path).read, lambda: Notes(path).keep("a", Note("noise"))):
        with pytest.raises(ExploreError) as refusal:
            act()
        assert said in str(refusal.value)
    assert path.read_bytes() == content


def test_no_note_is_kept_that_could_not_be_read_again(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.csv")
    for clip_id, note in (("a", Note("nonsense")), ("a", Note("", "x" * 10_001)), ("", Note("noise"))):
        with pytest.raises(ExploreError):
            notes.keep(clip_id, note)
    assert not notes.path.exists()
    notes.keep("a", Note("", "lone \ud800 surrogate"))
    assert notes.read()["a"].text == "lone ? surrogate"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExploreError, match="--notes FILE"):
        Notes(tmp_path / "file" / "notes.csv").keep("a", Note("noise"))


def test_two_files_merge() -> None:
    ours = {"a": Note("noise", "hums"), "b": Note("", "ours"), "c": Note("other")}
    theirs = {"a": Note("fault heard", "rattles"), "b": Note("noise", "ours"), "d": Note("", "new")}
    both = merged(ours, theirs)
    assert both == {
        "a": Note("noise", "hums\n[fault heard] rattles"),
        "b": Note("noise", "ours"),
        "c": Note("other"),
        "d": Note("", "new"),
    }
    assert merged(both, theirs) == both == merged(both, ours)
    assert merged({}, theirs) == theirs == merged(theirs, {})
    assert as_bytes(both).decode().count("\n") == 6


def test_a_command_merges_two_files(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.csv", tmp_path / "theirs.csv"
    ours.write_bytes(as_bytes({"a": Note("noise", "hums"), "b": Note("other")}))
    theirs.write_bytes(as_bytes({"a": Note("fault heard", "rattles"), "b": Note("other"), "c": Note("", "new")}))
    ran = CliRunner().invoke(app, ["notes", "merge", str(ours), str(theirs)])
    assert ran.exit_code == 0
    assert f"{ours}: 1 new note, 1 clip that both noted, of 3 in {theirs}" in ran.stderr
    assert read_notes(ours) == merged({"a": Note("noise", "hums"), "b": Note("other")}, read_notes(theirs))
    before = ours.read_bytes()
    assert CliRunner().invoke(app, ["notes", "merge", str(ours), str(theirs)]).exit_code == 0
    assert ours.read_bytes() == before, "merging once more changes nothing"
    long = {"a": Note("", "x" * 10_000)}
    theirs.write_bytes(as_bytes(long))
    for wrong, said in ((theirs, "10,0"), (tmp_path / "none.csv", "none.csv"), (tmp_path, "")):
        ran = CliRunner().invoke(app, ["notes", "merge", str(ours), str(wrong)])
        assert ran.exit_code == 1 and said in ran.stderr and "Traceback" not in ran.stderr
    assert CliRunner().invoke(app, ["notes", "merge", str(tmp_path / "none.csv"), str(ours)]).exit_code == 1
    assert ours.read_bytes() == before
    assert not (tmp_path / "none.csv").exists()


def test_a_table_has_its_clips_notes() -> None:
    noted = with_notes(FRAME, {"test/b.wav": Note("noise", "hums"), "elsewhere": Note("other")})
    assert noted["tag"].to_list() == [np.nan, "noise"] or noted["tag"].isna().to_list() == [True, False]
    assert noted["note"].to_list() == [None, "hums"]
    assert notes_in(noted) == {"test/b.wav": Note("noise", "hums")}
    assert list(with_notes(noted, {}).columns) == list(FRAME.columns)
    assert notes_in(FRAME) == {}


def test_they_lie_beside_the_data_and_are_loaded_with_them(tmp_path: Path) -> None:
    folder = make_recordings(tmp_path / "clips", ("valve",))

    def loaded(data: object, **options: object) -> pd.DataFrame:
        return explored(Options(data=[data], **options), with_maps=False).frame  # type: ignore[arg-type]

    frame = loaded(str(folder))
    clip = frame["clip_id"].iloc[5]
    assert "note" not in frame
    Notes(folder / NAME).keep(clip, Note("mislabelled?", "sounds normal"))
    again = loaded(str(folder))
    assert again.loc[5, ["tag", "note"]].to_list() == ["mislabelled?", "sounds normal"]
    assert len(again) == len(frame)
    named = tmp_path / "shared.csv"
    named.write_bytes(as_bytes({clip: Note("noise", "")}))
    assert loaded(str(folder), notes=str(named)).loc[5, "tag"] == "noise"
    # A table that has notes keeps them without a file of its own.
    assert notes_in(loaded(again)) == {clip: Note("mislabelled?", "sounds normal")}


def test_where_they_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "mine"))
    (tmp_path / "data").mkdir()
    (tmp_path / "table.parquet").touch()
    assert notes_file([tmp_path / "data"], "data") == tmp_path / "data" / NAME
    assert notes_file([str(tmp_path / "table.parquet")], "t") == tmp_path / "table.parquet.notes.csv"
    of_hub = notes_file(["hub"], "Enriched: 2023/dev ../..")
    assert of_hub == tmp_path / "mine" / "dcase-explore" / "notes" / "Enriched_2023_dev_.._...csv"
    assert notes_file([str(tmp_path / "data"), "demo"], "both").name == "both.csv"


def put(url: str, body: object) -> tuple[int, dict[str, str]]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, content, method="PUT"), timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.loads(refusal.read())


def test_the_page_reads_and_writes_them(recordings: Path, tmp_path: Path, one_cache: None) -> None:
    path = tmp_path / "notes.csv"
    options = Options(data=[str(recordings)], class_name=["valve"], notes=str(path))
    clip = explored(options, with_maps=False).frame["clip_id"].iloc[3]
    with shown(options) as (server, _):
        url = f"{server.url}api/dcase/notes"
        told = json.loads(get(url)[1])
        assert (told["file"], told["rows"], told["problem"]) == (str(path), {}, None)
        status, _ = put(url, {"clip_id": clip, "tag": "noise", "note": HOSTILE})
        assert status == 200
        assert Notes(path).read() == {clip: Note("noise", HOSTILE)}
        assert json.loads(get(url)[1])["rows"] == {"3": {"tag": "noise", "note": HOSTILE}}
        for body in (
            b"",
            b"[]",
            b"[" * 5000,
            {"clip_id": clip},
            {"clip_id": "none", "tag": "", "note": "x"},
            {"clip_id": clip, "tag": "nonsense", "note": ""},
            {"clip_id": clip, "tag": 1, "note": ""},
            {"clip_id": clip, "tag": "", "note": "x" * 20_000},
            {"clip_id": clip, "tag": "", "note": "x" * 200_000},
        ):
            status, answer = put(url, body)
            assert status == 422 and answer["title"], body
        assert Notes(path).read() == {clip: Note("noise", HOSTILE)}
        path.write_text("not notes")
        assert "first line must be" in json.loads(get(url)[1])["problem"]
        assert put(url, {"clip_id": clip, "tag": "other", "note": ""})[0] == 422
        assert path.read_text() == "not notes"
