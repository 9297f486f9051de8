"""Where the curated layouts are."""

from pathlib import Path


def curated_folder() -> Path:
    """Folder of the curated layouts: inside an installed wheel, at the top level of a checkout."""
    inside = Path(__file__).parents[1] / "curated_layouts"
    return inside if inside.is_dir() else Path(__file__).parents[3] / "layouts"


def curated_names() -> list[str]:
    """Names of the curated layouts, sorted."""
    return sorted(path.stem for path in curated_folder().glob("*.json"))
