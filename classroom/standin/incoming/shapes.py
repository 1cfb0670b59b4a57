"""Refusals about what is inside a request's parameters: messages, items, content parts, tools, formats.

Every field of theirs is of the type, and among the values, that OpenAI's SDK knows (`shapes.json`, written by
`classroom.standin.incoming.sdk_shapes`): a missing, unknown or ill-typed one is refused by its place, such as `tools[0].name`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from classroom.standin.incoming import errors
from classroom.standin.incoming.checks import NAMES, json_type

_TABLE = Path(__file__).with_name("shapes.json")
_TELLING = ("type", "role")  # fields that say which of several objects is meant
_PARTS_BY_THEMSELVES = ("input[", "items[")
_OPEN = "messages["  # clients of all kinds send more in a chat's messages, and the API takes it from most
_DEEPEST = 60  # nested objects; no request that a model understands goes as deep
Node = Mapping[str, Any]


@cache
def _table() -> Mapping[str, Any]:
    read: Mapping[str, Any] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return read


def check_shapes_inside(route: str, body: Mapping[str, Any]) -> None:
    """Look into the parameters of a request; their own types are another check's.

    Args:
        route: a block of the catalogue's, such as "chat/completions"; one whose inside nobody knows passes.
        body: the request.

    Raises:
        APIError: 400 `missing_required_parameter`, `unknown_parameter`, `invalid_type` or `invalid_value`, naming the place.
    """
    nodes = _table()["routes"].get(route, {})
    for name, value in body.items():
        if name in nodes and isinstance(value, (list, dict)):
            trouble = next(_troubles(nodes[name], value, name, 0), None)
            if trouble is not None:
                raise trouble


def _troubles(node: Node, value: Any, at: str, depth: int) -> Iterator[errors.APIError]:
    """What is wrong with a value, in the order in which it is found."""
    if "any" in node or depth > _DEEPEST:
        return
    options: Sequence[Node] = node.get("one_of", [node])
    kind = json_type(value)
    if value is None and any(option.get("type") == "null" for option in options):
        return
    fitting = [option for option in options if _is_of_kind(option, kind)]
    if not fitting:
        yield _wrong_kind(options, kind, at)
    elif kind == "array":
        inner = fitting[0]["items"] if len(fitting) == 1 else _either(option["items"] for option in fitting)
        for index, each in enumerate(value):
            yield from _troubles(inner, each, f"{at}[{index}]", depth + 1)
    elif kind == "object":
        yield from _of_object(fitting, value, at, depth)
    elif kind == "string":
        choices = [option["choices"] for option in fitting if "choices" in option]
        if len(choices) == len(fitting) and value not in choices[0]:
            yield _wrong_value(value, choices[0], at)


def _either(nodes: Iterable[Node]) -> Node:
    return {"one_of": [each for node in nodes for each in node.get("one_of", [node])]}


def _is_of_kind(option: Node, kind: str) -> bool:
    match kind:
        case "array":
            return "items" in option
        case "object":
            return "object" in option or "values" in option
        case "string":
            return "choices" in option or option.get("type") == "string"
        case "integer":
            return option.get("type") in ("integer", "number")
    return option.get("type") == kind


def _of_object(
    options: Sequence[Node], value: Mapping[str, Any], at: str, depth: int
) -> Iterator[errors.APIError]:
    for option in options:
        if "values" in option:
            for name, each in value.items():
                yield from _troubles(option["values"], each, f"{at}.{name}", depth + 1)
            return
    meant: list[Mapping[str, Any]] = [_table()["definitions"][option["object"]] for option in options]
    given = [name for name in _TELLING if value.get(name) is not None]
    meant = [each for each in meant if all(name in each["fields"] for name in given)] or meant
    for name in _TELLING:
        if isinstance(value.get(name), (list, dict)):
            break
        named = [each for each in meant if _fits(each, name, value)]
        if not named and len(meant) > 1:
            yield from _unknown_kind(meant, name, value, at)
            return
        meant = named or meant
    first: list[errors.APIError] = []
    for each in meant:
        trouble = next(_of_definition(each, value, at, depth), None)
        if trouble is None:
            return
        first.append(trouble)
    # of several that may be meant, the one that was read furthest says what is wrong
    yield max(first, key=lambda trouble: (trouble.param or "").count(".") + (trouble.param or "").count("["))


def _fits(definition: Mapping[str, Any], name: str, value: Mapping[str, Any]) -> bool:
    """Whether a value may be the object that a definition describes, by a field such as `type`."""
    field = definition["fields"].get(name)
    if value.get(name) is None:
        return name not in definition["required"]
    choices = [
        choice for each in (field or {}).get("one_of", [field or {}]) for choice in each.get("choices", ())
    ]
    return value[name] in choices if choices else True


def _unknown_kind(
    meant: Sequence[Mapping[str, Any]], name: str, value: Mapping[str, Any], at: str
) -> Iterator[errors.APIError]:
    param = f"{at}.{name}"
    if value.get(name) is None:
        yield _missing(param)
        return
    found = [each["fields"][name] for each in meant if name in each["fields"]]
    choices = [
        choice
        for field in found
        for each in field.get("one_of", [field])
        for choice in each.get("choices", ())
    ]
    if at.startswith(_PARTS_BY_THEMSELVES) and ".content[" in at:
        param = at  # OpenAI names the part, and not its field
    yield _wrong_value(value[name], list(dict.fromkeys(choices)), param)


def _of_definition(
    definition: Mapping[str, Any], value: Mapping[str, Any], at: str, depth: int
) -> Iterator[errors.APIError]:
    for name in definition["required"]:
        if value.get(name) is None:
            yield _missing(f"{at}.{name}")
    for name, each in value.items():
        node = definition["fields"].get(name)
        if node is None and at.startswith(_OPEN):
            continue
        if node is None:
            yield errors.invalid(f"Unknown parameter: '{at}.{name}'.", f"{at}.{name}", "unknown_parameter")
        elif each is not None:
            yield from _troubles(node, each, f"{at}.{name}", depth + 1)


def _missing(param: str) -> errors.APIError:
    return errors.invalid(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def _wrong_value(value: Any, choices: Sequence[str], param: str) -> errors.APIError:
    listed = ", ".join(f"'{choice}'" for choice in choices)
    return errors.invalid(
        f"Invalid value: '{value}'. Supported values are: {listed}.", param, "invalid_value"
    )


def _wrong_kind(options: Sequence[Node], kind: str, at: str) -> errors.APIError:
    wanted = dict.fromkeys(NAMES[_kind_of(option)] for option in options if option.get("type") != "null")
    listed = " or ".join(wanted)
    return errors.invalid(
        f"Invalid type for '{at}': expected {listed}, but got {NAMES[kind]} instead.", at, "invalid_type"
    )


def _kind_of(option: Node) -> str:
    if "items" in option:
        return "array"
    if "object" in option or "values" in option:
        return "object"
    return str(option.get("type", "string"))
