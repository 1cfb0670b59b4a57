"""The result of a route: data that the app turns into HTTP."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from classroom.standin.models.costs import Usage
from classroom.standin.records.journal import Output

# A moment in the past, the same for every answer: replies are functions of their requests.
CREATED = 1_760_000_000


@dataclass(frozen=True)
class Answer:
    """A response with status 200.

    Exactly one of the three is set: `data` (JSON), `content` (bytes of `media_type`), `events`
    (the frames of a server-sent stream, in order). `outputs`: what was generated, for the journal.
    `usage`: what the call would be billed for.
    """

    data: Mapping[str, Any] | None = None
    content: bytes | None = None
    media_type: str = "application/json"
    events: tuple[str, ...] | None = None
    outputs: tuple[Output, ...] = field(default=())
    usage: Usage | None = None


def frames(events: Iterable[Mapping[str, Any]], *, named: bool, done: bool) -> tuple[str, ...]:
    """Server-sent frames, one an event (https://html.spec.whatwg.org/multipage/server-sent-events.html).

    Args:
        events: JSON bodies.
        named: whether a line `event:` repeats the body's type, as Responses, images and speech do.
        done: whether the stream ends with `data: [DONE]`, as chat does.
    """
    out = []
    for event in events:
        head = f"event: {event['type']}\n" if named else ""
        out.append(f"{head}data: {json.dumps(event, ensure_ascii=False)}\n\n")
    return (*out, "data: [DONE]\n\n") if done else tuple(out)
