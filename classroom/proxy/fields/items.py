"""The items of a conversation in `responses` (openai/types/responses/response_input_item_param.py)."""

from dataclasses import dataclass
from typing import Any

from classroom.proxy.fields.kinds import Choice, Data, Either, Items, Kind, Number, Text
from classroom.proxy.fields.parts import (
    BREAKPOINT,
    DETAIL,
    NAME,
    PATCHES,
    STATUS,
    Document,
    KeptDocument,
    Picture,
    Shown,
)
from classroom.proxy.fields.shapes import Allowed, Dropped, Emptied, Refused, Shape, Stored, Tagged
from classroom.proxy.fields.tally import Tally

_ID = Stored(read_again=False)
_FOUND = Shape(
    {
        "attributes": Data(),
        "file_id": Stored(read_again=False),
        "filename": Text(1024),
        "score": Number(),
        "text": Text(),
    }
)
_CALLER = Shape({"type": Choice(("direct",), {"program": PATCHES})}, ("type",), counted=False)


def typed(tag: str, **fields: Kind) -> dict[str, Kind]:
    """Fields of an object that has this type."""
    return {"type": Choice((tag,)), **fields}


_PARTS: dict[str, Kind] = {
    "input_text": Shape(typed("input_text", text=Text(), prompt_cache_breakpoint=BREAKPOINT), ("text",)),
    "input_image": Shown(
        Shape(
            typed(
                "input_image",
                image_url=Picture(),
                detail=DETAIL,
                file_id=Stored(read_again=False),
                prompt_cache_breakpoint=BREAKPOINT,
            ),
        )
    ),
    "input_file": Shape(
        typed(
            "input_file",
            file_data=Document(),
            file_url=Document(),
            filename=Text(256),
            detail=DETAIL,
            file_id=KeptDocument(),
            prompt_cache_breakpoint=BREAKPOINT,
        )
    ),
}
_OUTPUT: dict[str, Kind] = {
    "output_text": Shape(
        typed("output_text", text=Text(), annotations=Emptied(), logprobs=Dropped()), ("text",)
    ),
    "refusal": Shape(typed("refusal", refusal=Text()), ("refusal",)),
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


ITEMS: dict[str, Kind] = {
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
        typed(
            "function_call", name=NAME, arguments=Text(), call_id=NAME, id=_ID, status=STATUS, caller=_CALLER
        ),
        ("name", "arguments", "call_id"),
    ),
    "function_call_output": Shape(
        typed(
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
        typed("custom_tool_call", name=NAME, input=Text(), call_id=NAME, id=_ID, status=STATUS),
        ("name", "input", "call_id"),
    ),
    "custom_tool_call_output": Shape(
        typed("custom_tool_call_output", call_id=NAME, output=_RESULT, id=_ID), ("call_id", "output")
    ),
    "reasoning": _Reasoning(
        Shape(
            typed(
                "reasoning",
                id=_ID,
                summary=Items(Shape(typed("summary_text", text=Text()), ("text",))),
                content=Items(Shape(typed("reasoning_text", text=Text()), ("text",))),
                encrypted_content=Text(),
                status=STATUS,
            ),
        )
    ),
    "item_reference": Shape(typed("item_reference", id=Stored()), ("id",)),
    "web_search_call": Allowed(
        Shape(
            typed(
                "web_search_call",
                id=_ID,
                action=Data(),
                status=Choice(("in_progress", "searching", "completed", "failed", "incomplete")),
            )
        ),
        "web_search",
    ),
    "file_search_call": Shape(
        typed(
            "file_search_call",
            id=_ID,
            queries=Items(Text(), 64),
            results=Items(_FOUND, 64),
            status=Choice(("in_progress", "searching", "completed", "failed", "incomplete")),
        )
    ),
}
REFUSED_ITEMS: dict[str, Kind] = {
    name: Refused(PATCHES)
    for name in (
        *(
            "computer_call",
            "computer_call_output",
            "tool_search_call",
            "tool_search_output",
        ),
        *("additional_tools", "configuration_update", "compaction", "compaction_trigger"),
        *("image_generation_call", "code_interpreter_call", "local_shell_call", "local_shell_call_output"),
        *("shell_call", "shell_call_output", "apply_patch_call", "apply_patch_call_output", "mcp_list_tools"),
        *("mcp_approval_request", "mcp_approval_response", "mcp_call", "program", "program_output"),
    )
}
ITEM = Tagged("type", {**ITEMS, **REFUSED_ITEMS}, usual="message")
