"""
What can be asked for, each option declared once.

The command line, the signatures and texts of `load`, `explore`, `show` and `report`, and the README's table are made of
these declarations; `asked` and `from_words` refuse a wrong value before anything is read.
"""

import inspect
import textwrap
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from dcase_explore.errors import ExploreError, meant

T = TypeVar("T", bound="TableOptions")
Kind = Literal["names", "named", "choice", "flag", "number", "text"]


@dataclass(frozen=True)
class Option:
    """
    How one option is told, and what it takes besides its type.

    Attributes
    ----------
    help
        A sentence or two for both, the command line and Python.
    in_python
        What Python takes besides, where that is more.
    metavar
        What stands for the value on the command line.
    flag
        On the command line, where it is not the name.
    least
        Smallest number.
    """

    help: str
    in_python: str = ""
    metavar: str | None = None
    flag: str | None = None
    least: int | None = None


@dataclass(frozen=True)
class TableOptions:
    """Which table: what the commands that print take."""

    data: Annotated[
        Sequence[object],
        Option(
            "What to explore: hub (the enriched 2023 data set, if nothing is given), hf://owner/name@revision, demo, "
            "the folder of recordings (a raw download, your own), of one or several models' score files, or of an "
            "export, a table of recordings (clips.csv), a zip file of results. Several are joined clip by clip.",
            "A clip table at hand, or a list of these.",
            metavar="SPEC",
        ),
    ] = ("hub",)
    config: Annotated[
        Sequence[str],
        Option(
            "Config of the hub's data: dev (if nothing is given), add or eval; may be repeated.", metavar="dev|add|eval"
        ),
    ] = ()
    class_name: Annotated[
        Sequence[str],
        Option("Only this machine type, in any case; may be repeated.", metavar="NAME", flag="--class"),
    ] = ()
    scores: Annotated[
        Mapping[str, object],
        Option(
            "Your anomaly scores, higher is more anomalous: .npy, .npz, .csv, .parquet or a folder of score files; one "
            "name several times for a model of several files.",
            "By name, one number per clip: an array in the order of the whole table (that of load without filters), a "
            "mapping or Series keyed by clip_id or file name, a frame with a column of such names, a path, or a list "
            "of paths; arrays and tables of PyTorch, polars, Arrow or datasets as well.",
            metavar="NAME=FILE|FOLDER",
        ),
    ] = field(default_factory=dict)
    embeddings: Annotated[
        Mapping[str, object],
        Option(
            "Your embeddings, a vector per clip: .npy, .npz, .csv or .parquet.",
            "By name, the same forms as scores, two-dimensional.",
            metavar="NAME=FILE",
        ),
    ] = field(default_factory=dict)
    ground_truth: Annotated[
        str | Path | None,
        Option(
            "Labels and domains of an evaluation set: a clone of its evaluator, or a list of the organisers "
            "(eval_data_list.csv).",
            metavar="FOLDER|FILE",
        ),
    ] = None
    notes: Annotated[
        str | Path | None,
        Option(
            "File of notes on clips (CSV): read, and written where one is made in the page. If nothing is given, one "
            "beside the data.",
            metavar="FILE",
        ),
    ] = None
    year: Annotated[
        Sequence[str],
        Option(
            "Year of the challenge whose official score counts (2020 to 2026), where the names do not tell; another "
            "one's is shown beside it; may be repeated.",
            metavar="YEAR",
        ),
    ] = ()


@dataclass(frozen=True)
class RowOptions(TableOptions):
    """Which rows of it: what `load` and `explore` take."""

    audio: Annotated[
        Literal["lazy", "all", "none"],
        Option("Fetch the hub's recordings when they are played (lazy), all of them first, or none."),
    ] = "lazy"
    split: Annotated[Literal["train", "test"] | None, Option("Only this split.")] = None
    domain: Annotated[Literal["source", "target"] | None, Option("Only this domain.")] = None
    limit: Annotated[int | None, Option("At most so many clips, evenly spaced.", metavar="N", least=1)] = None


@dataclass(frozen=True)
class Options(RowOptions):
    """How it is shown: what the page takes."""

    layout: Annotated[
        str,
        Option("A curated layout, one of yours, or a file saved from the page.", metavar="NAME|FILE"),
    ] = "simple"
    strict_layout: Annotated[
        bool,
        Option("Refuse a layout that names columns which the data do not have, instead of fitting it to them."),
    ] = False


@dataclass(frozen=True)
class ReportOptions(TableOptions):
    """What is written of it into a file to send: what `report` takes."""

    compare: Annotated[
        Sequence[object],
        Option(
            "Another run to compare with, as --data: what got better, what worse. Models of one name are compared.",
            metavar="SPEC",
        ),
    ] = ()
    audio: Annotated[
        Literal["findings", "none"] | None,
        Option("Sounds of the findings in the file, or none; by default those whose licence is known."),
    ] = None
    size: Annotated[
        str, Option("Most that the file may have: fewer, then shorter clips where it would have more.", metavar="25MB")
    ] = "25MB"


@dataclass(frozen=True)
class Declared:
    """
    One option as declared: its field, type and `Option`.

    Attributes
    ----------
    name
        In Python.
    flag
        On the command line.
    kind
        ``"names"`` (one or several), ``"named"`` (NAME=FILE), ``"choice"``, ``"flag"``, ``"number"``, ``"text"``.
    type
        Without what is said of it and without None.
    default
        What counts where nothing is given.
    option
        How it is told.
    """

    name: str
    flag: str
    kind: Kind
    type: Any
    default: object
    option: Option

    @property
    def choices(self) -> tuple[str, ...]:
        """Values that a choice has."""
        return get_args(self.type) if self.kind == "choice" else ()


def declared(options: type[TableOptions]) -> list[Declared]:
    """
    Options of a kind.

    Parameters
    ----------
    options
        One of the classes above.

    Returns
    -------
    list of Declared
        In the order of their declaration.
    """
    hints = get_type_hints(options, include_extras=True)
    return [_declared(one, *get_args(hints[one.name])) for one in fields(options)]


def asked(options: type[T], **given: Any) -> T:
    """
    Options as given in Python.

    Parameters
    ----------
    options
        Which ones may be given.
    **given
        Values by name; None and what is not given count as the default, one name or source stands for a list of it.

    Returns
    -------
    TableOptions
        Of the class asked for, checked.

    Raises
    ------
    ExploreError
        A value that the option does not take.
    TypeError
        An option that is not declared.
    """
    known = {one.name: one for one in declared(options)}
    for name in given:
        if name not in known:
            raise TypeError(f"there is no option {name}: {meant(name, known)}")
    values = {name: value for name, value in given.items() if value is not None}
    return options(**{name: _checked(known[name], value) for name, value in values.items()})


def from_words(options: type[T], **given: Any) -> T:
    """
    Options as given on the command line.

    Parameters
    ----------
    options
        Which ones may be given.
    **given
        Values by name; of NAME=FILE options the words.

    Returns
    -------
    TableOptions
        Of the class asked for, checked.

    Raises
    ------
    ExploreError
        A value that the option does not take.
    """
    kinds = {one.name: one for one in declared(options)}
    values = {
        name: named(value, kinds[name].flag) if value and kinds[name].kind == "named" else value
        for name, value in given.items()
    }
    return asked(options, **{name: value for name, value in values.items() if value != []})


def named(specs: Sequence[str], flag: str) -> dict[str, str | list[str]]:
    """
    Take ``NAME=FILE`` apart.

    Parameters
    ----------
    specs
        As given on the command line.
    flag
        The option's, for the error.

    Returns
    -------
    dict of str to str or list of str
        Files by name; several where one name has several.

    Raises
    ------
    ExploreError
        Without a name.
    """
    found: dict[str, list[str]] = {}
    for spec in specs:
        name, sign, path = spec.partition("=")
        if not sign or not name or not path:
            raise ExploreError(f"{flag} {spec}: give it a name, as in {flag} mine={path or name or 'FILE'}")
        found.setdefault(name, []).append(path)
    return {name: paths[0] if len(paths) == 1 else paths for name, paths in found.items()}


def told(options: type[TableOptions], *, indent: int) -> str:
    """
    Parameters section of a docstring.

    Parameters
    ----------
    options
        Which ones.
    indent
        Spaces before each line.

    Returns
    -------
    str
        In numpydoc form; ``data``, which stands for itself, is among them.
    """
    lines = []
    for one in declared(options):
        default = f", default {one.default!r}" if isinstance(one.default, str) else ""
        choices = f"{{{', '.join(map(repr, one.choices))}}}{default}" if one.choices else _IN_WORDS[one.kind]
        meaning = " ".join(filter(None, (one.option.help, one.option.in_python)))
        lines += [
            f"{one.name} : {choices}",
            *textwrap.wrap(meaning, 116 - indent, initial_indent=" " * 4, subsequent_indent=" " * 4),
        ]
    return "\n".join(f"{' ' * indent}{line}" for line in lines).lstrip()


def signature(first: str, options: type[TableOptions], *others: inspect.Parameter, returns: str) -> inspect.Signature:
    """
    Signature of a call that takes options.

    Parameters
    ----------
    first
        Name of the one that may be given by position: the data.
    options
        Those given by name.
    *others
        Parameters of that call alone.
    returns
        What it gives.

    Returns
    -------
    inspect.Signature
        For ``help()`` and for whatever completes names.
    """
    data, *rest = declared(options)
    by_name = [
        inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=_for_python(one.default)) for one in rest
    ]
    at_first = inspect.Parameter(first, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=_for_python(data.default))
    return inspect.Signature([at_first, *by_name, *others], return_annotation=returns)


_IN_WORDS = {
    "names": "str or list of str",
    "named": "mapping",
    "flag": "bool, default False",
    "number": "int",
    "text": "str or pathlib.Path",
}


def _declared(its: "Field[Any]", hint: Any, option: Option) -> Declared:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(one for one in get_args(hint) if one is not type(None))
    default = its.default_factory() if its.default_factory is not MISSING else its.default
    kinds: dict[Any, Kind] = {Sequence: "names", Mapping: "named", Literal: "choice", bool: "flag", int: "number"}
    kind = kinds.get(get_origin(hint) or hint, "text")
    return Declared(its.name, option.flag or f"--{its.name.replace('_', '-')}", kind, hint, default, option)


def _checked(one: Declared, value: Any) -> Any:
    """A value as the option takes it, or the sentence why it does not."""
    if one.kind == "names":
        several = tuple(value) if isinstance(value, list | tuple) else (value,)
        return tuple(str(each) if isinstance(each, Path) else each for each in several)
    if one.kind == "named" and not isinstance(value, Mapping):
        raise ExploreError(f"{one.name}: give each a name, as in {one.name}={{'mine': {type(value).__name__}}}")
    if one.kind == "choice" and value not in one.choices:
        raise ExploreError(f"there is no {one.name.replace('_', ' ')} {value}: {meant(str(value), one.choices)}")
    if one.kind == "number":
        if not isinstance(value, int) or isinstance(value, bool):
            raise ExploreError(f"{one.name} takes a whole number, not {value!r}")
        if one.option.least is not None and value < one.option.least:
            raise ExploreError(f"{one.name} takes {one.option.least} at least, not {value}")
    if one.kind == "flag" and not isinstance(value, bool):
        raise ExploreError(f"{one.name} takes True or False, not {value!r}")
    if one.kind == "text" and not isinstance(value, str | Path):
        raise ExploreError(f"{one.name} takes a name or a path, not {value!r}")
    return value


def _for_python(default: object) -> object:
    """A default as a signature shows it: an empty tuple or mapping is None there, one source stands for itself."""
    if isinstance(default, tuple):
        return default[0] if default else None
    return default or None if isinstance(default, Mapping) else default
