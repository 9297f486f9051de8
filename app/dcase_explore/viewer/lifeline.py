"""How a process ends that serves another one: with the pipe on which it is told things, or with that other process."""

import multiprocessing
import os
import queue
import sys
import threading
import time
from collections.abc import Callable


def lines_of(parent: int, put_away: Callable[[], None]) -> "queue.SimpleQueue[str]":
    """
    Listen on stdin.

    Parameters
    ----------
    parent
        Process that started this one; it may be gone while another child of it still holds the pipe.
    put_away
        Called before this process ends: at once with an empty line or the end of the pipe, amid whatever is done.

    Returns
    -------
    queue.SimpleQueue
        Of lines, as they come.
    """
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def end() -> None:
        for worker in multiprocessing.active_children():
            worker.kill()
        put_away()
        os._exit(0)

    def listen() -> None:
        for line in sys.stdin:
            if line == "\n":
                break
            lines.put(line.rstrip("\n"))
        end()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        end()

    threading.Thread(target=listen, daemon=True).start()
    if os.name == "posix":  # on Windows nobody else holds the pipe, and a launcher stands between the two processes
        threading.Thread(target=watch, daemon=True).start()
    return lines
