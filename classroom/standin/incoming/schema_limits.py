"""How large a schema may be, and what it may ask for: OpenAI refuses what is larger, before it generates anything.

https://developers.openai.com/api/docs/guides/structured-outputs (limitations on nesting depth and size).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from classroom.standin.incoming import errors

_MOST_PROPERTIES = 5_000
_DEEPEST = 10  # objects within objects, of a schema that is followed strictly
_LONGEST_NAMES = 120_000  # characters of names, enum values and const values together
_MOST_CHOICES = 1_000
_LARGE_ENUM, _LONGEST_LARGE_ENUM = 250, 15_000
# The stand-in's own: an answer of this size is beyond what any model gives (128,000 tokens of output at most)
_LONGEST_ANSWER = 500_000
_DEEPEST_OF_ALL = 100
_BOUNDS = ("minItems", "minLength", "minProperties")


@dataclass
class _Sums:
    """Of a whole schema. `characters`: of names, enum values and const values."""

    properties: int = 0
    characters: int = 0
    choices: int = 0


def check_size(schema: Any, *, param: str, name: str, strict: bool) -> None:
    """Refuse a schema that is too large, or that asks for more than any answer holds.

    Raises:
        APIError: 400 `invalid_json_schema`.
    """
    sums = _Sums()
    try:
        for part, objects in _parts(schema):
            _check_part(part, sums)
            if strict and objects > _DEEPEST:
                raise _Excess(f"{objects} levels of nesting exceeds limit of {_DEEPEST}")
        for count, most, what in (
            (sums.properties, _MOST_PROPERTIES, "object properties"),
            (sums.choices, _MOST_CHOICES, "enum values"),
            (sums.characters, _LONGEST_NAMES, "characters of names and values"),
        ):
            if count > most:
                raise _Excess(f"expected at most {most} {what} in total, but received {count}")
    except _Excess as excess:
        raise errors.invalid(
            f"Invalid schema for '{name}': {excess}.", param, "invalid_json_schema"
        ) from None


class _Excess(Exception):
    """What is too much, in OpenAI's words."""


def _parts(schema: Any) -> Iterator[tuple[Mapping[str, Any], int]]:
    """Every mapping in a schema, and how many objects it is within, its own included."""
    waiting: list[tuple[Any, int, int]] = [(schema, 0, 0)]
    while waiting:
        value, depth, objects = waiting.pop()
        if depth > _DEEPEST_OF_ALL:
            raise _Excess(f"it is nested deeper than {_DEEPEST_OF_ALL} levels")
        if isinstance(value, list):
            waiting += [(inner, depth + 1, objects) for inner in value]
        if isinstance(value, Mapping):
            objects += isinstance(value.get("properties"), Mapping)
            yield value, objects
            waiting += [
                (each, depth + 1, objects) for each in value.values() if isinstance(each, (Mapping, list))
            ]


def _check_part(part: Mapping[str, Any], sums: _Sums) -> None:
    for bound in _BOUNDS:
        least = part.get(bound)
        if isinstance(least, (int, float)) and least > _LONGEST_ANSWER:
            raise _Excess(f"'{bound}' is larger than any answer")
    properties = part.get("properties")
    if isinstance(properties, Mapping):
        sums.properties += len(properties)
    for group in (properties, part.get("$defs"), part.get("definitions")):
        if isinstance(group, Mapping):
            sums.characters += sum(map(len, group))
    values = part.get("enum")
    if isinstance(values, list):
        length = sum(len(each) for each in values if isinstance(each, str))
        sums.choices, sums.characters = sums.choices + len(values), sums.characters + length
        if len(values) > _LARGE_ENUM and length > _LONGEST_LARGE_ENUM:
            raise _Excess(
                f"an enum of more than {_LARGE_ENUM} values has more than {_LONGEST_LARGE_ENUM} characters"
            )
    if isinstance(part.get("const"), str):
        sums.characters += len(part["const"])


class Budget:
    """What one answer may still hold; a schema can ask for more by referring to itself than its bounds say."""

    def __init__(self) -> None:
        self._left = _LONGEST_ANSWER

    def spend(self, size: int) -> None:
        """Raises 400 where the answer would be larger than any model's."""
        self._left -= size
        if self._left < 0:
            raise errors.invalid(
                "Invalid schema: the answer that it asks for is longer than any model gives.",
                "response_format",
                "invalid_json_schema",
            )
