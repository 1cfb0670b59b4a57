"""A Realtime session's settings: what they are at first, what a client may change, what is refused.

Shapes: `openai/types/realtime/realtime_session_create_request.py` and `realtime_response_create_params.py` (openai 3.54.0).
"""

import copy
from collections.abc import Mapping
from typing import Any

from classroom.standin.incoming import errors
from classroom.standin.incoming.checks import json_type, wrong_type
from classroom.standin.models.catalogue import Model

SETTINGS = frozenset(
    [
        "audio",
        "include",
        "instructions",
        "max_output_tokens",
        "model",
        "output_modalities",
        "parallel_tool_calls",
        "prompt",
        "reasoning",
        "tool_choice",
        "tools",
        "tracing",
        "truncation",
        "type",
    ]
)
OPTIONS = frozenset(  # of one response
    [
        "audio",
        "conversation",
        "input",
        "instructions",
        "max_output_tokens",
        "metadata",
        "output_modalities",
        "parallel_tool_calls",
        "prompt",
        "reasoning",
        "tool_choice",
        "tools",
    ]
)
FORMATS = {"audio/pcm": "pcm", "audio/pcmu": "pcmu", "audio/pcma": "pcma"}
_PCM = {"type": "audio/pcm", "rate": 24000}
_LONGEST_ANSWER = 4096  # tokens
_EXPIRES = 1_760_003_600  # an hour after every answer's day, see `answers.CREATED`
_TYPES: Mapping[str, tuple[str, ...]] = {
    "audio": ("object",),
    "include": ("array",),
    "input": ("array",),
    "instructions": ("string",),
    "max_output_tokens": ("integer", "string"),
    "metadata": ("object",),
    "output_modalities": ("array",),
    "tools": ("array",),
    "tool_choice": ("string", "object"),
}


def begin(model: Model, mark: str) -> dict[str, Any]:
    """The settings of a new session."""
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": f"sess_{mark[:21]}",
        "model": model.id,
        "output_modalities": ["audio"],
        "instructions": "Answer as a helpful voice assistant.",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "prompt": None,
        "expires_at": _EXPIRES,
        "audio": {
            "input": {
                "format": _PCM,
                "transcription": None,
                "noise_reduction": None,
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.5,
                    "prefix_padding_ms": 300,
                    "silence_duration_ms": 200,
                    "idle_timeout_ms": None,
                    "create_response": True,
                    "interrupt_response": True,
                },
            },
            "output": {
                "format": _PCM,
                "voice": "marin" if "marin" in model.voices else "alloy",
                "speed": 1.0,
            },
        },
        "include": None,
    }


def update(session: Mapping[str, Any], change: Any, model: Model, *, spoke: bool) -> dict[str, Any]:
    """The settings after `session.update`.

    Args:
        session: before.
        change: what the client sent.
        spoke: whether the model has spoken, after which its voice stays.

    Raises:
        APIError: 400, naming the setting.
    """
    if not isinstance(change, Mapping):
        raise wrong_type("session", "an object", change)
    if change.get("type") is None:
        raise errors.invalid(
            "Missing required parameter: 'session.type'.", "session.type", "missing_required_parameter"
        )
    if change["type"] != "realtime":
        raise errors.invalid(
            f"Invalid value: '{change['type']}'. The stand-in serves sessions of the type 'realtime'.",
            "session.type",
            "invalid_value",
        )
    if change.get("model") not in (None, session["model"]):
        raise errors.invalid("The model of a session can't be changed.", "session.model", "invalid_value")
    check(change, "session", SETTINGS, model)
    made = _merge(session, change)
    if spoke and made["audio"]["output"]["voice"] != session["audio"]["output"]["voice"]:
        raise errors.invalid(
            "Cannot update a conversation's voice if assistant audio is present.",
            "session.audio.output.voice",
            "cannot_update_voice",
        )
    return made


def check(change: Mapping[str, Any], at: str, known: frozenset[str], model: Model) -> None:
    """Check settings that a session and a response have in common.

    Raises:
        APIError: 400, naming the setting.
    """
    for name, value in change.items():
        param = f"{at}.{name}"
        if name not in known:
            raise errors.invalid(f"Unknown parameter: '{param}'.", param, "unknown_parameter")
        wanted = _TYPES.get(name)
        if value is not None and wanted and json_type(value) not in wanted:
            raise wrong_type(param, " or ".join(wanted), value)
    modalities = change.get("output_modalities")
    if modalities is not None and modalities not in (["audio"], ["text"]):
        raise errors.invalid(
            f"Invalid modalities: {modalities}. Supported combinations are: ['text'] and ['audio'].",
            f"{at}.output_modalities",
            "invalid_value",
        )
    limit = change.get("max_output_tokens")
    if limit is not None and limit != "inf" and not (type(limit) is int and 1 <= limit <= _LONGEST_ANSWER):
        raise errors.invalid(
            f"Invalid '{at}.max_output_tokens': expected 'inf' or an integer from 1 to {_LONGEST_ANSWER}.",
            f"{at}.max_output_tokens",
            "invalid_value",
        )
    _check_tools(change.get("tools") or [], f"{at}.tools")
    audio = change.get("audio") or {}
    for side in ("input", "output"):
        if audio.get(side) is not None and not isinstance(audio[side], Mapping):
            raise wrong_type(f"{at}.audio.{side}", "an object", audio[side])
    _check_sound(audio.get("input") or {}, f"{at}.audio.input")
    _check_sound(audio.get("output") or {}, f"{at}.audio.output", model)


def _check_tools(tools: list[Any], at: str) -> None:
    for index, tool in enumerate(tools):
        if not isinstance(tool, Mapping):
            raise wrong_type(f"{at}[{index}]", "an object", tool)
        if tool.get("type") == "function" and not isinstance(tool.get("name"), str):
            param = f"{at}[{index}].name"
            raise errors.invalid(
                f"Missing required parameter: '{param}'.", param, "missing_required_parameter"
            )


def _check_sound(sound: Mapping[str, Any], at: str, model: Model | None = None) -> None:
    form = sound.get("format")
    if form is not None:
        kind = form.get("type") if isinstance(form, Mapping) else form
        if kind not in FORMATS:
            listed = ", ".join(f"'{each}'" for each in FORMATS)
            raise errors.invalid(
                f"Invalid value: '{kind}'. Supported values are: {listed}.",
                f"{at}.format.type",
                "invalid_value",
            )
        if kind == "audio/pcm" and isinstance(form, Mapping) and form.get("rate") not in (None, 24000):
            raise errors.invalid(
                f"Invalid value: '{form['rate']}'. Supported values are: 24000.",
                f"{at}.format.rate",
                "invalid_value",
            )
    voice = sound.get("voice")
    if (
        model is not None
        and voice is not None
        and not isinstance(voice, Mapping)
        and voice not in model.voices
    ):
        listed = ", ".join(f"'{each}'" for each in model.voices)
        raise errors.invalid(
            f"Invalid value: '{voice}'. Supported values are: {listed}.", f"{at}.voice", "invalid_value"
        )
    speed = sound.get("speed")
    if speed is not None and not (type(speed) in (int, float) and 0.25 <= speed <= 1.5):
        raise errors.invalid(
            f"Invalid '{at}.speed': expected a number from 0.25 to 1.5.", f"{at}.speed", "invalid_value"
        )


def for_response(session: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of one response: the session's, as far as it doesn't have its own."""
    return _merge(
        session, {name: value for name, value in options.items() if name not in ("input", "conversation")}
    )


def _merge(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    out = copy.deepcopy(dict(old))
    for name, value in new.items():
        inner = (
            name in ("audio", "input", "output")
            and isinstance(value, Mapping)
            and isinstance(out.get(name), Mapping)
        )
        out[name] = _merge(out[name], value) if inner else value
    return out
