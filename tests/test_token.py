"""A page that asks for a token: on a machine that others use as well, nobody else is answered."""

import os
import stat
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from dcase_explore.exploring import explored
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.options import Options
from dcase_explore.viewer import browser
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.neighbours import has_neighbours
from dcase_explore.viewer.server import Server
from exploring import get, stored, table_of
from test_stored import clips_of


@pytest.fixture(scope="module")
def asking() -> Iterator[Server]:
    made = stored(explored(Options(data=[clips_of(4)])))
    arrangement = Arrangement({"orientation": "horizontal", "children": []}, made.columns)
    server = Server(Address(), asks=True)
    server.show(made, arrangement)
    yield server
    server.close()


def test_what_is_asked_for_below_the_printed_address_is_answered(asking: Server) -> None:
    assert asking.fetch_once() == 4
    assert len(table_of(asking.url)["clip_id"]["values"]) == 4
    assert get(f"{asking.url}static/main.js")[0] == 200
    assert get(asking.url, Origin=asking.url.rsplit("/", 2)[0])[0] == 200
    assert get(asking.url, Origin="http://evil.example.com")[0] == 403


@pytest.mark.parametrize("path", ["", "api/table/", "static/main.js", "x/api/table/", "?token=x", "api/rows", "docs"])
def test_nothing_else_is_answered(asking: Server, path: str) -> None:
    whole = urllib.parse.urlsplit(asking.url)
    status, body = get(f"http://{whole.netloc}/{path}")
    assert (status, b"with its token" in body) == (403, True)
    for folder in (whole.path[:-2], whole.path[:-1].swapcase(), f"/x{whole.path[:-1]}", "/"):
        assert get(f"http://{whole.netloc}{folder}/{path}")[0] == 403
    assert get(f"http://{whole.netloc}{whole.path[:-1]}")[0] == 403


def test_the_token_may_come_as_a_cookie(asking: Server) -> None:
    whole = urllib.parse.urlsplit(asking.url)
    token = whole.path.strip("/")
    assert len(token) > 20
    with urllib.request.urlopen(f"http://{whole.netloc}/?token={token}") as answer:
        cookies = [header.partition(";")[0] for header in answer.headers.get_all("set-cookie")]
    (cookie,) = [header for header in cookies if header.startswith("dcase-explore=")]
    assert get(f"http://{whole.netloc}/api/table/", Cookie=cookie)[0] == 200
    assert get(f"http://{whole.netloc}/api/table/", Cookie=f"{cookie}x")[0] == 403


def test_a_page_that_asks_is_framed_by_nobody(asking: Server) -> None:
    with urllib.request.urlopen(asking.url) as answer:
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_no_command_line_shows_the_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[str] = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path))
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    old = tmp_path / "opened" / "before.html"
    old.parent.mkdir()
    old.touch()
    os.utime(old, (0, 0))
    browser.open_browser("http://127.0.0.1:1/secret/")
    path = Path(urllib.parse.unquote(urllib.parse.urlsplit(opened[0]).path))
    assert "secret" not in opened[0]
    assert 'url=http://127.0.0.1:1/secret/"' in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(old.parent.iterdir()) == [path]
    browser.open_browser("http://127.0.0.1:1/")
    assert opened[1] == "http://127.0.0.1:1/"


ME, OTHER = (1000, "/bin/bash", "."), (1001, "/bin/zsh", ".")
PLACES: dict[str, tuple[int, list[tuple[int, str, str]], bool]] = {
    "nobody else": (1000, [ME], False),
    "another person": (1000, [ME, OTHER], True),
    "accounts of programs": (1000, [ME, (999, "/bin/sh", "."), (1002, "/usr/sbin/nologin", ".")], False),
    "one without a home": (1000, [ME, (1003, "/bin/sh", "/nowhere")], False),
    "a network's account": (70_123, [ME], True),
    "root": (0, [(0, "/bin/bash", "."), ME], False),
}


@pytest.mark.parametrize("case", PLACES)
def test_whether_others_use_the_machine(case: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine, accounts, expected = PLACES[case]
    monkeypatch.setattr("os.getuid", lambda: mine)
    people = [SimpleNamespace(pw_uid=uid, pw_shell=shell, pw_dir=home) for uid, shell, home in accounts]
    monkeypatch.setattr("pwd.getpwall", lambda: people)
    monkeypatch.setattr("dcase_explore.viewer.neighbours._SESSIONS", str(tmp_path))
    assert has_neighbours() == expected
    (tmp_path / "1001").mkdir()
    assert has_neighbours() == (expected or case == "root")
