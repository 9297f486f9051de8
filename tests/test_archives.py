"""ASDKit's output and zip files of results: strangers' files, read as far as they are tables and arrays."""

import io
import stat
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dcase_explore.attach import attach
from dcase_explore.sources import archives, read_sources
from test_sources import read, refused, write

Capture = pytest.CaptureFixture[str]

SCORES = "anomaly_score_valve_section_03.csv"
NAMES = [
    f"section_00_{domain}_test_{label}_0000_pat_0{number}.wav"
    for number, (domain, label) in enumerate(
        [("source", "normal"), ("target", "normal"), ("source", "anomaly"), ("target", "anomaly")]
    )
]


def asdkit_csv(machine: str, scores: dict[str, list[float]], names: list[str] | None = None) -> str:
    frame = pd.DataFrame({"path": [f"/data/raw/{machine}/test/{name}" for name in names or NAMES], "section": 0})
    return frame.assign(is_normal=[1, 1, 0, 0], is_target=[0, 1, 0, 1], **scores).to_csv(index=False)


def extract(folder: Path, machine: str, paths: np.ndarray | None, **arrays: np.ndarray) -> None:
    codes = {"section": np.zeros(4, int), "is_normal": np.array([1, 1, 0, 0]), "is_target": np.array([0, 1, 0, 1])}
    named = {} if paths is None else {"path": paths}
    np.savez(folder / machine / "test_extract.npz", **{**codes, **named, **arrays})


def asdkit_run(folder: Path, shift: float = 0.0) -> Path:
    for index, machine in enumerate(("fan", "valve")):
        scores = {name: [shift + index + number for number in range(4)] for name in ("AS-Knn-1-embed", "AS-Gmm")}
        write(folder, {f"{machine}/test_score.csv": asdkit_csv(machine, scores)})
    return folder


def test_each_score_of_asdkit_is_a_model_over_all_machine_folders(tmp_path: Path, capsys: Capture) -> None:
    top = tmp_path / "results/recipe/dcase2023/v/0"
    asdkit_run(top / "output/last")
    for spec in (tmp_path, top / "output/last"):
        frame = read(spec)
        assert list(frame.index) == [f"test/{machine}_{name}" for machine in ("fan", "valve") for name in NAMES]
        assert frame["anomaly_score_AS-Knn-1-embed"].tolist() == [0, 1, 2, 3, 1, 2, 3, 4]
        assert frame["anomaly_score_AS-Gmm"].tolist() == [0, 1, 2, 3, 1, 2, 3, 4]
        assert frame["label"].tolist() == ["normal", "normal", "anomaly", "anomaly"] * 2
        assert frame["domain"].tolist() == ["source", "target"] * 4
        assert set(frame["section"]) == {0}
    assert "ASDKit's scores of fan, valve" in capsys.readouterr().err


def test_facts_of_asdkit_are_those_of_its_columns(tmp_path: Path) -> None:
    names = [f"clip {number}.wav" for number in range(4)]
    write(tmp_path, {"press/test_score.csv": asdkit_csv("press", {"AS-a": [1, 2, 3, 4]}, names)})
    frame = read(tmp_path)
    assert frame["label"].tolist() == ["normal", "normal", "anomaly", "anomaly"]
    assert list(frame.index) == [f"test/press_{name}" for name in names]


def test_runs_of_asdkit_side_by_side_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for shift, run in enumerate(("seed0", "seed1")):
        asdkit_run(tmp_path / run / "output/last", shift)
    frame = read(tmp_path)
    assert frame["anomaly_score_seed0_AS-Gmm"].tolist()[:4] == [0, 1, 2, 3]
    assert frame["anomaly_score_seed1_AS-Gmm"].tolist()[:4] == [1, 2, 3, 4]


@pytest.mark.parametrize("pickled", [False, True])
def test_embeddings_of_asdkit_are_read_by_name_or_by_row(tmp_path: Path, pickled: bool, capsys: Capture) -> None:
    asdkit_run(tmp_path)
    embed = np.arange(12, dtype=np.float32).reshape(4, 3)
    paths = np.array([f"/x/fan/test/{name}" for name in NAMES], dtype=object if pickled else str)
    order = [0, 1, 2, 3] if pickled else [3, 1, 2, 0]
    codes = {"is_normal": np.array([1, 1, 0, 0])[order], "is_target": np.array([0, 1, 0, 1])[order]}
    extract(tmp_path, "fan", paths[order], embed=embed[order], **codes)
    frame = read(tmp_path)
    assert np.array_equal(np.stack(frame["embeddings_embed"].iloc[:4]), embed)
    assert frame["embeddings_embed"].iloc[4:].isna().all()
    assert ("its names are pickled and not read" in capsys.readouterr().err) == pickled


def test_embeddings_in_another_order_without_names_are_left_out(tmp_path: Path, capsys: Capture) -> None:
    asdkit_run(tmp_path)
    extract(tmp_path, "fan", None, embed=np.ones((4, 3), np.float32), is_normal=np.array([0, 1, 0, 1]))
    assert "embeddings_embed" not in read(tmp_path)
    assert "left out, for its clips are others" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (asdkit_csv("fan", {"AS-a": [1, 2, 3, 4]}).replace(",0,4", ",0,high"), []),
        (asdkit_csv("fan", {"AS-a": [1, 2, 3, float("nan")]}), ["line 5", "not a number"]),
        (asdkit_csv("fan", {"AS-a": [1, 2, 3, "high"]}), ["line 5", "'high'"]),  # type: ignore[list-item]
        (asdkit_csv("fan", {"AS-a": [1, 2, 3, float("inf")]}), ["line 5", "inf"]),
        (asdkit_csv("fan", {"AS-a": [1, 2, 3, 4]}, [*NAMES[:3], NAMES[0]]), ["line 5", "twice"]),
        (asdkit_csv("fan", {"AS-a": [1, 2, 3, 4]}) + "x,0,1\n", ["line 6", "3 fields"]),
        (asdkit_csv("fan", {"AS-a": [1, 2, 3, 4]}) + "a.wav,0,2,0,1\n", ["line 6", "is_normal is 0 or 1"]),
        (asdkit_csv("fan", {"AS-a": [1, 2, 3, 4]}) + "a.wav,first,1,0,1\n", ["line 6", "a section is a number"]),
    ],
)
def test_a_broken_file_of_asdkit_is_named_with_its_line(text: str, parts: list[str], tmp_path: Path) -> None:
    write(tmp_path, {"fan/test_score.csv": text})
    if parts:
        sentence = refused(tmp_path)
        assert [part for part in ["fan/test_score.csv", *parts] if part not in sentence] == []
    else:
        read(tmp_path)


@pytest.mark.parametrize("name", ["test_score.csv", "mine.csv"])
def test_one_file_of_asdkit_gives_scores_of_its_machine_type(name: str, tmp_path: Path) -> None:
    base = asdkit_run(tmp_path / "base")
    text = asdkit_csv("valve", {"AS-a": [4, 3, 2, 1], "AS-b": [1, 2, 3, 4]})
    path = write(tmp_path, {f"valve/{name}": text}) / "valve" / name
    frame = read_sources([str(base)]).frame
    found = attach(frame, scores={"mine": path}).set_index("clip_id")
    assert found["anomaly_score_mine_AS-a"].dropna().to_dict() == {
        f"test/valve_{clip}": score for clip, score in zip(NAMES, [4, 3, 2, 1], strict=True)
    }
    assert found["anomaly_score_mine_AS-b"].notna().sum() == 4


def test_scores_are_taken_from_a_zip_file_and_from_asdkits_folder(tmp_path: Path) -> None:
    base = write(tmp_path / "base", {SCORES: "".join(f"section_03_000{n}.wav,0\n" for n in range(4))})
    frame = read_sources([str(base)]).frame
    found = attach(frame, scores={"team": packed(tmp_path / "x.zip", submission(1) | submission(2))})
    assert found["anomaly_score_team_Mine_LAB_task2_2"].tolist() == [2, 3, 4, 5]
    frame = read_sources([str(asdkit_run(tmp_path / "run"))]).frame
    found = attach(frame, scores={"again": tmp_path / "run"})
    assert found["anomaly_score_again_AS-Gmm"].tolist() == found["anomaly_score_AS-Gmm"].tolist()


def test_vectors_beside_facts_of_the_clips_are_embeddings(tmp_path: Path, capsys: Capture) -> None:
    frame = read_sources([str(asdkit_run(tmp_path))]).frame
    names = np.array([f"/x/fan/test/{name}" for name in NAMES])
    extract(tmp_path, "fan", names, embed=np.arange(12, dtype=np.float32).reshape(4, 3))
    found = attach(frame, embeddings={"e": tmp_path / "fan" / "test_extract.npz"})
    assert found["embeddings_e"].notna().sum() == 4
    assert "embed is taken; left out: section, is_normal, is_target" in capsys.readouterr().err


# Zip files


def packed(path: Path, members: dict[str, str | bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def submission(system: int) -> dict[str, str | bytes]:
    folder = f"task2/Mine_LAB_task2_{system}"
    return {
        f"{folder}/anomaly_score_valve_section_03.csv": "".join(
            f"section_03_000{n}.wav,{n + system}\n" for n in range(4)
        ),
        f"{folder}/decision_result_valve_section_03.csv": "".join(f"section_03_000{n}.wav,{n % 2}\n" for n in range(4)),
        f"{folder}/Mine_LAB_task2_{system}.meta.yaml": "submission: {}",
        "task2/Mine_LAB_task2_1.technical_report.pdf": b"%PDF",
        "__MACOSX/task2/._anomaly_score_valve_section_03.csv": b"\0\0",
    }


def test_a_submission_is_read_as_it_was_handed_in_and_unpacked(tmp_path: Path) -> None:
    members = submission(1) | submission(2)
    zipped = read(packed(tmp_path / "task2.zip", members))
    write(tmp_path / "folder", members)
    pd.testing.assert_frame_equal(zipped, read(tmp_path / "folder" / "task2"))
    assert zipped["anomaly_score_Mine_LAB_task2_2"].tolist() == [2, 3, 4, 5]
    assert zipped["prediction_Mine_LAB_task2_1"].tolist() == ["normal", "anomaly"] * 2


def test_score_files_on_an_archives_top_are_a_model_of_its_name(tmp_path: Path) -> None:
    path = packed(tmp_path / "mine.zip", {"anomaly_score_valve_section_03.csv": "section_03_0000.wav,1\n"})
    source = read_sources([str(path)])
    assert source.title == "mine.zip"
    assert source.frame["anomaly_score_mine"].tolist() == [1]


def test_asdkits_output_is_read_from_an_archive(tmp_path: Path) -> None:
    asdkit_run(tmp_path / "out")
    extract(tmp_path / "out", "fan", None, embed=np.ones((4, 3), np.float32))
    files = {str(path.relative_to(tmp_path)): path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}
    frame = read(packed(tmp_path / "run.zip", files))
    assert len(frame) == 8
    assert frame["embeddings_embed"].notna().sum() == 4


def test_faults_in_an_archive_are_told_by_its_name(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    member = "a/anomaly_score_valve_section_03.csv"
    path = packed(tmp_path / "mine.zip", {member: "section_03_0000.wav,high\n"})
    assert f"{path}/{member}, line 1: 'high' is not a number" in refused(path)
    assert ".tmp" not in capsys.readouterr().err
    assert [left.name for left in tmp_path.iterdir()] == ["mine.zip"]


def evil(path: Path, *members: zipfile.ZipInfo | str, content: bytes = b"section_03_0000.wav,1\n") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            archive.writestr(member, content)
    return path


@pytest.mark.parametrize(
    "name", [f"../{SCORES}", f"/tmp/{SCORES}", f"a/../../{SCORES}", f"..\\{SCORES}", f"C:\\{SCORES}", f"C:/{SCORES}"]
)
def test_no_member_leaves_its_folder(name: str, tmp_path: Path) -> None:
    sentence = refused(evil(tmp_path / "evil.zip", name))
    assert "would leave its folder" in sentence
    assert {path.name for path in tmp_path.iterdir()} == {"evil.zip"}


def test_a_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    link = zipfile.ZipInfo(SCORES)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "holds no score files" in refused(evil(tmp_path / "evil.zip", link, content=b"/etc/passwd"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused(tmp_path: Path) -> None:
    assert "twice" in refused(evil(tmp_path / "evil.zip", SCORES, SCORES))


def test_what_is_unpacked_is_bounded_whatever_the_archive_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 10_000)
    bomb = packed(tmp_path / "bomb.zip", {SCORES: b"0" * 20_000})
    small = bomb.read_bytes().replace((20_000).to_bytes(4, "little"), (5).to_bytes(4, "little"))
    for content in (bomb.read_bytes(), small):
        bomb.write_bytes(content)
        assert refused(bomb)
    many = packed(tmp_path / "many.zip", {f"{number}.csv": b"0" * 4_000 for number in range(3)})
    assert "holds more than" in refused(many)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    assert "holds 3 files" in refused(many)


@pytest.mark.parametrize("damage", ["cut", "noise", "text", "empty"])
def test_a_damaged_archive_is_one_sentence(damage: str, tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", submission(1))
    content = bytearray(path.read_bytes())
    if damage == "noise":
        content[60:90] = b"\xff" * 30
    path.write_bytes({"cut": content[: len(content) // 2], "noise": content, "text": b"hello", "empty": b""}[damage])
    sentence = refused(path)
    assert str(path) in sentence
    assert "\n" not in sentence


def test_an_encrypted_archive_is_said(tmp_path: Path) -> None:
    path = packed(tmp_path / "x.zip", {SCORES: "section_03_0000.wav,1\n"})
    content = path.read_bytes()
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.index(signature) + offset
        content = content[:start] + b"\x01" + content[start + 1 :]
    path.write_bytes(content)
    assert "encrypted" in refused(path)


def test_recordings_in_an_archive_are_to_be_unpacked(tmp_path: Path) -> None:
    sentence = refused(packed(tmp_path / "dev_fan.zip", {"fan/test/normal_id_00_00000000.wav": b"RIFF"}))
    assert "holds recordings" in sentence
    assert "unpack it first" in sentence
    assert "expected anomaly_score" in refused(packed(tmp_path / "notes.zip", {"notes.txt": "x"}))


def test_pickles_in_an_archive_are_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "pwned",)  # type: ignore[return-value]

    asdkit_run(tmp_path / "out")
    array = np.array([Evil()] * 4, dtype=object)
    extract(tmp_path / "out", "fan", array, embed=np.ones((4, 3), np.float32))
    extract(tmp_path / "out", "valve", None, embed=array)
    files = {str(path.relative_to(tmp_path)): path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}
    frame = read(packed(tmp_path / "run.zip", files))
    assert frame["embeddings_embed"].notna().sum() == 4
    assert not (tmp_path / "pwned").exists()


def test_an_array_that_claims_more_than_it_holds_is_refused(tmp_path: Path) -> None:
    asdkit_run(tmp_path)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (4, 2**40)})
    with zipfile.ZipFile(tmp_path / "fan" / "test_extract.npz", "w") as archive:
        archive.writestr("embed.npy", header.getvalue())
    assert "no readable array" in refused(tmp_path)


def test_a_large_member_is_unpacked_piece_by_piece(tmp_path: Path) -> None:
    path = packed(tmp_path / "large.zip", {SCORES: bytes(64 * 2**20)})
    tracemalloc.start()
    try:
        with archives.unpacked(path) as folder:
            assert (folder / SCORES).stat().st_size == 64 * 2**20
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("inner", ["team.zip", "Team/Team.ZIP", "scores.tar.gz", "a.7z"])
def test_archives_within_an_archive_are_named(inner: str, tmp_path: Path, capsys: Capture) -> None:
    content = packed(tmp_path / "inner.zip", submission(1)).read_bytes()
    sentence = refused(packed(tmp_path / "outer.zip", {inner: content}))
    assert f"holds archives ({inner}): unpack it first" in sentence
    read(packed(tmp_path / "both.zip", {inner: content, SCORES: "section_03_0000.wav,1\n"}))
    assert f"archives within it are not unpacked: {inner}" in capsys.readouterr().err


def test_what_of_asdkits_output_does_not_fit_is_said(tmp_path: Path, capsys: Capture) -> None:
    rows = "".join(f"/x/fan/test/section_00_source_test_normal_{row:04d}_v_1.wav,0,{row},{row}\n" for row in range(2))
    (tmp_path / "fan").mkdir()
    (tmp_path / "fan" / "test_score.csv").write_text(f"path,section,is_normal,AS-a\n{rows}")
    np.savez(tmp_path / "fan" / "test_extract.npz", embed=np.ones((3, 4), np.float32))
    assert read(tmp_path)["label"].tolist() == ["anomaly", "normal"]
    said = capsys.readouterr().err
    assert "label differs from the name of 1 clip: the column is believed" in said
    assert "left out, for they have not a row for each of the 2 scores beside: embed" in said
    np.savez(
        tmp_path / "fan" / "test_extract.npz", embed=np.ones((2, 4), np.float32), path=np.array(["a.wav", "b.wav"])
    )
    read(tmp_path)
    assert "left out, as not among the scores beside: a.wav, b.wav" in capsys.readouterr().err
