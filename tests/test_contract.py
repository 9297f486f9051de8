"""What the page is answered here is what the real Spotlight answers: field by field, on the same table."""

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dcase_explore.exploration import Exploration
from dcase_explore.options import Options
from dcase_explore.view import view_of
from dcase_explore.viewer import statics
from dcase_explore.viewer.address import Address
from dcase_explore.viewer.behind import SECRET_HEADER, Behind
from dcase_explore.viewer.plugins import plugins
from dcase_explore.viewer.server import Server
from exploring import get, stored, until

COLUMN_KEYS = {"name", "editable", "optional", "hidden", "dtype", "values", "description", "tags", "computed"}


class Both:
    """One exploration, answered here and by Spotlight."""

    def __init__(self, exploration: Any) -> None:
        self.exploration: Exploration = exploration
        kept = stored(exploration)
        self.server, self.behind = Server(Address()), Behind()
        self.server.show(kept, exploration.arrangement)
        self._address = f"http://127.0.0.1:{self.behind.port(kept)}/"

    def ours(self, path: str) -> tuple[int, bytes]:
        return get(self.server.url + path)

    def theirs(self, path: str) -> tuple[int, bytes]:
        return get(self._address + path, **{SECRET_HEADER: self.behind.secret})

    def close(self) -> None:
        self.server.close()
        self.behind.close()


@pytest.fixture(scope="module")
def both(recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DCASE_EXPLORE_CACHE", str(tmp_path_factory.mktemp("cache")))
        exploration = view_of(Options(data=[str(recordings)], class_name=["valve"], layout="simple"))
        frame = exploration.frame.assign(
            remarks=["short", "ä" * 99, "b" * 100, "c" * 101, None, '"quoted"\n', "<b>", ""] * 2,
            whole=np.arange(16, dtype=np.int64),
            gaps=pd.array([1, None] * 8, dtype="Int64"),
            flags=pd.array([True, None, False, True] * 4, dtype="boolean"),
            own=pd.Categorical(["b", "a", None, "b"] * 4, categories=["b", "a"]),
        )
        frame.loc[2, "anomaly_score_logmel_lof"] = np.nan
        frame.loc[3, ["label", "path"]] = None
        pair = Both(replace(exploration, frame=frame))
        yield pair
        pair.close()


def test_the_table_is_the_same_field_by_field(both: Both) -> None:
    ours, theirs = (json.loads(answer("api/table/")[1]) for answer in (both.ours, both.theirs))
    assert {key: ours[key] for key in ours if key != "columns"} == {k: theirs[k] for k in theirs if k != "columns"}
    assert [column["name"] for column in ours["columns"]] == [column["name"] for column in theirs["columns"]]
    for mine, other in zip(ours["columns"], theirs["columns"], strict=True):
        assert set(mine) == set(other) == COLUMN_KEYS
        for key in COLUMN_KEYS - {"values"}:
            assert mine[key] == other[key], (mine["name"], key)
        if other["dtype"]["name"] == "float":
            single = [np.array(values, dtype=float).astype(np.float32) for values in (mine["values"], other["values"])]
            assert np.array_equal(*single, equal_nan=True), mine["name"]
        elif other["dtype"]["name"] == "Audio":  # that there is one, instead of where
            assert [value and "sound" for value in other["values"]] == mine["values"], mine["name"]
        else:
            assert mine["values"] == other["values"], mine["name"]


def test_findings_and_plugins_are_the_same(both: Both) -> None:
    for path in ("api/issues/", "api/plugins/"):
        ours, theirs = (answer(path) for answer in (both.ours, both.theirs))
        assert ours[0] == theirs[0] == 200
        assert json.loads(ours[1]) == json.loads(theirs[1]), path
    assert {plugin.name for plugin in plugins()} >= {"core", "dcase_explore"}


@pytest.mark.parametrize("column", ["clip_id", "remarks", "path", "nearest_normal", "anomaly_score_logmel_lof", "own"])
def test_cells_are_the_same(both: Both, column: str) -> None:
    if column not in both.exploration.frame:
        pytest.skip(f"no {column} in this data")
    for row in range(8):
        ours, theirs = (answer(f"api/table/{column}/{row}?generation_id=0") for answer in (both.ours, both.theirs))
        assert ours[0] == theirs[0], (column, row)
        assert ours[1] == theirs[1] or json.loads(ours[1]) == json.loads(theirs[1]), (column, row)


def test_vectors_are_handed_on(both: Both) -> None:
    vector = json.loads(both.ours("api/table/embeddings_logmel/5?generation_id=0")[1])
    assert np.allclose(vector, both.exploration.frame["embeddings_logmel"][5])
    assert both.server._behind.running


def test_waveforms_are_the_same(both: Both) -> None:
    for row in (0, 5):
        ours, theirs = (
            np.array(json.loads(answer(f"api/table/path/{row}/waveform?generation_id=0")[1]), np.float32)
            for answer in (both.ours, both.theirs)
        )
        assert len(ours) > 100
        assert np.array_equal(ours, theirs)


def test_settings_are_where_spotlight_keeps_its_own(both: Both) -> None:
    cookie = {"Cookie": "browser_id=one"}
    for at, header in ((both.server.url, {}), (both._address, {SECRET_HEADER: both.behind.secret})):
        request = urllib.request.Request(
            f"{at}api/config/colors", json.dumps({"value": {"robust": at}}).encode(), method="PUT"
        )
        for name, value in {"content-type": "application/json", **cookie, **header}.items():
            request.add_header(name, value)
        urllib.request.urlopen(request).close()
        for reader, secret in ((both.server.url, {}), (both._address, {SECRET_HEADER: both.behind.secret})):
            assert json.loads(get(f"{reader}api/config/colors", **cookie, **secret)[1]) == {"robust": at}


def test_a_page_that_asks_nothing_starts_nothing_and_what_has_died_is_started_anew(
    recordings: Path, one_cache: None
) -> None:
    exploration = view_of(Options(data=[str(recordings)], class_name=["valve"], layout="simple"))
    server = Server(Address())
    try:
        server.show(stored(exploration), exploration.arrangement)
        for path in ("", "static/main.js", "static/index.css", "api/table/", "api/issues/", "api/plugins/"):
            assert get(server.url + path)[0] == 200, path
        for path in ("api/layout/", "api/config/colors", "api/table/path/0", "api/table/path/0/waveform", "api/rows"):
            assert get(f"{server.url}{path}?generation_id=0")[0] == 200, path
        for path in ("docs", "redoc", "openapi.json", "api/browse/", "static/../app.py", "api/plugins/no/main.js"):
            assert get(server.url + path)[0] in (403, 404), path
        assert not server._behind.running
        column = f"{server.url}api/table/label?generation_id=0"
        assert json.loads(get(column)[1])
        process = server._behind._process
        assert process is not None
        process.kill()
        process.wait()
        assert get(server.url)[0] == 200
        assert json.loads(get(column)[1])
        assert server._behind._process is not process
    finally:
        server.close()
    assert until(lambda: not server._behind.running)


def test_a_page_of_another_version_is_answered_by_spotlight_itself(
    recordings: Path, one_cache: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(statics, "TESTED", "1.9.0")
    exploration = view_of(Options(data=[str(recordings)], class_name=["valve"], layout="simple"))
    server = Server(Address())
    try:
        server.show(stored(exploration), exploration.arrangement)
        assert "Spotlight 1.8.2 is installed, and the page was tested with 1.9.0" in capsys.readouterr().err
        assert server.fetch_once() == 16
        assert server._behind.running
        table = json.loads(get(f"{server.url}api/table/")[1])
        paths = next(column for column in table["columns"] if column["name"] == "path")["values"]
        assert paths == exploration.frame["path"].to_list(), "Spotlight's own answer"
        assert json.loads(get(f"{server.url}api/layout/")[1]) == exploration.arrangement.shown()
        assert get(f"{server.url}docs")[0] == 404
    finally:
        server.close()
