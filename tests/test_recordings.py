"""Recordings that are fetched when they are played: one piece of a zip, a whole zip, or the hub's archive."""

import io
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import served
from dcase_explore import recordings
from dcase_explore.errors import ExploreError
from dcase_explore.hub import download
from dcase_explore.hub.facts import clip_id_of
from dcase_explore.hub.repository import open_repository
from dcase_explore.hub.table import read_config
from dcase_explore.recordings import archives, kept, record_zips, records
from dcase_explore.recordings.kept import NotHere, place
from hub_repository import StandIn, make_repository
from hub_server import Fault, HubServer, cut, flipped, no_ranges, reset, slow, status

ZIP = "dev_valve.zip"
ARCHIVE = "data/dev_test.tar.gz"


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the tests before: zip files that stand open, archives on their way."""
    record_zips._zip_at.cache_clear()
    archives._running.clear()
    monkeypatch.setattr(download, "time", SimpleNamespace(sleep=lambda _: None))


def folder_of(config: str = "dev") -> Path:
    """Where the recordings of a config belong, once its table was read."""
    read_config(open_repository("hub"), config)
    return place(*records.origin_in(open_repository("hub"), config))


def valves(standin: StandIn, subset: str = "dev_test") -> list[str]:
    return [key for key in standin.keys[subset] if "valve" in key]


def refusal(path: Path) -> str:
    with pytest.raises(NotHere) as error:
        recordings.fetch(str(path))
    assert "\n" not in str(error.value)
    assert not path.exists()
    return str(error.value)


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("config", "subset"), [("dev", "dev_train"), ("dev", "dev_test"), ("add", "add_train"), ("eval", "eval_test")]
)
def test_a_clip_is_a_piece_of_the_original_zip(hub: HubServer, standin: StandIn, config: str, subset: str) -> None:
    folder = folder_of(config)
    for key in standin.keys[subset][:2] + standin.keys[subset][-1:]:
        path = folder / key
        assert kept.origin_of(str(path))
        recordings.fetch(str(path))
        assert path.read_bytes() == standin.sounds[key]
    assert not hub.requests_for(".tar.gz")
    asked = [request for request in hub.requests if "/records/" in request.path]
    assert asked
    assert all(request.range for request in asked)


def test_played_once_it_is_a_file(hub: HubServer, standin: StandIn) -> None:
    path = folder_of() / valves(standin)[0]
    recordings.fetch(str(path))
    hub.close()
    recordings.fetch(str(path))
    assert list(kept.damaged(folder_of())) == []


def test_asked_for_by_many_at_once_it_is_fetched_once(hub: HubServer, standin: StandIn) -> None:
    path = str(folder_of() / valves(standin)[0])
    hub.fault(ZIP, slow(400_000), times=None)
    threads = [threading.Thread(target=recordings.fetch, args=(path,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hub.requests_for(ZIP)) <= 3
    assert Path(path).read_bytes() == standin.sounds[valves(standin)[0]]


@pytest.mark.parametrize("fault", [status(500), status(503), reset(100), cut(100), reset(None)], ids=str)
def test_a_fault_that_passes_is_got_over(hub: HubServer, standin: StandIn, fault: Fault) -> None:
    first, second = (folder_of() / key for key in valves(standin)[:2])
    hub.fault(ZIP, fault)
    recordings.fetch(str(first))
    hub.fault(ZIP, fault)
    recordings.fetch(str(second))
    assert second.read_bytes() == standin.sounds[valves(standin)[1]]


def test_a_flipped_byte_is_noticed(hub: HubServer, standin: StandIn) -> None:
    first, second = (folder_of() / key for key in valves(standin)[:2])
    recordings.fetch(str(first))
    hub.fault(ZIP, flipped())
    recordings.fetch(str(second))
    assert second.read_bytes() == standin.sounds[valves(standin)[1]]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (status(429, {"Retry-After": "30"}), "asks to wait 30 seconds: play this clip again then"),
        (status(500), "answers 500: play this clip again later"),
    ],
    ids=str,
)
def test_what_the_page_says_of_a_fault_that_stays(hub: HubServer, standin: StandIn, fault: Fault, said: str) -> None:
    path = folder_of() / valves(standin)[0]
    hub.fault(ZIP, fault, times=None)
    assert said in refusal(path)
    hub.mend()
    recordings.fetch(str(path))


def test_after_a_fault_amid_reading_it_goes_on(hub: HubServer, standin: StandIn) -> None:
    first, second = (folder_of() / key for key in valves(standin)[:2])
    recordings.fetch(str(first))
    for fault in (status(429), status(500)):
        hub.fault(ZIP, fault, times=None)
        refusal(second)
    hub.mend()
    recordings.fetch(str(second))
    assert second.read_bytes() == standin.sounds[valves(standin)[1]]


def test_a_recording_beyond_all_measure_is_not_taken(
    hub: HubServer, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (record_zips, archives):
        monkeypatch.setattr(module, "MAX_RECORDING_BYTES", 1000)
    path = folder_of() / valves(standin)[0]
    assert "on their way" in refusal(path)
    until(lambda: not archives._running[archives._contents_file(folder_of(), "test")].is_alive())
    assert "there is no recording of this clip" in refusal(path)


def test_without_a_network(hub: HubServer, standin: StandIn) -> None:
    path = folder_of() / valves(standin)[0]
    hub.close()
    assert "cannot be reached: this clip plays when there is a network" in refusal(path)


@pytest.mark.parametrize("fault", [no_ranges(), status(404), status(403)], ids=str)
def test_the_archive_is_fetched_in_the_background_where_pieces_are_not_served(
    hub: HubServer, standin: StandIn, fault: Fault, capsys
) -> None:
    folder = folder_of()
    assert open_repository("hub").files
    first, second = (folder / key for key in valves(standin)[:2])
    hub.fault(ZIP, fault, times=None)
    hub.fault(ARCHIVE, slow(400_000))
    said = refusal(first)
    assert "The recordings of the test split are on their way" in said
    assert "play this clip again" in said
    assert "on their way" in refusal(second)
    until(first.exists)
    until(lambda: not archives._running[archives._contents_file(folder, "test")].is_alive())
    recordings.fetch(str(second))
    assert second.read_bytes() == standin.sounds[valves(standin)[1]]
    assert len([request for request in hub.requests_for(ARCHIVE) if "/cdn/" in request.path]) == 1
    assert list(kept.damaged(folder)) == []
    noted = capsys.readouterr().err
    assert "fetching dev_test.tar.gz" in noted
    assert "the archive of the test split is unpacked: 16 recordings" in noted


def test_an_archive_that_cannot_be_had_either(hub: HubServer, standin: StandIn, capsys) -> None:
    path = folder_of() / valves(standin)[0]
    assert open_repository("hub").files
    hub.fault(ZIP, status(404), times=None)
    hub.fault(ARCHIVE, status(403), times=None)
    assert "on their way" in refusal(path)
    until(lambda: not archives._running[archives._contents_file(folder_of(), "test")].is_alive())
    assert "cannot be had: the hub answers 403" in refusal(path)
    hub.mend()
    hub.fault(ZIP, status(404), times=None)
    assert "on their way" in refusal(path)  # tried again
    until(path.exists)


def test_neither_record_nor_archive(standin: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = make_repository(tmp_path / "silent", with_audio=False)
    with served(silent, monkeypatch):
        path = folder_of() / valves(standin)[0]
        assert "has no data/dev_test.tar.gz: this clip cannot be had" in refusal(path)


def test_a_clip_that_the_archive_has_not_got(hub: HubServer, standin: StandIn) -> None:
    folder = folder_of()
    path = folder / "test/valve_section_00_source_test_normal_0999_pat_00.wav"
    assert "on their way" in refusal(path)
    until(lambda: not archives._running[archives._contents_file(folder, "test")].is_alive())
    assert "there is no recording of this clip" in refusal(path)
    assert (folder / valves(standin)[0]).exists()


def test_everything_up_front_by_whole_zips(hub: HubServer, standin: StandIn, own_cache: Path) -> None:
    folder = folder_of()
    wanted = valves(standin, "dev_train") + valves(standin)
    recordings.fetch_all(str(folder / key) for key in wanted)
    assert {key: (folder / key).read_bytes() for key in wanted} == {key: standin.sounds[key] for key in wanted}
    assert not hub.requests_for("dev_fan.zip")
    assert not [path for path in (own_cache / "downloads").iterdir() if path.suffix in (".zip", ".part")]
    hub.requests.clear()
    recordings.fetch_all(str(folder / key) for key in wanted)
    assert hub.requests == []


def test_everything_up_front_by_archives_where_there_are_no_zips(hub: HubServer, standin: StandIn) -> None:
    folder = folder_of()
    hub.fault(".zip", status(404), times=None)
    hub.fault(".zip", status(404, method="HEAD"), times=None)
    wanted = standin.keys["dev_train"] + standin.keys["dev_test"]
    recordings.fetch_all(str(folder / key) for key in wanted)
    assert {key: (folder / key).read_bytes() for key in wanted} == {key: standin.sounds[key] for key in wanted}
    assert not list(folder.parent.parent.rglob("*.tar.gz"))


ALL = (
    "from dcase_explore.hub import download; download._PIECE = 2**14\n"
    "from dcase_explore import recordings; from dcase_explore.sources.hub import read_hub\n"
    "frame = read_hub('hub', ['dev']).frame; recordings.fetch_all(frame.loc[frame['class'] == 'valve', 'path'])"
)


def test_everything_up_front_goes_on_after_a_kill(hub: HubServer, standin: StandIn, own_cache: Path) -> None:
    folder = folder_of()
    size = (standin.records / "7882613" / ZIP).stat().st_size
    hub.fault(ZIP, slow(size // 3))
    process = subprocess.Popen([sys.executable, "-c", ALL])
    part = own_cache / "downloads" / f"{folder.name}-valve.zip.part"
    until(lambda: part.exists() and part.stat().st_size > size // 4)
    process.send_signal(signal.SIGKILL)
    process.wait()
    hub.requests.clear()
    recordings.fetch_all(str(folder / key) for key in valves(standin))
    assert all((folder / key).read_bytes() == standin.sounds[key] for key in valves(standin))
    assert hub.bytes_sent_for(ZIP) < size


def test_a_zip_that_arrives_damaged_is_fetched_again(hub: HubServer, standin: StandIn) -> None:
    folder = folder_of()
    hub.fault(ZIP, flipped())
    keys = valves(standin, "dev_train") + valves(standin)
    recordings.fetch_all(str(folder / key) for key in keys)
    assert all((folder / key).read_bytes() == standin.sounds[key] for key in keys)
    assert not hub.requests_for(".tar.gz")


def encrypted(path: Path) -> None:
    """Say of each member that it is encrypted, in both places where a zip file says it."""
    content = bytearray(path.read_bytes())
    for mark, flag in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = -1
        while (start := content.find(mark, start + 1)) >= 0:
            content[start + flag] |= 1
    path.write_bytes(content)


def without_sound(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"nothing to hear")


@pytest.mark.parametrize(
    "harm",
    [
        encrypted,
        without_sound,
        lambda path: path.write_bytes(path.read_bytes()[:-500]),
        lambda path: path.write_bytes(b"<html>not found</html>" * 500),
        lambda path: path.write_bytes(b""),
    ],
)
def test_a_record_that_is_no_good_gives_way_to_the_archive(tmp_path: Path, monkeypatch, harm) -> None:
    standin = make_repository(tmp_path / "standin", machines=["valve"])
    harm(standin.records / "7882613" / ZIP)
    with served(standin, monkeypatch):
        folder = folder_of()
        first, *others = [*valves(standin), *valves(standin, "dev_train")]
        assert "on their way" in refusal(folder / first)
        until((folder / first).exists)
        recordings.fetch_all(str(folder / key) for key in others)
    assert all((folder / key).read_bytes() == standin.sounds[key] for key in (first, *others))
    assert not list((folder.parent.parent / "downloads").glob("*.zip"))


def test_one_that_is_missing_does_not_fetch_all_again(hub: HubServer, standin: StandIn, capsys) -> None:
    folder = folder_of()
    keys = valves(standin, "dev_train") + valves(standin)
    recordings.fetch_all(str(folder / key) for key in keys)
    (folder / keys[0]).unlink()
    hub.requests.clear()
    nowhere = "test/valve_section_00_source_test_normal_0999_pat_00.wav"
    for _ in range(2):
        recordings.fetch_all([str(folder / keys[0]), str(folder / nowhere)])
    assert (folder / keys[0]).read_bytes() == standin.sounds[keys[0]]
    assert all(request.range for request in hub.requests_for(ZIP))
    assert not hub.requests_for("dev_train.tar.gz")
    assert len([request for request in hub.requests_for(ARCHIVE) if "/cdn/" in request.path]) == 1
    assert f"1 recording that neither record nor hub has, such as {nowhere}" in capsys.readouterr().err


def test_a_recording_of_an_archive_that_was_lost_comes_again(hub: HubServer, standin: StandIn) -> None:
    hub.fault(".zip", status(404, method=None), times=None)
    folder = folder_of()
    path = folder / valves(standin)[0]
    recordings.fetch_all([str(path)])
    path.unlink()
    recordings.fetch_all([str(path)])
    assert path.read_bytes() == standin.sounds[valves(standin)[0]]
    path.unlink()
    assert "on their way" in refusal(path)
    until(path.exists)


def test_two_processes_fetch_everything_at_once(hub: HubServer, standin: StandIn) -> None:
    folder = folder_of()
    both = [subprocess.Popen([sys.executable, "-c", ALL], stderr=subprocess.PIPE) for _ in range(3)]
    for process in both:
        assert process.communicate()[1].decode().count("Error") == 0
        assert process.returncode == 0
    assert all((folder / key).read_bytes() == standin.sounds[key] for key in valves(standin))
    whole = [request for request in hub.requests_for(ZIP) if request.method == "GET" and request.range is None]
    assert len(whole) == 1


EVIL = [
    "../../evil.wav",
    "../../train/../../../fan_section_00_source_train_normal_0000_x_y.wav",
    "/tmp/fan_section_00_source_train_normal_0001_x_y.wav",
    "train/fan_section_00_source_train_normal_0002_x_y.wav/../../../evil.wav",
    "train\\..\\..\\fan_section_00_source_train_normal_0003_x_y.wav",
    "train/..wav",
    "train/fan_section_00_source_train_normal_0004_x\n_y.wav",
    "train/fan_section_00_source_train_normal_0005_x_\x1b[31m.wav",
    "train/fan_section_00_source_train_normal_0006_x_" + "y" * 300 + ".wav",
    "train/fan_section_00_source_train_normal_0007_x_\udcff.wav",
]


EVIL_SOUND = b"RIFF" + bytes(60)


def test_no_archive_member_leaves_its_folder(hub: HubServer, standin: StandIn, tmp_path: Path) -> None:
    folder = folder_of()
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in EVIL:
            member = tarfile.TarInfo(name)
            member.size = len(EVIL_SOUND)
            archive.addfile(member, io.BytesIO(EVIL_SOUND))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            member = tarfile.TarInfo(f"train/fan_section_00_source_train_normal_{ord(kind) + 100:04d}_x_y.wav")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    before = {entry for entry in tmp_path.rglob("*") if "recordings" not in entry.parts}
    names = {clip_id_of(name, "train") for name in EVIL if name.isprintable() and len(name) < 200} - {None}
    assert [clip for clip, _ in archives._unpack(path, "train", folder, names)] != []
    assert list(archives._unpack(path, "train", folder, set())) == []
    assert {entry for entry in tmp_path.rglob("*") if "recordings" not in entry.parts} == before
    assert not Path("/tmp/fan_section_00_source_train_normal_0001_x_y.wav").exists()
    written = [entry for entry in folder.rglob("*") if entry.is_file()]
    assert all(entry.parent.parent == folder or entry.parent == folder for entry in written)
    assert not any(entry.is_symlink() for entry in written)
    assert all(entry.name.isprintable() and len(entry.name) < 250 for entry in written)


@pytest.mark.parametrize("damage", ["cut", "checksum", "flipped", "no archive", "empty"])
def test_an_archive_that_is_damaged(hub: HubServer, standin: StandIn, damage: str) -> None:
    folder, repository = folder_of(), open_repository("hub")
    path = repository.fetch(ARCHIVE)
    content = path.read_bytes()
    half = len(content) // 2
    harmed = {
        "cut": content[:half],
        "checksum": content[:-8] + b"\0\0\0\0" + content[-4:],
        "flipped": content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :],
        "no archive": b"hello" * 99,
        "empty": b"",
    }
    path.write_bytes(harmed[damage])
    with pytest.raises(ExploreError, match="is damaged") as error:
        archives.fetch(repository, "dev", "test", folder, valves(standin))
    assert "\n" not in str(error.value)
    assert not list(folder.rglob("*.wav"))
    archives.fetch(repository, "dev", "test", folder, valves(standin))
    assert all((folder / key).read_bytes() == standin.sounds[key] for key in valves(standin))


def test_no_zip_member_leaves_its_folder(hub: HubServer, standin: StandIn, tmp_path: Path, monkeypatch) -> None:
    evil = make_repository(tmp_path / "evil", machines=["fan"], train=4, test=4)
    path = evil.records / "7882613" / "dev_fan.zip"
    with zipfile.ZipFile(path, "w") as archive:
        writable = [name for name in EVIL if "\udcff" not in name]
        for name in [f"fan/train/{name}" for name in writable] + ["../train/fan.wav", "fan/../section_00_0000.wav"]:
            archive.writestr(name, b"evil")
    with served(evil, monkeypatch):
        folder = folder_of()
        keys = evil.keys["dev_train"]
        recordings.fetch_all(str(folder / key) for key in keys)
        assert all((folder / key).read_bytes() == evil.sounds[key] for key in keys)  # from the archive
    assert {entry.name for entry in folder.rglob("*") if entry.is_file() and entry.read_bytes() == b"evil"} == set()


def test_what_was_changed_or_lost_since(hub: HubServer, standin: StandIn) -> None:
    folder = folder_of()
    first, second, third = valves(standin)[:3]
    for key in (first, second, third):
        recordings.fetch(str(folder / key))
    (folder / first).write_bytes(b"x")
    (folder / second).unlink()
    assert dict(kept.damaged(folder)) == {
        first: "has another content than it came with",
        second: "is missing",
    }


def test_a_disk_that_takes_no_more(hub: HubServer, standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder_of() / valves(standin)[0]

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        assert "cannot be kept in" in refusal(path)
    assert [entry.name for entry in path.parent.iterdir()] == []
    recordings.fetch(str(path))


def test_plain_files_and_strange_paths_are_left_alone(tmp_path: Path, own_cache: Path) -> None:
    for path in (tmp_path / "a.wav", own_cache / "recordings" / "nothing" / "test" / "a.wav", Path("a.wav")):
        assert kept.origin_of(str(path)) is None
        recordings.fetch(str(path))
    (own_cache / "recordings" / "odd").mkdir(parents=True)
    (own_cache / "recordings" / "odd" / "origin.json").write_text('{"kind": "command", "run": "rm"}')
    assert kept.origin_of(str(own_cache / "recordings" / "odd" / "test" / "a.wav")) is None
    foreign = tmp_path / "recordings" / "foreign"  # what somebody sent says nothing
    foreign.mkdir(parents=True)
    (foreign / "origin.json").write_text('{"kind": "hub", "repository": "a/b", "commit": "c", "config": "dev"}')
    assert kept.origin_of(str(foreign / "test" / "a.wav")) is None
