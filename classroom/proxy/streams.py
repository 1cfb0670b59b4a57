"""A stream of events on its way to the learner: passed on as it comes, its usage read, and taken out if nobody asked for it."""

import json
from collections.abc import Iterator
from typing import Any

from classroom.proxy import usage

_MOST = 4 * 1024 * 1024  # bytes of one event


class Events:
    """Takes parts of a stream and gives them out, event by event.

    Args:
        hide: take out what the proxy asked for and the learner did not: the chat's last chunk with the usage.
    """

    def __init__(self, *, hide: bool) -> None:
        self._hide = hide
        self._left = self._done = b""
        self.usage: Any = None
        self.answer: dict[str, Any] = {}  # the last response that told its usage
        self._stored: dict[str, int] = {}

    def pass_on(self, part: bytes) -> bytes:
        """What of a part can be sent."""
        whole = self._left + part
        *events, self._left = whole.split(b"\n\n")
        if len(self._left) > _MOST:
            events, self._left = [*events, self._left], b""
        return b"".join(event + b"\n\n" for event in self._kept(events))

    def end(self) -> bytes:
        """What is left when the stream is over: its last words among it, after which a client reads no further."""
        left, self._left = self._left, b""
        return (b"".join(self._kept([left])) if left else b"") + self._done

    def stored(self) -> dict[str, int]:
        """What the upstream has told since the last time that it stored → tokens of it."""
        made, self._stored = self._stored, {}
        total = usage.total(self.usage)
        return {id: max(tokens, total) for id, tokens in made.items()}

    def _kept(self, events: list[bytes]) -> Iterator[bytes]:
        for event in events:
            if event.strip() == b"data: [DONE]":
                self._done = event + b"\n\n"
                continue
            if b'"usage"' not in event and b'"audio"' not in event:
                yield event
                continue
            data = _data(event)
            if data is None:
                yield event
                continue
            response = data.get("response")
            inner = response if isinstance(response, dict) else data
            self._note(inner, is_picture=str(data.get("type", "")).startswith("image_"))
            if isinstance(inner.get("usage"), dict) and self._hide and data.get("choices") == []:
                continue
            if self._hide and "usage" in data:
                event = event.replace(b',"usage":null', b"").replace(b', "usage": null', b"")
            yield event

    def _note(self, inner: dict[str, Any], *, is_picture: bool) -> None:
        told = inner.get("usage")
        if isinstance(told, dict):
            # each picture of a stream tells its own; of an answer, the last word counts
            self.usage = usage.added(self.usage, told) if is_picture else told
            self.answer = inner
            self._stored |= usage.identifiers_in(inner, usage.total(told))
        else:
            self._stored |= usage.identifiers_in({"choices": inner.get("choices")}, 0)


def _data(event: bytes) -> dict[str, Any] | None:
    for line in event.split(b"\n"):
        if line.startswith(b"data:") and line[5:].strip() != b"[DONE]":
            try:
                value = json.loads(line[5:])
            except ValueError:
                return None
            return value if isinstance(value, dict) else None
    return None
