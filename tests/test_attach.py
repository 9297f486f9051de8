"""Attaching: every form of scores and embeddings, what is said of those that do not fit, ground truth, `load`."""

import pickle
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hmean
from sklearn.metrics import roc_auc_score

from dcase_explore import clips, tables
from dcase_explore.api import load
from dcase_explore.asking import named
from dcase_explore.attach import attach
from dcase_explore.column_names import members
from dcase_explore.errors import ExploreError
from dcase_explore.scoring import score
from dcase_explore.sources import read_sources
from dcase_explore.sources.results import read_results

# What numpy and pandas warn of is no sentence either.
pytestmark = [pytest.mark.filterwarnings(text) for text in ("error", "ignore::ResourceWarning")]

Capture = pytest.CaptureFixture[str]
Rows = Mapping[str, object]

FAN = [f"section_00_{rest}.wav" for rest in ("source_test_normal_0000_m-n_W", "target_test_anomaly_0000_m-n_Z")]
VALVE_TRAIN = [f"section_00_source_train_normal_000{number}_pat_00.wav" for number in range(2)]
VALVE = [
    f"section_00_{domain}_test_{label}_0000_pat_02.wav"
    for domain in ("source", "target")
    for label in ("normal", "anomaly")
]
HIDDEN = [f"section_00_000{number}.wav" for number in range(8)]
"""An evaluation set as first published: the same names in every machine type."""


def table(**machine_types: list[str]) -> pd.DataFrame:
    rows = [(machine, name) for machine, names in machine_types.items() for name in names]
    machines, names = zip(*rows, strict=True)
    return clips.facts_from_names(machines, names, ["train" if "train" in name else "test" for name in names])


THEIRS = {"anomaly_score_theirs": 1.0, "embeddings_theirs": [np.ones(2, np.float32)] * 8}
DATA = clips.conform(table(fan=FAN, valve=VALVE_TRAIN + VALVE).assign(**THEIRS))
EVALUATION = table(fan=HIDDEN, valve=HIDDEN)
IDS = DATA["clip_id"].to_list()
SCORES = np.array([0.5, -2, 3.25, 1e-3, 7, 0.1, 12, 4], dtype=np.float32)
VECTORS = np.arange(24, dtype=np.float32).reshape(8, 3) / 7
VALUES = {"scores": SCORES, "embeddings": VECTORS}


def file_name(clip: str) -> str:
    return clip.partition("_")[2]


def path_of(clip: str) -> str:
    split, machine = clip.partition("_")[0].split("/")
    return f"{machine}/{split}/{file_name(clip)}"


def windows_path_of(clip: str) -> str:
    return "D:\\fan\\train\\" + path_of(clip).replace("/", "\\").replace(".wav", ".WAV")


def keyed(keys: Iterable[str], values: Iterable[object]) -> dict[str, object]:
    return dict(zip(keys, values, strict=True))


def by_clip(frame: pd.DataFrame, column: str) -> dict[str, object]:
    """Values of the clips that have one."""
    there = frame[frame[column].notna()]
    return keyed(there["clip_id"], [np.asarray(value).tolist() for value in there[column]])


def attached(values: object, kind: str = "scores", frame: pd.DataFrame = DATA) -> dict[str, object]:
    found = attach(frame, **{kind: {"mine": values}})
    assert clips.problems(found) == []
    assert found["clip_id"].equals(frame["clip_id"])
    return by_clip(found, "anomaly_score_mine" if kind == "scores" else "embeddings_mine")


def refused(values: object, kind: str = "scores", frame: pd.DataFrame = DATA, name: str = "mine") -> str:
    return sentence_of(lambda: attach(frame, **{kind: {name: values}}))


def sentence_of(call: Callable[[], object]) -> str:
    with pytest.raises(ExploreError) as error:
        call()
    assert [part for part in ("\n", "of ,") if part in str(error.value)] == [], str(error.value)
    return str(error.value)


def lacks(sentence: str, parts: Iterable[str]) -> list[str]:
    """Nothing, or what the sentence should have and the sentence."""
    absent = [part for part in parts if part not in sentence]
    return absent and [*absent, sentence]


def saved(path: Path, write: Callable[..., object], **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, **options)
    return path


def written(path: Path, content: str | bytes) -> Path:
    return saved(path, lambda file: file.write_bytes(content.encode() if isinstance(content, str) else content))


def folder_of(folder: Path, contents: Mapping[str, Rows]) -> Path:
    """Files of ``name,value`` lines."""
    for name, rows in contents.items():
        written(folder / name, "".join(f"{key},{value}\n" for key, value in rows.items()))
    return folder


def wide(names: list[str] | None, values: np.ndarray) -> pd.DataFrame:
    """A column per number, the names as index."""
    columns = ["score"] if values.ndim == 1 else [f"e{number}" for number in range(values.shape[1])]
    return pd.DataFrame(values, names, columns)


def narrow(names: Iterable[str], values: Iterable[object]) -> pd.DataFrame:
    """A column of names, one of numbers or vectors."""
    return pd.DataFrame({"file_name": list(names), "value": list(values)})


def archived(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


# Every form of the same values

NAMED: dict[str, Callable[[list[str], np.ndarray, Path], object]] = {
    "clip_id": lambda names, values, _: keyed(names, values),
    "file name": lambda names, values, _: keyed(map(file_name, names), values),
    "path": lambda names, values, _: keyed(map(path_of, names), values),
    "Windows path": lambda names, values, _: keyed(map(windows_path_of, names), values),
    "no ending": lambda names, values, _: keyed([name[:-4] for name in names], values),
    "Series": lambda names, values, _: pd.Series(list(values), names),
    "Series of string": lambda names, values, _: pd.Series(list(values), pd.Index(names, dtype="string")),
    "frame": lambda names, values, _: narrow(map(file_name, names), values),
    "wide frame": lambda names, values, _: wide(names, values).reset_index(names="path"),
    "frame by index": lambda names, values, _: wide(names, values),
    ".npz": lambda names, values, at: saved(at / "m.npz", np.savez, names=np.array(names), v=values),
    ".npz of clips": lambda names, values, at: saved(at / "m.npz", np.savez, **keyed(names, values)),
    ".csv": lambda names, values, at: saved(
        at / "m.csv", wide(names, values).reset_index(names="clip_id").to_csv, index=False
    ),
    ".csv without header": lambda names, values, at: saved(at / "m.CSV", wide(names, values).to_csv, header=False),
    ".csv with row numbers": lambda names, values, at: saved(
        at / "m.csv", wide(names, values).reset_index(names="filename").to_csv
    ),
    ".csv by index": lambda names, values, at: saved(at / "m.csv", wide(names, values).to_csv),
    ".parquet": lambda names, values, at: saved(at / "m.parquet", narrow(names, values).to_parquet),
    ".parquet by index": lambda names, values, at: saved(at / "m.parquet", wide(names, values).to_parquet),
}
BARE: dict[str, Callable[[np.ndarray, Path], object]] = {
    "list": lambda values, _: values.tolist(),
    "array": lambda values, _: values,
    "Series": lambda values, _: pd.Series(list(values)),
    "frame": lambda values, _: wide(None, values),
    ".npy": lambda values, at: saved(at / "m.npy", np.save, arr=values),
    ".npz": lambda values, at: saved(at / "m.npz", np.savez_compressed, a=values),
    ".csv": lambda values, at: saved(at / "m.csv", wide(None, values).to_csv, index=False),
    ".csv without header": lambda values, at: saved(at / "m.csv", wide(None, values).to_csv, index=False, header=False),
    ".csv with row numbers": lambda values, at: saved(at / "m.csv", wide(None, values).to_csv),
    ".parquet": lambda values, at: saved(at / "m.parquet", wide(None, values).to_parquet),
}


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("form", NAMED)
def test_every_form_with_names_gives_the_same_column(form: str, kind: str, tmp_path: Path) -> None:
    for names, values in ((IDS[::-1], VALUES[kind][::-1]), (IDS[:1], VALUES[kind][:1])):
        assert attached(NAMED[form](names, values, tmp_path), kind) == keyed(names, values.tolist())


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("form", BARE)
def test_every_form_without_names_goes_by_position_in_the_whole_table(
    form: str, kind: str, tmp_path: Path, capsys: Capture
) -> None:
    values = VALUES[kind]
    assert attached(BARE[form](values, tmp_path), kind) == keyed(IDS, values.tolist())
    assert "mine: 8 clips, matched by position" in capsys.readouterr().err
    for wrong in (values[:7], np.concatenate([values, values[:1]])):
        sentence = refused(BARE[form](wrong, tmp_path), kind)
        assert lacks(sentence, [f"{len(wrong)} values for 8 clips", "position", "whole table"]) == []


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_any_clips_in_any_order_and_form_get_exactly_their_values(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(IDS), min_size=1, unique=True))
    kind, form = data.draw(st.sampled_from(list(VALUES))), data.draw(st.sampled_from(list(NAMED)))
    shape = (len(names),) if kind == "scores" else (len(names), data.draw(st.integers(1, 4)))
    size = int(np.prod(shape))
    drawn = data.draw(st.lists(st.floats(-(2.0**127), 2.0**127, width=32), min_size=size, max_size=size))
    values = np.array(drawn, dtype=np.float32).reshape(shape)
    with tempfile.TemporaryDirectory() as folder:
        taken = attached(NAMED[form](names, values, Path(folder)), kind)
    assert taken == keyed(names, values.tolist())


@pytest.mark.parametrize(
    "values",
    [
        *(np.arange(8, dtype=kind) for kind in ("float16", "float64", "int64", "uint8", "longdouble", ">f4", object)),
        *(np.arange(8.0)[:, None], np.repeat(range(8), 2)[::2], tuple(range(8)), [str(number) for number in range(8)]),
        *(pd.array(range(8), dtype="Float64"), pd.Series(range(8), dtype="Int64")),
    ],
    ids=lambda values: f"{type(values).__name__} {getattr(values, 'dtype', '')} {np.shape(values)}",
)
def test_numbers_of_any_type_are_scores(values: object) -> None:
    assert attached(values) == keyed(IDS, map(float, range(8)))


def test_scores_that_float32_would_tie_stay_apart_and_others_are_float32(tmp_path: Path) -> None:
    close = 1.7e-9 + np.arange(8) * 1e-24
    file = BARE[".csv"](close, tmp_path)
    found = attach(DATA, scores={"close": close, "file": file, "usual": SCORES.astype(np.float64)})
    assert found["anomaly_score_close"].tolist() == found["anomaly_score_file"].tolist() == close.tolist()
    assert found["anomaly_score_usual"].dtype == np.float32


def test_attached_columns_stand_in_the_order_asked_for_before_those_of_the_data() -> None:
    found = attach(DATA, scores={"b": SCORES, "a": SCORES}, embeddings={"b": VECTORS, "a": VECTORS})
    assert members(found.columns, "anomaly_score_<score>") == ["b", "a", "theirs"]
    assert members(found.columns, "embeddings_<embedding>") == ["b", "a", "theirs"]
    assert found["anomaly_score_theirs"].equals(DATA["anomaly_score_theirs"])


def test_partial_coverage_is_said_with_what_has_none(capsys: Capture) -> None:
    training, tested = (
        [f"section_00_source_{split}_normal_{number:04d}.wav" for number in range(count)]
        for split, count in (("train", 7000), ("test", 1400))
    )
    attach(table(fan=training + tested), scores={"mine": dict.fromkeys(tested, 1.0)})
    assert capsys.readouterr().err == "mine: 1,400 of 8,400 clips; none for train\n"
    attach(DATA, embeddings={"mine": {IDS[0]: [1, 2]}})
    assert capsys.readouterr().err == "mine: 1 of 8 clips; none for train, valve\n"
    attach(DATA, scores={"mine": {IDS[0]: 1, "test/pump_section_00_0000.wav": 2}})
    assert lacks(capsys.readouterr().err, ["scores mine", "pump", "not in this data", "mine: 1 of 8 clips"]) == []


@pytest.mark.parametrize("column", ["class", "machine_type", "Class"])
def test_a_column_of_machine_types_tells_equal_file_names_apart(column: str) -> None:
    frame = pd.DataFrame({"audio": HIDDEN[:1] * 2, column: ["VALVE", "fan"], "anomaly_score": [1, 2]})
    assert attached(frame, frame=EVALUATION) == {"test/valve_section_00_0000.wav": 1, "test/fan_section_00_0000.wav": 2}


def test_of_several_columns_the_one_of_that_name_is_meant(tmp_path: Path) -> None:
    frame = pd.DataFrame({"clip_id": IDS, "anomaly_score_other": 0.0, "anomaly_score_mine": SCORES})
    assert attached(frame) == keyed(IDS, SCORES.tolist())
    assert attached(saved(tmp_path / "m.csv", frame.to_csv)) == keyed(IDS, SCORES.tolist())
    vectors = narrow(IDS, VECTORS).assign(embeddings_mine=list(VECTORS + 1))
    assert attached(vectors, "embeddings") == keyed(IDS, (VECTORS + 1).tolist())


def test_columns_that_a_clip_table_has_are_no_dimensions() -> None:
    frame = wide(IDS, VECTORS).assign(section=0, domain="source", anomaly_score_x=1.0).reset_index(names="clip_id")
    assert attached(frame, "embeddings") == keyed(IDS, VECTORS.tolist())


def test_names_of_a_categorical_index_and_with_spaces_around_are_names(tmp_path: Path) -> None:
    assert attached(pd.Series(SCORES, pd.CategoricalIndex(IDS))) == keyed(IDS, SCORES.tolist())
    path = written(tmp_path / "m.csv", f"file_name,class,score\n {HIDDEN[0]} ,fan,1\n")
    assert attached(path, frame=EVALUATION) == {f"test/fan_{HIDDEN[0]}": 1}


def test_what_was_computed_of_a_score_that_was_taken_out_goes_with_it() -> None:
    old = clips.conform(DATA.assign(prediction_mine="normal", prediction_correct_mine=True, auc_cost_mine=1.0))
    found = attach(old, scores={"mine": SCORES})
    assert [name for name in found if name.endswith("_mine")] == ["anomaly_score_mine"]


@pytest.mark.parametrize("given", [SCORES, "mine=s.npy", ["mine=s.npy"]], ids=["array", "text", "list"])
def test_values_without_a_name_are_refused(given: object) -> None:
    assert "give each a name" in sentence_of(lambda: attach(DATA, scores=given))


def test_a_file_is_found_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    np.save(tmp_path / "mine.npy", SCORES)
    assert len(attached("~/mine.npy")) == 8


# Result folders

YEARS = {
    "2020": ("pump", "pump_id_00", ["normal_id_00_00000000.wav", "anomaly_id_00_00000001.wav"]),
    "2021 source": ("fan", "fan_section_00_source_test", ["section_00_source_test_normal_0000.wav"]),
    "2021 target": ("fan", "fan_section_00_target_test", ["section_00_target_test_anomaly_0000.wav"]),
    "2022": ("fan", "fan_section_00_test", FAN),
    "2023": ("fan", "DCASE2023T2fan_section_00_test_seed13711_id(0_)", FAN),
    "2024": ("3DPrinter", "DCASE2024T23DPrinter_section_00_test_seed1_id(0_)_Eval", HIDDEN),
    "training": ("valve", "valve_section_00_train", VALVE_TRAIN),
}


@pytest.mark.parametrize("year", YEARS)
def test_score_files_of_every_year_are_read_alone_and_by_folder(year: str, tmp_path: Path) -> None:
    machine, stem, names = YEARS[year]
    frame = table(**{machine: names, "gearbox": names})
    folder = folder_of(tmp_path, {f"anomaly_score_{stem}.csv": keyed(names, range(len(names)))})
    split = "train" if year == "training" else "test"
    expected = {f"{split}/{machine}_{name}": number for number, name in enumerate(names)}
    assert attached(folder / f"anomaly_score_{stem}.csv", frame=frame) == expected
    assert attached(str(folder), frame=frame) == expected


def test_result_folders_give_scores_and_decisions_by_mode_and_seed(tmp_path: Path) -> None:
    for mode, shift in (("MSE", 0), ("MAHALA", 10)):
        for machine, names in (("fan", FAN), ("valve", VALVE)):
            rows = {f"dev/{name}": shift + number for number, name in enumerate(names)}
            folder_of(tmp_path / mode, {f"anomaly_score_{machine}_section_00_test.csv": rows})
    folder_of(tmp_path / "MSE", {"decision_result_fan_section_00_test.csv": keyed(FAN, (0, 1))})
    for seed in (1, 2):
        folder_of(tmp_path / "MAHALA" / "s", {f"anomaly_score_fan_section_00_test_seed{seed}.csv": {FAN[0]: seed}})
    tested = [clip for clip in IDS if clip.startswith("test/")]
    alone = attach(DATA, scores={"mine": tmp_path / "MSE"})
    assert by_clip(alone, "anomaly_score_mine") == keyed(tested, (0, 1, 0, 1, 2, 3))
    assert by_clip(alone, "prediction_mine") == keyed(IDS[:2], ("normal", "anomaly"))
    found = attach(DATA, scores={"mine": tmp_path})
    models = [f"mine_{part}" for part in ("MAHALA", "MSE", "s_seed1", "s_seed2")]
    assert members(found.columns, "anomaly_score_<score>") == [*models, "theirs"]
    assert by_clip(found, "anomaly_score_mine_MAHALA") == keyed(tested, (10, 11, 10, 11, 12, 13))
    assert [by_clip(found, f"anomaly_score_mine_s_seed{seed}") for seed in (1, 2)] == [{IDS[0]: 1}, {IDS[0]: 2}]
    assert members(found.columns, "prediction_<score>") == ["mine_MSE"]
    assert "mine_MAHALA: that name is taken" in refused(tmp_path, frame=found)
    both = {"mine_MSE": SCORES, "mine": tmp_path}
    assert "mine_MSE: that name is taken" in sentence_of(lambda: attach(DATA, scores=both))


def test_a_real_run_attached_to_itself_is_itself(real_scores: Path) -> None:
    frame = read_sources([str(real_scores)]).frame
    found = attach(frame, scores={"mine": real_scores})
    for mode in ("baseline_MSE", "baseline_MAHALA"):
        for column in ("anomaly_score", "prediction"):
            assert by_clip(found, f"{column}_mine_{mode}") == by_clip(frame, f"{column}_{mode}")
        (file,) = (real_scores / mode).glob("anomaly_score_*valve_*")
        assert attached(file, frame=frame) == by_clip(frame[frame["class"] == "valve"], f"anomaly_score_{mode}")


def test_a_score_file_of_2020_means_test_clips_though_training_clips_have_the_same_names(tmp_path: Path) -> None:
    names = ["normal_id_00_00000000.wav"]
    frame = clips.facts_from_names(["fan"] * 2, names * 2, ["train", "test"])
    assert attached({f"fan/train/{names[0]}": 2}, frame=frame) == {f"train/fan_{names[0]}": 2}
    folder_of(tmp_path, {"anomaly_score_fan_id_00.csv": {names[0]: 1}})
    assert attached(tmp_path, frame=frame) == {f"test/fan_{names[0]}": 1}
    assert attached(tmp_path / "anomaly_score_fan_id_00.csv", frame=frame) == {f"test/fan_{names[0]}": 1}


# What does not fit, in Python

NOWHERE = [f"section_00_source_test_normal_00{number}_m-n_W.wav" for number in range(10, 15)]
TEXTS = [str(number) for number in range(8)]
BAD_SCORES: dict[str, tuple[object, list[str]]] = {
    "unknown": (keyed([*NOWHERE, IDS[0]], range(6)), ["5 of 6", *NOWHERE[:3], "and 2 more", f"nearest is {FAN[0]}"]),
    "twice": ({IDS[0]: 1, IDS[1]: 1, file_name(IDS[1])[:-4]: 2}, ["more than one value for 1 clip", IDS[1]]),
    "twice in a Series": (pd.Series([1, 2], [IDS[2]] * 2), ["more than one value for 1 clip", IDS[2]]),
    "other machine type": ({"test/pump_section_00_0000.wav": 1}, ["pump", "does not have"]),
    "not finite": ([1, np.nan, np.inf, -np.inf, 1e39, 1, 1, 1], ["4 scores", *IDS[1:4], "and 1 more"]),
    "None": ({IDS[0]: 1, IDS[3]: None}, [IDS[3]]),
    "NA": (pd.Series([1, pd.NA], IDS[:2], dtype="Float64"), [IDS[1]]),
    "text": ({IDS[0]: "0.5", IDS[1]: "loud"}, ["value 1", "'loud' is not a number"]),
    "complex": (np.ones(8, complex), ["complex128", "numbers"]),
    "dates": (np.zeros(8, "M8[s]"), ["datetime64", "numbers"]),
    "matrix": (VECTORS, ["(8, 3)", "one number per clip"]),
    "row": (SCORES[None], ["(1, 8)", "one number per clip"]),
    "one number": (1.0, ["()", "one number per clip"]),
    "nothing": ([], ["0 values for 8 clips"]),
    "empty dict": ({}, ["not a single value"]),
    "set": ({1.0, 2.0}, ["a set"]),
    "values of a dict": (dict.fromkeys(IDS, 1.0).values(), ["a dict_values"]),
    "huge int": ([10**400] * 8, ["value 0"]),
    "ragged": ([[1, 2], [1]], ["differ in length", "number 1 has 1"]),
    "arrays": (np.array([np.ones(2), np.ones(1)] * 4, dtype=object), []),
    "reversed Series": (pd.Series(SCORES)[::-1], ["indexed by int64", "clip_id", "to_numpy"]),
    "sorted Series": (pd.Series(SCORES).sort_values(), ["indexed by int64", "clip_id", "to_numpy"]),
    "sorted frame": (pd.DataFrame({"score": SCORES}).sort_values("score"), ["indexed by int64", "clip_id"]),
    "text column": (pd.DataFrame({"clip_id": IDS[:2], "score": ["1", "x"]}), ["row 1", "'x' is not a number"]),
    "several columns": (pd.DataFrame({"clip_id": IDS, "a": SCORES, "b": SCORES}), ["several", "a, b"]),
    "names alone": (pd.DataFrame({"clip_id": IDS}), ["no column", "clip_id"]),
    "two columns of names": (pd.DataFrame([[IDS[0], IDS[0], 1]], columns=["path", "path", "score"]), ["path", "twice"]),
    "names nobody knows": (pd.DataFrame({"path": pd.array(TEXTS, "string"), "score": 1.0}), ["8 of 8 names"]),
    "names in another column": (pd.DataFrame({"id": TEXTS, "score": 1.0}), ["8 of 8 names"]),
    "mistyped machine type": ({"test/vlve_section_00_0000.wav": 1}, ["1 of 1 names", "vlve"]),
    "masked": (np.ma.masked_array(SCORES, mask=[0, 1, 0, 0, 0, 0, 0, 0]), ["1 score with NaN", IDS[1]]),
    "underscored": (["1_000"] * 8, ["value 0", "'1_000' is not a number"]),
    "no rows": (pd.DataFrame({"clip_id": [], "score": []}), ["not a single row"]),
}
BAD_VECTORS: dict[str, tuple[object, list[str]]] = {
    "flat": (SCORES, ["(8,)", "two dimensions"]),
    "cube": (VECTORS[None], ["(1, 8, 3)", "two dimensions"]),
    "no dimensions": (np.ones((8, 0)), ["(8, 0)", "two dimensions"]),
    "numbers by name": ({IDS[0]: 1.0}, ["(1,)", "two dimensions"]),
    "ragged": ([[1, 2]] * 7 + [[1, 2, 3]], ["differ in length: 2, 3", "number 7 has 3"]),
    "ragged by name": ({IDS[0]: [1, 2], IDS[1]: [1]}, ["differ in length: 1, 2", "number 1 has 1"]),
    "ragged column": (narrow(IDS[:2], [[1.0], [1.0, 2.0]]), ["differ in length"]),
    "first of a column missing": (narrow(IDS[:2], [None, np.ones(2)]), ["number 0 has no vector"]),
    "not finite": ({IDS[0]: [1, 2], IDS[3]: [1, np.nan], IDS[4]: [-1e39, 1]}, ["2 vectors", IDS[3], IDS[4]]),
    "text": ([[1, 2]] * 7 + [[1, "loud"]], ["value 7", "'loud' is not a number"]),
    "texts": (IDS, ["a vector of numbers for each clip"]),
    "several columns": (narrow(IDS, VECTORS).assign(other=list(VECTORS)), ["several", "value, other"]),
}
BAD = {"scores": BAD_SCORES, "embeddings": BAD_VECTORS}


@pytest.mark.parametrize(("kind", "case"), [(kind, case) for kind, cases in BAD.items() for case in cases])
def test_values_that_do_not_fit_are_one_sentence(kind: str, case: str) -> None:
    values, parts = BAD[kind][case]
    assert lacks(refused(values, kind), [f"{kind} mine", *parts]) == []


def test_a_file_name_of_two_machine_types_is_refused_until_its_folder_is_told() -> None:
    sentence = refused({HIDDEN[0]: 1, HIDDEN[1]: 2, f"fan/test/{HIDDEN[2]}": 3}, frame=EVALUATION)
    both = [f"test/{machine}_{HIDDEN[0]}" for machine in ("fan", "valve")]
    assert lacks(sentence, ["2 of 3 names fit several clips", *both, "clip_id", "folder"]) == []
    assert attached({f"Fan/{HIDDEN[0]}": 1}, frame=EVALUATION) == {both[0]: 1}


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize(
    ("name", "part"),
    [("logmel", "taken"), ("logmel_lof", "taken"), ("theirs", "taken"), ("correct_a", "another name")]
    + [(name, "letters, digits") for name in ("<b>", "a<b", "a\nb", "a\n", "", " a", "_a", "a/b", 3)],
)
def test_names_that_are_reserved_taken_or_odd_are_refused(kind: str, name: str, part: str) -> None:
    assert lacks(refused(VALUES[kind], kind, name=name), [part]) == []


@pytest.mark.parametrize(
    ("specs", "part"),
    [(["a.npy"], "--scores mine=a.npy"), (["=a"], "mine=a"), (["a="], "a=")],
)
def test_files_without_a_name_of_their_own_are_refused(specs: list[str], part: str) -> None:
    assert named(["a=b", "b=c=d", "a=e"], "--scores") == {"a": ["b", "e"], "b": "c=d"}
    assert lacks(sentence_of(lambda: named(specs, "--scores")), ["--scores", part]) == []


# What does not fit, in files


class Opened:
    """Creates a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv", ".parquet", ".pkl", ".pt", ".PTH", ".joblib"])
def test_pickles_are_refused_and_nothing_in_them_is_run(suffix: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    array = np.array([Opened(trace)] * 8, dtype=object)
    written(tmp_path / f"pickle{suffix}", pickle.dumps(Opened(trace)))
    saved(tmp_path / "array.npy", np.save, arr=array).rename(tmp_path / f"array{suffix}")
    saved(tmp_path / "archive.npz", np.savez, a=array).rename(tmp_path / f"archive{suffix}")
    said = {kind: refused(tmp_path / f"{kind}{suffix}") for kind in ("pickle", "array", "archive")}
    assert not trace.exists()
    told = {".npy": ["pickle", "array"], ".npz": ["archive"], ".csv": [], ".parquet": []}.get(suffix, list(said))
    assert [lacks(said[kind], ["pickle", "not read", "save it"]) for kind in told] == [[]] * len(told)
    pickle.loads((tmp_path / f"pickle{suffix}").read_bytes())
    assert trace.exists()


def npy(header: str) -> bytes:
    header = f"{header:<117}\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + SCORES.tobytes()


def npy_of_shape(shape: str) -> bytes:
    return npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}")


LIES = {shape: npy_of_shape(shape) for shape in ("(1000000000000,)", "(-8,)", "(8.0,)", f"({10**30},)")}
LIES |= {text: npy(text) for text in ("", "{'descr': '<f4", "('''", "{'descr': '|O', 'shape': (8,)}")}


@pytest.mark.parametrize("header", LIES)
def test_headers_of_arrays_that_lie_are_refused(header: str, tmp_path: Path) -> None:
    assert attached(written(tmp_path / "good.npy", npy_of_shape("(8,)"))) == keyed(IDS, SCORES.tolist())
    assert "array" in refused(written(tmp_path / "m.npy", LIES[header]))
    assert "m.npz" in refused(archived(tmp_path / "m.npz", **{"a.npy": LIES[header]}))


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".parquet"])
def test_files_cut_short_or_damaged_never_end_in_a_traceback(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"m{suffix}"
    values = np.random.default_rng(0).normal(size=8)
    whole = BARE[suffix](values, tmp_path).read_bytes()  # type: ignore[attr-defined]
    for cut in {0, 1, 7, *range(20, len(whole), 1 + len(whole) // 9), len(whole) - 1}:
        assert str(path) in refused(written(path, whole[:cut]))
    for offset in range(0, len(whole), 1 + len(whole) // 60):
        written(path, whole[:offset] + bytes([whole[offset] ^ 0xFF]) + whole[offset + 1 :])
        try:
            attach(DATA, scores={"mine": path})
        except ExploreError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv", ".parquet"])
def test_what_would_be_too_large_is_not_read(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = BARE[suffix](np.zeros(300_000), tmp_path)
    monkeypatch.setattr(tables, "_BEYOND", 2**19)
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("it was read"))
    assert lacks(refused(path), [str(path), "larger than"]) == []


HEAD, ROW = "file_name,score\n", f"{IDS[0]},1\n"
BAD_FILES: dict[str, tuple[str, str | bytes, list[str]]] = {
    "empty .csv": ("m.csv", "", ["is empty"]),
    "empty .npy": ("m.npy", "", ["empty", ".npy"]),
    "empty .npz": ("m.npz", "", [".npz"]),
    "empty .parquet": ("m.parquet", "", ["Parquet"]),
    "BOM alone": ("m.csv", b"\xef\xbb\xbf", ["is empty"]),
    "header alone": ("m.csv", HEAD, ["not a single row"]),
    "picture as .csv": ("m.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xfe", ["no text"]),
    "zeros as .csv": ("m.csv", b"\0" * 50, []),
    "several scores": ("m.csv", f"file_name,a,b\n{IDS[0]},1,2\n", ["several columns", "file_name, a, b"]),
    "two called score": ("m.csv", f"file_name,score,anomaly_score\n{IDS[0]},1,2\n", ["several columns"]),
    "NaN": ("m.csv", f"{HEAD}{ROW}{IDS[1]},NaN\n", ["1 score", IDS[1]]),
    "infinite": ("m.csv", f"{ROW}{IDS[1]},-inf\n{IDS[2]},1e999\n", ["2 scores", IDS[1], IDS[2]]),
    "no value": ("m.csv", f"{HEAD}{ROW}{IDS[1]},\n", ["line 3", "no value"]),
    "unknown name": ("m.csv", f"{HEAD}{ROW}noise.wav,1\n", ["1 of 2 names", "noise.wav"]),
    "too long a line": ("m.csv", f"{ROW}{IDS[1]},1,2\n", ["line 2"]),
    "too short a line": ("m.csv", f"{HEAD}{ROW}{IDS[1]}\n{IDS[2]},3\n", ["line 3"]),
    "decimal commas": (
        "m.csv",
        f"{HEAD}{IDS[0]},0,5\n{IDS[1]},0,7\n",
        ["line 2: 3 fields, where the first line"],
    ),
    "columns of one name": ("m.csv", f"file_name,score,score\n{IDS[0]},1,2\n", ["score stands there twice"]),
    "shuffled row numbers": ("m.csv", ",score\n1,1\n0,0\n2,2\n", ["out of order"]),
    "text": ("m.txt", "1\n", [".txt", ".npy, .npz, .csv, .parquet"]),
    "no suffix": ("m", "1\n", [".npy, .npz, .csv, .parquet"]),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_files_that_do_not_fit_are_one_sentence(case: str, tmp_path: Path) -> None:
    name, content, parts = BAD_FILES[case]
    assert lacks(refused(written(tmp_path / name, content)), [f"scores mine ({tmp_path / name})", *parts]) == []


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("before", ["", "\ufeff", "\n\n", "\ufeff\n\n"], ids=["plain", "BOM", "blank", "BOM blank"])
@pytest.mark.parametrize("header", [["file_name,score"], []], ids=["header", "bare"])
def test_text_among_scores_is_named_with_its_line(header: list[str], before: str, newline: str, tmp_path: Path) -> None:
    lines = [*header, f"{IDS[0]},1", "", f'"{IDS[1]}",2', "", ",", f"{IDS[2]},loud", f"{IDS[3]},louder", ""]
    text = before + "\n".join(lines)
    line = text.split("\n").index(f"{IDS[2]},loud") + 1
    path = written(tmp_path / "m.csv", text.replace("\n", newline))
    assert lacks(refused(path), [f"({path}), line {line}: 'loud' is not a number"]) == []
    written(path, text.replace("louder", "4").replace("loud", "3").replace("\n", newline))
    assert attached(path) == keyed(IDS[:4], (1, 2, 3, 4))


@pytest.mark.parametrize("index", [False, True], ids=["names as column", "names as index"])
def test_a_csv_with_numbered_columns_holds_vectors(index: bool, tmp_path: Path) -> None:
    frame = pd.DataFrame(VECTORS, IDS)
    path = saved(tmp_path / "m.csv", (frame if index else frame.reset_index(names="clip_id")).to_csv, index=index)
    assert attached(path, "embeddings") == keyed(IDS, VECTORS.tolist())


def test_what_is_not_there_or_a_folder_is_said(tmp_path: Path) -> None:
    np.save(tmp_path / "my_scores.npy", SCORES)
    assert lacks(refused(tmp_path / "my_score.npy"), ["no such file", "did you mean my_scores.npy?"]) == []
    assert "no such file" in refused(tmp_path / "nowhere" / "my_scores.npy")
    assert lacks(refused(tmp_path), ["expected score files", "anomaly_score_<machine>"]) == []
    assert "a file, not a folder" in refused(tmp_path, "embeddings")


def test_a_path_that_cannot_be_one_is_a_sentence() -> None:
    assert "scores mine" in refused("x" * 5000)


def test_an_archive_must_tell_names_from_values(tmp_path: Path) -> None:
    assert lacks(refused(saved(tmp_path / "m.npz", np.savez, a=SCORES, b=SCORES)), ["a, b", "keep one"]) == []
    sentence = refused(saved(tmp_path / "m.npz", np.savez, scores=SCORES, names=np.array(IDS[:5])))
    assert lacks(sentence, ["differ in length", "8 in scores", "5 in names"]) == []


def test_an_archive_that_holds_no_arrays_or_is_called_an_array_is_refused(tmp_path: Path) -> None:
    assert "m.npz" in refused(archived(tmp_path / "m.npz", **{"readme.txt": b"hello"}))
    path = saved(tmp_path / "m.npz", np.savez, a=SCORES).rename(tmp_path / "m.npy")
    assert ".npz" in refused(path)


# Ground truth

LABELS = keyed(HIDDEN, (0, 1, 0, 1, 0, 1, 0, 1))
DOMAINS = keyed(HIDDEN, (0, 0, 0, 0, 1, 1, 1, 1))
WORDS = {
    name: [("normal", "anomaly")[LABELS[name]], ("source", "target")[DOMAINS[name]], "car", f"A{number}"]
    for number, name in enumerate(HIDDEN)
}
FULL_NAMES = {
    name: f"section_00_{domain}_test_{label}_{name[11:15]}_{attribute}_{value}_spd_28V"
    for name, (label, domain, attribute, value) in WORDS.items()
}


def truth(machine: str = "fan", **kinds: Rows) -> dict[str, Rows]:
    return {f"ground_truth_{kind}/ground_truth_{machine}_section_00_test.csv": rows for kind, rows in kinds.items()}


TRUTH = truth(data=LABELS, domain=DOMAINS, attributes=FULL_NAMES)


@pytest.mark.parametrize(
    "contents",
    [
        TRUTH,
        truth(attributes=FULL_NAMES),
        truth(attributes={name: f"{name},{full}.wav" for name, full in FULL_NAMES.items()}),
        {f"2023/{name.replace('_fan', '_DCASE2023T2fan')}": rows for name, rows in TRUTH.items()},
        TRUTH | truth(attributes={name: full.replace("normal", "anomaly") for name, full in FULL_NAMES.items()}),
    ],
    ids=["2023", "attributes alone", "2024", "evaluator", "labels decide"],
)
def test_ground_truth_gives_label_domain_and_attributes(
    contents: dict[str, Rows], tmp_path: Path, capsys: Capture
) -> None:
    found = attach(EVALUATION, ground_truth=folder_of(tmp_path, contents))
    assert clips.problems(found) == []
    facts = found[["label", "domain", "d1p", "d1v", "d2v"]].astype(object)
    assert facts[found["class"] == "fan"].to_numpy().tolist() == [[*words, "28V"] for words in WORDS.values()]
    assert facts[found["class"] == "valve"].isna().all(axis=None)
    assert "label of 8 and domain of 8 of 16 clips" in capsys.readouterr().err


def test_labels_alone_leave_domains_unknown(tmp_path: Path, capsys: Capture) -> None:
    folder = folder_of(tmp_path, truth(data=LABELS, domain=DOMAINS)) / "ground_truth_data"
    found = attach(EVALUATION, ground_truth=folder)
    assert found["label"].astype(object)[:8].tolist() == [label for label, *_ in WORDS.values()]
    assert found["domain"].isna().all()
    assert "label of 8 and domain of 0 of 16 clips" in capsys.readouterr().err


def test_ground_truth_of_2021_has_a_file_per_domain(tmp_path: Path) -> None:
    names = {domain: f"section_03_{domain}_test_0000.wav" for domain in ("source", "target")}
    for number, (domain, name) in enumerate(names.items()):
        stem = f"ground_truth_fan_section_03_{domain}_test.csv"
        attributes = {name: f"section_03_{domain}_test_normal_0000_strength_1_ambient", HIDDEN[number]: HIDDEN[number]}
        folder_of(tmp_path / "attributes", {stem: attributes})
        folder_of(tmp_path / "data", {stem: {name: number, HIDDEN[number]: 1 - number}})
    found = attach(table(fan=[*names.values(), *HIDDEN[:2]]), ground_truth=tmp_path)
    assert found["label"].tolist() == ["normal", "anomaly", "anomaly", "normal"]
    assert found["domain"].tolist() == ["source", "target"] * 2
    assert found["d1v"].astype(object).fillna("").tolist() == ["strength_1_ambient"] * 2 + [""] * 2


def test_ground_truth_of_other_machine_types_is_left_out_and_said(tmp_path: Path, capsys: Capture) -> None:
    folder_of(tmp_path, truth(data={HIDDEN[0]: 1}) | truth("pump", data=LABELS))
    written(tmp_path / "ground_truth_notes.csv", "x,y")
    found = attach(EVALUATION, ground_truth=str(tmp_path))
    assert by_clip(found, "label") == {f"test/fan_{HIDDEN[0]}": "anomaly"}
    parts = ["pump", "not in this data", "ground_truth_notes.csv: left out", "label of 1 and domain of 0 of 16 clips"]
    assert lacks(capsys.readouterr().err, parts) == []


def test_ground_truth_that_differs_from_a_name_is_said_and_believed(tmp_path: Path, capsys: Capture) -> None:
    frame = table(fan=FAN + HIDDEN[:2])
    found = attach(frame, ground_truth=folder_of(tmp_path, truth(data=keyed(FAN + HIDDEN[:1], (1, 1, 0)))))
    assert by_clip(found, "label") == keyed(frame["clip_id"][:3], ("anomaly", "anomaly", "normal"))
    assert found["domain"].equals(frame["domain"])
    assert "differs in label from 1 clip" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("contents", "parts"),
    [
        (truth(data={HIDDEN[0]: 1, HIDDEN[1]: 2}), ["test.csv, line 2", "0 (normal) or 1 (anomaly), not '2'"]),
        (truth(domain={HIDDEN[0]: "target"}), ["test.csv, line 1", "0 (source) or 1 (target), not 'target'"]),
        (truth(data={HIDDEN[0]: 1, "": "", "noise": 1}), ["test.csv, line 3", "file name,value", "'noise,1'"]),
        (truth(data={"file_name": "loudness", HIDDEN[0]: 1}), ["test.csv, line 1", "'file_name,loudness'"]),
        (truth(attributes={HIDDEN[0]: "loud"}), ["test.csv, line 1", "'loud' is not a clip name"]),
        (truth(data={"section_00_0100.wav": 1}), ["1 of 1 names", "section_00_0100.wav"]),
        (truth("pump", data=LABELS), ["pump", "does not have"]),
        (truth(data={}), ["--ground-truth"]),
        ({"labels.csv": LABELS}, ["holds no ground truth", "ground_truth_<machine>_section_00_test.csv"]),
    ],
)
def test_ground_truth_that_does_not_fit_is_one_sentence(
    contents: dict[str, Rows], parts: list[str], tmp_path: Path
) -> None:
    folder = folder_of(tmp_path / "evaluator", contents)
    assert lacks(sentence_of(lambda: attach(EVALUATION, ground_truth=folder)), [str(folder), *parts]) == []
    typo = sentence_of(lambda: attach(EVALUATION, ground_truth=tmp_path / "evaluater"))
    assert lacks(typo, ["no folder", "evaluater", "did you mean evaluator?"]) == []


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Result folder of an evaluation set as first published, its ground truth beside it."""
    rng = np.random.default_rng(0)
    for machine, names in (("fan", HIDDEN), ("valve", HIDDEN[:6])):
        scores, stem = keyed(names, rng.normal(size=len(names)).tolist()), f"{machine}_section_00_test.csv"
        decisions = {name: int(value > 0) for name, value in scores.items()}
        folder_of(tmp_path / "run", {f"anomaly_score_{stem}": scores, f"decision_result_{stem}": decisions})
        kinds = {"data": LABELS, "domain": DOMAINS, "attributes": FULL_NAMES}
        folder_of(tmp_path / "truth", truth(machine, **{k: {n: v[n] for n in names} for k, v in kinds.items()}))
    return tmp_path / "run"


def test_after_ground_truth_an_evaluation_set_has_its_official_score(run: Path) -> None:
    scored = score(attach(read_results([run]), ground_truth=run.parent / "truth"))
    numbers = []
    for _, of_machine in scored.frame.groupby("class", observed=True):
        anomalous, values = (of_machine["label"] == "anomaly").to_numpy(), of_machine["anomaly_score_run"].to_numpy()
        for domain in ("source", "target"):
            ranked = anomalous | (of_machine["domain"] == domain).to_numpy()
            numbers.append(roc_auc_score(anomalous[ranked], values[ranked]))
        numbers.append(roc_auc_score(anomalous, values, max_fpr=0.1))
    (model,) = scored.models
    assert model.official_score == pytest.approx(hmean(numbers), abs=1e-9)
    correct = scored.frame["prediction_run"].astype(str) == scored.frame["label"].astype(str)
    assert scored.frame["prediction_correct_run"].tolist() == correct.tolist()
    assert set(correct) == {True, False}


def test_load_attaches_before_it_leaves_rows_out(run: Path) -> None:
    vectors = np.arange(42, dtype=np.float32).reshape(14, 3)
    mine = {"scores": {"mine": np.arange(14.0), "file": run}, "embeddings": {"mine": vectors}}
    frame = load(run, class_name="valve", ground_truth=run.parent / "truth", **mine)
    ids = [f"test/valve_{name}" for name in HIDDEN[:6]]
    assert by_clip(frame, "anomaly_score_mine") == keyed(ids, range(8, 14))
    assert by_clip(frame, "embeddings_mine") == keyed(ids, vectors[8:].tolist())
    assert frame["anomaly_score_file"].tolist() == frame["anomaly_score_run"].tolist()
    assert frame[["auc_cost_mine", "prediction_correct_file", "map_mine_x"]].notna().all(axis=None)
    there = load(run, class_name=["VALVE"], domain="target", ground_truth=run.parent / "truth", **mine)
    assert by_clip(there, "anomaly_score_mine") == keyed(ids[4:], (12, 13))
    sentence = sentence_of(lambda: load(run, class_name="valve", scores={"mine": np.arange(6.0)}))
    assert lacks(sentence, ["6 values for 14 clips", "before --class"]) == []
