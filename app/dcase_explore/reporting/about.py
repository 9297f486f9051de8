"""The last chapter: whose data these are, what the file holds, and what its words mean."""

from collections.abc import Sequence

from dcase_explore.messages import some
from dcase_explore.reporting.facts import Facts
from dcase_explore.reporting.markup import Content, element

TERMS = {
    "AUC cost": (
        "of a normal, the share of anomalies that score below it; of an anomaly, the share of normals that score above "
        "it; ties count one half. The AUC of a domain is 1 minus the mean cost of its normals, exactly."
    ),
    "Source and target": (
        "the domains of the challenge: target clips were recorded under conditions of which there are few training "
        "clips, or none."
    ),
    "pAUC": "area under the ROC curve up to a false-positive rate of 0.1, standardised so that chance is 0.5.",
    "Anomaly score": (
        "higher is more anomalous; decisions come with the data, or from a threshold fitted to training clips."
    ),
    "Nearest normal": (
        "the training clip of the same machine type that lies nearest in the embedding at hand, or the nearest other "
        "test normal where there is no training clip."
    ),
}


def about(facts: Facts, size: str, remarks: Sequence[str]) -> Content:
    """Licence and citations, size, definitions."""
    licence: Content = [
        [
            element("p", f"Data: {credit.owners}. Licence: {credit.licence}."),
            element("p", "Please cite:") if credit.citations else None,
            element("ul", [element("li", citation) for citation in credit.citations]) if credit.citations else None,
        ]
        for credit in facts.credits
    ]
    if not facts.credits:
        unknown = (
            "It is not known whose data these are, nor under which licence: find out before you pass this file on."
        )
        licence = element("p", unknown)
    without = f"Without a score of labelled test clips: {some(facts.without_score)}. " if facts.without_score else ""
    alone = "It asks nothing of any network, and holds no more than what is seen."
    return [
        licence,
        element("h3", "This file"),
        element("p", f"{size}. {without}{' '.join((*remarks, alone))}"),
        element("h3", "Words"),
        element("dl", [[element("dt", term), element("dd", meaning)] for term, meaning in TERMS.items()]),
    ]
