"""What a request handler reads of a request, from its source: `request.json["hero"]`, `request.form.get("look")` …

Nothing is decided by it: what it finds is tried. Reads the function, and those of the submission that it calls by name.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader import reading
from grader.collect.code.nested import leaves
from grader.operations import BODIES, Field, Location

_PLACES: Mapping[str, Location] = {
    "form": "form",
    "POST": "form",
    "args": "query",
    "GET": "query",
    "query_params": "query",
    "query": "query",
    "params": "query",
    "forms": "form",
    "post": "form",
    "media": "json",
    "values": "form",
    "json": "json",
    "get_json": "json",
    "data": "json",
    "receive_json": "json",
    "loads": "json",
    "headers": "header",
    "files": "multipart",
    "FILES": "multipart",
}
_REQUESTS = frozenset({"request", "req", "self", "websocket", "socket", "ws", "flask", "info", "r"})
_GETTERS = frozenset({"get", "pop", "getlist", "setdefault", "getfirst"})
# of a handler or a request: what takes one input by its name
_ARGUMENTS: Mapping[str, Location] = {
    "get_argument": "form",
    "get_query_argument": "query",
    "get_body_argument": "form",
    "get_arguments": "form",
    "get_param": "query",
}
_WHOLE = frozenset({"body", "get_data", "data", "text"})  # of a request: all that it brings
_PARSERS = frozenset(
    {"loads", "json", "get_json", "form", "files", "model_validate_json", "validate_json", "decode_json"}
)
_MOST_CALLED, _MOST_NAMES = 12, 60  # functions that are followed, inputs of one handler
_MOST_NODES = 20_000  # of a function in which inputs are followed to what they are compared with
_MOST_FILES, _MOST_LENGTH = 400, 200
_NOT_SENT = frozenset(
    {"content-type", "authorization", "host", "user-agent", "accept", "content-length", "origin"}
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class _Read:
    """One input that some code reads."""

    name: str
    location: Location | None
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()


@dataclass
class Sources:
    """The modules of a submission, parsed when they are asked for."""

    root: Path
    _trees: dict[str, ast.Module | None] = field(default_factory=dict)
    _functions: dict[str, list[Function]] | None = None

    def inputs(self, file: str, line: int) -> list[Field] | None:
        """The inputs that the function there reads without a schema; None if there is no such function.

        Args:
            file: relative to the submission.
            line: of the function, or of its first decorator.
        """
        function = self._function_at(file, line)
        if function is None:
            return None
        reads: dict[tuple[str, Location | None], _Read] = {}
        declared = list(_arguments(self._tree(file) or ast.Module([], []))) if _parses(function) else []
        read_by = self._with_called(function)
        for each in read_by:
            for read in [*declared, *_reads_of(each)]:
                if read.location is None and any(read.name == one.name for one in declared):
                    continue
                known = reads.get((read.name, read.location))
                if known is None:
                    reads[read.name, read.location] = read
                elif read.choices and not known.choices:
                    known.choices = read.choices
        if not any(read.location in (None, *BODIES) for read in reads.values()) and _takes_plain_words(
            read_by
        ):
            reads["", "text"] = _Read("", "text", True)
        usual = next((read.location for read in reads.values() if read.location in ("json", "form")), None)
        return [_field(read, usual) for read in list(reads.values())[:_MOST_NAMES]]

    def all_names(self) -> list[str]:
        """Every word by which any code of the submission takes something out of something: a last resort."""
        names: dict[str, None] = {}
        for function in (each for several in self._list_functions().values() for each in several):
            for read in _reads_of(function):
                names.setdefault(read.name)
        return list(names)[:_MOST_NAMES]

    def _tree(self, file: str) -> ast.Module | None:
        if file not in self._trees:
            try:
                self._trees[file] = reading.parse_python(
                    reading.read_text(self.root / file, reading.MAX_PYTHON)
                )
            except reading.Unreadable:
                self._trees[file] = None
        return self._trees[file]

    def _function_at(self, file: str, line: int) -> Function | None:
        if reading.inside(self.root, file) is None or (tree := self._tree(file)) is None:
            return None
        for node in ast.walk(tree):
            if isinstance(node, Function):
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                if first <= line <= node.lineno:
                    return node
        return None

    def _list_functions(self) -> dict[str, list[Function]]:
        """Every function of the submission, by its name."""
        if self._functions is None:
            self._functions = {}
            for path in sorted(self.root.rglob("*.py"))[:_MOST_FILES]:
                tree = self._tree(path.relative_to(self.root).as_posix())
                for node in ast.walk(tree) if tree else ():
                    if isinstance(node, Function):
                        self._functions.setdefault(node.name, []).append(node)
        return self._functions

    def _with_called(self, function: Function) -> list[Function]:
        """The function, and those that it calls with the request or with what it reads of it."""
        found, waiting = [function], [function]
        while waiting and len(found) < _MOST_CALLED:
            for node in ast.walk(waiting.pop(0)):
                if isinstance(node, ast.Call) and (node.args or node.keywords):
                    for called in self._list_functions().get(_last(node.func), ())[:2]:
                        if called not in found and len(found) < _MOST_CALLED:
                            found.append(called)
                            waiting.append(called)
        return found


def _takes_plain_words(functions: Sequence[Function]) -> bool:
    """Whether functions read a request's whole body, and have nothing that takes it apart."""
    attributes = [node for each in functions for node in ast.walk(each) if isinstance(node, ast.Attribute)]
    if any(node.attr in _PARSERS for node in attributes):
        return False
    return any(node.attr in _WHOLE and _last(node.value) in _REQUESTS for node in attributes)


def _parses(function: Function) -> bool:
    """Whether a function has a parser take a request apart."""
    return any(isinstance(node, ast.Attribute) and node.attr == "parse_args" for node in ast.walk(function))


def _arguments(tree: ast.Module) -> Iterator[_Read]:
    """What parsers of requests in a module take: `parser.add_argument("hero", required=True, location="form")`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="add_argument"),
                args=[ast.Constant(value=str(name)), *_],
                keywords=given,
            ) if 0 < len(name) <= _MOST_LENGTH:
                facts = {each.arg: each.value for each in given}
                place = _PLACES.get(_text(facts.get("location")) or "")
                required = isinstance(needed := facts.get("required"), ast.Constant) and needed.value is True
                yield _Read(name, place, required, None, _words(facts.get("choices") or ast.Constant(None)))


def _text(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _last(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _place(node: ast.AST, known: Mapping[str, Location | None]) -> tuple[bool, Location | None]:
    """Whether an expression holds what a request brings, and where in the request that stands, if it says so."""
    for _ in range(8):
        match node:
            case ast.Await(value=inner):
                node = inner
            case ast.BoolOp(values=[first, *_]):  # request.get_json() or {}
                node = first
            case ast.Name(id=name):
                return name in known, known.get(name)
            case ast.Call(func=ast.Attribute(attr="loads")):
                return True, "json"
            case ast.Call(func=ast.Name(id="parse_qs") | ast.Attribute(attr="parse_qs")):
                return True, "form"
            case ast.Call(
                func=ast.Attribute(attr="parse_args")
            ):  # of a parser of requests, as Flask-RESTful has it
                return True, None
            case ast.Call(func=ast.Name(id="dict"), args=[inner]):
                node = inner
            case ast.Call(func=ast.Attribute(attr="to_dict" | "copy" | "dict", value=inner)):
                node = inner
            case ast.Call(func=inner):
                node = inner
            case ast.Attribute(attr=attribute, value=value):
                owner = value.value if isinstance(value, ast.Attribute) else value
                if attribute in _PLACES and _last(owner) in _REQUESTS:
                    return True, _PLACES[attribute]
                return False, None
            case _:
                return False, None
    return False, None


def _reads_of(function: Function) -> Iterator[_Read]:
    """What a function takes out of a request, or out of something that may be one's body."""
    known: dict[str, Location | None] = {}
    for target, value in _assigned(function):
        holds, place = _place(value, known)
        if holds and isinstance(target, ast.Name):
            known[target.id] = place
    for argument in [*function.args.args, *function.args.kwonlyargs]:
        if "dict" in ast.dump(argument.annotation or ast.Constant(None)).lower() or argument.arg in (
            "body",
            "data",
            "payload",
            "event",
        ):
            known.setdefault(argument.arg, None)
    named: dict[str, _Read] = {}
    for node in ast.walk(function):
        if (read := _read(node, known)) is not None:
            named.setdefault(ast.dump(node), read)
    parts = leaves(function, lambda node: getattr(_read(node, known), "name", None))
    for read in named.values():
        in_a_body = parts.get(read.name, ()) if read.location in ("json", None) else ()
        yield from (_Read(part, read.location or "json", True) for part in in_a_body) if in_a_body else [read]
    yield from _with_choices(function, named)


def _assigned(function: Function) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Each name that a function assigns to, with the expression that it gets."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(
                names
            ) == len(values):
                yield from zip(names, values, strict=True)
            case ast.Assign(targets=targets, value=value):
                yield from ((target, value) for target in targets)
            case (
                ast.AnnAssign(target=target, value=ast.expr() as value)
                | ast.NamedExpr(target=target, value=value)
            ):
                yield target, value


def _read(node: ast.AST, known: Mapping[str, Location | None]) -> _Read | None:
    match node:
        case ast.Subscript(value=holder, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
            required, default = True, None
        case ast.Call(
            func=ast.Attribute(attr=getter, value=holder), args=[ast.Constant(value=str(name)), *rest]
        ) if getter in _GETTERS:
            required = not rest
            default = rest[0].value if rest and isinstance(rest[0], ast.Constant) else None
        case ast.Call(
            func=ast.Attribute(attr=getter), args=[ast.Constant(value=str(name)), *rest], keywords=more
        ) if getter in _ARGUMENTS:
            given = [*rest, *(each.value for each in more if each.arg == "default")]
            return _Read(name, _ARGUMENTS[getter], not given) if 0 < len(name) <= _MOST_LENGTH else None
        case ast.Compare(
            left=ast.Constant(value=str(name)), ops=[ast.In() | ast.NotIn()], comparators=[holder]
        ):
            required, default = True, None
        case _:
            return None
    holds, place = _place(holder, known)
    if not holds or not name or len(name) > _MOST_LENGTH:
        return None
    if place == "header" and name.lower() in _NOT_SENT:
        return None
    return _Read(name, place, required, default if isinstance(default, (str, int, float, bool)) else None)


def _with_choices(function: Function, named: Mapping[str, _Read]) -> Iterator[_Read]:
    """Inputs that the code compares with a list of words."""
    if not named or sum(1 for _ in ast.walk(function)) > _MOST_NODES:
        return
    variables: dict[str, _Read] = {}
    for target, value in _assigned(function):
        if isinstance(target, ast.Name):
            read = next((named[ast.dump(each)] for each in ast.walk(value) if ast.dump(each) in named), None)
            if read is not None:
                variables[target.id] = read
    for node in ast.walk(function):
        if not isinstance(node, ast.Compare) or len(node.ops) != 1:
            continue
        read = variables.get(_last(node.left)) or named.get(ast.dump(node.left))
        choices = _words(node.comparators[0]) if isinstance(node.ops[0], (ast.In, ast.NotIn)) else ()
        if read is not None and choices:
            yield _Read(read.name, read.location, read.required, read.default, choices)


def _words(node: ast.AST) -> tuple[str, ...]:
    if not isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return ()
    return tuple(
        each.value
        for each in node.elts[:50]
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )


def _field(read: _Read, usual: Location | None) -> Field:
    schema: dict[str, Any] = {"type": "string"}
    if read.choices:
        schema["enum"] = list(read.choices)
    elif isinstance(read.default, bool):
        schema["type"] = "boolean"
    elif isinstance(read.default, (int, float)):
        schema["type"] = "number"
    if read.default not in (None, ""):
        schema["default"] = read.default
    location = read.location or usual or "json"
    if location == "multipart":
        schema["format"] = "binary"
    return Field(location, read.name, schema, read.required and read.default is None)
