"""The page in a notebook's cell."""

import html
import json
import secrets
import socket
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from dcase_explore.viewer.handle import Viewer

_FRAME = """<div id="{id}">
<iframe src="{url}" width="100%" height="{height}" style="border: 1px solid #ccc" allow="autoplay; fullscreen"></iframe>
<div><a href="{url}" target="_blank" rel="noopener">open it large</a> <span></span></div>
<script>
(() => {{
  const cell = document.getElementById({id_json});
  const here = location.hostname;
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(here) || !location.protocol.startsWith("http");
  if (local || here.includes("vscode")) return;
  const frame = cell.querySelector("iframe");
  frame.src = "about:blank"; // on the reader's machine that port is somebody else's
  const config = document.getElementById("jupyter-config-data");
  const base = (config && JSON.parse(config.textContent).baseUrl) || document.body.dataset.baseUrl || "/";
  const page = `${{base.replace(/\\/?$/, "/")}}proxy/{port}/?token={token}`;
  fetch(page).then((answer) => {{ if (!answer.ok) throw answer; }}).then(
    () => {{ frame.src = page; cell.querySelector("a").href = page; }},
    () => {{ cell.querySelector("span").textContent = {far_json}; }});
}})();
</script>
</div>"""
_ELSEWHERE = "<div>shown in the view above; <code>show(…, new=True)</code> opens another</div>"


def in_notebook() -> bool:
    """Whether cells can show pages: a Jupyter kernel, not a terminal."""
    shell = _shell()
    return shell is not None and hasattr(shell, "kernel")


def display(viewer: "Viewer", height: int) -> None:
    """
    Show the page in the cell that runs.

    A cell above that shows it already goes on doing so, and this one says so.

    Parameters
    ----------
    viewer
        Where the page is.
    height
        In pixels.
    """
    from IPython.display import HTML
    from IPython.display import display as show

    cell = _cell()
    if viewer.cell is not None and cell is not None and viewer.cell != cell:
        show(HTML(_ELSEWHERE))
        return
    viewer.cell = cell
    show(HTML(_frame(viewer, height)))


def _frame(viewer: "Viewer", height: int) -> str:
    port = urlsplit(viewer.url).port
    far = (
        f"This notebook runs on another machine: pip install jupyter-server-proxy there, or run "
        f"ssh -L {port}:127.0.0.1:{port} {socket.gethostname()} here and open {viewer.url}"
    )
    name = f"dcase-explore-{secrets.token_hex(6)}"
    return _FRAME.format(
        id=name,
        id_json=json.dumps(name),
        url=html.escape(viewer.url),
        height=int(height),
        port=port,
        token=viewer.token,
        far_json=json.dumps(far),
    )


def _shell() -> Any:
    """IPython's shell, where this runs in one; IPython is not imported for that."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module else None


def _cell() -> str | None:
    """Identity of the cell that runs, where the notebook tells it."""
    try:
        message = _shell().kernel.get_parent("shell")
    except (AttributeError, LookupError):
        return None
    cell: str | None = message.get("metadata", {}).get("cellId")
    return cell
