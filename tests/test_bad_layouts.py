"""Layout files that are bad, or odd but fine: one clear sentence or a clean open, never a hang or a traceback."""

import collections
import contextlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from bad_layouts import CASES, Case, NotHereError, fault
from dcase_explore.errors import ExploreError
from dcase_explore.layouts.files import read_layout

HANGS = 60
"""Seconds after which a case counts as hanging, on however slow a machine."""


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Reading without an end, of time or of memory, ends here rather than take the machine."""

    def hangs(*_: object) -> NoReturn:
        pytest.fail("hangs")

    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    limits = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(HANGS)
    resource.setrlimit(resource.RLIMIT_AS, (now + 2**30, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Without what is large afterwards: pytest keeps the folders of its last runs."""
    yield tmp_path
    for parent, _, names in os.walk(tmp_path):
        for path in (Path(parent) / name for name in names):
            if path.is_file() and path.stat().st_size > 2**19:
                path.unlink()


def made(case: Case, folder: Path) -> str:
    try:
        return case.make(folder)
    except NotHereError as reason:
        pytest.skip(str(reason))


def page_takes(layout: dict[str, Any]) -> None:
    """What is opened can be sent, is no surprise to Spotlight, and neither runs nor fetches what a column holds."""
    from renumics.spotlight.layout.nodes import Layout

    sent = json.dumps(layout, allow_nan=False, ensure_ascii=False).encode().decode()
    lenses = re.compile('"(HtmlLens|SafeHtmlLens|MarkdownLens)"')
    assert not lenses.search(sent)
    assert not lenses.search(Layout.model_validate(layout).model_dump_json(by_alias=True))


def test_every_case_has_a_name_of_its_own() -> None:
    counts = collections.Counter(case.id for case in CASES)
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_bad_layout_is_refused_in_one_sentence_and_an_odd_one_opens(
    case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object, **__: object) -> NoReturn:
        pytest.fail("the network was asked")

    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, no_network)
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, no_network)
    monkeypatch.chdir(folder)
    given, layout, sentence = made(case, folder), None, ""
    with bounded():
        try:
            layout = read_layout(given)
        except ExploreError as error:
            sentence = str(error)
    assert fault(case, given, layout, sentence) == ""
    if layout is not None:
        page_takes(layout)


READ_ALL = """
import json, os, resource, signal, sys, time
from dcase_explore.errors import ExploreError
from dcase_explore.layouts.files import read_layout

def no_network(event, _):
    if event.startswith("socket."):
        raise RuntimeError("the network was asked")

def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024

def hangs(*_):
    raise RuntimeError("hangs")

sys.addaudithook(no_network)
signal.signal(signal.SIGALRM, hangs)
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
print(json.dumps(["start", 0, peak(), ""]))
for name, folder, given in json.load(open(sys.argv[1])):
    os.chdir(folder)
    start, wrong = time.perf_counter(), ""
    signal.alarm(int(sys.argv[2]))
    try:
        read_layout(given)
    except ExploreError:
        pass
    except BaseException as error:
        wrong = repr(error)[:200]
    print(json.dumps([name, time.perf_counter() - start, peak(), wrong]), flush=True)
"""


def test_all_cases_in_one_process_end(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A process of its own, so that its longest time and its peak of memory are those of reading layouts."""
    given = []
    for number, case in enumerate(CASES):
        own = folder / str(number)
        own.mkdir()
        with contextlib.suppress(NotHereError):
            given.append((case.id, str(own), case.make(own)))
    (folder / "cases").write_text(json.dumps(given))
    command = [sys.executable, "-c", READ_ALL, str(folder / "cases"), str(HANGS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=10 * HANGS)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    start, *answers = answers
    assert [name for name, *_ in answers] == [name for name, *_ in given], done.stderr[-2000:]
    slowest = sorted(answers, key=lambda answer: answer[1], reverse=True)[:3]
    rises = [
        (name, after - before)
        for (_, _, before, _), (name, _, after, _) in zip([start, *answers], answers, strict=False)
    ]
    steepest = max(rises, key=lambda rise: rise[1])
    with capsys.disabled():
        print(f"\n{len(answers)} layouts; slowest: " + ", ".join(f"{name} {took:.2f} s" for name, took, *_ in slowest))
        print(f"peak {answers[-1][2]:.0f} MB, {start[2]:.0f} MB before the first; most by: {steepest[0]}")
    assert [(name, wrong) for name, _, _, wrong in answers if wrong] == []


@pytest.mark.parametrize("name", ["HtmlLens in the second inspector", "scatterplot colourBy", "colours in a type"])
def test_the_command_line_ends_with_one_line_and_code_1(name: str, tmp_path: Path) -> None:
    (case,) = [case for case in CASES if case.id == name]
    given = case.make(tmp_path)
    command = [sys.executable, "-m", "dcase_explore", "--layout", given, "--data", "demo", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), timeout=10 * HANGS)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("dcase-explore: ")
    assert fault(case, given, None, line.removeprefix("dcase-explore: ")) == ""
