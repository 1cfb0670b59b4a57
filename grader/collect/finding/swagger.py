"""Documents of Swagger 2.0, as some Flask and Django extensions write them, read as OpenAPI 3."""

from collections.abc import Mapping
from typing import Any

_METHODS = ("get", "put", "post", "patch", "delete")
_FORMS = "application/x-www-form-urlencoded"


def as_openapi(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document, or what it would be in OpenAPI 3, as far as operations and their inputs go.

    https://swagger.io/specification/v2/
    """
    paths = document.get("paths")
    if not str(document.get("swagger", "")).startswith("2") or not isinstance(paths, dict):
        return document
    base = document.get("basePath")
    prefix = base.rstrip("/") if isinstance(base, str) and base.startswith("/") else ""
    found: dict[str, Any] = {}
    for path, item in list(paths.items())[:500]:
        if isinstance(item, dict):
            shared = item.get("parameters")
            found[f"{prefix}{path}"] = {
                method: _operation(item[method], shared, document)
                for method in _METHODS
                if isinstance(item.get(method), dict)
            }
    return {**document, "paths": found}


def _operation(facts: Mapping[str, Any], shared: Any, document: Mapping[str, Any]) -> dict[str, Any]:
    listed = [*_list(shared), *_list(facts.get("parameters"))]
    parameters, members, required = [], {}, []
    body: dict[str, Any] | None = None
    is_multipart = "multipart/form-data" in [*_list(facts.get("consumes")), *_list(document.get("consumes"))]
    for each in (one for one in listed[:200] if isinstance(one, dict)):
        if each.get("in") == "body":
            body = {"content": {"application/json": {"schema": each.get("schema", {})}}}
        elif each.get("in") == "formData" and isinstance(each.get("name"), str):
            schema = {name: value for name, value in each.items() if name not in ("in", "name", "required")}
            if schema.get("type") == "file":
                schema = {"type": "string", "format": "binary"}
                is_multipart = True
            members[each["name"]] = schema
            if each.get("required"):
                required.append(each["name"])
        else:
            schema = {
                name: value for name, value in each.items() if name not in ("in", "name", "required", "$ref")
            }
            parameters.append({"schema": schema, **each})
    if members:
        media_type = "multipart/form-data" if is_multipart else _FORMS
        schema = {"type": "object", "properties": members, "required": required}
        body = {"content": {media_type: {"schema": schema}}}
    rest = {name: value for name, value in facts.items() if name != "parameters"}
    return {**rest, "parameters": parameters, **({"requestBody": body} if body else {})}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
