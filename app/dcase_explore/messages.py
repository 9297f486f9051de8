"""What the program says: notes on stderr, and how they name and count things."""

import io
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from dcase_explore.streams import plain

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
