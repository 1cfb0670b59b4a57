"""How the code is laid out: modules that fit on a few screens, imports that point one way, no cycles."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("classroom", "grader", "course")
MODULES = sorted(path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py"))
MOST_LINES = 350

# a package, and what else of the project its modules may import; within `grader` any package may use the plain modules
# beside it, such as `grader.errors`, unless a row says less
MAY_NOT: dict[str, tuple[str, ...]] = {
    "classroom": ("grader", "course"),
    "grader": ("course",),
    "grader.evidence": (
        "grader.collect",
        "grader.criteria",
        "grader.report",
        "grader.batch",
        "grader.worker",
    ),
    "grader.collect": (
        "grader.criteria",
        "grader.judge",
        "grader.report",
        "grader.review",
        "grader.batch",
        "grader.worker",
        "grader.commands",
    ),
    "grader.criteria": (
        "grader.collect",
        "grader.sandbox",
        "grader.worker",
        "grader.report",
        "grader.batch",
        "grader.commands",
    ),
    "grader.judge": ("grader.collect", "grader.sandbox", "grader.worker", "grader.batch", "grader.commands"),
    "grader.report": ("grader.collect", "grader.batch", "grader.commands"),
    "grader.inside": ("classroom", "pydantic"),
    "grader.sandbox": ("grader.collect", "grader.criteria", "grader.report", "grader.batch", "grader.worker"),
    "grader.batch": ("grader.commands",),
    "grader.worker": ("grader.batch", "grader.commands"),
    "grader.review": ("grader.commands",),
}


# within each of these packages, a folder may import from those before it
LAYERS: dict[str, tuple[str, ...]] = {
    "grader.collect": ("code", "scanning", "exchange", "finding", "start", "questioning", "suites"),
    "classroom.proxy": (
        "rules",
        "fields",
        "prices",
        "books",
        "migrations",
        "requests",
        "calling",
        "storing",
        "realtime",
        "administration",
        "web",
        "cli",
    ),
    "classroom.standin": (
        "models",
        "incoming",
        "records",
        "outgoing",
        "scripting",
        "meanings",
        "generation",
        "language_model",
        "multimodal",
        "realtime",
        "responses",
        "routes",
        "control",
        "cassettes",
    ),
}
# the tools of a response search what other routes store, and the route of responses uses them
BOTH_WAYS = {"classroom.standin.responses": "classroom.standin.routes"}
MAY_NOT |= {
    f"{package}.{name}": tuple(
        folder
        for later in layers[at + 1 :]
        if (folder := f"{package}.{later}") != BOTH_WAYS.get(f"{package}.{name}")
    )
    for package, layers in LAYERS.items()
    for at, name in enumerate(layers)
}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


KNOWN = {name_of(path) for path in MODULES}


def imported(tree: ast.AST, *, when_loaded: bool) -> Iterator[str]:
    """The modules that are imported. `when_loaded`: without those that a function imports when it is called."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Import():
                yield from (each.name for each in node.names)
            case ast.ImportFrom(module=str(module)):
                yield from (
                    f"{module}.{each.name}" if f"{module}.{each.name}" in KNOWN else module
                    for each in node.names
                )
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() if when_loaded:
                pass
            case _:
                yield from imported(node, when_loaded=when_loaded)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_no_module_is_longer_than_350_lines():
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


@pytest.mark.parametrize("package", MAY_NOT)
def test_imports_point_one_way(package):
    wrong = [
        f"{name_of(path)} imports {other}"
        for path in MODULES
        if is_below(name_of(path), package)
        for other in imported(tree_of(path), when_loaded=False)
        if any(is_below(other, forbidden) for forbidden in MAY_NOT[package])
    ]
    assert wrong == []


@pytest.mark.parametrize("package", LAYERS)
def test_every_folder_of_a_layered_package_has_its_place_in_the_order(package):
    folders = {
        path.name for path in (ROOT / package.replace(".", "/")).iterdir() if (path / "__init__.py").is_file()
    }
    assert folders == set(LAYERS[package])


def test_no_module_leads_back_to_itself_not_even_for_types():
    graph = {
        name_of(path): {other for other in imported(tree_of(path), when_loaded=True) if other in KNOWN}
        for path in MODULES
    }
    assert list(cycles(graph)) == []


def cycles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """The groups of modules of which each leads to each (Tarjan's strongly connected components of more than one)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for other in graph[name]:
            if other not in number:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], number[other])
        if low[name] == number[name]:
            at = stack.index(name)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    sys.setrecursionlimit(max(sys.getrecursionlimit(), 5_000))
    for name in sorted(graph):
        if name not in number:
            visit(name)
    return iter(found)


def test_a_cycle_would_be_found():
    assert list(cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == [["a", "b", "c"]]


def test_docstrings_hold_no_character_that_can_t_be_seen_or_written_down():
    """Python 3.13 and later can't import a module whose docstring holds half of a surrogate pair."""
    unseen = {
        f"{name_of(path)}: {getattr(node, 'name', 'the module')}"
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not (ast.get_docstring(node, clean=False) or "").replace("\n", " ").isprintable()
    }
    assert unseen == set()
