"""What the program says while it works: notes and progress bars, all of it on stderr."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar
from unicodedata import category

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

T = TypeVar("T")

SHOWN = 3
"""How many examples a sentence names before it says how many more there are."""


def note(sentence: str) -> None:
    """Say one thing that changes what is seen: something dropped, replaced, guessed or made."""
    # A notebook paints red what comes by stderr, as if it were an error.
    stream = sys.stdout if type(sys.stderr).__module__.startswith("ipykernel") else sys.stderr
    print("\n".join(map(plain, sentence.split("\n"))), file=stream, flush=True)


def plain(text: str) -> str:
    """On one line, without what steers a terminal: names may be those of a stranger's file."""
    return "".join(sign if sign.isprintable() or category(sign) == "Zs" else "?" for sign in text)


def some(names: Iterable[object], shown: int = SHOWN) -> str:
    """
    Name the first few and count the rest.

    Parameters
    ----------
    names
        Everything that could be named.
    shown
        How many to name.

    Returns
    -------
    str
        ``"a, b, c and 4 more"``.
    """
    texts = [str(name) for name in names]
    rest = len(texts) - shown
    return ", ".join(texts[:shown]) + (f" and {rest:,} more" if rest > 0 else "")


def counted(number: int, thing: str) -> str:
    """``"1 clip"``, ``"1,400 clips"``, ``"2 anomalies"``."""
    many = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{number:,} {thing if number == 1 else many}"


def track(items: Iterable[T], total: int, doing: str) -> Iterator[T]:
    """
    Hand items on and draw a progress bar on stderr while they are worked on.

    Parameters
    ----------
    items
        What is worked through.
    total
        How many there will be.
    doing
        What is done to them, such as ``"listening to clips"``.

    Yields
    ------
    T
        The items, unchanged.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    with _progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        yield from bar.track(items, total=total, description=doing)


@contextmanager
def transfer(name: str, size: int, arrived: int) -> Iterator[Callable[[int], None]]:
    """
    Draw a progress bar on stderr while a file is fetched.

    Parameters
    ----------
    name
        Of the file.
    size, arrived
        In bytes: of all of it, and of what is there already.

    Yields
    ------
    callable
        To be told how many bytes have come.
    """
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("fetching {task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with _progress(*columns) as bar:
        task = bar.add_task(name, total=size, completed=arrived)
        yield lambda count: bar.advance(task, count)


@contextmanager
def busy(doing: str) -> Iterator[None]:
    """
    Show on stderr that one long step is at work, with the seconds it has taken.

    Parameters
    ----------
    doing
        What is done, such as ``"placing 434 clips on the map"``.
    """
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

    with _progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()) as bar:
        bar.add_task(doing, total=None)
        yield


def _progress(*columns: "ProgressColumn") -> "Progress":
    """A bar that goes away when done: it is for waiting; what was done is said in a note. None outside a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
