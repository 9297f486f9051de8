"""A stranger's texts in every lens of the page: no script of theirs runs, and nobody else is asked for anything."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from dcase_explore.exploring import explored
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.options import Options
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.server import Server
from exploring import get, stored
from test_stored import clips_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LENSES = ("MarkdownLens", "SafeHtmlLens", "HtmlLens", "TextLens", "ScalarView")

TEXTS = {
    "script": "<script>document.title='run'</script><script src='{}/script.js'></script>",
    "handler": "<img src=x onerror=\"document.title='run'; fetch('{}/handler')\"><svg onload=\"document.title='run'\">",
    "picture": "<img src='{0}/picture.png'> ![picture]({0}/markdown.png) <video poster='{0}/poster.png'></video>",
    "style": "<style>@import url('{0}/import.css'); body {{ background: url('{0}/style.png') }}</style>",
    "attribute": "<div style=\"background: url('{}/attribute.png')\">here</div>",
    "frame": "<iframe src='{0}/frame'></iframe><iframe srcdoc=\"<img src='{0}/srcdoc.png'>\"></iframe>",
    "refresh": "<meta http-equiv='refresh' content='0; url={}/refresh'>",
    "link": "<link rel='stylesheet' href='{0}/link.css'><link rel='prefetch' href='{0}/prefetch'>",
    "base": "<base href='{}/base/'>",
    "form": "<form action='{}/form'><input autofocus onfocus=\"document.title='run'; this.form.submit()\"></form>",
    "object": "<object data='{0}/object'></object><embed src='{0}/embed'>",
    "sound": "<audio autoplay src='{0}/audio.wav'></audio><track src='{0}/track'>",
    "address": "[click](javascript:document.title='run') <a href=\"javascript:document.title='run'\">click</a>",
}


@pytest.fixture
def beacon() -> Iterator[tuple[str, list[str]]]:
    """A server of somebody else, and what it is asked for."""
    asked: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the base class's name

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()


def page_of(address: str, tmp_path: Path) -> Server:
    """A page with every hostile text in every lens of the inspector."""
    frame = clips_of(4)
    for name, text in TEXTS.items():
        frame[f"{name}_"] = text.format(address)
    views = [
        {"view": lens, "columns": [f"{name}_"], "name": f"{lens} {name}", "key": f"{lens}{name}"}
        for name in TEXTS
        for lens in LENSES
    ]
    widgets = [
        ("table", {"visibleColumns": [f"{name}_" for name in TEXTS]}),
        ("inspector", {"views": views, "visibleColumns": 1}),
    ]
    tabs = [
        {"kind": "tab", "weight": 50, "children": [{"kind": "widget", "type": kind, "name": kind, "config": config}]}
        for kind, config in widgets
    ]
    kept = stored(explored(Options(data=[pd.DataFrame(frame)])))
    arrangement = Arrangement({"orientation": "horizontal", "children": tabs}, kept.columns)
    server = Server(Address())
    server.show(kept, arrangement)
    return server


@pytest.mark.browser
def test_nobody_else_is_asked_and_nothing_runs(
    browser: "Browser", beacon: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, asked = beacon
    server = page_of(address, tmp_path)
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    try:
        page.goto(server.url)
        page.get_by_text("Filtered").wait_for()
        for _ in range(20):  # until it is taken
            page.get_by_text("<script>document").first.click()
            page.wait_for_timeout(500)
            if shown := page.evaluate("document.querySelectorAll('[class*=Html] img').length"):
                break
        assert shown, "no HTML was shown at all"
        for _ in range(40):  # lenses are made as they come into view
            page.mouse.move(1_400, 700)
            page.mouse.wheel(0, 400)
            page.wait_for_timeout(60)
        page.wait_for_timeout(500)
        assert page.title() != "run"
        assert page.url.partition("#")[0] == server.url
        assert not server._behind.running, "nor is Spotlight started by a picture"
        left = "script[src^='http'], [class*=Html] :is(script, style, iframe, meta, link, base, object, embed, form)"
        assert page.evaluate(f"document.querySelectorAll({json.dumps(left)}).length") == 0
        assert page.evaluate("[...document.querySelectorAll('a')].filter((a) => a.href.startsWith('java')).length") == 0
        assert asked == []
        # The same without the lenses' purification: what the policy alone keeps out.
        page.evaluate(
            "(texts) => { for (const text of texts) { const its = document.createElement('div'); its.innerHTML = text;"
            " document.body.append(its); } }",
            [text.format(address) for name, text in TEXTS.items() if name != "refresh"],
        )
        page.wait_for_timeout(1_000)
        assert page.title() != "run"
        assert asked == []
    finally:
        page.close()
        server.close()


POLICIES = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def test_every_answer_carries_the_policies(viewer: Server) -> None:
    import http.client

    for path, host, status in (
        ("/", None, 200),
        ("/static/main.js", None, 200),
        ("/static/none.js", None, 404),
        ("/api/table/", None, 200),
        ("/api/table/path/0", None, 200),
        ("/docs", None, 404),
        ("/api/browse/", None, 403),
        ("/", "evil.example.com", 403),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", int(viewer.url.rstrip("/").rsplit(":", 1)[1]), timeout=60)
        connection.request("GET", path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert answer.status == status, path
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self';" in policy, path
        assert {name: answer.headers[name] for name in POLICIES} == POLICIES, path


def raw(viewer: Server, request: bytes) -> bytes:
    """All that is answered to these bytes, until the other side hangs up or has answered."""
    import socket

    with socket.create_connection(("127.0.0.1", int(viewer.url.rstrip("/").rsplit(":", 1)[1])), timeout=60) as line:
        line.sendall(request)
        return line.recv(2**16)


NO_REQUESTS = (
    b"nonsense\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x00\xff",
    b"GET / HTTP/1.1\r\n: x\r\n\r\n",
)


@pytest.mark.parametrize("request_", NO_REQUESTS)
def test_what_is_no_request_is_answered_with_the_policies_as_well(viewer: Server, request_: bytes) -> None:
    answer = raw(viewer, request_)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    for name, value in {**POLICIES, "content-security-policy": "default-src 'none'; frame-ancestors 'none'"}.items():
        assert f"\r\n{name}: {value}\r\n".encode() in answer


@pytest.mark.parametrize("path", ["api/config/colors", "api/layout/", "api/rows", "api/none"])
def test_a_body_that_never_comes_is_not_waited_for(viewer: Server, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcase_explore.viewer.body.PIECE_SECONDS", 0.05)
    answer = raw(viewer, f"PUT /{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n".encode())
    assert 400 <= int(answer.split()[1]) < 500


@pytest.mark.parametrize(
    ("location", "asked", "told"),
    [
        ("http://127.0.0.1:40001/api/plugins/", "/api/plugins", "./plugins/"),
        ("http://127.0.0.1:40001/api/table/abc/0?x=1", "/api/table/abc/0/?x=1", "./../0?x=1"),
        ("http://127.0.0.1:40001/", "/x", "././"),
        ("http://127.0.0.1:40001//evil.example/x/", "//evil.example/x", "./x/"),
        ("http://127.0.0.1:40001/javascript:alert/", "/javascript:alert", "./javascript:alert/"),
        ("https://evil.example/a/b", "/a/c", "././b"),
    ],
)
def test_a_redirect_says_no_port_and_no_other_host(location: str, asked: str, told: str) -> None:
    from urllib.parse import urljoin, urlsplit

    from dcase_explore.viewer.handing_on import _from_here

    assert _from_here(location, asked) == told
    there = urljoin(f"http://localhost:8888/proxy/1{asked}", told)
    assert there.startswith("http://localhost:8888/proxy/1/")
    assert urlsplit(there).path.removeprefix("/proxy/1").lstrip("/") == urlsplit(location).path.lstrip("/")


MALFORMED = ("127.0.0.1/evil", "127.0.0.1?x", "127.0.0.1#x", "x@127.0.0.1", "127.0.0.1:99999", "127.0.0.1:", "[::1")


@pytest.mark.parametrize("host", MALFORMED)
def test_a_malformed_host_is_refused(viewer: Server, host: str) -> None:
    assert get(viewer.url, Host=host)[0] in (400, 403)


def test_settings_and_bodies_are_bounded(viewer: Server) -> None:
    import urllib.error
    import urllib.request

    def put(path: str, body: bytes) -> int:
        request = urllib.request.Request(viewer.url + path, body, method="PUT", headers={"Cookie": "browser_id=full"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    assert put("api/config/colors", b'{"value": 1}') == 200
    assert put("api/config/colors", b'{"value": "%s"}' % (b"x" * 2**17)) == 422
    assert put(f"api/config/{'n' * 101}", b'{"value": 1}') == 422
    assert put("api/config/colors", b"[" * 50_000) == 422
    statuses = [put(f"api/config/setting{number}", b'{"value": 1}') for number in range(105)]
    assert statuses[0] == 200
    assert statuses[-1] == 413
    assert put("api/none", bytes(2**25 + 1)) == 413
