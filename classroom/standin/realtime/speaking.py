"""What a Realtime model says: its words, read aloud where that is asked for, and their sound."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from classroom.media import sound
from classroom.standin.generation import text, tools, turns
from classroom.standin.multimodal.hearing import remember
from classroom.standin.realtime import items
from classroom.standin.realtime.session import FORMATS
from classroom.standin.scripting.replies import Given
from classroom.standin.state import StandIn

# https://developers.openai.com/api/docs/guides/realtime-costs: a token is 100 ms of the user's sound, 50 ms of the model's
_IN_PER_SECOND, _OUT_PER_SECOND = 10, 20
_PIECE = 24_000  # bytes of sound in one event: half a second of pcm
_READ = 4_000  # characters of instructions that are looked at
_ALOUD = re.compile(
    r"\b(?:read|say|speak|repeat|recite|narrate|voice)\b[^.]{0,80}?\b(?:verbatim|exactly|aloud|out loud|word[- ]for[- ]word|"
    r"as (?:it is )?written|as is|following|(?:this|the|user'?s?) (?:text|message|words|input|sentence))\b",
    re.IGNORECASE,
)
_FENCES = "\"'`“”<>"


@dataclass(frozen=True)
class Spoken:
    """What one response says.

    Attributes:
        turn: its words or calls.
        audio: the sound of the words in the session's format; None for a text.
        usage: as `response.done` tells it.
    """

    turn: turns.Turn
    audio: bytes | None
    usage: Mapping[str, Any]


def offer_of(settings: Mapping[str, Any]) -> tools.Offer:
    """The tools of a session or a response."""
    functions = [tool for tool in settings.get("tools") or [] if tool.get("type") == "function"]
    offered = tools.offered(functions)
    choice: Any = settings.get("tool_choice") or "auto"
    if isinstance(choice, Mapping):
        return tools.Offer(offered, "required", str(choice.get("name")))
    return tools.Offer(offered, choice if choice in ("none", "auto", "required") else "auto")


def speak(
    standin: StandIn,
    settings: Mapping[str, Any],
    context: Sequence[Mapping[str, Any]],
    given: Given | None,
    mark: str,
) -> Spoken:
    """The model's turn.

    Args:
        settings: of the response.
        context: the items that it answers.
        given: what a test scripted, if anything.
        mark: of the request.
    """
    messages = items.messages_of(standin, context, settings.get("instructions"))
    limit = settings.get("max_output_tokens")
    wishes = turns.Wishes(offer=offer_of(settings))
    turn = turns.answer(given, messages, mark, wishes, max_tokens=limit if isinstance(limit, int) else None)
    if given is None and not turn.calls and (words := aloud(messages, settings.get("instructions"))):
        finished = text.finish(words, max_tokens=limit if isinstance(limit, int) else None)
        turn = turns.Turn(finished.text, (), finished.finish_reason, finished.tokens)
    audio = None
    if settings["output_modalities"] == ["audio"] and not turn.calls:
        audio = _sound(standin, turn.text, settings["audio"]["output"])
    return Spoken(turn, audio, _usage(messages, context, settings, turn, audio))


def aloud(messages: Sequence[Mapping[str, Any]], instructions: Any) -> str | None:
    """The text that is to be read as it stands: what the user wrote, or what follows the request to read it."""
    asked = instructions[:_READ] if isinstance(instructions, str) else ""
    prompt = next((str(each["content"]) for each in reversed(messages) if each["role"] == "user"), "")
    within = _following(prompt)
    if _ALOUD.search(asked):
        return within or prompt or _following(instructions if isinstance(instructions, str) else "")
    return within


def _following(words: str) -> str | None:
    """What stands after a request to read it aloud: after its colon or its line."""
    match = _ALOUD.search(words[:_READ])
    if match is None:
        return None
    rest = re.search(r"[:\n]\s*", words[match.end() : match.end() + 200])
    if rest is None:
        return None
    return words[match.end() + rest.end() :].strip().strip(_FENCES).strip() or None


def _sound(standin: StandIn, words: str, output: Mapping[str, Any]) -> bytes:
    form = output.get("format") or {}
    kind = FORMATS.get(str(form.get("type") if isinstance(form, Mapping) else form), "pcm")
    voice = output.get("voice") or "marin"
    name = str(voice.get("id")) if isinstance(voice, Mapping) else str(voice)
    content = sound.speak(words, voice=name, speed=float(output.get("speed") or 1.0), format=kind)
    remember(standin, content, words, kind)
    return content


def _usage(
    messages: Sequence[Mapping[str, Any]],
    context: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
    turn: turns.Turn,
    audio: bytes | None,
) -> dict[str, Any]:
    heard = round(items.seconds_in(context) * _IN_PER_SECOND)
    read = text.count_message_tokens(messages)
    rate = items.BYTES_PER_SECOND if _is_pcm(settings) else 8_000
    voiced = max(1, round(len(audio) / rate * _OUT_PER_SECOND)) if audio is not None else 0
    return {
        "total_tokens": heard + read + voiced + turn.tokens,
        "input_tokens": heard + read,
        "output_tokens": voiced + turn.tokens,
        "input_token_details": {
            "text_tokens": read,
            "audio_tokens": heard,
            "image_tokens": 0,
            "cached_tokens": 0,
            "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": turn.tokens, "audio_tokens": voiced},
    }


def _is_pcm(settings: Mapping[str, Any]) -> bool:
    form = settings["audio"]["output"].get("format") or {}
    return (form.get("type") if isinstance(form, Mapping) else form) in (None, "audio/pcm")


def reduce_usage(usage: Mapping[str, Any], sent: float) -> dict[str, Any]:
    """The usage of a response of which only a part was sent. `sent`: from 0 to 1."""
    details = {name: round(count * sent) for name, count in usage["output_token_details"].items()}
    output = sum(details.values())
    return {
        **usage,
        "output_token_details": details,
        "output_tokens": output,
        "total_tokens": usage["input_tokens"] + output,
    }


def pieces_of(audio: bytes) -> Iterator[bytes]:
    """Sound cut into what one event holds."""
    for start in range(0, len(audio), _PIECE):
        yield audio[start : start + _PIECE]
