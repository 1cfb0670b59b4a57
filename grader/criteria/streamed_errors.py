"""Errors that a stream of events reports, after its status line has said that all is well."""

import re

from grader import reading
from grader.evidence import Exchange
from grader.jobs import state_of

_STREAMS = ("text/event-stream", "application/x-ndjson", "application/jsonl", "application/json-seq")
_NAMED = re.compile(r"(?m)^event:[ \t]*\w{0,40}error\b", re.IGNORECASE)
_MOST_EVENTS = 2_000


def reports_in_its_stream(exchange: Exchange) -> bool:
    """Whether an answer is a stream of which an event says that something went wrong."""
    if not exchange.content_type.lower().startswith(_STREAMS):
        return False
    lines = exchange.body.splitlines()[-_MOST_EVENTS:]
    return bool(_NAMED.search(exchange.body)) or any(map(_is_error, lines))


def _is_error(line: str) -> bool:
    text = line.removeprefix("data:").strip()
    if not text.startswith("{"):
        return False
    try:
        event = reading.parse_json(text)
    except reading.Unreadable:
        return False
    kind = event.get("type", event.get("event", "")) if isinstance(event, dict) else ""
    return str(kind).casefold() in ("error", "failed") or state_of(text) == "failed"
