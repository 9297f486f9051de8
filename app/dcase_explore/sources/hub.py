"""The enriched dataset on the hub: its configs as one clip table, whose recordings are fetched when they are played."""

from collections.abc import Sequence

import pandas as pd

from dcase_explore import clips
from dcase_explore.credits import ENRICHED_2023
from dcase_explore.hub.repository import open_repository
from dcase_explore.hub.table import read_config
from dcase_explore.recordings.kept import place
from dcase_explore.recordings.records import origin_in
from dcase_explore.sources.kinds import Kind, Source


def read_hub(spec: str, configs: Sequence[str]) -> Source:
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
    Source
        Its paths are where recordings will be once they are played.

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
    title = f"{repository.name.partition('/')[2]} {' + '.join(dict.fromkeys(configs))}"
    return Source(joined, title, (ENRICHED_2023,))


def is_hub(spec: str) -> bool:
    """Whether a spec means a repository on the hub."""
    return spec == "hub" or spec.startswith("hf://")


HUB = Kind(
    "a network, for the enriched 2023 data set",
    "hub or hf://owner/name@revision",
    "--layout extended --class valve",
    lambda asked: is_hub(asked.spec),
    lambda asked: read_hub(asked.spec, asked.configs or ("dev",)),
)
