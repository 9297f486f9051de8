"""
Explore DCASE Task 2 machine sounds in Renumics Spotlight.

`load`, `explore`, `show` and `report` are the calls for Python; importing this package imports nothing
else until one of them is used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dcase_explore.api import explore, load, report, show

__all__ = ["explore", "load", "report", "show"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from dcase_explore import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
