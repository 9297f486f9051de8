"""What models are called: by the folder their results lie in, or by the one above where several are called alike."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path


def model_names(folders: Sequence[Path]) -> list[str]:
    """
    A name for the model of each folder, none of them twice.

    Parameters
    ----------
    folders
        Absolute, each once.

    Returns
    -------
    list of str
        The folder's own name; of several folders called alike those of the folders in which they differ.

    Examples
    --------
    >>> model_names([Path("/runs/a/result"), Path("/runs/b/result"), Path("/runs/mse")])
    ['a', 'b', 'mse']
    """
    names = [folder.name for folder in folders]
    for name in [name for name, count in Counter(names).items() if count > 1]:
        places = [number for number, own in enumerate(names) if own == name]
        for index, told in zip(places, _apart([folders[number].parts[1:] for number in places]), strict=True):
            names[index] = told
    if len(set(names)) < len(names):
        # A folder that is called as another one's parent: names that say more.
        return ["_".join(parts) for parts in _tails([folder.parts[1:] for folder in folders])]
    return names


def _apart(paths: list[tuple[str, ...]]) -> list[str]:
    """By the last parts in which paths differ."""
    common = 0
    while all(len(path) > common + 1 for path in paths) and len({path[-1 - common] for path in paths}) == 1:
        common += 1
    return ["_".join(tail) for tail in _tails([path[: len(path) - common] for path in paths])]


def _tails(paths: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """As many last parts of each as it takes to tell them apart."""
    count = 1
    while len({path[-count:] for path in paths}) < len(paths) and count < max(map(len, paths)):
        count += 1
    return [path[-count:] for path in paths]
