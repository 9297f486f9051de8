"""The one place where text becomes markup: whatever a name holds, it is text."""

from collections.abc import Iterable
from typing import TypeAlias

from markupsafe import Markup, escape

from dcase_explore.streams import plain

Content: TypeAlias = "Markup | str | Iterable[Content] | None"


def element(tag: str, /, *content: Content, **attributes: str | int | float | bool | None) -> Markup:
    """
    Make an element.

    Parameters
    ----------
    tag
        Of the element, in HTML or SVG.
    *content
        What is in it: text, elements, or several of them; None is nothing.
    **attributes
        Their underscores are hyphens, but for one at the end, which keeps Python's words free (``class_``). None and
        False leave an attribute out, True gives it no value.

    Returns
    -------
    markupsafe.Markup
        All text in it escaped, and without signs that steer what is around them.
    """
    said = Markup("").join(
        Markup(" {}").format(_name(key)) if value is True else Markup(' {}="{}"').format(_name(key), plain(str(value)))
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    start = Markup("<{}{}>").format(tag, said)
    return start if tag in _VOID else start + joined(content) + Markup("</{}>").format(tag)


def joined(content: Content) -> Markup:
    """What stands one after the other, as markup."""
    if content is None:
        return Markup("")
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return escape(plain(content))
    return Markup("").join(joined(one) for one in content)


def signed(number: str) -> str:
    """A number with a minus in place of the hyphen."""
    return number.replace("-", "−")


_VOID = {"meta", "br", "wbr", "img"}


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
