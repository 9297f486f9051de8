"""What reaches a terminal: no control characters, escape sequences or marks of direction, whoever wrote the names."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from unicodedata import category

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcase_explore import progress, streams
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note, sentence_of, short, some
from dcase_explore.streams import Guard, console_on, guard_streams, plain

HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\x9b31m\u202eabc\u2066\u200f\x7f\u2028\U000e0001\udcff"
"""A title, a cleared screen, a colour, letters from right to left, tags, a byte that is no text."""


def steering(text: str) -> list[str]:
    return [sign for sign in text if not (sign.isprintable() or sign == "\n" or category(sign) == "Zs")]


TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from(HOSTILE), st.characters(categories=["Cc", "Cf", "Cs", "Zl"]))
)


@given(TEXTS)
def test_nothing_that_is_said_steers_a_terminal(text: str) -> None:
    assert steering(sentence_of(text)) == []
    assert steering(plain(text)) == []
    assert len(plain(text)) == len(text)
    assert steering(str(ExploreError(text))) == []


def stream(encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding, write_through=True, newline="")


def written(text_stream: io.TextIOWrapper) -> str:
    text_stream.flush()
    return text_stream.buffer.getvalue().decode(text_stream.encoding)  # type: ignore[attr-defined]


@given(st.lists(TEXTS), st.sampled_from(["utf-8", "ascii", "latin-1", "cp1252"]))
def test_a_guarded_stream_shows_it_and_json_stays_json(texts: list[str], encoding: str) -> None:
    below = stream(encoding)
    guard = Guard(below)
    json.dump(texts, guard, ensure_ascii=False)
    assert steering(written(below)) == []
    assert json.loads(written(below)) == json.loads(json.dumps(texts))


@given(TEXTS)
def test_a_console_shows_it_and_keeps_its_own_styles(text: str) -> None:
    from rich.table import Table
    from rich.text import Text

    below = stream()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", Guard(below))
        console = console_on("stdout", 60)
        table = Table()
        table.add_column(Text(text))
        table.add_row(Text(text, "bold"))
        console.print(Text(text), table)
    assert steering(written(below)) == []


def test_styles_and_bars_reach_a_terminal_though_its_stream_is_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    below = stream()
    monkeypatch.setattr(below, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", Guard(below))
    with progress.busy(f"placing {HOSTILE}"):
        pass
    streams.show_cursor()
    assert "\x1b[?25h" in written(below)
    assert not any(sign in written(below) for sign in "\x07\x9b\u202e")
    assert "\x1b]0" not in written(below)


@pytest.mark.parametrize("length", [0, 300, 301, 5_000, 100_000])
def test_long_names_are_cut_in_the_middle(length: int, capsys: pytest.CaptureFixture[str]) -> None:
    name = "a" * (length // 2) + "b" * (length - length // 2)
    note(f"there is no {name}: did you mean {name}?")
    note(f"there is no {'a b ' * length}")
    assert len(capsys.readouterr().err) <= 5_000
    assert len(str(ExploreError(f"no {name}"))) <= 310
    assert len(some([name] * 5)) <= 3 * 300 + 20
    assert short(name) == name or (len(short(name)) <= 300 and short(name)[0] == "a" and short(name)[-1] == "b")


def test_notes_do_without_anybody_who_listens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = stream()
    gone.close()
    for nobody in (None, gone):
        monkeypatch.setattr(sys, "stderr", nobody)
        note("anybody there?")
    assert capsys.readouterr().out == ""


def hostile_table(folder: Path) -> Path:
    names = [
        f"section_00_source_test_{label}_000{number}.wav" for label in ("normal", "anomaly") for number in range(6)
    ]
    frame = pd.DataFrame(
        {
            "clip_id": [f"test/{HOSTILE[:-1]}_{name}" for name in names],
            "class": HOSTILE[:-1],
            "split": "test",
            "section": 0,
            "domain": "source",
            "label": ["normal"] * 6 + ["anomaly"] * 6,
            "d1p": HOSTILE[:-1],
            "d1v": HOSTILE[:-1],
            f"anomaly_score_m{HOSTILE[:-1]}": np.arange(12.0)[::-1],
        }
    )
    frame.to_parquet(folder / "hostile.parquet")
    return folder / "hostile.parquet"


COMMANDS = [
    *(["score", "--format", output, "--data", "DATA"] for output in ("table", "json", "csv")),
    *(["findings", "--format", output, "--data", "DATA"] for output in ("table", "json", "csv")),
    *(["layouts", "list", "--format", output, "--data", "DATA"] for output in ("text", "json")),
    ["layouts", "show", "extended", "--data", "DATA"],
    ["layouts", "check", "BAD"],
    ["layouts", "check", "BAD", "--format", "json"],
    ["score", "--data", HOSTILE[:-1]],
    ["score", "--data", "DATA", "--class", HOSTILE[:-1]],
    ["score", "--data", "DATA", "--scores", f"{HOSTILE[:-1]}=x"],
    ["score", "--data", "DATA", "--scores", f"m={HOSTILE[:-1]}", "--debug"],
    ["score", f"--{HOSTILE[:-1]}"],
    [HOSTILE[:-1]],
    ["data", "info", "--data", f"hf://{HOSTILE[:-1]}"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: " ".join(map(plain, words)))
def test_no_command_hands_a_terminal_what_names_hold(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dcase_explore.cli import app

    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({"children": [], "orientation": "x\x1b[31m", HOSTILE[:-1]: HOSTILE[:-1]}))
    places = {"DATA": str(hostile_table(tmp_path)), "BAD": str(bad)}
    out, err = stream(), stream()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    guard_streams()
    try:
        app([places.get(word, word) for word in command], standalone_mode=True)
    except SystemExit:
        pass
    except Exception as error:  # what Python itself would print
        sys.excepthook(type(error), error, error.__traceback__)
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    assert steering(written(out)) == []
    assert steering(written(err)) == []
    assert written(out) + written(err)
    if "json" in command and "score" not in command[0]:
        json.loads(written(out))


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("exec >&-;", 0),
        ("exec 2>&-;", 0),
        ("exec >&- 2>&-;", 0),
        ("exec >/dev/full;", 1),
        ("export PYTHONIOENCODING=ascii;", 0),
    ],
    ids=["closed stdout", "closed stderr", "both closed", "full disk", "ASCII"],
)
def test_streams_that_are_closed_full_or_ascii_end_in_no_traceback(prefix: str, code: int) -> None:
    program = f"{prefix} exec {sys.executable} -m dcase_explore layouts list"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, timeout=120, env={**os.environ})
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert ("simple" in done.stdout) == ("exec >" not in prefix)
