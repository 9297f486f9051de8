"""Temporary folders: held as long as somebody needs them, and cleared away by the next run if that was killed."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dcase_explore.temporary import Temporary, temporary_folder

HOLD = """
import sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from dcase_explore.temporary import Temporary
folder = Temporary()
(folder.path / "large").write_bytes(bytes(1000))
print(folder.path, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the system keeps temporary things."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_a_killed_run_left_is_cleared_by_the_next_and_what_is_held_stays(place: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(place)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        held = Path(other.stdout.readline().strip())
        with temporary_folder() as folder:
            assert (held / "large").exists()
            assert folder.stat().st_mode & 0o777 == 0o700
        assert not folder.exists()
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert held.exists()
    with temporary_folder():
        assert not held.exists()
    assert list(place.iterdir()) == []


def test_what_only_looks_so_is_left_alone(place: Path) -> None:
    (place / "elsewhere").mkdir()
    (place / "elsewhere" / "mine").touch()
    (place / "dcase-explore.aaaaaaaa.tmp").symlink_to(place / "elsewhere")
    (place / "dcase-explore.bbbbbbbb.tmp").write_text("a file")
    (place / "dcase-explore.mine").mkdir()
    before = sorted(place.rglob("*"))
    with temporary_folder():
        pass
    assert sorted(place.rglob("*")) == before


def test_one_that_is_closed_twice_or_gone_is_no_error() -> None:
    folder = Temporary()
    folder.path.rmdir()
    folder.close()
    folder.close()
