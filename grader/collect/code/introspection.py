"""Which parts of the interpreter a module inspects, read from its syntax: however they are imported, under any name."""

import ast
from collections.abc import Iterator, Mapping

from grader import reading

# module → what of it looks into or ends a process; empty for the whole module
_REACHES: Mapping[str, frozenset[str]] = {
    "gc": frozenset(),
    "ctypes": frozenset(),
    "_ctypes": frozenset(),
    "_socket": frozenset(),
    "sys": frozenset({"settrace", "setprofile", "_getframe", "_current_frames", "monitoring"}),
    "threading": frozenset({"settrace", "setprofile"}),
    "os": frozenset({"_exit", "fork", "getppid"}),
    "inspect": frozenset({"stack", "currentframe"}),
}
_IMPORTS = frozenset({"import_module", "__import__"})


def find_introspection(text: str) -> Iterator[tuple[int, str]]:
    """Line and name of each: "import gc", "sys._getframe"; nothing where the text is not Python."""
    try:
        nodes = list(ast.walk(reading.parse_python(text)))
    except reading.Unreadable:
        return
    names = {
        alias.asname or alias.name: alias.name
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in _REACHES
    }
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (
                (node.lineno, f"import {alias.name}") for alias in node.names if _is_whole(alias.name)
            )
        elif isinstance(node, ast.ImportFrom) and node.module is not None and not node.level:
            if _is_whole(node.module):
                yield node.lineno, f"import {node.module}"
            reached = _REACHES.get(node.module, frozenset())
            yield from (
                (node.lineno, f"{node.module}.{alias.name}") for alias in node.names if alias.name in reached
            )
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = names.get(node.value.id, "")
            if node.attr in _REACHES.get(module, ()):
                yield node.lineno, f"{module}.{node.attr}"
        elif isinstance(node, ast.Call) and node.args and _called(node) in _IMPORTS:
            named = node.args[0]
            if isinstance(named, ast.Constant) and isinstance(named.value, str) and _is_whole(named.value):
                yield node.lineno, f"import {named.value}"


def _is_whole(module: str) -> bool:
    return module in _REACHES and not _REACHES[module]


def _called(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
