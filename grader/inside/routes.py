"""What a loaded application routes where: read from its own tables, by a program that runs beside the learner's code.

All of it is a claim. It only orders what the grader tries; nothing is judged by it.
"""

import inspect
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from . import held_routes

_MOST = 400  # routes
_LARGEST_DOCUMENT = 400_000  # characters
_DEEPEST = 8  # applications within applications
_CONVERTED = re.compile(
    r"<(?:(?P<type>[A-Za-z_]\w*)(?:\([^)]*\))?:)?(?P<name>\w+)>"
)  # Werkzeug's and Django's
_NAMED_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")  # of a regular expression
_TYPED = re.compile(r"\{(\w+):\w+\}")  # Starlette's and Litestar's


def tell(app: Any, root: str, file: int) -> None:
    """Write an application's routes into a file as JSON, and close it. Never raises: the app is to be served anyway."""
    try:
        listed = [route for route in _some(app) if route["path"].startswith("/")]
        listed = listed or [_route(*held) for held in held_routes.routes(root)]
        own = _frameworks(app)
        text = json.dumps(
            {"routes": [_within(route, root, own) for route in listed], "document": _document(app)}
        )
    except Exception:  # a table that can't be read says nothing
        text = "{}"
    try:
        with open(file, "w", encoding="utf-8") as out:
            out.write(text)
    except OSError:
        return


def _some(app: Any) -> Iterator[dict[str, Any]]:
    for count, route in enumerate(_routes(app, "", 0)):
        if count >= _MOST:
            return
        yield route


def _routes(app: Any, prefix: str, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST or app is None:
        return
    if hasattr(app, "url_map") and hasattr(app, "view_functions"):
        yield from _of_flask(app, prefix)
    elif type(app).__module__.startswith("django."):
        yield from _of_django(prefix)
    elif isinstance(protocols := getattr(app, "application_mapping", None), dict):  # Channels, beside Django
        for inner in protocols.values():
            yield from _routes(inner, prefix, depth + 1)
    elif type(app).__module__ == "channels.routing":
        yield from _of_channels(app, prefix)
    elif isinstance(getattr(app, "routes", None), (list, tuple)):
        yield from _of_starlette(app, prefix, depth)
    else:  # something around an application, such as a middleware
        within = (getattr(app, name, None) for name in ("app", "wsgi_app", "application", "inner"))
        yield from _routes(next(filter(None, within), None), prefix, depth + 1)


def _of_flask(app: Any, prefix: str) -> Iterator[dict[str, Any]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static" or rule.endpoint.endswith(".static"):
            continue
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        yield _route(methods, prefix + rule.rule, app.view_functions.get(rule.endpoint))


def _of_starlette(app: Any, prefix: str, depth: int) -> Iterator[dict[str, Any]]:
    for route in app.routes:
        path = prefix + str(getattr(route, "path", ""))
        inner = getattr(route, "routes", None) or getattr(getattr(route, "app", None), "routes", None)
        if inner and not getattr(route, "endpoint", None):
            yield from _routes(route if getattr(route, "routes", None) else route.app, path, depth + 1)
        elif handlers := getattr(route, "route_handlers", None):  # Litestar's
            for handler in handlers:
                methods = sorted(map(str, getattr(handler, "http_methods", ())))
                yield _route(methods, prefix + str(getattr(route, "path_format", path)), handler.fn)
        elif endpoint := getattr(route, "endpoint", None):
            websocket = "WebSocket" in type(route).__name__
            methods = (
                ["WEBSOCKET"] if websocket else sorted(getattr(route, "methods", None) or {"GET", "POST"})
            )
            yield _route(methods, path, endpoint)


def _of_django(prefix: str) -> Iterator[dict[str, Any]]:
    from django.urls import get_resolver

    def listed(patterns: Any, before: str, depth: int) -> Iterator[dict[str, Any]]:
        for each in patterns if depth < _DEEPEST else ():
            part = str(each.pattern)
            if part.startswith(("^", "\\A")) or part.endswith(("$", "\\Z")) or "(?P" in part:
                part = _NAMED_GROUP.sub(r"<\1>", part).strip("^$").removeprefix("\\A").removesuffix("\\Z")
                part = part.replace("\\", "").replace("?", "")
            if hasattr(each, "url_patterns"):
                yield from listed(each.url_patterns, before + part, depth + 1)
            elif getattr(each, "callback", None):
                view = each.callback
                owner = getattr(view, "view_class", None) or getattr(view, "cls", None)
                known = [name.upper() for name in ("get", "post", "put", "patch") if hasattr(owner, name)]
                yield _route(known if owner else ["GET", "POST"], before + part, view)

    yield from listed(get_resolver().url_patterns, prefix + "/", 0)


def _of_channels(router: Any, prefix: str) -> Iterator[dict[str, Any]]:
    for each in router.routes:
        consumer = getattr(each.callback, "consumer_class", None)
        heard = getattr(consumer, "receive_json", None) or getattr(consumer, "receive", None)
        yield _route(["WEBSOCKET"], f"{prefix}/{each.pattern}".replace("^", "").replace("$", ""), heard)


def _route(methods: list[str], path: str, handler: Any) -> dict[str, Any]:
    types = {found["name"]: found["type"] or "string" for found in _CONVERTED.finditer(path)}
    path = _TYPED.sub(r"{\1}", _CONVERTED.sub(r"{\g<name>}", path))
    return {"methods": methods, "path": path, "types": types, "code": dict(_code(methods, handler))}


def _code(methods: list[str], handler: Any) -> Iterator[tuple[str, list[Any]]]:
    """For each method the file and the first line of the function that serves it."""
    owner = getattr(handler, "view_class", None) or getattr(handler, "cls", None)
    owner = owner or (handler if inspect.isclass(handler) else None)
    for method in methods:
        function = getattr(owner, method.lower(), None) if owner else handler
        for _ in range(10):  # decorators around it
            inner = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
            if inner is None:
                break
            function = inner
        code = getattr(function, "__code__", None)
        module = sys.modules.get(
            getattr(owner, "__module__", "")
        )  # of a class whose methods are a framework's
        if code is not None:
            yield (
                method,
                [code.co_filename, code.co_firstlineno, str(getattr(module, "__file__", None) or "")],
            )


def _frameworks(app: Any) -> tuple[str, ...]:
    """The folders of the packages that define the application's classes."""
    tops = {each.__module__.partition(".")[0] for each in type(app).__mro__} - {"builtins"}
    files = (getattr(sys.modules.get(top), "__file__", None) for top in tops)
    return tuple(os.path.realpath(os.path.dirname(file)) + os.sep for file in files if file)


def _within(route: dict[str, Any], root: str, frameworks: tuple[str, ...]) -> dict[str, Any]:
    """The route, with the names of files relative to the submission; those of other files left out.

    `framework`: whether the framework serves it by itself, as FastAPI does its pages.
    """
    base = os.path.realpath(root)
    code = {}
    served_by = [os.path.realpath(function) for function, _, _ in route["code"].values()]
    for method, (function, line, module) in route["code"].items():
        for file, at in ((function, line), (module, 0)):
            whole = os.path.realpath(file)
            if file and whole.startswith(base + os.sep) and method not in code:
                code[method] = [os.path.relpath(whole, base).replace(os.sep, "/"), at]
    of_framework = bool(served_by) and not code and all(file.startswith(frameworks) for file in served_by)
    return {**route, "code": code, "framework": of_framework}


def _document(app: Any) -> Any:
    """The document of a FastAPI application that does not serve it."""
    if "fastapi" not in sys.modules or getattr(app, "openapi_url", "") is not None:
        return None
    if not callable(getattr(app, "openapi", None)):
        return None
    document = app.openapi()
    return document if len(json.dumps(document)) < _LARGEST_DOCUMENT else None
