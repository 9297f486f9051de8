"""Whose row a value is: names in every form, columns that could be names, dimensions, several files of one model."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath
from unicodedata import normalize

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcase_explore import clips
from dcase_explore.attach import attach
from dcase_explore.attach.matching import Names
from dcase_explore.errors import ExploreError
from dcase_explore.tables.dialect import NAME_COLUMNS

Capture = pytest.CaptureFixture[str]


def table(*files: tuple[str, str, str]) -> pd.DataFrame:
    """Clip table of files by machine type, split and path below the machine type's folder, that no parser knows."""
    rows = [
        {
            "clip_id": f"{split}/{machine}_{file.rpartition('/')[2]}",
            "split": split,
            "class": machine,
            "path": f"/data/{machine}/{split}/{file}",
        }
        for machine, split, file in files
    ]
    return clips.conform(pd.DataFrame(rows))


NFD = normalize("NFD", "Lüfter.v1")
DATA = table(
    ("Lüfter", "test", "hall 1.flac"),
    ("Lüfter", "test", "Größe_0.5.wav"),
    ("Lüfter", "train", "section_00_source_train_normal_0000_Öl_1.wav"),
    ("press", "test", "a/x.wav"),
    ("press", "train", "b/y.ogg"),
    ("press", "test", f"{NFD}.wav"),
)
IDS = DATA["clip_id"].to_list()
SCORES = [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]


def attached(values: object, kind: str = "scores", frame: pd.DataFrame = DATA) -> dict[str, object]:
    found = attach(frame, **{kind: {"mine": values}})
    column = found["anomaly_score_mine" if kind == "scores" else "embeddings_mine"]
    there = column.notna()
    return dict(zip(found["clip_id"][there], [np.asarray(value).tolist() for value in column[there]], strict=True))


def refused(values: object, kind: str = "scores", frame: pd.DataFrame = DATA) -> str:
    with pytest.raises(ExploreError) as error:
        attach(frame, **{kind: {"mine": values}})
    assert "\n" not in str(error.value)
    return str(error.value)


ENDINGS = ["", ".wav", ".WAV", ".flac", ".npy", ".npz", ".json", ".pt", ".mp3", ".wav.npy", ".h5"]
FORMS: dict[str, Callable[[int], str]] = {
    "clip_id": lambda row: IDS[row],
    "path": lambda row: DATA["path"][row],
    "file name": lambda row: DATA["path"][row].rpartition("/")[2],
    "with machine type": lambda row: IDS[row].partition("/")[2],
    "below the data": lambda row: DATA["path"][row].removeprefix("/data/"),
    "elsewhere": lambda row: DATA["path"][row].replace("/data", "/home/me/features"),
    "on Windows": lambda row: DATA["path"][row].replace("/data", "D:").replace("/", "\\"),
}


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 5), st.sampled_from(list(FORMS)), st.sampled_from(ENDINGS), st.sampled_from(["NFC", "NFD"]))
def test_a_name_means_its_clip_in_every_form_with_any_ending_composed_or_not(
    row: int, form: str, ending: str, unicode: str
) -> None:
    stem = FORMS[form](row)
    for own in (".wav", ".flac", ".ogg"):
        stem = stem.removesuffix(own)
    name = normalize(unicode, f" {stem}{ending}")
    assert Names(DATA).match([name], "it").rows.tolist() == [row]


ALIKE = table(
    ("fan", "test", "normal/0.wav"),
    ("fan", "test", "abnormal/0.flac"),
    ("pump", "test", "normal/0.wav"),
    ("pump", "train", "0.wav"),
).assign(clip_id=["a", "b", "c", "d"], file_name=["normal/0.wav", "abnormal/0.flac", "normal/0.wav", "0.wav"])


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("/data/fan/test/normal/0.wav", [0]),
        ("fan/test/normal/0.npy", [0, 1]),  # the folder that would tell is not compared with another ending
        ("fan/test/abnormal/0.flac", [1]),
        ("features/abnormal/0.flac", [1]),
        ("0.flac", [1]),
        ("pump/train/0.wav", [3]),
        ("0.wav", [0, 2, 3]),
        ("0", [0, 1, 2, 3]),
        ("normal/0.wav", [0, 2]),
    ],
)
def test_a_name_that_fits_several_clips_is_refused_with_two_of_them(name: str, rows: list[int]) -> None:
    names = Names(ALIKE)
    if len(rows) == 1:
        assert names.match([name], "it").rows.tolist() == rows
        return
    with pytest.raises(ExploreError, match="1 of 1 names fit several clips") as error:
        names.match([name], "it")
    assert str(error.value).count(", ") <= 3


# Columns that could be names


NAMED_AS: dict[str, Callable[[str], object]] = {
    "str": str,
    "bytes": str.encode,
    "Path": Path,
    "Windows path": lambda name: PureWindowsPath(name.replace("/", "\\")),
    "POSIX path": PurePosixPath,
    "audio": lambda name: {"bytes": b"RIFF", "path": name},
    "decoded audio": lambda name: {"path": name, "array": np.zeros(2), "sampling_rate": 16_000},
    "numpy": np.str_,
    "decomposed": lambda name: normalize("NFD", name),
}


@pytest.mark.parametrize("form", NAMED_AS)
@pytest.mark.parametrize("column", NAME_COLUMNS)
def test_a_column_called_like_one_of_names_is_used_whatever_holds_them(column: str, form: str) -> None:
    frame = pd.DataFrame({column.upper(): [NAMED_AS[form](name) for name in IDS[::-1]], "score": SCORES})
    assert attached(frame) == dict(zip(IDS[::-1], SCORES, strict=True))
    categories = frame.assign(**{column.upper(): pd.Categorical(IDS[::-1])})
    assert attached(categories) == attached(frame)


UNUSABLE = {
    "numbers": list(range(6)),
    "shuffled numbers": [5, 2, 0, 1, 4, 3],
    "floats": SCORES,
    "nulls": [None] * 6,
    "NaN": [np.nan] * 6,
    "one null": [None, *IDS[1:]],
    "a later null": [*IDS[:5], None],
    "bytes of another encoding": [b"\xff\xfe"] * 6,
    "audio without paths": [{"bytes": b"RIFF", "path": None}] * 6,
    "empty": [""] * 6,
    "lists": [["a"]] * 6,
    "truth": [True] * 6,
    "numbers among names": [*IDS[:5], 7],
    "dates": list(pd.date_range("2020", periods=6)),
}


@pytest.mark.parametrize("kind", ["scores", "embeddings"])
@pytest.mark.parametrize("case", UNUSABLE)
@pytest.mark.parametrize("column", ["clip_id", "path", "file", "filename", "file_name", "clip", "name", "id", "audio"])
def test_a_column_called_like_one_of_names_never_leads_to_positions(column: str, case: str, kind: str) -> None:
    values = SCORES if kind == "scores" else [[value, 1.0] for value in SCORES]
    frame = pd.DataFrame({column: UNUSABLE[case], "score": values})
    assert f"column {column} " in refused(frame, kind)


def test_a_column_of_names_goes_before_one_that_only_counts(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": range(6), "name": "ast", "recording": IDS[::-1], "score": SCORES})
    expected = dict(zip(IDS[::-1], SCORES, strict=True))
    assert attached(frame) == expected
    frame.to_csv(tmp_path / "m.csv")
    assert attached(tmp_path / "m.csv") == expected


@pytest.mark.parametrize("index", [[5, 3, 1, 0, 2, 4], [0, 1, 2, 0, 1, 2], range(1, 7), range(10, 70, 10)])
@pytest.mark.parametrize("called", [None, "index", "Unnamed: 0", "__index_level_0__", "level_0"])
def test_row_numbers_beside_names_are_recognised_and_without_names_must_count(
    called: str | None, index: list[int], tmp_path: Path
) -> None:
    frame = pd.DataFrame({"clip_id": IDS[::-1], "score": SCORES}, index=pd.Index(index, name=called))
    named, bare, parquet = tmp_path / "named.csv", tmp_path / "bare.csv", tmp_path / "m.parquet"
    frame.to_csv(named)
    frame.reset_index(names=called or "index").to_parquet(parquet)
    assert attached(named) == attached(parquet) == dict(zip(IDS[::-1], SCORES, strict=True))
    frame.drop(columns="clip_id").to_csv(bare)
    if list(index) == list(range(1, 7)):
        assert attached(bare) == dict(zip(IDS, SCORES, strict=True))
    else:
        assert "numbered out of order" in refused(bare)


# Dimensions


VECTORS = np.arange(24, dtype=np.float32).reshape(6, 4) / 8
OTHERS = {
    "index": range(6),
    "label": [0, 1] * 3,
    "y_true": 1,
    "y": 1,
    "fold": 3,
    "score": SCORES,
    "anomaly_score": 9.0,
    "is_normal": 1,
    "target": 0,
    "loss": SCORES,
    "AS-knn-1": SCORES,
    "section": 0,
    "__index_level_0__": range(6),
    "Unnamed: 0": range(6),
    "domain": "source",
    "split": "test",
    "model": "ast",
    "normal": True,
    "prediction": 1,
    "anomaly_score_other": SCORES,
    "class": DATA["class"].to_list(),
    "epoch": 7,
    "comment": [None] * 6,
}
FAMILIES = [["0", "1", "2", "3"], ["dim_0", "dim_1", "dim_2", "dim_3"], ["e1", "e2", "e3", "e4"], ["a", "b", "c", "d"]]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("family", FAMILIES, ids=lambda names: names[0])
def test_other_numbers_beside_vectors_are_no_dimensions_and_named(
    family: list[str], other: str, tmp_path: Path, capsys: Capture
) -> None:
    frame = pd.DataFrame({"clip_id": IDS}).join(pd.DataFrame(VECTORS, columns=family))
    expected = attached(frame, "embeddings")
    assert expected == dict(zip(IDS, VECTORS.tolist(), strict=True))
    for position in (0, 1, 5):
        wide = frame.copy()
        wide.insert(position, other, OTHERS[other])
        capsys.readouterr()
        assert attached(wide, "embeddings") == expected
        said = capsys.readouterr().err
        assert f"left out: {other}\n" in said
        assert "mine: 4 dimensions, " in said
        wide.to_csv(tmp_path / "m.csv", index=False)
        assert attached(tmp_path / "m.csv", "embeddings") == expected


def test_a_family_of_many_is_said_by_its_ends_and_unnumbered_columns_are_left_out(capsys: Capture) -> None:
    names = [f"emb_{number}" for number in range(768)]
    frame = pd.DataFrame(np.ones((6, 768)), columns=names).assign(clip_id=IDS, energy=1.0, label=0, fold=1)
    assert len(attached(frame, "embeddings")[IDS[0]]) == 768
    assert "mine: 768 dimensions, emb_0 to emb_767; left out: label, energy, fold\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("columns", "part"),
    [
        (["mean_0", "mean_1", "std_0", "std_1"], "mean_0, mean_1, std_0, std_1"),
        (["label", "fold", "score", "y"], "no column holds numbers"),
    ],
)
def test_two_families_or_none_are_refused(columns: list[str], part: str) -> None:
    frame = pd.DataFrame(VECTORS, columns=columns).assign(clip_id=IDS)
    assert part in refused(frame, "embeddings")


def test_a_plane_has_two_dimensions_and_percentiles_are_no_family() -> None:
    plane = pd.DataFrame(VECTORS[:, :2], columns=["x", "y"]).assign(clip_id=IDS)
    assert len(attached(plane, "embeddings")[IDS[0]]) == 2
    described = pd.DataFrame(VECTORS, columns=["mean", "p10", "p90", "energy"]).assign(clip_id=IDS)
    assert len(attached(described, "embeddings")[IDS[0]]) == 4


def test_vectors_written_as_text_and_text_among_numbers_are_refused(tmp_path: Path) -> None:
    pd.DataFrame({"clip_id": IDS, "vector": list(VECTORS)}).to_csv(tmp_path / "m.csv", index=False)
    assert "column vector holds vectors written as text" in refused(tmp_path / "m.csv", "embeddings")
    frame = pd.DataFrame(VECTORS.astype(object), columns=["e0", "e1", "e2", "e3"]).assign(clip_id=IDS)
    frame.loc[3, "e2"] = "loud"
    assert "row 3: 'loud' is not a number" in refused(frame, "embeddings")
    frame.to_csv(tmp_path / "m.csv", index=False)
    assert "line 5: 'loud' is not a number" in refused(tmp_path / "m.csv", "embeddings")


# Archives and tables with more in them


EXTRACT = {
    "path": np.array([clip.partition("/")[2] for clip in IDS]),
    "section": np.zeros(6),
    "is_normal": np.ones(6),
    "is_target": np.zeros(6),
    "embed": VECTORS,
}


def test_an_archive_with_facts_beside_vectors_or_scores_is_a_table(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", **EXTRACT)
    expected = dict(zip(IDS, VECTORS.tolist(), strict=True))
    assert attached(tmp_path / "m.npz", "embeddings") == expected
    np.savez(tmp_path / "m.npz", **{**EXTRACT, "path": np.char.encode(EXTRACT["path"], "utf-8")}, seed=7)
    assert attached(tmp_path / "m.npz", "embeddings") == expected
    np.savez(tmp_path / "m.npz", **EXTRACT, knn=SCORES)
    assert attached(tmp_path / "m.npz") == dict(zip(IDS, SCORES, strict=True))
    np.savez(tmp_path / "m.npz", **EXTRACT, other=VECTORS)
    assert "several columns hold vectors (embed, other)" in refused(tmp_path / "m.npz", "embeddings")
    np.savez(tmp_path / "m.npz", **EXTRACT, knn=SCORES, kmeans=SCORES)
    assert "several columns could be the scores" in refused(tmp_path / "m.npz")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_labels_beside_scores_are_left_out_and_said(suffix: str, tmp_path: Path, capsys: Capture) -> None:
    frame = pd.DataFrame({"file": IDS, "y_true": [0, 1] * 3, "fold": 1, "is_normal": 1, "knn": SCORES})
    path = tmp_path / f"m{suffix}"
    frame.to_csv(path) if suffix == ".csv" else frame.to_parquet(path)
    assert attached(path) == dict(zip(IDS, SCORES, strict=True))
    assert "mine: knn is taken; left out: y_true, fold, is_normal\n" in capsys.readouterr().err


def test_recordings_beside_their_paths_are_not_read(tmp_path: Path) -> None:
    sounds = [{"bytes": bytes(2**16), "path": name} for name in IDS]
    pd.DataFrame({"audio": sounds, "score": SCORES}).to_parquet(tmp_path / "m.parquet")
    assert attached(tmp_path / "m.parquet") == dict(zip(IDS, SCORES, strict=True))


# Several files of one model


def test_several_files_of_one_model_are_put_together_by_names(tmp_path: Path, capsys: Capture) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.parquet", tmp_path / "c.npz"]
    pd.DataFrame({"clip_id": IDS[:3], "score": SCORES[:3]}).to_csv(paths[0], index=False)
    pd.DataFrame({"clip_id": IDS[2:5], "score": SCORES[2:5], "prediction": 1}).to_parquet(paths[1])
    np.savez(paths[2], names=IDS[5:], scores=SCORES[5:])
    for given_as in (paths, [str(path) for path in paths], tuple(paths)):
        assert attached(given_as) == dict(zip(IDS, SCORES, strict=True))
    found = attach(DATA, scores={"mine": paths})
    assert found["prediction_mine"].notna().sum() == 2  # the third value of b is that of a
    assert "mine: 6 clips" not in capsys.readouterr().err


def test_files_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "a.csv", tmp_path / "b.csv"
    pd.DataFrame({"clip_id": IDS[:2], "score": [1, 2]}).to_csv(one, index=False)
    pd.DataFrame({"clip_id": IDS[1:3], "score": [2.5, 3]}).to_csv(other, index=False)
    assert f"{IDS[1]} has two values that differ (2 and 2.5)" in refused([one, other])
    np.save(tmp_path / "c.npy", SCORES)
    assert f"{tmp_path / 'c.npy'} has no names" in refused([one, tmp_path / "c.npy"])
    assert "no such file" in refused([one, tmp_path / "d.csv"])
    for path, width in ((one, 2), (other, 3)):
        np.savez(path.with_suffix(".npz"), names=IDS[:1], vectors=np.ones((1, width)))
    assert "vectors differ in length: 2 in" in refused([tmp_path / "a.npz", tmp_path / "b.npz"], "embeddings")


# What is no number


@pytest.mark.parametrize(
    "value", ["１", "٣", "²", "1_0", "0x10", True, np.True_, b"1", "", "1,5", "½", "1e", "--1", "True"]
)
def test_what_only_looks_like_a_number_is_refused_with_its_row_or_line(value: object, tmp_path: Path) -> None:
    values = [1.0, value, *SCORES[2:]]
    assert "value 1: " in refused(values)
    assert "value 1: " in refused(dict(zip(IDS, values, strict=True)))
    frame = pd.DataFrame({"clip_id": IDS, "score": values})
    assert "row 1: " in refused(frame)
    frame.to_csv(tmp_path / "m.csv", index=False)
    if value not in ("1,5", b"1"):  # a decimal comma; and pandas writes b'1'
        assert ", line 3: " in refused(tmp_path / "m.csv")


@pytest.mark.parametrize("values", [np.ones(6, bool), pd.Series([True] * 6), [b"1"] * 6, np.array([b"1"] * 6)])
def test_truth_values_and_bytes_are_no_scores(values: object) -> None:
    assert "value 0: " in refused(values)
