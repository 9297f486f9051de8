"""Recordings listened to once: their embedding, what was wrong with them, and their frames while those are needed."""

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import groupby

import numpy as np

from dcase_explore.enrich import logmel
from dcase_explore.enrich.frames import Frames
from dcase_explore.messages import counted, note, some
from dcase_explore.progress import track
from dcase_explore.store import Store, digest_of

_BATCH = 64


@dataclass
class Hearing:
    """
    What is known of recordings by listening to them.

    Attributes
    ----------
    heard
        By path, without frames; of those that can be read.
    problems
        By path: why it cannot be read.
    """

    heard: dict[str, logmel.Heard] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def report(self) -> None:
        """Say what a listener should know."""
        if self.problems:
            reasons = some((f"{path} ({reason})" for path, reason in self.problems.items()), 5)
            note(f"{counted(len(self.problems), 'recording')} that cannot be read, shown without sound: {reasons}")
        for remark in logmel.REMARKS:
            paths = [path for path, result in self.heard.items() if remark in result.remarks]
            if paths:
                note(f"{counted(len(paths), 'recording')} (such as {paths[0]}) with {remark}")


def hear(
    groups: Mapping[str, list[str]],
    digests: Mapping[str, str],
    with_frames: Mapping[str, Callable[[Frames], None]],
    store: Store,
) -> Hearing:
    """
    Listen to recordings, those kept already left out.

    Parameters
    ----------
    groups
        Paths, by the machine type they belong to.
    digests
        Of their content, by path; those that cannot be read lack one.
    with_frames
        By machine type: what to do with the frames of its recordings, once all are heard. They are forgotten then.
    store
        Where embeddings are kept.

    Returns
    -------
    Hearing
        Of all of them.
    """
    keys = {path: digest_of(logmel.RECIPE, digest) for path, digest in digests.items()}
    kept = store.get(keys.values())

    def is_known(path: str) -> bool:
        # A recording that failed is heard again, for its reason; failures are few.
        return path in keys and keys[path] in kept and kept[keys[path]].size > 0

    to_hear = [
        (machine, path)
        for machine, paths in groups.items()
        for path in dict.fromkeys(paths)
        if machine in with_frames or not is_known(path)
    ]
    result = Hearing()
    frames = {machine: Frames() for machine in with_frames}
    fresh: dict[str, np.ndarray] = {}
    try:
        for machine, of_machine in groupby(_listen_to_all(to_hear, frames), key=lambda found: found[0]):
            for _, path, heard in of_machine:
                if heard.problem:
                    result.problems[path] = heard.problem
                if path in keys:
                    fresh[keys[path]] = heard.packed()
                if len(fresh) >= _BATCH:
                    store.put(fresh)
                    kept.update(fresh)
                    fresh = {}
            if machine in with_frames:
                with frames[machine]:
                    with_frames[machine](frames[machine])
    finally:
        for each in frames.values():
            each.close()
    store.put(fresh)
    kept.update(fresh)
    # In the order of the table, so that the same is said of it each time.
    paths = [path for paths in groups.values() for path in paths]
    result.heard = {path: logmel.Heard.unpacked(kept[keys[path]]) for path in paths if is_known(path)}
    return result


def _listen_to_all(
    to_hear: list[tuple[str, str]], frames: Mapping[str, Frames]
) -> Iterable[tuple[str, str, logmel.Heard]]:
    """Machine type, path and what was heard, in order; frames are put away on the way."""
    if not to_hear:
        return

    def listen(which: tuple[str, str]) -> tuple[str, str, logmel.Heard]:
        machine, path = which
        heard = logmel.listen(path)
        if machine in frames and heard.frames is not None:
            frames[machine].add(path, heard.frames)
        return machine, path, replace(heard, frames=None)

    from threadpoolctl import threadpool_limits

    # Threads suffice: reading, transforms and matrix products leave the interpreter lock. Products on threads of their
    # own would only be in their way, and sums in another order have other last digits.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            yield from track(pool.map(listen, to_hear), len(to_hear), "listening to recordings")
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
