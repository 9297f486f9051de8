"""What somebody in Python chooses of an exploration, as the page is told."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore.errors import ExploreError, meant
from dcase_explore.exploration import Exploration
from dcase_explore.findings.finding import Finding
from dcase_explore.messages import counted


def chosen_of(which: Finding | str | Iterable[str] | pd.DataFrame, shown: Exploration) -> dict[str, Any]:
    """
    Rows of clips or of a finding.

    Parameters
    ----------
    which
        A finding of the exploration, one or several ``clip_id``, or rows of its frame.
    shown
        What the page shows.

    Returns
    -------
    dict
        ``rows``: positions in its frame, in the order given; ``finding``: its title, or null.

    Raises
    ------
    ExploreError
        A finding or a clip that is not shown.
    """
    if isinstance(which, Finding):
        # Of a part that is shown, the finding has other rows.
        found = next((one for one in shown.findings if (one.rule, one.title) == (which.rule, which.title)), None)
        if found is None:
            raise ExploreError(f"the finding {which.title[:100]!r} is not among those shown: viewer.findings has them")
        return {"rows": found.rows.tolist(), "finding": found.title}
    if isinstance(which, pd.DataFrame):
        if "clip_id" not in which:
            raise ExploreError("select takes rows of viewer.frame, and these have no clip_id")
        which = which["clip_id"]
    clips = [which] if isinstance(which, str) else list(dict.fromkeys(which))
    places = pd.Index(shown.frame["clip_id"]).get_indexer(pd.Index(clips, dtype=object))
    absent = np.flatnonzero(places < 0)
    if len(absent):
        first = str(clips[absent[0]])[:200]
        raise ExploreError(
            f"{counted(len(absent), 'clip')} of {len(clips):,} not shown, such as {first}: "
            f"{meant(first, shown.frame['clip_id'])}"
        )
    return {"rows": places.tolist(), "finding": None}
