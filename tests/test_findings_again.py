"""A table that comes again: the same is found, without looking; of another one, nothing is taken over."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from dcase_explore import clips
from dcase_explore.findings import Found, again, find
from finding import Made


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many clips were looked at, each time they were."""
    times: list[int] = []

    def counted(frame: pd.DataFrame) -> Found:
        times.append(len(frame))
        return find(frame)

    monkeypatch.setattr(again, "find", counted)
    monkeypatch.setattr(again, "_before", None)
    return times


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    made = Made(skill=1)
    made.scores["one"][made.rows(split="test", label="normal", d1v="A")] += 3
    return made.frame()


def test_a_table_that_comes_again_is_not_looked_at_again_and_gives_the_same(
    table: pd.DataFrame, looked: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    first = again.find_again(table)
    said = capsys.readouterr().err
    for frame in (table, first.frame, table.assign(mine=range(len(table)))):
        found = again.find_again(frame)
        assert capsys.readouterr().err == said
        assert [*map(repr, found.findings)] == [*map(repr, first.findings)]
        assert found.descriptions == first.descriptions
        pd.testing.assert_frame_equal(found.frame[first.frame.columns], first.frame)
    assert "mine" in found.frame
    assert looked == [len(table)]
    assert len(first.findings) > 0
    # Without what is remembered the table with what was added gives the same as well.
    pd.testing.assert_frame_equal(find(first.frame).frame, first.frame)
    assert [*map(repr, find(first.frame).findings)] == [*map(repr, first.findings)]


def other_vector(table: pd.DataFrame) -> pd.DataFrame:
    vectors = table["embeddings_mine"].copy()
    vectors.iloc[5] = vectors.iloc[5] + np.float32(1e-3)
    return table.assign(embeddings_mine=vectors)


@pytest.mark.parametrize(
    "changed",
    [
        lambda table: table.iloc[::-1].reset_index(drop=True),
        lambda table: table.iloc[1:].reset_index(drop=True),
        lambda table: table.assign(anomaly_score_one=table["anomaly_score_one"] + (table.index == table.index[-1])),
        lambda table: table.assign(d1v=table["d1v"].astype(str).where(table.index > 0, "other")),
        lambda table: table.drop(columns="anomaly_score_two"),
        lambda table: table.rename(columns={"embeddings_mine": "embeddings_theirs"}),
        other_vector,
    ],
    ids=["other order", "a clip less", "a score", "an attribute", "a column less", "a name", "a value of a vector"],
)
def test_what_differs_is_looked_at(
    table: pd.DataFrame, looked: list[int], changed: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    again.find_again(table)
    other = clips.conform(changed(table))
    found = again.find_again(other)
    assert looked == [len(table), len(other)]
    assert [*map(repr, found.findings)] == [*map(repr, find(other).findings)]
