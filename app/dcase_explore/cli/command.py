"""What the commands have in common: options, errors to one sentence each, an end in order."""

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, Optional

import typer

from dcase_explore.asking import Declared, declared, from_words
from dcase_explore.errors import ExploreError
from dcase_explore.messages import note
from dcase_explore.options import TableOptions

HELP = {"help_option_names": ["-h", "--help"]}

Format = Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="How to print it.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


def with_options(kind: type[TableOptions]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """
    Give a command the options of a kind, and ``--debug``.

    Parameters
    ----------
    kind
        One of the classes of `dcase_explore.options`.

    Returns
    -------
    callable
        Decorator of a command whose parameter ``options`` is of that kind; errors end it in a sentence.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [
            parameter
            for parameter in inspect.signature(command, eval_str=True).parameters.values()
            if parameter.name != "options"
        ]
        shared = [_parameter(one) for one in declared(kind)]
        names = [parameter.name for parameter in shared]

        def run(*, debug: bool, **given: Any) -> None:
            with errors_as_sentences(debug):
                asked_for = {name: given.pop(name) for name in names}
                command(options=from_words(kind, **asked_for), **given)

        debug = inspect.Parameter("debug", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Debug)
        # What stands alone (a folder, a file) comes first in the help, then the data.
        parameters = [
            *_arguments(own),
            *shared,
            *(parameter for parameter in own if parameter not in _arguments(own)),
            debug,
        ]
        in_order = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__signature__ = inspect.Signature(in_order)  # type: ignore[attr-defined] # what typer reads
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in in_order}
        return run

    return decorate


def _arguments(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    return [parameter for parameter in parameters if _is_argument(parameter)]


def _is_argument(parameter: inspect.Parameter) -> bool:
    said = getattr(parameter.annotation, "__metadata__", ())
    return any(isinstance(one, typer.models.ArgumentInfo) for one in said)


def _parameter(one: Declared) -> inspect.Parameter:
    """An option as typer reads it; None where nothing is given, but for choices and flags, whose default is told."""
    default = one.default if isinstance(one.default, str | bool) else None
    kinds: dict[str, Any] = {"names": list[str], "named": list[str], "text": str}
    value: Any = kinds.get(one.kind, one.type)
    said = typer.Option(one.flag, help=one.option.help, metavar=one.option.metavar, min=one.option.least)
    annotation: Any = Annotated[value if default is not None else Optional[value], said]  # noqa: UP045 - made here
    return inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


@contextlib.contextmanager
def errors_as_sentences(debug: bool) -> Iterator[None]:
    """End with one sentence and code 1 for what the user can mend, with the traceback if that is asked for."""
    try:
        yield
    except BrokenPipeError:
        raise typer.Exit(1) from None  # whoever reads has stopped reading
    except (ExploreError, OSError) as error:
        if debug or (isinstance(error, OSError) and error.strerror is None):
            raise
        sentence = f"{error.filename or 'the system'}: {error.strerror}" if isinstance(error, OSError) else str(error)
        note(f"dcase-explore: {sentence}")
        raise typer.Exit(1) from None
