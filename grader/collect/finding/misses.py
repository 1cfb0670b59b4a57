"""Tries that did not come to OpenAI: which get nearer, and what a report shows of them."""

from dataclasses import dataclass

from grader.collect.finding.discovery import encode_values
from grader.collect.finding.tries import GUESSED, likeliest, nearness
from grader.collect.finding.values import Assignment
from grader.evidence import Exchange, Kind, Miss
from grader.operations import Field, Operation

_MOST_VALUES = 12  # of one miss
_REFUSALS = frozenset({400, 415, 422})
_NOT_MET = _REFUSALS | {401, 403, 404, 405, 410}  # answers that another refusal gives, or nobody


@dataclass
class Missed:
    """A first try that did not come to OpenAI."""

    operation: Operation
    shape: tuple[Field, ...]
    kind: Kind
    extension: str
    assignment: Assignment
    answer: Exchange
    first: tuple[Field, ...] = ()  # the inputs before any refusal was followed


def is_progress(miss: Missed, answer: Exchange) -> bool:
    """Whether an answer says more than the one before: a refusal that was followed is no longer the last word."""
    followed = miss.answer.status in _REFUSALS and answer.status is not None and answer.status not in _NOT_MET
    return followed or nearness(answer, miss.operation) <= nearness(miss.answer, miss.operation)


def keep_miss(miss: Missed) -> Miss:
    """A miss as evidence keeps it."""
    guessed = {one.key for one in miss.shape if one.schema.get(GUESSED)}
    prompt = likeliest([one for one in miss.shape if one.key not in guessed])
    left_out = guessed | ({prompt.key} if prompt else set())
    rest = {key: value for key, value in miss.assignment.values.items() if key not in left_out}
    return Miss(
        exchange=miss.answer.id,
        prompt=f"{prompt.location}:{prompt.name}" if prompt else None,
        values=encode_values(dict(list(rest.items())[:_MOST_VALUES])),
    )
