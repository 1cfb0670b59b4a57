"""What a call to OpenAI carried, and who made it."""

from collections.abc import Iterator, Mapping
from typing import Any

from classroom.exercises.given import GIVEN_PROJECT
from classroom.exercises.words import fold
from classroom.standin.records.journal import Call

TEXT_ROUTES = ("responses", "chat/completions")


def texts_in(body: Any) -> Iterator[str]:
    """Every text in the body of a request, field names left out."""
    if isinstance(body, str):
        yield body
    elif isinstance(body, Mapping):
        for inner in body.values():
            yield from texts_in(inner)
    elif isinstance(body, (list, tuple)):
        for inner in body:
            yield from texts_in(inner)


def carries(call: Call, words: str) -> bool:
    """Whether a call carried the words, in whatever case and spacing."""
    return any(fold(words) in fold(text) for text in texts_in(call.body)) or call.mentions(words)


def asks_model(call: Call, model: str) -> bool:
    """Whether a call asked for a model, by its name or by that of one of its versions."""
    asked = call.body.get("model") if isinstance(call.body, Mapping) else None
    return isinstance(asked, str) and (asked == model or asked.startswith(f"{model}-20"))


def is_given(call: Call) -> bool:
    """Whether the client made it that the answer was given, and not one of the notebook's."""
    return call.project == GIVEN_PROJECT
