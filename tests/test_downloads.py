"""Files from the hub arrive whole and right, whatever happens on the way, or a sentence says why not."""

import shutil
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import served
from dcase_explore.errors import ExploreError
from dcase_explore.hub import download
from dcase_explore.hub.repository import Repository, kept_repository, open_repository
from hub_repository import AST, StandIn, make_repository
from hub_server import Fault, HubServer, cut, flipped, no_ranges, reset, shorter, slow, status

LARGE = f"data/{AST}_dev_train.npz"
SMALL = "data/scores.csv"


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the program wanted to wait between tries; it does not."""
    wanted: list[float] = []
    monkeypatch.setattr(download, "time", SimpleNamespace(sleep=wanted.append))
    return wanted


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What arrives is kept in whole pieces only, of 256 KiB: here of 16 KiB."""
    monkeypatch.setattr(download, "_PIECE", 2**14)


def content(standin: StandIn, name: str) -> bytes:
    return (standin.files / name).read_bytes()


def leftovers(repository: Repository) -> list[str]:
    """What lies in the cache beside files that are whole."""
    files = [path for path in (repository.folder / "files").rglob("*") if path.is_file()]
    return [path.name for path in files if path.suffix not in (".npz", ".csv", ".gz", ".lock")]


@pytest.mark.parametrize("name", [LARGE, SMALL])
@pytest.mark.parametrize(
    "fault",
    [
        status(429, {"Retry-After": "0"}),
        status(500),
        status(503),
        cut(None),
        cut(4000),
        reset(None),
        reset(4000),
        flipped(),
    ],
    ids=str,
)
def test_a_fault_that_passes_is_got_over(
    hub: HubServer, standin: StandIn, waits: list[float], name: str, fault: Fault
) -> None:
    repository = open_repository("hub")
    hub.fault(name, fault)
    assert repository.fetch(name).read_bytes() == content(standin, name)
    assert repository.damaged(name) is None
    assert leftovers(repository) == []


@pytest.mark.parametrize("name", [LARGE, SMALL])
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (status(404, {"X-Error-Code": "EntryNotFound"}), "has no file data/"),
        (status(401), "answers 401 for renumics/dcase23-task2-enriched: check the name, or log in"),
        (status(403), "answers 403"),
        (status(429, {"Retry-After": "3600"}), "answers 429: try the same command again"),
        (status(500), "answers 500: try the same command again"),
        (reset(0), "the connection to the hub broke"),
        (shorter(100), "instead of"),
        (flipped(), "arrived damaged twice"),
    ],
    ids=str,
)
def test_a_fault_that_stays_is_told_in_a_sentence(
    hub: HubServer, standin: StandIn, waits: list[float], name: str, fault: Fault, said: str, monkeypatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    repository = open_repository("hub")
    hub.fault(name, fault, times=None)
    with pytest.raises(ExploreError, match=said) as error:
        repository.fetch(name)
    assert "\n" not in str(error.value)
    assert not repository.local(name).exists()
    hub.mend()
    assert repository.fetch(name).read_bytes() == content(standin, name)
    assert leftovers(repository) == []


def test_waits_as_long_as_it_is_told(hub: HubServer, waits: list[float], capsys) -> None:
    hub.fault("revision/main", status(429, {"Retry-After": "7"}))
    open_repository("hub")
    assert waits == [7]
    assert "answers 429, trying again in 7 seconds" in capsys.readouterr().err


def test_a_cut_transfer_goes_on_where_it_stopped(
    hub: HubServer, standin: StandIn, waits: list[float], small_chunks: None
) -> None:
    repository = open_repository("hub")
    size = len(content(standin, LARGE))
    hub.fault(LARGE, reset(size // 2))
    assert repository.fetch(LARGE).read_bytes() == content(standin, LARGE)
    assert hub.bytes_sent_for(LARGE) < 1.3 * size
    assert [request.range for request in hub.requests_for(LARGE) if request.range] != []


def test_a_transfer_that_gets_on_may_break_any_number_of_times(
    hub: HubServer, standin: StandIn, waits: list[float], small_chunks: None
) -> None:
    hub.fault(LARGE, reset(20_000), times=3 * download.TRIES)
    assert open_repository("hub").fetch(LARGE).read_bytes() == content(standin, LARGE)


def test_where_pieces_are_not_handed_out_it_begins_anew(
    hub: HubServer, standin: StandIn, waits: list[float], small_chunks: None
) -> None:
    hub.fault(LARGE, reset(100_000))
    hub.fault(LARGE, no_ranges(), times=None)
    assert open_repository("hub").fetch(LARGE).read_bytes() == content(standin, LARGE)


FETCH = f"from dcase_explore.hub.repository import open_repository; open_repository('hub').fetch({LARGE!r})"


def test_a_killed_transfer_goes_on_in_the_next_run(hub: HubServer, standin: StandIn, waits: list[float]) -> None:
    size = len(content(standin, LARGE))
    repository = open_repository("hub")
    hub.fault(LARGE, slow(size // 4))
    chunks = "from dcase_explore.hub import download; download._PIECE = 2**14; "
    process = subprocess.Popen([sys.executable, "-c", chunks + FETCH])
    part = repository.local(LARGE).with_name(f"{Path(LARGE).name}.part")
    deadline = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size > size // 4) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert part.stat().st_size < size
    hub.requests.clear()
    assert repository.fetch(LARGE).read_bytes() == content(standin, LARGE)
    assert hub.bytes_sent_for(LARGE) < size
    assert leftovers(repository) == []


def test_two_processes_at_the_same_moment(hub: HubServer, standin: StandIn) -> None:
    size = len(content(standin, LARGE))
    repository = open_repository("hub")
    assert len(repository.files) > 10
    hub.fault(LARGE, slow(size))
    both = [subprocess.Popen([sys.executable, "-c", FETCH], stderr=subprocess.PIPE) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    for process in both:
        process.communicate()
    assert repository.local(LARGE).read_bytes() == content(standin, LARGE)
    assert hub.bytes_sent_for(LARGE) == size


def test_a_full_disk_is_told_before_anything_is_fetched(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = open_repository("hub")
    assert repository.files
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    hub.requests.clear()
    with pytest.raises(ExploreError, match=r"the disk is full: .* set DCASE_EXPLORE_CACHE"):
        repository.fetch(LARGE)
    assert hub.requests == []


def test_a_disk_that_fills_up_midway_keeps_what_has_arrived(
    hub: HubServer, standin: StandIn, monkeypatch: pytest.MonkeyPatch, small_chunks: None
) -> None:
    repository = open_repository("hub")
    assert repository.files
    plain = Path.open

    class Full:
        """A file on a disk that takes 60,000 bytes."""

        def __init__(self, file: Any) -> None:
            self._file = file

        def __enter__(self) -> "Full":
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def write(self, piece: bytes) -> int:
            if self._file.tell() + len(piece) > 60_000:
                raise OSError(28, "No space left on device")
            return int(self._file.write(piece))

    def opened(path: Path, mode: str = "r", *more: Any, **options: Any) -> Any:
        file = plain(path, mode, *more, **options)
        return Full(file) if path.suffix == ".part" else file

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", opened)
        with pytest.raises(ExploreError, match="the disk is full"):
            repository.fetch(LARGE)
    hub.requests.clear()
    assert repository.fetch(LARGE).read_bytes() == content(standin, LARGE)
    assert hub.bytes_sent_for(LARGE) < len(content(standin, LARGE)) - 40_000


def test_a_cache_that_cannot_be_written(hub: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path / "file"))
    with pytest.raises(ExploreError, match="set DCASE_EXPLORE_CACHE"):
        open_repository("hub")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("hf://nobody/nothing", "the hub has no data set nobody/nothing, or it is private"),
        ("hf://renumics/dcase23-task2-enriched@nonsense", "has no revision nonsense: try hf://renumics/"),
        ("hf://renumics", "is no repository: expected hub, hf://owner/name"),
        ("hf://a/b/c", "is no repository"),
        ("hf://../..", "is no repository"),
        ("hf://a/b@../../c", "is no repository"),
        ("hf://", "is no repository"),
    ],
)
def test_specs_that_lead_nowhere(hub: HubServer, spec: str, said: str) -> None:
    with pytest.raises(ExploreError, match=said):
        open_repository(spec)


def test_without_a_network_the_first_time(hub: HubServer) -> None:
    hub.close()
    with pytest.raises(ExploreError, match=r"the hub cannot be reached .*--data demo needs none"):
        open_repository("hub")


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HF_TOKEN", "schlüssel"), ("HF_ENDPOINT", "ftp://127.0.0.1"), ("HF_ENDPOINT", "http://127.0.0.1:1/x y")],
)
def test_settings_that_cannot_be_used(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ExploreError, match=r"HF_ENDPOINT|cannot be reached"):
        open_repository("hub")


class _Stranger(BaseHTTPRequestHandler):
    """Answers everything the same way."""

    def do_GET(self) -> None:
        body, headers = self.server.answer  # type: ignore[attr-defined]
        self.send_response(302 if "Location" in headers else 200)
        for name, text in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"<html>log in</html>", {"Content-Type": "text/html"}),
        (b"[]", {}),
        (b'{"sha": 5}', {}),
        (b'{"sha": "../../x"}', {}),
        (b"", {"Location": "/again"}),
    ],
)
def test_something_else_answers(monkeypatch: pytest.MonkeyPatch, body: bytes, headers: dict[str, str]) -> None:
    with HTTPServer(("127.0.0.1", 0), _Stranger) as server:
        server.answer = (body, headers)  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
        with pytest.raises(ExploreError) as error:
            open_repository("hub")
        assert "\n" not in str(error.value)
        repository = Repository("renumics/dcase23-task2-enriched", "0" * 40)
        with pytest.raises(ExploreError):
            repository.fetch(LARGE)
        server.shutdown()


def test_an_empty_listing_is_not_kept(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = open_repository("hub")
    with monkeypatch.context() as patch:
        patch.setattr("huggingface_hub.HfApi.list_repo_tree", lambda *_, **__: [])
        with pytest.raises(ExploreError, match="lists no file"):
            repository.fetch(SMALL)
    assert Repository(repository.name, repository.commit).fetch(SMALL).exists()


def test_an_answer_without_end_is_not_taken(
    hub: HubServer, monkeypatch: pytest.MonkeyPatch, small_chunks: None
) -> None:
    repository = open_repository("hub")
    assert repository.files[LARGE].size > 100_000
    file = repository.files[LARGE]
    object.__setattr__(file, "size", 1000)
    with pytest.raises(ExploreError, match="instead of 1,000"):
        repository.fetch(LARGE)
    assert hub.bytes_sent_for(LARGE) > 0
    assert leftovers(repository) == []


def test_offline_by_environment(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ExploreError, match="HF_HUB_OFFLINE is set"):
        open_repository("hub")


def test_a_revision_is_kept_until_a_newer_one_is_asked_for(
    hub: HubServer, standin: StandIn, tmp_path: Path, capsys
) -> None:
    first = open_repository("hub")
    other = make_repository(tmp_path / "other", with_audio=False, seed=1)
    newer = hub.publish(other)
    assert newer != first.commit
    assert open_repository("hub") == first == kept_repository("hub")
    assert open_repository(f"hf://renumics/dcase23-task2-enriched@{newer}").commit == newer
    assert open_repository("hf://datasets/renumics/dcase23-task2-enriched") == first
    assert open_repository("hub", newest=True).commit == newer
    assert open_repository("hub").commit == newer
    assert first.fetch(SMALL).read_bytes() == content(standin, SMALL)
    assert open_repository("hub").fetch(SMALL).read_bytes() == content(other, SMALL)


@pytest.mark.parametrize("xet", [False, True])
def test_the_token_goes_to_the_hub_alone(standin: StandIn, monkeypatch: pytest.MonkeyPatch, xet: bool) -> None:
    with served(standin, monkeypatch, xet=xet) as hub:
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        open_repository("hub").fetch(LARGE)
        asked = {("/cdn/" in request.path, request.authorization) for request in hub.requests}
    assert (False, "Bearer hf_secret") in asked
    assert (True, None) in asked
    assert (True, "Bearer hf_secret") not in asked


def test_a_listing_that_leads_out_of_the_folder_is_not_followed(hub: HubServer) -> None:
    repository = open_repository("hub")
    assert not [name for name in repository.files if ".." in name or name.startswith("/")]
    with pytest.raises(ExploreError, match=r"has no file \.\./x"):
        repository.fetch("../x")
    assert [entry.name for entry in repository.folder.iterdir()] == ["files.json"]
