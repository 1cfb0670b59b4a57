"""What every step of a grading is given: the submission, the stand-ins around it, and what was asked for."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Literal

from classroom.s3 import S3Mock
from classroom.standin.mock import OpenAIMock
from grader.assignment.declaration import OwnQuestions
from grader.collect.exchange.budget import PerRequest
from grader.sandbox import Sandbox
from grader.submission import Submission

BUCKET = "submission-files"
# more than ten times what a grading takes: 100 calls, 200 requests, a megabyte or two of each
MOST_CALLS, MOST_S3_REQUESTS, MOST_BYTES = 5_000, 20_000, 48 * 1024 * 1024

Progress = Callable[[str], None]
Patience = Callable[[], AbstractContextManager[None]]
# what of the criteria is settled before all is seen: those on input, on failures that take no time, on the suite
Part = Literal["input", "failures", "suite"]


# what a criterion reads besides the answers to its own questions: alone, it is to come out as among all
_READS = {"openapi.responses": ("errors.", "validation."), "errors.no_internals": ("validation.",)}


@dataclass(frozen=True)
class Clock:
    """Says that a phase begins, and measures how long it takes, in seconds by its name."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times a phase, which may be gone through several times."""
        self.progress(name)
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - began, 3)


def asks_for(family: str, only: Sequence[str]) -> bool:
    """Whether any criterion of a family is among those that begin with one of `only`; each is, if that is empty."""
    return not only or any(family.startswith(prefix) or prefix.startswith(family) for prefix in only)


@dataclass(frozen=True)
class Setting:
    """One submission between its stand-ins.

    `canary`: the key that its app is given. `only`: beginnings of the criteria that were asked for; all, if empty.
    `open_sandbox`: starts a further one, with the same files. `patience`: entered while the grader only waits. `budget`: of calls to OpenAI.
    `assignment`: another one than the lab's, with questions of its own.
    """

    submission: Submission
    sandbox: Sandbox
    openai: OpenAIMock
    s3: S3Mock
    canary: str
    clock: Clock
    open_sandbox: Callable[[], AbstractContextManager[Sandbox]]
    only: tuple[str, ...] = ()
    patience: Patience | None = None
    budget: PerRequest | None = None
    assignment: OwnQuestions | None = None

    def wants(self, family: str) -> bool:
        """Whether any criterion of a family, such as "errors.", was asked for, or one that reads the family's answers."""
        wanted = [family, *(name for name, families in _READS.items() if family.startswith(families))]
        return any(asks_for(each, self.only) for each in wanted)

    def without_key(self, text: str) -> str:
        """A text in which the key can't be read."""
        return text.replace(self.canary, "(the key)")

    def readable(self, log: str) -> str:
        """What the app printed, with paths as the submission has them, and without the key."""
        return self.without_key(log.replace(f"{self.sandbox.root}/", ""))
