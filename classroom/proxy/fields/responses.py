"""The fields of `responses` (openai/types/responses/response_create_params.py)."""

from dataclasses import dataclass
from typing import Any

from classroom.proxy.fields.parts import (
    BREAKPOINT,
    DETAIL,
    EFFORT,
    FORMAT_OF_SCHEMA,
    FUNCTION,
    METADATA,
    NAME,
    OWNERS,
    PATCHES,
    STATUS,
    UNPRICED,
    USUAL_CACHE,
    VERBOSITY,
    Document,
    Picture,
    Shown,
    Tier,
)
from classroom.proxy.kinds import (
    Allowed,
    Choice,
    Data,
    Dropped,
    Either,
    Emptied,
    Flag,
    Integer,
    Items,
    Kind,
    Number,
    Refused,
    Shape,
    Stored,
    Tagged,
    Text,
)
from classroom.proxy.tally import Tally

MOST_CALLS = 20
_HOSTED = "what it costs can't be counted before it is used"
_ID = Stored(read_again=False)
_CALLER = Shape({"type": Choice(("direct",), {"program": PATCHES})}, ("type",), counted=False)


def _typed(tag: str, **fields: Kind) -> dict[str, Kind]:
    return {"type": Choice((tag,)), **fields}


_PARTS: dict[str, Kind] = {
    "input_text": Shape(_typed("input_text", text=Text(), prompt_cache_breakpoint=BREAKPOINT), ("text",)),
    "input_image": Shown(
        Shape(
            _typed(
                "input_image",
                image_url=Picture(),
                detail=DETAIL,
                file_id=Refused(OWNERS),
                prompt_cache_breakpoint=BREAKPOINT,
            ),
            ("image_url",),
        )
    ),
    "input_file": Shape(
        _typed(
            "input_file",
            file_data=Document(),
            file_url=Document(),
            filename=Text(256),
            detail=DETAIL,
            file_id=Refused(OWNERS),
            prompt_cache_breakpoint=BREAKPOINT,
        )
    ),
}
_OUTPUT: dict[str, Kind] = {
    "output_text": Shape(
        _typed("output_text", text=Text(), annotations=Emptied(), logprobs=Dropped()), ("text",)
    ),
    "refusal": Shape(_typed("refusal", refusal=Text()), ("refusal",)),
}
_CONTENT = Either(
    (Text(), Items(Tagged("type", {**_PARTS, **_OUTPUT}))), "a string or an array of content parts"
)
_RESULT = Either((Text(), Items(Tagged("type", _PARTS))), "a string or an array of content parts")


@dataclass(frozen=True)
class _Reasoning:
    """What a model thought before. Where its text is not sent along, the upstream reads what it stored, and charges for it."""

    of: Shape
    takes = (dict,)

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """By its shape."""
        made = self.of.read(value, at, tally)
        where = f"{at}.id"
        if where in tally.identifiers:
            tally.identifiers[where] = (tally.identifiers[where][0], True)
        return made


_ITEMS: dict[str, Kind] = {
    "message": Shape(
        {
            "type": Choice(("message",)),
            "role": Choice(("user", "assistant", "system", "developer")),
            "content": _CONTENT,
            "id": _ID,
            "status": STATUS,
            "phase": Choice(("commentary", "final_answer")),
        },
        ("role", "content"),
    ),
    "function_call": Shape(
        _typed(
            "function_call", name=NAME, arguments=Text(), call_id=NAME, id=_ID, status=STATUS, caller=_CALLER
        ),
        ("name", "arguments", "call_id"),
    ),
    "function_call_output": Shape(
        _typed(
            "function_call_output",
            call_id=NAME,
            output=_RESULT,
            id=_ID,
            status=STATUS,
            name=NAME,
            caller=_CALLER,
        ),
        ("call_id", "output"),
    ),
    "custom_tool_call": Shape(
        _typed("custom_tool_call", name=NAME, input=Text(), call_id=NAME, id=_ID, status=STATUS),
        ("name", "input", "call_id"),
    ),
    "custom_tool_call_output": Shape(
        _typed("custom_tool_call_output", call_id=NAME, output=_RESULT, id=_ID), ("call_id", "output")
    ),
    "reasoning": _Reasoning(
        Shape(
            _typed(
                "reasoning",
                id=_ID,
                summary=Items(Shape(_typed("summary_text", text=Text()), ("text",))),
                content=Items(Shape(_typed("reasoning_text", text=Text()), ("text",))),
                encrypted_content=Text(),
                status=STATUS,
            ),
        )
    ),
    "item_reference": Shape(_typed("item_reference", id=Stored()), ("id",)),
    "web_search_call": Allowed(
        Shape(
            _typed(
                "web_search_call",
                id=_ID,
                action=Data(),
                status=Choice(("in_progress", "searching", "completed", "failed", "incomplete")),
            )
        ),
        "web_search",
    ),
}
_REFUSED_ITEMS: dict[str, Kind] = {
    name: Refused(PATCHES)
    for name in (
        *(
            "computer_call",
            "computer_call_output",
            "file_search_call",
            "tool_search_call",
            "tool_search_output",
        ),
        *("additional_tools", "configuration_update", "compaction", "compaction_trigger"),
        *("image_generation_call", "code_interpreter_call", "local_shell_call", "local_shell_call_output"),
        *("shell_call", "shell_call_output", "apply_patch_call", "apply_patch_call_output", "mcp_list_tools"),
        *("mcp_approval_request", "mcp_approval_response", "mcp_call", "program", "program_output"),
    )
}
_PLACE = Shape(
    {
        "type": Choice(("approximate",)),
        **{name: Text(128) for name in ("city", "country", "region", "timezone")},
    }
)


@dataclass(frozen=True)
class _Search:
    """The tool that searches the web: a price for each search, and what it finds is read as input."""

    takes = (dict,)

    def read(self, value: Any, at: str, tally: Tally) -> Any:
        """By its shape; from now on the calls of tools are counted."""
        tally.calls = tally.calls or 0
        return _SEARCH.read(value, at, tally)


_SEARCH = Shape(
    {
        "type": Choice(("web_search", "web_search_2025_08_26")),
        "external_web_access": Flag(),
        "filters": Shape({"allowed_domains": Items(Text(256), 100)}),
        "search_context_size": Choice(("low", "medium", "high")),
        "user_location": _PLACE,
    },
    ("type",),
)
_TOOLS: dict[str, Kind] = {
    "function": Shape(_typed("function", **FUNCTION), ("name",)),
    "custom": Shape(
        _typed(
            "custom",
            name=NAME,
            description=Text(),
            format=Shape(
                {
                    "type": Choice(("text", "grammar")),
                    "definition": Text(),
                    "syntax": Choice(("lark", "regex")),
                },
                ("type",),
            ),
        ),
        ("name",),
    ),
    "web_search": Allowed(_Search(), "web_search"),
    "web_search_2025_08_26": Allowed(_Search(), "web_search"),
    "file_search": Refused(OWNERS),
    "mcp": Refused("it leads to other services"),
    **{
        name: Refused(_HOSTED)
        for name in (
            *("web_search_preview", "web_search_preview_2025_03_11", "code_interpreter", "image_generation"),
            *("computer", "computer_use_preview", "local_shell", "shell", "apply_patch", "namespace"),
            *("tool_search", "programmatic_tool_calling"),
        )
    },
}
_NAMED: dict[str, Kind] = {
    "function": Shape(_typed("function", name=NAME), ("name",)),
    "custom": Shape(_typed("custom", name=NAME), ("name",)),
}
_CHOSEN = Either(
    (
        Choice(("none", "auto", "required")),
        Tagged(
            "type",
            {
                **_NAMED,
                "web_search": Allowed(Shape(_typed("web_search")), "web_search"),
                "allowed_tools": Shape(
                    _typed(
                        "allowed_tools",
                        mode=Choice(("auto", "required")),
                        tools=Items(Tagged("type", _NAMED), 128),
                    ),
                    ("mode", "tools"),
                ),
            },
        ),
    ),
    "a string or an object",
)


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
            "model": NAME,
            "access_programs": Refused(OWNERS),
            "background": Flag((False, "what it costs is not told before it is over")),
            "background_options": Refused("nothing is answered in the background"),
            "context_management": Refused(UNPRICED),
            "conversation": Refused(OWNERS),
            "image": Refused(UNPRICED),
            "include": Items(
                Choice(
                    (
                        "web_search_call.results",
                        "web_search_call.action.sources",
                        "message.input_image.image_url",
                        "reasoning.encrypted_content",
                        "message.output_text.logprobs",
                    ),
                    dict.fromkeys(
                        (
                            "file_search_call.results",
                            "computer_call_output.output.image_url",
                            "code_interpreter_call.outputs",
                        ),
                        PATCHES,
                    ),
                ),
                16,
            ),
            "input": Either(
                (Text(), Items(Tagged("type", {**_ITEMS, **_REFUSED_ITEMS}, usual="message"))),
                "a string or an array of items",
            ),
            "instructions": Text(),
            "max_output_tokens": Integer(1),
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
                            "text": Shape(_typed("text")),
                            "json_object": Shape(_typed("json_object")),
                            "json_schema": Shape(
                                _typed("json_schema", **FORMAT_OF_SCHEMA), ("name", "schema")
                            ),
                        },
                    ),
                }
            ),
            "tool_choice": _CHOSEN,
            "tools": Items(Tagged("type", _TOOLS), 128),
            "top_logprobs": Integer(0, 20),
            "top_p": Number(),
            "truncation": Choice(("auto", "disabled")),
            "user": Text(256),
        }
    )
)
