"""`POST /v1/chat/completions`, whole and streamed."""

from collections.abc import Iterator, Mapping
from typing import Any

from classroom.standin import checks, text
from classroom.standin.answers import CREATED, Answer, frames
from classroom.standin.catalogue import Model
from classroom.standin.journal import Output


def answer(body: Mapping[str, Any], model: Model) -> Answer:
    """A chat completion for a body that was checked against the catalogue.

    Raises:
        APIError: 400 for messages that OpenAI refuses, or an input longer than the model's context.
    """
    messages = body["messages"]
    checks.check_messages(messages)
    checks.check_sampling(model, body)
    prompt_tokens = text.count_message_tokens(messages)
    checks.check_context(model, prompt_tokens, "messages")
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    prompt = text.last_user_text(messages)
    replies = [text.reply(prompt, body, choice=n, max_tokens=limit) for n in range(body.get("n") or 1)]
    identity = {
        "id": f"chatcmpl-{text.digest('chat', body)[:24]}",
        "created": CREATED,
        "model": model.id,
        "service_tier": "default",
        "system_fingerprint": f"fp_{text.digest(model.id)[:10]}",
    }
    completion_tokens = sum(reply.tokens for reply in replies)
    usage = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
    outputs = tuple(Output("text", "text/plain", reply.text.encode()) for reply in replies)
    if body.get("stream"):
        include_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        events = frames(_chunks(identity, replies, usage if include_usage else None), named=False, done=True)
        return Answer(events=events, media_type="text/event-stream", outputs=outputs)
    choices: list[dict[str, Any]] = [
        {
            "index": index,
            "message": {"role": "assistant", "content": reply.text, "refusal": None, "annotations": []},
            "logprobs": None,
            "finish_reason": reply.finish_reason,
        }
        for index, reply in enumerate(replies)
    ]
    return Answer(
        data={**identity, "object": "chat.completion", "choices": choices, "usage": usage}, outputs=outputs
    )


def _chunks(
    identity: Mapping[str, Any], replies: list[text.Reply], usage: Any
) -> Iterator[Mapping[str, Any]]:
    """First the role, then the words, then the reason for ending; the usage last, if it was asked for."""
    common = {**identity, "object": "chat.completion.chunk"}
    with_usage = {"usage": None} if usage else {}

    def chunk(index: int, delta: Mapping[str, Any], finish_reason: str | None = None) -> Mapping[str, Any]:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return {**common, "choices": [choice], **with_usage}

    for index, reply in enumerate(replies):
        yield chunk(index, {"role": "assistant", "content": "", "refusal": None})
        for piece in text.pieces(reply.text):
            yield chunk(index, {"content": piece})
        yield chunk(index, {}, reply.finish_reason)
    if usage:
        yield {**common, "choices": [], "usage": usage}
