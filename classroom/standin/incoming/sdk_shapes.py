"""What the installed SDK sends inside its parameters: `python -m classroom.standin.incoming.sdk_shapes` writes `shapes.json`.

Read from the TypedDicts of `openai.types`: the fields of every message, item, part, tool and format, which are required, and
which values they take. The stand-in itself reads the table alone, so that it starts quickly and runs without the SDK.

A node of the table is {"any": true}, {"type": JSON type}, {"choices": [texts]}, {"items": node}, {"values": node},
{"object": name of a definition} or {"one_of": [nodes]}.
"""

import collections.abc
import importlib
import json
import tomllib
import types
import typing
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NotRequired, Required

import typing_extensions

TABLE = Path(__file__).with_name("shapes.json")
_CATALOGUE = Path(__file__).parents[1] / "models" / "catalogue.toml"

# whose bodies are JSON, and hold more than single values
ROUTES = (
    "chat/completions",
    "responses",
    "responses/compact",
    "responses/input_tokens",
    "conversations",
    "conversations/{id}/items",
    "moderations",
    "batches",
    "containers",
    "vector_stores",
    "vector_stores/{id}/search",
    "vector_stores/{id}/files",
    "vector_stores/{id}/file_batches",
)
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_LISTS = (list, collections.abc.Iterable, collections.abc.Sequence)

# Where the API takes less than the types ask for: what it gave itself may come back in part. By the name of a type.
_REQUIRED = {
    "ResponseOutputMessageParam": ("role", "content"),
    "ResponseOutputTextParam": ("type", "text"),
    "ImageGenerationCall": ("type",),
    "ResponseReasoningItemParam": ("type", "summary"),
    "ResponseCodeInterpreterToolCallParam": ("type",),
    "ResponseFunctionWebSearchParam": ("type",),
    "ResponseFileSearchToolCallParam": ("type",),
    "ResponseComputerToolCallParam": ("type", "call_id"),
    "LocalShellCall": ("type", "call_id"),
    "ShellCall": ("type", "call_id"),
    "ApplyPatchCall": ("type", "call_id", "operation"),
    "McpListTools": ("type",),
    "McpApprovalRequest": ("type",),
    "McpCall": ("type",),
    "ResponseInputImageParam": ("type",),
}
# Fields that the API takes, and the types leave out.
_ALSO: dict[str, tuple[str, ...]] = {
    "EasyInputMessageParam": ("id", "status"),
    "Message": ("id",),
    "Function": ("strict",),
}
# Values that the API takes, and the types leave out.
_CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "ToolChoiceTypesParam": {"type": ("web_search", "web_search_2025_08_26")},
}
_ANY = {"any": True}
_MARKED_REQUIRED = (Required, typing_extensions.Required)
_MARKED_OPEN = (NotRequired, typing_extensions.NotRequired)


class _Table:
    """Definitions found so far, by name."""

    def __init__(self) -> None:
        self.definitions: dict[str, dict[str, Any]] = {}
        self._names: dict[type, str] = {}

    def node(self, hint: Any) -> dict[str, Any]:
        """What a type hint stands for."""
        origin, parts = typing.get_origin(hint), typing.get_args(hint)
        if origin in (*_MARKED_REQUIRED, *_MARKED_OPEN, typing.Annotated):
            return self.node(parts[0])
        if origin in (Literal, typing_extensions.Literal):
            return {"choices": list(parts)} if all(isinstance(part, str) for part in parts) else _ANY
        if origin in (typing.Union, types.UnionType):
            return _union([self.node(part) for part in parts])
        if origin in _LISTS or getattr(origin, "__name__", "") == "SequenceNotStr":
            return {"items": self.node(parts[0])}
        if origin in (dict, collections.abc.Mapping):
            return {"values": self.node(parts[1])}
        if typing_extensions.is_typeddict(hint):
            return {"object": self._define(hint)}
        return {"type": _PLAIN[hint]} if hint in _PLAIN else _ANY

    def _define(self, found: Any) -> str:
        if found in self._names:
            return self._names[found]
        name = str(found.__name__)
        if name in self.definitions:
            name = f"{found.__module__.rpartition('.')[2]}.{name}"
        self._names[found] = name
        self.definitions[name] = {}
        hints = typing.get_type_hints(found, include_extras=True)
        fields = {field: self.node(hint) for field, hint in hints.items()}
        asked = [field for field, hint in hints.items() if _is_required(found, hint)]
        required = _REQUIRED.get(
            found.__name__, tuple(field for field in asked if not _takes_null(fields[field]))
        )
        for field in (*_ALSO.get(found.__name__, ()), *_given(fields.get("type", _ANY))):
            fields.setdefault(field, _ANY)
        for field, more in _CHOICES.get(found.__name__, {}).items():
            fields[field] = {"choices": [*fields[field]["choices"], *more]}
        self.definitions[name] = {"fields": fields, "required": sorted(required)}
        return name


@cache
def _given_items() -> dict[str, set[str]]:
    """By the type of an item: the fields with which the API gives it; what it gave may come back."""
    found: dict[str, set[str]] = {}
    for name in ("ResponseOutputItem", "ResponseItem"):
        module = importlib.import_module(f"openai.types.responses.{_snake(name)}")
        for each in typing.get_args(typing.get_args(getattr(module, name))[0]):
            for kind in typing.get_args(each.model_fields["type"].annotation):
                found.setdefault(str(kind), set()).update(each.model_fields)
    return found


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _given(kind: dict[str, Any]) -> list[str]:
    return sorted({field for name in kind.get("choices", ()) for field in _given_items().get(name, ())})


def _is_required(found: Any, hint: Any) -> bool:
    origin = typing.get_origin(hint)
    return origin in _MARKED_REQUIRED or (found.__total__ and origin not in _MARKED_OPEN)


def _takes_null(node: dict[str, Any]) -> bool:
    return node == _ANY or any(each == {"type": "null"} for each in node.get("one_of", [node]))


def _union(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    flat = [each for node in nodes for each in node.get("one_of", [node])]
    if _ANY in flat:
        return _ANY
    choices = [each for node in flat for each in node.get("choices", [])]
    kept: list[dict[str, Any]] = [{"choices": list(dict.fromkeys(choices))}] if choices else []
    if {"type": "string"} in flat:  # any text, those that the SDK names among them
        kept = []
    kept += [node for index, node in enumerate(flat) if "choices" not in node and node not in flat[:index]]
    return kept[0] if len(kept) == 1 else {"one_of": kept}


def _body(source: str) -> Any:
    """The TypedDict of a body, from the file that a block of the catalogue names."""
    module = importlib.import_module(source.removesuffix(".py").replace("/", "."))
    name = "".join(part.capitalize() for part in source.removesuffix(".py").rpartition("/")[2].split("_"))
    return getattr(module, f"{name}Base", None) or getattr(module, name)


def read_shapes() -> dict[str, Any]:
    """The table for the installed SDK: `routes`, of each the fields that hold more than one value, and `definitions`."""
    blocks = tomllib.loads(_CATALOGUE.read_text(encoding="utf-8"))["routes"]
    table, routes = _Table(), {}
    for route in ROUTES:
        bodies = typing.get_args(body := _body(blocks[route]["source"])) or (body,)
        found: dict[str, list[dict[str, Any]]] = {}
        for each in bodies:
            for field, hint in typing.get_type_hints(each, include_extras=True).items():
                found.setdefault(field, []).append(table.node(hint))
        nodes = {
            field: _union(nodes) for field, nodes in found.items() if field in blocks[route]["parameters"]
        }
        routes[route] = {field: node for field, node in sorted(nodes.items()) if _is_nested(node)}
    return {"sdk": version("openai"), "routes": routes, "definitions": table.definitions}


def _is_nested(node: dict[str, Any]) -> bool:
    return any({"items", "values", "object"} & set(each) for each in node.get("one_of", [node]))


def render_table() -> str:
    """The table, as `shapes.json` should have it: a line for each definition."""
    read = read_shapes()
    lines = [f' "sdk": {json.dumps(read["sdk"])}']
    for part in ("routes", "definitions"):
        inner = ",\n".join(
            f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(read[part].items())
        )
        lines.append(f' "{part}": {{\n{inner}\n }}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    TABLE.write_text(render_table(), encoding="utf-8")
    print(f"{TABLE.name}: {len(ROUTES)} routes of openai {version('openai')}")
