"""The curated layouts are found wherever the package lies: checkout, editable install, installed wheel."""

import json
import os
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WHERE = "from dcase_explore.layouts.curated import *; print(curated_folder(), *curated_names())"


def layouts_found(python_path: Path | None, cwd: Path, isolated: bool = False) -> tuple[Path, list[str]]:
    """Folder and names of the curated layouts, as a fresh interpreter finds them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if python_path:
        environment["PYTHONPATH"] = str(python_path)
    flags = ["-S"] if isolated else []  # without site-packages: nothing installed can help
    result = subprocess.run(
        [sys.executable, *flags, "-c", WHERE], cwd=cwd, env=environment, capture_output=True, text=True, check=True
    )
    folder, *names = result.stdout.split()
    return Path(folder), names


def names_in_checkout() -> list[str]:
    return sorted(path.stem for path in (ROOT / "layouts").glob("*.json"))


def test_from_a_checkout(tmp_path: Path) -> None:
    assert layouts_found(ROOT / "app", tmp_path, isolated=True) == (ROOT / "layouts", names_in_checkout())


def test_from_an_editable_install(tmp_path: Path) -> None:
    direct = json.loads(distribution("dcase-explore").read_text("direct_url.json") or "{}")
    if not direct.get("dir_info", {}).get("editable"):
        pytest.skip("the package is not installed editable here")
    assert layouts_found(None, tmp_path) == (ROOT / "layouts", names_in_checkout())


PLUGIN = """
import importlib.util, pathlib, renumics, renumics.spotlight_plugins as plugins
print(*plugins.__path__, sep="\\n")
plugin = importlib.import_module("renumics.spotlight_plugins.dcase_explore")
print(len(list(plugin.FRONTEND.glob("*.js"))), (plugin.FRONTEND / "main.js").is_file())
print(importlib.util.find_spec("renumics.spotlight").origin, getattr(renumics, "__file__", None))
"""


def plugin_found(python_path: Path | None, cwd: Path) -> tuple[list[str], str, str]:
    """Where plugins of Spotlight lie, what ours has, and whether Spotlight itself is still found."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if python_path:
        environment["PYTHONPATH"] = str(python_path)
    command = [sys.executable, "-c", f"import importlib\n{PLUGIN}"]
    result = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=True)
    *places, modules, spotlight = result.stdout.splitlines()
    return places, modules, spotlight


def modules_in_checkout() -> int:
    return len(list((ROOT / "app/renumics/spotlight_plugins/dcase_explore/frontend").glob("*.js")))


def test_the_plugin_does_not_hide_the_spotlight_that_is_installed(tmp_path: Path) -> None:
    places, modules, spotlight = plugin_found(ROOT / "app", tmp_path)
    assert len(places) >= 2, "the namespace has two parts: Spotlight's and ours"
    assert modules == f"{modules_in_checkout()} True"
    assert spotlight.endswith("__init__.py None")


def test_from_an_installed_wheel(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    folder, names = layouts_found(site, tmp_path, isolated=True)
    assert site in folder.parents
    assert names == names_in_checkout() != []
    assert not list(site.glob("renumics/__init__.py")) + list(site.glob("renumics/spotlight_plugins/__init__.py"))
    places, modules, spotlight = plugin_found(site, tmp_path)
    assert str(site / "renumics" / "spotlight_plugins") in places
    assert modules == f"{modules_in_checkout()} True"
    assert spotlight.endswith("__init__.py None")
