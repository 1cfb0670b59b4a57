"""Sound in chat completions: messages that are spoken, and answers that are.

https://developers.openai.com/api/docs/guides/audio
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from classroom.media import listening, sound
from classroom.standin.generation import text
from classroom.standin.incoming import checks, errors, model_checks
from classroom.standin.models.catalogue import Model
from classroom.standin.multimodal.hearing import hear, remember
from classroom.standin.outgoing.answers import CREATED
from classroom.standin.records.journal import Output
from classroom.standin.state import StandIn

# format that is asked for → the voice's own name for it, and the media type
_FORMATS: Mapping[str, tuple[str, str]] = {
    "wav": ("wav", "audio/wav"),
    "aac": ("aac", "audio/aac"),
    "mp3": ("mp3", "audio/mpeg"),
    "flac": ("flac", "audio/flac"),
    "opus": ("opus", "audio/ogg"),
    "pcm16": ("pcm", "audio/pcm"),
}
_HEARD = ("wav", "mp3")
# https://developers.openai.com/api/docs/guides/realtime-costs: a token is 100 ms of the user's sound, 50 ms of the model's
_IN_PER_SECOND, _OUT_PER_SECOND = 10, 20
_KEPT_SECONDS = 3600
_COUNTED_SECONDS = 20  # of sound, under an allowance
_PIECE = 24_000  # bytes of sound in one chunk: half a second of pcm


@dataclass(frozen=True)
class Heard:
    """A conversation whose sounds are words. `tokens`: of the sounds."""

    messages: list[Any]
    tokens: int


@dataclass(frozen=True)
class Spoken:
    """An answer's sound: the `audio` of its message, the tokens of it, and the record of it."""

    audio: Mapping[str, Any] = field(repr=False)
    tokens: int
    output: Output = field(repr=False)


def is_asked(body: Mapping[str, Any]) -> bool:
    """Whether an answer is to be spoken, or a message is."""
    messages = body.get("messages")
    listed = messages if isinstance(messages, list) else []
    return "audio" in (body.get("modalities") or []) or any(True for _ in _sounds(listed))


def check(model: Model, body: Mapping[str, Any]) -> None:
    """Whether the model can hear and say what is asked.

    Raises:
        APIError: 400, naming the parameter.
    """
    modalities = body.get("modalities") or []
    for index, each in enumerate(modalities):
        if each not in ("text", "audio"):
            raise errors.invalid(
                f"Invalid value: '{each}'. Supported values are: 'text' and 'audio'.",
                f"modalities[{index}]",
                "invalid_value",
            )
    heard = next(iter(_sounds(body["messages"])), None)
    if not model.speaks:
        if "audio" in modalities:
            raise errors.invalid(
                "Unsupported value for 'modalities': this model has no 'audio'. Use a model such as 'gpt-audio-1.5'.",
                "modalities",
                "unsupported_value",
            )
        if heard is not None:
            raise errors.invalid(
                "Invalid content type. input_audio is only supported by certain models.",
                f"{heard[0]}.type",
                None,
            )
        return
    if "audio" in modalities:
        _check_voice(model, body)
    elif heard is None:
        raise errors.invalid(
            "This model requires that either input content or output modality contain audio.",
            "model",
            "invalid_value",
        )


def _check_voice(model: Model, body: Mapping[str, Any]) -> None:
    asked = body.get("audio")
    names = ("audio",) if not isinstance(asked, dict) else ("audio.format", "audio.voice")
    for name in names:
        if not isinstance(asked, dict) or asked.get(name.partition(".")[2]) is None:
            raise errors.invalid(f"Missing required parameter: '{name}'.", name, "missing_required_parameter")
    assert isinstance(asked, dict)
    if body.get("stream") and asked["format"] != "pcm16":
        raise errors.invalid(
            f"Unsupported value: 'audio.format' does not support '{asked['format']}' when stream=true. "
            "Supported values are: 'pcm16'.",
            "audio.format",
            "unsupported_value",
        )
    checks.check_choice(asked["format"], tuple(_FORMATS), "audio.format")
    model_checks.check_voice(model, asked["voice"], lenient=False, param="audio.voice")


def listen(standin: StandIn, messages: Sequence[Any]) -> Heard:
    """The conversation with the words of its sounds in their place, the model's own earlier answers included.

    Raises:
        APIError: 400 for what is no sound.
    """
    tokens = 0
    words: dict[int, str] = {}
    for at, part in _sounds(messages):
        transcript, seconds = _hear(standin, part, at)
        words[id(part)] = transcript
        tokens += max(1, round(seconds * _IN_PER_SECOND))
    heard = []
    for message in messages:
        content, earlier = message.get("content"), message.get("audio")
        if isinstance(content, list):
            parts = [
                {"type": "text", "text": words[id(part)]} if id(part) in words else part for part in content
            ]
            message = {**message, "content": parts}
        elif content is None and isinstance(earlier, dict):
            message = {**message, "content": standin.spoken.get(str(earlier.get("id"))) or ""}
        heard.append(message)
    return Heard(heard, tokens)


def _sounds(messages: Sequence[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each sound of a conversation, with its place."""
    for number, message in enumerate(messages):
        content = message.get("content") if isinstance(message, dict) else None
        for index, part in enumerate(content if isinstance(content, list) else ()):
            if isinstance(part, dict) and part.get("type") == "input_audio":
                yield f"messages[{number}].content[{index}]", part


def _hear(standin: StandIn, part: Mapping[str, Any], at: str) -> tuple[str, float]:
    given = part.get("input_audio")
    if not isinstance(given, dict) or not isinstance(given.get("data"), str):
        name = f"{at}.input_audio" + (".data" if isinstance(given, dict) else "")
        raise errors.invalid(f"Missing required parameter: '{name}'.", name, "missing_required_parameter")
    if not standin.lenient:
        checks.check_choice(given.get("format"), _HEARD, f"{at}.input_audio.format")
    try:
        content = base64.b64decode(given["data"], validate=True)
        transcript, seconds = hear(standin, content)
    except (ValueError, binascii.Error, listening.NotSound):
        if standin.lenient:
            return "", 0.0
        raise errors.invalid(
            "The data provided for 'input_audio' is not of valid "
            f"{given.get('format')} format, or is not base64.",
            f"{at}.input_audio.data",
            "invalid_value",
        ) from None
    return transcript or f"(a sound of {seconds:.1f} seconds, which the stand-in did not make)", seconds


def speak_all(
    standin: StandIn, body: Mapping[str, Any], answers: Sequence[str], mark: str
) -> dict[int, Spoken]:
    """The answers that have words, spoken as the request says, by their place; none, if it wants text alone."""
    if "audio" not in (body.get("modalities") or []):
        return {}
    return {
        index: _speak(standin, body, words, text.digest(mark, index))
        for index, words in enumerate(answers)
        if words
    }


def put_into(completion: Mapping[str, Any], spoken: Mapping[int, Spoken], heard: int) -> None:
    """Put sounds into the answers that are spoken, and the tokens of all sounds into the usage."""
    usage = completion["usage"]
    usage["prompt_tokens_details"]["audio_tokens"] = heard
    for index, each in spoken.items():
        completion["choices"][index]["message"] |= {"content": None, "audio": dict(each.audio)}
        usage["completion_tokens_details"]["audio_tokens"] += each.tokens
        usage["completion_tokens"] += each.tokens
        usage["total_tokens"] += each.tokens


def _speak(standin: StandIn, body: Mapping[str, Any], words: str, mark: str) -> Spoken:
    asked = body.get("audio")
    wanted = asked if isinstance(asked, dict) else {}
    kind, media_type = _FORMATS.get(str(wanted.get("format")), _FORMATS["wav"])
    voice = wanted.get("voice") or "alloy"
    named = str(voice.get("id")) if isinstance(voice, dict) else str(voice)
    longest = _COUNTED_SECONDS if standin.allowance else sound.LONGEST
    content = sound.speak(words, voice=named, format=kind, longest=longest)
    seconds = len(content) / (2 * sound.SAMPLE_RATE) if kind == "pcm" else listening.measure(content)
    id = f"audio_{mark[:32]}"
    remember(standin, content, words, kind)
    standin.spoken.put(id, words)
    data = base64.b64encode(content).decode()
    audio = {"id": id, "data": data, "expires_at": CREATED + _KEPT_SECONDS, "transcript": words}
    return Spoken(audio, max(1, round(seconds * _OUT_PER_SECOND)), Output("audio", media_type, content))


def deltas(audio: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What the chunks of a stream add: the words, the sound, and last the time it is kept until."""
    yield {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "audio": {"id": audio["id"], "transcript": ""},
    }
    for piece in text.pieces(audio["transcript"]):
        yield {"audio": {"transcript": piece}}
    content = base64.b64decode(audio["data"])
    for start in range(0, len(content), _PIECE):
        yield {"audio": {"data": base64.b64encode(content[start : start + _PIECE]).decode()}}
    yield {"audio": {"expires_at": audio["expires_at"]}}
