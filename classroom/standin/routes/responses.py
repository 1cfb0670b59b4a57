"""`/responses`: whole, streamed with the events in OpenAI's order, stored, continued."""

from collections.abc import Iterator, Mapping
from typing import Any

from classroom.standin import checks, conversation_checks, errors, schema, text, tools, turns
from classroom.standin.answers import CREATED, Answer, frames
from classroom.standin.catalogue import Model
from classroom.standin.costs import Usage
from classroom.standin.journal import Output
from classroom.standin.operations import Asked, Operation
from classroom.standin.pages import page
from classroom.standin.state import StandIn, StoredResponse


def create(standin: StandIn, asked: Asked) -> Answer:
    """A response.

    Raises:
        APIError: 400 for an input, tools or a schema that OpenAI refuses, or an input longer than the model's
            context; 404 for a previous response that isn't kept.
    """
    body = asked.body
    model = standin.model(body.get("model"), "chat")
    items = _items(body)
    conversation = [*_before(standin, body), *items]
    messages = _messages(conversation, body.get("instructions"))
    checks.check_messages([message for message in messages if message.get("role") != "tool"], "input")
    input_tokens = text.count_message_tokens(messages)
    if not standin.lenient:
        conversation_checks.check_responses(body)
        checks.check_sampling(model, body)
        conversation_checks.check_effort(
            model, (body.get("reasoning") or {}).get("effort"), "reasoning.effort"
        )
        checks.check_context(model, input_tokens, "input")
    wishes = _wishes(body, strict=not standin.lenient)
    mark = text.mark_of("responses", body)
    turn = turns.take(
        _dialogue(conversation, body.get("instructions")),
        mark,
        wishes,
        max_tokens=body.get("max_output_tokens"),
    )
    response = _response(body, model, turn, input_tokens, mark)
    if body.get("store") is not False:
        standin.responses.put(
            response["id"], StoredResponse(response, tuple(items), (*conversation, *response["output"]))
        )
    outputs = () if turn.calls else (Output("text", "text/plain", turn.text.encode()),)
    usage = Usage(model.id, {"input_tokens": input_tokens, "output_tokens": turn.tokens})
    if body.get("stream"):
        events = frames(_events(response), named=True, done=False)
        return Answer(events=events, media_type="text/event-stream", outputs=outputs, usage=usage)
    if body.get("background"):
        queued = {**response, "status": "queued", "output": [], "usage": None, "completed_at": None}
        return Answer(data=queued, outputs=outputs, usage=usage)
    return Answer(data=response, outputs=outputs, usage=usage)


def _items(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The input as items."""
    given = body.get("input")
    if given is None:
        return []
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}]
    for index, item in enumerate(given):
        if not isinstance(item, dict):
            raise errors.invalid(
                f"Invalid type for 'input[{index}]': expected an object, "
                f"but got {checks.json_type(item)} instead.",
                f"input[{index}]",
                "invalid_type",
            )
    return list(given)


def _before(standin: StandIn, body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The conversation that this response goes on with."""
    previous = body.get("previous_response_id")
    if previous and not standin.lenient:
        stored = standin.responses.get(previous)
        if stored is None:
            raise errors.APIError(
                404,
                f"Previous response with id '{previous}' not found. Responses with store=false are not kept.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        return list(stored.conversation)
    if body.get("conversation") and not standin.lenient:
        raise errors.not_found(
            "conversation", str(body["conversation"]), "The stand-in keeps none; use previous_response_id."
        )
    return []


def _messages(items: list[Mapping[str, Any]], instructions: Any) -> list[Mapping[str, Any]]:
    """Items as messages, the instructions first; a tool's output is a message of the tool's."""
    messages: list[Mapping[str, Any]] = []
    if instructions:
        messages.append({"role": "developer", "content": instructions})
    for item in items:
        kind = item.get("type", "message")
        if kind == "message":
            messages.append(item)
        elif kind == "function_call_output":
            messages.append({"role": "tool", "content": item.get("output") or ""})
    return messages


def _dialogue(items: list[Mapping[str, Any]], instructions: Any) -> list[Mapping[str, Any]]:
    """Items as the messages of a conversation, calls of tools included."""
    messages: list[Mapping[str, Any]] = []
    if instructions:
        messages.append({"role": "developer", "content": instructions})
    for item in items:
        kind = item.get("type", "message")
        if kind == "message":
            messages.append(item)
        elif kind == "function_call":
            call = {"id": item.get("call_id"), "function": {"name": item.get("name")}}
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        elif kind == "function_call_output":
            result = {
                "role": "tool",
                "tool_call_id": item.get("call_id"),
                "content": item.get("output") or "",
            }
            messages.append(result)
    return messages


def _wishes(body: Mapping[str, Any], *, strict: bool) -> turns.Wishes:
    wanted = (body.get("text") or {}).get("format") or {"type": "text"}
    if strict and wanted.get("type") == "json_schema" and wanted.get("strict"):
        schema.check_strict(wanted.get("schema"), param="text.format.schema", name=str(wanted.get("name")))
    functions = [tool for tool in body.get("tools") or [] if tool.get("type") == "function"]
    offered = tuple(
        tools.Tool(each["name"], each.get("description") or "", each.get("parameters") or {})
        for each in functions
    )
    choice: Any = body.get("tool_choice") or "auto"
    forced: str | None = None
    if isinstance(choice, dict):
        forced, choice = choice.get("name"), "required"
    offer = tools.Offer(offered, choice, forced, body.get("parallel_tool_calls") is not False)
    return turns.Wishes(wanted.get("type", "text"), wanted.get("schema"), offer)


def _output(body: Mapping[str, Any], turn: turns.Turn, mark: str) -> list[dict[str, Any]]:
    if turn.calls:
        return [
            {
                "id": f"fc_{(mark if index == 0 else text.digest(mark, index))[:48]}",
                "type": "function_call",
                "status": "completed",
                "call_id": call.id,
                "name": call.name,
                "arguments": call.arguments,
            }
            for index, call in enumerate(turn.calls)
        ]
    wanted = "message.output_text.logprobs" in (body.get("include") or [])
    listed = turns.logprobs(turn.text, "0", body.get("top_logprobs") or 0) if wanted else []
    part = {"type": "output_text", "text": turn.text, "annotations": [], "logprobs": listed}
    return [
        {
            "id": f"msg_{mark[:48]}",
            "type": "message",
            "status": "completed" if turn.finish_reason == "stop" else "incomplete",
            "role": "assistant",
            "content": [part],
        }
    ]


def _response(
    body: Mapping[str, Any], model: Model, turn: turns.Turn, input_tokens: int, mark: str
) -> dict[str, Any]:
    complete = turn.finish_reason != "length"
    default = {"temperature": 1.0, "top_p": 1.0, "parallel_tool_calls": True, "store": True}
    settings = {name: body[name] if body.get(name) is not None else value for name, value in default.items()}
    reasoning = {"effort": None, "summary": None, **(body.get("reasoning") or {})}
    return {
        "id": f"resp_{mark[:48]}",
        "object": "response",
        "created_at": CREATED,
        "completed_at": CREATED,
        "status": "completed" if complete else "incomplete",
        "background": bool(body.get("background")),
        "error": None,
        "incomplete_details": None if complete else {"reason": "max_output_tokens"},
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": body.get("max_tool_calls"),
        "metadata": body.get("metadata") or {},
        "model": model.id,
        "output": _output(body, turn, mark),
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": reasoning,
        "safety_identifier": body.get("safety_identifier"),
        "service_tier": "default",
        "text": {"format": {"type": "text"}, **(body.get("text") or {})},
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_logprobs": body.get("top_logprobs") or 0,
        "truncation": body.get("truncation") or "disabled",
        "user": body.get("user"),
        **settings,
        "usage": {
            "input_tokens": input_tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": turn.tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": input_tokens + turn.tokens,
        },
    }


def _events(response: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """created, in_progress, each item opened, filled and closed, completed."""
    opening = {
        **response,
        "status": "in_progress",
        "output": [],
        "usage": None,
        "incomplete_details": None,
        "completed_at": None,
    }
    events: list[Mapping[str, Any]] = [
        {"type": "response.created", "response": opening},
        {"type": "response.in_progress", "response": opening},
    ]
    for index, item in enumerate(response["output"]):
        fill = _call_events if item["type"] == "function_call" else _message_events
        events += fill(item, index)
    events.append({"type": f"response.{response['status']}", "response": response})
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}


def _message_events(item: Mapping[str, Any], index: int) -> list[Mapping[str, Any]]:
    [part] = item["content"]
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    opened = {**item, "status": "in_progress", "content": []}
    return [
        {"type": "response.output_item.added", "output_index": index, "item": opened},
        {"type": "response.content_part.added", **place, "part": {**part, "text": "", "logprobs": []}},
        *(
            {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
            for piece in text.pieces(part["text"])
        ),
        {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": part["logprobs"]},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


def _call_events(item: Mapping[str, Any], index: int) -> list[Mapping[str, Any]]:
    place = {"item_id": item["id"], "output_index": index}
    opened = {**item, "status": "in_progress", "arguments": ""}
    return [
        {"type": "response.output_item.added", "output_index": index, "item": opened},
        *(
            {"type": "response.function_call_arguments.delta", **place, "delta": piece}
            for piece in text.pieces(item["arguments"])
        ),
        {
            "type": "response.function_call_arguments.done",
            **place,
            "name": item["name"],
            "arguments": item["arguments"],
        },
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


def _find(standin: StandIn, id: str) -> StoredResponse:
    stored = standin.responses.get(id)
    if stored is None and standin.lenient:
        made = create(standin, Asked({"input": id, "store": False})).data or {}
        item = {"type": "message", "role": "user", "content": id}
        return StoredResponse({**made, "id": id}, (item,), (item,))
    if stored is None:
        raise errors.not_found("response", id, "Responses with store=false are not kept.")
    return stored


def retrieve(standin: StandIn, asked: Asked) -> Answer:
    """A kept response, or the events of its stream again."""
    stored = _find(standin, asked.path["id"])
    if asked.query.get("stream") == "true":
        after = asked.query.get("starting_after", "-1")
        first = int(after) + 1 if after.lstrip("-").isdigit() else 0
        events = [event for event in _events(stored.response) if event["sequence_number"] >= first]
        return Answer(events=frames(events, named=True, done=False), media_type="text/event-stream")
    return Answer(data=stored.response)


def delete(standin: StandIn, asked: Asked) -> Answer:
    """Forget a response."""
    _find(standin, asked.path["id"])
    standin.responses.take(asked.path["id"])
    return Answer(data={"id": asked.path["id"], "object": "response.deleted", "deleted": True})


def cancel(standin: StandIn, asked: Asked) -> Answer:
    """End a response that runs in the background. Here it is over at once, so it stays as it is.

    Raises:
        APIError: 400 for a response that was not asked for in the background.
    """
    stored = _find(standin, asked.path["id"])
    if not stored.response["background"] and not standin.lenient:
        raise errors.invalid(
            "Only responses created with background=true can be cancelled.", None, "invalid_request"
        )
    return Answer(data=stored.response)


def list_input_items(standin: StandIn, asked: Asked) -> Answer:
    """What a response was asked, as items."""
    stored = _find(standin, asked.path["id"])
    items = []
    for index, item in enumerate(stored.input):
        content = item.get("content")
        if isinstance(content, str):
            content = [{"type": "input_text", "text": content}]
        filled = {
            "type": "message",
            "status": "completed",
            **item,
            "id": f"msg_{asked.path['id'][5:]}_{index}",
        }
        items.append({**filled, "content": content} if content is not None else filled)
    return page(items, asked.query, newest_first=True, lenient=standin.lenient)


def count_input_tokens(standin: StandIn, asked: Asked) -> Answer:
    """How many tokens an input has, without an answer."""
    conversation = [*_before(standin, asked.body), *_items(asked.body)]
    messages = _messages(conversation, asked.body.get("instructions"))
    tokens = text.count_message_tokens(messages)
    return Answer(data={"object": "response.input_tokens", "input_tokens": tokens})


def compact(standin: StandIn, asked: Asked) -> Answer:
    """A conversation cut down to what its users said, with a sealed summary of the rest."""
    model = standin.model(asked.body.get("model"), "chat")
    conversation = [*_before(standin, asked.body), *_items(asked.body)]
    tokens = text.count_message_tokens(_messages(conversation, asked.body.get("instructions")))
    mark = text.mark_of("compact", asked.body)
    said = [
        {
            "id": f"msg_{mark[:40]}{index:08x}",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_text", "text": text.text_of(item.get("content"))}],
        }
        for index, item in enumerate(conversation)
        if item.get("role") == "user" and not standin.lenient  # the SDK's type knows the sealed item alone
    ]
    sealed = {"id": f"cmp_{mark[:48]}", "type": "compaction", "encrypted_content": mark}
    usage = {
        "input_tokens": tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 16,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": tokens + 16,
    }
    return Answer(
        data={
            "id": f"resp_{mark[:48]}",
            "object": "response.compaction",
            "created_at": CREATED,
            "output": [*said, sealed],
            "usage": usage,
        },
        usage=Usage(model.id, {"input_tokens": tokens, "output_tokens": 16}),
    )


OPERATIONS = (
    Operation("POST", "responses", create, "json", "responses"),
    Operation("POST", "responses/compact", compact, "json", "responses/compact"),
    Operation("POST", "responses/input_tokens", count_input_tokens, "json", "responses/input_tokens"),
    Operation("GET", "responses/{id}", retrieve),
    Operation("DELETE", "responses/{id}", delete),
    Operation("POST", "responses/{id}/cancel", cancel),
    Operation("GET", "responses/{id}/input_items", list_input_items),
)
