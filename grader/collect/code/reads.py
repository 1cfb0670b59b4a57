"""Expressions that read a variable of the environment, in the ways of the standard library and of libraries for settings."""

import ast
import re

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_READERS = frozenset(
    {"config", "env", "environ", "Config", "settings", "get_env", "env_config", "AutoConfig"}
)
_CASTS = frozenset({"int", "float", "bool", "str", "list", "json", "url", "path"})


def text_of(node: ast.expr | None) -> str | None:
    """The text that an expression is; None for any other."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def held_name(node: ast.expr) -> str:
    """The last name of an expression that holds a value: `BUCKET` of `app.config["BUCKET"]` and of `settings.BUCKET`."""
    match node:
        case ast.Subscript(slice=ast.Constant(value=str() as key)):
            return key
    return dotted(node).rpartition(".")[2]


def dotted(node: ast.expr) -> str:
    """A name with its attributes, as it is written: "os.environ.get"; what is before the first dot is empty for a call."""
    if isinstance(node, ast.Name):
        return node.id
    return f"{dotted(node.value)}.{node.attr}" if isinstance(node, ast.Attribute) else ""


def read_name(node: ast.expr, *, by_library: bool = True) -> tuple[str, bool, str] | None:
    """The variable that an expression reads: its name, whether it is needed, and the type that it becomes."""
    if isinstance(node, ast.Subscript):
        if not isinstance(node.ctx, ast.Load):
            return None  # it is set, not read
        if dotted(node.value).rpartition(".")[2] == "environ" and (name := text_of(node.slice)):
            return name, True, ""
        return None
    if not isinstance(node, ast.Call) or not node.args:
        return None
    called, name = dotted(node.func), text_of(node.args[0])
    if name is None or not NAME.fullmatch(name):
        return None
    first, _, last = called.rpartition(".")
    given = {each.arg: each.value for each in node.keywords}
    if last == "getenv" or called.endswith("environ.get"):
        default = node.args[1] if len(node.args) > 1 else given.get("default")
        return name, default is None, ""
    if by_library and name.isupper():
        if called in _READERS:
            cast = given.get("cast")
            kind = dotted(cast) if cast is not None else ""
            return name, "default" not in given and len(node.args) < 2, kind
        if first in _READERS and last in _CASTS:
            return name, "default" not in given and len(node.args) < 2, last
    return None
