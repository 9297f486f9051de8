"""What a page shows at the moment: a stored exploration, its layout, the rows chosen in it."""

from typing import TYPE_CHECKING

from dcase_explore.viewer.rows import Rows

if TYPE_CHECKING:
    from dcase_explore.layouts.arranging import Arrangement
    from dcase_explore.stored import Stored


class Page:
    """
    What all routes answer from.

    Attributes
    ----------
    stored
        The exploration.
    arrangement
        Its layout.
    rows
        Those that are selected and filtered.
    """

    stored: "Stored"
    arrangement: "Arrangement"

    def __init__(self) -> None:
        self.rows = Rows()

    def show(self, stored: "Stored", arrangement: "Arrangement") -> None:
        """
        Show something else.

        Parameters
        ----------
        stored
            The exploration; the one before is let go of.
        arrangement
            Its layout.
        """
        self.arrangement = arrangement
        self.rows.reset(stored.rows)
        self.renew(stored)

    def renew(self, stored: "Stored") -> None:
        """
        Show the same clips with other values.

        Parameters
        ----------
        stored
            The exploration; the one before is let go of.
        """
        before = getattr(self, "stored", None)
        self.stored = stored
        if before is not None and before is not stored:
            before.close()
