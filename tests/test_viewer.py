"""Spotlight in this process: what it serves, whom it refuses, and what of Spotlight it relies on."""

import base64
import json
import os
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import renumics.spotlight.backend

from conftest import served
from dcase_explore.errors import ExploreError
from dcase_explore.options import Options
from dcase_explore.stored.making import sampling_rate_of
from dcase_explore.view import view_of
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.page import CHANGES, LIBRARY_CHANGES, SPECTROGRAM_PIXELS, changed_script, clip_context
from dcase_explore.viewer.server import Server
from dcase_explore.viewer.spotlight_line import SpotlightLine
from exploring import get, stored, table_of
from hub_repository import StandIn
from hub_server import stall


def port_of(viewer: Server) -> int:
    return int(viewer.url.rstrip("/").rsplit(":", 1)[1])


def path_of(viewer: Server, row: int) -> Path:
    cells = viewer._page.stored.cells("path")
    assert cells is not None
    return Path(cells.text(row) or "")


def upgrade(viewer: Server, **headers: str) -> int:
    """Status with which a WebSocket is answered: 101 when it is opened."""
    lines = {
        "Host": f"127.0.0.1:{port_of(viewer)}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        **headers,
    }
    text = "GET /api/ws HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    with socket.create_connection(("127.0.0.1", port_of(viewer)), timeout=10) as line:
        line.sendall(text.encode())
        return int(line.recv(64).split()[1])


def test_page_and_every_row_are_served(viewer: Server) -> None:
    assert viewer.fetch_once() == 16


def test_types_are_told_not_guessed(viewer: Server) -> None:
    columns = table_of(viewer.url)
    kinds = {name: column["dtype"]["name"] for name, column in columns.items()}
    assert kinds["path"] == "Audio"
    assert kinds["embeddings_logmel"] == "Embedding"
    assert kinds["anomaly_score_logmel_lof"] == "float"
    assert kinds["label"] == "Category"
    assert columns["d1v"]["dtype"]["categories"] == {"00": 0}, "00 stays text"
    assert columns["label"]["dtype"]["categories"] == {"normal": 0, "anomaly": 1}
    assert columns["domain"]["dtype"]["categories"] == {"source": 0, "target": 1}


def test_every_column_carries_its_tooltip_and_none_is_editable(viewer: Server) -> None:
    for name, column in table_of(viewer.url).items():
        assert column["description"], name
        assert not column["editable"], name


def test_null_is_null_in_the_page(real_scores: Path, tmp_path: Path) -> None:
    exploration = view_of(Options(data=[str(real_scores)], class_name=["valve"]))
    frame = exploration.frame.copy()
    frame.loc[0, "domain"] = None
    frame.loc[0, "anomaly_score_baseline_MSE"] = np.nan
    frame["prediction_correct_baseline_MSE"] = frame["prediction_correct_baseline_MSE"].astype("boolean")
    frame.loc[0, "prediction_correct_baseline_MSE"] = None
    viewer = Server(Address())
    try:
        viewer.show(stored(replace(exploration, frame=frame, title="with gaps")), exploration.arrangement)
        columns = table_of(viewer.url)
        assert columns["domain"]["values"][:2] == [-1, 0]
        assert columns["anomaly_score_baseline_MSE"]["values"][0] is None
        assert columns["prediction_correct_baseline_MSE"]["values"][0] is None
        assert columns["prediction_correct_baseline_MSE"]["values"][1] in (True, False)
    finally:
        viewer.close()


def test_a_clip_plays_the_bytes_of_its_file_even_after_it_changed(viewer: Server) -> None:
    path = path_of(viewer, 3)
    url = f"{viewer.url}api/table/path/3?generation_id=0"
    before = path.read_bytes()
    assert get(url) == (200, before)
    try:
        path.write_bytes(before[: len(before) // 2])
        assert get(url) == (200, before[: len(before) // 2])
    finally:
        path.write_bytes(before)


def test_a_recording_that_vanished_says_so(viewer: Server) -> None:
    path = path_of(viewer, 4)
    aside = path.rename(path.with_suffix(".aside"))
    try:
        status, body = get(f"{viewer.url}api/table/path/4?generation_id=0")
        assert status == 404
        assert path.name.encode() in body
    finally:
        aside.rename(path)


def test_file_browsing_is_off(viewer: Server) -> None:
    for request in (
        urllib.request.Request(f"{viewer.url}api/browse/"),
        urllib.request.Request(f"{viewer.url}api/table/open/pyproject.toml", method="POST"),
    ):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(request)
        with refusal.value as answer:
            assert (answer.code, b"FilebrowsingNotAllowed" in answer.read()) == (403, True)


@pytest.mark.parametrize("host", ["evil.example.com", "evil.example.com:80", "127.0.0.1.evil.example.com", "[::2]", ""])
def test_a_forged_host_is_refused(viewer: Server, host: str) -> None:
    assert get(f"{viewer.url}api/table/", Host=host)[0] == 403
    assert upgrade(viewer, Host=host) == 403


@pytest.mark.parametrize("origin", ["http://evil.example.com", "null", "http://127.0.0.1:1", "https://127.0.0.1"])
def test_a_foreign_origin_is_refused(viewer: Server, origin: str) -> None:
    assert get(f"{viewer.url}api/table/", Origin=origin)[0] == 403
    assert upgrade(viewer, Origin=origin) == 403


def test_its_own_origin_and_a_tunnel_are_served(viewer: Server) -> None:
    own = viewer.url.rstrip("/")
    assert get(f"{viewer.url}api/table/", Origin=own)[0] == 200
    assert upgrade(viewer, Origin=own) == 101
    assert get(viewer.url, Host="localhost:9999", Origin="http://localhost:9999")[0] == 200


def test_a_taken_port_is_known_before_any_data_are_read(viewer: Server) -> None:
    with pytest.raises(ExploreError, match=rf"port {port_of(viewer)} is taken .* --port"):
        Server(Address(port=port_of(viewer)))


def test_two_programs_cannot_take_one_port_before_either_serves() -> None:
    first = Server(Address())
    try:
        with pytest.raises(ExploreError, match="is taken"):
            Server(Address(port=port_of(first)))
    finally:
        first.close()


def test_a_server_that_died_is_not_waited_for() -> None:
    with SpotlightLine() as line, pytest.raises(ExploreError, match="did not start"):
        line.wait("startup", threading.Thread())  # never started: not alive


def test_other_machines_only_with_tls(tmp_path: Path) -> None:
    with pytest.raises(ExploreError, match=r"0\.0\.0\.0 .* --tls-certificate"):
        Address("0.0.0.0")
    with pytest.raises(ExploreError, match="both files"):
        Address("0.0.0.0", certificate=tmp_path / "certificate.pem")
    (tmp_path / "certificate.pem").write_text("no certificate")
    with pytest.raises(ExploreError, match="no TLS certificate"):
        Address("0.0.0.0", certificate=tmp_path / "certificate.pem", key=tmp_path / "certificate.pem")


def test_with_tls_the_page_is_served_beyond_this_machine(tmp_path: Path, real_scores: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=here"]
    try:
        subprocess.run([*command, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no openssl to make a certificate with")
    viewer = Server(Address("0.0.0.0", certificate=certificate, key=key))
    try:
        exploration = view_of(Options(data=[str(real_scores)], class_name=["fan"]))
        viewer.show(stored(exploration), exploration.arrangement)
        assert viewer.fetch_once() == 200
        context = ssl.create_default_context(cafile=certificate)
        context.check_hostname = False
        with socket.create_connection(("127.0.0.1", port_of(viewer))) as line, context.wrap_socket(line) as secure:
            secure.sendall(b"GET /api/table/ HTTP/1.1\r\nHost: here\r\nOrigin: https://evil.example.com\r\n\r\n")
            assert secure.recv(64).split()[1] == b"403"
    finally:
        viewer.close()


def test_stopping_frees_the_port(real_scores: Path) -> None:
    exploration = view_of(Options(data=[str(real_scores)], class_name=["fan"]))
    viewer = Server(Address())
    viewer.show(stored(exploration), exploration.arrangement)
    port = port_of(viewer)
    viewer.close()
    Server(Address(port=port)).close()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_identity_follows_the_clips_not_the_object(real_scores: Path) -> None:
    from dcase_explore.viewer.clip_source import ClipSource

    first = view_of(Options(data=[str(real_scores)], class_name=["fan"]))
    again = view_of(Options(data=[str(real_scores)], class_name=["fan"]))
    other = view_of(Options(data=[str(real_scores)], class_name=["valve"]))
    assert ClipSource(first).get_uid() == ClipSource(again).get_uid() != ClipSource(other).get_uid()


def test_spotlights_script_is_as_the_page_changes_it() -> None:
    # Fails when a new Spotlight moves what `viewer.page` relies on: then spectrograms would shrink or stay empty.
    statics = Path(renumics.spotlight.backend.__file__).parent / "statics"
    original = (statics / "main.js").read_text()
    assert [len(pattern.findall(original)) for pattern, _ in CHANGES] == [1] * len(CHANGES)
    (library,) = statics.glob("lib-*.js")
    library_script = library.read_text()
    assert [len(pattern.findall(library_script)) for pattern, _ in LIBRARY_CHANGES] == [1] * len(LIBRARY_CHANGES)
    for _ in range(2):  # made, and kept
        assert f".defaultHeight = {SPECTROGRAM_PIXELS},".encode() in changed_script(statics / "main.js")
        assert b"relevanceWorker-" not in changed_script(library)
    assert "sampleRate: 8000" in clip_context(8000)
    assert "window.WaveSurferAudioContext ||" in library_script


def test_the_page_gets_the_changed_script(viewer: Server) -> None:
    status, body = get(f"{viewer.url}static/main.js")
    assert status == 200
    assert b"sampleRate: 16000" in body[:300]


def test_sampling_rate_is_the_recordings_own(record, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert sampling_rate_of([]) == 16_000
    assert sampling_rate_of([str(record(tmp_path / "high.wav", rate=48_000))]) == 48_000
    assert sampling_rate_of([str(record(tmp_path / "low.wav", rate=2_000))]) == 16_000
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    assert sampling_rate_of([str(tmp_path / "broken.wav")]) == 16_000


def test_the_page_answers_while_a_recording_is_fetched(standin: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(standin, monkeypatch) as hub:
        exploration = view_of(Options(class_name=["valve"], split="test"))
        viewer = Server(Address())
        viewer.show(stored(exploration), exploration.arrangement)
        try:
            hub.fault("dev_valve.zip", stall(4), times=1)
            cell = f"{viewer.url}api/table/path/0?generation_id=0"
            with ThreadPoolExecutor(1) as pool:
                played = pool.submit(get, cell)
                while not hub.requests_for("dev_valve.zip"):
                    time.sleep(0.01)
                assert get(viewer.url)[0] == 200
                assert not played.done()
                assert played.result() == (200, standin.sounds[exploration.frame["clip_id"][0]])
            assert get(f"{viewer.url}api/table/path/1/waveform?generation_id=0")[0] == 200
            hub.close()
            status, body = get(f"{viewer.url}api/table/path/2?generation_id=0")
            assert status == 503
            assert "cannot be reached" in json.loads(body)["title"]
        finally:
            viewer.close()
