"""The version of everything that can change what is seen of a submission: a digest of that code.

It covers the folders that collect, the classroom that they run on, and each plain module of `grader` that they import,
found by reading their imports. What judges, shows or packs evidence is not in it: a changed rubric judges a class again
without running anything.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import classroom
import grader

_FOLDERS = ("collect", "environments", "evidence", "inside", "intake", "sandbox", "worker")
_JUDGES_TOO = "worker"  # it calls the judge as well: its own files count, what it imports does not
_SUFFIXES = (".py", ".toml")


@cache
def collector() -> str:
    """The version of this installation."""
    return version_of(Path(grader.__file__).parent, Path(classroom.__file__).parent)


def version_of(package: Path, lesson: Path) -> str:
    """The digest of the code in a folder of `grader` and one of `classroom`, in hexadecimal."""
    whole = hashlib.sha256()
    for file in sorted({*_files(lesson), *_collecting(package)}):
        root = lesson if file.is_relative_to(lesson) else package
        whole.update(f"{root.name}/{file.relative_to(root).as_posix()}\0".encode())
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.suffix in _SUFFIXES)


def _collecting(package: Path) -> set[Path]:
    """The files of the folders that collect, and of what they import beside them."""
    counted = {file for name in _FOLDERS for file in _files(package / name)}
    left = [
        file for file in counted if file.suffix == ".py" and not file.is_relative_to(package / _JUDGES_TOO)
    ]
    while left:
        for imported in _imports(left.pop(), package):
            if imported not in counted:
                counted.add(imported)
                left.append(imported)
    return counted


def _imports(file: Path, package: Path) -> Iterator[Path]:
    """The files of the package that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        match node:
            case ast.Import():
                names = [each.name for each in node.names]
            case ast.ImportFrom(module=str(module)):
                names = [module, *(f"{module}.{each.name}" for each in node.names)]
            case _:
                continue
        for name in names:
            first, *rest = name.split(".")
            if first == package.name and rest:
                place = package.joinpath(*rest)
                yield from (
                    each for each in (place.with_suffix(".py"), place / "__init__.py") if each.is_file()
                )
