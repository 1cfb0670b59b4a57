"""`POST /audio/speech`, whole and by server-sent events: a real voice that says the words."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from classroom.media import sound
from classroom.standin.generation import text
from classroom.standin.incoming import errors, model_checks
from classroom.standin.models.costs import Usage
from classroom.standin.multimodal.hearing import remember
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import Answer, frames
from classroom.standin.records.journal import Output
from classroom.standin.state import StandIn

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
_BYTES_PER_TOKEN = 1000
_COUNTED_SECONDS = 20  # of sound, under an allowance
_HURRY = 3.0  # times as fast as usual, where nobody listens


def create(standin: StandIn, asked: Asked) -> Answer:
    """Speech.

    Raises:
        APIError: 400 for a voice or a kind of stream that the model doesn't have.
    """
    body = asked.body
    model = standin.model(body.get("model"), "speech")
    voice = model_checks.check_voice(model, body["voice"], lenient=standin.lenient)
    wanted = body.get("response_format") or "mp3"
    by_events = body.get("stream_format") == "sse"
    if by_events and not model.streams:
        raise errors.invalid(
            f"'stream_format' of 'sse' is not supported for the model '{model.id}'.",
            "stream_format",
            "unsupported_value",
        )
    if wanted not in MEDIA_TYPES:  # only a lenient stand-in comes here with another
        wanted = "mp3"
    words = body["input"]
    # where work is counted, nobody listens to the end, and a long text would keep others waiting
    longest = _COUNTED_SECONDS if standin.allowance else sound.LONGEST
    speed = float(body.get("speed") or 1.0) * (_HURRY if standin.hurried else 1.0)
    content = sound.speak(words, voice=voice, speed=speed, format=wanted, longest=longest)
    remember(standin, content, words, wanted)
    outputs = (Output("audio", MEDIA_TYPES[wanted], content),)
    if model.bills_characters:
        usage = Usage(model.id, {"input_characters": len(words)})
    else:
        units = _tokens(content, words)
        usage = Usage(
            model.id, {"input_tokens": units["input_tokens"], "output_tokens": units["output_tokens"]}
        )
    if by_events:
        events = frames(_events(content, words), named=True, done=False)
        return Answer(events=events, media_type="text/event-stream", outputs=outputs, usage=usage)
    return Answer(content=content, media_type=MEDIA_TYPES[wanted], outputs=outputs, usage=usage)


def _tokens(content: bytes, words: str) -> dict[str, int]:
    spoken, heard = text.count_tokens(words), max(1, len(content) // _BYTES_PER_TOKEN)
    return {"input_tokens": spoken, "output_tokens": heard, "total_tokens": spoken + heard}


def _events(content: bytes, words: str) -> Iterator[Mapping[str, Any]]:
    for start in range(0, len(content), _PIECE):
        piece = content[start : start + _PIECE]
        yield {"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()}
    yield {"type": "speech.audio.done", "usage": _tokens(content, words)}


OPERATIONS = (Operation("POST", "audio/speech", create, "json", "audio/speech", slow=True),)
