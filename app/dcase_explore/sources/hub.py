"""The enriched dataset on the hub: its configs as one clip table, whose recordings are fetched when they are played."""

from collections.abc import Sequence

import pandas as pd

from dcase_explore import clips
from dcase_explore.credits import ENRICHED_2023, Credit
from dcase_explore.hub.repository import open_repository
from dcase_explore.hub.table import read_config
from dcase_explore.recordings import place
from dcase_explore.recordings.records import origin_in


def read_hub(spec: str, configs: Sequence[str]) -> tuple[pd.DataFrame, str, Credit]:
    """
    Read the enriched dataset.

    Parameters
    ----------
    spec
        ``"hub"`` or ``"hf://owner/name[@revision]"``.
    configs
        ``"dev"``, ``"add"``, ``"eval"``; one after the other in the table.

    Returns
    -------
    frame : pandas.DataFrame
        Conforming clip table; its paths are where recordings will be once they are played.
    title : str
        Name of the data.
    credit : Credit
        Whose they are.

    Raises
    ------
    ExploreError
        When they are not on this machine and cannot be had.
    """
    repository = open_repository(spec)
    frames = []
    for config in dict.fromkeys(configs):
        frame = read_config(repository, config)
        folder = place(*origin_in(repository, config))
        frames.append(frame.assign(path=[f"{folder}/{clip_id}" for clip_id in frame["clip_id"]]))
    loose = [frame.astype(dict.fromkeys(frame.select_dtypes("category"), object)) for frame in frames]
    joined = clips.conform(pd.concat(loose)) if len(frames) > 1 else clips.conform(frames[0])
    return joined, f"{repository.name.partition('/')[2]} {' + '.join(dict.fromkeys(configs))}", ENRICHED_2023
