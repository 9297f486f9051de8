"""Values without names are matched by position only where nothing beside them speaks against it."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dcase_explore import clips
from dcase_explore.attach import attach
from dcase_explore.errors import ExploreError

NAMES = [
    f"section_{section}_{domain}_test_{label}_0000.wav"
    for section in ("00", "01")
    for domain in ("source", "target")
    for label in ("normal", "anomaly")
]
DATA = clips.facts_from_names(["fan"] * 4 + ["valve"] * 4, NAMES, ["test"] * 8)
IDS = DATA["clip_id"].to_list()
SCORES = np.arange(8) / 8
MIXED = [3, 0, 7, 1, 6, 2, 5, 4]
COLUMNS = {"scores": {"score": SCORES}, "embeddings": {f"e{part}": SCORES + part for part in range(3)}}

OTHER_ORDER: dict[str, tuple[list[object], str]] = {
    "idx": (list(MIXED), "numbered out of order (column idx)"),
    "row": ([row + 1 for row in MIXED], "numbered out of order (column row)"),
    "no": ([float(row) for row in MIXED], "numbered out of order (column no)"),
    "frame_number": ([100 + 10 * row for row in MIXED], "numbered out of order (column frame_number)"),
    "down": (list(range(8, 0, -1)), "numbered out of order (column down)"),
    "y_true": ([0, 0, 1, 1, 0, 0, 0, 1], "column y_true is neither the label nor the domain"),
    "is_normal": ([1, 1, 0, 0] * 2, ""),  # which is the domain
    "anomalous": ([2, 2, 1, 1, 2, 1, 2, 1], "column anomalous is neither"),
    "gt": ([1, 0] * 4, ""),  # labels, whichever is which
    "section": ([1 - int(name[8:10]) for name in NAMES], "row 0 is of section 01"),
    "domain": (["target" if "source" in name else "source" for name in NAMES], "row 0 is of domain target"),
    "label": ([int("normal" in name) for name in NAMES], "row 0 is of label anomaly"),
    "machine": (["valve"] * 4 + ["fan"] * 4, "row 0 is of class valve"),
    "split": (["train"] * 8, ""),  # there are no others that it could be
}
NO_TEXT: dict[str, Callable[[str], object]] = {
    "a tuple": lambda name: (name,),
    "a list": lambda name: [name],
    "a struct without path": lambda name: {"file": name},
    "bytes of another encoding": lambda name: name.encode("utf-16"),
    "a memory view": lambda name: memoryview(name.encode()),
    "a UUID": lambda name: uuid.uuid5(uuid.NAMESPACE_URL, name),
    "an object": lambda name: object(),
}


def refused(values: object, kind: str = "scores") -> str:
    with pytest.raises(ExploreError) as raised:
        attach(DATA, **{kind: {"mine": values}})
    return str(raised.value)


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("column", OTHER_ORDER)
def test_rows_in_another_order_are_refused(column: str, kind: str, tmp_path: Path) -> None:
    beside, sentence = OTHER_ORDER[column]
    frame = pd.DataFrame({column: beside, **COLUMNS[kind]})
    frame.to_csv(tmp_path / "m.csv", index=False)
    for values in (frame, tmp_path / "m.csv"):
        if sentence:
            assert sentence in refused(values, kind)
        else:
            assert len(attach(DATA, **{kind: {"mine": values}})) == len(DATA)


@pytest.mark.parametrize("what", NO_TEXT)
def test_what_may_be_names_but_is_no_text_is_refused_whatever_it_is_called(what: str) -> None:
    frame = pd.DataFrame({"thing": [NO_TEXT[what](name) for name in IDS[::-1]], "score": SCORES})
    assert "column thing may name the clips" in refused(frame)


def test_facts_in_the_order_of_the_table_do_not_stand_in_the_way() -> None:
    facts = {
        "machine": DATA["class"],
        "section": [int(section) for section in DATA["section"]],
        "domain": DATA["domain"],
        "label": (DATA["label"] == "anomaly").astype(int),
        "idx": range(8),
        "rank": [8 - row for row in range(8)],
        "fold": [0, 1] * 4,
        "day": pd.date_range("2023-04-01", periods=8),
        "class": ["a fold of ours"] * 8,
        "score": SCORES,
    }
    out = attach(DATA, scores={"mine": pd.DataFrame({key: values for key, values in facts.items() if key != "class"})})
    assert out["anomaly_score_mine"].to_list() == SCORES.tolist()
    facts.pop("machine")
    assert attach(DATA, scores={"mine": pd.DataFrame(facts)})["anomaly_score_mine"].to_list() == SCORES.tolist()


def test_two_columns_that_name_different_clips_are_not_chosen_from() -> None:
    frame = pd.DataFrame({"nearest": IDS[::-1], "mine": IDS, "score": SCORES})
    assert "columns nearest and mine name different clips" in refused(frame)
    same = frame.assign(nearest=[f"/data/{name}" for name in IDS])
    assert attach(DATA, scores={"m": same})["anomaly_score_m"].to_list() == SCORES.tolist()
    assert attach(DATA, scores={"m": frame.rename(columns={"mine": "clip_id"})})["anomaly_score_m"].notna().all()


def test_labels_alone_are_no_scores() -> None:
    assert "no column holds the scores" in refused(pd.DataFrame({"clip_id": IDS, "label": [0, 1] * 4}))


@pytest.mark.parametrize("option", ["scores", "ground_truth"])
def test_a_place_that_is_there_and_no_file_is_told_apart_from_none(option: str, tmp_path: Path) -> None:
    loop, pipe = tmp_path / "loop.csv", tmp_path / "pipe.csv"
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    for path, sentence in ((loop, "cannot be read"), (pipe, "is a pipe")):
        with pytest.raises(ExploreError, match=sentence):
            attach(DATA, **{option: {"mine": path} if option == "scores" else path})
