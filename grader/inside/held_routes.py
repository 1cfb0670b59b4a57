"""The routes of a server whose tables are not known here: whatever in memory holds both a path and a handler of the submission's.

A framework keeps such pairs somewhere, under any name. All of it is a claim, as are tables that are known.
"""

import contextlib
import gc
import os
import re
import types
from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

_METHODS = ("get", "post", "put", "patch")
_PLAIN = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.MethodType,
    types.CodeType,
    str,
    bytes,
    set,
    re.Pattern,
)
_MOST, _MOST_HELD, _LONGEST = 200, 60, 300
_UNNAMED_GROUP = re.compile(r"\((?!\?P<)(?:\?:)?[^()]*\)")
_INTRODUCES = re.compile(r"\w{1,40}[:=]")
_MOST_INTRODUCED = 4
_NAMED_GROUP = re.compile(r"\(\?P<(\w+)>[^()]*\)")


def routes(root: str) -> Iterator[tuple[list[str], str, Any]]:
    """Methods, path and handler of each.

    Args:
        root: the submission's folder.
    """
    base = os.path.realpath(root) + os.sep
    known: dict[tuple[str, str], Any] = {}
    guessed: dict[str, Any] = {}
    for each in [*gc.get_objects()]:
        found: list[tuple[list[str], str, Any]] = []
        # an object that does not want to be looked at says nothing; the others may
        with contextlib.suppress(Exception):
            found = list(_of_class(each, base) if _is(each, type) else _of_object(each, base))
        for methods, path, handler in found:
            for method in methods:
                known.setdefault((method, path), handler)
            if not methods:
                guessed.setdefault(path, handler)
        if len(known) + len(guessed) >= _MOST:
            break
    yield from (([method], path, handler) for (method, path), handler in known.items())
    paths = {path for _, path in known}
    yield from ((["GET", "POST"], path, handler) for path, handler in guessed.items() if path not in paths)


def _is(value: Any, kinds: Any) -> TypeGuard[Any]:
    """Whether a value is of some type: the type itself is asked, since proxies pretend to be what they stand for."""
    return issubclass(type(value), kinds)


def _of_object(each: Any, base: str) -> Iterator[tuple[list[str], str, Any]]:
    """A rule, a route, a resource: by whatever name."""
    if _is(each, (*_PLAIN, dict, list)) or (_is(each, tuple) and not hasattr(each, "_fields")):
        return
    held = _held(each)
    handlers = [(name, one) for name, one in held.items() if _is_of(one, base)]
    by_method = next((one for one in held.values() if _is_by_method(one, base)), None)
    if not handlers and by_method is None:
        return
    path = next(_paths(held), None) or next(
        (one for inner in held.values() for one in _paths(_held(inner))), None
    )
    if path is None:
        return
    if by_method is not None:
        for method, handler in by_method.items():
            if method.lower() in _METHODS and _is_of(handler, base):
                yield [method.upper()], path, handler
        return
    handler = handlers[0][1]
    yield _methods(held, handler), path, handler


def _of_class(each: type, base: str) -> Iterator[tuple[list[str], str, Any]]:
    """A class of handlers such as the standard library's: `do_GET`, and the paths that are written in it."""
    for method in _METHODS:
        handler = vars(each).get(f"do_{method.upper()}")
        if handler is None or not _is_of(handler, base):
            continue
        texts = [one for one in _texts(handler.__code__) if len(one) <= _LONGEST]
        written = [one.partition("?")[0] for one in texts if one.startswith("/")]
        # what no path is compared with may be taken from it as it stands, or behind a word such as "ask:"
        introduced = [f"/{one}{{words}}" for one in texts if _INTRODUCES.fullmatch(one)][:_MOST_INTRODUCED]
        for path in dict.fromkeys(written or ("/", "/{words}", *introduced)):
            yield [method.upper()], path, handler


def _held(each: Any) -> dict[str, Any]:
    """What an object has, by name; nothing that would have to be computed."""
    if _is(each, (*_PLAIN, dict, list, set, int, float)) or each is None:
        return {}
    if _is(each, tuple):
        return dict(zip(getattr(each, "_fields", ()), each, strict=False))
    found: dict[str, Any] = {}
    with contextlib.suppress(AttributeError, TypeError):
        found |= object.__getattribute__(each, "__dict__")
    for owner in type(each).__mro__:
        for name, slot in list(vars(owner).items()):
            if _is(slot, types.MemberDescriptorType):
                try:
                    found[name] = slot.__get__(each)
                except AttributeError:
                    continue
    return found if len(found) <= _MOST_HELD else {}


def _paths(held: Mapping[str, Any]) -> Iterator[str]:
    texts = [value for value in held.values() if _is(value, str) and len(value) <= _LONGEST]
    yield from (text for text in texts if text.startswith("/") and "%s" not in text and text.isprintable())
    for value in held.values():
        if _is(value, re.Pattern) and _is(value.pattern, str):
            text = value.pattern.removeprefix("^").removesuffix("$")
            if text.startswith("/") and len(text) <= _LONGEST:
                yield _readable(text)


def _readable(pattern: str) -> str:
    """The path of a regular expression: its groups are what a caller fills in."""
    text = _NAMED_GROUP.sub(r"{\1}", pattern)
    for number in range(text.count("(")):
        text = _UNNAMED_GROUP.sub(f"{{part{number or ''}}}", text, count=1)
    return text.replace("\\", "").replace("?", "")


def _methods(held: Mapping[str, Any], handler: Any) -> list[str]:
    """Those that the object names, or that a class of handlers has; none if nothing says."""
    for name, value in held.items():
        if "method" in name.lower():
            listed = (
                [value] if _is(value, str) else value if _is(value, (set, frozenset, list, tuple)) else []
            )
            named = [str(one).upper() for one in listed if str(one).lower() in _METHODS]
            if named:
                return sorted(named)
    if _is(handler, type):
        return [one.upper() for one in _METHODS if one in vars(handler)]
    return []


def _is_by_method(value: Any, base: str) -> bool:
    return (
        _is(value, dict)
        and 0 < len(value) <= 20
        and all(_is(key, str) and key.isupper() for key in value)
        and any(_is_of(one, base) for one in value.values())
    )


def _is_of(value: Any, base: str) -> bool:
    """Whether a function or a class is the submission's own."""
    if _is(value, type):
        return any(_is_of(one, base) for one in vars(value).values() if _is(one, types.FunctionType))
    code = _code(value)
    return code is not None and os.path.realpath(code.co_filename).startswith(base)


def _code(value: Any) -> types.CodeType | None:
    if _is(value, types.MethodType):
        value = value.__func__
    for _ in range(10):  # decorators around it
        inner = getattr(value, "__wrapped__", None) if _is(value, types.FunctionType) else None
        if inner is None:
            break
        value = inner
    return value.__code__ if _is(value, types.FunctionType) else None


def _texts(code: types.CodeType) -> Iterator[str]:
    """The texts that are written in a function."""
    for constant in code.co_consts:
        if _is(constant, str):
            yield constant
        elif _is(constant, (tuple, frozenset)):
            yield from (one for one in constant if _is(one, str))
        elif _is(constant, types.CodeType):
            yield from _texts(constant)
