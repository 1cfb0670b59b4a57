"""The fields of `chat/completions` (openai/types/chat/completion_create_params.py) and what Azure adds to it."""

from dataclasses import dataclass
from typing import Any

from classroom.proxy.fields.kinds import Choice, Either, Flag, Integer, Items, Kind, Number, Table, Text
from classroom.proxy.fields.parts import (
    BREAKPOINT,
    DETAIL,
    EFFORT,
    FORMAT_OF_SCHEMA,
    FUNCTION,
    LENGTH,
    METADATA,
    MODEL,
    NAME,
    OWNERS,
    SEED,
    UNPRICED,
    USUAL_CACHE,
    VERBOSITY,
    Document,
    KeptDocument,
    Picture,
    Shown,
    Sound,
    Tier,
)
from classroom.proxy.fields.shapes import Dropped, Refused, Shape, Sources, Stored, Tagged
from classroom.proxy.fields.tally import Tally

_ELSEWHERE = "it leads to a service of its own, which this proxy does not know the price of"
_TEXT = Shape({"type": Choice(("text",)), "text": Text(), "prompt_cache_breakpoint": BREAKPOINT}, ("text",))
# OpenAI's agents for Node keep what an answer says of itself beside its words, and send it back
_SAID = Shape({**_TEXT.fields, **dict.fromkeys(("role", "refusal", "annotations"), Dropped())}, ("text",))
_REFUSAL = Shape({"type": Choice(("refusal",)), "refusal": Text()}, ("refusal",))
_IMAGE = Shape(
    {
        "type": Choice(("image_url",)),
        "image_url": Shown(Shape({"url": Picture(), "detail": DETAIL}, ("url",))),
        "prompt_cache_breakpoint": BREAKPOINT,
    },
    ("image_url",),
)
_AUDIO = Shape(
    {
        "type": Choice(("input_audio",)),
        "input_audio": Shape({"data": Sound(), "format": Choice(("wav", "mp3"))}, ("data", "format")),
        "prompt_cache_breakpoint": BREAKPOINT,
    },
    ("input_audio",),
)
_FILE = Shape(
    {
        "type": Choice(("file",)),
        "file": Shape({"file_data": Document(), "filename": Text(256), "file_id": KeptDocument()}),
        "prompt_cache_breakpoint": BREAKPOINT,
    },
    ("file",),
)


def _content(**parts: Kind) -> Either:
    return Either((Text(), Items(Tagged("type", parts))), "a string or an array of content parts")


_WORDS = _content(text=_TEXT)
_SHOWN = _content(text=_TEXT, image_url=_IMAGE, input_audio=_AUDIO, file=_FILE)
_CALL = Tagged(
    "type",
    {
        "function": Shape(
            {
                "id": NAME,
                "type": Choice(("function",)),
                "function": Shape({"name": NAME, "arguments": Text()}, ("name", "arguments")),
                "index": Integer(0),  # streams have it, and programs send back what came
            },
            ("function",),
        ),
        "custom": Shape(
            {
                "id": NAME,
                "type": Choice(("custom",)),
                "custom": Shape({"name": NAME, "input": Text()}, ("name", "input")),
                "index": Integer(0),
            },
            ("custom",),
        ),
    },
    usual="function",
)
_ROLE: dict[str, Kind] = {"role": Text(16), "name": NAME}
_MESSAGE = Tagged(
    "role",
    {
        "system": Shape({**_ROLE, "content": _WORDS}, ("content",)),
        "developer": Shape({**_ROLE, "content": _WORDS}, ("content",)),
        "user": Shape({**_ROLE, "content": _SHOWN}, ("content",)),
        "assistant": Shape(
            {
                **_ROLE,
                "content": _content(text=_SAID, refusal=_REFUSAL),
                "refusal": Text(),
                "tool_calls": Items(_CALL),
                "function_call": Shape({"name": NAME, "arguments": Text()}, ("name", "arguments")),
                # an answer with sound is named by its identifier, and read again; the rest of it is the API's own
                "audio": Shape({"id": Stored()}, ("id",)),
                "annotations": Dropped(),  # programs send back what came
            }
        ),
        "tool": Shape({**_ROLE, "content": _SHOWN, "tool_call_id": NAME}, ("content", "tool_call_id")),
        "function": Shape({**_ROLE, "content": _WORDS}, ("name",)),
    },
)
_TOOL = Tagged(
    "type",
    {
        "function": Shape(
            {"type": Choice(("function",)), "function": Shape(FUNCTION, ("name",))}, ("function",)
        ),
        "custom": Shape(
            {
                "type": Choice(("custom",)),
                "custom": Shape(
                    {
                        "name": NAME,
                        "description": Text(),
                        "format": Shape(
                            {
                                "type": Choice(("text", "grammar")),
                                "grammar": Shape(
                                    {"definition": Text(), "syntax": Choice(("lark", "regex"))},
                                    ("definition", "syntax"),
                                ),
                            },
                            ("type",),
                        ),
                    },
                    ("name",),
                ),
            },
            ("custom",),
        ),
    },
)
_NAMED: dict[str, Kind] = {
    name: Shape({"type": Choice((name,)), name: Shape({"name": NAME}, ("name",))}, (name,))
    for name in ("function", "custom")
}
_CHOSEN = Either(
    (
        Choice(("none", "auto", "required")),
        Tagged(
            "type",
            {
                **_NAMED,
                "allowed_tools": Shape(
                    {
                        "type": Choice(("allowed_tools",)),
                        "allowed_tools": Shape(
                            {
                                "mode": Choice(("auto", "required")),
                                "tools": Items(Tagged("type", _NAMED), 128),
                            },
                            ("mode", "tools"),
                        ),
                    },
                    ("allowed_tools",),
                ),
            },
        ),
    ),
    "a string or an object",
)
STREAM_OPTIONS = Shape({"include_usage": Flag(), "include_obfuscation": Flag()}, counted=False)
FORMAT = Tagged(
    "type",
    {
        "text": Shape({"type": Choice(("text",))}),
        "json_object": Shape({"type": Choice(("json_object",))}),
        "json_schema": Shape(
            {"type": Choice(("json_schema",)), "json_schema": Shape(FORMAT_OF_SCHEMA, ("name",))},
            ("json_schema",),
        ),
    },
)
MOST_ANSWERS = 128
_PREDICTED = Shape({"type": Choice(("content",)), "content": _content(text=_TEXT)}, ("type", "content"))


@dataclass(frozen=True)
class _Prediction:
    """An answer as it may come: what the model rejects of it is charged as if the model had made it."""

    takes = (dict,)

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """Counted twice: as input, and as output."""
        before = tally.text
        made = _PREDICTED.read(value, at, tally)
        tally.predicted += tally.text - before
        return made


CHAT = Shape(
    {
        "model": MODEL,
        "messages": Items(_MESSAGE),
        "audio": Shape(
            {
                "voice": Either(
                    (Text(64), Shape({"id": Refused(OWNERS)}, ("id",))), "the name of a voice of the API"
                ),
                "format": Choice(("wav", "aac", "mp3", "flac", "opus", "pcm16")),
            },
            ("voice", "format"),
        ),
        "frequency_penalty": Number(),
        "function_call": Either(
            (Choice(("none", "auto")), Shape({"name": NAME}, ("name",))), "a string or an object"
        ),
        "functions": Items(Shape(FUNCTION, ("name",)), 128),
        "logit_bias": Table(Integer(-100, 100)),
        "logprobs": Flag(),
        "max_completion_tokens": LENGTH,
        "max_tokens": LENGTH,
        "metadata": METADATA,
        "modalities": Items(Choice(("text", "audio")), 2),
        "moderation": Refused(UNPRICED),
        "n": Integer(1, MOST_ANSWERS),
        "parallel_tool_calls": Flag(),
        "prediction": _Prediction(),
        "presence_penalty": Number(),
        "prompt_cache_key": Text(256),
        "prompt_cache_options": USUAL_CACHE,
        "prompt_cache_retention": Choice(("in_memory", "in-memory", "24h")),
        "reasoning_effort": EFFORT,
        "response_format": FORMAT,
        "safety_identifier": Text(256),
        "seed": SEED,
        "service_tier": Tier(),
        "stop": Either((Text(), Items(Text(), 16)), "a string or an array of strings"),
        "store": Flag(),
        "stream": Flag(),
        "stream_options": STREAM_OPTIONS,
        "temperature": Number(),
        "tool_choice": _CHOSEN,
        "tools": Items(_TOOL, 128),
        "top_logprobs": Integer(0, 20),
        "top_p": Number(),
        "user": Text(256),
        "verbosity": VERBOSITY,
        "web_search_options": Refused(
            "each search costs extra and no answer counts them; ask /v1/responses for the tool web_search, where events allow it"
        ),
        # Azure's, and other services'
        "data_sources": Refused(_ELSEWHERE),
        "dataSources": Sources(_ELSEWHERE),
        "enhancements": Dropped(),  # of the vision preview: today's models read pictures without them
    },
    ("messages",),
)
