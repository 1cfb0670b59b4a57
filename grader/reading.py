"""Parses a submission's texts as Python, TOML or JSON, within bounds.

Whatever such a text holds, reading it ends soon, takes little memory, and raises one exception: `Unreadable`. What comes
back is no deeper and no larger than the bounds here say, so that code that walks it may recurse.
"""

import ast
import json
import math
import os
import stat
import sys
import tomllib
import warnings
from pathlib import Path, PurePosixPath
from typing import Any

from classroom.characters import without_half_characters

MAX_PYTHON = 1024 * 1024  # bytes of one module
MAX_TOML = 256 * 1024
MAX_JSON = 8 * 1024 * 1024
MAX_DEPTH = 100  # containers within containers
MAX_PARTS = 300_000  # values in one JSON text
_MOST_DOTS = 2_000_000
_DEEPEST_CODE = 300  # syntax within syntax; each `+` of a long sum is one level
_LARGEST = sys.float_info.max


class Unreadable(ValueError):
    """A text is not what its name says, or goes beyond the bounds; the message says which, in a few words."""


def read_bytes(file: Path, most: int) -> bytes:
    """The content of a plain file.

    Raises:
        Unreadable: it is no plain file (a link, a device, a pipe), larger than `most` bytes, or can't be read.
    """
    flags = (
        os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    try:
        if not stat.S_ISREG(os.lstat(file).st_mode):
            raise Unreadable("it is no plain file")
        with os.fdopen(os.open(file, flags), "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise Unreadable("it is no plain file")
            content = opened.read(most + 1)
    except OSError as error:
        raise Unreadable(error.strerror or "it can't be read") from error
    if len(content) > most:
        raise Unreadable(f"it is larger than {most // 1024} KB")
    return content


def read_text(file: Path, most: int) -> str:
    """The content of a plain file, which must be UTF-8.

    Raises:
        Unreadable: as for `read_bytes`, or the bytes are no text.
    """
    try:
        return read_bytes(file, most).decode()
    except UnicodeDecodeError as error:
        raise Unreadable("it is not UTF-8 text") from error


def parse_python(text: str) -> ast.Module:
    """The syntax tree of a module. Nothing is run; warnings about its code are not printed.

    Raises:
        Unreadable: it is not Python that this interpreter reads, or its expressions are nested too deeply.
    """
    if len(text) > MAX_PYTHON:
        raise Unreadable(f"it is larger than {MAX_PYTHON // 1024} KB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise Unreadable("it is not Python") from error
    except (RecursionError, MemoryError) as error:
        raise Unreadable("its code is nested too deeply") from error
    _check_tree(tree)
    return tree


def _check_tree(tree: ast.AST) -> None:
    level: list[ast.AST] = [tree]
    for _ in range(_DEEPEST_CODE):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise Unreadable("its code is nested too deeply")


def parse_toml(text: str) -> dict[str, Any]:
    """A TOML document.

    Raises:
        Unreadable: it is none, or it is nested too deeply, or too large.
    """
    if len(text) > MAX_TOML:
        raise Unreadable(f"it is larger than {MAX_TOML // 1024} KB")
    # the parser keeps every beginning of a dotted key: what it takes grows with the square of the parts
    if sum(line.count(".") ** 2 for line in text.split("\n")) > _MOST_DOTS:
        raise Unreadable("it has keys of too many parts")
    try:
        table = tomllib.loads(text)
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"it is not valid TOML: {str(error)[:200]}") from error
    except (RecursionError, MemoryError) as error:
        raise Unreadable("it is nested too deeply") from error
    _check_bounds(table)
    return table


def parse_json(content: bytes | str, *, most: int = MAX_JSON, parts: int = MAX_PARTS) -> Any:
    """A JSON value: every number is finite, and no text holds half of a surrogate pair.

    Raises:
        Unreadable: it is none, or larger than `most` bytes, or of more values than `parts`, or nested too deeply.
    """
    if len(content) > most:
        raise Unreadable(f"it is larger than {most // 1024} KB")
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        if sum(map(text.count, ",[{")) > 2 * parts:
            raise Unreadable(f"it has more than {parts} parts")
        value = json.loads(text, parse_float=_finite, parse_constant=_refuse)
    except Unreadable:
        raise
    except ValueError as error:
        raise Unreadable("it is not JSON") from error
    except (RecursionError, MemoryError) as error:
        raise Unreadable("it is nested too deeply") from error
    _check_bounds(value, parts)
    # the escape is the only way in for half of a pair, unless the text was decoded carelessly
    return without_half_characters(value) if "\\ud" in text.lower() or not _is_whole(text) else value


def _is_whole(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else math.copysign(_LARGEST, number)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _check_bounds(value: Any, most: int = MAX_PARTS) -> None:
    level, parts = [value], 0
    for _ in range(MAX_DEPTH + 1):
        parts += len(level)
        if parts > most:
            raise Unreadable(f"it has more than {most} parts")
        level = [
            child
            for each in level
            if isinstance(each, (dict, list))
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise Unreadable("it is nested too deeply")


def show_name(path: Path | PurePosixPath | str) -> str:
    """A file's name as text: bytes that are no text are shown as \\xNN."""
    name = path.as_posix() if isinstance(path, (Path, PurePosixPath)) else path
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_text(path: Path | PurePosixPath) -> bool:
    """Whether a file's name is text; on Linux it may be any bytes."""
    try:
        path.as_posix().encode()
    except UnicodeEncodeError:
        return False
    return True


def inside(root: Path, name: str) -> Path | None:
    """The place in a folder that a relative path names; None if it leads out, or through a link.

    What lies outside the folder is not looked at, so that the answer tells nothing of it.
    """
    if "\\" in name or ":" in name or name.startswith("/") or any(not char.isprintable() for char in name):
        return None
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    place = root
    try:
        for part in parts:
            place = place / part
            if place.is_symlink():
                return None
    except OSError:  # a name longer than any file's
        return None
    return place
