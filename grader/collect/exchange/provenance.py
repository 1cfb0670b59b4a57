"""Which call made a file from the prompt: what the model reads on each route, and which call continues which.

A call counts as made from the prompt if the prompt stands where its model reads one, or if it goes on from such a call:
its text (an improved prompt, a speech of a generated text), its file, or its conversation.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from classroom.standin.generation.text import mark_of
from classroom.standin.records import journal
from grader.collect.exchange.wording import carries, carries_anything, normal

_ROLES = frozenset({"user", "system", "developer"})
_TEXT_PARTS = frozenset({"text", "input_text"})
# what each route's model makes its file from; options, metadata, tools and identifiers of users are none of it
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "chat/completions": ("messages",),
    "responses": ("input", "instructions"),
    "completions": ("prompt",),
    "engines/{model}/completions": ("prompt",),
    "edits": ("input", "instruction"),
    "images/generations": ("prompt",),
    "images/edits": ("prompt",),
    "audio/speech": ("input",),
    "realtime": ("input", "instructions"),
}
# they make no file, and are asked about the prompt by careful apps
_ASIDE = frozenset({"moderations", "embeddings"})
_SHARED = 24  # letters and digits in a row by which a text is known to be taken from another
_SHORTEST = 8  # of a text that is shorter than that
_LONGEST = 40_000  # characters looked at of what a model reads,
_LONGEST_WRITTEN = 8_000  # and of what it wrote
_MOST_CALLS = 24  # looked at in one exchange, the latest ones
_DEEPEST = 30


def read_by_model(route: str, body: Any) -> str:
    """The text in a request's body that the model makes its file from; empty where the route has none."""
    if not isinstance(body, Mapping):
        return ""
    given = body.get("prompt")
    if (
        "prompt" in _FIELDS.get(route, ())
        and "completions" in route
        and isinstance(given, list)
        and any(each != given[0] for each in given)
    ):
        return ""  # a text of its own for each of them: nothing tells which one is stored
    return "\n".join(text for name in _FIELDS.get(route, ()) for text in _prompts(body.get(name)))


def _prompts(value: Any) -> Iterator[str]:
    """The texts of a prompt: a string, strings, or messages of the caller's side."""
    if isinstance(value, str):
        yield value
    for item in value if isinstance(value, list) else ():
        if isinstance(item, str):
            yield item
        elif isinstance(item, Mapping) and item.get("role") in _ROLES:
            yield from _parts(item.get("content"))


def _parts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        if (
            isinstance(part, Mapping)
            and part.get("type") in _TEXT_PARTS
            and isinstance(part.get("text"), str)
        ):
            yield part["text"]


def texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text in a body, names of fields included."""
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST and isinstance(value, Mapping):
        for name, inner in value.items():
            yield str(name)
            yield from texts(inner, depth + 1)
    elif depth < _DEEPEST and isinstance(value, list):
        for inner in value:
            yield from texts(inner, depth + 1)


def mentions(body: Any, mark: str) -> bool:
    """Whether the words of a mark stand anywhere in a body."""
    return carries("\n".join(texts(body)), mark)


def astray(route: str, body: Any, mark: str) -> list[str]:
    """The fields that hold a mark, but which the model does not make its file from: "chat/completions: user"."""
    if route in _ASIDE or not isinstance(body, Mapping) or carries(read_by_model(route, body), mark):
        return []
    return [f"{route}: {name}" for name, value in body.items() if mentions(value, mark)]


@dataclass(frozen=True)
class Trail:
    """What tells where a call's words came from and where its results went.

    `read`: what its model reads, normal. `written`: the texts that it made, normal. `took`, `made`: hashes of the files
    that were uploaded to it, and that it made. `goes_on`, `name`: identifiers of the response before it, and its own.
    """

    id: str
    exchange: str
    read: str
    written: tuple[str, ...]
    took: frozenset[str]
    made: frozenset[str]
    goes_on: str | None
    name: str | None


def trail(call: journal.Call, exchange: str) -> Trail:
    """The trail of one call of the journal."""
    body = call.body if isinstance(call.body, Mapping) else {}
    written = [output.content.decode("utf-8", "replace") for output in call.outputs if output.kind == "text"]
    before = body.get("previous_response_id")
    return Trail(
        id=call.id,
        exchange=exchange,
        read=normal(read_by_model(call.route, body)[:_LONGEST]),
        written=tuple(normal(text[:_LONGEST_WRITTEN]) for text in written),
        took=frozenset(_uploads(body)),
        made=frozenset(hashlib.sha256(output.content).hexdigest() for output in call.outputs),
        goes_on=before if isinstance(before, str) else None,
        name=f"resp_{mark_of('responses', body)[:48]}" if call.route == "responses" else None,
    )


def _uploads(value: Any) -> Iterator[str]:
    """The hashes of the files that came with a form, as the journal keeps them."""
    if isinstance(value, Mapping):
        if isinstance(value.get("sha256"), str) and "filename" in value:
            yield value["sha256"]
        for inner in value.values():
            yield from _uploads(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _uploads(inner)


class Ledger:
    """Every call of a session, by the exchange that it belongs to."""

    def __init__(self) -> None:
        self._calls: dict[str, list[journal.Call]] = {}
        self._trails: list[Trail] = []

    def note(self, call: journal.Call, exchange: str) -> None:
        """A call was made during an exchange."""
        self._calls.setdefault(exchange, []).append(call)
        self._trails.append(trail(call, exchange))

    def calls_of(self, exchange: str) -> list[journal.Call]:
        """The calls of an exchange as they arrived."""
        return list(self._calls.get(exchange, ()))

    def carriers(self, exchange: str, mark: str) -> tuple[str, ...]:
        """The calls of an exchange whose model reads the words of a mark, by their identifiers."""
        read = {call.id: read_by_model(call.route, call.body) for call in self._calls.get(exchange, ())}
        return tuple(
            id for id, text in read.items() if carries(text, mark) and not carries_anything(text, mark)
        )

    def mentions(self, exchange: str, mark: str) -> bool:
        """Whether the words of a mark stand anywhere in a call of an exchange."""
        return any(mentions(call.body, mark) for call in self._calls.get(exchange, ()))

    def astray(self, exchange: str, mark: str) -> tuple[str, ...]:
        """Where else in an exchange's calls the words of a mark stand."""
        calls = self._calls.get(exchange, ())
        return tuple(dict.fromkeys(at for call in calls for at in astray(call.route, call.body, mark)))

    def sources(self) -> dict[str, tuple[str, ...]]:
        """For each call the earlier ones of its exchange that it goes on from."""
        return sources(self._trails)


def sources(trails: Sequence[Trail]) -> dict[str, tuple[str, ...]]:
    """For each call the earlier ones of the same exchange that it goes on from."""
    by_exchange: dict[str, list[Trail]] = {}
    owners: dict[str, str] = {}  # a part of a text → the one exchange that wrote it, or none
    for one in trails:
        by_exchange.setdefault(one.exchange, []).append(one)
        for text in one.written:
            for part in _pieces(text):
                owners[part] = one.exchange if owners.get(part, one.exchange) == one.exchange else ""
    found: dict[str, tuple[str, ...]] = {}
    for exchange, calls in by_exchange.items():
        latest = calls[-_MOST_CALLS:]
        own = [
            {part for text in one.written for part in _pieces(text) if owners[part] == exchange}
            for one in latest
        ]
        for position, call in enumerate(latest[1:], 1):
            read = set(_pieces(call.read)) if any(own[:position]) else set()
            before = [
                one.id
                for one, parts in zip(latest[:position], own, strict=False)
                if _continues(call, one) or _is_read(parts, call.read, read)
            ]
            if before:
                found[call.id] = tuple(before)
    return found


def _continues(call: Trail, earlier: Trail) -> bool:
    """Whether a call took a file that the earlier one made, or goes on with its conversation."""
    return bool(call.took & earlier.made) or (call.goes_on is not None and call.goes_on == earlier.name)


def _pieces(text: str) -> list[str]:
    """Every part of a text that is long enough to tell where it was taken from; of a short text the whole."""
    if _SHORTEST <= len(text) <= _SHARED:
        return [text]
    return [text[start : start + _SHARED] for start in range(len(text) - _SHARED + 1)]


def _is_read(parts: set[str], text: str, pieces: set[str]) -> bool:
    """Whether a call reads something that was written in its exchange alone.

    What the answers of several exchanges have in common, such as the words of an app's template, shows nothing.
    """
    return not parts.isdisjoint(pieces) or any(len(part) < _SHARED and part in text for part in parts)
