"""Strict mode: refuses what the real API refuses, in its words.

Each check takes the parsed body and raises `APIError`; the bounds come from `catalogue.toml`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from classroom.standin.incoming import errors
from classroom.standin.incoming.uploaded import Upload
from classroom.standin.models.catalogue import Parameter, Rules

_ROLES = ("developer", "system", "user", "assistant", "tool", "function")
# the JSON types with their article, as OpenAI's messages have them
NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a decimal",
    "boolean": "a boolean",
    "array": "an array",
    "object": "an object",
    "null": "null",
    "file": "a file",
}


def json_type(value: Any) -> str:
    """The JSON name of a parsed value's type; a whole number is an "integer", an upload a "file"."""
    match value:
        case Upload():
            return "file"
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def wrong_type(param: str, expected: str, value: Any) -> errors.APIError:
    """400: a value of another type; `expected` with its article, such as "an object"."""
    return errors.invalid(
        f"Invalid type for '{param}': expected {expected}, but got {NAMES[json_type(value)]} instead.",
        param,
        "invalid_type",
    )


def _check_type(parameter: Parameter, value: Any, param: str) -> None:
    got = json_type(value)
    fits = got in parameter.types or (got == "integer" and "number" in parameter.types)
    if not fits:
        expected = " or ".join(NAMES[name] for name in parameter.types)
        raise wrong_type(param, expected, value)


def _check_range(parameter: Parameter, value: float, param: str) -> None:
    kind = "integer" if "integer" in parameter.types else "decimal"
    if parameter.max is not None and value > parameter.max:
        raise errors.invalid(
            f"Invalid '{param}': {kind} above maximum value. "
            f"Expected a value <= {parameter.max:g}, but got {value:g} instead.",
            param,
            f"{kind}_above_max_value",
        )
    # written so that NaN, which compares as false, is refused too
    if parameter.min is not None and not value >= parameter.min:
        raise errors.invalid(
            f"Invalid '{param}': {kind} below minimum value. "
            f"Expected a value >= {parameter.min:g}, but got {value:g} instead.",
            param,
            f"{kind}_below_min_value",
        )


def check_length(
    value: str | list[Any] | dict[str, Any], low: int | None, high: int | None, param: str
) -> None:
    """Raises 400 for a text, list or object that is shorter or longer than it may be."""
    kind = json_type(value)
    if low is not None and len(value) < low:
        code = "empty_array" if kind == "array" else f"{kind}_below_min_length"
        raise errors.invalid(
            f"Invalid '{param}': {kind} too short. Expected {NAMES[kind]} with minimum length {low}, "
            f"but got one with length {len(value)} instead.",
            param,
            code,
        )
    if high is not None and len(value) > high:
        raise errors.invalid(
            f"Invalid '{param}': {kind} too long. Expected {NAMES[kind]} with maximum length {high}, "
            f"but got one with length {len(value)} instead.",
            param,
            f"{kind}_above_max_length",
        )


def check_choice(value: Any, choices: tuple[str, ...], param: str) -> None:
    """Raises 400 for a value that is none of the choices."""
    if value not in choices:
        listed = ", ".join(f"'{choice}'" for choice in choices)
        raise errors.invalid(
            f"Invalid value: '{value}'. Supported values are: {listed}.", param, "invalid_value"
        )


def _check_value(parameter: Parameter, value: Any, *, legacy: bool) -> None:
    _check_type(parameter, value, parameter.name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        _check_range(parameter, value, parameter.name)
    if isinstance(value, (str, list, dict)):
        check_length(value, parameter.min_length, parameter.max_length, parameter.name)
    if isinstance(value, list):
        check_length(value, None, parameter.max_items, parameter.name)
    if parameter.choices:
        check_choice(value, parameter.choices + (parameter.legacy_choices if legacy else ()), parameter.name)


def check_shapes(rules: Rules, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a lenient stand-in checks: required parameters are there, known ones are of their type.

    Returns:
        The body, filled up with empty texts and lists where the SDK's types let a required parameter be left out.

    Raises:
        APIError: 400 `missing_required_parameter` or `invalid_type`.
    """
    _check_required([parameter for parameter in rules.required if not parameter.optional_in_sdk], body)
    for name, value in body.items():
        if value is not None and name in rules:
            _check_type(rules[name], value, name)
    assumed = {
        name: ""
        for name, parameter in rules.items()
        if parameter.optional_in_sdk
        and body.get(name) is None
        and "string" in parameter.types
        and name != "model"
    }
    return {**body, **assumed}


def _check_required(required: Iterable[Parameter], body: Mapping[str, Any]) -> None:
    for parameter in required:
        if body.get(parameter.name) is not None or ("null" in parameter.types and parameter.name in body):
            continue
        raise errors.invalid(
            f"Missing required parameter: '{parameter.name}'.",
            parameter.name,
            "missing_required_parameter",
        )


def check_parameters(rules: Rules, body: Mapping[str, Any], *, legacy: bool = False) -> None:
    """Raises 400 for an unknown, missing, ill-typed or out-of-range parameter."""
    for name in body:
        parameter = rules.get(name)
        if parameter is None or (parameter.legacy and not legacy):
            raise errors.invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
        if parameter.preview:
            raise errors.invalid(
                f"'{name}' belongs to a preview that this organization has no access to.",
                name,
                "unsupported_parameter",
            )
    _check_required(rules.required, body)
    for name, value in body.items():
        if value is not None:
            _check_value(rules[name], value, legacy=legacy)


def _check_parts(parts: list[Any], param: str) -> None:
    if not parts:
        raise errors.invalid(
            f"Invalid '{param}': empty array. Expected at least one content part.", param, "empty_array"
        )
    for index, part in enumerate(parts):
        if not isinstance(part, dict):
            raise wrong_type(f"{param}[{index}]", "an object", part)
        if not isinstance(part.get("type"), str):
            raise errors.invalid(
                f"Missing required parameter: '{param}[{index}].type'.",
                f"{param}[{index}].type",
                "missing_required_parameter",
            )


def check_messages(messages: list[Any], param: str = "messages") -> None:
    """Raises 400 for a message that isn't an object with a known role and content, naming its place."""
    for index, message in enumerate(messages):
        at = f"{param}[{index}]"
        if not isinstance(message, dict):
            raise wrong_type(at, "an object", message)
        role = message.get("role")
        if role is None:
            raise errors.invalid(
                f"Missing required parameter: '{at}.role'.", f"{at}.role", "missing_required_parameter"
            )
        check_choice(role, _ROLES, f"{at}.role")
        content = message.get("content")
        if content is None and role == "assistant":
            continue  # an assistant's turn may hold tool calls alone
        if content is None:
            raise errors.invalid(
                f"Missing required parameter: '{at}.content'.", f"{at}.content", "missing_required_parameter"
            )
        if isinstance(content, list):
            _check_parts(content, f"{at}.content")
        elif not isinstance(content, str):
            raise wrong_type(f"{at}.content", "a string or an array", content)
