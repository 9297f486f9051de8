"""
The calls for Python: `load` a clip table with your results in it, `explore` it, `show` it, `report` it.

Importing them imports no more. Their options are those of `dcase_explore.options`.
"""

import sys
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from dcase_explore.asking import signature, told
from dcase_explore.columns import listed
from dcase_explore.options import Options, ReportOptions, RowOptions, TableOptions

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from dcase_explore.exploration import Exploration
    from dcase_explore.viewer.handle import Viewer

_viewer: "Viewer | None" = None


def load(data: object = "hub", **options: Any) -> "pd.DataFrame":
    """
    Load a clip table with everything that is known of each clip.

    Parameters
    ----------
    {options}

    Returns
    -------
    pandas.DataFrame
        One row per clip, by the columns below: those that the data have, or that can be computed from them. ``<score>``
        and ``<embedding>`` stand for names: those of your models, and those that come with the data.

    Raises
    ------
    dcase_explore.errors.ExploreError
        Data or results that cannot be read or do not fit each other, in one sentence.

    Examples
    --------
    >>> frame = load("demo", class_name="valve", scores={"mine": my_scores})  # doctest: +SKIP
    >>> frame.nlargest(10, "auc_cost_mine")[["clip_id", "domain", "auc_cost_mine"]]  # doctest: +SKIP

    Notes
    -----
    Columns, in the order of the page:

    {columns}
    """
    return explore(data, **options).frame


def explore(data: object = "hub", **options: Any) -> "Exploration":
    """
    Explore data: their clip table, how the models do on it, what was found in it.

    Parameters
    ----------
    {options}

    Returns
    -------
    dcase_explore.exploration.Exploration
        Its clip table is ``frame``; its results are ``models`` and ``scores``, ``intervals``, ``terms``, ``findings``
        and ``findings_table``, ``conditions``, ``separation``; ``columns`` says what the table holds, ``only(rows)`` is
        the same with some of its clips. `explore` takes it as data, with further scores say; so do `load` and `show`.

    Raises
    ------
    dcase_explore.errors.ExploreError
        As `load`.

    Examples
    --------
    >>> valves = explore("demo", class_name="valve")  # doctest: +SKIP
    >>> valves.findings[0].title  # doctest: +SKIP
    >>> show(explore(valves, scores={"mine": my_scores}), layout="extended")  # doctest: +SKIP
    """
    from dcase_explore.asking import asked
    from dcase_explore.exploring import explored

    return explored(asked(RowOptions, data=data, **options))


def show(
    data_or_frame: object = "hub",
    *,
    height: int = 800,
    new: bool = False,
    browser: bool | None = None,
    **options: Any,
) -> "Viewer":
    """
    Show an exploration: in the cell of a notebook, otherwise in the browser.

    The page is served by a process of its own, so that neither waits for the other: a kernel that computes for minutes
    does not freeze it. It ends with this process; a script whose page is opened in the browser ends when that is closed
    there, or by Ctrl-C.

    Parameters
    ----------
    data_or_frame
        As ``data``; a frame may be one that `load` returned, its rows chosen and columns added, or an exploration.
    height
        Of the page in a notebook's cell, in pixels.
    new
        Whether to open another page, and leave the one before it as it is.
    browser
        Whether to open the page in a browser; None for: unless this is a notebook.
    {options}

    Returns
    -------
    dcase_explore.viewer.handle.Viewer
        The page: its ``frame``, its ``layout`` as arranged now, ``save_layout(FILE)``, ``url``, ``close()``. Another
        `show` gives the same one and has it show something else.

    Raises
    ------
    dcase_explore.errors.ExploreError
        As `load`; a layout that is unknown or refused.
    """
    from dcase_explore.asking import asked

    asked_for = asked(Options, data=data_or_frame, **options)  # first: a typo should not start anything
    from dcase_explore.pending import Pending
    from dcase_explore.view import view_of
    from dcase_explore.viewer import cell
    from dcase_explore.viewer.browser import open_browser
    from dcase_explore.viewer.handle import Viewer
    from dcase_explore.viewer.staying import at_the_end

    global _viewer
    viewer = None if new else _viewer
    if viewer is None or not viewer.running:
        viewer = Viewer()  # it starts while the data are read
    try:
        pending = Pending(many=sys.maxsize)
        exploration = view_of(asked_for, pending=pending)
        viewer.show(exploration, pending)
    except BaseException:
        if viewer is not _viewer:
            viewer.close()
        raise
    _viewer = viewer
    if cell.in_notebook():
        cell.display(viewer, height, exploration)
    if browser or (browser is None and not cell.in_notebook()):
        open_browser(viewer.url)
        if not cell.in_ipython():
            at_the_end(viewer, sys._getframe(1).f_globals)
    return viewer


def report(out: object, data: object = "hub", **options: Any) -> "Path":
    """
    Write one file to send: a page that opens in any browser, without this program and without a network.

    In it: the official score, ROC curves, what costs by condition, the findings with the sounds and spectrograms of
    their costliest clips above those of their nearest normals, licence and citations.

    Parameters
    ----------
    out : str or pathlib.Path
        The file; a report that is there is replaced, anything else is not.
    {options}

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    dcase_explore.errors.ExploreError
        As `load`; a file that cannot be written, or not within the size.

    Examples
    --------
    >>> report("valves.html", explore("demo", class_name="valve"))  # doctest: +SKIP
    """
    from pathlib import Path

    from dcase_explore.asking import asked

    asked_for = asked(ReportOptions, data=data, **options)
    from dcase_explore.reporting import report as write

    return write(asked_for, Path(str(out))).file


def _declare() -> None:
    """Give the calls the signatures and texts of their options."""
    of_page = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=default)
        for name, default in (("height", 800), ("new", False), ("browser", None))
    ]
    calls: tuple[tuple[Any, str, type[TableOptions], list[Parameter], str], ...] = (
        (load, "data", RowOptions, [], "pandas.DataFrame"),
        (explore, "data", RowOptions, [], "Exploration"),
        (show, "data_or_frame", Options, of_page, "Viewer"),
        (report, "data", ReportOptions, [], "pathlib.Path"),
    )
    for call, first, kind, others, returns in calls:
        call_signature = signature(first, kind, *others, returns=returns)
        if call is report:
            call_signature = call_signature.replace(
                parameters=[Parameter("out", Parameter.POSITIONAL_OR_KEYWORD), *call_signature.parameters.values()]
            )
        call.__signature__ = call_signature
        if call.__doc__:  # there is none where Python leaves docstrings out
            text = call.__doc__.replace("{options}", told(kind, indent=4))
            call.__doc__ = text.replace("    {columns}", listed(4))


_declare()
