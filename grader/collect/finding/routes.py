"""Operations without a document: from the running app's route tables and the source behind them.

The app's own process wrote the tables: a claim, bounded where it is read, by which nothing but the order of tries is set.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from grader import reading
from grader.collect.code.handlers import Sources
from grader.operations import Field, Operation

MAX_TABLES = 1024 * 1024  # bytes
_MOST_ROUTES = 400
_METHODS = ("POST", "PUT", "PATCH", "GET", "WEBSOCKET")
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "uuid": {"type": "string", "format": "uuid"},
}
_LONGEST = 1_000
_DOCUMENT = re.compile(r"openapi|swagger|schema|apispec|api-docs|spec\b", re.I)
_MOST_DOCUMENTS = 6


@dataclass(frozen=True)
class RoutingTables:
    """What an app's tables say: its routes, and the document that it has but does not serve."""

    routes: tuple[Mapping[str, Any], ...] = ()
    document: Mapping[str, Any] | None = None


def read_tables(content: bytes) -> RoutingTables:
    """What was written into the file; nothing if that is no such thing."""
    try:
        value = reading.parse_json(content)
    except reading.Unreadable:
        return RoutingTables()
    if not isinstance(value, dict):
        return RoutingTables()
    routes = value.get("routes")
    document = value.get("document")
    return RoutingTables(
        tuple(
            route for route in (routes if isinstance(routes, list) else [])[:_MOST_ROUTES] if _is_route(route)
        ),
        document if isinstance(document, dict) else None,
    )


def _is_route(route: Any) -> bool:
    return (
        isinstance(route, dict)
        and isinstance(route.get("path"), str)
        and route["path"].startswith("/")
        and len(route["path"]) <= _LONGEST
        and isinstance(route.get("methods"), list)
        and isinstance(route.get("code"), dict)
        and isinstance(route.get("types"), dict)
    )


def document_places(tables: RoutingTables) -> list[str]:
    """Where the app may serve its OpenAPI document, by the names of its routes."""
    named = [
        route["path"]
        for route in tables.routes
        if "GET" in route["methods"] and "{" not in route["path"] and _DOCUMENT.search(route["path"])
    ]
    return sorted(named, key=lambda path: not path.endswith("json"))[:_MOST_DOCUMENTS]


def below(base: str, tables: RoutingTables, documented: Sequence[Operation]) -> list[Operation]:
    """Documented operations, at their server's path where the app's tables have them there and not without."""
    routed = {(method, route["path"]) for method, route in _each(tables)}
    return [
        replace(one, path=base + one.path)
        if (one.method, base + one.path) in routed and (one.method, one.path) not in routed
        else one
        for one in documented
    ]


def find_undocumented(
    tables: RoutingTables, documented: Sequence[Operation], sources: Sources
) -> list[Operation]:
    """Operations that the document leaves out, and those of which it says nothing about a body, with what their code reads.

    Returns:
        The document's operations in their order, filled in where they say nothing; then the others.
    """
    by_place = {(one.method, one.path): one for one in documented}
    more: list[Operation] = []
    # routes of packages, such as Django's administration, are not the app's own
    is_own = any(route["code"] for route in tables.routes)
    for method, route in _each(tables):
        if route.get("framework") is True:
            continue
        path = route["path"]
        known = by_place.get((method, path))
        if known is not None and not known.is_open:
            continue
        code = route["code"].get(method)
        fields = _inputs(sources, code)
        if known is not None:
            by_place[method, path] = _filled_in(known, fields)
        elif code is not None or not (documented or is_own):
            more.append(_operation(method, route, fields))
    return [*(by_place[one.method, one.path] for one in documented), *sorted(more, key=_order)]


def _each(tables: RoutingTables) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for route in tables.routes:
        for method in route["methods"]:
            if method in _METHODS:
                yield method, route


def _order(operation: Operation) -> int:
    return _METHODS.index(operation.method)


def _inputs(sources: Sources, code: Any) -> list[Field] | None:
    match code:
        case [str(file), int(line)]:
            return sources.inputs(file, line)
    return None


def _in_path(route: Mapping[str, Any]) -> list[Field]:
    names = [part.partition("}")[0] for part in route["path"].split("{")[1:]]
    return [
        Field("path", name, _TYPES.get(str(route["types"].get(name)), {"type": "string"}), True)
        for name in names
    ]


def _operation(method: str, route: Mapping[str, Any], read: list[Field] | None) -> Operation:
    fields = [*_in_path(route), *_suiting(method, read or [])]
    words = " ".join([route["path"], *(one.name for one in fields)])
    return Operation(method, route["path"], words, (tuple(fields),), is_open=True, is_read=bool(read))


def _suiting(method: str, fields: Sequence[Field]) -> list[Field]:
    """The inputs that a method can bring: a GET has no body."""
    if method != "GET":
        return list(fields)
    # Flask's `values` are both
    moved = (replace(one, location="query") if one.location == "form" else one for one in fields)
    return [one for one in moved if one.location in ("query", "header")]


def _filled_in(operation: Operation, read: list[Field] | None) -> Operation:
    """The documented operation with what its code reads beside the documented inputs."""
    if not read:
        return operation
    shapes = []
    for shape in operation.shapes:
        known = {one.key for one in shape}
        added = (one for one in _suiting(operation.method, read) if one.key not in known)
        shapes.append((*shape, *added))
    return replace(operation, shapes=tuple(shapes), is_read=True)
