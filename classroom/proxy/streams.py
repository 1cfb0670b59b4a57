"""A stream of events on its way to the learner: passed on as it comes, its usage read, and taken out if nobody asked for it."""

import json
from collections.abc import Iterator
from typing import Any

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

    def _kept(self, events: list[bytes]) -> Iterator[bytes]:
        for event in events:
            if event.strip() == b"data: [DONE]":
                self._done = event + b"\n\n"
                continue
            if b'"usage"' not in event:
                yield event
                continue
            data = _data(event)
            if data is None:
                yield event
                continue
            response = data.get("response")
            inner = response if isinstance(response, dict) else data
            if isinstance(inner.get("usage"), dict):
                self.usage = inner["usage"]
                if self._hide and data.get("choices") == []:
                    continue
            if self._hide and "usage" in data:
                event = event.replace(b',"usage":null', b"").replace(b', "usage": null', b"")
            yield event


def _data(event: bytes) -> dict[str, Any] | None:
    for line in event.split(b"\n"):
        if line.startswith(b"data:") and line[5:].strip() != b"[DONE]":
            try:
                value = json.loads(line[5:])
            except ValueError:
                return None
            return value if isinstance(value, dict) else None
    return None
