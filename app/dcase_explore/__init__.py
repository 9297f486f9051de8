"""
Explore DCASE Task 2 machine sounds in Renumics Spotlight.

`load`, `explore`, `show` and `report` are the calls for Python, and all results are members of what `explore` gives;
`COLOURS` and `MODEL_COLOURS` are those of the page, for drawings of one's own. What is not listed here is internal.
Importing this package imports nothing else until one of them is used.
"""

TYPE_CHECKING = False  # typing's own, without its import: an interrupt amid that would be a traceback
if TYPE_CHECKING:
    from dcase_explore.api import explore, load, report, show
    from dcase_explore.colours import COLOURS, MODEL_COLOURS

__all__ = ["COLOURS", "MODEL_COLOURS", "explore", "load", "report", "show"]


def __getattr__(name: str) -> object:
    if name in __all__:
        from dcase_explore import api, colours

        return getattr(colours if name.isupper() else api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
