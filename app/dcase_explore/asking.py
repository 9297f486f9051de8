"""What was asked for, by the declarations of `dcase_explore.options`: checked before anything is read, and told."""

import inspect
import textwrap
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from dcase_explore.errors import ExploreError, meant
from dcase_explore.options import Option, TableOptions

T = TypeVar("T", bound=TableOptions)
Kind = Literal["names", "named", "choice", "flag", "number", "text"]


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
        One of the classes of `dcase_explore.options`.

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


def _declared(field: "Field[Any]", hint: Any, option: Option) -> Declared:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(one for one in get_args(hint) if one is not type(None))
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    kinds: dict[Any, Kind] = {Sequence: "names", Mapping: "named", Literal: "choice", bool: "flag", int: "number"}
    kind = kinds.get(get_origin(hint) or hint, "text")
    return Declared(field.name, option.flag or f"--{field.name.replace('_', '-')}", kind, hint, default, option)


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
