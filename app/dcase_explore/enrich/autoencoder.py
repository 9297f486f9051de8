"""Stage of the baseline's autoencoder: a network per machine type, and what it makes of each clip."""

from functools import partial

import numpy as np
import pandas as pd
import torch

from dcase_explore.cache import cache_folder
from dcase_explore.enrich import baseline, ears, logmel, network
from dcase_explore.enrich.enriched import Enriched, Settings, is_there, versions
from dcase_explore.enrich.frames import Frames, windows
from dcase_explore.enrich.hearing import hear
from dcase_explore.messages import counted, note, some
from dcase_explore.progress import track
from dcase_explore.score_names import AE
from dcase_explore.store import Store, digest_of


def add_autoencoder(result: Enriched, digests: dict[str, str], settings: Settings, store: Store) -> None:
    """
    Add the baseline's embedding and its two scores.

    Parameters
    ----------
    result
        What there is so far; it is added to.
    digests
        Of the recordings' content, by path.
    settings
        Of which the epochs count.
    store
        Where results are kept.
    """
    if is_there(result.frame, f"embeddings_{AE}") or is_there(result.frame, f"anomaly_score_{AE}"):
        return
    frame = result.frame
    its_groups = ears.groups(frame, frame["path"].notna().to_numpy())
    ears.say_how_fitted(its_groups, f"the scores {AE} and {AE}_mahala are", 1)
    on = settings.on or network.device().type
    recipe = f"baseline 1; {network.RECIPE}; {settings.epochs} epochs; torch {torch.__version__}; {on}"
    domains = frame["domain"].astype(object).where(frame["domain"].notna(), "") if "domain" in frame else None
    keys, to_do, paths = {}, {}, {}
    for group in its_groups:
        group_paths = list(frame["path"].iloc[group.rows])
        target = (
            np.zeros(len(group_paths), bool) if domains is None else (domains.iloc[group.rows] == "target").to_numpy()
        )
        key = digest_of(ears.pca_key(group_paths, group.reference, digests, logmel.RECIPE), recipe, target.tobytes())
        paths[group.machine_type], keys[group.machine_type] = group_paths, key
        if not store.get([f"{key} embeddings"]):
            one = partial(_of_machine_type, group, group_paths, target, key, settings.epochs, store)
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
    how = f"{network.RECIPE}, {settings.epochs} epochs on {ears.FITTED_ON}; {versions('torch')}"
    result.made[f"embeddings_{AE}"] = f"Bottleneck, reduced to {width} by PCA on training clips. {how}"
    result.made[f"anomaly_score_{AE}"] = f"Mean squared error, dB². {how}"
    result.made[f"anomaly_score_{AE}_mahala"] = f"Selective Mahalanobis distance. {how}"
    named = {f"anomaly_score_{name}": values for name, values in scores.items() if not np.isnan(values).all()}
    result.frame = frame.assign(**named, **{f"embeddings_{AE}": vectors})


def _of_machine_type(
    group: ears.Group, paths: list[str], target: np.ndarray, key: str, epochs: int, store: Store, frames: Frames
) -> None:
    """Train on a machine type's training normals, and score and embed all its clips."""
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
        if inverses[0] is not None and inverses[1] is None and target[fit_on].any():
            note(
                f"{AE}_mahala: {group.machine_type}: too few target training windows ({covariances[1].count:,}) for a "
                f"covariance of {network.INPUT} values: by the source domain's alone"
            )
        if not usable:
            count = sum(each.count for each in covariances)
            note(
                f"{AE}_mahala: {group.machine_type}: too few training windows ({count:,}) for a covariance of "
                f"{network.INPUT} values: no score"
            )
        else:
            mahala[there] = baseline.selective_mahalanobis(means[there], usable)
        reduced = baseline.reduced(bottlenecks, fit_on[there])
        embeddings = np.full((len(paths), reduced.shape[1]), np.nan, np.float32)
        embeddings[there] = reduced
    store.put({f"{key} mse": mse, f"{key} mahala": mahala, f"{key} embeddings": embeddings})
    checkpoint.unlink(missing_ok=True)
