"""The words of layouts are those of the Spotlight that is installed: of its models and of its page's script."""

import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import renumics.spotlight.backend
from renumics.spotlight.layout import widgets as spotlight

from dcase_explore.layouts import vocabulary
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.layouts.checking import problems
from dcase_explore.layouts.normal import normal
from dcase_explore.layouts.vocabulary import (
    COLUMN,
    COLUMN_WIDTHS,
    COLUMNS,
    FLAG,
    METRICS,
    NUMBER,
    SORTING,
    SPOTLIGHT_LENSES,
    SPOTLIGHT_WIDGETS,
    TEXT,
    TEXTS,
    VIEWS,
    WHOLE,
    Key,
    Widget,
)
from test_layouts import FACTS, config_of, of_widget

MODELS = {
    widget.model_fields["type"].default: widget.model_fields["config"].annotation.__args__[0].model_fields
    for widget in spotlight.Widget.__subclasses__()
}
STATICS = Path(renumics.spotlight.backend.__file__).parent / "statics"
KINDS = {bool: {FLAG}, int: {WHOLE}, float: {NUMBER}, str: {COLUMN, TEXT}}
LISTS = {"sorting": {SORTING}, "views": {VIEWS}}


def held(annotation: Any) -> Any:
    """What a field of a model holds: a type, a list's inner one in brackets, or words; None set aside."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if get_origin(annotation) is list:
        return [held(get_args(annotation)[0])]
    inner = [one for one in get_args(annotation) if one is not type(None)]
    return held(inner[0]) if inner else annotation


@pytest.mark.parametrize("widget", SPOTLIGHT_WIDGETS)
def test_keys_are_those_of_spotlights_model(widget: str) -> None:
    known = {name: key for name, key in SPOTLIGHT_WIDGETS[widget].keys.items() if name != COLUMN_WIDTHS}
    fields = {field.alias or name: (name, field) for name, field in MODELS[widget].items()}
    assert set(known) == set(fields)
    for alias, (name, field) in fields.items():
        key, holds = known[alias], held(field.annotation)
        assert key.older == (name if name != alias else ""), alias
        assert key.default == field.get_default(call_default_factory=True), alias
        if isinstance(holds, list):
            assert key.holds in LISTS.get(alias, {COLUMNS, TEXTS}), alias
            assert key.gaps == (widget == "Metric"), alias
        elif alias == "metric":
            assert key.holds == METRICS
        else:
            assert key.holds == holds or key.holds in KINDS.get(holds, ()), alias


def test_keys_that_name_columns_are_known_by_it() -> None:
    for widget, known in SPOTLIGHT_WIDGETS.items():
        fields = MODELS[widget]
        columns = {field.alias or name for name, field in fields.items() if "column" in name or name == "columns"}
        columns -= {"sorting"} | ({"visibleColumns"} if widget == "inspector" else set())
        assert columns == {*known.one, *known.several}, widget


def test_models_and_page_have_the_same_widgets() -> None:
    assert set(MODELS) == set(SPOTLIGHT_WIDGETS)


@pytest.fixture(scope="module")
def script() -> str:
    return (STATICS / "main.js").read_text()


def regions(script: str) -> dict[str, str]:
    """The script's part of each widget and lens: from the one before it to where its name is set."""
    names = list(re.finditer(r'\.key = "(\w+)"', script))
    starts = [0, *(match.end() for match in names)]
    return {match[1]: script[start : match.end()] for start, match in zip(starts, names, strict=False)}


def test_every_widget_and_lens_of_spotlight_is_known(script: str) -> None:
    assert set(re.findall(r'\.key = "(\w+)"', script)) == set(SPOTLIGHT_LENSES) | set(SPOTLIGHT_WIDGETS)


def test_titles_are_those_of_the_page(script: str) -> None:
    titles = {}
    for match in re.finditer(r'(\w+)\.defaultName = "([^"]+)"', script):
        (key,) = set(
            re.findall(rf'\b{re.escape(match[1])}\.key = "(\w+)"', script[match.start() - 200 : match.end() + 200])
        )
        titles[key] = match[2]
    assert titles == {key: widget.title for key, widget in SPOTLIGHT_WIDGETS.items()}


def test_every_key_that_the_page_saves_is_known(script: str) -> None:
    found = set(re.findall(r'\bir\("(\w+)"', script))  # what the script calls useWidgetConfig
    assert {"visibleColumns", "xAxisColumn", "umapNNeighbors", COLUMN_WIDTHS} < found, "the hook has moved"
    assert found == {key for widget in SPOTLIGHT_WIDGETS.values() for key in widget.keys}


def test_every_setting_of_a_lens_is_known(script: str) -> None:
    parts = regions(script)
    for lens, settings in SPOTLIGHT_LENSES.items():
        saved = set(re.findall(r'\bwn\("(\w+)"', parts[lens]))
        assert saved == set(settings), lens
    assert re.search(r'availableFreqScales: \[\s*"linear",\s*"logarithmic",\s*"mel"\s*\]', script)
    assert re.search(r'availableAmpScales: \["decibel", "linear"\]', script)
    assert re.search(r'= \["loop", "oscillate"\]', script)


def test_every_metric_is_known(script: str) -> None:
    (start,) = [match.end() for match in re.finditer(r"//#region src/widgets/MetricsWidget/metrics\.ts", script)]
    part = script[start : script.index("defaultName", start)]
    assert tuple(re.findall(r"^\t(\w+): \{\s*signature:", part, re.MULTILINE)) == METRICS


def test_bounds_are_those_that_the_page_lets_choose(script: str) -> None:
    sliders = script[script.index('children: "Neighbor Count"') :][:900]
    pairs = [(float(low), float(high)) for low, high in re.findall(r"min: ([\d.]+),\s*max: ([\d.]+)", sliders)]
    known = SPOTLIGHT_WIDGETS["similaritymap"].keys
    assert pairs[:2] == [known["umapNNeighbors"].bounds, known["umapMinDist"].bounds]
    words = SPOTLIGHT_WIDGETS["wordcloud"].keys
    assert re.search(r"minWordCount: 1,", script)
    assert f"maxWordLength: {words['minWordLength'].bounds[1]}," in script  # type: ignore[index]


def test_a_weight_left_out_and_old_names_are_what_the_page_takes_them_for(script: str) -> None:
    assert re.findall(r'legacyKeys = \["([\w-]+)"\]', script) == ["data-grid", "details", "simmap"]


# Our own

FRONTEND = Path(__file__).parents[1] / "app/renumics/spotlight_plugins/dcase_explore/frontend"


def test_every_widget_and_lens_of_ours_is_known() -> None:
    scripts = "".join(file.read_text() for file in FRONTEND.glob("*.js"))
    assert set(re.findall(r'\.key = "([\w.]+)"', scripts)) == {*vocabulary.OWN_WIDGETS, *vocabulary.OWN_LENSES}
    titles = dict(re.findall(r'(\w+)\.defaultName = "([^"]+)"', scripts))
    for key, widget in vocabulary.OWN_WIDGETS.items():
        (component,) = re.findall(rf'(\w+)\.key = "{re.escape(key)}"', scripts)
        assert titles[component] == widget.title


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A widget and a lens of ours, declared as such are."""
    gauge = Widget("Gauge", {"scoreColumn": Key(COLUMN, needed=True), "parts": Key(COLUMNS), "band": Key(NUMBER)})
    monkeypatch.setitem(vocabulary.WIDGETS, "dcase.gauge", gauge)
    monkeypatch.setitem(vocabulary.LENSES, "dcase.beside", {"loop": Key(FLAG)})


@pytest.mark.usefixtures("own")
def test_a_widget_of_ours_is_checked_bound_and_saved_as_it_is_declared() -> None:
    config = {"scoreColumn": "anomaly_score_theirs", "parts": ["label", "absent"], "band": 0.1}
    layout = normal(of_widget(type="dcase.gauge", config=config))
    assert list(problems(layout)) == []
    (problem,) = problems(of_widget(type="dcase.gauge", config={"scoreColum": "label"}))
    assert "did you mean scoreColumn" in problem
    (problem,) = problems(of_widget(type="dcase.gauge", config={"band": "wide"}))
    assert "config.band must be a number, not 'wide'" in problem
    arrangement = Arrangement(layout, [*FACTS, "anomaly_score_mine"])
    shown = config_of(arrangement.binding.layout, "dcase.gauge")
    assert shown == {"scoreColumn": "anomaly_score_mine", "parts": ["label"], "band": 0.1}
    page = arrangement.shown()
    config_of(page, "dcase.gauge")["band"] = 0.2
    arrangement.arrange(page)
    assert config_of(arrangement.layout(), "dcase.gauge") == {**config, "band": 0.2}
    assert "left out 'Gauge' (no score theirs)" in Arrangement(layout, FACTS).binding.changes


@pytest.mark.usefixtures("own")
def test_a_lens_of_ours_is_checked_and_bound_as_it_is_declared() -> None:
    lens = {"view": "dcase.beside", "columns": ["path", "nearest_normal"], "settings": {"loop": True}}
    layout = normal(of_widget(type="inspector", config={"views": [lens]}))
    assert list(problems(layout)) == []
    (problem,) = problems(of_widget(type="inspector", config={"views": [{**lens, "settings": {"loop": 1}}]}))
    assert "views[0].settings.loop must be a boolean, not 1" in problem
    (view,) = config_of(Arrangement(layout, [*FACTS, "path"]).binding.layout, "inspector")["views"]
    assert view["columns"] == ["path"]
