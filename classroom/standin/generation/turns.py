"""The model's turn: text, an object that fits a schema, or a tool call.

Chat and Responses write their wishes differently; both are read into `Wishes` first.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from classroom.standin.generation import arguments, json_mode, schema, text
from classroom.standin.generation.tools import (
    Offer,
    ToolCall,
    call,
    calls_of,
    choose,
    find_answered,
    is_handoff,
)
from classroom.standin.models import tokenizer
from classroom.standin.scripting.replies import Call, Given


@dataclass(frozen=True)
class Wishes:
    """What a turn should be.

    Attributes:
        format: "text", "json_object", or "json_schema".
        schema: of the answer, for "json_schema".
        offer: the tools that may be called.
    """

    format: str = "text"
    schema: Any = None
    offer: Offer = field(default_factory=Offer)


@dataclass(frozen=True)
class Turn:
    """What the model says: a text, or calls.

    Attributes:
        finish_reason: "stop", "length" or "tool_calls".
        logprobs: of the text's tokens, in the API's shape, where a model has real ones; None: it has none.
    """

    text: str
    calls: tuple[ToolCall, ...]
    finish_reason: str
    tokens: int
    logprobs: tuple[Mapping[str, Any], ...] | None = None

    def listed_logprobs(self, seed: str, top: int) -> list[dict[str, Any]]:
        """The log probabilities of its tokens: the model's own, or invented ones; see `logprobs`."""
        if self.logprobs is not None:
            return [dict(each) for each in self.logprobs]
        return logprobs(self.text, seed, top)


def take(
    messages: Sequence[Mapping[str, Any]],
    mark: str,
    wishes: Wishes,
    *,
    choice: int = 0,
    max_tokens: int | None = None,
    stop: Any = None,
    sight: str = "",
) -> Turn:
    """The model's turn after these messages.

    Args:
        messages: the conversation so far.
        mark: of the whole request; requests that differ anywhere get turns that differ.
        wishes: what the turn should be.
        choice: which of `n` turns.
        max_tokens: where a text stops.
        stop: words before which a text stops.
        sight: what can be seen in the pictures of the last message.
    """
    prompt = text.last_user_text(messages)
    called = _calls(messages, prompt, mark, wishes, choice)
    if called is not None:
        return called
    if wishes.format != "text":
        about = f"{sight}\n{prompt}" if sight else prompt
        made = _object(messages, about, wishes, text.digest(mark, choice))
        content, shortened, tokens = text.cut(json.dumps(made, ensure_ascii=False), max_tokens)
        return Turn(content, (), "length" if shortened else "stop", tokens)
    in_words = json_mode.asked_in_words(messages)
    if in_words is not None:
        made = _object(messages, prompt, wishes, text.digest(mark, choice))
        content, shortened, tokens = text.cut(in_words.write(made), max_tokens)
        return Turn(content, (), "length" if shortened else "stop", tokens)
    if sight:
        seen = text.finish(sight, max_tokens=max_tokens, stop=stop)
        return Turn(seen.text, (), seen.finish_reason, seen.tokens)
    written = text.reply(_heard(messages, prompt), mark, choice=choice, max_tokens=max_tokens, stop=stop)
    return Turn(written.text, (), written.finish_reason, written.tokens)


def answer(
    given: Given | None,
    messages: Sequence[Mapping[str, Any]],
    mark: str,
    wishes: Wishes,
    *,
    choice: int = 0,
    max_tokens: int | None = None,
    stop: Any = None,
    sight: str = "",
) -> Turn:
    """The turn that is scripted, or else the model's own; see `take`."""
    if given is None or (given.text is None and not given.calls and not given.items):
        return take(messages, mark, wishes, choice=choice, max_tokens=max_tokens, stop=stop, sight=sight)
    if given.text is not None:
        written = text.finish(given.text, max_tokens=max_tokens, stop=stop)
        return Turn(written.text, (), written.finish_reason, written.tokens)
    if given.items:
        return Turn("", (), "stop", text.count_tokens(json.dumps(given.items, default=str)))
    calls = []
    for index, scripted in enumerate(given.calls):
        id = f"call_{text.digest('scripted', mark, choice, index)[:24]}"
        is_custom = any(tool.is_custom for tool in wishes.offer.tools if tool.name == scripted.name)
        given_to_it = _arguments(scripted, messages, mark, wishes)
        calls.append(ToolCall(id, scripted.name, given_to_it, is_custom))
    tokens = sum(text.count_tokens(each.name) + text.count_tokens(each.arguments) for each in calls)
    return Turn("", tuple(calls), "tool_calls", tokens)


def _arguments(scripted: Call, messages: Sequence[Mapping[str, Any]], mark: str, wishes: Wishes) -> str:
    """The arguments of a scripted call: those that were given, or taken from the prompt."""
    if scripted.arguments is not None:
        return scripted.arguments
    tool = next((each for each in wishes.offer.tools if each.name == scripted.name), None)
    if tool is None:
        return "{}"
    return call(tool, text.last_user_text(messages), mark=mark, choice=0, parallel=False)[0].arguments


def _object(messages: Sequence[Mapping[str, Any]], prompt: str, wishes: Wishes, seed: str) -> Any:
    """What fits the wished schema; in JSON mode, an object with the keys that the conversation asks for."""
    if wishes.format == "json_schema":
        return arguments.answer(wishes.schema, prompt, seed=seed)
    wanted = json_mode.infer_schema(messages)
    if wanted is None:
        return schema.invent(_ANY_OBJECT, seed=seed, words=_short(prompt))
    return arguments.fill(wanted, json_mode.subject(messages) or prompt, seed=seed)[0]


_ANY_OBJECT = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}


def _short(prompt: str) -> str:
    words = " ".join(prompt.split())
    return words if len(words) <= 60 else words[:60].rstrip() + " …"


def _heard(messages: Sequence[Mapping[str, Any]], prompt: str) -> str:
    """What the answer is about: a tool's result if that came last, or else the user's words."""
    if messages and messages[-1].get("role") in ("tool", "function"):
        called = find_answered(messages)
        if called and is_handoff(called[-1][0]):
            return prompt
        return text.text_of(messages[-1].get("content")) or prompt
    return prompt


def _calls(
    messages: Sequence[Mapping[str, Any]], prompt: str, mark: str, wishes: Wishes, number: int
) -> Turn | None:
    calls: list[ToolCall] = []
    offer = wishes.offer
    results = find_answered(messages)
    for tool in choose(offer, prompt, messages):
        several = offer.parallel and offer.forced is None
        after = calls_of(tool.name, results) if not offer.parallel and offer.forced is None else None
        calls += call(tool, prompt, mark=mark, choice=number, parallel=several, first=not calls, after=after)
    if not calls:
        return None
    tokens = sum(text.count_tokens(each.name) + text.count_tokens(each.arguments) for each in calls)
    return Turn("", tuple(calls), "tool_calls", tokens)


def logprobs(words: str, seed: str, top: int) -> list[dict[str, Any]]:
    """Log probabilities of a text's tokens, in the API's shape. Invented, but a function of the request.

    Args:
        words: the text.
        seed: what the numbers depend on.
        top: how many alternatives to list for each token.
    """
    out = []
    for index, token in enumerate(tokenizer.split(words)):
        mark = int(text.digest(seed, index)[:8], 16)
        own = -(mark % 1000) / 2000
        out.append({**_token(token, own), "top_logprobs": _alternatives(token, own, mark, top)})
    return out


def _token(token: bytes, logprob: float) -> dict[str, Any]:
    return {"token": token.decode("utf-8", "replace"), "logprob": round(logprob, 6), "bytes": list(token)}


def _alternatives(token: bytes, own: float, mark: int, top: int) -> list[dict[str, Any]]:
    """The token itself and less likely ones, whose probabilities add up to less than what it leaves."""
    left = max(1e-9, 1 - math.exp(own))
    out = [_token(token, own)] if top else []
    for place in range(1, top):
        other = b" " + f"{(mark + place * 7919) % 46656:x}".encode()
        out.append(_token(other, math.log(left / 2**place) - 0.001))
    return out
