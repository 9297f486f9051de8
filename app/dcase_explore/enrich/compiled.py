"""UMAP's compiled functions, kept between runs: to compile them takes longer than to place some thousand clips."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dcase_explore.cache import cache_folder
from dcase_explore.errors import ExploreError

_PACKAGES = ("umap-learn", "pynndescent", "numba")


def keep_compiled() -> None:
    """
    Have numba look for UMAP's compiled functions in the cache, and keep there what it compiles.

    To be called once `umap` is imported. ``$NUMBA_CACHE_DIR`` is taken for the folder where it is set.
    """
    if "numba" not in sys.modules:  # another UMAP than that of umap-learn
        return
    with _kept_in(str(_folder())):
        for function in _functions():
            function.enable_caching()


def compile_anew() -> None:
    """Have nothing of it looked for or kept any more in this process, and what is kept made again by the next."""
    if "numba" not in sys.modules:
        return
    from numba.core.caching import NullCache

    with suppress(ExploreError):
        shutil.rmtree(_folder(), ignore_errors=True)
    for function in _functions():
        function._cache = NullCache()


def _folder() -> Path:
    # A function is compiled together with those that it calls, whose change numba does not see: by version, then.
    return cache_folder("compiled", "-".join(f"{name}-{version(name)}" for name in _PACKAGES))


def _functions() -> Iterator[Any]:
    """All of UMAP's and its search's that numba compiles when they are first called."""
    from numba.core.dispatcher import Dispatcher

    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("umap", "pynndescent"):
            yield from (one for one in vars(module).values() if isinstance(one, Dispatcher))


@contextmanager
def _kept_in(folder: str) -> Iterator[None]:
    from numba.core import config

    before = config.CACHE_DIR
    config.CACHE_DIR = before or folder
    try:
        yield
    finally:
        config.CACHE_DIR = before
