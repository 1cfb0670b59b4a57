"""JSON mode: which keys a conversation asks for, read from its words.

Frameworks put a JSON Schema into a message, people an example or a list of keys; the last that is found counts.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from classroom.standin import text
from classroom.standin.words import parts_of, word_set

_READ = 20_000  # characters of a conversation that are looked at: its end
_FENCE = "```json"
_MOST_OBJECTS, _MOST_KEYS = 50, 30
_KEYS = re.compile(r"\b(?:keys?|fields?|propert(?:y|ies)|attributes?)\b", re.IGNORECASE)
_LEAD = re.compile(r"\s*(?:named|called|are|is|should be|must be|:|=|-|–)?[\s:]*", re.IGNORECASE)
# what is written beside a key may be long, and hold one level of its own
_KEY = re.compile(
    r"(?:(?:an?|the)\s+)?[`\"'“*]*([A-Za-z_]\w*)[`\"'”*]*(\s*\((?:[^()\n]{1,400}+|\([^()\n]{0,200}\)){0,8}+\))?"
)
_NEXT = re.compile(r"\s*(?:,\s*(?:(?:and\s+)?then\s+|and\s+)?|and\s+|or\s+|then\s+|&\s*)")
_JSON_WITH = re.compile(r"\bJSON(?: object)?,? (?:with|having|containing|that has)\b", re.IGNORECASE)
_MAPPING = re.compile(r"\b(?:dict|mapping)\b|\"object\"")
_LITERAL = re.compile(r"Literal\[([^\[\]]{1,300})\]")
_LOOSE = re.compile(r"\{([^{}]{1,2000})\}")
_PAIR = re.compile(r"[\"'`](\w+)[\"'`]\s*:\s*([^,\n}]*)")

_NUMBERS = word_set(
    "age amount confidence count duration hours id index length minutes number percentage population price "
    "probability quantity rating score seconds size temperature total width height weight year"
)
_FLAGS = word_set("is has can should valid spam correct success active")
_NOT_PLURAL = ("ss", "us", "is")


def infer_schema(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The schema of the object that a conversation asks for; None if it names no key."""
    words = _words_of(messages)
    objects = list(_objects(words))
    schemas = [each for each in objects if isinstance(each.get("properties"), dict) and each["properties"]]
    if schemas:
        return schemas[-1]
    listed = _find_listed_keys(words)
    if listed and len(listed["required"]) > 1:
        return listed  # an object beside it is what the keys are to be found in
    if objects and objects[-1]:
        return _like(objects[-1])
    return _loose(words) or listed


def asks_for_block(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a conversation asks, in words alone, for a block of JSON, as some frameworks do."""
    words = _words_of(messages)
    return _FENCE in words and any(isinstance(each.get("properties"), dict) for each in _objects(words))


def subject(messages: Sequence[Mapping[str, Any]]) -> str:
    """The user's words since the last answer, without the objects that only say how to answer."""
    turn: list[str] = []
    for message in reversed(messages):
        if message.get("role") == "assistant":
            break
        if message.get("role") == "user":
            turn.append(text.text_of(message.get("content")))
    words = "\n".join(reversed(turn))[-_READ:]
    bare = words.partition("{")[0] + words.rpartition("}")[2] if "{" in words and "}" in words else words
    bare = bare.partition(_FENCE)[0]
    return bare if bare.strip() else words


def _words_of(messages: Sequence[Mapping[str, Any]]) -> str:
    texts = [
        text.text_of(message.get("content")) for message in messages if message.get("role") != "assistant"
    ]
    return "\n".join(texts)[-_READ:]


def _objects(words: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in a text, the outermost of each nest."""
    decoder, at = json.JSONDecoder(), words.find("{")
    for _ in range(_MOST_OBJECTS):
        if at < 0:
            return
        try:
            found, end = decoder.raw_decode(words, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield found
        at = words.find("{", end)


def _like(example: Any) -> dict[str, Any]:
    """A schema of values like an example."""
    match example:
        case dict():
            fields = {str(name): _like(value) for name, value in list(example.items())[:_MOST_KEYS]}
            return {"type": "object", "properties": fields, "required": list(fields)}
        case list():
            return {
                "type": "array",
                "items": _like(example[0]) if example else {"type": "string"},
                "minItems": 1,
            }
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer"}
        case float():
            return {"type": "number"}
        case _:
            return {"type": "string"}


def _loose(words: str) -> dict[str, Any] | None:
    """Keys of what looks like JSON and is none: `{"name": string, "age": <number>}`."""
    for match in reversed(list(_LOOSE.finditer(words))):
        pairs = _PAIR.findall(match[1])
        if pairs:
            return _object({name: _guess_type(name, hint) for name, hint in pairs[:_MOST_KEYS]})
    return None


def _find_listed_keys(words: str) -> dict[str, Any] | None:
    """Keys that are listed in a sentence: "with the keys name, age and city"."""
    for match in [*reversed(list(_KEYS.finditer(words))), *reversed(list(_JSON_WITH.finditer(words)))]:
        lead = _LEAD.match(words, match.end())
        at = lead.end() if lead else match.end()
        names: dict[str, dict[str, Any]] = {}
        while len(names) < _MOST_KEYS and (key := _KEY.match(words, at)):
            names[key[1]] = _guess_type(key[1], key[2] or "")
            more = _NEXT.match(words, key.end())
            if more is None:
                break
            at = more.end()
        if names and not set(names) <= _GLUE:
            return _object({name: field for name, field in names.items() if name not in _GLUE})
    return None


_GLUE = word_set(
    "and or of in for with from to the a an that which you your object json only as below above following"
)


def _object(fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields)}


def _guess_type(name: str, hint: str) -> dict[str, Any]:
    """The type of a key's value, by what is written beside it or else by its name."""
    if chosen := _LITERAL.search(hint):
        return {"type": "string", "enum": [each.strip(" '\"") for each in chosen[1].split(",")]}
    hint = hint.casefold()
    if _MAPPING.search(hint):
        return {"type": "object"}
    for words, kind in (
        (("list", "array", "["), "array"),
        (("bool", "true"), "boolean"),
        (("int", "whole"), "integer"),
        (("num", "float"), "number"),
        (("str", "text"), "string"),
    ):
        if any(word in hint for word in words):
            return (
                {"type": kind, "minItems": 1, "items": {"type": "string"}}
                if kind == "array"
                else {"type": kind}
            )
    parts = parts_of(name)
    if parts and parts[0] in _FLAGS:
        return {"type": "boolean"}
    if _NUMBERS & set(parts):
        return {"type": "integer"}
    if parts and parts[-1].endswith("s") and not parts[-1].endswith(_NOT_PLURAL):
        return {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return {"type": "string"}
