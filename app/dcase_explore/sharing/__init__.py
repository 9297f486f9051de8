"""
The page without a program: files that any static web server hands out.

`choosing` tells whose sounds are copied, `site` writes the files, `card` says what they are; `answers.js` stands in for
the program in the page.
"""

from collections.abc import Callable
from pathlib import Path

from dcase_explore.errors import ExploreError
from dcase_explore.exploring import explored
from dcase_explore.layouts.files import read_layout
from dcase_explore.messages import counted, note
from dcase_explore.options import ShareOptions
from dcase_explore.reporting.writing import bytes_of, in_words
from dcase_explore.sharing.choosing import sounds_wanted
from dcase_explore.sharing.site import Shared, check_free, write_site


def share(options: ShareOptions, folder: Path, *, ready: Callable[[], None] | None = None) -> Shared:
    """
    Explore data and write their page as files.

    Parameters
    ----------
    options
        What is shown.
    folder
        Where; it must not exist, or be empty.
    ready
        Called when all is known, before anything is written.

    Returns
    -------
    Shared
        What was written; how large it becomes is said on stderr before.

    Raises
    ------
    ExploreError
        As `dcase_explore.exploring.explored`; a folder that is taken, an unknown layout, more than the size allows.
    """
    most = bytes_of(options.size)
    check_free(folder)  # first: a typo should not wait for the data
    if options.layout is not None:
        read_layout(options.layout)
    exploration = explored(options)
    view = exploration.arranged(options.layout)
    rows = sounds_wanted(exploration, options.audio)
    if ready is not None:
        ready()
    with write_site(view, rows, folder) as site:
        note(f"{folder}: {in_words(site.bytes)} with the sounds of {counted(len(rows), 'clip')}")
        if site.bytes > most:
            raise ExploreError(
                f"{folder} would take {in_words(site.bytes)}, more than {options.size}: allow it with "
                f"--size {-(-site.bytes // 10**6)}MB, or leave sounds out with --audio findings or none"
            )
    return site
