"""Passes a stream of events to the learner as it arrives, reads its usage, and removes the usage event if nobody asked for it."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from classroom.proxy.prices import usage

_MOST = 4 * 1024 * 1024  # bytes of one event
_MOST_SPEECH = 64 * 1024 * 1024  # bytes that are kept to be measured


class Events:
    """Takes parts of a stream and gives them out, event by event.

    Args:
        hide: take out what the proxy asked for and the learner did not: the chat's last chunk with the usage.
        speaks: it is speech, whose sound is kept to be measured.
        is_kept: the upstream stores it, a chat completion.

    Attributes:
        usage: the usage that the stream has reported.
        answer: the last response that reported its usage.
        letters: bytes of text that came in pieces; `sound`: bytes of sound.
        speech: the sound itself, if it is speech.
    """

    def __init__(self, *, hide: bool, speaks: bool = False, is_kept: bool = False) -> None:
        self._hide, self._speaks, self._is_kept = hide, speaks, is_kept
        self.letters = self.sound = 0
        self.speech = bytearray()
        self._left = self._done = b""
        self.usage: Any = None
        self.answer: dict[str, Any] = {}
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
        """What the upstream has stored since the last call → tokens of it."""
        made, self._stored = self._stored, {}
        total = usage.total(self.usage)
        return {id: max(tokens, total) for id, tokens in made.items()}

    def _kept(self, events: list[bytes]) -> Iterator[bytes]:
        for event in events:
            if event.strip() == b"data: [DONE]":
                self._done = event + b"\n\n"
                continue
            data = _data(event)
            if data is not None:
                self._measure(data)
            if data is None or (b'"usage"' not in event and b'"audio"' not in event):
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

    def _measure(self, data: dict[str, Any]) -> None:
        """Count what came in pieces: of a chat, of a response, of speech."""
        if data.get("type") == "speech.audio.delta":
            sound = _decoded(data.get("audio"))
            if self._speaks and len(self.speech) + len(sound) <= _MOST_SPEECH:
                self.speech += sound
            return
        choices = data.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                delta = choice.get("delta")
                if isinstance(delta, dict) and isinstance(delta.get("audio"), dict):
                    self.sound += len(_decoded(delta["audio"].get("data")))
                    self.letters += _letters(delta["audio"].get("transcript"))
                    delta = {name: value for name, value in delta.items() if name != "audio"}
                self.letters += _letters(delta) + _letters(choice.get("text"))
        if str(data.get("type", "")).endswith(".delta"):
            self.letters += _letters(data.get("delta"))

    def _note(self, inner: dict[str, Any], *, is_picture: bool) -> None:
        reported = inner.get("usage")
        if isinstance(reported, dict):
            # each picture of a stream reports its own; of an answer, the last report counts
            self.usage = usage.add(self.usage, reported) if is_picture else reported
            self.answer = inner
            self._stored |= usage.identifiers_in(inner, usage.total(reported), is_kept=self._is_kept)
        else:
            part = {"id": inner.get("id"), "choices": inner.get("choices")}
            self._stored |= usage.identifiers_in(part, 0, is_kept=self._is_kept)


def _letters(value: Any) -> int:
    """Bytes of all texts in it."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "replace"))
    if isinstance(value, dict):
        return sum(map(_letters, value.values()))
    return sum(map(_letters, value)) if isinstance(value, list) else 0


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(text) if isinstance(text, str) else b""
    except ValueError:
        return b""


def _data(event: bytes) -> dict[str, Any] | None:
    for line in event.split(b"\n"):
        if line.startswith(b"data:") and line[5:].strip() != b"[DONE]":
            try:
                value = json.loads(line[5:])
            except (ValueError, RecursionError):
                return None
            return value if isinstance(value, dict) else None
    return None
