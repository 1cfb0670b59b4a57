"""Refusals about the parameters of a function that is not strict: they are an object, of types that JSON Schema has.

Rule: the guide to function calling (parameters are a JSON Schema object), and its error `invalid_function_parameters`.
"""

from collections.abc import Mapping
from typing import Any

from classroom.standin.incoming import errors

_TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")
_DEEPEST = 100


def check_parameters(schema: Mapping[str, Any] | None, param: str, name: str) -> None:
    """Raises 400 `invalid_function_parameters` for a schema whose root is no object, an unknown type, or a list of nothing."""
    if not schema:
        return
    kind = schema.get("type", "object")
    if kind != "object":
        raise _bad(param, name, f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'")
    _check(schema, param, name, ())


def _check(schema: Any, param: str, name: str, at: tuple[str, ...]) -> None:
    if not isinstance(schema, Mapping) or len(at) > _DEEPEST:
        return
    kinds = schema.get("type", [])
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind not in _TYPES:
            raise _bad(
                param, name, f"In context={at!r}, '{kind}' is not valid under any of the given schemas"
            )
    if kinds == "array" and "items" not in schema and "prefixItems" not in schema:
        raise _bad(param, name, f"In context={at!r}, array schema missing items")
    for group in ("properties", "$defs", "definitions"):
        inner = schema.get(group)
        for each, part in (inner if isinstance(inner, Mapping) else {}).items():
            _check(part, param, name, (*at, group, str(each)))
    _check(schema.get("items"), param, name, (*at, "items"))
    for group in ("anyOf", "oneOf", "allOf"):
        listed = schema.get(group)
        for index, part in enumerate(listed if isinstance(listed, list) else []):
            _check(part, param, name, (*at, group, str(index)))


def _bad(param: str, name: str, problem: str) -> errors.APIError:
    return errors.invalid(
        f"Invalid schema for function '{name}': {problem}.", param, "invalid_function_parameters"
    )
