"""The events of a streamed response, in OpenAI's order (`openai/types/responses/response_stream_event.py`)."""

from collections.abc import Iterator, Mapping
from typing import Any

from classroom.standin.generation import text

Event = Mapping[str, Any]

# between an item's opening and its end: what a hosted tool says of its progress
_STEPS: Mapping[str, tuple[str, ...]] = {
    "web_search_call": ("in_progress", "searching", "completed"),
    "file_search_call": ("in_progress", "searching", "completed"),
    "mcp_list_tools": ("in_progress", "completed"),
}


def events_of(
    response: Mapping[str, Any], previews: Mapping[str, list[str]] | None = None
) -> Iterator[Event]:
    """created, in_progress, each item opened, filled and closed, completed.

    Args:
        response: the whole one.
        previews: partial pictures, in base64, by the identifier of their call.
    """
    opening = {
        **response,
        "status": "in_progress",
        "output": [],
        "usage": None,
        "incomplete_details": None,
        "completed_at": None,
    }
    events: list[Event] = [
        {"type": "response.created", "response": opening},
        *_queued(opening),
        {"type": "response.in_progress", "response": opening},
    ]
    for index, item in enumerate(response["output"]):
        events.append({"type": "response.output_item.added", "output_index": index, "item": _opened(item)})
        events += _filling(item, index, (previews or {}).get(item["id"], []))
        events.append({"type": "response.output_item.done", "output_index": index, "item": item})
    events.append({"type": f"response.{response['status']}", "response": response})
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}


def _queued(opening: Mapping[str, Any]) -> list[Event]:
    """What is streamed from the background waits first."""
    if not opening.get("background"):
        return []
    return [{"type": "response.queued", "response": {**opening, "status": "queued"}}]


_EMPTY: Mapping[str, Mapping[str, Any]] = {
    "message": {"content": []},
    "function_call": {"arguments": ""},
    "custom_tool_call": {"input": ""},
    "mcp_call": {"arguments": "", "output": None},
    "image_generation_call": {"result": None},
    "code_interpreter_call": {"code": "", "outputs": None},
    "reasoning": {"summary": []},
    "file_search_call": {"results": None},
    "mcp_list_tools": {"tools": []},
}


def _opened(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """An item as it is when it begins."""
    begun = {"status": "in_progress"} if item.get("status") is not None else {}
    return {**item, **begun, **_EMPTY.get(item["type"], {})}


def _filling(item: Mapping[str, Any], index: int, previews: list[str]) -> list[Event]:
    kind = item["type"]
    place = {"item_id": item["id"], "output_index": index}
    if kind == "message":
        return [
            event
            for number, part in enumerate(item["content"])
            for event in _part(part, {**place, "content_index": number})
        ]
    if kind == "function_call":
        return _written(
            "response.function_call_arguments", "arguments", item["arguments"], place, name=item["name"]
        )
    if kind == "custom_tool_call":
        return _written("response.custom_tool_call_input", "input", item["input"], place)
    if kind == "reasoning":
        return [
            event
            for number, part in enumerate(item["summary"])
            for event in _summary(part, {**place, "summary_index": number})
        ]
    if kind == "image_generation_call":
        return _picture(item, place, previews)
    if kind == "code_interpreter_call":
        return [
            {"type": "response.code_interpreter_call.in_progress", **place},
            *_written("response.code_interpreter_call_code", "code", item["code"] or "", place),
            {"type": "response.code_interpreter_call.interpreting", **place},
            {"type": "response.code_interpreter_call.completed", **place},
        ]
    if kind == "mcp_call":
        return [
            {"type": "response.mcp_call.in_progress", **place},
            *_written("response.mcp_call_arguments", "arguments", item["arguments"], place),
            {"type": f"response.mcp_call.{'failed' if item.get('error') else 'completed'}", **place},
        ]
    return [{"type": f"response.{kind}.{step}", **place} for step in _STEPS.get(kind, ())]


def _written(event: str, key: str, words: str, place: Mapping[str, Any], **more: Any) -> list[Event]:
    """Pieces, and then the whole."""
    pieces = [{"type": f"{event}.delta", **place, "delta": piece} for piece in text.pieces(words)]
    return [*pieces, {"type": f"{event}.done", **place, **more, key: words}]


def _deltas(part: Mapping[str, Any]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """The pieces of a text: words, or, where log probabilities were asked for, tokens with theirs."""
    if part["logprobs"]:
        yield from text.by_token(part["logprobs"])
    else:
        yield from ((piece, []) for piece in text.pieces(part["text"]))


def _part(part: Mapping[str, Any], place: Mapping[str, Any]) -> list[Event]:
    if part["type"] != "output_text":  # a refusal
        words = str(part.get("refusal") or "")
        filled = _written("response.refusal", "refusal", words, place)
        return [
            {"type": "response.content_part.added", **place, "part": {**part, "refusal": ""}},
            *filled,
            {"type": "response.content_part.done", **place, "part": part},
        ]
    opened = {**part, "text": "", "logprobs": [], "annotations": []}
    return [
        {"type": "response.content_part.added", **place, "part": opened},
        *(
            {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": listed}
            for piece, listed in _deltas(part)
        ),
        *(
            {
                "type": "response.output_text.annotation.added",
                **place,
                "annotation_index": number,
                "annotation": each,
            }
            for number, each in enumerate(part["annotations"])
        ),
        {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": part["logprobs"]},
        {"type": "response.content_part.done", **place, "part": part},
    ]


def _summary(part: Mapping[str, Any], place: Mapping[str, Any]) -> list[Event]:
    return [
        {"type": "response.reasoning_summary_part.added", **place, "part": {**part, "text": ""}},
        *_written("response.reasoning_summary_text", "text", part["text"], place),
        {"type": "response.reasoning_summary_part.done", **place, "part": part},
    ]


def _picture(item: Mapping[str, Any], place: Mapping[str, Any], previews: list[str]) -> list[Event]:
    name = "response.image_generation_call"
    shown = [
        {
            "type": f"{name}.partial_image",
            **place,
            "partial_image_index": number,
            "partial_image_b64": preview,
        }
        for number, preview in enumerate(previews)
    ]
    begun: list[Event] = [{"type": f"{name}.in_progress", **place}, {"type": f"{name}.generating", **place}]
    return [*begun, *shown, {"type": f"{name}.completed", **place}]
