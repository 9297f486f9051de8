"""The two calls for Python: `load` a clip table with your results in it, `show` it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from dcase_explore.explore import explore, load_found, rows_asked_for
from dcase_explore.options import Options

if TYPE_CHECKING:
    from dcase_explore.viewer.server import Viewer

Data: TypeAlias = str | Path | pd.DataFrame
_viewer: "Viewer | None" = None


def load(
    data: Data | Sequence[Data] = "hub",
    *,
    config: str | Sequence[str] | None = None,
    class_name: str | Sequence[str] | None = None,
    split: str | None = None,
    domain: str | None = None,
    scores: Mapping[str, object] | None = None,
    embeddings: Mapping[str, object] | None = None,
    ground_truth: str | Path | None = None,
    audio: str = "lazy",
) -> pd.DataFrame:
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
        One row per clip; `dcase_explore.columns.COLUMNS` lists every column it can have. ``anomaly_score_<name>``,
        ``prediction_<name>``, ``prediction_correct_<name>``, ``auc_cost_<name>``, ``embeddings_<name>`` and
        ``domain_distance_<name>`` are yours.

    Raises
    ------
    dcase_explore.errors.ExploreError
        Data or results that cannot be read or do not fit each other, in one sentence.

    Examples
    --------
    >>> frame = load("demo", class_name="valve", scores={"mine": my_scores})  # doctest: +SKIP
    >>> frame.nlargest(10, "auc_cost_mine")[["clip_id", "domain", "auc_cost_mine"]]  # doctest: +SKIP
    """
    options = Options(
        data=_several(data),
        config=_names(config),
        audio=audio,
        class_name=_names(class_name),
        split=split,
        domain=domain,
        scores=scores or {},
        embeddings=embeddings or {},
        ground_truth=ground_truth,
    )
    frame = load_found(options)[1].frame
    return frame.iloc[rows_asked_for(frame, options)].reset_index(drop=True)


def show(
    data_or_frame: Data | Sequence[Data] = "hub",
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
    browser: bool = True,
) -> "Viewer":
    """
    Show an exploration in the browser, served by this process for as long as it runs.

    Parameters
    ----------
    data_or_frame, config, class_name, split, domain, scores, embeddings, ground_truth, audio
        As in `load`; a frame may be one that `load` returned, its rows chosen and columns added.
    layout
        Curated name or file.
    limit
        At most so many clips, evenly spaced over the table; None for all.
    browser
        Whether to open the page; its address is the viewer's ``url``.

    Returns
    -------
    Viewer
        Serving; ``close()`` ends it. Another `show` closes the one before it.

    Raises
    ------
    dcase_explore.errors.ExploreError
        As `load`; a layout that is unknown or refused.
    """
    from dcase_explore.messages import note
    from dcase_explore.viewer.address import Address
    from dcase_explore.viewer.server import Viewer

    global _viewer
    exploration = explore(
        Options(
            data=_several(data_or_frame),
            config=_names(config),
            audio=audio,
            class_name=_names(class_name),
            split=split,
            domain=domain,
            limit=limit,
            layout=layout,
            scores=scores or {},
            embeddings=embeddings or {},
            ground_truth=ground_truth,
        )
    )
    if _viewer is not None:
        _viewer.close()
    _viewer = Viewer(Address())
    try:
        _viewer.start(exploration)
    except BaseException:
        _viewer.close()
        raise
    note(f"{exploration.summary()}: {_viewer.url}")
    if browser:
        _viewer.open_browser()
    return _viewer


def _several(given: Data | Sequence[Data]) -> tuple[str | pd.DataFrame, ...]:
    """One or several as a tuple."""
    each = [given] if isinstance(given, str | Path | pd.DataFrame) else given
    return tuple(str(one) if isinstance(one, Path) else one for one in each)


def _names(given: str | Sequence[str] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())
