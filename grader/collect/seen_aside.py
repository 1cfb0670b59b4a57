"""What the two processes of a worker tell each other: what both know, and what the second one saw."""

from dataclasses import dataclass

from grader.assignment.declaration import OwnQuestions
from grader.evidence import Call, Exchange, Probe, StoredObject
from grader.evidence.record import Record
from grader.submission import Submission

VIABLE, RAN, SEEN = "viable", "run.json", "seen.json"  # names of what the second one writes
SAME_START = {"target", "variables", "folder"}  # by these a second start is known to be the same as the first


@dataclass(frozen=True)
class Given:
    """What both processes know before they part.

    `canary`: the key that both apps are given. The others: see `Setting`.
    """

    submission: Submission
    canary: str
    only: tuple[str, ...] = ()
    assignment: OwnQuestions | None = None
    cold: bool = False


class SeenAside(Record):
    """What the second process saw of its app; nothing if it did not ask."""

    probes: tuple[Probe, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    calls: tuple[Call, ...] = ()
    objects: tuple[StoredObject, ...] = ()
    canary_seen: tuple[str, ...] = ()
