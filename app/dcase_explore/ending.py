"""How signals end the program."""

import os
import signal
from collections.abc import Callable

ENDINGS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that do; Windows knows no SIGHUP, and one that nohup has ignored stays so."""


def end_at_once(first: Callable[[], None] = lambda: None) -> None:
    """
    Have signals end the program without ceremony, while things are read, computed and imported.

    An exception would not do: libraries swallow it while they are imported, or crash when it comes amid compiling. All
    that is kept is written atomically, so there is nothing to put in order.

    Parameters
    ----------
    first
        Called before.
    """

    def end(number: int, _: object) -> None:
        first()
        os._exit(128 + number)

    _have(end)


def end_in_order() -> None:
    """
    Have a signal end the program by an exception from now on, where there is something to put in order.

    A second one ends it at once.
    """

    def end(number: int, _: object) -> None:
        end_at_once()
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    _have(end)


def end_with_reader() -> None:
    """Have the program end when whoever reads what it prints stops reading; Windows tells by an error instead."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def _have(end: Callable[[int, object], None]) -> None:
    for ending in ENDINGS:
        if ending == signal.SIGINT or signal.getsignal(ending) != signal.SIG_IGN:
            signal.signal(ending, end)
