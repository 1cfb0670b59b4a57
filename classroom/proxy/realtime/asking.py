"""Reads a Realtime client's events field by field: an event that is not understood, or has no price, is refused.

By openai/types/realtime/realtime_client_event.py. Not offered: what is charged beside a response, or by another price list
(transcription of input, pictures, tools of other services), and turn detection, by which a model answers unasked.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from classroom.proxy.fields.items import typed
from classroom.proxy.fields.kinds import (
    Choice,
    Data,
    Either,
    Flag,
    Integer,
    Items,
    Kind,
    Number,
    Text,
    check_type,
)
from classroom.proxy.fields.parts import EFFORT, NAME, OWNERS, UNPRICED
from classroom.proxy.fields.shapes import Dropped, Refused, Shape, Tagged
from classroom.proxy.fields.tally import Tally
from classroom.proxy.rules import refusals

_BESIDE = "it is charged beside the answer"
_UNASKED = "the model would answer unasked; commit the sound and send response.create"
_ID = Text(128)


@dataclass(frozen=True)
class Sound:
    """A sound in base64. Its bytes are counted by how long they can last at most."""

    takes = (str,)

    def read(self, value: Any, at: str, tally: Tally) -> str:
        """As it is."""
        check_type(value, self, at, "a string")
        try:
            tally.sounds.append(base64.b64decode(value, validate=True))
        except (binascii.Error, ValueError):
            raise refusals.wrong_value(at, "it is no base64") from None
        return str(value)


@dataclass(frozen=True)
class Nothing:
    """Only null: what can be switched off, and not on."""

    why: str
    takes = (object,)

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """Never: null is no value, and is not read."""
        raise refusals.not_offered(at, self.why)


_PARTS: dict[str, Kind] = {
    "input_text": Shape(typed("input_text", text=Text()), ("text",)),
    "text": Shape(typed("text", text=Text()), ("text",)),
    "output_text": Shape(typed("output_text", text=Text()), ("text",)),
    "input_audio": Shape(typed("input_audio", audio=Sound(), transcript=Text())),
    "output_audio": Shape(typed("output_audio", audio=Sound(), transcript=Text())),
    "input_image": Refused(UNPRICED),
}
_OF_AN_ITEM: dict[str, Kind] = {
    "id": _ID,
    "object": Dropped(),
    "status": Choice(("completed", "incomplete", "in_progress")),
}
_ITEMS: dict[str, Kind] = {
    "message": Shape(
        typed(
            "message",
            role=Choice(("user", "system", "assistant", "developer")),
            content=Items(Tagged("type", _PARTS), 200),
            **_OF_AN_ITEM,
        ),
        ("role", "content"),
    ),
    "function_call": Shape(
        typed("function_call", call_id=_ID, name=NAME, arguments=Text(), **_OF_AN_ITEM),
        ("name", "arguments"),
    ),
    "function_call_output": Shape(
        typed("function_call_output", call_id=_ID, output=Text(), **_OF_AN_ITEM), ("call_id", "output")
    ),
    "item_reference": Shape(typed("item_reference", id=_ID), ("id",)),
    **{
        name: Refused("it leads to other services")
        for name in ("mcp_call", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response")
    },
}
_ITEM = Tagged("type", _ITEMS)
_FORMAT = Tagged(
    "type",
    {
        "audio/pcm": Shape(typed("audio/pcm", rate=Integer(24_000, 24_000))),
        "audio/pcmu": Shape(typed("audio/pcmu")),
        "audio/pcma": Shape(typed("audio/pcma")),
    },
)
_HEARD = Shape(
    {
        "format": _FORMAT,
        "turn_detection": Nothing(_UNASKED),
        "transcription": Nothing(_BESIDE),
        "noise_reduction": Shape({"type": Choice(("near_field", "far_field"))}),
    }
)
_SPOKEN: dict[str, Kind] = {"format": _FORMAT, "voice": Text(64)}
_TOOLS = Items(
    Tagged(
        "type",
        {
            "function": Shape(typed("function", name=NAME, description=Text(), parameters=Data()), ("name",)),
            "mcp": Refused("it leads to other services"),
        },
    ),
    128,
)
_CHOICE = Either(
    (
        Choice(("none", "auto", "required")),
        Tagged("type", {"function": Shape(typed("function", name=NAME), ("name",))}),
    ),
    "a string or an object",
)
_LENGTH = Either((Integer(1, 4096), Choice(("inf",))), "an integer or 'inf'")
_SHARED: dict[str, Kind] = {
    "instructions": Text(),
    "max_output_tokens": _LENGTH,
    "output_modalities": Items(Choice(("audio", "text")), 1),
    "parallel_tool_calls": Flag(),
    "prompt": Refused(OWNERS),
    "reasoning": Shape({"effort": EFFORT}),
    "tool_choice": _CHOICE,
    "tools": _TOOLS,
}
_SESSION = Shape(
    {
        **_SHARED,
        "type": Choice(("realtime",), {"transcription": _BESIDE, "translation": _BESIDE}),
        "model": Text(128),
        "audio": Shape({"input": _HEARD, "output": Shape({**_SPOKEN, "speed": Number()})}),
        "truncation": Choice(("auto", "disabled")),
        "tracing": Nothing("it writes into the account of this proxy's owner"),
        "include": Items(Choice((), {"item.input_audio_transcription.logprobs": _BESIDE}), 4),
    },
    ("type",),
)
_RESPONSE = Shape(
    {
        **_SHARED,
        "conversation": Choice(("auto", "none")),
        "metadata": Data(),
        "input": Items(_ITEM, 1_000),
        "audio": Shape({"output": Shape(_SPOKEN)}),
    }
)


def _event(name: str, *required: str, **fields: Kind) -> Shape:
    return Shape(typed(name, event_id=Text(512), **fields), required, counted=False)


EVENT = Tagged(
    "type",
    {
        "session.update": _event("session.update", "session", session=_SESSION),
        "conversation.item.create": _event(
            "conversation.item.create", "item", item=_ITEM, previous_item_id=_ID
        ),
        "conversation.item.retrieve": _event("conversation.item.retrieve", "item_id", item_id=_ID),
        "conversation.item.delete": _event("conversation.item.delete", "item_id", item_id=_ID),
        "conversation.item.truncate": _event(
            *("conversation.item.truncate", "item_id"),
            item_id=_ID,
            content_index=Integer(0, 1000),
            audio_end_ms=Integer(0),
        ),
        "input_audio_buffer.append": _event("input_audio_buffer.append", "audio", audio=Sound()),
        "input_audio_buffer.commit": _event("input_audio_buffer.commit"),
        "input_audio_buffer.clear": _event("input_audio_buffer.clear"),
        "response.create": _event("response.create", response=_RESPONSE),
        "response.cancel": _event("response.cancel", response_id=_ID),
    },
)
