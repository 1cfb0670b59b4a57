"""What of a request came to OpenAI, seen in the calls that it led to."""

from typing import Any

from grader.collect.exchange.provenance import read_by_model, texts
from grader.collect.exchange.session import Session
from grader.collect.finding.field_roles import kind_of_words
from grader.collect.finding.values import Assignment
from grader.evidence import Exchange


def carries(session: Session, exchange: str, assignment: Assignment) -> bool:
    """Whether words of ours came to a call; where a request has no values there are none to come."""
    return not assignment.values or any(
        session.ledger.carriers(exchange, mark) for mark in assignment.marks.values()
    )


def is_refused(session: Session, exchange: Exchange) -> bool:
    """Whether OpenAI refused each call that a request led to."""
    calls = session.calls_of(exchange)
    return bool(calls) and all(call.status in (400, 422) for call in calls)


def is_passed_on(session: Session, exchange: Exchange, value: Any) -> bool:
    """Whether a value came to OpenAI as it was, as a parameter, though not the model's name."""
    for call in session.ledger.calls_of(exchange.id):
        body = call.body if isinstance(call.body, dict) else {}
        rest = {name: each for name, each in body.items() if name != "model"}
        if value in list(texts(rest)) or any(value == each for each in rest.values()):
            return True
    return False


def is_read(session: Session, exchange: Exchange, value: Any) -> bool:
    """Whether a value is among the words that the model reads."""
    return kind_of_words(value) is None and any(
        str(value) in read_by_model(call.route, call.body if isinstance(call.body, dict) else {})
        for call in session.ledger.calls_of(exchange.id)
    )
