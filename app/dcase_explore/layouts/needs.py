"""What a layout needs of a table, in words."""

from dcase_explore.column_names import members
from dcase_explore.layouts.naming import references
from dcase_explore.layouts.roles import EMBEDDING_FAMILIES, SCORE_FAMILIES
from dcase_explore.layouts.vocabulary import Node
from dcase_explore.messages import counted


def needs(layout: Node) -> list[str]:
    """
    Columns that a layout's widgets are about, in the order of the file.

    Parameters
    ----------
    layout
        Root node in its normal form.

    Returns
    -------
    list of str
        Without what tables and inspectors merely list.
    """
    return list(dict.fromkeys(reference.column for reference in references(layout) if not reference.listed))


def in_words(columns: list[str]) -> str:
    """
    Sum up columns by what they are.

    Parameters
    ----------
    columns
        Names.

    Returns
    -------
    str
        ``"2 scores, 1 map, label, domain"``.
    """
    kinds = {
        "score": members(columns, SCORE_FAMILIES[0]),
        "decision": [*members(columns, SCORE_FAMILIES[1]), *members(columns, SCORE_FAMILIES[2])],
        "cost": members(columns, SCORE_FAMILIES[3]),
        "embedding": members(columns, EMBEDDING_FAMILIES[0]),
        "map": members(columns, EMBEDDING_FAMILIES[1]),
        "distance": members(columns, EMBEDDING_FAMILIES[3]),
    }
    families = (*SCORE_FAMILIES, *EMBEDDING_FAMILIES)
    others = [column for column in columns if not any(members([column], family) for family in families)]
    counts = [counted(len(set(names)), kind) for kind, names in kinds.items() if names]
    return ", ".join([*counts, *others]) or "nothing"
