"""`/responses`: whole, streamed with the events in OpenAI's order, stored, continued."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from classroom.standin.generation import text, turns
from classroom.standin.incoming import checks, conversation_checks, errors, model_checks
from classroom.standin.language_model import sampling
from classroom.standin.models.catalogue import Model
from classroom.standin.models.costs import Usage
from classroom.standin.multimodal import picture_tokens, vision
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import CREATED, Answer, frames
from classroom.standin.outgoing.pagination import page
from classroom.standin.records.journal import Output
from classroom.standin.responses import agent_tools, compacting, hosted, response_input, response_items
from classroom.standin.responses.response_events import events_of
from classroom.standin.routes import conversations
from classroom.standin.scripting.replies import Given
from classroom.standin.state import StandIn, StoredResponse

_WAITING = ("mcp_approval_request", "shell_call", "local_shell_call", "apply_patch_call", "computer_call")
_ASKED_UNTIL_DONE = 2  # times that a response in the background is asked for
_MOST_ITEMS = 2_000  # of one conversation: the stand-in's own bound


def create(standin: StandIn, asked: Asked) -> Answer:
    """A response.

    Raises:
        APIError: 400 for an input, tools or a schema that OpenAI refuses, or an input longer than the model's
            context; 404 for a previous response that isn't kept.
    """
    body = asked.body
    model = standin.model(body.get("model"), "chat")
    items = response_input.items_of(body)
    conversation = [*response_input.before(standin, body), *items]
    if len(conversation) > _MOST_ITEMS:
        raise errors.invalid(
            f"Invalid 'input': array too long. Expected at most {_MOST_ITEMS} items, but got {len(conversation)}.",
            "input",
            "array_above_max_length",
        )
    messages = response_input.messages_of(conversation, body.get("instructions"))
    checks.check_messages([message for message in messages if message.get("role") != "tool"], "input")
    input_tokens = text.count_message_tokens(messages)
    input_tokens += picture_tokens.of_messages(standin, messages, model.id)
    if not standin.lenient:
        _check(model, body, conversation, input_tokens)
    wishes = response_input.wishes_of(body, strict=not standin.lenient)
    mark = text.mark_of("responses", body)
    dialogue = response_input.dialogue_of(conversation, body.get("instructions"))
    given = standin.scripted("responses", model.id, body, dialogue, wishes.offer)
    turn = _turn(standin, model, body, dialogue, given, wishes, mark)
    prompt = text.last_user_text(dialogue)
    # what the model says may be scripted; what OpenAI's own tools do before is theirs
    free = given is None or given.image is not None or given.text is not None
    used, asked_of_program = hosted.Use(), []
    if free and not turn.calls:
        used = hosted.use(standin, body, prompt, mark, image=given.image if given else None)
        if given is None:
            asked_of_program = agent_tools.calls(body, dialogue, prompt, mark)
    thought = response_items.reasoning(body, prompt, mark)
    output: list[Any] = [*thought, *used.items, *asked_of_program]
    if not _waits(output) or turn.calls:
        output += _output(body, turn, used, mark)
    if given is not None and given.items:
        output = response_items.complete(given.items, mark)
    cached = standin.prompts.cached_tokens(model.id, dialogue, body, input_tokens)
    response = _response(body, model, turn, output, (input_tokens, cached), mark)
    _keep(standin, body, response, items, conversation, output)
    texts = (
        ()
        if turn.calls or not turn.text or _waits(output)
        else (Output("text", "text/plain", turn.text.encode()),)
    )
    outputs = (*used.outputs, *texts)
    counted = response["usage"]
    units = {"input_tokens": counted["input_tokens"], "output_tokens": counted["output_tokens"]}
    if cached:
        units["cache_read_tokens"] = cached
    usage = Usage(model.id, units, used.usages)
    if body.get("stream"):
        events = frames(events_of(response, used.previews), named=True, done=False)
        return Answer(events=events, media_type="text/event-stream", outputs=outputs, usage=usage)
    data = _pending(response, "queued") if body.get("background") else response
    return Answer(data=data, outputs=outputs, usage=usage)


def _waits(output: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the model waits for a program, or for an approval, and says nothing meanwhile."""
    return bool(output) and output[-1]["type"] in _WAITING


def _check(
    model: Model, body: Mapping[str, Any], conversation: Sequence[Mapping[str, Any]], input_tokens: int
) -> None:
    """Refuse what OpenAI refuses, and the stand-in could do."""
    conversation_checks.check_responses(body)
    conversation_checks.check_outputs(conversation)
    model_checks.check_sampling(model, body)
    model_checks.check_words_alone(model, body)
    conversation_checks.check_effort(model, (body.get("reasoning") or {}).get("effort"), "reasoning.effort")
    model_checks.check_context(model, input_tokens, "input")


def _turn(
    standin: StandIn,
    model: Model,
    body: Mapping[str, Any],
    dialogue: list[Mapping[str, Any]],
    given: Given | None,
    wishes: turns.Wishes,
    mark: str,
) -> turns.Turn:
    """What the model answers: as a test scripted it, or of its own."""
    if model.ngrams and given is None:
        return sampling.write(dialogue, mark, sampling.of_response(body))
    sight = vision.describe(standin, dialogue) if given is None else ""
    limit = body.get("max_output_tokens")
    return turns.answer(given, dialogue, mark, wishes, max_tokens=limit, sight=sight)


def _keep(
    standin: StandIn,
    body: Mapping[str, Any],
    response: dict[str, Any],
    items: Sequence[Any],
    conversation: Sequence[Any],
    output: Sequence[Any],
) -> None:
    """Add to the conversation that the request names, and store the response unless the request declines."""
    named = response_input.conversation_of(body)
    if named is not None:
        response["conversation"] = {"id": named}
        if not standin.lenient:
            conversations.add(standin, named, [*items, *output])
    if body.get("store") is not False:
        left = _ASKED_UNTIL_DONE if body.get("background") else 0
        standin.responses.put(
            response["id"], StoredResponse(response, tuple(items), (*conversation, *output), left)
        )


def _pending(response: Mapping[str, Any], status: str) -> dict[str, Any]:
    """A response in the background that is not done."""
    return {**response, "status": status, "output": [], "usage": None, "completed_at": None}


def _output(body: Mapping[str, Any], turn: turns.Turn, used: hosted.Use, mark: str) -> list[dict[str, Any]]:
    """What the model says or calls."""
    if turn.calls:
        return response_items.calls(turn, mark)
    wanted = "message.output_text.logprobs" in (body.get("include") or [])
    listed = turn.listed_logprobs("0", body.get("top_logprobs") or 0) if wanted else []
    return [response_items.message(turn, mark, used.annotations, listed)]


def _response(
    body: Mapping[str, Any],
    model: Model,
    turn: turns.Turn,
    output: list[Any],
    prompt: tuple[int, int],
    mark: str,
) -> dict[str, Any]:
    """The whole response. `prompt`: how many tokens it has, and how many of them were cached."""
    input_tokens, cached = prompt
    complete = turn.finish_reason != "length"
    thought = sum(
        text.count_tokens(part["text"])
        for item in output
        if item["type"] == "reasoning"
        for part in item["summary"]
    )
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
        "output": output,
        "previous_response_id": body.get("previous_response_id"),
        "prompt_cache_key": body.get("prompt_cache_key"),
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
            "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
            "output_tokens": turn.tokens + thought,
            "output_tokens_details": {"reasoning_tokens": thought},
            "total_tokens": input_tokens + turn.tokens + thought,
        },
    }


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
        events = [event for event in events_of(stored.response) if event["sequence_number"] >= first]
        return Answer(events=frames(events, named=True, done=False), media_type="text/event-stream")
    if stored.left and standin.responses.get(asked.path["id"]) is stored:
        standin.responses.put(asked.path["id"], replace(stored, left=stored.left - 1))
        if stored.left > 1:
            return Answer(data=_pending(stored.response, "in_progress"))
    return Answer(data=stored.response)


def delete(standin: StandIn, asked: Asked) -> Answer:
    """Forget a response."""
    _find(standin, asked.path["id"])
    standin.responses.take(asked.path["id"])
    return Answer(data={"id": asked.path["id"], "object": "response.deleted", "deleted": True})


def cancel(standin: StandIn, asked: Asked) -> Answer:
    """End a response that runs in the background; one that is done stays as it is.

    Raises:
        APIError: 400 for a response that was not asked for in the background.
    """
    stored = _find(standin, asked.path["id"])
    if not stored.response["background"] and not standin.lenient:
        raise errors.invalid(
            "Only responses created with background=true can be cancelled.", None, "invalid_request"
        )
    if stored.left:
        stored = replace(stored, response=_pending(stored.response, "cancelled"), left=0)
        standin.responses.put(asked.path["id"], stored)
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
    conversation = [*response_input.before(standin, asked.body), *response_input.items_of(asked.body)]
    messages = response_input.messages_of(conversation, asked.body.get("instructions"))
    tokens = text.count_message_tokens(messages)
    tokens += picture_tokens.of_messages(standin, messages, str(asked.body.get("model")))
    return Answer(data={"object": "response.input_tokens", "input_tokens": tokens})


def _is_slow(body: Mapping[str, Any]) -> bool:
    return hosted.is_slow(body) or sampling.is_slow(body) or vision.has_pictures(body)


OPERATIONS = (
    Operation("POST", "responses", create, "json", "responses", slow=_is_slow),
    Operation("POST", "responses/compact", compacting.compact, "json", "responses/compact"),
    Operation(
        "POST",
        "responses/input_tokens",
        count_input_tokens,
        "json",
        "responses/input_tokens",
        slow=vision.has_pictures,
    ),
    Operation("GET", "responses/{id}", retrieve),
    Operation("DELETE", "responses/{id}", delete),
    Operation("POST", "responses/{id}/cancel", cancel),
    Operation("GET", "responses/{id}/input_items", list_input_items),
)
