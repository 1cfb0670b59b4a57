"""Files with variables, such as `.env`, that a submission's code reads itself, and the variables that it takes from them."""

import ast
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from grader import reading

_MOST_FILES, _MOST_PLACES = 500, 20
_READS = re.compile(r"dotenv_values|starlette\.config|RepositoryEnv")
_FILE = re.compile(r"(?:[\w.-]+/)*(?:\.env(?:\.[\w-]+)*|[\w-]+\.env)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_PLAIN = re.compile(r"[\w./:+@%*,=~?&-]*")


@dataclass(frozen=True)
class EnvFiles:
    """Where code looks for its files of variables.

    `from_start`: paths relative to the folder that the app is started from. `beside`: sets of paths relative to the
    submission; an expression leads to one of each set.
    """

    from_start: tuple[str, ...] = ()
    beside: tuple[tuple[str, ...], ...] = ()

    def places(self, root: Path, cwd: Path) -> list[Path]:
        """Where to put a file: where the code looks, in a folder of the submission, and none was submitted."""
        found: dict[Path, None] = {}
        for name in self.from_start:
            found.update(dict.fromkeys(_free(root, [cwd / name])))
        for names in self.beside:
            found.update(dict.fromkeys(_free(root, [root / name for name in names])))
        return list(found)[:_MOST_PLACES]


def _free(root: Path, files: Iterable[Path]) -> list[Path]:
    """Some places in the submission; none if a file was submitted at one of them."""
    inside = [path for file in files if (path := Path(os.path.normpath(file))).is_relative_to(root)]
    if any(os.path.lexists(path) for path in inside):
        return []
    return [path for path in inside if path.parent.is_dir()]


def read_env_files(root: Path, files: Iterable[str]) -> EnvFiles:
    """The files of variables that some modules of a submission name, for what reads nothing else."""
    from_start: dict[str, None] = {}
    beside: dict[tuple[str, ...], None] = {}
    for name in islice(sorted(files), _MOST_FILES):
        try:
            text = reading.read_text(root / name, reading.MAX_PYTHON)
            tree = reading.parse_python(text) if _READS.search(text) else ast.Module([], [])
        except reading.Unreadable:
            continue
        assigned = _assigned(tree)
        for node in _readers(tree):
            argument = _argument(node)
            argument = assigned.get(argument.id, argument) if isinstance(argument, ast.Name) else argument
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                if _FILE.fullmatch(argument.value.removeprefix("./")):
                    from_start.setdefault(argument.value)
            elif argument is not None:
                for each in _named(argument, assigned):
                    beside.setdefault(tuple(f"{folder}{each}" for folder in _folders(name)))
            else:
                beside.setdefault(tuple(f"{folder}.env" for folder in _folders(name)))
    return EnvFiles(tuple(from_start), tuple(beside))


def holders(tree: ast.Module) -> frozenset[str]:
    """The names under which a module keeps what it read from such a file."""
    return frozenset(
        name
        for name, value in _assigned(tree).items()
        if any(isinstance(node, ast.Call) and _called(node) == "dotenv_values" for node in ast.walk(value))
    )


def taken(node: ast.expr, kept: frozenset[str] | None = None) -> tuple[str, bool, str] | None:
    """The variable that an expression takes out of such a file: its name, whether it is needed, and "" for its type.

    Args:
        node: such as `config["KEY"]`.
        kept: the names of what was read; anything, if left out.
    """
    match node:
        case ast.Subscript(value=holder, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
            needed = True
        case ast.Call(
            func=ast.Attribute(value=holder, attr="get"), args=[ast.Constant(value=str(name)), *rest]
        ):
            needed = not rest
        case _:
            return None
    last = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
    return (name, needed, "") if (kept is None or last in kept) and _NAME.fullmatch(name) else None


def render_variables(variables: Mapping[str, str]) -> str:
    """A file of variables, as python-dotenv, Starlette and decouple read it; without values that a line can't hold."""
    lines = [
        f"{name}={value}" if _PLAIN.fullmatch(value) else f"{name}='{value}'"
        for name, value in sorted(variables.items())
        if value.isprintable() and "'" not in value
    ]
    return "".join(f"{line}\n" for line in lines)


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _readers(tree: ast.Module) -> Iterator[ast.Call]:
    modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = _called(node)
            of_starlette = (
                called == "Config" and "starlette.config" in modules and _argument(node) is not None
            )
            if called in ("dotenv_values", "RepositoryEnv") or of_starlette:
                yield node


def _argument(node: ast.Call) -> ast.expr | None:
    given = {each.arg: each.value for each in node.keywords}
    return node.args[0] if node.args else given.get("dotenv_path") or given.get("env_file")


def _assigned(tree: ast.Module) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                found.setdefault(name, value)
    return found


def _named(node: ast.expr, assigned: Mapping[str, ast.expr]) -> Iterator[str]:
    """The names of files in an expression such as `Path(__file__).parent / ".env"`; `.env` for `find_dotenv()`."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and _called(each) == "find_dotenv" and not each.args:
            yield ".env"
        part = assigned.get(each.id) if isinstance(each, ast.Name) else each
        if (
            isinstance(part, ast.Constant)
            and isinstance(part.value, str)
            and _FILE.fullmatch(part.value.removeprefix("./"))
        ):
            yield part.value.removeprefix("./")


def _folders(file: str) -> list[str]:
    """The folders above a module, its own first, each as the beginning of a path."""
    return [
        "" if folder == PurePosixPath(".") else f"{folder.as_posix()}/"
        for folder in PurePosixPath(file).parents
    ]
