"""Comparisons by which an app lets in only callers who know a variable's value, and where it reads what they bring.

Read from the source: nothing is decided by it but what is set, and what is sent.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from grader import reading
from grader.collect.code.brought import Function, Place, Scope, holder, places
from grader.collect.code.reads import read_name
from grader.collect.code.variables import Variable

_MOST_FILES, _MOST_GUARDS, _MOST_NODES, _MOST_STEPS = 500, 12, 20_000, 200
_REFUSES = re.compile(r"40[13]|unauthori|forbidden|denied", re.IGNORECASE)
_SECRET_WORDS = frozenset(
    {
        "key",
        "keys",
        "token",
        "tokens",
        "secret",
        "password",
        "pass",
        "passwd",
        "apikey",
        "auth",
        "authorization",
    }
)
_REQUESTS = frozenset(
    {"request", "req", "self", "websocket", "ws", "connection", "conn", "scope", "environ", "info"}
)


@dataclass(frozen=True)
class Guard:
    """A variable whose value callers have to bring.

    `places`: where the code that compares reads what they bring, as far as it shows it. `before`: what stands before the
    value there, such as "Bearer ".
    """

    variable: str
    places: tuple[Place, ...] = ()
    before: str = ""
    is_basic: bool = False


def secret_words(name: str) -> bool:
    """Whether a name has a word for a secret."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return bool(_SECRET_WORDS & {word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced)})


def read_guards(root: Path, files: Sequence[str], variables: Mapping[str, Variable]) -> tuple[Guard, ...]:
    """The guards in some modules of a submission; none for a variable that a client of OpenAI's or S3's is given."""
    free = {name: one for name, one in variables.items() if not one.purpose and _holds_text(one)}
    found: dict[str, Guard] = {}
    for name in islice(sorted(files), _MOST_FILES) if free else ():
        try:
            text = reading.read_text(root / name, reading.MAX_PYTHON)
            if not re.search(r"==|!=|\bin\b|compare_digest", text):
                continue
            tree = reading.parse_python(text)
        except reading.Unreadable:
            continue
        for guard in _of_module(tree, text, free):
            known = found.get(guard.variable)
            if known is None and len(found) >= _MOST_GUARDS:
                continue
            if known is None or (guard.places and not known.places):
                found[guard.variable] = guard
    return tuple(found.values())


def _holds_text(variable: Variable) -> bool:
    return not re.match(r"(?:Optional\[)?(?:int|float|bool|dict|Dict|Literal)\b", variable.kind)


def _of_module(tree: ast.Module, text: str, variables: Mapping[str, Variable]) -> Iterator[Guard]:
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    identifiers = {one.identifier: name for name, one in variables.items() if one.identifier}
    for node in ast.walk(tree):
        if isinstance(node, Function):
            inner = list(islice(_own_nodes(node), _MOST_NODES))
            assigned: dict[str, list[ast.expr]] = {}
            for each in inner:
                for target, value in _assignments(each):
                    assigned.setdefault(target, []).append(value)
            scope = Scope(
                node,
                text,
                variables,
                constants,
                identifiers,
                _parameters(node),
                {name: tuple(values) for name, values in assigned.items()},
            )
            for one, other in _compared(inner):
                for mine, theirs in ((one, other), (other, one)):
                    if guard := _guard(scope, mine, theirs):
                        yield guard
                        break


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """What is in a function, without the functions inside it: their parameters are other names."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (Function, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))


def _assignments(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                for each in target.elts if isinstance(target, ast.Tuple) else [target]:
                    if isinstance(each, ast.Name):
                        yield each.id, value
        case (
            ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            | ast.NamedExpr(target=ast.Name(id=name), value=value)
        ):
            yield name, value


def _parameters(function: Function) -> dict[str, tuple[ast.expr, ...]]:
    """Each parameter, with its default and its annotation."""
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + [*arguments.defaults]
    pairs = [
        *zip(plain, defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return {
        one.arg: tuple(each for each in (default, one.annotation) if each is not None)
        for one, default in pairs
    }


def _compared(nodes: Sequence[ast.AST]) -> Iterator[tuple[ast.expr, ast.expr]]:
    for node in nodes:
        match node:
            case ast.Compare(
                left=left, ops=[ast.Eq() | ast.NotEq() | ast.In() | ast.NotIn()], comparators=[right]
            ):
                yield left, right
            case ast.Call(
                func=ast.Attribute(attr="compare_digest") | ast.Name(id="compare_digest"), args=[one, other]
            ):
                yield one, other


def _guard(scope: Scope, mine: ast.expr, theirs: ast.expr) -> Guard | None:
    """The guard that a comparison of a variable's value with what a caller brought is; None if it is none."""
    name = _variable_in(scope, mine)
    if name is None or _is_literal(theirs) or _variable_in(scope, theirs) not in (None, name):
        return None
    sources = list(islice(_sources(scope, theirs), _MOST_STEPS))
    if _is_digest(sources) != _is_digest(islice(_sources(scope, mine), _MOST_STEPS)):
        return None  # a signature of what is sent, or the digest of a password: nothing here makes either
    if not any(_is_brought(scope, each) for each in sources):
        return None
    is_basic = any(
        isinstance(each, ast.Attribute) and each.attr in ("username", "password") for each in sources
    )
    words = ast.unparse(scope.function)
    variable = scope.variables[name]
    if not (is_basic or secret_words(name) or secret_words(variable.identifier) or _REFUSES.search(words)):
        return None
    found = dict.fromkeys(place for each in sources for place in places(scope, each))
    if not found:  # the value may come by ways that are not followed
        near = (
            place
            for node in ast.walk(scope.function)
            if isinstance(node, ast.expr)
            for place in places(scope, node)
        )
        found = dict.fromkeys(place for place in near if secret_words(place[1]))
    before = _before(mine)
    if not before and any(place[1].lower() == "authorization" for place in found):
        about = words if re.search("bearer|basic ", words, re.IGNORECASE) else scope.text
        before = "Bearer " if re.search("bearer", about, re.IGNORECASE) else ""
    return Guard(name, tuple(found), before, is_basic)


def _is_digest(parts: Iterable[ast.expr]) -> bool:
    return any(isinstance(each, ast.Attribute) and each.attr in ("digest", "hexdigest") for each in parts)


def _before(node: ast.expr) -> str:
    """What an expression puts before a value: "Bearer " of f"Bearer {KEY}"."""
    match node:
        case (
            ast.JoinedStr(values=[ast.Constant(value=str(text)), *_])
            | ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Add())
        ):
            return text if text.isprintable() and text.isascii() and len(text) < 40 else ""
        case ast.Call(func=ast.Attribute(value=inner, attr="encode" | "strip")):
            return _before(inner)
    return ""


def _is_literal(node: ast.expr) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return all(_is_literal(each) for each in elements)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name.isupper()  # a constant by its name
    return False


def _variable_in(scope: Scope, node: ast.expr) -> str | None:
    """The variable whose value an expression holds."""
    for each in islice(_sources(scope, node), _MOST_STEPS):
        if read := read_name(each):
            if read[0] in scope.variables:
                return read[0]
            continue
        match each:
            case ast.Name(id=word):
                known = None if word in scope.parameters or word in scope.assigned else word
                if known and (own := _read_by(scope.constants.get(known))):
                    known = own  # what the module gives that name, whatever variable is called so
            case ast.Attribute(attr=known):
                pass
            case ast.Subscript(value=inner, slice=ast.Constant(value=str(known))) if not holder(inner):
                pass
            case ast.Call(
                func=ast.Attribute(attr="get", value=inner), args=[ast.Constant(value=str(known)), *_]
            ) if not holder(inner):
                pass
            case _:
                continue
        if known and known in scope.variables:
            return known
        if known and known in scope.identifiers:
            return scope.identifiers[known]
    return None


def _read_by(node: ast.expr | None) -> str | None:
    """The variable that a module's own constant is read from."""
    read = read_name(node) if node is not None else None
    return read[0] if read else None


def _sources(scope: Scope, node: ast.expr) -> Iterator[ast.expr]:
    """An expression's parts, and those of what its names were assigned in the same function."""
    waiting, seen = [node], set[str]()
    while waiting:
        for each in ast.walk(waiting.pop(0)):
            if isinstance(each, ast.expr):
                yield each
            if isinstance(each, ast.Name) and each.id in scope.assigned and each.id not in seen:
                seen.add(each.id)
                waiting.extend(scope.assigned[each.id])


def _is_brought(scope: Scope, node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and (node.id in scope.parameters or node.id in _REQUESTS)
