"""The commands that look after layouts: which there are, what they look like, whether a file is one, keep it."""

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dcase_explore.cli.command import HELP, Debug, errors_as_sentences, with_options
from dcase_explore.messages import counted, note
from dcase_explore.options import TableOptions
from dcase_explore.streams import plain

if TYPE_CHECKING:
    from dcase_explore.layouts.binding import Binding

layouts_app = typer.Typer(help="Layouts: list, draw, check, keep them.", no_args_is_help=True)

TextFormat = Annotated[Literal["text", "json"], typer.Option("--format", help="How to print it.")]
Strict = Annotated[bool, typer.Option("--strict-layout", help="Refuse what names columns which the data do not have.")]
Chosen = Annotated[str, typer.Argument(help="A layout's name or file.", metavar="NAME|FILE")]


@layouts_app.command("list", context_settings=HELP)
@with_options(TableOptions)
def list_(
    options: TableOptions,
    output: TextFormat = "text",
) -> None:
    """
    List the layouts there are and what each needs; with --data, whether the data have it.

    dcase-explore layouts list --data demo
    """
    from dcase_explore.errors import ExploreError
    from dcase_explore.layouts.binding import bind
    from dcase_explore.layouts.curated import curated_names
    from dcase_explore.layouts.files import find_layout, read_layout
    from dcase_explore.layouts.library import library_names
    from dcase_explore.layouts.needs import in_words, needs

    columns = _columns(options)
    entries: list[dict[str, Any]] = []
    for name in [*curated_names(), *library_names()]:
        entry: dict[str, Any] = {"name": name, "file": str(find_layout(name)), "curated": name in curated_names()}
        try:
            layout = read_layout(name)
        except ExploreError as reason:
            entries.append({**entry, "problem": str(reason)})
            continue
        needed = needs(layout)
        entries.append({**entry, "needs": needed, "in_words": in_words(needed)})
        if columns is not None:
            entries[-1].update(_fit(bind(layout, columns), needed))
    if output == "json":
        typer.echo(json.dumps(entries, indent=2, ensure_ascii=False))
        return
    for entry in entries:
        _say(entry["name"] if entry["curated"] else f"{entry['name']} (yours: {entry['file']})")
        _say(f"  cannot be used: {entry['problem']}" if "problem" in entry else f"  needs {entry['in_words']}")
        if columns is not None and "problem" not in entry:
            _say(f"  {'; '.join(entry['changes']) or 'the data have all of it'}")


@layouts_app.command(context_settings=HELP)
@with_options(TableOptions)
def show(
    options: TableOptions,
    layout: Chosen,
    output: TextFormat = "text",
) -> None:
    """
    Draw a layout's arrangement; with --data, what is left of it for the data.

    dcase-explore layouts show extended
    """
    from dcase_explore.layouts.binding import bind
    from dcase_explore.layouts.files import find_layout, read_layout
    from dcase_explore.layouts.normal import normal
    from dcase_explore.layouts.sketch import sketch
    from dcase_explore.layouts.text import as_bytes

    shown = read_layout(layout)
    columns = _columns(options)
    if columns is not None:
        binding = bind(shown, columns)
        shown = binding.layout
        if binding.changes:
            note(f"layout {find_layout(layout).stem}: {'; '.join(binding.changes)}")
    if output == "json":
        typer.echo(as_bytes(normal(shown)).decode(), nl=False)
        return
    from rich.console import Console

    typer.echo(sketch(shown, min(Console().width, 100)))


@layouts_app.command(context_settings=HELP)
@with_options(TableOptions)
def check(
    options: TableOptions,
    layout: Chosen,
    strict_layout: Strict = False,
    output: TextFormat = "text",
) -> None:
    """
    Say everything that is wrong with a layout file; with --data, also which columns the data do not have.

    dcase-explore layouts check my-layout.json --data path/to/dev_data --strict-layout
    """
    from dcase_explore.errors import ExploreError
    from dcase_explore.layouts.binding import bind
    from dcase_explore.layouts.files import examine
    from dcase_explore.layouts.tree import widgets

    found: list[str] = []
    entry: dict[str, Any] = {"file": layout, "problems": found}
    try:
        read, problems = examine(layout)
        found += problems
    except ExploreError as reason:
        found.append(str(reason))
        read = None
    columns = None if found else _columns(options)
    if read is not None and columns is not None:
        binding = bind(read, columns)
        entry.update(_fit(binding, list(binding.columns)))
        if strict_layout:
            found += [f"{place.where} names {place.column}, which this data does not have" for place in binding.absent]
    if output == "json":
        typer.echo(json.dumps(entry, indent=2, ensure_ascii=False))
    else:
        for problem in found:
            _say(problem)
        if not found and read is not None:
            _say(f"{layout}: as it should be, {counted(len(list(widgets(read))), 'widget')}")
            if columns is not None:
                _say("; ".join(entry["changes"]) or "the data have all of it")
    if found:
        raise ExploreError(f"{layout}: {counted(len(found), 'problem')}, said on standard output")


@layouts_app.command(context_settings=HELP)
def save(
    layout: Chosen,
    name: Annotated[str, typer.Argument(help="What it shall be called.", metavar="NAME")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace another layout of that name.")] = False,
    output: TextFormat = "text",
    debug: Debug = False,
) -> None:
    """
    Keep a layout under a name of your own, for --layout NAME.

    dcase-explore layouts save spotlight-layout.json bearings
    """
    with errors_as_sentences(debug):
        from dcase_explore.layouts.files import read_layout
        from dcase_explore.layouts.library import keep

        path = keep(read_layout(layout), name, replace=replace)
        typer.echo(json.dumps({"name": name, "file": str(path)}) if output == "json" else f"{name}: {path}")
        note(f"open it with dcase-explore --layout {name}")


def _say(line: str) -> None:
    """Print a line with names of a stranger's file in it."""
    typer.echo(plain(line))


def _columns(options: TableOptions) -> list[str] | None:
    """Columns of the data at hand; None where none are given."""
    if options == TableOptions():
        return None
    from dcase_explore.exploration import columns_with_values
    from dcase_explore.exploring import explored

    return columns_with_values(explored(options).frame)


def _fit(binding: "Binding", named: list[str]) -> dict[str, Any]:
    stands_for = {name: binding.columns[name] for name in named}
    replaced = {name: new for name, new in stands_for.items() if new and new != name}
    missing = [name for name, new in stands_for.items() if new is None]
    fits = not (replaced or missing)
    return {"fits": fits, "replaced": replaced, "missing": missing, "changes": list(binding.changes)}
