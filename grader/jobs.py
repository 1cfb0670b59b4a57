"""Reads the state of an asynchronous job from the answer of its own address."""

from collections.abc import Iterator
from typing import Any, Literal

from grader import reading

State = Literal["pending", "failed", "done"]

_PENDING = frozenset(
    [
        "accepted",
        "active",
        "created",
        "inprogress",
        "new",
        "ongoing",
        "pending",
        "processing",
        "queued",
        "received",
        "running",
        "scheduled",
        "started",
        "submitted",
        "waiting",
        "working",
    ]
)
_FAILED = frozenset(
    [
        "aborted",
        "canceled",
        "cancelled",
        "dead",
        "error",
        "errored",
        "failed",
        "failure",
        "rejected",
        "timedout",
        "timeout",
    ]
)
_STATE_NAMES = frozenset({"state", "status", "phase", "stage", "progress", "outcome", "result"})
_TROUBLE_NAMES = frozenset({"error", "errors", "problem", "failure", "exception"})


def state_of(body: str) -> State | None:
    """How a job is, by the JSON that its address answered with; None if that says nothing."""
    try:
        whole = reading.parse_json(body)
    except reading.Unreadable:
        return None
    facts = list(_facts(whole))
    states = {
        "".join(char for char in value.casefold() if char.isalpha())
        for name, value in facts
        if name in _STATE_NAMES and isinstance(value, str)
    }
    if states & _FAILED or any(value for name, value in facts if name in _TROUBLE_NAMES):
        return "failed"
    if states & _PENDING:
        return "pending"
    return "done" if facts else None


def _facts(value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every name and value, of inner objects too."""
    if isinstance(value, dict) and depth < 4:
        for name, inner in value.items():
            yield str(name).casefold(), inner
            yield from _facts(inner, depth + 1)
    elif isinstance(value, list) and depth < 4:
        for inner in value:
            yield from _facts(inner, depth + 1)
