"""
stdout and stderr, and nothing on them that steers a terminal.

Names may be those of a stranger's files: control characters, escape sequences and marks that turn the direction of
writing are shown, not obeyed. `guard_streams` sees to it for a whole program, whoever writes.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO
from unicodedata import category

if TYPE_CHECKING:
    from rich.console import Console


def plain(text: str) -> str:
    """On one line, without what steers a terminal: names may be those of a stranger's file."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or category(sign) == "Zs" else "?" for sign in text)


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
