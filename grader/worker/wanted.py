"""What to collect and produce in one grading, and its result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from grader.assignment.package import Package
from grader.environments import Choice
from grader.judge import Report, Status
from grader.review.decisions import ForLearner
from grader.rubric import Rubric
from grader.sandbox import Tier
from grader.worker.records import Page

Keep = Callable[[str, bytes], None]
Tells = Callable[[Mapping[str, Status]], None]


class Turns(Protocol):
    """Whose turn it is to keep the machine busy: a semaphore."""

    def acquire(self) -> Any:
        """Wait for a turn."""

    def release(self) -> Any:
        """Let somebody else have it."""


@dataclass(frozen=True)
class Wanted:
    """What a grading is for.

    `rubric`: None to collect without judging. `assignment`: another one than the lab's. `pages`, `evidence`: see
    `records.Instructions`. `decisions`: a person's, by the name that a submission is shown under.
    `tells`: whether verdicts are wanted as soon as they are settled. `name`: by which messages and evidence name the submission, if not by
    its file's. `processors`: how many it may keep busy.
    """

    tier: Tier
    environment: Choice = "auto"
    only: tuple[str, ...] = ()
    rubric: Rubric | None = None
    assignment: Package | None = None
    pages: tuple[Page, ...] = ()
    language: str = "en"
    evidence: Literal["none", "files", "record"] = "none"
    cold: bool = False
    tells: bool = False
    name: str = ""
    processors: int = 1
    decisions: Mapping[str, ForLearner] = field(default_factory=dict)


@dataclass(frozen=True)
class Graded:
    """A report, and what was written beside it: name → bytes."""

    report: Report
    files: Mapping[str, bytes] = field(default_factory=dict)
