"""
Enrichment by models: stages, one after the other, each skipped where its result is kept.

What a stage computes is kept in the store under the content of the recordings, its parameters and its recipe, a batch
or a machine type at a time; so a run that ends early, however it does, costs what was at work at that moment.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.column_names import members
from dcase_explore.enrich import ears, knn, lof, maps
from dcase_explore.enrich.enriched import Enriched, Settings, is_there, versions
from dcase_explore.errors import ExploreError, meant
from dcase_explore.messages import note
from dcase_explore.progress import busy, track
from dcase_explore.score_names import AE, AST, knn_of, lof_of
from dcase_explore.store import Store, digest_of

if TYPE_CHECKING:
    from dcase_explore.enrich.audio_model import AudioModel

STAGES = ("ast", "ae", "lof", "knn", "map")
NEEDS_TORCH = ("ast", "ae")


def check_stages(wanted: Sequence[str]) -> None:
    """
    Refuse what is no stage, and stages that need what is not installed.

    Parameters
    ----------
    wanted
        Names of stages.

    Raises
    ------
    ExploreError
        It names the nearest, or the command that installs what is missing.
    """
    if not wanted:
        raise ExploreError(f"no stage is named: there are {', '.join(STAGES)}")
    for name in wanted:
        if name not in STAGES:
            raise ExploreError(f"there is no stage {name}: {meant(name, STAGES)}")
    needing = [name for name in wanted if name in NEEDS_TORCH]
    if needing and (find_spec("torch") is None or find_spec("transformers") is None):
        raise ExploreError(
            f"{' and '.join(needing)} need torch and transformers, which are not installed: "
            'pip install "dcase-explore[enrich]" installs them; --with lof,knn,map does without'
        )


def enrich_by_models(
    frame: pd.DataFrame,
    wanted: Sequence[str],
    settings: Settings,
    store: Store | None = None,
    model: "AudioModel | None" = None,
) -> Enriched:
    """
    Add embeddings, scores and maps; columns that the table has are left as they are.

    Parameters
    ----------
    frame
        Conforming clip table, of whole machine types.
    wanted
        Stages, of `STAGES`; they run in that order.
    settings
        How.
    store
        Where results are kept, open; None for the cache's.
    model
        Of stage ``ast``, where it is loaded already.

    Returns
    -------
    Enriched
        With what could be computed. Recordings that cannot be read have no values.

    Raises
    ------
    ExploreError
        No recordings where a stage needs them; a model that cannot be loaded; no memory or space.
    """
    check_stages(wanted)
    has_audio = "path" in frame and bool(frame["path"].notna().any())
    if not has_audio and set(wanted) & set(NEEDS_TORCH):
        raise ExploreError("this data has no recordings to listen to: --with lof,knn,map does without")
    result = Enriched(frame)
    with Store() if store is None else nullcontext(store) as store:
        digests = {}
        if has_audio:
            paths = [path for path in frame["path"] if path is not None]
            digests = store.file_digests(track(paths, len(paths), "checking recordings"))
            result.problems = {path: "cannot be opened" for path in paths if path not in digests}
        if "ast" in wanted:
            _audio_model(result, digests, settings, store, model)
        if "ae" in wanted:
            from dcase_explore.enrich.autoencoder import add_autoencoder

            add_autoencoder(result, digests, settings, store)
        own = members(result.frame.columns, "embeddings_<embedding>")
        # The one just made, the data's own, or whatever there is.
        main = max(own, key=lambda name: (name != AE, f"embeddings_{name}" in result.made, name == AST), default=None)
        if main is None and {"lof", "knn"} & set(wanted):
            note("no embedding, and so neither LOF nor nearest neighbours: --with ast makes one")
        if main and "lof" in wanted:
            score = (lof_of(main), lof.RECIPE, lof.FEWEST, lof.lof_scores)
            how = f"local outlier factor (sklearn, PyOD's with novelty), at most {lof.MAX_NEIGHBORS} neighbours"
            _score(result, main, score, how, store)
        if main and "knn" in wanted:
            score = (knn_of(main), knn.RECIPE, knn.K + 1, knn.knn_scores)
            _score(result, main, score, f"mean Euclidean distance to the {knn.K} nearest", store)
        if "map" in wanted:
            _maps(result, store)
    result.frame = clips.conform(result.frame)
    return result


def brings_ast(frame: pd.DataFrame, settings: Settings) -> bool:
    """Whether the data bring what the model would give that is asked for, which then need not be fetched."""
    return settings.model is None and settings.pooling in (None, "cls") and f"embeddings_{AST}" in frame


def load_model(settings: Settings) -> "AudioModel":
    """Audio model that the settings name."""
    from dcase_explore.enrich import audio_model

    source = settings.model or audio_model.AST
    with busy(f"loading {source}"):
        return audio_model.load(source, settings.pooling, on=settings.on)


def _audio_model(
    result: Enriched, digests: dict[str, str], settings: Settings, store: Store, model: "AudioModel | None"
) -> None:
    if brings_ast(result.frame, settings):
        is_there(result.frame, f"embeddings_{AST}")
        return
    model = model or load_model(settings)
    column = f"embeddings_{model.name}"
    if is_there(result.frame, column):
        return
    paths = [path for path in dict.fromkeys(result.frame["path"]) if path is not None]
    keys = {path: digest_of(model.recipe, digests[path]) for path in paths if path in digests}
    kept = store.get(keys.values())
    # Always the same clips together: the last bits of a vector depend on its company.
    batches = [paths[start : start + settings.batch] for start in range(0, len(paths), settings.batch)]
    batches = [[path for path in batch if path in keys] for batch in batches]
    to_do = [batch for batch in batches if not all(keys[path] in kept for path in batch)]
    embedding = _embed(to_do, model, keys, kept, result.problems, store)
    for _ in track(embedding, sum(map(len, to_do)), f"embedding by {model.name}"):
        pass
    vectors = [kept.get(keys[path]) if path in keys else None for path in result.frame["path"]]
    if any(vector is not None for vector in vectors):
        result.frame = result.frame.assign(**{column: pd.Series(vectors, result.frame.index, dtype=object)})
        result.made[column] = (
            f"{model.source}, revision {model.revision}, pooling {model.pooling}, {model.precision}, "
            f"{model.rate:,} Hz, batches of {settings.batch}; {versions('torch', 'transformers')}"
        )


def _embed(
    batches: list[list[str]],
    model: "AudioModel",
    keys: dict[str, str],
    kept: dict[str, np.ndarray],
    problems: dict[str, str],
    store: Store,
) -> Iterator[str]:
    """Embed batches, each kept at once; their paths, as they are done."""
    for batch in batches:
        heard: dict[str, np.ndarray] = {}
        # Those that lack a vector first: if none can be read, the others need not be embedded again.
        for path in sorted(batch, key=lambda each: keys[each] in kept):
            if keys[path] in kept and not heard:
                break
            try:
                heard[path] = model.listen(path)
            except ValueError as error:
                problems[path] = str(error)
        heard = {path: heard[path] for path in batch if path in heard}
        if heard:
            vectors = model.embed(list(heard.values()))
            fresh = {keys[path]: vector for path, vector in zip(heard, vectors, strict=True)}
            store.put(fresh)
            kept.update(fresh)
        yield from batch


def _score(result: Enriched, embedding: str, score: "ears.Score", how: str, store: Store) -> None:
    column = f"anomaly_score_{score[0]}"
    if is_there(result.frame, column):
        return
    result.frame = ears.with_score(result.frame, embedding, score, store)
    if column in result.frame:
        result.made[column] = f"Of {embedding}: {how}, among {ears.FITTED_ON}; {versions('scikit-learn')}"


def _maps(result: Enriched, store: Store) -> None:
    for name in members(result.frame.columns, "embeddings_<embedding>"):
        if is_there(result.frame, f"map_{name}_x"):
            continue
        result.frame = maps.with_map(result.frame, name, store)
        for axis in "xy":
            result.made[f"map_{name}_{axis}"] = f"{maps.RECIPE.partition(': ')[2]}; {versions('umap-learn')}"
