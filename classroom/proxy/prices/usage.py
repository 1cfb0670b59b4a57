"""Reads the usage of an answer, in the price list's units, and computes its cost."""

import json
from collections.abc import Mapping
from typing import Any

from classroom.proxy.prices import pricing


def units(route: str, usage: Any, *, searches: int = 0) -> dict[str, int | float] | None:
    """The units of a usage; None if it says nothing that can be read.

    Args:
        route: that was asked.
        usage: as the answer has it.
        searches: how often the upstream searched the web for this answer.
    """
    if not isinstance(usage, Mapping):
        return None
    if usage.get("type") == "duration":
        seconds = usage.get("seconds")
        return _numbers({"audio_seconds": seconds, "input_audio_seconds": seconds})
    counts: dict[str, Any] = {
        "input_tokens": usage.get("prompt_tokens", usage.get("input_tokens")),
        "output_tokens": usage.get("completion_tokens", usage.get("output_tokens", 0)),
    }
    given = _details(usage, "prompt_tokens_details", "input_tokens_details", "input_token_details")
    made = _details(usage, "completion_tokens_details", "output_tokens_details")
    counts["cache_read_tokens"] = given.get("cached_tokens") or 0
    counts["cache_write_tokens"] = given.get("cache_write_tokens") or 0
    if route.startswith("images/"):
        counts["input_image_tokens"] = given.get("image_tokens") or 0
    if route.startswith("audio/tran") or route == "chat/completions":
        counts["input_audio_tokens"] = given.get("audio_tokens") or 0
    if route == "chat/completions":
        counts["output_audio_tokens"] = made.get("audio_tokens") or 0
    counts["web_searches"] = searches
    return _numbers(counts)


def _details(usage: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return next((usage[name] for name in names if isinstance(usage.get(name), Mapping)), {})


def _numbers(counts: Mapping[str, Any]) -> dict[str, int | float] | None:
    if any(
        isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0
        for value in counts.values()
    ):
        return None
    return {name: value for name, value in counts.items() if value}


def charge(route: str, model: str, used: Mapping[str, int | float]) -> int:
    """What a call cost by what its answer says; pictures by the way in which their model is billed.

    Raises:
        Unpriced: no way has a price.
    """
    if route.startswith("images/"):
        apart = {**used, "output_image_tokens": used.get("output_tokens", 0)}
        return pricing.dearest(model, used, apart)
    return pricing.cost(model, used)


def in_answer(content: bytes) -> dict[str, Any]:
    """A JSON answer; empty if it is none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def add(before: Any, usage: Any) -> Any:
    """Two usages of one stream together: pictures are reported one by one."""
    if not isinstance(before, Mapping) or not isinstance(usage, Mapping):
        return usage
    made: dict[str, Any] = dict(usage)
    for name, value in before.items():
        other = usage.get(name)
        if isinstance(value, Mapping):
            made[name] = add(value, other) if isinstance(other, Mapping) else value
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            made[name] = value + (other if isinstance(other, (int, float)) else 0)
    return made


def searches_in(answer: Mapping[str, Any], kind: str = "web_search_call") -> int:
    """How often the upstream searched, by the items of an answer: the web, or files ("file_search_call")."""
    output = answer.get("output")
    items = output if isinstance(output, list) else []
    return sum(isinstance(item, dict) and item.get("type") == kind for item in items)


def identifiers_in(answer: Mapping[str, Any], total: int, *, is_kept: bool = False) -> dict[str, int]:
    """What the upstream stored for an answer → tokens that it adds to a prompt that names it.

    Args:
        answer: a response or a chat completion.
        total: tokens of the whole call.
        is_kept: a chat completion is stored, if the request asks for it; a response is unless it asks otherwise.
    """
    found: dict[str, int] = {}
    output = _list(answer, "output")
    if is_kept and "choices" in answer and isinstance(answer.get("id"), str):
        found[answer["id"]] = total
    # a chat completion that is not kept can't be named in a request; what it answered can
    for holder in (answer, *output) if "output" in answer else ():
        if isinstance(holder.get("id"), str):
            found[holder["id"]] = total
    for choice in _list(answer, "choices"):
        for name in ("message", "delta"):
            part = choice.get(name)
            audio = part.get("audio") if isinstance(part, dict) else None
            if isinstance(audio, dict) and isinstance(audio.get("id"), str):
                found[audio["id"]] = total
    return {id: tokens for id, tokens in found.items() if 0 < len(id) <= 128}


def total(usage: Any) -> int:
    """Tokens of a whole call; 0 if the usage does not have them."""
    used = units("", usage) or {}
    return int(used.get("input_tokens", 0)) + int(used.get("output_tokens", 0))


def _list(answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    value = answer.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
