"""
The clips of the demo: which there are, under which names, in which operating conditions.

The layout is that of the DCASE 2023 Task 2 development set (file names, splits, domains, attributes), in small.
"""

from dataclasses import dataclass
from itertools import product
from math import ceil, gcd

from dcase_explore.columns import DOMAINS

_SECTIONS = (  # split, domain, label, clips per machine type
    ("train", "source", "normal", 49),
    ("train", "target", "normal", 1),
    ("test", "source", "normal", 10),
    ("test", "target", "normal", 10),
    ("test", "source", "anomaly", 10),
    ("test", "target", "anomaly", 10),
)

_CARS = ("B1 B2 C1 C2 D1 D2", "A1 A2 E1 E2")
ATTRIBUTES: dict[str, dict[str, tuple[str, str]]] = {
    "gearbox": {"volt": ("1.0 1.5 2.0 2.5 3.0", "0.6 1.3 3.5"), "wt": ("0 50 100 150 200", "30 230 250")},
    "fan": {"m-n": ("W X", "Y Z")},
    "bearing": {"vel": ("6 9 13 16 21", "1 8 25"), "loc": ("A B C D", "E F G H")},
    "slider": {"vel": ("300 380 490 660 1100", "100 600 1300"), "ac": ("0.03 0.05 0.09 0.30", "0.01 0.10")},
    "ToyCar": {"car": _CARS, "spd": ("31V 34V 40V", "28V 37V"), "mic": ("1", "2")},
    "ToyTrain": {"car": _CARS, "spd": ("7 8 10", "6 9"), "mic": ("1", "2")},
    "valve": {"pat": ("00 01", "02 03")},
}
"""Machine types in order, and the values of each attribute in the source and in the target domain."""


@dataclass(frozen=True)
class DemoClip:
    """
    One clip of the demo data set.

    Attributes
    ----------
    machine
        Machine type, for instance "valve".
    split
        "train" or "test".
    domain
        "source" or "target".
    label
        "normal" or "anomaly".
    number
        Running number within (machine, split, domain, label), from 0.
    attributes
        Names and values of the operating condition, for instance (("pat", "00"),).
    """

    machine: str
    split: str
    domain: str
    label: str
    number: int
    attributes: tuple[tuple[str, str], ...]

    @property
    def file_name(self) -> str:
        """Name as in the 2023 data, for instance section_00_source_train_normal_0000_pat_00.wav."""
        tail = "".join(f"_{name}_{value}" for name, value in self.attributes)
        return f"section_00_{self.domain}_{self.split}_{self.label}_{self.number:04d}{tail}.wav"


def demo_clips() -> list[DemoClip]:
    """
    List every clip of the demo data set.

    Returns
    -------
    list of DemoClip
        630 clips (90 for each of seven machine types), always in the same order.
    """
    return [
        DemoClip(machine, split, domain, label, number, _attributes(machine, domain, number))
        for machine in ATTRIBUTES
        for split, domain, label, count in _SECTIONS
        for number in range(count)
    ]


def _attributes(machine: str, domain: str, number: int) -> tuple[tuple[str, str], ...]:
    """Choose the operating condition of a clip; every combination comes up before one comes up again."""
    values = [pair[DOMAINS.index(domain)].split() for pair in ATTRIBUTES[machine].values()]
    conditions = list(product(*values))
    # A wide step: already the first few clips differ in most attributes.
    step = next(s for s in range(ceil(0.38 * len(conditions)), 999) if gcd(s, len(conditions)) == 1)
    return tuple(zip(ATTRIBUTES[machine], conditions[number * step % len(conditions)], strict=True))
