"""A report as a file: sounds and pictures in it, its size, how it is written, what is refused."""

import base64
import io
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from commands import run as command
from dcase_explore import report
from dcase_explore.asking import asked
from dcase_explore.errors import ExploreError
from dcase_explore.exploration import Exploration
from dcase_explore.exploring import explored
from dcase_explore.notes import Notes
from dcase_explore.notes.files import Note
from dcase_explore.options import TableOptions
from dcase_explore.reporting import writing
from dcase_explore.reporting.pictures import height_of, scale_of, spectrogram
from dcase_explore.reporting.writing import bytes_of, in_words
from dcase_explore.view import arranged
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.server import Server
from exploring import get, stored
from hub_server import HubServer
from reading_reports import Read, make_valves, reversed_scores
from test_cli import imported_by

SOUND = re.compile(rb'src="data:audio/flac;base64,([^"]+)"')
PICTURE = re.compile(rb'href="data:image/png;base64,([^"]+)"')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_valves(tmp_path_factory.mktemp("valves"))


@pytest.fixture(scope="module")
def valves(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        asked_for = asked(TableOptions, data=folder, class_name="valve", scores={"mine": reversed_scores(folder)})
        return explored(asked_for, with_maps=False)


@pytest.fixture(scope="module")
def read(valves: Exploration, tmp_path_factory: pytest.TempPathFactory) -> Read:
    return Read.of(report(tmp_path_factory.mktemp("report") / "valves.html", valves, audio="findings"))


def test_sounds_are_those_of_the_clips_without_loss(read: Read, valves: Exploration) -> None:
    players = read.soup.find_all("audio")
    assert players
    assert len(SOUND.findall(read.content)) == len({player.get("id") or player["data-sound"] for player in players})
    paths = valves.frame.set_index("clip_id")["path"]
    for player in players:
        if not player.get("id"):
            continue
        packed = base64.b64decode(player["src"].partition(",")[2])
        heard, rate = soundfile.read(io.BytesIO(packed), dtype="int16")
        recorded, its_rate = soundfile.read(paths[player["aria-label"].removeprefix("Play ")], dtype="int16")
        assert rate == its_rate
        assert np.array_equal(heard, recorded)


def test_each_player_has_its_spectrogram_and_the_nearest_normal_by_name(read: Read, valves: Exploration) -> None:
    for article in read.soup.select("article"):
        names = [name.get_text() for name in article.select(".name")]
        row = valves.frame[valves.frame["clip_id"] == names[0]].iloc[0]
        nearest = valves.frame[valves.frame["path"] == row["nearest_normal"]]["clip_id"].item()
        assert names[1] == nearest
        assert "Nearest training normal" in article.get_text()
        assert len(article.select("svg.spectrogram")) == len(article.find_all("audio")) == 2
    for packed in PICTURE.findall(read.content):
        assert Image.open(io.BytesIO(base64.b64decode(packed))).size == (32, 128)  # a second, 128 bands


def test_a_picture_shows_a_tone_where_it_is() -> None:
    seconds = np.arange(32_000) / 16_000
    hum = np.random.default_rng(0).normal(0, 1e-3, 32_000)
    tone = (0.1 * np.sin(2 * np.pi * 2000 * seconds) + hum).astype(np.float32)
    quiet, loud = spectrogram(hum.astype(np.float32)), spectrogram(tone)
    assert loud.loudest_hertz == pytest.approx(2000, rel=0.05)
    hertz, more = loud.unlike(quiet)
    assert hertz == pytest.approx(2000, rel=0.1)
    assert more > 10
    assert quiet.unlike(loud)[1] == pytest.approx(-more)
    image = np.array(Image.open(io.BytesIO(base64.b64decode(loud.png(scale_of([loud])))))).mean(axis=1)
    assert 1 - (image.argmax() + 0.5) / 128 == pytest.approx(height_of(2000), abs=0.02)


def test_the_page_makes_the_same_report_with_the_notes_as_they_stand(
    valves: Exploration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    shown = replace(valves, notes_file=tmp_path / "notes.csv")
    expected = report(tmp_path / "report.html", valves).read_bytes()
    server = Server(Address())
    try:
        server.show(stored(shown), arranged(shown, "simple").arrangement)
        status, made = get(f"{server.url}api/dcase/report")
        assert (status, made) == (200, expected)
        costliest = str(valves.frame["clip_id"].iloc[valves.findings[0].rows[0]])
        Notes(tmp_path / "notes.csv").keep(costliest, Note("noise", "a hum"))
        assert b"a hum" in get(f"{server.url}api/dcase/report")[1]
        some = shown.only(shown.frame["domain"] == "target")
        server.show(stored(some), arranged(some, "simple").arrangement)
        status, said = get(f"{server.url}api/dcase/report")
        assert status == 422
        assert "shows a part of the clips" in json.loads(said)["title"]
    finally:
        server.close()


def test_recordings_of_unknown_licence_are_not_copied_unless_asked(
    valves: Exploration, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = Read.of(report(tmp_path / "silent.html", valves))
    assert not silent.soup.find_all("audio")
    assert silent.soup.select("svg.spectrogram")
    assert "the licence of these recordings is not known" in capsys.readouterr().err
    assert "for the licence of the recordings is not known" in silent.text
    none = Read.of(report(tmp_path / "none.html", valves, audio="none"))
    assert not none.soup.find_all("audio")
    assert "as was asked for" in none.text


def test_the_hubs_recordings_are_fetched_and_credited(hub: HubServer, tmp_path: Path) -> None:
    written = report(tmp_path / "hub.html", "hub", class_name="fan")
    shown = Read.of(written)
    assert shown.soup.find_all("audio")
    assert "CC BY-NC-SA 4.0" in shown.chapter("data")
    assert "ToyADMOS2" in shown.chapter("data")


def test_recordings_that_are_gone_are_said(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], valves: Exploration
) -> None:
    frame = valves.frame.copy()
    os.mkfifo(pipe := tmp_path / "pipe.wav")  # who opens it waits for ever
    frame["path"] = [str(pipe) if number % 2 else f"{path}.gone" for number, path in enumerate(frame["path"])]
    frame["nearest_normal"] = None
    gone = Exploration(frame, "gone", models=valves.models, findings=valves.findings, given=frame)
    shown = Read.of(report(tmp_path / "gone.html", gone, audio="findings"))
    assert not shown.soup.find_all("audio")
    assert shown.soup.select("article")
    assert "that cannot be read, reported without sound" in capsys.readouterr().err


def test_the_same_input_gives_the_same_bytes(
    valves: Exploration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    first = report(tmp_path / "first.html", valves, audio="findings").read_bytes()
    assert report(tmp_path / "second.html", valves, audio="findings").read_bytes() == first
    assert b"1 January 1970" in first
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    other = report(tmp_path / "other.html", valves, audio="findings").read_bytes()
    assert other.replace(b"2 January 1970", b"1 January 1970") == first


def test_a_date_that_is_none_is_a_sentence(
    valves: Exploration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(ExploreError, match="SOURCE_DATE_EPOCH is 'yesterday'"):
        report(tmp_path / "out.html", valves)
    assert not list(tmp_path.glob("*.html"))


def test_no_path_of_this_machine_is_in_it(read: Read, folder: Path) -> None:
    assert str(folder).encode() not in read.content


def test_a_size_is_kept_and_what_was_given_up_is_said(
    valves: Exploration, read: Read, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = len(read.content)
    sounds = sum(map(len, SOUND.findall(read.content)))
    for size, said in ((whole - sounds // 3, "of each finding"), (whole - sounds + 5_000, "no sound")):
        file = report(tmp_path / "small.html", valves, audio="findings", size=f"{size / 1000:.3f}kB")
        assert file.stat().st_size <= size
        sentence = f"To stay within {in_words(size)} it holds"
        assert sentence in Read.of(file).chapter("data")
        assert said in Read.of(file).chapter("data")
        assert sentence in capsys.readouterr().err
    assert in_words(whole) in read.chapter("data")


def test_a_size_that_cannot_be_kept_leaves_nothing(valves: Exploration, tmp_path: Path) -> None:
    with pytest.raises(ExploreError, match=r"takes .* kB without any sound or picture: --size 1MB"):
        report(tmp_path / "out.html", valves, size="1kB")
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.parametrize(("size", "expected"), [("25MB", 25_000_000), ("800 kB", 800_000), ("1.5gb", 1_500_000_000)])
def test_sizes(size: str, expected: int) -> None:
    assert bytes_of(size) == expected


@pytest.mark.parametrize("size", ["25", "MB", "-1MB", "1e3MB", "25MiB", "٢MB", ""])
def test_what_is_no_size_is_a_sentence(size: str) -> None:
    with pytest.raises(ExploreError, match="give a number with kB, MB or GB"):
        report("/nowhere/at/all.html", "demo", size=size)


def test_what_is_not_ours_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.html"
    thesis.write_text("<h1>Mine</h1>")
    os.mkfifo(tmp_path / "pipe.html")
    for out, sentence in (
        (thesis, "is there and is no report of ours"),
        (tmp_path, "is a folder: give a file"),
        (tmp_path / "pipe.html", "is a pipe"),
        (tmp_path / "no" / "out.html", "there is no folder"),
    ):
        with pytest.raises(ExploreError, match=sentence):
            report(out, "/nowhere at all")
    assert thesis.read_text() == "<h1>Mine</h1>"


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_report_is_replaced_whole_or_not_at_all(
    valves: Exploration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    file = report(tmp_path / "out.html", valves)
    before = file.read_bytes()
    assert report(file, valves, audio="findings").read_bytes() != before  # one of ours is replaced
    before = file.read_bytes()

    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises((ExploreError, KeyboardInterrupt)):
        report(file, valves)
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name != "cache"] == ["out.html"]


def test_only_what_helps_is_tried(valves: Exploration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Recordings of one second are no smaller when cut after ten.
    tried: list[writing.Plan] = []
    made = writing.page

    def page(facts, media, *rest):  # type: ignore[no-untyped-def]
        tried.append(media.plan)
        return made(facts, media, *rest)

    monkeypatch.setattr(writing, "page", page)
    with pytest.raises(ExploreError):
        report(tmp_path / "out.html", valves, audio="findings", size="1kB")
    assert writing.Plan(seconds=10) not in tried
    assert tried[-1] == writing.Plan(seconds=0, pictures=False)


def test_the_command_says_what_it_wrote(folder: Path, tmp_path: Path) -> None:
    file, scores = tmp_path / "out.html", tmp_path / "scores.csv"
    scores.write_text("".join(f"{name},{score}\n" for name, score in reversed_scores(folder).items()))
    data = ["--data", str(folder), "--class", "valve", "--scores", f"mine={scores}"]
    result = command("report", str(file), *data, "--audio", "findings")
    assert result.returncode == 0, result.stderr
    assert re.fullmatch(rf"{re.escape(str(file))}: \d+ findings?, \d+ recordings?, [\d.]+ [kM]B\n", result.stdout)
    again = command("report", str(file), "--data", str(folder), "--compare", str(tmp_path / "nowhere"))
    assert again.returncode == 1
    assert "there is no folder" in again.stderr


def test_a_report_needs_neither_spotlight_nor_umap(folder: Path, tmp_path: Path) -> None:
    call = f"dcase_explore.report({str(tmp_path / 'out.html')!r}, {str(folder)!r}, class_name='valve')"
    call = f"dcase_explore.report({str(tmp_path / 'out.html')!r}, {str(folder)!r}, class_name='valve')"
    code = f"import dcase_explore; {call}; {call}"  # twice: what the first imports does not take its name
    assert not {"renumics", "umap", "numba", "torch"} & imported_by(code)
