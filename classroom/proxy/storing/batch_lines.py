"""Files of requests for batches: each line is read like a request of its own, priced, and written again from what was understood.

Only that goes upstream, so that a batch can ask for nothing that was not counted. https://developers.openai.com/api/docs/guides/batch
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from classroom.proxy import fields
from classroom.proxy.calling.upstream import Upstream
from classroom.proxy.fields.kinds import Choice, Data, Text
from classroom.proxy.fields.shapes import Shape
from classroom.proxy.fields.tally import Tally
from classroom.proxy.prices import pricing
from classroom.proxy.requests import bodies, parsing
from classroom.proxy.requests.bodies import Prepared, Reader
from classroom.proxy.rules import refusals
from classroom.proxy.rules.events import Event
from classroom.proxy.rules.routes import Route
from classroom.standin.incoming.errors import APIError
from classroom.standin.models.costs import Unpriced

SHARE = 2  # requests of a batch cost half
MOST_LINES = 2_000
ENDPOINTS = {
    f"/v1/{name}": name
    for name in ("chat/completions", "responses", "completions", "embeddings", "moderations")
}
_LINE = Shape(
    {
        "custom_id": Text(256),
        "method": Choice(("POST",)),
        "url": Choice(tuple(ENDPOINTS)),
        "body": Data(),
    },
    ("custom_id", "url", "body"),
)
_APART = "requests of a batch are answered apart, and later"


@dataclass(frozen=True)
class Lines:
    """A file of requests.

    Attributes:
        content: as it goes upstream.
        endpoint: that all of them ask, such as "/v1/responses".
        asked: the model's name for the learner.
        model: the upstream's.
        most: each one's `custom_id` → what it costs at most, in billionths of a dollar.
    """

    content: bytes
    endpoint: str
    asked: str
    model: str
    most: Mapping[str, int]


def terms_of(event: Event) -> str:
    """A digest of what decides how a line is read: a file that was read by other terms has to be uploaded again."""
    terms = json.dumps([dict(event.models), event.max_tokens, list(event.allows)], sort_keys=True)
    return hashlib.sha256(terms.encode()).hexdigest()


def read(event: Event, name: str, reader: Reader, upstream: Upstream, content: bytes) -> Lines:
    """The requests of a file.

    Args:
        event: as it is now.
        name: of the attendee.
        reader: makes requests into those that go upstream.
        upstream: which gets the file.
        content: JSON Lines.

    Raises:
        APIError: 400, naming the first line that can't be read or asks for what batches don't have here.
    """
    found: list[tuple[str, str, Prepared]] = []
    seen: set[str] = set()
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        if len(found) >= MOST_LINES:
            raise refusals.wrong_value("file", f"it has more than {MOST_LINES} requests")
        try:
            custom_id, endpoint, prepared = _line(event, name, reader, line)
            if custom_id in seen:
                raise refusals.wrong_value("custom_id", "another line has the same")
            if found and (endpoint, prepared.model) != (found[0][1], found[0][2].model):
                raise refusals.wrong_value("body.model", "all lines ask one endpoint for one model")
        except Unpriced as error:
            raise _at(number, refusals.unpriced(error.model)) from None
        except APIError as error:
            raise _at(number, error) from None
        seen.add(custom_id)
        found.append((custom_id, endpoint, prepared))
    if not found:
        raise refusals.wrong_value("file", "it has no requests")
    _, endpoint, first = found[0]
    lines = (_written(id, endpoint, each.for_model(upstream.model(each.model))) for id, _, each in found)
    most = {id: math.ceil(each.most / SHARE) for id, _, each in found}
    return Lines(b"".join(lines), endpoint, first.asked, first.model, most)


def _at(number: int, error: APIError) -> APIError:
    return APIError(400, f"Line {number} of the file: {error.message}", param="file", code=error.code)


def _line(event: Event, name: str, reader: Reader, line: bytes) -> tuple[str, str, Prepared]:
    """A line's `custom_id`, its endpoint, and its request."""
    # the bound on what is nested or large is that of every body; the body itself is read below, by its route
    made = _LINE.read(parsing.of_json(line.strip()), "", Tally())
    route = Route(ENDPOINTS[made["url"]], "json")
    tally = Tally()
    body = fields.read(route.name, made["body"], tally)
    _want_plain(body, tally)
    asked, model = bodies.choose_model(event, route, body.get("model"))
    body["model"] = model
    bodies.bound_length(event, route, body, model)
    most = pricing.reckon(route.name, body, tally, model)
    return (
        made["custom_id"],
        made["url"],
        reader.write(event, name, route, Prepared(asked, model, most, body)),
    )


def _want_plain(body: Mapping[str, Any], tally: Tally) -> None:
    """Raises for what batches don't have, or what can't be counted before they run."""
    if body.get("stream"):
        raise refusals.not_offered("body.stream", _APART)
    if tally.identifiers:
        raise refusals.not_offered(f"body.{next(iter(tally.identifiers))}", _APART)
    if tally.calls is not None:
        raise refusals.not_offered("body.tools", "batches have no tools of the upstream here")
    if tally.sounds or "audio" in body.get("modalities", ()):
        raise refusals.not_offered("body", "batches have no sound here")
    if body.get("service_tier", "auto") not in ("auto", "default"):
        raise refusals.not_offered("body.service_tier", "batches have a price of their own")


def _written(custom_id: str, endpoint: str, prepared: Prepared) -> bytes:
    assert prepared.json is not None
    line = {"custom_id": custom_id, "method": "POST", "url": endpoint, "body": json.loads(prepared.json)}
    return json.dumps(line, allow_nan=False).encode() + b"\n"
