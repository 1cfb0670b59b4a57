"""Where in a request a function reads what a caller brings: headers, queries and cookies, in several frameworks' words."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from grader.collect.code.variables import Variable

Part = Literal["header", "query", "cookie", "body"]
Place = tuple[Part, str]
Function = ast.FunctionDef | ast.AsyncFunctionDef

_HOLDERS: Mapping[str, Part] = {
    "headers": "header",
    "META": "header",
    "args": "query",
    "query_params": "query",
    "GET": "query",
    "cookies": "cookie",
    "COOKIES": "cookie",
    "json": "body",
    "get_json": "body",
    "form": "body",
    "POST": "body",
    "data": "body",
}
_OF_BODIES = frozenset(name for name, part in _HOLDERS.items() if part == "body")
_DECLARES: Mapping[str, Part] = {
    "Header": "header",
    "Query": "query",
    "Cookie": "cookie",
    "APIKeyHeader": "header",
    "APIKeyQuery": "query",
    "APIKeyCookie": "cookie",
}
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")  # of a header: RFC 9110, section 5.6.2
# headers that say something else than who asks
_NOT_A_KEY = frozenset(
    {
        "host",
        "origin",
        "referer",
        "user-agent",
        "connection",
        "content-type",
        "content-length",
        "transfer-encoding",
        "upgrade",
        "expect",
        "te",
        "trailer",
        "accept",
        "accept-encoding",
    }
)


@dataclass(frozen=True)
class Scope:
    """One function: its parameters with what declares them, what its names are assigned, and the module around it."""

    function: Function
    text: str
    variables: Mapping[str, Variable]
    constants: Mapping[str, ast.expr]
    identifiers: Mapping[str, str]
    parameters: Mapping[str, tuple[ast.expr, ...]]
    assigned: Mapping[str, tuple[ast.expr, ...]]


def holder(node: ast.expr, scope: Scope | None = None) -> str:
    """The part of a request that an expression is, such as "headers"; with a scope, a name is what it was assigned there."""
    for each in ast.walk(node):
        word = each.attr if isinstance(each, ast.Attribute) else each.id if isinstance(each, ast.Name) else ""
        word = each.value if isinstance(each, ast.Constant) and each.value == "headers" else word
        if word in _HOLDERS and (isinstance(each, ast.Attribute) or word not in _OF_BODIES):
            return word
        if scope is not None and isinstance(each, ast.Name):
            assigned = (holder(value) for value in scope.assigned.get(each.id, ()))
            if found := next((one for one in assigned if one in _OF_BODIES), ""):
                return found
    return ""


def places(scope: Scope, node: ast.expr) -> Iterator[Place]:
    """Where in a request an expression reads."""
    match node:
        case ast.Subscript(value=inner, slice=key):
            yield from _named(scope, holder(inner, scope), key)
        case ast.Call(func=ast.Attribute(attr="get", value=inner), args=[key, *_]):
            yield from _named(scope, holder(inner, scope), key)
        case ast.Attribute(attr="authorization", value=ast.Name(id="request")):
            yield "header", "Authorization"
        case ast.Name(id=word) if word in scope.parameters:
            for declared in scope.parameters[word]:
                yield from _declared(scope, word, declared)


def _named(scope: Scope, part: str, key: ast.expr) -> Iterator[Place]:
    name = _text(scope, key)
    if part == "META" and name:
        name = name.removeprefix("HTTP_").replace("_", "-").title()
    if part and is_name(name):
        yield _HOLDERS[part], name


def _declared(scope: Scope, parameter: str, node: ast.expr) -> Iterator[Place]:
    """Where a parameter of FastAPI's comes from: `Header(alias=…)`, `Security(APIKeyHeader(name=…))`."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(scheme := scope.constants.get(each.id), ast.Call):
            each = scheme
        if not isinstance(each, ast.Call):
            continue
        called = each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", "")
        place = _DECLARES.get(called)
        given = {one.arg: one.value for one in each.keywords}
        name = _text(scope, given.get("alias") or given.get("name") or ast.Constant(None))
        if place and not called.startswith("APIKey"):
            name = name or (parameter.replace("_", "-") if place == "header" else parameter)
        if place and is_name(name):
            yield place, name


def _text(scope: Scope, node: ast.expr) -> str:
    """A text, or that of a constant of the module, or a variable's default."""
    if isinstance(node, ast.Name):
        if (variable := scope.identifiers.get(node.id)) is not None:
            return scope.variables[variable].default
        node = scope.constants.get(node.id, node)
    value = node.value if isinstance(node, ast.Constant) else None
    return (
        value.decode("ascii", "ignore")
        if isinstance(value, bytes)
        else value
        if isinstance(value, str)
        else ""
    )


def is_name(name: str) -> bool:
    """Whether a value of a caller's may go under that name."""
    return bool(_NAME.fullmatch(name)) and name.lower() not in _NOT_A_KEY
