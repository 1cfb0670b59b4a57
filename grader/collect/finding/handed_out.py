"""What an app's answers hand out for later requests: the identifier of a chat, of a session, of a document.

A person who gets `{"chat_id": "7f2c"}` from one operation sends it to the next one that asks for a `chat_id`. Nothing is
decided by the names: what fits is one more try.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grader import reading
from grader.collect.exchange.requests import Key
from grader.collect.finding.field_roles import is_named_like_a_prompt
from grader.evidence import Exchange
from grader.operations import Field

_LONGEST, _MOST = 200, 60  # characters of a value, values of one answer
_DEEPEST = 3
_IDENTIFIERS = frozenset({"id", "uuid", "key", "token"})


def read_values(exchange: Exchange) -> dict[str, Any]:
    """Values by the plain names of the inputs that may ask for them; of a success alone, and none that we sent."""
    if exchange.status is None or not 200 <= exchange.status < 300:
        return {}
    try:
        answer = reading.parse_json(exchange.body)
    except reading.Unreadable:
        return {}
    sent = f"{exchange.url} {exchange.request_body}"
    found: dict[str, Any] = {}
    for name, value in _members(answer, 0):
        if len(found) >= _MOST:
            break
        if isinstance(value, str) and (not value or value in sent):
            continue
        found.setdefault(plain(name), value)
        if plain(name) in _IDENTIFIERS:  # POST /chats answers {"id": …}: others ask for a chat_id
            found.setdefault(plain(f"{_thing(exchange.place or exchange.url)}{name}"), value)
    return found


def match_inputs(shape: Sequence[Field], given: Mapping[str, Any]) -> dict[Key, Any]:
    """The values that inputs of an operation ask for by name."""
    return {
        one.key: given[name]
        for one in shape
        if not is_named_like_a_prompt(one)
        and (name := plain(one.name.rpartition(".")[2])) in given
        and _is_like(given[name], one)
    }


def plain(name: str) -> str:
    """A name without what styles differ in: `chat_id`, `chatId` and `chat-id` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_like(value: Any, one: Field) -> bool:
    wanted = one.schema.get("type")
    return wanted not in ("integer", "number") or isinstance(value, int) or str(value).isdecimal()


def _members(value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    """Names and short values; those further out first."""
    inner: list[Any] = []
    if isinstance(value, dict):
        for name, each in value.items():
            if isinstance(each, (dict, list)):
                inner.append(each)
            elif _is_short(each) and isinstance(name, str):
                yield name, each
    elif isinstance(value, list):
        inner = [each for each in value[-3:] if isinstance(each, (dict, list))]
    for each in inner if depth < _DEEPEST else ():
        yield from _members(each, depth + 1)


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST and not re.search(r"\s", value)
    return isinstance(value, int) and not isinstance(value, bool)


def _thing(path: str) -> str:
    """What a path is about, in the singular: "chat" for /api/chats."""
    parts = [part for part in path.partition("?")[0].split("/") if part and "{" not in part]
    last = parts[-1] if parts else ""
    return last[:-1] if last.endswith("s") and not last.endswith("ss") else last
