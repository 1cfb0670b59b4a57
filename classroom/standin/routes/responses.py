"""`POST /v1/responses`, whole and streamed, with the events in OpenAI's order."""

from collections.abc import Iterator, Mapping
from typing import Any

from classroom.standin import checks, errors, text
from classroom.standin.answers import CREATED, Answer, frames
from classroom.standin.catalogue import Model
from classroom.standin.journal import Output


def _messages(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The input as messages, the instructions first."""
    given = body["input"]
    messages: list[Mapping[str, Any]] = []
    if body.get("instructions"):
        messages.append({"role": "developer", "content": body["instructions"]})
    if isinstance(given, str):
        return [*messages, {"role": "user", "content": given}]
    for index, item in enumerate(given):
        if not isinstance(item, dict):
            raise errors.invalid(
                f"Invalid type for 'input[{index}]': expected an object, "
                f"but got {checks.json_type(item)} instead.",
                f"input[{index}]",
                "invalid_type",
            )
        if item.get("type", "message") == "message":
            messages.append(item)
    return messages


def answer(body: Mapping[str, Any], model: Model) -> Answer:
    """A response for a body that was checked against the catalogue.

    Raises:
        APIError: 400 for an input that OpenAI refuses or that is longer than the model's context.
    """
    messages = _messages(body)
    if isinstance(body["input"], list):
        checks.check_messages([dict(m) for m in messages])
    checks.check_sampling(model, body)
    input_tokens = text.count_message_tokens(messages)
    checks.check_context(model, input_tokens, "input")
    reply = text.reply(text.last_user_text(messages), body, max_tokens=body.get("max_output_tokens"))
    response = _response(body, model, reply, input_tokens)
    outputs = (Output("text", "text/plain", reply.text.encode()),)
    if body.get("stream"):
        events = frames(_events(response, reply), named=True, done=False)
        return Answer(events=events, media_type="text/event-stream", outputs=outputs)
    return Answer(data=response, outputs=outputs)


def _response(body: Mapping[str, Any], model: Model, reply: text.Reply, input_tokens: int) -> dict[str, Any]:
    mark = text.digest("responses", body)
    complete = reply.finish_reason == "stop"
    part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
    message = {
        "id": f"msg_{mark[:48]}",
        "type": "message",
        "status": "completed" if complete else "incomplete",
        "role": "assistant",
        "content": [part],
    }
    default = {"temperature": 1.0, "top_p": 1.0, "parallel_tool_calls": True, "store": True}
    settings = {name: body[name] if body.get(name) is not None else value for name, value in default.items()}
    return {
        "id": f"resp_{mark[:48]}",
        "object": "response",
        "created_at": CREATED,
        "status": "completed" if complete else "incomplete",
        "background": False,
        "error": None,
        "incomplete_details": None if complete else {"reason": "max_output_tokens"},
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "metadata": body.get("metadata") or {},
        "model": model.id,
        "output": [message],
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": body.get("reasoning") or {"effort": None, "summary": None},
        "service_tier": "default",
        "text": body.get("text") or {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "truncation": body.get("truncation") or "disabled",
        "user": body.get("user"),
        **settings,
        "usage": {
            "input_tokens": input_tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": reply.tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": input_tokens + reply.tokens,
        },
    }


def _events(response: dict[str, Any], reply: text.Reply) -> Iterator[Mapping[str, Any]]:
    """created, in_progress, the item and its part opened, the words, both closed, completed."""
    [item] = response["output"]
    [part] = item["content"]
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    opening = {**response, "status": "in_progress", "output": [], "usage": None, "incomplete_details": None}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": opening},
        {"type": "response.in_progress", "response": opening},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**item, "status": "in_progress", "content": []},
        },
        {"type": "response.content_part.added", **place, "part": {**part, "text": ""}},
        *(
            {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
            for piece in text.pieces(reply.text)
        ),
        {"type": "response.output_text.done", **place, "text": reply.text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": f"response.{response['status']}", "response": response},
    ]
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}
