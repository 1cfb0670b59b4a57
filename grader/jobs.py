"""Reads the state of an asynchronous job from the answer of its own address."""

import re
from collections.abc import Iterable, Iterator, Sequence
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
_DONE = frozenset(
    [
        "complete",
        "completed",
        "done",
        "ended",
        "finished",
        "generated",
        "ok",
        "ready",
        "saved",
        "stored",
        "succeeded",
        "success",
        "successful",
    ]
)
_WORD = re.compile(r"[^\W\d_]+(?:[ _-][^\W\d_]+){0,2}")
_LONGEST_WORD = 30  # characters of what names a state
_ENOUGH = 2  # jobs that ended well: what they have in common is no chance
_STATE_NAMES = frozenset({"state", "status", "phase", "stage", "progress", "outcome", "result"})
_TROUBLE_NAMES = frozenset({"error", "errors", "problem", "failure", "exception"})


def state_of(body: str) -> State | None:
    """How a job is, by the JSON that its address answered with; None if that says nothing."""
    try:
        whole = reading.parse_json(body)
    except reading.Unreadable:
        return None
    facts = list(_facts(whole))
    states = _states(facts)
    if states & _FAILED or any(value for name, value in facts if name in _TROUBLE_NAMES):
        return "failed"
    if states & _PENDING:
        return "pending"
    return "done" if facts else None


def says_done(body: str) -> bool:
    """Whether a job's answer says in a usual word that all is done."""
    try:
        return bool(_states(_facts(reading.parse_json(body))) & _DONE)
    except reading.Unreadable:
        return False


def words_of(body: str) -> dict[str, str]:
    """What a job's answer says in a word or three, by its name; its state is among these."""
    try:
        facts = _facts(reading.parse_json(body))
    except reading.Unreadable:
        return {}
    found: dict[str, str] = {}
    for name, value in facts:
        if isinstance(value, str) and len(value) <= _LONGEST_WORD and _WORD.fullmatch(value.strip()):
            found.setdefault(name, value.strip().casefold())
    return found


def ended_otherwise(body: str, well: Sequence[str]) -> bool:
    """Whether a job's answer has another word where all those that ended well have the same one.

    Args:
        body: the job's.
        well: those of jobs that ended well; fewer than two say nothing.
    """
    if len(well) < _ENOUGH:
        return False
    first, *others = map(words_of, well)
    said = words_of(body)
    return any(
        said.get(name, word) != word
        for name, word in first.items()
        if all(each.get(name) == word for each in others)
    )


def _states(facts: Iterable[tuple[str, Any]]) -> set[str]:
    return {
        "".join(char for char in value.casefold() if char.isalpha())
        for name, value in facts
        if name in _STATE_NAMES and isinstance(value, str)
    }


def _facts(value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every name and value, of inner objects too."""
    if isinstance(value, dict) and depth < 4:
        for name, inner in value.items():
            yield str(name).casefold(), inner
            yield from _facts(inner, depth + 1)
    elif isinstance(value, list) and depth < 4:
        for inner in value:
            yield from _facts(inner, depth + 1)
