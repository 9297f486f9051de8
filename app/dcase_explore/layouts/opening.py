"""A layout opened on the columns at hand, whether of a table or of a stored exploration."""

from collections.abc import Sequence

from dcase_explore.column_names import members
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.layouts.curated import curated_folder
from dcase_explore.layouts.files import find_layout, read_layout
from dcase_explore.messages import note


def suited(columns: Sequence[str]) -> str:
    """
    Curated layout that suits data of which nothing else is asked.

    Parameters
    ----------
    columns
        Of the table, those that have values.

    Returns
    -------
    str
        Its name.
    """
    if not members(columns, "anomaly_score_<score>"):
        return "simple"
    return "extended" if "path" in columns else "scores"


def opened(layout: str | None, columns: Sequence[str], *, strict: bool = False, verbose: bool = False) -> Arrangement:
    """
    Read a layout and fit it to columns.

    Parameters
    ----------
    layout
        Curated name, name from the user's library, or file; None for one that suits the columns.
    columns
        Of the table, those that have values.
    strict
        Whether to refuse a layout that names others.
    verbose
        Whether to say all that was replaced and left out.

    Returns
    -------
    Arrangement
        What was left out of a layout that was asked for is said on stderr; of one that is not curated what was replaced
        as well, for whoever made it meant these columns.

    Raises
    ------
    ExploreError
        Unknown or refused layout, or one that shows nothing of these columns.
    """
    asked_for, layout = layout is not None, layout or suited(columns)
    arrangement = Arrangement(read_layout(layout), columns, strict=strict, name=find_layout(layout).stem)
    binding = arrangement.binding
    if strict:
        binding.require_all(layout, columns)
    binding.require_some(layout)
    curated = find_layout(layout).parent == curated_folder()
    changes = binding.changes if verbose or not curated else binding.left_out
    if changes and (asked_for or verbose):
        note(f"layout {arrangement.name}: {'; '.join(changes)}")
    return arrangement
