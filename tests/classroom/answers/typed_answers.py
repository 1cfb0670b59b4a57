"""Answers as people type them into a cell: `typed/NN.txt`, a file for each notebook.

A line that begins with `#%` begins a cell. `#% before` has what earlier cells of the notebook define; `#% 12.1 right: how`
is an answer that has to be accepted, and `#% 12.1 wrong: how: words` one that has to be refused with these words. An answer
meets the same inputs in each run: their seed is made of its exercise and its `how`.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_PLACE = Path(__file__).parent / "typed"
_CELL = re.compile(r"(?m)^#% (before|\d\d\.\d (?:right|wrong): .*)$\n")


@dataclass(frozen=True)
class Typed:
    """One cell. `reason`: words of the judgement of a wrong answer; empty for a right one."""

    id: str
    how: str
    reason: str
    before: str
    source: str

    def namespace(self) -> dict[str, Any]:
        """What is defined when the cell and those before it were run."""
        names: dict[str, Any] = {"__name__": "__main__"}
        for source in (self.before, self.source):
            exec(compile(source, f"<{self.id}, {self.how}>", "exec", dont_inherit=True), names)
        return names


@cache
def typed_answers() -> tuple[Typed, ...]:
    """All cells, in the order of the notebooks."""
    found = []
    for path in sorted(_PLACE.glob("*.txt")):
        before = ""
        _, *parts = _CELL.split(path.read_text(encoding="utf-8"))
        for head, source in zip(parts[::2], parts[1::2], strict=True):
            if head == "before":
                before = source
                continue
            id, _, rest = head.partition(" ")
            kind, how, *reason = rest.split(": ", 2)
            assert bool(reason) is (kind == "wrong"), head
            found.append(Typed(id, how, reason[0] if reason else "", before, source))
    return tuple(found)
