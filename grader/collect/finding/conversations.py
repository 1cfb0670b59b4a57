"""Inputs that are a list of messages, as OpenAI takes them: asked with one message.

https://platform.openai.com/docs/api-reference/chat/create
"""

from collections.abc import Iterator
from dataclasses import replace

from grader.collect.exchange.session import Session
from grader.collect.finding.values import Assignment, assign
from grader.evidence import Exchange
from grader.operations import Field


def as_messages(one: Field) -> tuple[Field, ...]:
    """A list of objects that nothing describes, as a conversation of one message, as OpenAI takes it; any other input as it is."""
    items = one.schema.get("items")
    if not (
        one.location == "json"
        and one.name
        and one.schema.get("type") == "array"
        and isinstance(items, dict)
        and items.get("type") == "object"
        and not items.get("properties")
    ):
        return (one,)
    return conversation(one)


def conversation(one: Field) -> tuple[Field, Field]:
    """An input that is a list of messages, with one message in it, as OpenAI takes them."""
    first = f"{one.name}.0." if one.name else "0."
    role = Field(one.location, f"{first}role", {"type": "string", "enum": ["user"]}, True)
    return role, replace(
        one, name=f"{first}content", schema={"type": "string"}, required=True, description="", shown={}
    )


def find_conversations(
    session: Session, shape: tuple[Field, ...], assignment: Assignment, exchange: Exchange
) -> Iterator[tuple[Field, tuple[Field, ...], Assignment]]:
    """Each input that OpenAI got whole as its messages, with one message in it."""
    bodies = [call.body for call in session.ledger.calls_of(exchange.id)]
    for one in shape:
        value = assignment.values.get(one.key)
        if not isinstance(value, (list, dict)) or not any(
            isinstance(body, dict) and value in (body.get("messages"), body.get("input")) for body in bodies
        ):
            continue
        parts = conversation(one)
        inputs = tuple(each for old in shape for each in (parts if old is one else (old,)))
        rest = {key: each for key, each in assignment.values.items() if key != one.key}
        yield parts[1], inputs, assign(inputs, "text", "txt", given=rest)
