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


def test_from_an_installed_wheel(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    folder, names = layouts_found(site, tmp_path, isolated=True)
    assert site in folder.parents
    assert names == names_in_checkout() != []
