"""`show()` in a real JupyterLab, driven in headless Chromium."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest

from conftest import FLAGS, chromium
from exploring import free, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame, Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("one_cache")]

FAR = "notebooks.example.org"
"""A name for this machine that is none of loopback's: what a notebook server on another machine looks like."""


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium(), args=[*FLAGS, f"--host-resolver-rules=MAP {FAR} 127.0.0.1"]
        )
        yield browser
        browser.close()


@contextlib.contextmanager
def jupyter(folder: Path, *options: str) -> Iterator[int]:
    """Port of a JupyterLab of notebooks in a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--ServerApp.port={port}"]
    command += [f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=secret", "--ServerApp.base_url=/base/"]
    command += ["--ServerApp.allow_remote_access=True", *options]
    folders = {f"JUPYTER_{kind}_DIR": str(folder / f".{kind}") for kind in ("CONFIG", "DATA", "RUNTIME")}
    with (folder / "jupyter.log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **folders})
    try:
        assert until(lambda: answers(port))
        yield port
    finally:
        server.terminate()
        server.wait(30)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/base/api?token=secret").close()
        return True
    return False


@contextlib.contextmanager
def notebook(browser: "Browser", port: int, folder: Path, *cells: str, host: str = "127.0.0.1") -> "Iterator[Page]":
    """A notebook's page, its kernel ready."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    book.metadata["kernelspec"] = kernel
    nbformat.write(book, folder / "test.ipynb")
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    page.goto(f"http://{host}:{port}/base/lab/tree/test.ipynb?token=secret")
    page.get_by_text("| Idle").wait_for(timeout=120_000)
    yield page
    page.close()


def run_cell(page: "Page", cell: int = 0) -> None:
    """Run a cell: a key that comes while JupyterLab is busy with itself is lost, so until the cell says it runs."""
    prompt = page.locator(".jp-Cell").nth(cell).locator(".jp-InputPrompt")
    for _ in range(10):
        page.locator(".jp-Cell .cm-content").nth(cell).click()
        page.keyboard.press("Shift+Enter")
        if until(lambda: prompt.inner_text() != "[ ]:", 2):
            return
    raise AssertionError(f"cell {cell} was not run: {prompt.inner_text()!r}")


def shown_in(page: "Page", cell: int = 0) -> "Frame":
    """The page in a cell, once its table is there."""
    handle = page.locator(".jp-Cell").nth(cell).locator("iframe").element_handle(timeout=120_000)
    frame = handle.content_frame()
    assert frame is not None
    frame.get_by_text("Filtered").wait_for(timeout=120_000)
    return frame


def play(frame: "Frame", machine_type: str) -> str:
    """Click another row of the table than the page opens with, click the player's button, hear its clip; its id."""
    frame.wait_for_function("() => location.hash.includes('clip=')", timeout=60_000)
    before = frame.url
    frame.locator("[data-rowindex='2']").first.click()
    frame.wait_for_function("before => location.href !== before", arg=before, timeout=60_000)
    clip = parse_qs(urlsplit(frame.url).fragment)["clip"][0]
    name = Path(clip).name
    assert name.startswith(f"{machine_type}_section_00_")
    frame.get_by_text(name).first.wait_for(timeout=60_000)
    frame.locator("wave").first.wait_for(timeout=60_000)
    player = frame.locator("xpath=(//wave)[1]/ancestor::*[.//button][1]")
    player.locator("button").nth(1).click()  # the first plays what is marked, which nothing is
    frame.wait_for_function("() => document.querySelector('audio').currentTime > 0.2", timeout=20_000)
    return clip


def test_a_cell_shows_the_page_plays_clips_beside_a_busy_kernel_and_leaves_nothing(
    browser: "Browser", recordings: Path, tmp_path: Path
) -> None:
    cells = (
        "from dcase_explore import show\n"
        f"viewer = show({str(recordings)!r}, class_name='valve', layout='simple', height=640)",
        "print(*viewer.selection['clip_id'], len(viewer.filtered))",
        f"_ = show({str(recordings)!r}, class_name='fan', layout='simple')",
        "while True:\n    sum(number * number for number in range(10**6))",
    )
    with jupyter(tmp_path) as port, notebook(browser, port, tmp_path, *cells) as page:
        run_cell(page)
        frame = shown_in(page)
        box = page.locator(".jp-Cell iframe").bounding_box()
        assert box is not None
        assert box["height"] == pytest.approx(640, abs=4)
        address = page.locator(".jp-Cell a", has_text="open it large").get_attribute("href") or ""
        assert frame.url.partition("#")[0] == address  # behind it stands what is looked at
        clip = play(frame, "valve")
        # What is left for readers without a kernel is folded while the page is here.
        assert until(lambda: page.evaluate("document.querySelector('.jp-Cell details').open") is False)
        run_cell(page, 1)
        page.locator(".jp-Cell").nth(1).get_by_text(f"{clip} 16").wait_for(timeout=60_000)
        run_cell(page, 2)
        page.locator(".jp-Cell").nth(2).get_by_text("shown in the view above").wait_for(timeout=120_000)
        frame.get_by_text("fan_section_00_source_test_anomaly_0000").first.wait_for(timeout=60_000)
        assert not frame.get_by_text("valve_section_00").count()
        run_cell(page, 3)
        page.get_by_text("| Busy").wait_for()
        play(frame, "fan")
        assert page.get_by_text("| Busy").is_visible()
        shown_port = urlsplit(address).port or 0
        assert not free(shown_port)
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/base/api/sessions?token=secret", headers={"Accept": "application/json"}
        )
        with urllib.request.urlopen(request) as answer:
            kernel = json.load(answer)[0]["kernel"]["id"]
        end = urllib.request.Request(f"http://127.0.0.1:{port}/base/api/kernels/{kernel}?token=secret", method="DELETE")
        urllib.request.urlopen(end).close()
        assert until(lambda: free(shown_port))


def test_a_kernel_on_another_machine_is_reached_through_the_notebook_server(
    browser: "Browser", recordings: Path, tmp_path: Path
) -> None:
    cell = f"from dcase_explore import show\n_ = show({str(recordings)!r}, class_name='valve', layout='simple')"
    with jupyter(tmp_path) as port, notebook(browser, port, tmp_path, cell, host=FAR) as page:
        run_cell(page)
        handed_on = f"http://{FAR}:{port}/base/proxy/"
        for _ in range(1_200):
            page.wait_for_timeout(100)
            if (frame := page.locator(".jp-Cell iframe").element_handle().content_frame()) and frame.url.startswith(
                handed_on
            ):
                break
        assert frame is not None
        frame.get_by_text("Filtered").wait_for(timeout=120_000)
        play(frame, "valve")
        frame.locator(".flexlayout__tab_button_trailing").last.click()  # arranged: the page is written to as well
        frame.wait_for_timeout(500)
        frame.page.evaluate("frame => frame.contentWindow.location.reload()", frame.frame_element())
        frame.get_by_text("Filtered").wait_for(timeout=120_000)
        assert not frame.get_by_text("Listen", exact=True).count()


def test_without_a_way_there_the_line_to_use_is_said(browser: "Browser", recordings: Path, tmp_path: Path) -> None:
    cell = f"from dcase_explore import show\n_ = show({str(recordings)!r}, class_name='valve')"
    without = "--ServerApp.jpserver_extensions={'jupyter_server_proxy': False}"
    with jupyter(tmp_path, without) as port, notebook(browser, port, tmp_path, cell, host=FAR) as page:
        run_cell(page)
        said = page.locator(".jp-Cell span", has_text="This notebook runs on another machine")
        said.wait_for(timeout=120_000)
        assert "pip install jupyter-server-proxy" in said.inner_text()
        assert "ssh -L" in said.inner_text()
