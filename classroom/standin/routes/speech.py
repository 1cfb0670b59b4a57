"""`POST /v1/audio/speech`, whole and by server-sent events: a real voice that says the words."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from classroom.media import sound
from classroom.standin import checks, errors, text
from classroom.standin.answers import Answer, frames
from classroom.standin.catalogue import Model
from classroom.standin.journal import Output

# https://developers.openai.com/api/docs/guides/text-to-speech (supported output formats)
MEDIA_TYPES: Mapping[str, str] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_PIECE = 16_384  # bytes of sound in one event


def answer(body: Mapping[str, Any], model: Model) -> Answer:
    """Speech for a body that was checked against the catalogue.

    Raises:
        APIError: 400 for a voice or a kind of stream that the model doesn't have.
    """
    voice = checks.check_voice(model, body["voice"])
    asked = body.get("response_format") or "mp3"
    by_events = body.get("stream_format") == "sse"
    if by_events and not model.streams:
        raise errors.invalid(
            f"'stream_format' of 'sse' is not supported for the model '{model.id}'.",
            "stream_format",
            "unsupported_value",
        )
    content = sound.speak(body["input"], voice=voice, speed=float(body.get("speed") or 1.0), format=asked)
    outputs = (Output("audio", MEDIA_TYPES[asked], content),)
    if by_events:
        events = frames(_events(content, body["input"]), named=True, done=False)
        return Answer(events=events, media_type="text/event-stream", outputs=outputs)
    return Answer(content=content, media_type=MEDIA_TYPES[asked], outputs=outputs)


def _events(content: bytes, words: str) -> Iterator[Mapping[str, Any]]:
    for start in range(0, len(content), _PIECE):
        piece = content[start : start + _PIECE]
        yield {"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()}
    spoken, heard = text.count_tokens(words), max(1, len(content) // 1000)
    yield {
        "type": "speech.audio.done",
        "usage": {"input_tokens": spoken, "output_tokens": heard, "total_tokens": spoken + heard},
    }
