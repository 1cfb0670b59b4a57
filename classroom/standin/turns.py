"""The model's turn: words, an object of a wished shape, or a call of one of the tools it was offered.

Chat and Responses write their wishes differently; both are read into `Wishes` first.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from classroom.standin import schema, text

Choice = Literal["none", "auto", "required"]

# Words of a tool's name that say nothing of its subject
_PLAIN_VERBS = frozenset(
    {"get", "set", "list", "find", "search", "make", "create", "fetch", "lookup", "look", "tool"}
)


@dataclass(frozen=True)
class Tool:
    """A function that the model may call: its name, what it is for, the schema of its arguments."""

    name: str
    description: str
    parameters: Any


@dataclass(frozen=True)
class Wishes:
    """What a turn should be.

    Attributes:
        format: "text", "json_object", or "json_schema".
        schema: of the answer, for "json_schema".
        tools: what may be called.
        choice: whether a tool must, may or must not be called.
        forced: the one tool to call, if one was named.
    """

    format: str = "text"
    schema: Any = None
    tools: tuple[Tool, ...] = ()
    choice: Choice = "auto"
    forced: str | None = None


@dataclass(frozen=True)
class ToolCall:
    """A call that the model asks for; `arguments` is JSON, as the API sends it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Turn:
    """What the model says: a text, or calls. `finish_reason`: "stop", "length" or "tool_calls"."""

    text: str
    calls: tuple[ToolCall, ...]
    finish_reason: str
    tokens: int


def take(
    messages: Sequence[Mapping[str, Any]],
    mark: str,
    wishes: Wishes,
    *,
    choice: int = 0,
    max_tokens: int | None = None,
    stop: Any = None,
) -> Turn:
    """The model's turn after these messages.

    Args:
        messages: the conversation so far.
        mark: of the whole request; requests that differ anywhere get turns that differ.
        wishes: what the turn should be.
        choice: which of `n` turns.
        max_tokens: where a text stops.
        stop: words before which a text stops.
    """
    prompt = text.last_user_text(messages)
    tool = _wanted_tool(wishes, prompt, messages)
    if tool is not None:
        return _call(tool, prompt, mark, choice)
    if wishes.format != "text":
        wished = wishes.schema if wishes.format == "json_schema" else _ANY_OBJECT
        made = schema.invent(wished, seed=text.digest(mark, choice), words=_short(prompt))
        content, shortened, tokens = text.cut(json.dumps(made, ensure_ascii=False), max_tokens)
        return Turn(content, (), "length" if shortened else "stop", tokens)
    said = text.reply(_heard(messages, prompt), mark, choice=choice, max_tokens=max_tokens, stop=stop)
    return Turn(said.text, (), said.finish_reason, said.tokens)


_ANY_OBJECT = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}


def _short(prompt: str) -> str:
    words = " ".join(prompt.split())
    return words if len(words) <= 60 else words[:60].rstrip() + " …"


def _heard(messages: Sequence[Mapping[str, Any]], prompt: str) -> str:
    """What the answer is about: a tool's result if that came last, or else what the user said."""
    if messages and messages[-1].get("role") == "tool":
        return text.text_of(messages[-1].get("content")) or prompt
    return prompt


def _wanted_tool(wishes: Wishes, prompt: str, messages: Sequence[Mapping[str, Any]]) -> Tool | None:
    if not wishes.tools or wishes.choice == "none":
        return None
    if wishes.forced is not None:
        return next((tool for tool in wishes.tools if tool.name == wishes.forced), None)
    if wishes.choice == "required":
        return next((tool for tool in wishes.tools if _is_about(tool, prompt)), wishes.tools[0])
    if messages and messages[-1].get("role") == "tool":
        return None  # it has its result: now it speaks
    return next((tool for tool in wishes.tools if _is_about(tool, prompt)), None)


def _is_about(tool: Tool, prompt: str) -> bool:
    """Whether the prompt speaks of every telling word of the tool's name: "get_weather" wants "weather"."""
    name = tool.name.replace("-", "_").casefold().split("_")
    telling = [word for word in name if word and word not in _PLAIN_VERBS]
    return bool(telling) and all(word in prompt.casefold() for word in telling)


def _call(tool: Tool, prompt: str, mark: str, choice: int) -> Turn:
    seed = text.digest("tool", mark, choice)
    wished = tool.parameters if isinstance(tool.parameters, Mapping) else {"type": "object"}
    if "type" not in wished and "properties" not in wished:
        wished = {"type": "object", **wished}
    arguments = json.dumps(schema.invent(wished, seed=seed, words=_short(prompt)), ensure_ascii=False)
    tokens = text.count_tokens(tool.name) + text.count_tokens(arguments)
    return Turn("", (ToolCall(f"call_{seed[:24]}", tool.name, arguments),), "tool_calls", tokens)


def logprobs(words: str, seed: str, top: int) -> list[dict[str, Any]]:
    """Log probabilities of a text's tokens, in the API's shape. Invented, but a function of the request.

    Args:
        words: the text.
        seed: what the numbers depend on.
        top: how many alternatives to list for each token.
    """
    out = []
    for index, token in enumerate(text.token_bytes(words)):
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
