"""
What the program says: results on stdout, notes and progress bars on stderr, and nothing there that steers a terminal.

Names may be those of a stranger's files: control characters, escape sequences and marks that turn the direction of
writing are shown, not obeyed. `guard_streams` sees to it for a whole program, whoever writes.
"""

import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO, TypeVar
from unicodedata import category

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn

T = TypeVar("T")

SHOWN = 3
"""How many examples a sentence names before it says how many more there are."""
LONGEST = 300
"""Characters of one word, a name or a path, that are shown."""
_LONGEST_LINE = 4_000
_LONG = re.compile(rf"\S{{{LONGEST + 1},}}")


_noted: list[list[str]] = []


def note(sentence: str) -> None:
    """Say one thing that changes what is seen: something dropped, replaced, guessed or made."""
    for kept in _noted:
        kept.append(sentence)
    # A notebook paints red what comes by stderr, as if it were an error.
    stream = sys.stdout if type(sys.stderr).__module__.startswith("ipykernel") else sys.stderr
    with suppress(OSError, ValueError):  # nobody listens any more
        print(sentence_of(sentence), file=stream or io.StringIO(), flush=True)


def sentence_of(text: str) -> str:
    """Text as it is said: without what steers a terminal, and no longer than it helps."""
    lines = (_LONG.sub(lambda match: short(match[0]), plain(line)) for line in text.split("\n"))
    return "\n".join(short(line, _LONGEST_LINE) for line in lines)


@contextmanager
def noted() -> Iterator[list[str]]:
    """
    Listen to what is said.

    Yields
    ------
    list of str
        Every note that is said meanwhile, as it is said.
    """
    heard: list[str] = []
    _noted.append(heard)
    try:
        yield heard
    finally:
        _noted[:] = [kept for kept in _noted if kept is not heard]


def plain(text: str) -> str:
    """On one line, without what steers a terminal: names may be those of a stranger's file."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or category(sign) == "Zs" else "?" for sign in text)


def short(text: str, most: int = LONGEST) -> str:
    """Beginning and end of a text that is too long to be shown."""
    return text if len(text) <= most else f"{text[: most * 2 // 3]}…{text[-most // 3 + 1 :]}"


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
    texts = [short(str(name)) for name in names]
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


def console_on(name: str, width: int | None = None) -> "Console":
    """
    Console of rich that shows what would steer the terminal, but for its own styles.

    Parameters
    ----------
    name
        ``"stdout"`` or ``"stderr"``.
    width
        Columns where it is no terminal; None for 80.

    Returns
    -------
    rich.console.Console
        Texts in it are as `plain` as notes are.
    """
    from rich.console import Console
    from rich.segment import Segment

    class Guarded(Console):
        def render(self, *given: Any, **options: Any) -> Iterator[Segment]:
            for part in super().render(*given, **options):
                text = part.text if part.control else "\n".join(map(plain, part.text.split("\n")))
                yield Segment(text, part.style, part.control)

    stream = _unguarded(getattr(sys, name)) or io.StringIO()
    return Guarded(file=stream, width=None if stream.isatty() else width, highlight=False)


def show_cursor() -> None:
    """Show it again: progress bars hide it, and may not have come to their end."""
    stream = _unguarded(sys.stderr)
    if stream is not None and stream.isatty():
        stream.write("\x1b[?25h")
        stream.flush()


def guard_streams() -> None:
    """Have all that this program writes to stdout and stderr escaped as `Guard` does; what is closed takes anything."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started it: a file that is opened next must not take its number
            stream = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, Guard(stream))


class Guard(io.TextIOBase):
    r"""
    A stream of text that shows what is not printable, and what its encoding lacks, as ``\u001b``: JSON stays JSON.

    Parameters
    ----------
    stream
        Where it goes.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the stream."""
        return self.stream.encoding or "utf-8"

    def write(self, text: str, /) -> int:
        """Write a text, escaped."""
        if not isinstance(text, str):
            raise TypeError(f"text is written here, not {type(text).__name__}")
        self.stream.write("\n".join(self._escaped(line) for line in text.split("\n")))
        return len(text)

    def _escaped(self, line: str) -> str:
        if line.isascii() and line.isprintable():
            return line
        return "".join(sign if self._is_shown(sign) else _code(sign) for sign in line)

    def _is_shown(self, sign: str) -> bool:
        if not sign.isprintable() and category(sign) != "Zs":
            return False
        try:
            sign.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def flush(self) -> None:
        """Hand on what was written; once nobody takes it, nothing more is said of it."""
        try:
            self.stream.flush()
        except OSError:
            # What is still held back would be tried again at the end.
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())
            raise

    def isatty(self) -> bool:
        """Say no, for colours would be escaped as well; `console_on` is for them."""
        return False

    def fileno(self) -> int:
        """Give the stream's number, for processes that are started."""
        return self.stream.fileno()


def _code(sign: str) -> str:
    units = sign.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[start : start + 2].hex()}" for start in range(0, len(units), 2))


def _unguarded(stream: Any) -> Any:
    return stream.stream if isinstance(stream, Guard) else stream
