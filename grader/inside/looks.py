"""Has modules compiled with a look at each function before it is called; everything else in them stays as it is."""

import ast
import importlib.machinery
import os
from typing import Any

LOOK = "__lab_look__"  # a name that every module finds, among the built-in ones
INSTALLED = f"{os.sep}site-packages{os.sep}"


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles a module with the looks; nothing of it is kept in files."""

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        source = self.get_data(path)
        try:
            tree: Any = ast.fix_missing_locations(_Looks().visit(ast.parse(source, path)))
            return compile(tree, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return compile(source, path, "exec", dont_inherit=True)  # as it is, with its own errors


class Finder:
    """Finds what Python would find, and has some modules loaded by ours.

    Args:
        files: the absolute paths of those modules.
    """

    def __init__(self, files: frozenset[str]) -> None:
        self._files = files

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """The module's place; None if it is none of those."""
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.origin not in self._files:
            return None
        if type(spec.loader) is not importlib.machinery.SourceFileLoader:
            return None
        spec.loader = _Loader(name, spec.origin)
        return spec


class _Looks(ast.NodeTransformer):
    """Looks at each function before it is called, where it is called: no frame is between."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """`f(x)` becomes `look(f, "f")(x)`."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "super":
            return node
        name = ast.Constant(_dotted(node.func))
        node.func = ast.copy_location(
            ast.Call(func=ast.Name(LOOK, ast.Load()), args=[node.func, name], keywords=[]), node.func
        )
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """Annotations stay as they are: they may be kept as text."""
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """The same for variables."""
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """The same for what a function returns."""
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """The same."""
        return self._function(node)

    def _function(self, node: Any) -> ast.AST:
        returns, node.returns = node.returns, None
        self.generic_visit(node)
        node.returns = returns
        return node  # type: ignore[no-any-return]


def _dotted(node: ast.expr) -> str:
    """`client.images.generate` as text; calls in it are left out."""
    parts: list[str] = []
    at: ast.AST = node
    while True:
        if isinstance(at, ast.Attribute):
            parts.append(at.attr)
            at = at.value
        elif isinstance(at, ast.Call):
            at = at.func
        elif isinstance(at, ast.Name):
            parts.append(at.id)
            return ".".join(reversed(parts))
        else:
            return ".".join(reversed(parts))
