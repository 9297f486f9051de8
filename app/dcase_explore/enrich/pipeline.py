"""
Enrichment by models: stages, one after the other, each skipped where its result is kept.

What a stage computes is kept in the store under the content of the recordings, its parameters and its recipe, a batch
or a machine type at a time; so a run that ends early, however it does, costs what was at work at that moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcase_explore import clips
from dcase_explore.cache import cache_folder
from dcase_explore.columns import AE, AST, knn_of, lof_of, members
from dcase_explore.enrich import ears, knn, lof, logmel, maps
from dcase_explore.enrich.frames import Frames, windows
from dcase_explore.enrich.hearing import hear
from dcase_explore.errors import ExploreError, meant
from dcase_explore.messages import busy, counted, note, some, track
from dcase_explore.store import Store, digest_of

if TYPE_CHECKING:
    from dcase_explore.enrich.audio_model import AudioModel

STAGES = ("ast", "ae", "lof", "knn", "map")
NEEDS_TORCH = ("ast", "ae")


@dataclass
class Enriched:
    """
    A clip table and where its new columns come from.

    Attributes
    ----------
    frame
        Conforming clip table.
    made
        By column: model, revision, parameters, seed and versions, as the card tells them.
    problems
        By path: why a recording cannot be read.
    """

    frame: pd.DataFrame = field(repr=False)
    made: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def report(self) -> None:
        """List the recordings that could not be read."""
        if self.problems:
            note(f"{counted(len(self.problems), 'recording')} that cannot be read and have no values:")
            for path, reason in self.problems.items():
                note(f"  {path} ({reason})")


@dataclass(frozen=True)
class Settings:
    """
    How to enrich.

    Attributes
    ----------
    model
        Of stage ``ast``: a name on the hub, or a folder.
    pooling
        See `dcase_explore.enrich.audio_model.load`.
    batch
        Clips that it hears at once.
    epochs
        Of stage ``ae``.
    """

    model: str | None = None
    pooling: str | None = None
    batch: int = 8
    epochs: int = 100


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
    for name in wanted:
        if name not in STAGES:
            raise ExploreError(f"there is no stage {name}: {meant(name, STAGES)}")
    needing = [name for name in wanted if name in NEEDS_TORCH]
    if needing and (find_spec("torch") is None or find_spec("transformers") is None):
        raise ExploreError(
            f"{' and '.join(needing)} need torch and transformers, which are not installed: "
            'pip install "dcase-explore[enrich]" installs them; --with lof,knn,map does without'
        )


def enrich_by_models(frame: pd.DataFrame, wanted: Sequence[str], settings: Settings) -> Enriched:
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
    with Store() as store:
        digests = {}
        if has_audio:
            paths = [path for path in frame["path"] if path is not None]
            digests = store.file_digests(track(paths, len(paths), "checking recordings"))
        if "ast" in wanted:
            _audio_model(result, digests, settings, store)
        if "ae" in wanted:
            _autoencoder(result, digests, settings, store)
        own = members(result.frame.columns, "embeddings_<embedding>")
        main = AST if AST in own else next((name for name in own if name != AE), None) or next(iter(own), None)
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


def _versions(*packages: str) -> str:
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in ("dcase-explore", *packages))


def _is_there(frame: pd.DataFrame, column: str) -> bool:
    if column in frame:
        note(f"{column} is there already and left as it is")
    return column in frame


def _audio_model(result: Enriched, digests: dict[str, str], settings: Settings, store: Store) -> None:
    from dcase_explore.enrich import audio_model

    source = settings.model or audio_model.AST
    if settings.model is None and settings.pooling in (None, "cls") and _is_there(result.frame, f"embeddings_{AST}"):
        return
    with busy(f"loading {source}"):
        model = audio_model.load(source, settings.pooling)
    column = f"embeddings_{model.name}"
    if _is_there(result.frame, column):
        return
    paths = [path for path in dict.fromkeys(result.frame["path"]) if path in digests]
    keys = {path: digest_of(model.recipe, digests[path]) for path in paths}
    kept = store.get(keys.values())
    # Always the same clips together: the last bits of a vector depend on its company.
    batches = [paths[start : start + settings.batch] for start in range(0, len(paths), settings.batch)]
    to_do = [batch for batch in batches if not all(keys[path] in kept for path in batch)]
    for path in track((path for batch in to_do for path in batch), sum(map(len, to_do)), f"embedding by {model.name}"):
        _embed_when_full(path, to_do, model, keys, kept, result.problems, store)
    vectors = [kept.get(keys[path]) if path in keys else None for path in result.frame["path"]]
    vectors = [None if vector is None or not vector.size else vector for vector in vectors]
    if any(vector is not None for vector in vectors):
        result.frame = result.frame.assign(**{column: pd.Series(vectors, result.frame.index, dtype=object)})
        result.made[column] = (
            f"{model.source}, revision {model.revision}, pooling {model.pooling}, {model.precision}, "
            f"{model.rate:,} Hz, batches of {settings.batch}; {_versions('torch', 'transformers')}"
        )


def _embed_when_full(
    path: str,
    batches: list[list[str]],
    model: "AudioModel",
    keys: dict[str, str],
    kept: dict[str, np.ndarray],
    problems: dict[str, str],
    store: Store,
) -> None:
    """Embed a batch as its last recording comes, so that the progress bar counts recordings."""
    batch = next(its for its in batches if path in its)
    if path != batch[-1]:
        return
    heard: dict[str, np.ndarray] = {}
    for each in batch:
        try:
            heard[each] = model.listen(each)
        except ValueError as error:
            problems[each] = str(error)
    fresh = {keys[each]: np.empty(0, np.float32) for each in batch if each not in heard}
    if heard:
        fresh |= {keys[each]: vector for each, vector in zip(heard, model.embed(list(heard.values())), strict=True)}
    store.put({key: vector for key, vector in fresh.items() if vector.size})
    kept.update(fresh)


def _autoencoder(result: Enriched, digests: dict[str, str], settings: Settings, store: Store) -> None:
    import torch

    from dcase_explore.enrich import baseline, network

    if _is_there(result.frame, f"embeddings_{AE}") or _is_there(result.frame, f"anomaly_score_{AE}"):
        return
    frame = result.frame
    its_groups = ears.groups(frame, frame["path"].notna().to_numpy())
    ears.say_how_fitted(its_groups, f"the scores {AE} and {AE}_mahala are", 1)
    recipe = (
        f"baseline 1; {network.RECIPE}; {settings.epochs} epochs; torch {torch.__version__}; {network.device().type}"
    )
    domains = frame["domain"].astype(object).where(frame["domain"].notna(), "") if "domain" in frame else None
    keys, to_do, paths = {}, {}, {}
    for group in its_groups:
        its = list(frame["path"].iloc[group.rows])
        target = np.zeros(len(its), bool) if domains is None else (domains.iloc[group.rows] == "target").to_numpy()
        key = digest_of(ears.pca_key(its, group.reference, digests, logmel.RECIPE), recipe, target.tobytes())
        paths[group.machine_type], keys[group.machine_type] = its, key
        if not store.get([f"{key} embeddings"]):
            one = partial(_of_machine_type, group, its, target, key, settings.epochs, store)
            to_do[group.machine_type] = one
    heard = hear(paths, digests, to_do, store)
    result.problems |= heard.problems
    scores = {name: np.full(len(frame), np.nan, np.float32) for name in (AE, f"{AE}_mahala")}
    matrices = {}
    for group in its_groups:
        key, count = keys[group.machine_type], len(group.rows)
        found = store.get([f"{key} {what}" for what in ("mse", "mahala", "embeddings")])
        scores[AE][group.rows] = found[f"{key} mse"]
        scores[f"{AE}_mahala"][group.rows] = found[f"{key} mahala"]
        matrices[group.machine_type] = found[f"{key} embeddings"].reshape(count, -1)
    width = max((matrix.shape[1] for matrix in matrices.values()), default=0)
    fewer = {name: matrix.shape[1] for name, matrix in matrices.items() if matrix.shape[1] < baseline.MOST_COMPONENTS}
    if fewer:
        each = some(f"{name} {count}" for name, count in fewer.items())
        note(f"{AE}: of fewer than {baseline.MOST_COMPONENTS} training clips there are as many components: {each}")
    vectors = pd.Series(None, frame.index, dtype=object)
    for group in its_groups:
        matrix = matrices[group.machine_type]
        for row, vector in zip(group.rows, matrix, strict=True):
            if np.isfinite(vector).all() and width:
                vectors.iloc[row] = np.pad(vector, (0, width - len(vector)))
    if vectors.isna().all():
        note(f"{AE}: nothing could be trained on")
        return
    how = f"{network.RECIPE}, {settings.epochs} epochs on training normals of its machine type; {_versions('torch')}"
    result.made[f"embeddings_{AE}"] = f"Bottleneck, reduced to {width} by PCA on training clips. {how}"
    result.made[f"anomaly_score_{AE}"] = f"Mean squared error, dB². {how}"
    result.made[f"anomaly_score_{AE}_mahala"] = f"Selective Mahalanobis distance. {how}"
    named = {f"anomaly_score_{name}": its for name, its in scores.items() if not np.isnan(its).all()}
    result.frame = frame.assign(**named, **{f"embeddings_{AE}": vectors})


def _of_machine_type(
    group: ears.Group, paths: list[str], target: np.ndarray, key: str, epochs: int, store: Store, frames: Frames
) -> None:
    """Train on a machine type's training normals, and score and embed all its clips."""
    from dcase_explore.enrich import baseline, network

    there = np.array([path in frames for path in paths])
    fit_on = group.reference & there if (group.reference & there).any() else there
    mse, mahala = np.full((2, len(paths)), np.nan, np.float32)
    embeddings = np.full((len(paths), 1), np.nan, np.float32)
    checkpoint = cache_folder("trainings") / f"{key}.pt"
    training, rows = frames.training(paths[row] for row in np.flatnonzero(fit_on))
    if len(rows):
        doing = f"training the autoencoder of {group.machine_type}"
        trained, validation = network.train(training, rows, epochs, checkpoint, doing)
        note(f"{AE}: {group.machine_type}: validation error {validation:.3g} dB² after {counted(epochs, 'epoch')}")
        covariances = [baseline.Covariance(), baseline.Covariance()]
        means, bottlenecks = np.zeros((len(paths), network.INPUT)), []
        which = np.flatnonzero(there)
        for row in track(which, len(which), f"scoring {group.machine_type}"):
            residual, bottleneck = network.residuals(trained, windows(frames.of(paths[row])))
            mse[row], means[row] = np.mean(residual**2, dtype=np.float64), residual.mean(axis=0, dtype=np.float64)
            bottlenecks.append(bottleneck)
            if fit_on[row]:
                covariances[int(target[row])].add(residual)
        inverses = [each.inverse() for each in covariances]
        usable = [each for each in inverses if each is not None]
        if inverses[1] is None and target[fit_on].any():
            note(
                f"{AE}_mahala: {group.machine_type}: too few target training windows ({covariances[1].count:,}) for a "
                f"covariance of {network.INPUT} values: by the source domain's alone"
            )
        if usable:
            mahala[there] = baseline.selective_mahalanobis(means[there], usable)
        reduced = baseline.reduced(bottlenecks, fit_on[there])
        embeddings = np.full((len(paths), reduced.shape[1]), np.nan, np.float32)
        embeddings[there] = reduced
    store.put({f"{key} mse": mse, f"{key} mahala": mahala, f"{key} embeddings": embeddings})
    checkpoint.unlink(missing_ok=True)


def _score(result: Enriched, embedding: str, score: "ears.Score", how: str, store: Store) -> None:
    column = f"anomaly_score_{score[0]}"
    if _is_there(result.frame, column):
        return
    result.frame = ears.with_score(result.frame, embedding, score, store)
    if column in result.frame:
        result.made[column] = (
            f"Of {embedding}: {how}, among training normals of its machine type; {_versions('scikit-learn')}"
        )


def _maps(result: Enriched, store: Store) -> None:
    for name in members(result.frame.columns, "embeddings_<embedding>"):
        if _is_there(result.frame, f"map_{name}_x"):
            continue
        result.frame = maps.with_map(result.frame, name, store)
        for axis in "xy":
            result.made[f"map_{name}_{axis}"] = f"{maps.RECIPE.partition(': ')[2]}; {_versions('umap-learn')}"
