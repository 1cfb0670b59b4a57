"""How a submission's own files start it: the `module:attribute` in its Dockerfile, Procfile, README or script."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

from grader import reading

_MOST_FILES = 60
_LARGEST = 256 * 1024  # bytes of one file
_NAMES = re.compile(
    r"(?i)(?:.*Dockerfile.*|Procfile|Makefile|justfile|.*\.(?:md|rst|sh|ya?ml|toml|json|ini|cfg|bat|ps1)|run\.py|main\.py|app\.py|server\.py|manage\.py)"
)
_SERVERS = r"uvicorn|gunicorn|hypercorn|daphne|granian|waitress-serve|flask"
_COMMAND = re.compile(
    rf"\b(?:{_SERVERS})\b[^\n;|&]{{0,200}}?[\s\"'=]([A-Za-z_][\w.]*):([A-Za-z_]\w*)(?![\w/:])"
)

_RUNS = re.compile(r"\bpython[\d.]*[\s\"',]+(?:-u[\s\"',]+)?([\w./-]{1,200}\.py)\b")


def named_scripts(root: Path) -> frozenset[str]:
    """The scripts that commands run, as they are written there."""
    return frozenset(name.removeprefix("./") for text in _texts(root) for name in _RUNS.findall(text))


def named_apps(root: Path) -> frozenset[tuple[str, str]]:
    """The apps that commands name: module and attribute."""
    return frozenset(named for text in _texts(root) for named in _COMMAND.findall(text))


def _texts(root: Path) -> Iterator[str]:
    for file in islice(_files(root), _MOST_FILES):
        try:
            yield reading.read_bytes(file, _LARGEST).decode("utf-8", "replace")
        except reading.Unreadable:
            continue


def _files(root: Path) -> Iterator[Path]:
    """The likely files, those nearest to the top first."""
    named = (file for file in root.rglob("*") if _NAMES.fullmatch(file.name) and file.is_file())
    kept = (file for file in named if "node_modules" not in file.parts)
    return iter(sorted(kept, key=lambda file: (len(file.relative_to(root).parts), file.as_posix())))


def is_named(module_file: PurePosixPath, attribute: str, named: frozenset[tuple[str, str]]) -> bool:
    """Whether a command names the app of a module's file, from whatever folder the command is run."""
    parts = module_file.with_suffix("").parts
    parts = parts[:-1] if parts and parts[-1] == "__init__" else parts
    names = {".".join(parts[start:]) for start in range(len(parts))}
    return any(module in names and attribute == each for module, each in named)
