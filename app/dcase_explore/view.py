"""What is shown: an exploration with a layout, fitted to its columns."""

from dataclasses import dataclass, field, fields

from dcase_explore.exploration import Exploration, columns_with_values
from dcase_explore.exploring import for_page
from dcase_explore.layouts.arranging import Arrangement
from dcase_explore.layouts.files import read_layout
from dcase_explore.layouts.opening import opened
from dcase_explore.options import Options
from dcase_explore.pending import Pending


@dataclass(frozen=True, kw_only=True)
class View(Exploration):
    """
    An exploration with a layout: what the viewer is given.

    Attributes
    ----------
    arrangement
        Layout of the page, fitted to the frame.
    """

    arrangement: Arrangement = field(repr=False)

    def summary(self) -> str:
        """One line of what is shown."""
        return f"{super().summary()} · layout {self.arrangement.name}"


def view_of(options: Options, *, pending: Pending | None = None) -> View:
    """
    Build an exploration that is ready to be shown.

    Parameters
    ----------
    options
        What to show.
    pending
        As `dcase_explore.exploring.explored` takes it.

    Returns
    -------
    View
        With a layout.

    Raises
    ------
    ExploreError
        As `dcase_explore.exploring.explored`; unknown or refused layout.
    """
    if options.layout is not None:
        read_layout(options.layout, quiet=True)  # first: a typo should not wait for the data
    return arranged(for_page(options, pending=pending), options.layout, strict=options.strict_layout)


def arranged(exploration: Exploration, layout: str | None = None, *, strict: bool = False) -> View:
    """
    Give an exploration a layout.

    Parameters
    ----------
    exploration
        What is to be shown.
    layout
        Curated name, name from the user's library, or file; None for one that suits the data.
    strict
        Whether to refuse a layout that names columns which the data do not have.

    Returns
    -------
    View
        Ready for a viewer. What was replaced and left out of the layout is said on stderr.

    Raises
    ------
    ExploreError
        Unknown or refused layout.
    """
    arrangement = opened(layout, columns_with_values(exploration.frame), strict=strict)
    return View(**{one.name: getattr(exploration, one.name) for one in fields(Exploration)}, arrangement=arrangement)
