"""The two calls for Python: `load` a clip table with your results in it, `show` it. Importing them imports no more."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dcase_explore.columns import listed

if TYPE_CHECKING:
    import pandas as pd

    from dcase_explore.options import Options
    from dcase_explore.viewer.handle import Viewer

Data: TypeAlias = "str | Path | pd.DataFrame"
_viewer: "Viewer | None" = None


def load(
    data: "Data | Sequence[Data]" = "hub",
    *,
    config: str | Sequence[str] | None = None,
    class_name: str | Sequence[str] | None = None,
    split: str | None = None,
    domain: str | None = None,
    scores: Mapping[str, object] | None = None,
    embeddings: Mapping[str, object] | None = None,
    ground_truth: str | Path | None = None,
    audio: str = "lazy",
) -> "pd.DataFrame":
    """
    Load a clip table with everything that is known of each clip.

    Parameters
    ----------
    data
        ``"hub"`` (the enriched 2023 data set) or ``"hf://owner/name@revision"``, ``"demo"``, the folder of a raw
        download, of score files or of an export, a clip table at hand, or several of them, which are joined clip by
        clip.
    config
        Configs of the hub's data: ``"dev"`` (where None), ``"add"``, ``"eval"``.
    audio
        ``"lazy"``: recordings of the hub are fetched when they are played, and until then ``path`` is where they will
        be; ``"all"``: they are fetched first; ``"none"``: no recordings, of no source.
    class_name
        Machine types; None for all. Case is ignored.
    split, domain
        ``"train"`` or ``"test"``; ``"source"`` or ``"target"``; None for both.
    scores
        Your anomaly scores by name, one number per clip, higher is more anomalous: an array in the order of the whole
        table (that of `load` without filters), a mapping or Series keyed by ``clip_id`` or file name, a frame with a
        column of such names, or the path of a ``.npy``, ``.npz``, ``.csv`` or ``.parquet`` file or of a result folder.
    embeddings
        Your embeddings by name, one vector per clip: the same forms, two-dimensional.
    ground_truth
        Folder of an evaluation set's labels and domains.

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
    from dcase_explore.explore import load_found, rows_asked_for

    options = _options(
        data,
        config,
        class_name,
        scores,
        embeddings,
        split=split,
        domain=domain,
        ground_truth=ground_truth,
        audio=audio,
    )
    frame = load_found(options)[1].frame
    return frame.iloc[rows_asked_for(frame, options)].reset_index(drop=True)


def show(
    data_or_frame: "Data | Sequence[Data]" = "hub",
    *,
    config: str | Sequence[str] | None = None,
    layout: str = "simple",
    class_name: str | Sequence[str] | None = None,
    split: str | None = None,
    domain: str | None = None,
    limit: int | None = None,
    scores: Mapping[str, object] | None = None,
    embeddings: Mapping[str, object] | None = None,
    ground_truth: str | Path | None = None,
    audio: str = "lazy",
    strict_layout: bool = False,
    height: int = 800,
    new: bool = False,
    browser: bool | None = None,
) -> "Viewer":
    """
    Show an exploration: in the cell of a notebook, otherwise in the browser.

    The page is served by a process of its own, so that neither waits for the other: a kernel that computes for minutes
    does not freeze it. It ends with this process.

    Parameters
    ----------
    data_or_frame, config, class_name, split, domain, scores, embeddings, ground_truth, audio
        As in `load`; a frame may be one that `load` returned, its rows chosen and columns added.
    layout
        Curated name, one of your own layouts, or a file.
    limit
        At most so many clips, evenly spaced over the table; None for all.
    strict_layout
        Whether to refuse a layout that names columns which the data do not have, instead of fitting it to them.
    height
        Of the page in a notebook's cell, in pixels.
    new
        Whether to open another page, and leave the one before it as it is.
    browser
        Whether to open the page in a browser; None for: unless this is a notebook.

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
    from dcase_explore.explore import explore
    from dcase_explore.viewer import cell
    from dcase_explore.viewer.browser import open_browser
    from dcase_explore.viewer.handle import Viewer

    global _viewer
    options = _options(
        data_or_frame,
        config,
        class_name,
        scores,
        embeddings,
        split=split,
        domain=domain,
        ground_truth=ground_truth,
        audio=audio,
        limit=limit,
        layout=layout,
        strict_layout=strict_layout,
    )
    viewer = None if new else _viewer
    if viewer is None or not viewer.running:
        viewer = Viewer()  # it starts while the data are read
    try:
        viewer.show(explore(options))
    except BaseException:
        if viewer is not _viewer:
            viewer.close()
        raise
    _viewer = viewer
    if cell.in_notebook():
        cell.display(viewer, height)
    if browser or (browser is None and not cell.in_notebook()):
        open_browser(viewer.url)
    return viewer


def _options(
    data: "Data | Sequence[Data]",
    config: str | Sequence[str] | None,
    class_name: str | Sequence[str] | None,
    scores: Mapping[str, object] | None,
    embeddings: Mapping[str, object] | None,
    **others: Any,
) -> "Options":
    """Options of both calls; what may be one or several becomes a tuple."""
    from dcase_explore.options import Options

    return Options(
        data=_several(data),
        config=_names(config),
        class_name=_names(class_name),
        scores=scores or {},
        embeddings=embeddings or {},
        **others,
    )


def _several(given: "Data | Sequence[Data]") -> "tuple[str | pd.DataFrame, ...]":
    """One or several as a tuple."""
    each = given if isinstance(given, list | tuple) else [given]
    return tuple(str(one) if isinstance(one, Path) else one for one in each)


def _names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


if load.__doc__:  # there is none where Python leaves docstrings out
    load.__doc__ = load.__doc__.replace("    {columns}", listed(4))
