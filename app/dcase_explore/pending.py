"""What a first picture leaves for later, so that nobody waits for it."""

from dataclasses import dataclass, field

from dcase_explore.messages import some

MANY = 20_000


@dataclass
class Pending:
    """
    What is still to be computed of an exploration; true where there is anything.

    Attributes
    ----------
    maps
        Names of embeddings, in place of whose maps two principal components stand.
    findings
        Whether findings and distances are left out.
    many
        Clips from which on they are, for they take seconds then.
    """

    maps: list[str] = field(default_factory=list)
    findings: bool = False
    many: int = MANY

    def __bool__(self) -> bool:
        """Whether anything is left."""
        return self.findings or bool(self.maps)

    def sentence(self) -> str:
        """What is being done about it, for people."""
        until = "; until a map is ready its place is taken by the first two principal components" if self.maps else ""
        return f"being computed, to come into the page: {self}{until}"

    def __str__(self) -> str:
        """``"the map of logmel, findings and distances"``."""
        maps = [f"the map{'s' if len(self.maps) > 1 else ''} of {some(self.maps)}"] if self.maps else []
        return ", ".join([*maps, *(["findings and distances"] if self.findings else [])])
