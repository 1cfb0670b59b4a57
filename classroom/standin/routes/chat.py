"""`/chat/completions`: whole, streamed and stored."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from classroom.standin.generation import schema, text, tools, turns
from classroom.standin.incoming import checks, conversation_checks, errors, model_checks, schema_limits
from classroom.standin.language_model import sampling
from classroom.standin.models.catalogue import Model
from classroom.standin.models.costs import Usage
from classroom.standin.multimodal import chat_audio, picture_tokens, vision
from classroom.standin.operations import Asked, Operation
from classroom.standin.outgoing.answers import CREATED, Answer, frames
from classroom.standin.outgoing.pagination import page
from classroom.standin.records.journal import Output
from classroom.standin.state import StandIn, StoredCompletion


def create(standin: StandIn, asked: Asked) -> Answer:
    """A chat completion.

    Raises:
        APIError: 400 for messages, tools or a schema that OpenAI refuses, or an input longer than the
            model's context.
    """
    body = asked.body
    model = standin.model(body.get("model"), "chat")
    messages = body["messages"]
    checks.check_messages(messages)
    heard = chat_audio.listen(standin, messages)
    messages = heard.messages
    prompt_tokens = text.count_message_tokens(messages) + heard.tokens
    prompt_tokens += picture_tokens.of_messages(standin, messages, model.id)
    if not standin.lenient:
        conversation_checks.check_chat(body)
        chat_audio.check(model, body)
        if model.responses_only:
            raise errors.wrong_endpoint(model.id)
        model_checks.check_sampling(model, body)
        model_checks.check_words_alone(model, body)
        conversation_checks.check_effort(model, body.get("reasoning_effort"), "reasoning_effort")
        model_checks.check_context(model, prompt_tokens, "messages")
    wishes = read_wishes(body, strict=not standin.lenient)
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or None
    mark = text.mark_of("chat", body)
    given = standin.scripted("chat/completions", model.id, body, messages, wishes.offer)
    count = body.get("n") or 1
    if model.ngrams and given is None:
        how = sampling.of_chat(body)
        replies = [sampling.write(messages, mark, how, choice=n) for n in range(count)]
    else:
        how_long = {"max_tokens": limit, "stop": body.get("stop")}
        sight = vision.describe(standin, messages) if given is None else ""
        replies = [
            turns.answer(given, messages, mark, wishes, choice=n, sight=sight, **how_long)
            for n in range(count)
        ]
    cached = standin.prompts.cached_tokens(model.id, messages, body, prompt_tokens)
    spoken = chat_audio.speak_all(standin, body, [reply.text for reply in replies], mark)
    completion = _completion(body, model, replies, prompt_tokens, cached, mark)
    chat_audio.put_into(completion, spoken, heard.tokens)
    if body.get("store"):
        standin.completions.put(completion["id"], StoredCompletion(completion, tuple(messages)))
    units = {
        "input_tokens": prompt_tokens,
        "output_tokens": completion["usage"]["completion_tokens"],
        **({"cache_read_tokens": cached} if cached else {}),
        **({"input_audio_tokens": heard.tokens} if heard.tokens else {}),
    }
    if spoken:
        units["output_audio_tokens"] = sum(each.tokens for each in spoken.values())
    outputs = tuple(Output("text", "text/plain", reply.text.encode()) for reply in replies if not reply.calls)
    outputs += tuple(each.output for each in spoken.values())
    if body.get("stream"):
        include_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        events = frames(_chunks(completion, include_usage=include_usage), named=False, done=True)
        return Answer(
            events=events,
            media_type="text/event-stream",
            outputs=outputs,
            usage=Usage(model.id, units),
        )
    return Answer(data=completion, outputs=outputs, usage=Usage(model.id, units))


def read_wishes(body: Mapping[str, Any], *, strict: bool) -> turns.Wishes:
    """The tools and the format of the answer, as Chat Completions writes them.

    Raises:
        APIError: 400 for a schema that is to be followed strictly and can't be.
    """
    wanted = body.get("response_format") or {"type": "text"}
    named = wanted.get("json_schema") or {}
    if wanted.get("type") == "json_schema":
        schema_limits.check_size(
            named.get("schema"),
            param="response_format",
            name=str(named.get("name") or "response_format"),
            strict=bool(strict and named.get("strict")),
        )
    if strict and wanted.get("type") == "json_schema" and named.get("strict"):
        schema.check_strict(
            named.get("schema"), param="response_format", name=str(named.get("name") or "response_format")
        )
    functions = [tool["function"] for tool in body.get("tools") or [] if tool.get("type") == "function"]
    functions += body.get("functions") or []
    offered = tuple(
        tools.Tool(each["name"], each.get("description") or "", each.get("parameters") or {})
        for each in functions
    )
    custom = [each.get("custom") for each in body.get("tools") or [] if each.get("type") == "custom"]
    offered += tools.offered([{**each, "type": "custom"} for each in custom if isinstance(each, dict)])
    for each in functions:
        schema_limits.check_size(
            each.get("parameters"),
            param="tools",
            name=each["name"],
            strict=bool(strict and each.get("strict")),
        )
        if strict and each.get("strict"):
            schema.check_strict(each.get("parameters"), param="tools", name=each["name"])
    if strict:
        tools.check_grammars(offered, "tools")
    choice: Any = body.get("tool_choice") or body.get("function_call")
    # the older form has no place for a second call
    parallel = body.get("parallel_tool_calls") is not False and not body.get("functions")
    return turns.Wishes(
        wanted.get("type", "text"), named.get("schema"), tools.offer(offered, choice, parallel=parallel)
    )


def _completion(
    body: Mapping[str, Any],
    model: Model,
    replies: list[turns.Turn],
    prompt_tokens: int,
    cached: int,
    mark: str,
) -> dict[str, Any]:
    completion_tokens = sum(reply.tokens for reply in replies)
    return {
        "id": f"chatcmpl-{mark[:24]}",
        "object": "chat.completion",
        "created": CREATED,
        "model": model.id,
        "choices": [_choice(body, index, reply) for index, reply in enumerate(replies)],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
            "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
        "system_fingerprint": _fingerprint(model.id),
        **({"metadata": body.get("metadata") or {}} if body.get("store") else {}),
    }


@cache
def _fingerprint(model: str) -> str:
    return f"fp_{text.digest(model)[:10]}"


def _choice(body: Mapping[str, Any], index: int, reply: turns.Turn) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": None, "annotations": []}
    finish_reason = reply.finish_reason
    if reply.calls:
        message["content"] = None
        if body.get("functions"):  # the form before tools
            call = reply.calls[0]
            message["function_call"] = {"name": call.name, "arguments": call.arguments}
            finish_reason = "function_call"
        else:
            message["tool_calls"] = [_tool_call(call) for call in reply.calls]
            if _is_named(body.get("tool_choice")):
                finish_reason = "stop"  # a tool that was named by the caller was no choice of the model's
    wanted = body.get("logprobs") and not reply.calls
    listed = reply.listed_logprobs(f"{index}", body.get("top_logprobs") or 0) if wanted else None
    return {
        "index": index,
        "message": message,
        "logprobs": {"content": listed, "refusal": None} if wanted else None,
        "finish_reason": finish_reason,
    }


def _is_named(choice: Any) -> bool:
    return isinstance(choice, dict) and choice.get("type") != "allowed_tools"


def _tool_call(call: tools.ToolCall) -> dict[str, Any]:
    if call.is_custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _chunks(completion: Mapping[str, Any], *, include_usage: bool) -> Iterator[Mapping[str, Any]]:
    """First the role, then the words, then the reason for ending; the usage last, if it was asked for."""
    common = {
        "id": completion["id"],
        "object": "chat.completion.chunk",
        "created": completion["created"],
        "model": completion["model"],
        "service_tier": completion["service_tier"],
        "system_fingerprint": completion["system_fingerprint"],
    }
    with_usage = {"usage": None} if include_usage else {}
    for choice in completion["choices"]:
        for delta, logprobs in _deltas(choice):
            part = {"index": choice["index"], "delta": delta, "logprobs": logprobs, "finish_reason": None}
            yield {**common, "choices": [part], **with_usage}
        last = {
            "index": choice["index"],
            "delta": {},
            "logprobs": None,
            "finish_reason": choice["finish_reason"],
        }
        yield {**common, "choices": [last], **with_usage}
    if include_usage:
        yield {**common, "choices": [], "usage": completion["usage"]}


def _deltas(choice: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Any]]:
    """What each chunk adds to the message, with the log probabilities of what it adds."""
    message = choice["message"]
    if "audio" in message:
        yield from ((delta, None) for delta in chat_audio.deltas(message["audio"]))
        return
    if message["content"] is not None:
        yield {"role": "assistant", "content": "", "refusal": None}, None
        if choice["logprobs"]:
            for piece, listed in text.by_token(choice["logprobs"]["content"]):
                yield {"content": piece}, {"content": listed, "refusal": None}
        else:
            for piece in text.pieces(message["content"]):
                yield {"content": piece}, None
        return
    yield {"role": "assistant", "content": None}, None
    if "function_call" in message:
        call = message["function_call"]
        yield {"function_call": {"name": call["name"], "arguments": ""}}, None
        for piece in text.pieces(call["arguments"]):
            yield {"function_call": {"arguments": piece}}, None
        return
    for index, call in enumerate(message["tool_calls"]):
        kind, given = ("custom", "input") if "custom" in call else ("function", "arguments")
        yield {"tool_calls": [{**call, "index": index, kind: {**call[kind], given: ""}}]}, None
        for piece in text.pieces(call[kind][given]):
            yield {"tool_calls": [{"index": index, kind: {given: piece}}]}, None


def _find(standin: StandIn, id: str) -> StoredCompletion:
    stored = standin.completions.get(id)
    if stored is None and standin.lenient:
        messages = [{"role": "user", "content": id}]
        made = create(standin, Asked({"messages": messages, "model": None, "metadata": {}}))
        return StoredCompletion({**(made.data or {}), "id": id, "metadata": {}}, tuple(messages))
    if stored is None:
        raise errors.not_found("chat completion", id, "Only those created with store=true are kept.")
    return stored


def list_stored(standin: StandIn, asked: Asked) -> Answer:
    """The stored completions, the oldest first."""
    wanted = {
        name[9:-1]: value
        for name, value in asked.query.items()
        if name.startswith("metadata[") and name.endswith("]")
    }
    found = [
        stored.completion
        for stored in standin.completions.all()
        if asked.query.get("model") in (None, stored.completion["model"])
        and wanted.items() <= stored.completion["metadata"].items()
    ]
    return page(found, asked.query, newest_first=False, lenient=standin.lenient)


def retrieve(standin: StandIn, asked: Asked) -> Answer:
    """One stored completion."""
    return Answer(data=_find(standin, asked.path["id"]).completion)


def update(standin: StandIn, asked: Asked) -> Answer:
    """Another metadata for a stored completion."""
    stored = _find(standin, asked.path["id"])
    changed = {**stored.completion, "metadata": asked.body.get("metadata") or {}}
    standin.completions.put(asked.path["id"], StoredCompletion(changed, stored.messages))
    return Answer(data=changed)


def delete(standin: StandIn, asked: Asked) -> Answer:
    """Forget a stored completion."""
    _find(standin, asked.path["id"])
    standin.completions.take(asked.path["id"])
    return Answer(data={"id": asked.path["id"], "object": "chat.completion.deleted", "deleted": True})


def list_messages(standin: StandIn, asked: Asked) -> Answer:
    """The messages that led to a stored completion."""
    stored = _find(standin, asked.path["id"])
    messages = [
        {
            "refusal": None,
            **message,
            "id": f"{asked.path['id']}-{index}",
            "content": text.text_of(message.get("content")),
            "content_parts": message["content"] if isinstance(message.get("content"), list) else None,
        }
        for index, message in enumerate(stored.messages)
    ]
    if standin.lenient:  # the SDK's type knows the assistant's alone
        messages = [{**message, "role": "assistant"} for message in messages]
    return page(messages, asked.query, newest_first=False, lenient=standin.lenient)


def _is_slow(body: Mapping[str, Any]) -> bool:
    return sampling.is_slow(body) or vision.has_pictures(body) or chat_audio.is_asked(body)


OPERATIONS = (
    Operation("POST", "chat/completions", create, "json", "chat/completions", slow=_is_slow),
    Operation("GET", "chat/completions", list_stored),
    Operation("GET", "chat/completions/{id}", retrieve),
    Operation("POST", "chat/completions/{id}", update, "json", "chat/completions/{id}"),
    Operation("DELETE", "chat/completions/{id}", delete),
    Operation("GET", "chat/completions/{id}/messages", list_messages),
)
