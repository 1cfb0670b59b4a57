"""What code takes out of an input that is a list or an object: `for turn in body["turns"]: turn["text"]`.

An input's leaves are written as dotted paths, a place in a list as a number: `turns.0.text`.
"""

import ast
from collections.abc import Callable, Iterator, Mapping

Function = ast.FunctionDef | ast.AsyncFunctionDef
Path = tuple[str, ...]
_GETTERS = frozenset({"get", "pop", "setdefault"})
_SAME = frozenset({"list", "tuple", "reversed", "sorted", "enumerate"})
_OF_A_CONVERSATION = ("role", "content")  # of each message that OpenAI takes
_MOST_NODES, _MOST_LEAVES, _DEEPEST = 20_000, 20, 6


def leaves(function: Function, named: Callable[[ast.AST], str | None]) -> Mapping[str, tuple[str, ...]]:
    """For each input of which a function uses parts: the dotted paths of those parts.

    Args:
        function: whose code is read.
        named: the name of the input that an expression takes out of a request; None if it takes none.
    """
    nodes = list(ast.walk(function))
    if len(nodes) > _MOST_NODES:
        return {}
    known: dict[str, Path] = {}
    for _ in range(2):  # a loop may stand before what it goes through
        for target, path in _given_names(nodes, named, known):
            known.setdefault(target, path)
    found: set[Path] = set()
    for node in nodes:
        if isinstance(node, ast.Call):
            for given in node.keywords:
                whole = _path(given.value, named, known, 0) if given.arg == "messages" else None
                if whole:
                    found |= {(*whole, "0", part) for part in _OF_A_CONVERSATION}
        taken = _path(node, named, known, 0) if isinstance(node, (ast.Subscript, ast.Call)) else None
        if taken and len(taken) > 1 and not taken[-1].isdigit():
            found.add(taken)
    last = [one for one in found if not any(other[: len(one)] == one and other != one for other in found)]
    by_input: dict[str, list[str]] = {}
    for path in sorted(last)[:_MOST_LEAVES]:
        by_input.setdefault(path[0], []).append(".".join(path))
    return {name: tuple(paths) for name, paths in by_input.items()}


def _given_names(
    nodes: list[ast.AST], named: Callable[[ast.AST], str | None], known: Mapping[str, Path]
) -> Iterator[tuple[str, Path]]:
    """Names that stand for an input or a part of one."""
    for node in nodes:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.NamedExpr(target=ast.Name(id=name), value=value)
            ):
                if path := _path(value, named, known, 0):
                    yield name, path
            case (
                ast.For(target=target, iter=through)
                | ast.AsyncFor(target=target, iter=through)
                | ast.comprehension(target=target, iter=through)
            ):
                each = target.elts[-1] if isinstance(target, ast.Tuple) and target.elts else target
                if isinstance(each, ast.Name) and (path := _path(through, named, known, 0)):
                    yield each.id, (*path, "0")


def _path(
    node: ast.AST, named: Callable[[ast.AST], str | None], known: Mapping[str, Path], depth: int
) -> Path | None:
    if depth > _DEEPEST:
        return None
    if (name := named(node)) is not None:
        return (name,)
    part: Path = ()
    match node:
        case ast.Name(id=variable):
            return known.get(variable)
        case (
            ast.Await(value=inner)
            | ast.BoolOp(values=[inner, *_])
            | ast.Subscript(value=inner, slice=ast.Slice())
        ):
            pass
        case ast.Call(func=ast.Name(id=called), args=[inner, *_]) if called in _SAME:
            pass
        case ast.Subscript(value=inner, slice=ast.Constant(value=str(key))):
            part = (key,)
        case ast.Subscript(value=inner, slice=ast.Constant(value=int()) | ast.UnaryOp()):
            part = ("0",)
        case ast.Call(
            func=ast.Attribute(attr=getter, value=inner), args=[ast.Constant(value=str(key)), *_]
        ) if getter in _GETTERS:
            part = (key,)
        case _:
            return None
    path = _path(inner, named, known, depth + 1)
    return (*path, *part) if path and all("." not in each for each in part) else None
