"""Scripts that finish an application only when they are run: made in `main()`, given its routes there, and served.

A factory alone would miss what the script adds. One that a script only calls and serves is enough by itself.
"""

import ast
from collections.abc import Iterable, Iterator

_SERVES = frozenset({"run", "run_simple", "serve", "run_app", "listen"})
_DEEPEST = 3  # functions that call each other


def find_script_app(tree: ast.Module, makers: frozenset[str]) -> str | None:
    """The maker of an app that a module finishes and serves below `if __name__ == "__main__"`; None if there is none.

    Args:
        tree: the module.
        makers: the names of what makes an application: frameworks and factories.
    """
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    for statement in tree.body:
        if isinstance(statement, ast.If) and "__name__" in ast.dump(statement.test):
            for body in _bodies(statement.body, functions, 0):
                for name, maker in _made(body, makers):
                    if _is_finished_and_served(body, name):
                        return maker
    return None


def serves_when_imported(statements: Iterable[ast.stmt], name: str) -> bool:
    """Whether a module serves an application as soon as it is loaded, so that nobody can import it: it is to be run.

    Args:
        statements: those that run on import.
        name: of the application.
    """
    return any(
        isinstance(statement, ast.Expr)
        and isinstance(call := statement.value, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in _SERVES
        and name in {*_names(call.func.value), *(one for given in call.args for one in _names(given))}
        for statement in statements
    )


def _bodies(
    body: list[ast.stmt], functions: dict[str, ast.FunctionDef], depth: int
) -> Iterator[list[ast.stmt]]:
    """The statements themselves, and those of the module's functions that they call."""
    yield body
    if depth >= _DEEPEST:
        return
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
                yield from _bodies(functions[node.func.id].body, functions, depth + 1)


def _made(body: list[ast.stmt], makers: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The names that are given an application, and what makes it."""
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=called)):
                maker = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                if maker in makers:
                    yield name, maker


def _is_finished_and_served(body: list[ast.stmt], name: str) -> bool:
    """Whether something more is done with a name than to serve it."""
    served, finished = False, False
    for node in (each for statement in body for each in ast.walk(statement)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            finished = finished or any(name in _names(each) for each in node.decorator_list)
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        about = isinstance(node.func, ast.Attribute) and _names(node.func.value) == {name}
        given = any(isinstance(each, ast.Name) and each.id == name for each in node.args)
        if called in _SERVES and (about or given):
            served = True
        elif about or given:
            finished = True
    return served and finished


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
