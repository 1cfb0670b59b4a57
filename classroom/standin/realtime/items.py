"""The items of a Realtime conversation: read from a client, and as the messages that they are."""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from classroom.standin.incoming import errors
from classroom.standin.state import StandIn

BYTES_PER_SECOND = 48_000  # of audio/pcm
_CONTENTS: Mapping[str, tuple[str, ...]] = {
    "user": ("input_text", "input_audio", "input_image"),
    "system": ("input_text",),
    "assistant": ("output_text", "output_audio"),
}
_ITEMS = ("message", "function_call", "function_call_output")


def read_item(given: Any, id: str, at: str = "item") -> dict[str, Any]:
    """A client's item, completed.

    Raises:
        APIError: 400, naming the place.
    """
    if not isinstance(given, Mapping):
        raise errors.invalid(f"Missing required parameter: '{at}'.", at, "missing_required_parameter")
    kind = given.get("type")
    if kind not in _ITEMS:
        raise _unknown(kind, _ITEMS, f"{at}.type")
    item = {"object": "realtime.item", "status": "completed", **given, "id": str(given.get("id") or id)}
    if kind == "message":
        _check_message(item, at)
    else:
        for name in ("call_id", "output") if kind == "function_call_output" else ("name", "arguments"):
            if not isinstance(item.get(name), str):
                raise errors.invalid(
                    f"Missing required parameter: '{at}.{name}'.",
                    f"{at}.{name}",
                    "missing_required_parameter",
                )
    return item


def _check_message(item: Mapping[str, Any], at: str) -> None:
    known = _CONTENTS.get(str(item.get("role")))
    if known is None:
        raise _unknown(item.get("role"), tuple(_CONTENTS), f"{at}.role")
    parts = item.get("content")
    if not isinstance(parts, list) or not parts:
        raise errors.invalid(
            f"Missing required parameter: '{at}.content'.", f"{at}.content", "missing_required_parameter"
        )
    for index, part in enumerate(parts):
        place = f"{at}.content[{index}]"
        kind = part.get("type") if isinstance(part, Mapping) else None
        if kind not in known:
            raise _unknown(kind, known, f"{place}.type")
        field = {"input_text": "text", "output_text": "text", "input_audio": "audio"}.get(str(kind))
        if field and not isinstance(part.get(field), str):
            raise errors.invalid(
                f"Missing required parameter: '{place}.{field}'.",
                f"{place}.{field}",
                "missing_required_parameter",
            )
        if kind == "input_audio":
            sound_of(part["audio"], f"{place}.audio")


def _unknown(value: Any, known: Sequence[str], param: str) -> errors.APIError:
    listed = ", ".join(f"'{each}'" for each in known)
    return errors.invalid(
        f"Invalid value: '{value}'. Supported values are: {listed}.", param, "invalid_value"
    )


def sound_of(encoded: Any, param: str) -> bytes:
    """Sound that came in base64.

    Raises:
        APIError: 400, it is none.
    """
    try:
        if not isinstance(encoded, str):
            raise ValueError("not a string")
        return base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise errors.invalid(
            f"Invalid '{param}': expected audio in base64.", param, "invalid_value"
        ) from None


def words_of_sound(standin: StandIn, sound: bytes) -> str:
    """What a sound says, if the stand-in spoke it; else that it comes from elsewhere."""
    known = standin.spoken.get(hashlib.sha256(sound).hexdigest())
    return known or f"a sound of {len(sound) / BYTES_PER_SECOND:.1f} seconds"


def messages_of(
    standin: StandIn, items: Sequence[Mapping[str, Any]], instructions: Any
) -> list[dict[str, Any]]:
    """Items as the messages of a conversation, the instructions first."""
    out: list[dict[str, Any]] = []
    if isinstance(instructions, str) and instructions:
        out.append({"role": "developer", "content": instructions})
    for item in items:
        if item["type"] == "message":
            parts = [_text_of(standin, part) for part in item["content"]]
            out.append({"role": item["role"], "content": "\n".join(filter(None, parts))})
        elif item["type"] == "function_call":
            call = {"id": item.get("call_id"), "function": {"name": item["name"]}}
            out.append({"role": "assistant", "content": None, "tool_calls": [call]})
        else:
            out.append({"role": "tool", "tool_call_id": item["call_id"], "content": item["output"]})
    return out


def _text_of(standin: StandIn, part: Mapping[str, Any]) -> str:
    if isinstance(part.get("text"), str):
        return str(part["text"])
    if isinstance(part.get("transcript"), str):
        return str(part["transcript"])
    if part.get("type") == "input_audio":
        return words_of_sound(standin, sound_of(part.get("audio"), "audio"))
    return ""


def seconds_in(items: Sequence[Mapping[str, Any]]) -> float:
    """How long the sounds are that the user sent."""
    encoded = [
        len(str(part.get("audio") or "")) * 3 / 4
        for item in items
        if item["type"] == "message"
        for part in item["content"]
        if part.get("type") == "input_audio"
    ]
    return sum(encoded) / BYTES_PER_SECOND


def show(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as events show it: without its sound, as the API does."""
    if item["type"] != "message":
        return dict(item)
    parts = [
        {
            **{name: value for name, value in part.items() if name != "audio"},
            "transcript": part.get("transcript"),
        }
        if part.get("type") in ("input_audio", "output_audio")
        else part
        for part in item["content"]
    ]
    return {**item, "content": parts}
