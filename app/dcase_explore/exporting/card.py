"""The card of an exported dataset: README.md with what the hub reads in front, and what people read below it."""

import json
import shlex
from collections.abc import Mapping, Sequence

import pandas as pd

from dcase_explore import clips
from dcase_explore.column_names import describe
from dcase_explore.columns import SPLITS, Column
from dcase_explore.credits import Credit
from dcase_explore.messages import counted
from dcase_explore.parquet.types import AUDIO

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_WORDS = {"int": "number", "float": "number", "bool": "yes or no", "category": "text", "audio": "text"}


def dataset_card(
    frame: pd.DataFrame,
    name: str,
    title: str,
    credit: Credit | None,
    derived: Sequence[str],
    made: Mapping[str, str],
    *,
    audio: bool,
) -> str:
    """
    Describe an exported dataset, by what is in it and nothing else.

    Parameters
    ----------
    frame
        Conforming clip table with the columns that are exported.
    name
        Of its folder.
    title
        Name of the data.
    credit
        Whose they are, where that is known.
    derived
        Columns that were computed from the others.
    made
        By column: what made it.
    audio
        Whether recordings are embedded in its column ``audio``.

    Returns
    -------
    str
        Markdown after a front matter in YAML.
    """
    title = _inline(title)
    splits = [split for split in SPLITS if (frame["split"] == split).any()]
    machine_types = clips.machine_types_present(frame)
    parts = [
        f"---\n{_front_matter(frame, title, credit, splits)}\n---\n",
        f"# {title}\n",
        f"{counted(len(frame), 'clip')} of {counted(len(machine_types), 'machine type')}, one row each"
        f"{', with their recordings' if audio else ''}. Written by dcase-explore.\n",
        "## Clips\n",
        _table(["machine type", *_counts(frame)], _counted_rows(frame, machine_types)),
        "## Columns\n",
        _table(["column", "holds", "what it is"], [_column_row(frame, each, derived, made) for each in frame.columns]),
        "## Licence and citation\n",
        _licence(credit),
        "## How to open it\n",
        _how_to_open(frame, name, splits),
    ]
    return "\n".join(parts)


def _front_matter(frame: pd.DataFrame, title: str, credit: Credit | None, splits: Sequence[str]) -> str:
    from huggingface_hub import DatasetCardData

    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits]
    card = DatasetCardData(
        license=credit.licence_id if credit else "unknown",
        task_categories=["audio-classification"],
        pretty_name=title,
        size_categories=[next((word for most, word in _SIZES if len(frame) < most), "n>1M")],
        tags=["audio", "anomaly-detection", "anomalous-sound-detection", "machine-condition-monitoring", "DCASE"],
        configs=[{"config_name": "default", "data_files": files}],
    )
    return str(card.to_yaml()).strip()


def _counts(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Which rows go into each column of the table of clips: those of a split and domain."""
    found = {}
    for split in SPLITS:
        of_split = frame["split"] == split
        domain = frame["domain"].astype(object) if "domain" in frame else pd.Series(None, frame.index, dtype=object)
        for name, word in (("source", "source"), ("target", "target"), (None, "domain unknown")):
            rows = of_split & (domain.isna() if name is None else domain == name)
            if rows.any():
                found[f"{split}, {word}"] = rows
    return found


def _counted_rows(frame: pd.DataFrame, machine_types: Sequence[str]) -> list[list[str]]:
    counts = {
        each: [int((rows & (frame["class"] == each)).sum()) for rows in _counts(frame).values()]
        for each in machine_types
    }
    return [[each, *(f"{number:,}" for number in numbers)] for each, numbers in counts.items()]


def _column_row(frame: pd.DataFrame, name: str, derived: Sequence[str], made: Mapping[str, str]) -> list[str]:
    column = describe(name)
    if name == AUDIO and column is None and "path" not in frame:
        column = Column(
            name, "audio", "recording", "The recording: content of its file, and clip_id in place of a path."
        )
        holds = "recording"
    elif column is not None and column.kind == "vector":
        lengths = frame[name].dropna().map(len)
        holds = f"{lengths.iloc[0]} float32" if len(lengths) else "vector"
    else:
        holds = _WORDS.get(column.kind, "text") if column else str(frame[name].dtype)
    what = column.description if column else ""
    if name == "path":
        what = "Where the recording is, from this folder; empty where there is none."
    if name in made:
        what += f" {made[name]}."
    if name in derived:
        what += " Computed from the other columns; dcase-explore computes it anew."
    if isinstance(frame[name].dtype, pd.CategoricalDtype) and column is not None and column.categories:
        holds = " or ".join(column.categories)
    return [f"`{name}`", holds, what]


def _licence(credit: Credit | None) -> str:
    if credit is None:
        return "It is not known whose data these are: find out before you pass them on.\n"
    cite = "".join(f"- {_inline(text)}\n" for text in credit.citations)
    owners = _inline(credit.owners)
    return f"{owners[:1].upper()}{owners[1:]}, {_inline(credit.licence)}." + (
        f" Please cite:\n\n{cite}" if cite else "\n"
    )


def _how_to_open(frame: pd.DataFrame, name: str, splits: Sequence[str]) -> str:
    split = splits[-1]
    of_split = frame[frame["split"] == split]
    # Spotlight 1.8 takes neither empty vectors nor class labels some of which are empty from `datasets`.
    has_gaps = any(of_split[each].isna().any() and of_split[each].notna().any() for each in of_split if _is_typed(each))
    shown = f'dataset["{split}"]' + (".to_pandas()" if has_gaps else "")
    return (
        "With its map, its findings and sound, in the browser:\n\n"
        f"```\ndcase-explore --data {shlex.quote(name)}\n```\n\n"
        "As it is, or in Spotlight without dcase-explore:\n\n"
        "```python\nimport datasets\nfrom renumics import spotlight\n\n"
        f"dataset = datasets.load_dataset({json.dumps(name, ensure_ascii=False)})\nspotlight.show({shown})\n```\n"
    )


def _is_typed(name: str) -> bool:
    column = describe(name)
    return column is not None and (column.kind == "vector" or column.categories is not None)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [[_inline(cell).replace("|", "\\|") for cell in line] for line in (head, ["---"] * len(head), *rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _inline(text: str) -> str:
    """Text in one line."""
    return " ".join(text.split())
