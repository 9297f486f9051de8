"""
The enriched dataset as a clip table: metadata, scores and embeddings joined by clip.

What is read from the hub's files is kept as Parquet beside them, so that each is read once.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dcase_explore import clips, parquet
from dcase_explore.errors import ExploreError, meant
from dcase_explore.hub.facts import clip_id_of, facts, measures, read_csv
from dcase_explore.hub.pickled import read_vectors
from dcase_explore.hub.repository import Repository
from dcase_explore.messages import counted, note, some
from dcase_explore.progress import busy

PARTS = {"dev": ("train", "test"), "add": ("train",), "eval": ("test",)}
"""Configs, and the splits that each has files of."""
AST = "ast-finetuned-audioset-10-10-0.4593"
LOF = {"dev": "dev_train_lof", "add": "add_train_lof", "eval": "add_train_lof"}
"""The outlier scores that belong to each config's machine types, which serve as an anomaly score."""

_FORMAT = 1
"""Counted up when the kept tables change."""
_EMBEDDINGS = re.compile(r"data/(?:MIT_)?(?P<name>.+)-embeddings_(?P<part>\w+?_(?:train|test))\.npz")


@dataclass(frozen=True)
class EmbeddingFile:
    """
    One npz file of the repository.

    Attributes
    ----------
    file
        Its name there.
    name
        Of the embedding.
    split
        Whose clips it has.
    """

    file: str
    name: str
    split: str


def check_configs(configs: Iterable[str]) -> None:
    """
    Refuse what is no config.

    Parameters
    ----------
    configs
        As people gave them.

    Raises
    ------
    ExploreError
        It names the nearest.
    """
    for config in configs:
        if config not in PARTS:
            raise ExploreError(f"there is no config {config}: {meant(config, PARTS)}")


def embedding_files(repository: Repository, config: str) -> list[EmbeddingFile]:
    """
    Embeddings that the repository has of a config.

    Parameters
    ----------
    repository
        At its commit.
    config
        ``"dev"``, ``"add"`` or ``"eval"``.

    Returns
    -------
    list of EmbeddingFile
        By name, then as the splits stand in `PARTS`.
    """
    parts = {f"{config}_{split}": split for split in PARTS[config]}
    matches = [match for file in repository.files if (match := _EMBEDDINGS.fullmatch(file)) and match["part"] in parts]
    found = [EmbeddingFile(match.string, match["name"], parts[match["part"]]) for match in matches]
    return sorted(found, key=lambda embedding: (embedding.name, PARTS[config].index(embedding.split)))


def fetch_embeddings(repository: Repository, configs: Iterable[str], names: Sequence[str]) -> None:
    """
    Fetch embeddings besides the AST's; from then on `read_config` has them.

    Parameters
    ----------
    repository
        At its commit.
    configs
        Whose clips; a config that has no such embedding is passed over if another has.
    names
        Of the embeddings.

    Raises
    ------
    ExploreError
        When none of the configs has one, or it cannot be had.
    """
    there = [embedding for config in configs for embedding in embedding_files(repository, config)]
    known = dict.fromkeys(embedding.name for embedding in there)
    for name in names:
        if name not in known:
            raise ExploreError(f"{repository.name} has no embedding {name} of {some(configs)}: {meant(name, known)}")
    for embedding in there:
        if embedding.name in names:
            _vectors(repository, embedding)


def read_config(repository: Repository, config: str) -> pd.DataFrame:
    """
    Clip table of one config, with the AST's embeddings and all that were fetched.

    Parameters
    ----------
    repository
        At its commit.
    config
        ``"dev"``, ``"add"`` or ``"eval"``.

    Returns
    -------
    pandas.DataFrame
        Conforming clip table without paths.

    Raises
    ------
    ExploreError
        When a file cannot be had or is not what it should be, or there is no such config.
    """
    check_configs([config])
    there = embedding_files(repository, config)
    names = list(dict.fromkeys(embedding.name for embedding in there))
    wanted = [embedding for embedding in there if embedding.name == AST or _kept(repository, embedding).exists()]
    vectors = {
        embedding: table for embedding in wanted if (table := _vectors_or_none(repository, embedding)) is not None
    }
    frame = _facts(repository, config, vectors)
    for name in dict.fromkeys(embedding.name for embedding in vectors):
        column = f"embeddings_{name}"
        tables = [table.set_index("clip_id")[column] for embedding, table in vectors.items() if embedding.name == name]
        stacked = pd.concat(tables)
        if len({len(vector) for vector in stacked}) > 1:
            raise ExploreError(f"{repository.name}: the vectors of {name} differ in length between its files")
        joined = stacked[~stacked.index.duplicated()].reindex(frame["clip_id"])
        frame[column] = joined.astype(object).where(joined.notna(), None).to_numpy()
        if missing := int(joined.isna().sum()):
            note(f"{config}: no embedding {name} of {counted(missing, 'clip')}")
    left = [embedding for embedding in there if embedding not in wanted]
    if AST not in names:
        note(f"{config}: the embedding {AST} is not in {repository.name}")
    for name in dict.fromkeys(embedding.name for embedding in left):
        size = sum(repository.files[embedding.file].size for embedding in left if embedding.name == name) / 2**20
        fetch = f"dcase-explore data fetch --embeddings {name}"
        note(f"{config}: the embedding {name} ({size:,.0f} MB) is not fetched: {fetch}")
    return clips.conform(frame)


def known_clips(repository: Repository, config: str) -> set[str]:
    """
    Clips of a config by what was read of it.

    Parameters
    ----------
    repository
        At its commit.
    config
        ``"dev"``, ``"add"`` or ``"eval"``.

    Returns
    -------
    set of str
        ``clip_id`` of each; empty where nothing was read yet.
    """
    read = _read_kept(_facts_file(repository, config))
    return set(read[0]["clip_id"]) if read else set()


def _facts_file(repository: Repository, config: str) -> Path:
    return repository.folder / "tables" / f"{config}-{_FORMAT}.parquet"


def _facts(repository: Repository, config: str, vectors: dict[EmbeddingFile, pd.DataFrame]) -> pd.DataFrame:
    """All but the embeddings; made once, with what there was to say of it, which is said each time."""
    kept = _facts_file(repository, config)
    read = _read_kept(kept)
    if read is None:
        frame, remarks = _make_facts(repository, config, vectors)
        read = frame, {"remarks": remarks}
        parquet.write(frame, kept, read[1])
    for remark in read[1]["remarks"]:
        note(f"{config}: {remark}")
    return read[0]


def _read_kept(path: Path) -> tuple[pd.DataFrame, dict[str, Any]] | None:
    """A kept table, or None where there is none or it is damaged: it can be made again."""
    try:
        return parquet.read(path) if path.exists() else None
    except ExploreError as error:
        note(f"{error}; it is made again")
        return None


def _make_facts(
    repository: Repository, config: str, vectors: dict[EmbeddingFile, pd.DataFrame]
) -> tuple[pd.DataFrame, list[str]]:
    file, split = f"data/{config}_metadata.csv", PARTS[config][-1]
    metadata = read_csv(repository.fetch(file)) if file in repository.files else None
    keys = [clip for table in vectors.values() for clip in table["clip_id"]]
    if metadata is None and not keys:
        raise ExploreError(
            f"{repository.name} has neither {file} nor an embedding of {config}: "
            f"there are {some(sorted(repository.files), 8)}"
        )
    frame, remarks = facts(dict.fromkeys(keys), split, metadata)
    known = set(frame["clip_id"])
    if unknown := [clip for clip in dict.fromkeys(keys) if clip not in known]:
        remarks.append(
            f"{counted(len(unknown), 'clip')} with an embedding that the metadata lack left out ({unknown[0]})"
        )
    if metadata is None:
        remarks.append(f"{repository.name} has no {file}: domain, label and attributes are what the file names say")
    else:
        more, its_remarks = measures(metadata, frame["clip_id"].to_list(), split)
        frame, remarks = frame.join(more), remarks + its_remarks
    if "data/scores.csv" in repository.files:
        more, its_remarks = measures(read_csv(repository.fetch("data/scores.csv")), frame["clip_id"].to_list(), split)
        frame = frame.join(more[[name for name in more if name not in frame]])
        remarks += its_remarks
        if more.empty or not len(more.columns):
            remarks.append("scores.csv has no score of these clips")
    else:
        remarks.append(f"{repository.name} has no scores.csv, and so no anomaly score")
    return clips.conform(_with_score(frame, LOF[config])), remarks


def _with_score(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """With the outlier score of the repository as an anomaly score: PyOD's LOF, higher is more anomalous."""
    if f"{name}_anomaly_score" not in frame:
        return frame
    frame = frame.assign(**{f"anomaly_score_{name}": frame[f"{name}_anomaly_score"]})
    decisions = frame.get(f"{name}_anomaly")
    if decisions is not None and decisions.dropna().isin((0, 1)).all():
        frame[f"prediction_{name}"] = decisions.map({0: "normal", 1: "anomaly"})
    return frame


def _kept(repository: Repository, embedding: EmbeddingFile) -> Path:
    return repository.folder / "tables" / f"{Path(embedding.file).stem}-{_FORMAT}.parquet"


def _vectors_or_none(repository: Repository, embedding: EmbeddingFile) -> pd.DataFrame | None:
    """``clip_id`` and vector of one npz file; None where it is no good and everything else can be shown without."""
    try:
        return _vectors(repository, embedding)
    except ExploreError as error:
        if embedding.name == AST:
            raise
        note(f"the embedding {embedding.name} is left out: {error}")
        return None


def _vectors(repository: Repository, embedding: EmbeddingFile) -> pd.DataFrame:
    """``clip_id`` and vector of one npz file, which is read once."""
    kept, column = _kept(repository, embedding), f"embeddings_{embedding.name}"
    read = _read_kept(kept)
    if read is not None:
        return read[0]
    path = repository.fetch(embedding.file)
    with busy(f"reading {path.name}"):
        keys, matrix = read_vectors(path)
        table = pd.DataFrame({"clip_id": [clip_id_of(key, embedding.split) for key in keys]})
        table[column] = pd.Series(list(matrix), dtype=object)
        good = table["clip_id"].notna() & ~table["clip_id"].duplicated() & np.isfinite(matrix).all(axis=1)
        if not good.all():
            what = f"{counted(int((~good).sum()), 'entry')} not named like clips, repeated, or not finite"
            note(f"{path.name}: {what}, left out")
        table = table[good].reset_index(drop=True)
        if table.empty:
            raise ExploreError(f"{path} names no clip of the challenge, only {some(keys, 1)}")
        parquet.write(table, kept, {})
    return table
