"""The command line: what it prints where, how it ends, and what it does not import."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import soundfile

from commands import run, started
from dcase_explore.viewer.browser import open_browser

ROOT = Path(__file__).parents[1]


def imported_by(code: str) -> set[str]:
    """Top-level packages in memory after running a piece of Python."""
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_check_prints_one_line_of_what_would_be_shown(recordings: Path) -> None:
    result = run("--data", str(recordings), "--class", "valve", "--layout", "extended", "--check")
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 1
    for part in ("16 clips of valve", "16 with sound", "logmel_lof", "layout extended", "16 rows answered"):
        assert part in result.stdout


def test_nothing_but_results_on_stdout_and_no_noise_of_libraries_on_stderr(real_scores: Path) -> None:
    result = started("--data", str(real_scores), "--class", "valve", "--check")
    assert re.fullmatch(r".*200 clips of valve.*\n", result.stdout)
    assert not re.search(r"warning|Traceback|PyTorch|cleanlab", result.stderr, re.IGNORECASE), result.stderr


def test_scores_alone_and_scores_with_sound(real_scores: Path, tmp_path: Path, record) -> None:  # type: ignore[no-untyped-def]
    alone = run("--data", str(real_scores), "--layout", "extended", "--class", "valve", "--check")
    assert "200 clips of valve, 0 with sound · scores: baseline_MAHALA Ω 0.5257, baseline_MSE Ω 0.5236" in alone.stdout
    for number in range(3):
        record(tmp_path / "valve" / "test" / f"section_00_target_test_normal_{number:04d}_pat_02.wav", seed=number)
    both = run("--data", str(real_scores), "--data", str(tmp_path), "--class", "valve", "--check")
    assert re.search(
        r"scores: baseline_MAHALA Ω \S+, baseline_MSE Ω \S+, logmel_lof and 1 more · maps: logmel", both.stdout
    ), both.stderr
    assert re.search(r"2\d\d clips of valve, 3 with sound", both.stdout)


def test_the_real_recordings_open(real_clips: Path) -> None:
    result = run("--data", str(real_clips), "--class", "valve", "--check")
    # 16 pairs of an anomaly and a normal; whether two of them tie is a matter of last digits.
    score = r"mean of AUC and pAUC 0\.\d{4} \(2020\)"
    scores = rf"logmel_lof {score}, logmel_pca {score}"
    assert re.search(rf"16 clips of valve, 16 with sound · scores: {scores} · maps: logmel", result.stdout), (
        result.stderr
    )
    assert "fitted on all clips" in result.stderr


def test_filters_restrict_what_is_shown(real_scores: Path) -> None:
    result = run("--data", str(real_scores), "--class", "FAN", "--class", "valve", "--domain", "target", "--check")
    assert "200 clips of 2 machine types" in result.stdout, result.stderr
    limited = run("--data", str(real_scores), "--limit", "70", "--check")
    assert "70 clips of 7 machine types" in limited.stdout
    assert "70 of 1,400 clips" in limited.stderr


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--data", "{made}/nowhere"], ["there is no folder", "nowhere"]),
        (["--data", "dmeo"], ["did you mean demo?"]),
        (["--data", "{made}", "--class", "vlave"], ["no machine type vlave", "did you mean valve?"]),
        (["--data", "{made}", "--layout", "extendd"], ["no layout extendd", "did you mean extended?"]),
        (["--data", "{made}", "--layout", "https://example.com/layout.json"], ["no layout https://example.com"]),
        (["--data", "{made}", "--host", "0.0.0.0"], ["--tls-certificate"]),
        (["--data", "{made}", "--host", "203.0.113.7"], ["--tls-certificate"]),
        (["--data", "{empty}"], ["is empty", "expected", "<machine>/train|test/*.wav"]),
        (["--data", "{scores}", "--split", "train"], ["train split", "leave --split out"]),
        ([], ["the hub cannot be reached", "--data demo needs none"]),
        (["--data", "{scores}", "--scores", "mine"], ["--scores mine: give it a name", "--scores mine=mine"]),
        (["--data", "{scores}", "--scores", "a=b.csv", "--scores", "a=c.csv"], ["scores a (b.csv)", "no such file"]),
        (["--data", "{scores}", "--scores", "mine={empty}/mine.csv"], ["scores mine", "no such file"]),
        (["--data", "{scores}", "--scores", "model={scores}/model"], ["scores model", "taken"]),
        (["--data", "{scores}", "--embeddings", "mine={scores}"], ["embeddings mine", "a file, not a folder"]),
        (["--data", "{scores}", "--ground-truth", "{empty}"], ["--ground-truth", "holds no ground truth"]),
    ],
)
def test_what_the_user_can_mend_is_one_sentence_and_code_1(
    arguments: list[str], parts: list[str], recordings: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "scores" / "model").mkdir(parents=True)
    row = "section_00_source_test_normal_0000_pat_00.wav,1.5\n"
    (tmp_path / "scores" / "model" / "anomaly_score_valve_section_00_test.csv").write_text(row)
    places = {"made": recordings, "empty": tmp_path / "empty", "scores": tmp_path / "scores"}
    result = run(*(argument.format(**places) for argument in arguments), "--check")
    assert result.returncode == 1, result.stderr
    assert result.stdout == ""
    sentence = result.stderr.splitlines()[-1]
    assert sentence.startswith("dcase-explore: ")
    assert "Traceback" not in result.stderr
    for part in parts:
        assert part in sentence


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--port", "many"], ["--port", "70000"], ["--split", "dev"], ["--nope"], ["scrore"]),
        *(["score", "--format", "xml"], ["score", "--layout", "simple"]),
    ],
)
def test_wrong_usage_is_code_2(arguments: list[str]) -> None:
    assert run(*arguments).returncode == 2


def test_options_before_a_command_are_refused_and_not_forgotten() -> None:
    result = run("--data", "demo", "--class", "valve", "score")
    assert result.returncode == 2
    assert "put --data, --class after score" in result.stderr


def test_a_cache_that_cannot_be_written_is_said_once_and_all_works(recordings: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    where = str(tmp_path / "file" / "cache")
    result = run(
        "--data", str(recordings), "--class", "fan", "--check", DCASE_EXPLORE_CACHE=where, TMPDIR=str(tmp_path)
    )
    assert result.returncode == 0, result.stderr
    assert "table of" in result.stdout
    (said,) = [line for line in result.stderr.splitlines() if where in line]
    assert "set DCASE_EXPLORE_CACHE" in said
    assert said.endswith("until then nothing is kept for the next time")
    assert not list(tmp_path.glob("dcase-explore*")), "nor is anything left"


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "XDG_CONFIG_HOME"])
def test_spotlights_own_folders_unwritable_is_no_matter_until_it_is_needed(
    variable: str, real_scores: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    result = run("--data", str(real_scores), "--check", **{variable: str(tmp_path / "file" / "home")})
    assert result.returncode == 0, result.stderr
    assert "1,400 rows answered" in result.stdout


def test_a_layout_with_nothing_to_show_is_refused(real_scores: Path, tmp_path: Path) -> None:
    widget = {"kind": "widget", "type": "similaritymap", "config": {"placeBy": ["embeddings_mine"]}}
    (tmp_path / "mine.json").write_text(json.dumps({"children": [{"kind": "tab", "children": [widget]}]}))
    result = run("--data", str(real_scores), "--layout", str(tmp_path / "mine.json"), "--check")
    assert result.returncode == 1
    assert "nothing to show" in result.stderr


def test_the_summary_names_only_what_is_there(tmp_path: Path, record) -> None:  # type: ignore[no-untyped-def]
    record(tmp_path / "fan" / "test" / "normal_id_00_00000000.wav")
    result = run("--data", str(tmp_path), "--check")
    assert "1 clip of fan, 1 with sound · scores: none · maps: logmel" in result.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupt_while_the_demo_is_made_ends_at_once_and_leaves_whole_clips(
    number: signal.Signals, code: int, own_cache: Path
) -> None:
    command = [sys.executable, "-m", "dcase_explore", "--data", "demo", "--check"]
    # Whoever runs the tests by nohup has them ignore one of these, as the program then does.
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    ) as process:
        while len(list(own_cache.rglob("*.wav"))) < 20:
            time.sleep(0.05)
            assert process.poll() is None, "ended before it could be interrupted"
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)
    assert process.returncode == code
    assert output == ""
    assert "Traceback" not in errors
    assert {soundfile.info(path).frames for path in own_cache.rglob("*.wav")} == {160_000}


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    assert "Traceback" in run("--data", str(tmp_path / "nowhere"), "--debug").stderr


def test_without_a_display_the_address_and_a_tunnel_are_said(viewer, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    open_browser(viewer.url)
    said = capsys.readouterr().err
    assert viewer.url in said
    assert "no display" in said
    assert "ssh -L" in said


def test_without_a_browser_the_address_is_said(viewer, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    open_browser(viewer.url)
    said = capsys.readouterr().err
    assert viewer.url in said
    assert "no browser" in said


def test_help_and_import_stay_light() -> None:
    heavy = {"renumics", "pandas", "numpy", "torch", "sklearn", "umap", "librosa", "soundfile", "datasets"}
    assert imported_by("import dcase_explore, dcase_explore.cli") & heavy == set()
    help_ = "import dcase_explore.cli as cli\ntry: cli.app(['--help'])\nexcept SystemExit: pass"
    assert imported_by(help_) & heavy == set()


def test_a_second_run_computes_nothing_and_imports_no_model_library(recordings: Path) -> None:
    first = (
        "from dcase_explore.exploring import explored; from dcase_explore.options import Options\n"
        f"explored(Options(data=[{str(recordings)!r}]))"
    )
    assert "umap" in imported_by(first)
    assert imported_by(first) & {"umap", "sklearn", "librosa"} == set()


def test_every_option_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    data = [["data", command] for command in ("info", "fetch", "verify", "export")]
    layouts = [["layouts", command] for command in ("list", "show", "check", "save")]
    said = "".join(run(*command, "--help").stdout for command in ([], ["score"], ["findings"], *data, *layouts))
    options = re.findall(r"^\s+(--[a-z-]+)", said, re.MULTILINE)
    assert {"--data", "--scores", "--format", "--update"} <= set(options)
    assert [option for option in options if option not in readme] == []
