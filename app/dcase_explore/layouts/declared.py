"""
What is declared of layouts: the config of each widget with its values and defaults, by Spotlight itself and of ours.

Its models are loaded from their own files, because importing Spotlight takes seconds and they need nothing of it.
"""

import importlib
import importlib.util
import sys
import types
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcase_explore.errors import ExploreError
from dcase_explore.layouts.vocabulary import OWN_WIDGETS, References

if TYPE_CHECKING:
    from pydantic import BaseModel

_PACKAGE = "dcase_explore._spotlight_layout"


@cache
def configs() -> "dict[str, type[BaseModel]]":
    """
    Model of each widget's config.

    Returns
    -------
    dict
        Pydantic model by widget type; its aliases are the keys in a layout file.

    Raises
    ------
    ExploreError
        When Spotlight is not installed, or not as expected.
    """
    spotlight = importlib.util.find_spec("renumics.spotlight")  # imports the empty package above it and no more
    if spotlight is None or not spotlight.submodule_search_locations:
        raise ExploreError("Renumics Spotlight is not installed: pip install renumics-spotlight")
    package = types.ModuleType(_PACKAGE)
    package.__path__ = [str(Path(place) / "layout") for place in spotlight.submodule_search_locations]
    sys.modules[_PACKAGE] = package  # so that its modules find each other
    widgets = importlib.import_module(f"{_PACKAGE}.widgets")
    found = {
        widget.model_fields["type"].default: widget.model_fields["config"].annotation.__args__[0]
        for widget in widgets.Widget.__subclasses__()
    }
    return found | {widget: _model(its) for widget, its in OWN_WIDGETS.items()}


def _model(its: References) -> "type[BaseModel]":
    """Model of a widget of ours, which has no other keys than those of its columns."""
    from pydantic import create_model

    one: dict[str, Any] = dict.fromkeys((*its.needed, *its.extra), (str | None, None))
    several: dict[str, Any] = dict.fromkeys(its.lists, (list[str] | None, None))
    return create_model(its.title, **one, **several)


@cache
def keys(widget: str) -> dict[str, object]:
    """
    Config keys of a widget.

    Parameters
    ----------
    widget
        Its type, such as ``"table"``.

    Returns
    -------
    dict
        Default by key, as layout files spell it.
    """
    fields = configs()[widget].model_fields
    return {field.alias or name: field.get_default(call_default_factory=True) for name, field in fields.items()}


@cache
def aliases(widget: str) -> dict[str, str]:
    """Key in layout files by the name of the field in Spotlight's model, where they differ."""
    fields = configs()[widget].model_fields
    return {name: field.alias for name, field in fields.items() if field.alias and field.alias != name}
