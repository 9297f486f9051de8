"""Fewer clips than there are: what matters is kept, of the rest some of everything."""

import json

import numpy as np
import pandas as pd
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from dcase_explore import exploring
from dcase_explore.clips import conform
from dcase_explore.exploration import Exploration
from dcase_explore.exploring import explored, for_page
from dcase_explore.findings.finding import Finding
from dcase_explore.layouts.opening import opened
from dcase_explore.options import Options, RowOptions
from dcase_explore.pending import Pending
from dcase_explore.sampling import sample
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.server import Server
from exploring import stored, table_of


def clips_of(count: int = 4_000) -> pd.DataFrame:
    """Two machine types, one with a tenth of the clips; few of the target domain, few of an attribute's value."""
    rng = np.random.default_rng(5)
    numbers = np.arange(count)
    machine = np.where(numbers % 10 == 0, "fan", "valve")
    anomalous = numbers % 20 < 2
    return conform(
        pd.DataFrame(
            {
                "clip_id": [f"test/{name}_{number}.wav" for number, name in enumerate(machine)],
                "class": machine,
                "split": "test",
                "section": 0,
                "domain": np.where(numbers % 50 < 4, "target", "source"),
                "label": np.where(anomalous, "anomaly", "normal"),
                "d1p": "vel",
                "d1v": np.where(rng.random(count) < 0.02, "9", "1"),
                "anomaly_score_mine": rng.normal(size=count) + anomalous,
            }
        )
    )


def finding_of(rows: list[int]) -> Finding:
    return Finding("hard_normals", "valve", "some", "high", (), "", np.array(rows))


def test_anomalies_findings_and_the_costliest_are_kept_and_the_rest_is_even() -> None:
    frame = clips_of().assign(auc_cost_mine=0.0)
    frame.loc[[13, 23], "auc_cost_mine"] = 0.9
    rows, sentence = sample(frame, [finding_of([4, 5, 6])], 1_000)
    assert len(rows) == 1_000
    assert (np.diff(rows) > 0).all()
    chosen = frame.iloc[rows]
    assert set(frame.index[frame["label"] == "anomaly"]) | {4, 5, 6, 13, 23} <= set(rows)
    normal = chosen[chosen["label"] == "normal"]
    # As many of each machine type, as far as there are so many; within one of each domain; within that of each value.
    there = frame[frame["label"] == "normal"]
    assert (normal["class"] == "fan").sum() == (there["class"] == "fan").sum()
    valves = normal[normal["class"] == "valve"].drop([4, 5, 6, 13, 23])
    by_domain = valves["domain"].value_counts()
    assert abs(by_domain["source"] - by_domain["target"]) <= 1
    rare = there.index[(there["d1v"] == "9") & (there["class"] == "valve")]
    assert len(rare) > 30
    assert set(rare) <= set(rows)
    assert sentence.startswith("1,000 of 4,000 clips are shown: all anomalies, clips of findings")


def test_more_that_matters_than_there_is_room_for_is_thinned_evenly() -> None:
    frame = clips_of()
    rows, sentence = sample(frame, [], 20)
    chosen = frame.iloc[rows]
    assert (chosen["label"] == "anomaly").all()
    assert chosen["class"].value_counts().to_dict() == {"fan": 10, "valve": 10}
    assert "of 400 anomalies" in sentence


@pytest.mark.parametrize("most", [1, 2, 7, 399, 400, 401, 3_999])
def test_there_are_exactly_so_many(most: int) -> None:
    frame = clips_of()
    for table in (frame, frame[["clip_id", "class", "split"]]):
        rows, _ = sample(table, [], most)
        assert len(set(rows.tolist())) == most


def test_a_page_is_given_no_more_than_it_can_carry_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(exploring, "CARRIED", 500)
    whole = explored(Options(data=[clips_of()]))
    shown = for_page(Options(data=[clips_of()]))
    assert (len(whole.frame), len(shown.frame)) == (4_000, 500)
    assert whole.sampled == ""
    assert shown.sampled in capsys.readouterr().err
    costs = whole.frame.set_index("clip_id")["auc_cost_mine"]
    kept = shown.frame.set_index("clip_id")["auc_cost_mine"]
    pd.testing.assert_series_equal(kept, costs[kept.index])
    made = stored(shown)
    assert json.loads(made.table.read())["filename"].endswith("(500 of 4,000 clips)")
    server = Server(Address())
    try:
        server.show(made, opened("scores", made.columns))
        assert len(table_of(server.url)["class"]["values"]) == 500
        with connect(f"ws{server.url.removeprefix('http')}api/ws", origin=Origin(server.url.rstrip("/"))) as socket:
            assert json.loads(socket.recv(10))["data"]["title"] == shown.sampled, "whoever opens the page is told"
    finally:
        server.close()


def test_findings_of_many_clips_are_left_for_later() -> None:
    pending = Pending(many=3_999)
    first: Exploration = explored(RowOptions(data=[clips_of()]), pending=pending)
    assert pending.findings
    assert str(pending) == "findings and distances"
    assert first.findings == []
    assert "findings to come" in first.summary()
    pending = Pending(many=4_000)
    assert explored(RowOptions(data=[clips_of()]), pending=pending).looked
    assert not pending
