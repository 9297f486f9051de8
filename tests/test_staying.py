"""A script that shows a page keeps it until it is closed or interrupted; nothing else waits at its end."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

STAYS = "stays until it is closed there, or until Ctrl-C here"
SHOW = "from dcase_explore import show\nviewer = show({data!r}, class_name='valve', layout='simple')\n"
HEADLESS = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}


def started(script: Path, code: str, recordings: Path) -> "subprocess.Popen[str]":
    script.write_text(SHOW.format(data=str(recordings)) + code)
    return subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=HEADLESS
    )


def where_it_stays(process: "subprocess.Popen[str]") -> str:
    """Address of the page, once the script is at its end."""
    assert process.stderr
    line = next(line for line in process.stderr if STAYS in line)
    return line.partition(f" {STAYS}")[0]


@pytest.mark.browser
def test_a_scripts_page_is_there_until_it_is_closed(tmp_path: Path, recordings: Path, browser: "Browser") -> None:
    with started(tmp_path / "script.py", "print('at its end')", recordings) as process:
        url = where_it_stays(process)
        page = browser.new_page()
        page.goto(url)
        page.get_by_text("Filtered").wait_for()
        page.reload()  # which is not closed
        page.get_by_text("Filtered").wait_for()
        assert process.poll() is None
        page.close()
        out, err = process.communicate()
    assert (process.returncode, out) == (0, "at its end\n"), err
    assert "Traceback" not in err


def test_ctrl_c_ends_it_without_a_word(tmp_path: Path, recordings: Path) -> None:
    with started(tmp_path / "script.py", "", recordings) as process:
        where_it_stays(process)
        process.send_signal(signal.SIGINT)
        assert process.communicate() == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("code", "returned"),
    [
        ("raise ValueError('an error')", 1),
        ("viewer.close()", 0),
        ("with viewer: pass", 0),
        ("import os\nif os.fork() == 0: raise SystemExit\nos.wait(); viewer.close()", 0),
        ("import sys; sys.ps1 = '>>> '", 0),
    ],
    ids=["an error", "closed", "closed by a block", "a copy of the process", "interactive"],
)
def test_it_does_not_stay_for_nothing(code: str, returned: int, tmp_path: Path, recordings: Path) -> None:
    if "ps1" in code:
        code, before = "", code
        (tmp_path / "sitecustomize.py").write_text(before)
    process = subprocess.Popen(
        [sys.executable, "-c", SHOW.format(data=str(recordings)) + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**HEADLESS, "PYTHONPATH": str(tmp_path)},
    )
    _, err = process.communicate(timeout=120)
    assert process.returncode == returned, err
    assert STAYS not in err
    assert ("Traceback" in err) == (returned != 0)


def test_what_a_script_only_imports_does_not_stay(tmp_path: Path, recordings: Path) -> None:
    (tmp_path / "shows.py").write_text(SHOW.format(data=str(recordings)))
    (tmp_path / "script.py").write_text("import shows\n")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, env=HEADLESS, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert STAYS not in done.stderr
