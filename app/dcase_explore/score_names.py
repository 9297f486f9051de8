"""Names of the scores and embeddings that come with the data or are computed here; any other is somebody's own."""

from collections.abc import Iterable

LOGMEL, LOGMEL_LOF, LOGMEL_PCA = "logmel", "logmel_lof", "logmel_pca"
"""Names of the embedding and the scores that are computed here of recordings."""
_KNN = "_knn"


def knn_of(embedding: str) -> str:
    """
    Score by the nearest training normals in an embedding.

    Parameters
    ----------
    embedding
        Its name.

    Returns
    -------
    str
        Name of the score.
    """
    return f"{embedding}{_KNN}"


AST, AE = "ast-finetuned-audioset-10-10-0.4593", "dcase2023_task2_baseline_ae"
"""Embeddings of the enriched dataset, and the score of its autoencoder; what enrichment by models adds."""
_COMES_WITH_IT = (AST, AE)
BUILT_IN = frozenset(
    {
        *(
            *_COMES_WITH_IT,
            *map(knn_of, _COMES_WITH_IT),
            f"{AE}_mahala",
            "embedding_lof",
            "dev_train_lof",
            "add_train_lof",
        ),
        *(LOGMEL, LOGMEL_LOF, LOGMEL_PCA),
    }
)
"""Scores and embeddings that come with the data or from enrichment; anything else is the user's own and goes first."""


def lof_of(embedding: str) -> str:
    """
    Score by the local outlier factor of an embedding.

    Parameters
    ----------
    embedding
        Its name.

    Returns
    -------
    str
        Name of the score: the enriched dataset's own for its AST.
    """
    return "embedding_lof" if embedding == AST else f"{embedding}_lof"


def is_light(score: str, columns: Iterable[str]) -> bool:
    """
    Whether a score is one of the light ears, which are no contenders.

    Parameters
    ----------
    score
        Its name.
    columns
        Of the clip table it stands in.

    Returns
    -------
    bool
        True for those that are computed here of recordings, or of an embedding that the table has.
    """
    of = score.removesuffix(_KNN)
    return score in (LOGMEL_LOF, LOGMEL_PCA) or (of != score and f"embeddings_{of}" in set(columns))


def name_problem(name: str) -> str | None:
    """
    What keeps a name from being that of somebody's model.

    Parameters
    ----------
    name
        Of a score or an embedding.

    Returns
    -------
    str or None
        Part of a sentence.
    """
    if name in (LOGMEL, LOGMEL_LOF, LOGMEL_PCA) or name in map(knn_of, _COMES_WITH_IT):
        return "that name is taken by what is computed here"
    return f"prediction_{name} would mean something else" if name.startswith("correct_") else None


_OF_NEAREST = "Distance to the nearest training normal (k = 1) of its machine type in that embedding."
COMPUTED = {
    **{knn_of(name): _OF_NEAREST for name in _COMES_WITH_IT},
    LOGMEL_LOF: "Local outlier factor of the log-mel embedding among the training normals of its machine type.",
    LOGMEL_PCA: "Error with which 8 principal components of the training normals' log-mel frames, 5 at a time, "
    "reconstruct the clip's: the linear sister of the baseline's autoencoder.",
}
"""What is said of scores that are computed here."""
IN_SHORT = {
    AST: "AST",
    AE: "baseline AE",
    f"{AE}_mahala": "baseline AE, Mahalanobis",
    knn_of(AST): "AST, nearest normal",
    knn_of(AE): "baseline AE, nearest normal",
}
"""Names that are too long to be read in a heading."""
