"""Progress bars on stderr, for waiting: what was done is said in a note."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from dcase_explore.streams import console_on

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

T = TypeVar("T")


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
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.3g}/s" if task.speed else "")

    text = TextColumn("{task.description}", markup=False)
    columns = (text, BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    with _progress(*columns) as bar:
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

    columns = (
        TextColumn("fetching {task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
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

    with _progress(TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()) as bar:
        bar.add_task(doing, total=None)
        yield


def _progress(*columns: "ProgressColumn") -> "Progress":
    """A bar that goes away when done: it is for waiting; what was done is said in a note. None outside a terminal."""
    from rich.progress import Progress

    console = console_on("stderr")
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
