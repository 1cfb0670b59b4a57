"""JSON mode: which keys a conversation asks for, read from its words.

Frameworks put a JSON Schema into a message, people an example or a list of keys; the last that is found counts.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from classroom.standin.generation import text
from classroom.standin.generation.worked_examples import find_shown_answers, find_worked_example
from classroom.standin.meanings.words import parts_of, word_set

_START = re.compile(r"\{|\[\s*\{")
_READ = 20_000  # characters of a conversation that are looked at: its end
_FENCE = "```json"
_BLOCK = re.compile(
    r"`json` tags|\bjson (?:markdown|code ?block)|\bmarkdown (?:code )?(?:block|snippet)", re.IGNORECASE
)
# what the answer is to be, not what stands in a prompt or goes to a tool: "Output a valid JSON object", "respond in JSON"
_ASKED = re.compile(
    r"\b(?:output|answer|respond|response|reply|return|produce|generate|write)\b(?: (?:should|must|has to|only|be|is|to|with|in|as|a|an|"
    r"the|valid|single|strictly|just|ONLY|formatted|your|answer|output|result|response|following|list|of|sub-questions|relevant|raw|"
    r"well-formed|this|using)\b){0,9}:? JSON\b",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"\bJSON (?:array|list)\b|\[\s*\{+[^{}\[\]]{1,600}\}+\s*,?\s*(?:\.\.\.\s*)?\]", re.IGNORECASE
)
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
_PAIR = re.compile(r"[\"'`]?\b(\w+)[\"'`]?\s*:\s*([^,\n}]*)")
# "0..1", "1-10", "0.0 to 1.0", "between 0 and 1"
_RANGE = re.compile(
    r"(?<![\w.-])(-?\d{1,9}(?:\.\d{1,6})?)\s*(?:\.\.+|…|-|–|to|and)\s*(-?\d{1,9}(?:\.\d{1,6})?)(?![\w]|[.-]\d)"
)

_NUMBERS = word_set(
    "age amount confidence count duration hours id index length minutes number percentage population price "
    "probability quantity rating score seconds size temperature total width height weight year"
)
_FLAGS = word_set("is has can should valid spam correct success active")
_NOT_PLURAL = ("ss", "us", "is")


def infer_schema(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The schema of the object that a conversation asks for; None if it names no key."""
    words = _words_of(messages)
    if worked := find_worked_example(words):
        return worked.schema
    objects = _objects(words)
    schemas = _schemas(objects)
    if not schemas and "{{" in words:  # a template's braces, which nobody has filled in
        schemas = _schemas(_objects(words.replace("{{", "{").replace("}}", "}")))
    if schemas:
        return schemas[-1]
    listed = _find_listed_keys(words)
    if listed and len(listed["required"]) > 1:
        return listed  # an object beside it is what the keys are to be found in
    if objects and objects[-1]:
        # the same keys may be shown twice: filled in, and as what to say when there is nothing
        same = [each for each in objects if each.keys() == objects[-1].keys()]
        return _like(max(reversed(same), key=_count_values))
    shown = find_shown_answers(messages)
    return _loose(words) or listed or (shown.schema if shown else None)


def asked_in_words(messages: Sequence[Mapping[str, Any]]) -> "InWords | None":
    """The JSON that a conversation asks for in words alone, as parsers of frameworks do; None if it asks for none."""
    words = _words_of(messages)
    if worked := find_worked_example(words):
        return InWords(worked.schema, worked.is_fenced, worked.is_list)
    schema = infer_schema(messages)
    is_fenced = _FENCE in words or bool(_BLOCK.search(words))
    has_schema = any(isinstance(each.get("properties"), dict) for each in _objects(words))
    if schema is None or not ((_FENCE in words and has_schema) or _ASKED.search(words)):
        shown = find_shown_answers(messages)
        return InWords(shown.schema, shown.is_fenced, shown.is_list) if shown else None
    return InWords(schema, is_fenced, bool(_LISTED.search(words)) and not has_schema)


@dataclass(frozen=True)
class InWords:
    """JSON that words ask for: the schema of an object, whether it comes in a block of Markdown, and whether in a list."""

    schema: dict[str, Any]
    is_fenced: bool
    is_list: bool

    def write(self, value: Any) -> str:
        """An answer with a value of the schema."""
        made = json.dumps([value] if self.is_list else value, ensure_ascii=False, indent=2)
        return f"```json\n{made}\n```" if self.is_fenced else made


def subject(messages: Sequence[Mapping[str, Any]]) -> str:
    """The user's words since the last answer, without the objects that only say how to answer."""
    turn: list[str] = []
    for message in reversed(messages):
        if message.get("role") == "assistant":
            break
        if message.get("role") == "user":
            turn.append(text.text_of(message.get("content")))
    words = "\n".join(reversed(turn))[-_READ:]
    if worked := find_worked_example(words):
        return worked.task
    bare = words.partition("{")[0] + words.rpartition("}")[2] if "{" in words and "}" in words else words
    bare = bare.partition(_FENCE)[0]
    return bare if bare.strip() else words


def _words_of(messages: Sequence[Mapping[str, Any]]) -> str:
    texts = [
        text.text_of(message.get("content")) for message in messages if message.get("role") != "assistant"
    ]
    return "\n".join(texts)[-_READ:]


def _objects(words: str) -> list[dict[str, Any]]:
    """The JSON objects in a text, the outermost of each nest; those in lists, which are rather data, if there are no others."""
    alone: list[dict[str, Any]] = []
    listed: list[dict[str, Any]] = []
    decoder, start = json.JSONDecoder(), _START.search(words)
    for _ in range(_MOST_OBJECTS):
        if start is None:
            break
        try:
            found, end = decoder.raw_decode(words, start.start())
        except (ValueError, RecursionError):
            end = start.start() + 1
        else:
            if isinstance(found, dict):
                alone.append(found)
            else:
                listed += [each for each in found if isinstance(each, dict)]
        start = _START.search(words, end)
    return alone or listed


def _schemas(objects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [dict(each) for each in objects if isinstance(each.get("properties"), dict) and each["properties"]]


def _count_values(example: Any) -> int:
    """How many single values an example shows."""
    if isinstance(example, dict):
        return sum(map(_count_values, example.values()))
    return sum(map(_count_values, example)) if isinstance(example, list) else 1


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
    """The type of a key's value, by what is written beside it or else by its name; with the range that is written there."""
    guessed = _type_alone(name, hint)
    between = _RANGE.search(hint)
    is_alone = bool(between) and not re.search(r"[A-Za-z]{2}|[\"']", _RANGE.sub("", hint))
    if between is None or not (guessed["type"] in ("integer", "number") or is_alone):
        return guessed
    least, most = float(between[1]), float(between[2])
    if least >= most or guessed.get("enum"):
        return guessed
    is_whole = guessed["type"] != "number" and least.is_integer() and most.is_integer() and most - least > 1
    if is_whole:
        return {"type": "integer", "minimum": int(least), "maximum": int(most)}
    return {"type": "number", "minimum": least, "maximum": most}


def _type_alone(name: str, hint: str) -> dict[str, Any]:
    if chosen := _LITERAL.search(hint):
        return {"type": "string", "enum": [each.strip(" '\"") for each in chosen[1].split(",")]}
    hint = hint.casefold()
    if hint.strip().isdigit():
        return {"type": "integer"}
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
