"""Exports: what `datasets` opens, what comes back, what never leaves the machine, and files that mean harm."""

import errno
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dcase_explore import clips, exporting, parquet, recordings
from dcase_explore.cache import cache_folder
from dcase_explore.credits import ENRICHED_2023, Credit
from dcase_explore.errors import ExploreError
from dcase_explore.exporting import export
from dcase_explore.parquet import opening
from dcase_explore.recordings import embedded, kept
from dcase_explore.sources import kind_of
from dcase_explore.sources.exported import EXPORTED, read_exported
from dcase_explore.sources.kinds import Asked, Source

Record = Callable[..., Path]

AST = "embeddings_ast-finetuned-audioset-10-10-0.4593"


def table(**columns: Any) -> pd.DataFrame:
    """Twelve clips of two machine types, splits taking turns, with a null of every kind."""
    each = range(12)
    splits = ["train" if number % 4 < 2 else "test" for number in each]
    machines = ["valve" if number < 6 else "fan" for number in each]
    frame = pd.DataFrame(
        {
            "clip_id": [f"{splits[n]}/{machines[n]}_section_00_source_{splits[n]}_{n:04d}.wav" for n in each],
            "class": machines,
            "split": splits,
            "section": 0,
            "label": ["normal", None, "anomaly"] * 4,
            "domain": ["source", "target", None] * 4,
            "d1p": ["pat", "vel", None] * 4,
            "d1v": ["01", "1.0", None] * 4,
            "anomaly_score_mine": [1.0, 1.0 + 1e-12, *np.linspace(2, 3, 9), np.nan],
            "prediction_mine": ["anomaly", None, "normal"] * 4,
            "prediction_correct_mine": [True, None, False] * 4,
            "auc_cost_mine": np.linspace(0, 1, 12),
            "dev_train_lof_anomaly": [1, None, 0] * 4,
            AST: [None if n == 3 else np.full(8, n / 3, np.float32) for n in each],
        }
    )
    return clips.conform(frame.assign(**columns))


def plain(values: pd.Series) -> list[object]:
    """Null as None."""
    return values.astype(object).where(values.notna(), None).to_list()


def with_recordings(frame: pd.DataFrame, folder: Path, record: Record) -> pd.DataFrame:
    """A recording for every clip but the second."""
    paths = [str(record(folder / clip_id, seed=n, seconds=0.01)) for n, clip_id in enumerate(frame["clip_id"])]
    return clips.conform(frame.assign(path=[None if n == 1 else path for n, path in enumerate(paths)]))


def open_with_datasets(folder: Path, cache: Path) -> Any:
    import datasets

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
        patch.setattr(datasets.config, "HF_MODULES_CACHE", str(cache / "modules"))
        return datasets.load_dataset(str(folder), cache_dir=str(cache))


def is_exported(path: Path) -> bool:
    return kind_of(Asked(str(path))) is EXPORTED


def parts_of(source: Source) -> tuple[pd.DataFrame, str, Credit | None]:
    return source.frame, source.title, next(iter(source.credits), None)


def taken_back(folder: Path) -> pd.DataFrame:
    assert is_exported(folder)
    frame = read_exported(folder).frame
    assert clips.problems(frame) == []
    return frame


def all_that_is_in(folder: Path) -> str:
    """Every byte, and every text that compression hides from a look at bytes."""
    texts = []
    for path in folder.rglob("*"):
        if path.is_file():
            texts.append(path.read_bytes().decode("latin-1"))
        if path.suffix == ".parquet":
            read = pq.ParquetFile(path).read(use_threads=False)
            texts += [str(read.to_pylist()), str(read.schema.metadata)]
    return "\n".join(texts)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# What others open


def test_datasets_opens_the_same_rows_vectors_and_categories(tmp_path: Path) -> None:
    frame = table()
    export(frame, tmp_path / "out", audio=False, title="mine")
    opened = open_with_datasets(tmp_path / "out", tmp_path / "hf")
    assert {split: len(rows) for split, rows in opened.items()} == {"train": 6, "test": 6}
    for split, rows in opened.items():
        of_split = frame[frame["split"] == split].reset_index(drop=True)
        assert rows.column_names == list(frame.columns)
        for name in ("class", "label", "domain", "split", "prediction_mine"):
            names = rows.features[name].names
            assert names == list(frame[name].cat.categories)
            assert [None if code is None else names[code] for code in rows[name]] == plain(of_split[name])
        for name in ("clip_id", "d1v", "prediction_correct_mine", "dev_train_lof_anomaly", "anomaly_score_mine"):
            assert rows[name][:] == plain(of_split[name])
        assert rows.features["anomaly_score_mine"].dtype == "float64"  # float32 would tie two of them
        assert rows.features["auc_cost_mine"].dtype == "float32"
        assert rows.features[AST].length == 8
        for vector, expected in zip(rows[AST], of_split[AST], strict=True):
            assert (vector is None) == (expected is None)
            assert expected is None or np.array_equal(np.float32(vector), expected)


def test_datasets_opens_embedded_recordings_as_bytes_without_a_decoder(tmp_path: Path, record: Record) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record)
    export(frame, tmp_path / "out", audio=True, title="mine")
    train = open_with_datasets(tmp_path / "out", tmp_path / "hf")["train"]
    assert "path" not in train.column_names
    assert type(train.features["audio"]).__name__ == "Audio"
    by_id = frame.set_index("clip_id")["path"]
    for clip in train:
        path = by_id[clip["clip_id"]]
        expected = None if path is None else {"bytes": Path(path).read_bytes(), "path": clip["clip_id"]}
        assert clip["audio"] == expected
    assert "torchcodec" not in sys.modules
    schema = pq.read_schema(tmp_path / "out/data/train-00000-of-00001.parquet")
    assert json.loads(schema.metadata[b"huggingface"])["info"]["features"]["audio"]["_type"] == "Audio"


def test_a_split_without_clips_has_no_file(tmp_path: Path) -> None:
    frame = table()
    export(frame[frame["split"] == "test"], tmp_path / "out", audio=False, title="mine")
    assert left_in(tmp_path / "out/data") == ["test-00000-of-00001.parquet"]
    assert list(open_with_datasets(tmp_path / "out", tmp_path / "hf")) == ["test"]


def test_spotlight_shows_what_datasets_opened(tmp_path: Path, record: Record) -> None:
    from renumics.spotlight.data_store import DataStore
    from renumics.spotlight_plugins.core.huggingface_datasource import HuggingfaceDataSource

    vectors = [np.full(8, n, np.float32) for n in range(12)]
    frame = with_recordings(table(label=["normal", "anomaly"] * 6, **{AST: vectors}), tmp_path / "audio", record)
    export(frame, tmp_path / "out", audio=True, title="mine")
    shown = DataStore(HuggingfaceDataSource(open_with_datasets(tmp_path / "out", tmp_path / "hf")["test"]), {})
    assert {name: shown.dtypes[name].name for name in ("class", "audio", AST)} == {
        "class": "Category",
        "audio": "Audio",
        AST: "Embedding",
    }
    assert shown.get_converted_values("label", simple=True, check=False) == [0, 1] * 3
    assert shown.get_converted_values("audio", simple=False, check=False)[0][:4] == b"RIFF"


def test_the_card_says_what_is_there_whose_it_is_and_how_to_open_it(tmp_path: Path) -> None:
    import yaml

    export(
        table(), tmp_path / "out", audio=False, title="valves | fans", credit=ENRICHED_2023, derived=["auc_cost_mine"]
    )
    _, front, text = (tmp_path / "out/README.md").read_text().split("---\n", 2)
    matter = yaml.safe_load(front)
    assert matter["license"] == "cc-by-nc-sa-4.0"
    assert matter["pretty_name"] == "valves | fans"
    assert matter["size_categories"] == ["n<1K"]
    assert matter["task_categories"] == ["audio-classification"]
    assert [each["path"] for each in matter["configs"][0]["data_files"]] == [
        "data/train-*.parquet",
        "data/test-*.parquet",
    ]
    assert re.search(
        r"\| machine type \| train, source \| train, target \| train, domain unknown \| test, source", text
    )
    assert re.search(r"\| fan \| 1 \| 0 \| 1 \| 1 \| 2 \| 1 \|", text)
    assert "| `auc_cost_mine` | number | What the clip costs the AUC of mine" in text
    assert "8 float32" in text
    assert all(citation in text for citation in ENRICHED_2023.citations)
    assert "dcase-explore --data out" in text
    assert 'datasets.load_dataset("out")' in text
    assert ".to_pandas()" in text  # Spotlight does not take empty vectors from `datasets`


def test_a_card_without_known_owner_says_so_in_words_the_hub_knows(tmp_path: Path) -> None:
    export(table(), tmp_path / "out", audio=False, title="mine")
    card = (tmp_path / "out/README.md").read_text()
    assert "license: unknown\n" in card
    assert "not known whose data these are" in card


# What comes back


def test_an_export_is_taken_back_unchanged(tmp_path: Path, record: Record) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record)
    summary = export(frame, tmp_path / "out", audio=False, title="two machines", credit=ENRICHED_2023)
    assert (summary.files, summary.rows) == (2, 12)
    assert summary.bytes == sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file())
    again, title, credit = parts_of(read_exported(tmp_path / "out"))
    pd.testing.assert_frame_equal(again, frame)
    assert (title, credit) == ("two machines", ENRICHED_2023)
    assert again[AST].iloc[0].flags.writeable


def test_columns_of_your_own_keep_their_types(tmp_path: Path) -> None:
    frame = table(
        count=pd.Series([1, None, 2**60 + 1] * 4, dtype="Int64"),
        grade=pd.Categorical(["b", "a", None] * 4, ["z", "b", "a"], ordered=True),
        step=pd.Categorical([3, 1, None] * 4),
        heard=pd.to_datetime(["2023-05-01", None, "2024-01-01"] * 4),
        words=pd.Series(["01", None, "nan"] * 4, dtype="string"),
        small=np.arange(12, dtype=np.int8),
        wide=np.linspace(0, 1, 12),
        lists=pd.Series([np.arange(3.0), None, np.arange(2.0)] * 4, dtype=object),
        sure=pd.Series([True, None, False] * 4, dtype="boolean"),
        nothing=[None] * 12,
    )
    export(frame, tmp_path / "out", audio=False, title="mine")
    pd.testing.assert_frame_equal(taken_back(tmp_path / "out"), frame)


def test_categories_without_clips_and_odd_indices_do_not_matter(tmp_path: Path) -> None:
    part = table().iloc[[8, 9, 1]]
    export(part, tmp_path / "out", audio=False, title="mine")
    pd.testing.assert_frame_equal(taken_back(tmp_path / "out"), clips.conform(part))


def test_what_is_computed_anew_is_written_for_others_and_not_taken_back(tmp_path: Path) -> None:
    frame = table().assign(nearest_normal="/somewhere/else.wav")
    export(frame, tmp_path / "out", audio=False, title="mine", derived=["auc_cost_mine", "nearest_normal", "not there"])
    assert "auc_cost_mine" in open_with_datasets(tmp_path / "out", tmp_path / "hf")["test"].column_names
    expected = frame.drop(columns=["auc_cost_mine", "nearest_normal"])
    pd.testing.assert_frame_equal(taken_back(tmp_path / "out"), expected)


def test_an_explored_table_shows_the_same_page_again(recordings: Path, tmp_path: Path) -> None:
    from dcase_explore.exploring import explored
    from dcase_explore.options import Options

    found = explored(Options(data=[str(recordings)]), with_maps=False)
    assert "auc_cost_logmel_lof" in found.computed
    maps = np.stack(found.frame["embeddings_logmel"])[:, :2]
    frame = clips.conform(found.frame.assign(map_logmel_x=maps[:, 0], map_logmel_y=maps[:, 1]))
    export(frame, tmp_path / "out", audio=False, title=found.title, derived=found.computed)
    again = explored(Options(data=[str(tmp_path / "out")]))
    pd.testing.assert_frame_equal(again.frame, frame)
    assert [finding.title for finding in again.findings] == [finding.title for finding in found.findings]
    assert again.title == found.title


def test_both_folders_may_move_together(tmp_path: Path, record: Record) -> None:
    frame = with_recordings(table(), tmp_path / "here/audio", record)
    export(frame, tmp_path / "here/out", audio=False, title="mine")
    (tmp_path / "here").rename(tmp_path / "there")
    paths = taken_back(tmp_path / "there/out")["path"]
    assert paths.to_list() == [path and path.replace("/here/", "/there/") for path in frame["path"]]


def test_recordings_that_are_not_there_are_counted_once(
    tmp_path: Path, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record)
    export(frame, tmp_path / "out", audio=False, title="mine")
    (tmp_path / "audio" / frame["clip_id"][0]).unlink()
    shutil.rmtree(tmp_path / "audio/test")
    paths = taken_back(tmp_path / "out")["path"]
    assert paths.notna().sum() == 4
    assert "7 recordings that out refers to are not there" in capsys.readouterr().err


def test_any_part_of_an_export_is_a_dataset_too(tmp_path: Path, record: Record) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record)
    export(frame, tmp_path / "data", audio=False, title="mine")
    for whole in (tmp_path / "data", tmp_path / "data/data"):
        pd.testing.assert_frame_equal(taken_back(whole), frame)
    train = taken_back(tmp_path / "data/data/train-00000-of-00001.parquet")
    pd.testing.assert_frame_equal(train, clips.conform(frame[frame["split"] == "train"]))


def test_an_export_that_lost_a_file_is_shown_split_by_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export(table(), tmp_path / "out", audio=False, title="mine")
    (tmp_path / "out/data/test-00000-of-00001.parquet").unlink()
    assert set(taken_back(tmp_path / "out")["split"]) == {"train"}
    assert "not all clips that were exported together" in capsys.readouterr().err


# Embedded recordings


def test_embedded_recordings_are_played_from_the_files(tmp_path: Path, record: Record) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record)
    export(frame, tmp_path / "out", audio=True, title="mine")
    content = {clip.clip_id: clip.path and Path(clip.path).read_bytes() for clip in frame.itertuples()}
    shutil.rmtree(tmp_path / "audio")
    again = taken_back(tmp_path / "out")
    pd.testing.assert_frame_equal(again.drop(columns="path"), frame.drop(columns="path"))
    assert not any(isinstance(value, bytes) for name in again for value in again[name])
    for clip in again.itertuples():
        assert (clip.path is None) == (content[clip.clip_id] is None)
        if clip.path:
            assert not Path(clip.path).exists()
            recordings.fetch(clip.path)
            assert Path(clip.path).read_bytes() == content[clip.clip_id]


def test_a_dataset_that_has_changed_does_not_answer_with_other_sounds(tmp_path: Path, record: Record) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record)
    export(frame, tmp_path / "out", audio=True, title="mine")
    first = taken_back(tmp_path / "out")["path"]
    shutil.rmtree(tmp_path / "out")
    with pytest.raises(kept.NotHere, match="not there any more"):
        recordings.fetch(first[0])
    for n, path in enumerate(frame["path"].dropna()):
        record(Path(path), seed=n + 100, seconds=0.02)
    export(frame, tmp_path / "out", audio=True, title="mine")
    with pytest.raises(kept.NotHere, match="open it again"):
        recordings.fetch(first[0])
    assert set(taken_back(tmp_path / "out")["path"].dropna()).isdisjoint(first)


def test_exporting_an_export_brings_its_recordings_along(
    tmp_path: Path, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record)
    export(frame, tmp_path / "one", audio=True, title="mine")
    one = taken_back(tmp_path / "one")
    export(one, tmp_path / "two", audio=False, title="mine")
    pd.testing.assert_frame_equal(taken_back(tmp_path / "two"), one)
    export(one, tmp_path / "three", audio=True, title="mine")
    (path,) = taken_back(tmp_path / "three")["path"][:1]
    recordings.fetch(path)
    assert Path(path).read_bytes() == Path(frame["path"][0]).read_bytes()
    for name in ("one", "two", "three"):
        assert str(tmp_path) not in all_that_is_in(tmp_path / name)
    shutil.rmtree(tmp_path / "one")
    assert taken_back(tmp_path / "two")["path"].isna().all()
    assert "recordings that the table takes from 'one-" in capsys.readouterr().err


def test_recordings_that_cannot_be_had_are_null_and_said_once(
    tmp_path: Path, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record)
    Path(frame["path"][0]).unlink()
    Path(frame["path"][2]).write_bytes(b"")
    os.truncate(frame["path"][3], kept.MAX_RECORDING_BYTES + 1)
    Path(frame["path"][4]).unlink()
    Path(frame["path"][4]).mkdir()
    export(frame, tmp_path / "out", audio=True, title="mine")
    assert capsys.readouterr().err.count("4 recordings that cannot be had, exported without sound") == 1
    assert taken_back(tmp_path / "out")["path"].notna().sum() == 7


def test_what_cannot_be_read_out_of_a_dataset_is_a_sentence(tmp_path: Path, record: Record) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record)
    export(frame, tmp_path / "out", audio=True, title="mine")
    origin = {"kind": "embedded", "folder": str(tmp_path / "out")}
    assert embedded.read(origin, frame["clip_id"][0]) == Path(frame["path"][0]).read_bytes()
    for clip_id in ("test/nobody.wav", frame["clip_id"][1]):
        with pytest.raises(kept.NotHere, match="holds no recording of"):
            embedded.read(origin, clip_id)
    file = tmp_path / "out/data/train-00000-of-00001.parquet"
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(kept.NotHere, match=r"train-00000-of-00001\.parquet"):
        embedded.read(origin, frame["clip_id"][0])


def test_a_recording_beyond_all_measure_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "MAX_RECORDING_BYTES", 999)
    audio = pa.array([{"bytes": bytes(1_000), "path": "a"}])
    pq.write_table(pa.table({"clip_id": ["train/a.wav"], "audio": audio}), tmp_path / "x.parquet")
    with pytest.raises(kept.NotHere, match="larger than"):
        embedded.read({"folder": str(tmp_path / "x.parquet")}, "train/a.wav")


def test_one_clip_is_read_out_of_its_row_group_alone(
    tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "CLIPS_PER_GROUP", 2)
    monkeypatch.setattr(exporting, "SHARD_BYTES", 2_500)
    frame = with_recordings(table(), tmp_path / "audio", record)
    assert export(frame, tmp_path / "out", audio=True, title="mine").files > 3
    names = left_in(tmp_path / "out/data")
    assert len({name.rpartition("-")[2] for name in names if name.startswith("train")}) == 1
    assert all(re.fullmatch(r"(train|test)-\d{5}-of-\d{5}\.parquet", name) for name in names)
    pd.testing.assert_frame_equal(taken_back(tmp_path / "out").drop(columns="path"), frame.drop(columns="path"))
    origin = {"folder": str(tmp_path / "out")}
    for clip in frame.dropna(subset="path").itertuples():
        assert embedded.read(origin, clip.clip_id) == Path(clip.path).read_bytes()
    assert len(open_with_datasets(tmp_path / "out", tmp_path / "hf")["test"]) == 6


def test_memory_stays_small_however_many_recordings_are_embedded(tmp_path: Path) -> None:
    megabyte, count = 2**20, 200
    sound = tmp_path / "sound.wav"
    sound.write_bytes(np.random.default_rng(0).bytes(megabyte))
    frame = clips.conform(
        pd.DataFrame(
            {
                "clip_id": [f"train/valve_{n}.wav" for n in range(count)],
                "class": "valve",
                "split": "train",
                "path": str(sound),
            }
        )
    )
    export(frame[:2], tmp_path / "first", audio=True, title="what is imported on the way does not count")
    pool, before = pa.proxy_memory_pool(pa.default_memory_pool()), pa.default_memory_pool()
    pa.set_memory_pool(pool)
    tracemalloc.start()
    try:
        written = export(frame, tmp_path / "out", audio=True, title="mine")
        python_peak, arrow_peak = tracemalloc.get_traced_memory()[1], pool.max_memory()
    finally:
        tracemalloc.stop()
        pa.set_memory_pool(before)
    assert written.bytes > count * megabyte
    assert python_peak + arrow_peak < 0.6 * count * megabyte


# Recordings that are fetched when they are played


def fetched_when_played(config: str = "dev", **other: str) -> Path:
    from dcase_explore.hub.repository import Repository
    from dcase_explore.recordings.records import origin_in

    return kept.place(*origin_in(Repository("owner/name", other.get("commit", "ab" * 20)), config))


def test_clips_of_one_origin_need_no_paths(tmp_path: Path) -> None:
    frame = table().assign(path=lambda made: [f"{fetched_when_played()}/{clip_id}" for clip_id in made["clip_id"]])
    export(frame, tmp_path / "out", audio=False, title="mine")
    assert "path" not in open_with_datasets(tmp_path / "out", tmp_path / "hf")["test"].column_names
    again = taken_back(tmp_path / "out")
    assert again["path"].to_list() == frame["path"].to_list()
    assert recordings.not_here(again["path"]) == 12


def test_clips_of_several_origins_find_back_to_each(tmp_path: Path, record: Record) -> None:
    here, there = fetched_when_played("dev"), fetched_when_played("add")
    frame = with_recordings(table(), tmp_path / "audio", record)
    frame["path"] = [
        path if n % 3 == 0 else f"{here if n % 3 == 1 else there}/{clip_id}"
        for n, (path, clip_id) in enumerate(zip(frame["path"], frame["clip_id"], strict=True))
    ]
    export(frame, tmp_path / "out", audio=False, title="mine")
    assert str(tmp_path) not in all_that_is_in(tmp_path / "out")
    assert taken_back(tmp_path / "out")["path"].to_list() == frame["path"].to_list()


@pytest.mark.parametrize(
    "origin",
    [
        {"kind": "hub", "repository": "../..", "commit": "ab" * 20, "config": "dev"},
        {"kind": "hub", "repository": "owner/name", "commit": "main", "config": "dev"},
        {"kind": "hub", "repository": "owner/name", "commit": "ab" * 20, "config": "../dev"},
        {"kind": "hub", "repository": ["owner/name"]},
        {"kind": "embedded", "folder": "/nowhere"},
        {"kind": "embedded", "folder": "a\0b"},
        {"kind": "elsewhere"},
        "hub",
        None,
    ],
)
def test_an_origin_that_nobody_wrote_is_none(tmp_path: Path, own_cache: Path, origin: object) -> None:
    parquet.write(table(), tmp_path / "x.parquet", {"origins": {"../../x": origin}})
    assert "path" not in taken_back(tmp_path / "x.parquet")
    assert not (own_cache / "recordings").exists()


def test_a_table_that_names_a_thousand_places(tmp_path: Path, own_cache: Path, capsys) -> None:
    frame = table().drop(columns="path", errors="ignore")
    origins = {
        str(number): {"kind": "hub", "repository": f"a/b{number}", "commit": "a" * 40, "config": "dev"}
        for number in range(1000)
    }
    parquet.write(frame, tmp_path / "x.parquet", {"origins": origins, "columns": ["path"]})
    read_exported(tmp_path / "x.parquet")
    assert len(list((own_cache / "recordings").iterdir())) <= 32
    assert "from 1,000 places" in capsys.readouterr().err


def test_a_table_cannot_put_its_sounds_in_the_place_of_anothers(tmp_path: Path) -> None:
    mine = fetched_when_played(commit="cd" * 20)
    theirs = {"kind": "hub", "repository": "other/name", "commit": "ab" * 20, "config": "dev"}
    before = kept.origin_of(str(mine / "train/x.wav"))
    parquet.write(table(), tmp_path / "x.parquet", {"origins": {mine.name: theirs}})
    assert not taken_back(tmp_path / "x.parquet")["path"].str.startswith(str(mine)).any()
    kept._origin_in.cache_clear()
    assert kept.origin_of(str(mine / "train/x.wav")) == before


# What stays on this machine


@pytest.mark.parametrize("audio", [False, True])
def test_no_path_of_this_machine_is_in_an_export(tmp_path: Path, record: Record, audio: bool) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record)
    export(
        frame.assign(nearest_normal=frame["path"]), tmp_path / "out", audio=audio, title="mine", credit=ENRICHED_2023
    )
    assert str(tmp_path) not in all_that_is_in(tmp_path / "out")
    assert frame["clip_id"][0] in all_that_is_in(tmp_path / "out")


# Where it is written


def test_a_folder_that_is_taken_is_refused(tmp_path: Path) -> None:
    export(table(), tmp_path / "out", audio=False, title="mine")
    before = all_that_is_in(tmp_path / "out")
    with pytest.raises(ExploreError, match="holds an export already: choose another folder, or remove it with rm -r"):
        export(table(), tmp_path / "out", audio=False, title="other")
    assert all_that_is_in(tmp_path / "out") == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other/notes.txt").write_text("mine")
    with pytest.raises(ExploreError, match=r"other things \(notes\.txt\)"):
        export(table(), tmp_path / "other", audio=False, title="mine")
    with pytest.raises(ExploreError, match="is a file"):
        export(table(), tmp_path / "other/notes.txt", audio=False, title="mine")
    with pytest.raises(ExploreError, match="mkdir -p"):
        export(table(), tmp_path / "no/where", audio=False, title="mine")


def test_what_a_killed_export_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "out" / ".out.0123456789ab").mkdir(parents=True)
    export(table(), tmp_path / "out", audio=False, title="mine")
    assert (tmp_path / "out" / "README.md").is_file()
    (tmp_path / "last" / ".last.part" / "data").mkdir(parents=True)
    (tmp_path / "last" / "README.md").write_text("before its data were moved, it was killed")
    export(table(), tmp_path / "last", audio=False, title="mine")
    assert left_in(tmp_path / "last") == ["README.md", "data"]
    assert len(taken_back(tmp_path / "last")) == 12


def test_an_empty_folder_is_filled_and_stays_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    export(table(), Path(), audio=False, title="mine")
    assert left_in(Path()) == ["README.md", "data"]  # seen from within
    assert len(taken_back(Path())) == 12


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
@pytest.mark.parametrize("at", ["write_table", "rename", "write_text"])
def test_an_interrupt_or_a_full_disk_leaves_nothing(
    tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch, at: str, error: BaseException, is_there: bool
) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record)
    if is_there:
        (tmp_path / "out").mkdir()
    before = left_in(tmp_path)
    calls = 0
    owner = pq.ParquetWriter if at == "write_table" else Path
    real = getattr(owner, at)

    def fail(self: Any, *args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == {"write_table": 2, "rename": 3, "write_text": 1}[at]:
            raise error
        return real(self, *args, **options)

    monkeypatch.setattr(owner, at, fail)
    with pytest.raises((KeyboardInterrupt, ExploreError)) as raised:
        export(frame, tmp_path / "out", audio=True, title="mine")
    if isinstance(error, OSError):
        assert "out cannot be written (No space left on device)" in str(raised.value)
    assert left_in(tmp_path) == before
    assert not is_there or left_in(tmp_path / "out") == []


def test_a_table_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet.write(table(), tmp_path / "x.parquet", {"number": 1})

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for owner, name in ((pq.ParquetWriter, "write_table"), (Path, "replace")):
        with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
            patch.setattr(owner, name, full)
            parquet.write(table(), tmp_path / "x.parquet", {"number": 2})
        assert left_in(tmp_path) == ["x.parquet"]
        assert parquet.read(tmp_path / "x.parquet")[1] == {"number": 1}


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"mixed": [1, "a"] * 6}, "column mixed cannot be written"),
        ({"spans": pd.interval_range(0, 12)}, "column spans cannot be written"),
        ({"odd": ["\udcff"] * 12}, "column odd cannot be written"),
        ({"audio": "x"}, "column audio is in the way"),
    ],
)
def test_what_cannot_be_written_is_said_by_column(
    tmp_path: Path, record: Record, columns: dict[str, Any], sentence: str
) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record).assign(**columns)
    with pytest.raises(ExploreError, match=sentence):
        export(frame, tmp_path / "out", audio=True, title="mine")
    assert left_in(tmp_path) == ["audio"]


def test_nothing_to_export_or_to_hear_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExploreError, match="no clip to export"):
        export(table()[:0], tmp_path / "out", audio=False, title="mine")
    with pytest.raises(ExploreError, match="no recordings that could be embedded"):
        export(table(), tmp_path / "out", audio=True, title="mine")
    assert left_in(tmp_path) == []


# What other programs wrote


def enriched(**columns: Any) -> Any:
    """Two clips as the enriched dataset has them once `datasets` has loaded it."""
    from datasets import ClassLabel, Dataset, Features, List, Value

    rows = {
        "path": ["train/fan_section_00_source_train_normal_0000_m-n_W.wav", "data/test/valve_section_00_0001.wav"],
        "class": [1, 0],
        "split": ["train", "test"],
        "label": [0, -1],
        "section": [0, 0],
        "d1p": ["m-n", "nan"],
        "d1v": ["W", "nan"],
        "anomaly_score_mine": [0.5, None],
        AST: [[[0.0, 1.0, 2.0]], [[3.0, 4.0, 5.0]]],
        **columns,
    }
    features = {
        "class": ClassLabel(names=["valve", "fan"]),
        "label": ClassLabel(names=["anomaly", "normal"]),
        "section": Value("int64"),
        "anomaly_score_mine": Value("float32"),
        AST: List(List(Value("float32"))),
    }
    return Dataset.from_dict(rows, Features({name: features.get(name, Value("string")) for name in rows}))


def test_what_datasets_wrote_of_the_enriched_dataset_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    enriched().to_parquet(str(tmp_path / "enriched.parquet"))
    frame, title, credit = parts_of(read_exported(tmp_path / "enriched.parquet"))
    assert (title, credit) == ("enriched", None)
    assert frame["clip_id"].to_list() == [
        "train/fan_section_00_source_train_normal_0000_m-n_W.wav",
        "test/valve_section_00_0001.wav",
    ]
    assert frame["class"].to_list() == ["fan", "valve"]
    assert plain(frame["label"]) == ["anomaly", None]
    assert frame["d1v"].isna().to_list() == [False, True]
    assert [vector.tolist() for vector in frame[AST]] == [[0, 1, 2], [3, 4, 5]]
    assert "path" not in frame
    said = capsys.readouterr().err
    assert "2 recordings that enriched.parquet refers to are not there" in said
    assert "nan is taken for no attribute" in said


def test_what_pandas_wrote_is_read(tmp_path: Path, record: Record) -> None:
    frame = with_recordings(table(), tmp_path / "audio", record)
    frame.to_parquet(tmp_path / "one.parquet")
    pd.testing.assert_frame_equal(parquet.read(tmp_path / "one.parquet")[0], frame)
    pd.testing.assert_frame_equal(taken_back(tmp_path / "one.parquet"), frame)
    text = frame.astype(dict.fromkeys(("class", "split"), str))
    text.iloc[3:9].to_parquet(tmp_path / "two.parquet")  # with the rows' numbers as a column
    pd.testing.assert_frame_equal(taken_back(tmp_path / "two.parquet"), clips.conform(frame[3:9]))


def test_vectors_are_read_from_every_kind_of_list(tmp_path: Path) -> None:
    numbers = np.arange(12, dtype=np.float64).reshape(3, 4)
    for kind in (
        pa.list_(pa.float64()),
        pa.large_list(pa.float32()),
        pa.list_(pa.float16(), 4),
        pa.list_(pa.int8(), 4),
        pa.list_(pa.list_(pa.float32())),
        pa.list_(pa.list_(pa.float32(), 4), 1),
    ):
        nested = pa.types.is_nested(kind.value_type)
        rows = [[row.tolist()] if nested else row.tolist() for row in numbers] + [None]
        rows = [[int(value) for value in row] for row in rows[:3]] + [None] if kind.value_type == pa.int8() else rows
        ids = [f"train/{n}.wav" for n in range(4)]
        pq.write_table(pa.table({"clip_id": ids, "embeddings_x": pa.array(rows, kind)}), tmp_path / "x.parquet")
        frame, about = parquet.read(tmp_path / "x.parquet")
        assert about == {}
        assert np.array_equal(np.stack(frame["embeddings_x"][:3].to_list()), numbers)
        assert frame["embeddings_x"][0].dtype == np.float32
        assert frame["embeddings_x"][3] is None


def test_some_columns_are_read_alone(tmp_path: Path) -> None:
    frame = table(**{"mine": 1, "mine.too": 2})  # a name that begins like another, with a dot
    parquet.write(frame, tmp_path / "x.parquet", {"a": [1]})
    part, about = parquet.read(tmp_path / "x.parquet", [AST, "mine", "clip_id"])
    assert list(part) == [AST, "mine", "clip_id"]
    assert about == {"a": [1]}
    assert part[AST][3] is None
    assert np.array_equal(part[AST][4], frame[AST][4])
    with pytest.raises(ExploreError, match="did you mean clip_id"):
        parquet.read(tmp_path / "x.parquet", ["clip_ids"])


def test_what_is_no_column_of_a_table_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    others = {"picture": pa.array([b"png"] * 12), "audio": pa.array([{"bytes": b"x", "path": "y"}] * 12)}
    columns = {name: pa.array(table()[name].astype(str)) for name in ("clip_id", "class", "split")}
    pq.write_table(pa.table({**columns, **others}), tmp_path / "x.parquet")
    assert list(parquet.read(tmp_path / "x.parquet")[0]) == ["class", "split", "clip_id"]
    assert "left out, for they are no columns of a table: picture\n" in capsys.readouterr().err


def test_splits_are_taken_from_the_names_of_files(tmp_path: Path) -> None:
    for split in ("train", "test"):
        part = table()[["clip_id", "class"]].iloc[[0, 6] if split == "train" else [2, 8]]
        part.to_parquet(tmp_path / f"{split}-00000-of-00001.parquet", index=False)
    assert taken_back(tmp_path)["split"].to_list() == ["test", "test", "train", "train"]


def test_parts_of_two_tables_do_not_make_one(tmp_path: Path) -> None:
    parquet.write(table(), tmp_path / "train.parquet", {"title": "one"})
    parquet.write(table(), tmp_path / "test.parquet", {"title": "two"})
    with pytest.raises(ExploreError, match="parts of different tables"):
        read_exported(tmp_path)


@pytest.mark.parametrize("missing", ["clip_id", "class"])
def test_a_table_without_what_it_takes_is_refused_in_a_sentence(tmp_path: Path, missing: str) -> None:
    table().drop(columns=missing).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(ExploreError, match=f"no clip table, for it has no column {missing}, only"):
        read_exported(tmp_path / "x.parquet")


def test_only_parquet_files_and_folders_of_them_are_exports(tmp_path: Path, record: Record) -> None:
    (tmp_path / "some.txt").touch()
    assert not is_exported(tmp_path / "some.txt")
    assert not is_exported(tmp_path)
    assert not is_exported(tmp_path / "nowhere.parquet")
    parquet.write(table(), tmp_path / "x.parquet", {})
    assert is_exported(tmp_path)
    record(tmp_path / "fan/test/section_00_source_test_normal_0000.wav")
    assert not is_exported(tmp_path)
    with pytest.raises(ExploreError, match="holds no Parquet file"):
        read_exported(tmp_path / "fan")


# Files that mean harm


def written(path: Path, metadata: dict[bytes, bytes] | None = None, **columns: Any) -> None:
    whole = {"clip_id": ["train/a.wav"], "class": [0], "split": ["train"], **columns}
    pq.write_table(pa.table(whole).replace_schema_metadata(metadata), path)


def labelled(names: object) -> dict[bytes, bytes]:
    features = {"class": {"_type": "ClassLabel", "names": names}}
    return {b"huggingface": json.dumps({"info": {"features": features}}).encode()}


def wide(path: Path) -> None:
    pq.write_table(pa.table({f"c{n}": [1] for n in range(10_000)}), path)


def cut(path: Path) -> None:
    parquet.write(table(), path, {})
    path.write_bytes(path.read_bytes()[:-300])


def bent(path: Path) -> None:
    """One bit of a page turned over."""
    parquet.write(table(), path, {})
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)


def swollen(path: Path) -> None:
    """A billion rows in a few kilobytes."""
    nothing = pa.nulls(5_000_000, pa.int64())
    with pq.ParquetWriter(path, pa.schema({"a": pa.int64()})) as writer:
        for _ in range(3):
            writer.write_table(pa.table({"a": nothing}))


HARM: dict[str, Callable[[Path], Any]] = {
    "not Parquet": lambda path: path.write_bytes(b"PAR1 is how it begins"),
    "empty": lambda path: path.touch(),
    "cut": cut,
    "bent": bent,
    "10,000 columns": wide,
    "many rows": swollen,
    "class out of range": lambda path: written(path, labelled(["fan"]), **{"class": [7]}),
    "class below range": lambda path: written(path, labelled(["fan"]), **{"class": [-2]}),
    "names that are none": lambda path: written(path, labelled({"a": 1})),
    "names twice": lambda path: written(path, labelled(["fan", "fan"])),
    "no JSON": lambda path: written(path, {b"huggingface": b"{"}),
    "not UTF-8": lambda path: written(path, {b"huggingface": b'"\xff'}),
    "a list": lambda path: written(path, {b"dcase_explore": b"[1]"}),
    "deep JSON": lambda path: written(path, {b"dcase_explore": b"[" * 100_000}),
    "features that are none": lambda path: written(path, {b"huggingface": b'{"info": {"features": [1]}}'}),
    "a type that is none": lambda path: written(path, {b"dcase_explore_types": b'{"class": "os.system"}'}),
    "categories that are none": lambda path: written(path, {b"dcase_explore_types": b'{"class": {"categories": 1}}'}),
    "vectors of words": lambda path: written(path, embeddings_x=[["a", "b"]]),
    "a word as a vector": lambda path: written(path, embeddings_x=["[1, 2]"]),
    "vectors with holes": lambda path: written(path, embeddings_x=[[1.0, None]]),
    "matrices": lambda path: written(path, embeddings_x=[[[1.0, 2.0], [3.0, 4.0]]]),
    "text that is none": lambda path: written(path, d1v=pa.array([b"\xff"]).view(pa.string())),
    "a folder": lambda path: path.mkdir(),
    "a split of its own": lambda path: written(path, split=["validation"]),
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM.keys())
def test_a_file_that_means_harm_is_one_sentence_with_its_name(tmp_path: Path, harm: Callable[[Path], Any]) -> None:
    path = tmp_path / "harm.parquet"
    harm(path)
    with pytest.raises(ExploreError, match=r"harm\.parquet") as error:
        parquet.read(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600


@pytest.mark.parametrize(
    "values", [pa.nulls(10_000, pa.float64()), pa.array([[0.0] * 40] * 1_000)], ids=["announced", "read"]
)
def test_more_than_fits_into_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: pa.Array
) -> None:
    pq.write_table(pa.table({"a": values}), tmp_path / "x.parquet", row_group_size=len(values) // 4)
    monkeypatch.setattr(opening, "MAX_BYTES", 79_999)
    with pytest.raises(ExploreError, match=r"x\.parquet is larger than"):
        parquet.read(tmp_path / "x.parquet")


def test_a_text_that_is_repeated_takes_no_memory(tmp_path: Path) -> None:
    rows = 50_000
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), ["x" * 2**20])
    pq.write_table(pa.table({"words": text}), tmp_path / "x.parquet", store_schema=False)  # fifty gigabytes of text
    frame, _ = parquet.read(tmp_path / "x.parquet")
    assert frame["words"].map(len).sum() == rows * 2**20


def test_damage_at_any_place_of_a_file_ends_in_a_sentence(tmp_path: Path) -> None:
    """In a process of its own: pyarrow ends the process where it is asked what a damaged file announces."""
    parquet.write(table(), tmp_path / "good.parquet", {"title": "mine"})
    script = """
import sys, numpy as np
from pathlib import Path
from dcase_explore import parquet
from dcase_explore.errors import ExploreError
folder = Path(sys.argv[1])
good, rng, refused = (folder / "good.parquet").read_bytes(), np.random.default_rng(0), 0
for _ in range(600):
    content = bytearray(good)
    for place in rng.integers(len(content), size=2):
        content[place] = rng.integers(256)
    (folder / "bad.parquet").write_bytes(content)
    try:
        parquet.read(folder / "bad.parquet")
    except ExploreError:
        refused += 1
print("refused", refused)
"""
    done = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split()[1]) > 300


@pytest.mark.parametrize(
    "reference",
    [
        "/etc/passwd",
        "../../../../../../etc/passwd",
        "/dev/zero",
        "folder.wav",
        "pipe.wav",
        "a\0b.wav",
        "x" * 5_000 + ".wav",
        "",
        "origin:nobody/train/a.wav",
        "origin:",
        "secret.txt",
    ],
)
def test_a_path_that_leads_elsewhere_is_no_recording(tmp_path: Path, reference: str) -> None:
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "secret.txt").touch()
    os.mkfifo(tmp_path / "pipe.wav")
    parquet.write(table().assign(path=reference), tmp_path / "x.parquet", {"title": "x"})
    assert "path" not in taken_back(tmp_path / "x.parquet") or taken_back(tmp_path / "x.parquet")["path"].isna().all()


@pytest.mark.parametrize(
    "clip_id",
    [
        "../../outside.wav",
        "train/../x.wav",
        "/etc/x.wav",
        "train/a/b.wav",
        "train/",
        "train/a\nb",
        "x/y",
        "a",
        "train/..",
    ],
)
def test_an_identity_that_leads_elsewhere_has_no_sound(
    tmp_path: Path, clip_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    audio = pa.array([{"bytes": b"RIFF", "path": "x"}] * 2)
    pq.write_table(
        pa.table({"clip_id": [clip_id, "test/b.wav"], "class": ["fan"] * 2, "split": ["test"] * 2, "audio": audio}),
        tmp_path / "x.parquet",
    )
    paths = taken_back(tmp_path / "x.parquet")["path"]
    assert paths[0] is None
    assert paths[1].startswith(str(cache_folder("recordings")))
    assert "1 clip without sound" in capsys.readouterr().err


def test_what_is_said_of_a_table_does_not_steer_the_terminal(tmp_path: Path) -> None:
    credit = {"owners": "\x1b[31mme", "licence": "x\ny", "licence_id": "z", "citations": ["a\x07b"]}
    parquet.write(table(), tmp_path / "x.parquet", {"title": "a\x1b]0;b\n", "credit": credit})
    _, title, read = parts_of(read_exported(tmp_path / "x.parquet"))
    assert read is not None
    assert all(text.isprintable() for text in (title, read.owners, read.licence, *read.citations))


@pytest.mark.parametrize(
    "about",
    [
        {"title": 1, "credit": {"owners": 1}, "derived": "clip_id", "columns": [[1]], "order": "x", "origins": []},
        {"title": None, "credit": [1], "derived": [None, {}], "columns": {"a": 1}, "order": [["train", -1]]},
        {"order": [["train", 10**30], ["nobody", 1], "x", [1, 2, 3]]},
        {"order": [["train", True], ["test", 1.5]], "origins": {"a": {"b": 1}}},
    ],
)
def test_nonsense_beside_a_table_does_not_harm_it(tmp_path: Path, about: dict[str, Any]) -> None:
    parquet.write(table(), tmp_path / "x.parquet", about)
    frame, title, credit = parts_of(read_exported(tmp_path / "x.parquet"))
    assert sorted(frame["clip_id"]) == sorted(table()["clip_id"])
    assert (title, credit) == ("x", None)


def test_no_export_reaches_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object) -> None:
        pytest.fail("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    frame = table().assign(path=lambda made: [f"{fetched_when_played()}/{clip_id}" for clip_id in made["clip_id"]])
    export(frame, tmp_path / "out", audio=False, title="mine")
    open_with_datasets(tmp_path / "out", tmp_path / "hf")
    taken_back(tmp_path / "out")


def test_reading_needs_no_datasets(tmp_path: Path) -> None:
    export(table(), tmp_path / "out", audio=False, title="mine")
    script = (
        "import sys; from pathlib import Path; from dcase_explore.sources.exported import read_exported\n"
        "read_exported(Path(sys.argv[1])); sys.exit('datasets' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script, tmp_path / "out"], timeout=60, check=False).returncode == 0
