"""How large a schema may be, and what it may ask for: OpenAI refuses what is larger, before it generates anything.

https://developers.openai.com/api/docs/guides/structured-outputs (limitations on nesting depth and size).
"""

from collections.abc import Mapping
from typing import Any

from classroom.standin import errors

_MOST_PROPERTIES = 5_000
_DEEPEST = 10  # objects within objects, of a schema that is followed strictly
_LONGEST_NAMES = 120_000  # characters of names, enum values and const values together
_MOST_CHOICES = 1_000
_LARGE_ENUM, _LONGEST_LARGE_ENUM = 250, 15_000
# The stand-in's own: an answer of this size is beyond what any model gives (128,000 tokens of output at most)
_LONGEST_ANSWER = 500_000
_DEEPEST_OF_ALL = 100
_BOUNDS = ("minItems", "minLength", "minProperties")


def check_size(schema: Any, *, param: str, name: str, strict: bool) -> None:
    """Refuse a schema that is too large, or that asks for more than any answer holds.

    Raises:
        APIError: 400 `invalid_json_schema`.
    """
    properties = characters = choices = 0
    waiting: list[tuple[Any, int, int]] = [(schema, 0, 0)]
    while waiting:
        value, depth, objects = waiting.pop()
        if depth > _DEEPEST_OF_ALL:
            raise _refusal(param, name, f"it is nested deeper than {_DEEPEST_OF_ALL} levels")
        if isinstance(value, list):
            waiting += [(inner, depth + 1, objects) for inner in value]
        if not isinstance(value, Mapping):
            continue
        _check_bounds(value, param, name)
        inner = value.get("properties")
        if isinstance(inner, Mapping):
            objects += 1
            properties += len(inner)
            characters += sum(map(len, inner))
            if strict and objects > _DEEPEST:
                raise _refusal(param, name, f"{objects} levels of nesting exceeds limit of {_DEEPEST}")
        for group in ("$defs", "definitions"):
            if isinstance(value.get(group), Mapping):
                characters += sum(map(len, value[group]))
        values = value.get("enum")
        if isinstance(values, list):
            length = sum(len(each) for each in values if isinstance(each, str))
            choices, characters = choices + len(values), characters + length
            if len(values) > _LARGE_ENUM and length > _LONGEST_LARGE_ENUM:
                raise _refusal(
                    param,
                    name,
                    f"an enum of more than {_LARGE_ENUM} values has more than {_LONGEST_LARGE_ENUM} characters",
                )
        if isinstance(value.get("const"), str):
            characters += len(value["const"])
        waiting += [
            (each, depth + 1, objects) for each in value.values() if isinstance(each, (Mapping, list))
        ]
    for count, most, what in (
        (properties, _MOST_PROPERTIES, "object properties"),
        (choices, _MOST_CHOICES, "enum values"),
        (characters, _LONGEST_NAMES, "characters of names and values"),
    ):
        if count > most:
            raise _refusal(param, name, f"expected at most {most} {what} in total, but received {count}")


def _check_bounds(schema: Mapping[str, Any], param: str, name: str) -> None:
    for bound in _BOUNDS:
        least = schema.get(bound)
        if isinstance(least, (int, float)) and least > _LONGEST_ANSWER:
            raise _refusal(param, name, f"'{bound}' is larger than any answer")


def _refusal(param: str, name: str, problem: str) -> errors.APIError:
    return errors.invalid(f"Invalid schema for '{name}': {problem}.", param, "invalid_json_schema")


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
