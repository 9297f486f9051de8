"""The picture of imports: no arrow against the flow of data, and none that goes round."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "app/dcase_explore"
FLOW = (
    # As CONTRIBUTING.md draws it: each step may import what stands before it, never what comes after.
    # What all stand on: what a column, a clip, a table is, how things are said, kept and asked for.
    "errors cache temporary ending regular store streams messages progress timing colours credits columns "
    "score_names column_names clip_names clip_types clips tables parquet selection notes pending options asking",
    "hub recordings inventory sources",
    "attach",
    "enrich",
    "scoring",
    "findings",
    "choosing sampling exploration exploring facts nearest",
    "stored",
    "layouts view",
    "reporting exporting",
    "viewer",
    "sharing",
    "api cli __main__ __init__",
)
STEP = {room: number for number, rooms in enumerate(FLOW) for room in rooms.split()}


def module_names() -> dict[str, Path]:
    """Every module by its name without the package's; a room by that of its folder."""
    paths = {path: path.relative_to(PACKAGE).with_suffix("").parts for path in PACKAGE.rglob("*.py")}
    return {
        ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts): p for p, parts in paths.items()
    }


MODULES = module_names()


def imported(path: Path) -> Iterator[str]:
    """What a module imports of the package, at its top, later, or for its types alone."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("dcase_explore"):
            continue
        start = node.module.removeprefix("dcase_explore").removeprefix(".")
        for alias in node.names:
            inside = f"{start}.{alias.name}".removeprefix(".")
            yield inside if inside in MODULES else start or "__init__"


GRAPH = {name: {other for other in imported(path) if other != name} for name, path in MODULES.items()}


def test_every_room_has_its_step() -> None:
    assert {name.partition(".")[0] for name in MODULES} == set(STEP)
    assert {other for others in GRAPH.values() for other in others} <= set(MODULES)


def test_no_import_goes_against_the_flow() -> None:
    against = [
        f"{name} -> {other}"
        for name, others in GRAPH.items()
        for other in others
        if STEP[other.partition(".")[0]] > STEP[name.partition(".")[0]]
    ]
    assert against == []


def test_no_import_goes_round() -> None:
    TopologicalSorter(GRAPH).prepare()  # which says where, if one does
    with pytest.raises(CycleError):
        TopologicalSorter({**GRAPH, "errors": {"cli"}}).prepare()


def test_no_room_goes_round() -> None:
    rooms: dict[str, set[str]] = {}
    for name, others in GRAPH.items():
        room = name.partition(".")[0]
        rooms.setdefault(room, set()).update({other.partition(".")[0] for other in others} - {room})
    TopologicalSorter(rooms).prepare()


def test_modules_are_imported_in_one_way() -> None:
    """So that the picture above has all arrows: ``from dcase_explore… import …``, and nothing by its name as text."""
    plain = [
        name
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import) and any(alias.name.startswith("dcase_explore") for alias in node.names)
    ]
    assert plain == []
