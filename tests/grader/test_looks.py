"""A look before each call changes nothing that a program can see of itself."""

import ast
import builtins
import sys

import pytest

from grader.inside.looks import LOOK, Finder, _Looks

PROGRAM = """
from __future__ import annotations
import functools, inspect, traceback, typing

def noted(name: str = str("x")) -> typing.Callable:
    return lambda function: functools.wraps(function)(lambda *a, **k: (name, function(*a, **k)))

class Base:
    def __init__(self, value: int = int("1")) -> None:
        self.value: int = int(value)

class Made(Base, metaclass=type("Meta", (type,), {})):
    kept = [each.upper() for each in "ab".split()]
    def __init__(self, *rest, **named):
        super().__init__(*rest, **named)
        self.here = sorted(locals())
    @noted("twice")
    def double(self) -> "int": return self.value * 2

async def later(value):
    return f"{str(value)!r:>5}", await nothing()

async def nothing():
    return tuple(map(str, [1]))

def yielded():
    got = yield from iter([1, 2])
    return got

def fails():
    made = Made(3)
    raise ValueError(str(made.value))

def line():
    try:
        fails()
    except ValueError as error:
        return [(each.name, each.lineno) for each in traceback.extract_tb(error.__traceback__)]

def caller():
    return inspect.stack()[1].function

def asks():
    return caller()

def run(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value

match Made(value=4):
    case Made(value=4, here=here):
        matched = here
outcome = (Made(2).double(), Made.kept, run(later("a")), list(yielded()), line(), asks(), matched, noted.__annotations__,
        (lambda *a, **k: (a, k))(*[1], **dict(b=2)), Made.__name__, [print.__name__, (yes := bool(1)), yes])
"""


def outcome(tree: ast.Module, monkeypatch) -> object:
    looked: list[str] = []

    def look(function, name=""):
        looked.append(name)
        return function

    monkeypatch.setattr(builtins, LOOK, look, raising=False)
    names: dict[str, object] = {"__name__": "program"}
    exec(compile(tree, "program.py", "exec", dont_inherit=True), names)
    return names["outcome"], looked


def test_a_program_comes_to_the_same_with_the_looks(monkeypatch):
    plain, _ = outcome(ast.parse(PROGRAM), monkeypatch)
    watched, looked = outcome(ast.fix_missing_locations(_Looks().visit(ast.parse(PROGRAM))), monkeypatch)
    assert watched == plain
    assert {"Made", "traceback.extract_tb", "str", "coroutine.send"} <= set(looked)


@pytest.mark.parametrize("text", ["def broken(:\n", "x = '\0'\n", "f(" * 3_000 + ")" * 3_000])
def test_a_module_that_python_refuses_is_refused_in_python_s_own_words(text, tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(
        sys, "meta_path", [Finder(frozenset({str(tmp_path / "broken_module.py")})), *sys.meta_path]
    )
    with pytest.raises((SyntaxError, ValueError, MemoryError, RecursionError)):
        import broken_module  # noqa: F401


def test_only_the_modules_that_are_named_are_looked_into(tmp_path):
    (tmp_path / "one.py").write_text("a = 1\n")
    (tmp_path / "other.py").write_text("a = 1\n")
    finder = Finder(frozenset({str(tmp_path / "one.py")}))
    assert finder.find_spec("one", [str(tmp_path)]) is not None
    assert finder.find_spec("other", [str(tmp_path)]) is None
    assert not (tmp_path / "__pycache__").exists()
