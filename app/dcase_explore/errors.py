"""The one kind of error that people are meant to read, and the search for the word they may have meant."""

import difflib
from collections.abc import Iterable

from dcase_explore.messages import sentence_of

_LISTED = 15


class ExploreError(Exception):
    """
    Something the user can mend.

    The message is one sentence that says what is wrong, where, the nearest valid names and the next command.
    """

    def __str__(self) -> str:
        """Give the sentence, as it is said."""
        return sentence_of(super().__str__())


def nearest(word: str, names: Iterable[str], count: int = 3) -> list[str]:
    """
    Valid names that look most like a mistyped one.

    Parameters
    ----------
    word
        What was typed; case is ignored.
    names
        What could have been meant.
    count
        How many names at most.

    Returns
    -------
    list of str
        Best first; empty when nothing resembles the word.
    """
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), by_lower, n=count, cutoff=0.6)
    starts = [lower for lower in by_lower if len(word) > 2 and lower.startswith(word.lower())]
    return [by_lower[lower] for lower in dict.fromkeys([*starts, *close])][:count]


def meant(word: str, names: Iterable[str]) -> str:
    """
    Sentence part that offers the nearest names, or lists them when none is near.

    Parameters
    ----------
    word
        What was typed.
    names
        Every valid name.

    Returns
    -------
    str
        ``"did you mean valve?"`` or ``"there are fan, valve"``.
    """
    names = list(names)
    close = nearest(word, names)
    if close:
        return f"did you mean {' or '.join(close)}?"
    if not names:
        return "there is none"
    rest = len(names) - _LISTED
    return f"there {'is' if len(names) == 1 else 'are'} {', '.join(names[:_LISTED])}" + (
        f" and {rest} more" if rest > 0 else ""
    )
