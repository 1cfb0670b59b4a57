"""The fields of `responses` (openai/types/responses/response_create_params.py)."""

from dataclasses import dataclass
from typing import Any

from classroom.proxy.fields.items import ITEM, typed
from classroom.proxy.fields.kinds import Choice, Either, Flag, Integer, Items, Number, Text
from classroom.proxy.fields.parts import (
    EFFORT,
    FORMAT_OF_SCHEMA,
    LENGTH,
    METADATA,
    MODEL,
    OWNERS,
    PATCHES,
    UNPRICED,
    USUAL_CACHE,
    VERBOSITY,
    Tier,
)
from classroom.proxy.fields.shapes import Refused, Shape, Stored, Tagged
from classroom.proxy.fields.tally import Tally
from classroom.proxy.fields.tools import CHOSEN, MOST_CALLS, TOOLS


@dataclass(frozen=True)
class _Request:
    """The whole of it; which tools there are decides how often one may be called."""

    of: Shape
    takes = (dict,)

    @property
    def fields(self) -> Any:
        """Those of its shape."""
        return self.of.fields

    def read(self, value: Any, at: str, tally: Tally) -> dict[str, Any]:
        """By its shape."""
        made = self.of.read(value, at, tally)
        if tally.calls is not None:
            made.setdefault("max_tool_calls", USUAL_CALLS)
            tally.calls = made["max_tool_calls"]
        return made


USUAL_CALLS = 2  # of the upstream's tools, where a request does not say

RESPONSES = _Request(
    Shape(
        {
            "model": MODEL,
            "access_programs": Refused(OWNERS),
            "background": Flag((False, "its cost is unknown until it is over")),
            "background_options": Refused("nothing is answered in the background"),
            "context_management": Refused(UNPRICED),
            "conversation": Either(
                (Stored(), Shape({"id": Stored()}, ("id",), counted=False)), "an identifier or an object"
            ),
            "image": Refused(UNPRICED),
            "include": Items(
                Choice(
                    (
                        "web_search_call.results",
                        "web_search_call.action.sources",
                        "file_search_call.results",
                        "message.input_image.image_url",
                        "reasoning.encrypted_content",
                        "message.output_text.logprobs",
                    ),
                    dict.fromkeys(
                        (
                            "computer_call_output.output.image_url",
                            "code_interpreter_call.outputs",
                        ),
                        PATCHES,
                    ),
                ),
                16,
            ),
            "input": Either(
                (Text(), Items(ITEM)),
                "a string or an array of items",
            ),
            "instructions": Text(),
            "max_output_tokens": LENGTH,
            "max_tool_calls": Integer(1, MOST_CALLS),
            "metadata": METADATA,
            "moderation": Refused(UNPRICED),
            "parallel_tool_calls": Flag(),
            "previous_response_id": Stored(),
            "prompt": Refused(OWNERS),
            "prompt_cache_key": Text(256),
            "prompt_cache_options": USUAL_CACHE,
            "prompt_cache_retention": Choice(("in_memory", "in-memory", "24h")),
            "reasoning": Shape(
                {
                    "context": Choice(("auto", "current_turn", "all_turns")),
                    "effort": EFFORT,
                    "generate_summary": Choice(("auto", "concise", "detailed")),
                    "summary": Choice(("auto", "concise", "detailed")),
                    "mode": Choice(("standard",), {"pro": UNPRICED}),
                }
            ),
            "safety_identifier": Text(256),
            "service_tier": Tier(),
            "store": Flag(),
            "stream": Flag(),
            "stream_options": Shape({"include_obfuscation": Flag()}, counted=False),
            "temperature": Number(),
            "text": Shape(
                {
                    "verbosity": VERBOSITY,
                    "format": Tagged(
                        "type",
                        {
                            "text": Shape(typed("text")),
                            "json_object": Shape(typed("json_object")),
                            "json_schema": Shape(
                                typed("json_schema", **FORMAT_OF_SCHEMA), ("name", "schema")
                            ),
                        },
                    ),
                }
            ),
            "tool_choice": CHOSEN,
            "tools": Items(Tagged("type", TOOLS), 128),
            "top_logprobs": Integer(0, 20),
            "top_p": Number(),
            "truncation": Choice(("auto", "disabled")),
            "user": Text(256),
        }
    )
)
