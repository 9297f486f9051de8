"""Our widgets' modules in a browser, without Spotlight: served from their folder by a tiny server."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FRONTEND = Path(__file__).parents[1] / "app" / "renumics" / "spotlight_plugins" / "dcase_explore" / "frontend"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served_modules() -> Iterator[str]:
    """Address under which the modules lie, for `import()` in a page of the same address."""
    handler = functools.partial(_Quiet, directory=str(FRONTEND))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
