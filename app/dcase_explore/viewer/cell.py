"""The page in a notebook's cell."""

import html
import json
import secrets
import socket
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from dcase_explore.exploration import Exploration
    from dcase_explore.viewer.handle import Viewer

_ALIVE = "dcase-explore is here"
"""What the page tells the notebook that holds it."""
NEAR_SECONDS, WAIT_SECONDS = 5, 20
"""Until a page that says nothing is looked for on the notebook's machine, and until it is taken to have ended."""
_FRAME = """<div id="{id}">
<iframe src="{url}" width="100%" height="{height}" style="border: 1px solid #ccc" allow="autoplay; fullscreen"></iframe>
<div><a href="{url}" target="_blank" rel="noopener">open it large</a> <span></span></div>
<script>
(() => {{
  const cell = document.getElementById({id_json});
  const said = cell.querySelector("span");
  let frame = cell.querySelector("iframe");
  addEventListener("message", (event) => {{
    if (event.source !== frame.contentWindow || event.data !== {alive_json}) return;
    (globalThis.dcaseExplore ??= {{}})[{page_json}] = true;
    cell.dataset.alive = "yes";
    frame.hidden = false;
    said.textContent = "";
    document.querySelectorAll('details[data-page={page_json}]').forEach((its) => {{ its.open = false; }});
  }});
  setTimeout(() => {{
    if (cell.dataset.alive || !cell.isConnected) return;
    frame.hidden = true;
    said.textContent ||= {ended_json};
  }}, {wait});
  const here = location.hostname, served = location.protocol.startsWith("http");
  const local = !served || ["localhost", "127.0.0.1", "[::1]"].includes(here);
  const throughNotebook = () => {{
    const config = document.getElementById("jupyter-config-data");
    const base = (config && JSON.parse(config.textContent).baseUrl) || document.body.dataset.baseUrl || "/";
    const page = `${{base.replace(/\\/?$/, "/")}}proxy/{port}/?token={token}`;
    return fetch(page).then((answer) => {{ if (!answer.ok) throw answer; return page; }});
  }};
  const colab = globalThis.google?.colab?.kernel; // which has a way of its own
  const throughColab = () => colab.proxyPort({port}).then((root) => `${{root.replace(/\\/?$/, "/")}}?token={token}`);
  const show = (page) => {{
    if (cell.dataset.alive) return;
    const other = frame.cloneNode(); // a new one, for what fails in the old one may do so later
    other.src = cell.querySelector("a").href = page;
    frame.replaceWith(other);
    frame = other;
  }};
  const fromAfar = () => (colab?.proxyPort ? throughColab() : throughNotebook()).then(
    show,
    () => {{ if (!cell.dataset.alive) said.textContent = local ? {silent_json} : {far_json}; }});
  if (here.includes("vscode")) return;
  if (!local) {{
    frame.src = "about:blank"; // on the reader's machine that port is somebody else's
    fromAfar();
  }} else if (served) {{
    // Through ssh the notebook is at localhost as well, and its kernel is not.
    setTimeout(() => {{ if (!cell.dataset.alive && cell.isConnected) fromAfar(); }}, {near});
  }}
}})();
</script>
</div>"""
_ELSEWHERE = "<div>shown in the view above; <code>show(…, new=True)</code> opens another</div>"
_ENDED = "The program that showed this has ended: run the cell again. What was found is told below."
_LEFT = """<details open data-page="{page}" id="{id}">
<summary>What was found, for whoever reads this without the program</summary>
{stills}
<script>
if (globalThis.dcaseExplore?.[{page_json}]) document.getElementById({id_json}).open = false;
</script>
</details>"""


def in_notebook() -> bool:
    """Whether cells can show pages: a Jupyter kernel, not a terminal."""
    shell = _shell()
    return shell is not None and hasattr(shell, "kernel")


def in_ipython() -> bool:
    """Whether this runs in IPython, in a terminal or in a kernel."""
    return _shell() is not None


def display(viewer: "Viewer", height: int, exploration: "Exploration") -> None:
    """
    Show the page in the cell that runs, and leave there what was found, for when the page is no more.

    A cell above that shows it already goes on doing so, and this one says so. What is left stays folded while the page
    answers.

    Parameters
    ----------
    viewer
        Where the page is.
    height
        In pixels.
    exploration
        What it shows.
    """
    from IPython.display import HTML
    from IPython.display import display as show

    from dcase_explore.reporting.stills import stills

    cell = _cell()
    if viewer.cell is not None and cell is not None and viewer.cell != cell:
        show(HTML(_ELSEWHERE))
    else:
        viewer.cell = cell
        show(HTML(_frame(viewer, height)))
    name = f"dcase-explore-{secrets.token_hex(6)}"
    left = _LEFT.format(
        id=name,
        id_json=json.dumps(name),
        page=viewer.page,
        page_json=json.dumps(viewer.page),
        stills=stills(exploration),
    )
    show(HTML(left))


def _frame(viewer: "Viewer", height: int) -> str:
    port = urlsplit(viewer.url).port
    ways = (
        f"pip install jupyter-server-proxy there, or run "
        f"ssh -L {port}:127.0.0.1:{port} {socket.gethostname()} here and open {viewer.url}"
    )
    far = f"This notebook runs on another machine: {ways}"
    silent = f"{viewer.url} does not answer here. If this notebook runs on another machine: {ways}"
    name = f"dcase-explore-{secrets.token_hex(6)}"
    return _FRAME.format(
        id=name,
        id_json=json.dumps(name),
        url=html.escape(viewer.url),
        height=int(height),
        port=port,
        token=viewer.token,
        page_json=json.dumps(viewer.page),
        alive_json=json.dumps(_ALIVE),
        ended_json=json.dumps(_ENDED),
        wait=1000 * WAIT_SECONDS,
        far_json=json.dumps(far),
        silent_json=json.dumps(silent),
        near=1000 * NEAR_SECONDS,
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
