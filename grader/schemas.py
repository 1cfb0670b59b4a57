"""Schemas of an OpenAPI document, with their references followed: inside it only, and so many steps for one document.

A stranger wrote it. What is left when the steps are used up counts as empty.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

_MAX_DEPTH = 6
_MOST_PARTS = 20  # of a reference whose name may hold slashes
_MAX_STEPS = (
    200_000  # members of schemas that are looked at in one document: a hundred times what an app's has
)


class Document:
    """An OpenAPI document, and how many steps may still be taken in it."""

    def __init__(self, whole: Mapping[str, Any], steps: int = _MAX_STEPS) -> None:
        self._whole = whole
        self._left = steps

    def spend(self, steps: int) -> bool:
        """Whether so many more steps may be taken."""
        self._left -= steps
        return self._left >= 0

    def resolve(self, schema: Any) -> dict[str, Any]:
        """A part with its references followed."""
        return resolve(self, schema)

    def target(self, reference: str) -> Any:
        """What a reference names: a JSON Pointer (RFC 6901) into this document; {} for anything else.

        A slash in a name ought to be written `~1`; frameworks that name models after their modules leave it as it is.
        """
        if reference != "#" and not reference.startswith("#/"):
            return {}
        target: Any = self._whole
        parts = reference.split("/")[1:]
        for number, part in enumerate(parts):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(target, dict):
                rest = "/".join(parts[number:]) if len(parts) <= _MOST_PARTS else ""
                if name not in target and rest in target:
                    return target[rest]
                target = target.get(name, {})
            elif isinstance(target, list) and name.isascii() and name.isdigit() and len(name) < 9:
                target = target[int(name)] if int(name) < len(target) else {}
            else:
                return {}
        return target


def resolve(
    document: Document, schema: Any, depth: int = 0, within: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """A schema with its references followed, `allOf` merged, and "or null" dropped.

    `within`: the references that led here. One of them again adds nothing to what it is a part of.
    """
    if not isinstance(schema, dict) or depth > _MAX_DEPTH or not document.spend(1 + len(schema)):
        return {}
    if isinstance(reference := schema.get("$ref"), str):
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        if reference in within:
            return rest
        target = document.target(reference)
        return {**resolve(document, target, depth + 1, within | {reference}), **rest}
    merged = {key: value for key, value in schema.items() if key != "allOf"}
    for part in as_list(schema.get("allOf")):
        found = resolve(document, part, depth + 1, within)
        if not found:
            continue
        if not document.spend(1 + len(merged) + _size(merged) + _size(found)):
            break
        if isinstance(merged.get("properties"), dict) and isinstance(found.get("properties"), dict):
            found["properties"] = {**found["properties"], **merged["properties"]}
        found["required"] = [*as_list(merged.get("required")), *as_list(found.get("required"))]
        merged = {**merged, **found}
    for union in ("anyOf", "oneOf"):
        options = [option for option in as_list(merged.get(union)) if not _is_null(option)]
        if len(options) == 1:
            merged = {
                **resolve(document, options[0], depth + 1, within),
                **{k: v for k, v in merged.items() if k != union},
            }
    kinds = merged.get("type")
    if isinstance(kinds, list):  # OpenAPI 3.1: ["string", "null"]
        merged["type"] = next((kind for kind in kinds if kind != "null"), "string")
    return merged


def _size(schema: Mapping[str, Any]) -> int:
    """How much it takes to merge a schema with another."""
    properties = schema.get("properties")
    return len(as_list(schema.get("required"))) + (len(properties) if isinstance(properties, dict) else 0)


def _is_null(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "null"


def scalar(document: Document, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Of a union of simple values, the one that takes words, or that names its choices."""
    options = [
        resolve(document, option) for option in as_list(schema.get("anyOf")) or as_list(schema.get("oneOf"))
    ]
    if not options:
        return dict(schema)
    best = next((option for option in options if "enum" in option or "const" in option), None)
    best = best or next((option for option in options if option.get("type") == "string"), options[0])
    return {**best, **{key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}}


def as_list(value: Any) -> list[Any]:
    """A list, or none where something else stands."""
    return value if isinstance(value, list) else []
