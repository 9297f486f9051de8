"""Whose data are shown: licence and citations, said in the terminal and carried by exports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Credit:
    """
    Who made the data at hand, and on which terms.

    Attributes
    ----------
    owners
        Who is to be named.
    licence
        As people write it, ``"CC BY-NC-SA 4.0"``.
    licence_id
        As the hub writes it, ``"cc-by-nc-sa-4.0"``.
    citations
        References to cite, in full.
    """

    owners: str
    licence: str
    licence_id: str
    citations: tuple[str, ...]

    def sentence(self) -> str:
        """One line for the terminal."""
        cite = "; what to cite: dcase-explore data info" if self.citations else ""
        return f"data: {self.owners}, {self.licence}{cite}"

    @staticmethod
    def of(written: Mapping[str, Any]) -> "Credit":
        """
        Read back what ``vars(credit)`` wrote as JSON.

        Raises
        ------
        KeyError, TypeError
            When it is not one.
        """
        texts = {name: written[name] for name in ("owners", "licence", "licence_id")}
        citations = tuple(written["citations"])
        if not all(isinstance(text, str) for text in (*texts.values(), *citations)):
            raise TypeError("a credit holds text only")
        return Credit(**texts, citations=citations)


ENRICHED_2023 = Credit(
    owners="recordings Hitachi, Ltd. and NTT Corporation (DCASE 2023 Task 2), enriched by Renumics",
    licence="CC BY-NC-SA 4.0 (enrichment CC BY 4.0)",
    licence_id="cc-by-nc-sa-4.0",
    citations=(
        "Kota Dohi, Tomoya Nishida, Harsh Purohit, Ryo Tanabe, Takashi Endo, Masaaki Yamamoto, Yuki Nikaido, and Yohei "
        "Kawaguchi. MIMII DG: sound dataset for malfunctioning industrial machine investigation and inspection for "
        "domain generalization task. arXiv 2205.13879, 2022. https://arxiv.org/abs/2205.13879",
        "Noboru Harada, Daisuke Niizumi, Daiki Takeuchi, Yasunori Ohishi, Masahiro Yasuda, and Shoichiro Saito. "
        "ToyADMOS2: another dataset of miniature-machine operating sounds for anomalous sound detection under domain "
        "shift conditions. DCASE Workshop 2021, pages 1-5. https://arxiv.org/abs/2106.02369",
        "Noboru Harada, Daisuke Niizumi, Daiki Takeuchi, Yasunori Ohishi, and Masahiro Yasuda. First-shot anomaly "
        "detection for machine condition monitoring: a domain generalization baseline. arXiv 2303.00455, 2023. "
        "https://arxiv.org/abs/2303.00455",
        "DCASE 2023 Challenge Task 2 Development Dataset. Zenodo, 2023. https://doi.org/10.5281/zenodo.7687464",
    ),
)
"""Of the enriched data set on the hub, as its card has it."""

SYNTHETIC = Credit(
    owners="synthetic sounds, made by dcase-explore", licence="CC0 1.0", licence_id="cc0-1.0", citations=()
)
"""Of the demo."""
