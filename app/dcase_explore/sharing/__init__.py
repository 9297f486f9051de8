"""
The page without a program: files that any static web server hands out, or one file that opens by double click.

`choosing` tells whose sounds are copied; `page` writes what the page asks for (`sounds`, `answers`), `site` puts it
into a folder with the `table` and a `card`, `one_file` into a file. `answers.js` stands in for the program in the page,
`opening.js` finds what stands in the one file, `about.js` tells of the copy.
"""

from collections.abc import Callable
from pathlib import Path

from dcase_explore.errors import ExploreError
from dcase_explore.exploring import explored
from dcase_explore.layouts.files import read_layout
from dcase_explore.messages import counted, note
from dcase_explore.options import ShareOptions
from dcase_explore.reporting.writing import bytes_of, in_words
from dcase_explore.sharing.choosing import check_choice, check_room, sounds_wanted
from dcase_explore.sharing.one_file import check_file, write_file
from dcase_explore.sharing.site import Shared, check_free, write_site
from dcase_explore.view import arranged

SIZES = {False: "500MB", True: "50MB"}
"""Most that a copy may have where nobody says: a folder, and one file, which a browser reads whole."""


def share(options: ShareOptions, out: Path, *, ready: Callable[[], None] | None = None) -> Shared:
    """
    Explore data and write their page as files, or as one.

    Parameters
    ----------
    options
        What is shown.
    out
        Where: a file where its name ends in .html, otherwise a folder, which must not exist, or be empty.
    ready
        Called when all is known, before anything is written.

    Returns
    -------
    Shared
        What was written; how large it becomes is said on stderr before.

    Raises
    ------
    ExploreError
        As `dcase_explore.exploring.explored`; a place that is taken, an unknown layout, more than the size allows.
    """
    alone = is_file(out)
    size = options.size or SIZES[alone]
    most = bytes_of(size)
    (check_file if alone else check_free)(out)  # first: a typo should not wait for the data
    check_choice(options)
    if options.layout is not None:
        read_layout(options.layout)
    exploration = explored(options)
    view = arranged(exploration, options.layout)
    rows = sounds_wanted(exploration, options.audio, options.selected)
    check_room(exploration, rows, most, size, packed=alone)
    if ready is not None:
        ready()
    with (write_file if alone else write_site)(view, rows, out) as written:
        note(f"{out}: {in_words(written.bytes)} with the sounds of {counted(len(rows), 'clip')}")
        if written.bytes > most:
            raise ExploreError(
                f"{out} would take {in_words(written.bytes)}, more than {size}: allow it with "
                f"--size {-(-written.bytes // 10**6)}MB, or leave sounds out with --audio findings or none"
            )
    return written


def is_file(out: Path) -> bool:
    """Whether one file is meant, by its name."""
    return out.suffix.lower() in (".html", ".htm")
