"""How the program ends: by Ctrl-C at any moment, and on systems that know fewer signals."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dcase_explore.options import Options
from dcase_explore.view import view_of
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.server import Server
from exploring import stored

INTERRUPTED = """
import os, signal, sys
event, name = sys.argv.pop(1), sys.argv.pop(1)
def hook(happened, arguments):
    if happened == event and arguments and str(arguments[0]).endswith(name):
        os.kill(os.getpid(), signal.SIGINT)
sys.addaudithook(hook)
from dcase_explore.__main__ import main
main()
"""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Scores of four clips."""
    rows = [f"section_00_source_test_{label}_000{n}.wav,{n}" for n, label in enumerate(["normal", "anomaly"] * 2)]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/anomaly_score_fan_section_00_test.csv").write_text("\n".join(rows))
    return tmp_path / "mine"


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("import", "dcase_explore.cli"),
        ("import", "typer"),
        ("import", "pandas"),
        ("open", "table.json"),
        ("import", "uvicorn"),
        ("socket.__new__", ""),
    ],
)
def test_an_interrupt_before_there_is_a_page_is_no_traceback(results: Path, event: str, name: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED, event, name, "--data", str(results), "--no-browser"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 130
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


def test_an_interrupt_while_the_page_is_served_ends_its_server_in_order(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    server = Server(Address())
    exploration = view_of(Options(data=[str(results)], layout="simple"))
    server.show(stored(exploration), exploration.arrangement)
    thread = server._thread
    assert thread is not None
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        server.wait()
    assert not server._ended.is_set()
    server.close()
    assert server._ended.is_set(), "it was not waited for"
    assert not failed


def test_a_second_interrupt_ends_what_puts_things_in_order() -> None:
    code = (
        "import os, signal\nfrom dcase_explore.ending import end_in_order\nend_in_order()\n"
        "try: os.kill(os.getpid(), signal.SIGINT)\n"
        "finally:\n    os.kill(os.getpid(), signal.SIGINT)\n    print('not reached')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


def test_what_is_started_by_nohup_outlives_its_terminal() -> None:
    code = (
        "import os, signal\nfrom dcase_explore.ending import end_at_once, end_in_order\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "for have in (end_at_once, end_in_order):\n    have()\n    os.kill(os.getpid(), signal.SIGHUP)\nprint('here')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "here\n", "")


def test_nothing_on_the_way_is_known_to_posix_alone(results: Path, tmp_path: Path) -> None:
    code = """
import sys, os, signal
import datasets, filelock, pandas, platformdirs, pyarrow.parquet, sklearn.neighbors, typer, uvicorn  # theirs may be
for name in ("getuid", "geteuid", "getppid", "killpg", "setsid", "nice", "fork", "mkfifo", "getpgid"):
    delattr(os, name)
for name in ("O_NOFOLLOW", "O_DIRECTORY"):
    delattr(os, name)
del signal.SIGHUP, signal.SIGKILL, signal.SIGPIPE
for name in ("fcntl", "pwd", "grp", "resource", "termios"):
    sys.modules[name] = None
from dcase_explore.cli import app
from dcase_explore.__main__ import main
data, out = sys.argv[1:]
for arguments in (
    ["--data", data, "--check"],
    ["--data", data, "--check"],
    ["score", "--data", data],
    ["findings", "--data", data],
    ["data", "export", out, "--data", data],
    ["--data", out, "--check", "--fresh"],
    ["layouts", "save", "simple", "mine"],
    ["report", out + "/report.html", "--data", data],
):
    sys.argv = ["dcase-explore", *arguments]
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    try:
        main()
    except SystemExit as end:
        if end.code:
            print(arguments, end.code)
            raise
"""
    ended = subprocess.run([sys.executable, "-c", code, results, tmp_path / "out"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout[-300:] + ended.stderr[-2_000:]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["README.md", "data", "report.html"]
