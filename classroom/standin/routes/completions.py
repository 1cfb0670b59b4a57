"""`/completions` and `/edits`, which came before chat: for old code, under `--legacy`.

`/completions` is still served by OpenAI, but every model for it is retired; `/edits` is gone itself.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from classroom.standin.generation import text, turns
from classroom.standin.incoming import checks, errors, model_checks
from classroom.standin.models.catalogue import Model
from classroom.standin.models.costs import Usage
from classroom.standin.operations import Asked, Operation, Retired
from classroom.standin.outgoing.answers import CREATED, Answer, frames
from classroom.standin.records.journal import Output
from classroom.standin.state import StandIn

_MOST_COMPLETIONS = 2_048  # prompts, each as often as `n` says: the stand-in's own bound
_USUAL_TOKENS = 16  # of an answer, where no limit was named (openai/types/completion_create_params.py)


def create(standin: StandIn, asked: Asked) -> Answer:
    """Completions of one or several prompts.

    Raises:
        APIError: 404 for a model that is retired, 400 for a prompt longer than its context.
    """
    body = asked.body
    model = standin.model(body.get("model"), "completion")
    prompts = _prompts(body.get("prompt"))
    prompt_tokens = sum(text.count_tokens(prompt) for prompt in prompts)
    limit: int = _USUAL_TOKENS if body.get("max_tokens") is None else body["max_tokens"]
    if not standin.lenient:
        model_checks.check_context(model, prompt_tokens + limit, "prompt")
        _check_best_of(body)
    if len(prompts) * (body.get("n") or 1) > _MOST_COMPLETIONS:
        raise errors.invalid(
            f"Too many completions: at most {_MOST_COMPLETIONS} are made for one request.",
            "prompt",
            "invalid_value",
        )
    mark = text.mark_of("completions", body)
    replies = [
        _reply(standin, body, model, prompt, mark, n, limit)
        for prompt in prompts
        for n in range(body.get("n") or 1)
    ]
    completion = _completion(body, model, prompts, replies, prompt_tokens, mark)
    outputs = tuple(Output("text", "text/plain", reply.text.encode()) for reply in replies)
    used = completion["usage"]
    usage = Usage(
        model.id, {"input_tokens": used["prompt_tokens"], "output_tokens": used["completion_tokens"]}
    )
    if body.get("stream"):
        with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        events = frames(_chunks(completion, with_usage), named=False, done=True)
        return Answer(events=events, media_type="text/event-stream", outputs=outputs, usage=usage)
    return Answer(data=completion, outputs=outputs, usage=usage)


def _reply(
    standin: StandIn, body: Mapping[str, Any], model: Model, prompt: str, mark: str, choice: int, limit: int
) -> text.Reply:
    given = standin.scripted("completions", model.id, body, [{"role": "user", "content": prompt}])
    if given is not None and given.text is not None:
        return text.finish(given.text, max_tokens=limit, stop=body.get("stop"))
    return text.reply(prompt, mark, choice=choice, max_tokens=limit, stop=body.get("stop"))


def _prompts(given: Any) -> list[str]:
    """The prompts as texts; arrays of tokens are turned back into words."""
    if given is None:
        return [""]
    if isinstance(given, str):
        return [given]
    several = given if any(not isinstance(each, int) for each in given) else [given]
    out = []
    for index, each in enumerate(several):
        whole = isinstance(each, list) and all(checks.json_type(token) == "integer" for token in each)
        words = each if isinstance(each, str) else text.decode_tokens(each) if whole else None
        if words is None:
            at = f"prompt[{index}]"
            raise errors.invalid(
                f"Invalid type for '{at}': expected a string or an array of tokens.", at, "invalid_type"
            )
        out.append(words)
    return out


def _check_best_of(body: Mapping[str, Any]) -> None:
    best_of = body.get("best_of")
    if best_of is None:
        return
    if best_of < (body.get("n") or 1):
        raise errors.invalid("'best_of' must not be smaller than 'n'.", "best_of", "invalid_value")
    if body.get("stream") and best_of > 1:
        raise errors.invalid("Results of 'best_of' cannot be streamed.", "best_of", "invalid_value")


def _completion(
    body: Mapping[str, Any],
    model: Model,
    prompts: list[str],
    replies: list[text.Reply],
    prompt_tokens: int,
    mark: str,
) -> dict[str, Any]:
    each = len(replies) // len(prompts)
    completion_tokens = sum(reply.tokens for reply in replies)
    choices = []
    for index, reply in enumerate(replies):
        echoed = prompts[index // each] if body.get("echo") else ""
        choices.append(
            {
                "text": echoed + reply.text,
                "index": index,
                "logprobs": _logprobs(reply.text, body.get("logprobs")),
                "finish_reason": reply.finish_reason,
            }
        )
    return {
        "id": f"cmpl-{mark[:24]}",
        "object": "text_completion",
        "created": CREATED,
        "model": model.id,
        "choices": choices,
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


def _logprobs(words: str, top: int | None) -> dict[str, Any] | None:
    if top is None:
        return None
    listed = turns.logprobs(words, "0", top)
    offsets, at = [], 0
    for entry in listed:
        offsets.append(at)
        at += len(entry["token"])
    return {
        "tokens": [entry["token"] for entry in listed],
        "token_logprobs": [entry["logprob"] for entry in listed],
        "top_logprobs": [
            {other["token"]: other["logprob"] for other in entry["top_logprobs"]} for entry in listed
        ],
        "text_offset": offsets,
    }


def _chunks(completion: Mapping[str, Any], with_usage: bool) -> Iterator[Mapping[str, Any]]:
    common = {name: value for name, value in completion.items() if name not in ("choices", "usage")}
    for choice in completion["choices"]:
        for piece in text.pieces(choice["text"]):
            yield {**common, "choices": [{**choice, "text": piece, "logprobs": None, "finish_reason": None}]}
        yield {**common, "choices": [{**choice, "text": "", "logprobs": None}]}
    if with_usage:
        yield {**common, "choices": [], "usage": completion["usage"]}


def edit(standin: StandIn, asked: Asked) -> Answer:
    """What `/edits` did: an input, changed as an instruction says."""
    body = asked.body
    standin.model(body.get("model"), "completion")
    prompt = f"{body['instruction']} in:\n{body.get('input') or ''}"
    replies = [text.reply(prompt, text.mark_of("edits", body), choice=n) for n in range(body.get("n") or 1)]
    prompt_tokens = text.count_tokens(prompt)
    completion_tokens = sum(reply.tokens for reply in replies)
    return Answer(
        data={
            "object": "edit",
            "created": CREATED,
            "choices": [{"text": reply.text, "index": index} for index, reply in enumerate(replies)],
            "usage": {
                "prompt_tokens": prompt_tokens,
                "completion_tokens": completion_tokens,
                "total_tokens": prompt_tokens + completion_tokens,
            },
        },
        outputs=tuple(Output("text", "text/plain", reply.text.encode()) for reply in replies),
    )


OPERATIONS = (
    Operation("POST", "completions", create, "json", "completions"),
    Operation(
        "POST",
        "engines/{model}/completions",
        create,
        "json",
        "completions",
        retired=Retired(None, "/v1/chat/completions or /v1/responses"),
    ),
    Operation(
        "POST",
        "edits",
        edit,
        "json",
        "edits",
        retired=Retired("2024-01-04", "/v1/chat/completions or /v1/responses"),
    ),
)
