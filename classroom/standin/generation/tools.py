"""Chooses the tool that a model calls, from the prompt's words and the calls made so far.

A real model understands; here the words of a tool's name, description and parameters are looked for in the prompt.
A tool that has its result is not called again before the user speaks again, so that an agent's loop ends.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from classroom.standin.generation import arguments, grammars, text
from classroom.standin.meanings.words import STOP_WORDS, meanings, parts_of, words_of

Choice = Literal["none", "auto", "required"]

# Words of a tool's name that say nothing of its subject
_PLAIN = frozenset(
    {"get", "set", "make", "tool", "transfer", "to", "agent", "handoff", "handle", "by", "function", "fetch"}
)
# Words that say a little: what is done, though not with what
_VERBS = frozenset(
    {"list", "find", "search", "create", "lookup", "look", "send", "run", "read", "write", "query"}
)
# A tool of such a name takes the answer itself: frameworks ask so for an output of a shape
_FINAL = frozenset({"final", "answer", "output", "respond", "response", "submit", "finish", "done", "result"})
_ENOUGH = 1.5  # of a score: a subject that is named, or two hints
_STRONG = 3.0  # every telling word of the name is in the prompt
_MOST_CALLS = 8
_MOST_ATTEMPTS = 3
_ASKS_AGAIN = re.compile(r"try again|validation error|fix the error|recall the function", re.IGNORECASE)
_HANDOFF = re.compile(r"^(transfer|hand_?off)", re.IGNORECASE)


@dataclass(frozen=True)
class Tool:
    """A tool that the model may call: its name, what it is for, the schema of its arguments.

    Attributes:
        is_custom: it takes any text in place of arguments.
        grammar: that a custom tool's text has to follow, if it has one.
        namespace: the group of tools that it belongs to, if it does.
    """

    name: str
    description: str
    parameters: Any
    is_custom: bool = False
    grammar: grammars.Grammar | None = None
    namespace: str | None = None


@dataclass(frozen=True)
class Offer:
    """The tools of a request. `choice`: whether one must, may or must not be called; `forced`: the one that was named;
    `parallel`: whether several calls may come at once."""

    tools: tuple[Tool, ...] = ()
    choice: Choice = "auto"
    forced: str | None = None
    parallel: bool = True


@dataclass(frozen=True)
class ToolCall:
    """A call that the model asks for; `arguments` is JSON, as the API sends it, or a custom tool's text."""

    id: str
    name: str
    arguments: str
    is_custom: bool = False
    namespace: str | None = None


def offer(tools: Sequence[Tool], choice: Any, *, parallel: bool) -> Offer:
    """What a request offers, by its choice: a word, one tool that is named, or those that are allowed.

    Args:
        tools: of the request.
        choice: as Chat Completions or Responses write it; None: the model chooses.
        parallel: whether several calls may come at once.
    """
    if not isinstance(choice, Mapping):
        return Offer(tuple(tools), choice or "auto", None, parallel)
    if choice.get("type") == "allowed_tools":
        allowed = choice.get("allowed_tools") or choice
        names = {_named(each) for each in allowed.get("tools") or []}
        mode: Choice = "required" if allowed.get("mode") == "required" else "auto"
        return Offer(tuple(tool for tool in tools if tool.name in names), mode, None, parallel)
    named = _named(choice)
    if named is None or choice.get("type") not in (None, "function", "custom"):
        return Offer(parallel=parallel)  # one of OpenAI's own tools is named
    return Offer(tuple(tools), "required", named, parallel)


def _named(choice: Mapping[str, Any]) -> str | None:
    inner = choice.get("function") or choice.get("custom") or choice
    return inner.get("name") if isinstance(inner, Mapping) else None


def offered(listed: Sequence[Mapping[str, Any]], namespace: str | None = None) -> tuple[Tool, ...]:
    """The functions and custom tools of a request, as Responses and Realtime list them, those of a namespace included."""
    found: list[Tool] = []
    for each in listed:
        if each.get("type") == "namespace":
            found += offered(each.get("tools") or [], str(each.get("name")))
        elif each.get("type") in ("function", "custom"):
            found.append(
                Tool(
                    str(each.get("name") or ""),
                    str(each.get("description") or ""),
                    each.get("parameters") or {},
                    each["type"] == "custom",
                    grammars.read(each.get("format")),
                    namespace,
                )
            )
    return tuple(found)


def check_grammars(offered: Sequence[Tool], param: str) -> None:
    """Raises 400 `invalid_grammar` for a custom tool whose grammar can't be read."""
    for tool in offered:
        if tool.grammar is not None:
            grammars.check(tool.grammar, param)


def is_handoff(name: str) -> bool:
    """Whether a tool of that name gives the conversation to another agent."""
    return bool(_HANDOFF.match(name))


def find_answered(messages: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """The calls since the user spoke last that have their result: the tool's name and the result."""
    names: dict[str, str] = {}
    out: list[tuple[str, str]] = []
    for message in messages:
        role = message.get("role")
        if role == "user":
            out.clear()
        elif role == "assistant":
            for call in message.get("tool_calls") or []:
                function = (call.get("function") or call.get("custom")) if isinstance(call, dict) else None
                if isinstance(function, dict):
                    names[str(call.get("id"))] = str(function.get("name"))
            function = message.get("function_call")
            if isinstance(function, dict):
                names["function"] = str(function.get("name"))
        elif role in ("tool", "function"):
            called = names.get(str(message.get("tool_call_id")), str(message.get("name") or ""))
            out.append((called, text.text_of(message.get("content"))))
    return out


def choose(offer: Offer, prompt: str, messages: Sequence[Mapping[str, Any]]) -> list[Tool]:
    """The tools that the model calls now; none, if it speaks."""
    if not offer.tools or offer.choice == "none":
        return []
    if offer.forced is not None:
        return [tool for tool in offer.tools if tool.name == offer.forced][:1]
    prompt = arguments.readable(prompt)
    results = find_answered(messages)
    done = {name for name in dict(results) if not _is_to_be_repeated(name, results)}
    open_tools = [
        tool
        for tool in offer.tools
        if tool.name not in done or (not offer.parallel and _has_another_call(tool, prompt, results))
    ]
    about = [tool for tool, _ in _ranked(open_tools, prompt, is_first=not results)]
    if about:
        return about if offer.parallel else about[:1]
    if offer.choice != "required":
        return []
    final = [tool for tool in open_tools if _FINAL & set(parts_of(tool.name))]
    if final:
        return final[:1]
    return [] if results else open_tools[:1]


def _is_to_be_repeated(name: str, results: list[tuple[str, str]]) -> bool:
    """Whether a tool's last result asks for the call again, as frameworks do whose checks found a fault."""
    of_tool = [result for called, result in results if called == name]
    return len(of_tool) < _MOST_ATTEMPTS and bool(_ASKS_AGAIN.search(of_tool[-1]))


def _has_another_call(tool: Tool, prompt: str, results: list[tuple[str, str]]) -> bool:
    """Whether the prompt names more things than the tool has results, where calls come one after the other."""
    named = arguments.fill(tool.parameters, prompt, seed="", several=True)
    return calls_of(tool.name, results) < min(len(named), _MOST_CALLS)


def calls_of(name: str, results: Sequence[tuple[str, str]]) -> int:
    """How many results a tool has."""
    return sum(called == name for called, _ in results)


def _ranked(tools: Sequence[Tool], prompt: str, *, is_first: bool) -> list[tuple[Tool, float]]:
    """Those that are called: all that the prompt names, or else the one that fits best; a handoff goes alone.

    Where a tool has its result, values that another could take as well ("Add 3 and 4") have been used: it has to be spoken of.
    """
    scored = []
    for tool in tools:
        subject = _score(tool, prompt)
        if subject or is_first:
            scored.append((tool, subject + arguments.evidence(tool.parameters, prompt)))
    fitting = sorted((each for each in scored if each[1] >= _ENOUGH), key=lambda each: -each[1])
    if not fitting:
        return []
    strong = [each for each in fitting if each[1] >= _STRONG]
    if len(strong) < 2 or is_handoff(strong[0][0].name):
        return fitting[:1]
    return [each for each in strong if not is_handoff(each[0].name)][:_MOST_CALLS]


def _score(tool: Tool, prompt: str) -> float:
    """How much a prompt speaks of a tool, apart from what could be its arguments."""
    heard = meanings(words_of(prompt))
    name = parts_of(tool.name)
    telling = [word for word in name if word not in _PLAIN | _VERBS and not word.isdigit()]
    verbs = [word for word in name if word in _VERBS]
    score = 0.0
    hits = [word for word in telling if _is_heard(word, heard, prompt)]
    if telling:
        score += 3 * len(hits) / len(telling)
        score += 0.5 if telling[-1] in hits else 0
        score += 0.5 if hits and any(_is_heard(verb, heard, prompt) for verb in verbs) else 0
    if not hits and any(_is_heard(verb, heard, prompt) for verb in verbs):
        score += 1
    named = meanings(name)
    described = meanings(word for word in words_of(tool.description) if word not in STOP_WORDS)
    score += min(2, len((described - named) & (heard - meanings(STOP_WORDS))))
    return score


def _is_heard(word: str, heard: frozenset[str], prompt: str) -> bool:
    return bool(meanings([word]) & heard) or (len(word) > 3 and word in prompt.casefold())


def call(
    tool: Tool,
    prompt: str,
    *,
    mark: str,
    choice: int,
    parallel: bool,
    first: bool = True,
    after: int | None = None,
) -> list[ToolCall]:
    """The calls of one tool: one, or one for each thing that the prompt names ("in Paris and Rome").

    Args:
        mark: of the whole request.
        choice: which of `n` turns.
        parallel: whether there may be several.
        first: whether these are the turn's first calls; later ones have the tool's name in their identifier.
        after: how many results the tool has, where its calls come one after the other; None: nobody counts.
    """
    seed = text.digest("tool", mark, choice, *(() if first else (tool.name,)))
    if tool.is_custom:
        words = prompt if tool.grammar is None else grammars.write(tool.grammar, prompt, seed)
        return [ToolCall(f"call_{seed[:24]}", tool.name, words, True, tool.namespace)]
    filled = arguments.fill(tool.parameters, prompt, seed=seed, several=parallel or after is not None)
    if not parallel:
        filled = [filled[min(after or 0, len(filled) - 1)]]
    out = []
    for index, each in enumerate(filled[:_MOST_CALLS]):
        id = seed if index == 0 else text.digest(seed, index)
        written = json.dumps(each, ensure_ascii=False)
        out.append(ToolCall(f"call_{id[:24]}", tool.name, written, namespace=tool.namespace))
    return out
