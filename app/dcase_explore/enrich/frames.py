"""Log-mel frames of many recordings, in a file that vanishes: none but those at work are in memory."""

import errno
import os
import tempfile
import threading
from collections.abc import Iterable
from types import TracebackType

import numpy as np

from dcase_explore.cache import cache_folder
from dcase_explore.errors import ExploreError

WINDOW = 5
"""Consecutive frames that are looked at together, as the baseline does."""


def windows(frames: np.ndarray) -> np.ndarray:
    """
    Consecutive frames side by side, as the baseline's input.

    Parameters
    ----------
    frames
        Log-mel frames, float32, shape (frames, bands). Of fewer than five, the last is repeated.

    Returns
    -------
    numpy.ndarray
        float32, shape (frames - 4, 5 · bands): the first frame's bands, then the next one's.
    """
    lacking = max(0, WINDOW - len(frames))
    padded = np.pad(frames, ((0, lacking), (0, 0)), mode="edge") if lacking else frames
    view = np.lib.stride_tricks.sliding_window_view(padded, WINDOW, axis=0)
    return np.ascontiguousarray(view.transpose(0, 2, 1)).reshape(len(view), -1)


class Frames:
    """
    Frames by name, on disk. Use as a context manager; threads may add at the same time.

    Raises
    ------
    ExploreError
        When there is no space for them.
    """

    def __init__(self) -> None:
        # Without a name from the start: nothing is left, however the program ends.
        self._file = tempfile.TemporaryFile(dir=cache_folder(), buffering=0)  # noqa: SIM115 - closed by __exit__
        self._lock = threading.Lock()
        self._places: dict[str, tuple[int, tuple[int, int]]] = {}
        self._end = 0

    def __enter__(self) -> "Frames":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget them all."""
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def add(self, name: str, frames: np.ndarray) -> None:
        """Keep the frames of a recording: float32, shape (frames, bands)."""
        content = np.ascontiguousarray(frames, dtype=np.float32)
        with self._lock:
            offset, self._end = self._end, self._end + content.nbytes
        try:
            if os.pwrite(self._file.fileno(), content.tobytes(), offset) < content.nbytes:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            reason = error.strerror or error
            raise ExploreError(f"{cache_folder()} has no room for what is heard ({reason}): free some space") from error
        self._places[name] = offset, content.shape

    def training(self, names: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """
        Windows of many recordings, to be drawn from at random.

        Parameters
        ----------
        names
            Of recordings; those of fewer than five frames have no window here.

        Returns
        -------
        windows : numpy.ndarray
            float32, shape (windows, 640): a view of the file, of which ``windows[rows]`` reads these rows alone.
        rows : numpy.ndarray
            int64: those that lie within one of the recordings.
        """
        bands = 128
        self._file.flush()
        if self._end < 4 * WINDOW * bands:
            return np.empty((0, WINDOW * bands), np.float32), np.empty(0, np.int64)
        flat = np.memmap(self._file, dtype=np.float32, mode="r")
        view = np.lib.stride_tricks.sliding_window_view(flat, WINDOW * bands)[::bands]
        recordings = [self._places[name] for name in names]
        runs = [np.arange(max(0, shape[0] - WINDOW + 1)) + offset // (4 * bands) for offset, shape in recordings]
        return view, np.concatenate(runs) if runs else np.empty(0, np.int64)

    def of(self, name: str) -> np.ndarray:
        """Frames of a recording, float32, shape (frames, bands)."""
        offset, shape = self._places[name]
        content = os.pread(self._file.fileno(), 4 * shape[0] * shape[1], offset)
        return np.frombuffer(content, dtype=np.float32).reshape(shape)
