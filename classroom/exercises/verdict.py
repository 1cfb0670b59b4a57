"""What a check says of an exercise."""

from dataclasses import dataclass
from typing import Literal

State = Literal["done", "open", "unclear"]


@dataclass(frozen=True)
class Verdict:
    """What a check says of an exercise. `state`: "unclear" if the check itself failed."""

    id: str
    state: State
    sentence: str
    case: str = ""
    expected: str = ""
    got: str = ""

    @property
    def details(self) -> tuple[tuple[str, str], ...]:
        """The case in names and words, those that there are."""
        named = (("Tried", self.case), ("Expected", self.expected), ("Got", self.got))
        return tuple((name, words) for name, words in named if words)

    @property
    def title(self) -> str:
        """Which exercise, and how it is."""
        how = {"done": "done", "open": "not yet", "unclear": "could not be checked"}[self.state]
        return f"Exercise {self.id}: {how}."

    def __str__(self) -> str:
        """All of it, in lines."""
        lines = [f"{self.title} {self.sentence}", *(f"  {name}: {words}" for name, words in self.details)]
        return "\n".join(lines)
