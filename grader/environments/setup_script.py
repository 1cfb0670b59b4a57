"""The requirements that a `setup.py` lists as literals. Nothing is run."""

import ast

from grader import reading

_MOST = 500  # texts of one list


def requirements(text: str) -> tuple[list[str], list[str]] | None:
    """`install_requires`, and what the extras ask for; None if they are there, but are no lists of texts.

    A name stands for the list that the module assigns to it. A script that requires nothing gives two empty lists.
    """
    try:
        tree = reading.parse_python(text)
    except reading.Unreadable:
        return None
    assigned = {
        target.id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name_of(node.func) == "setup":
            given = {each.arg: each.value for each in node.keywords if each.arg}
            needed = _texts(given.get("install_requires"), assigned)
            extras = _extras(given.get("extras_require"), assigned)
            return None if needed is None else (needed, extras)
    return [], []


def _name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _texts(node: ast.expr | None, assigned: dict[str, ast.expr]) -> list[str] | None:
    if isinstance(node, ast.Name):
        node = assigned.get(node.id, node)
    if node is None:
        return []
    if not isinstance(node, ast.List | ast.Tuple):
        return None
    return [
        each.value
        for each in node.elts[:_MOST]
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]


def _extras(node: ast.expr | None, assigned: dict[str, ast.expr]) -> list[str]:
    if isinstance(node, ast.Name):
        node = assigned.get(node.id, node)
    values = node.values[:50] if isinstance(node, ast.Dict) else []
    return [text for value in values for text in _texts(value, assigned) or []]
