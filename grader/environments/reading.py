"""Finds the files of a submission that declare packages, and reads them. Pure reading: nothing is run or fetched."""

import os
import re
from pathlib import Path, PurePosixPath

from grader.environments.declaration import Declaration
from grader.environments.gathering import Gathering
from grader.environments.projects import ProjectReader
from grader.environments.requirement_files import read_requirements

_DEEPEST = 2  # folders below the submission, if nothing above declares anything
_MOST_FOLDERS = 200
_MOST_ENTRIES = 2_000  # of one folder
_LEFT_OUT = frozenset({"node_modules", "venv", "env", "site-packages", "__pycache__"})
_REQUIREMENTS = re.compile(
    # as people spell it, and without an ending
    r"(?:[\w-]{0,40}[-_.])?requir[a-z]{2,12}(?:[-_.][\w.-]{0,60})?\.(?:txt|in)|requir[a-z]{2,12}",
    re.IGNORECASE,
)


def read_declaration(root: Path, near: str = ".") -> Declaration | None:
    """What the files of a submission declare; None if they declare nothing.

    Read in the folder `near` (of its app, say) and in those above it: what the first of them that declares anything asks
    for is needed, what the others ask for is installed where it fits. If none of them does, in the nearest folders
    below the top that declare anything.
    """
    return _declared_above(root, near) or _declared_below(root)


def _declared_above(root: Path, near: str) -> Declaration | None:
    gathering = Gathering(root)
    reader = ProjectReader(gathering)
    place = PurePosixPath(near)
    for folder in ("." if each == PurePosixPath() else each.as_posix() for each in (place, *place.parents)):
        with gathering.beside(gathering.declares):
            reader.read(folder)
            for path in _entries(root, folder)[1]:
                read_requirements(gathering, path, reader.read)
    return gathering.declaration() if gathering.declares else None


def _declared_below(root: Path) -> Declaration | None:
    folders = ["."]
    for _ in range(_DEEPEST + 1):
        gathering = Gathering(root)
        reader = ProjectReader(gathering)
        below: list[str] = []
        for folder in folders:
            inner, files = _entries(root, folder)
            below += inner
            reader.read(folder)
            for path in files:
                read_requirements(gathering, path, reader.read)
        if gathering.declares:
            return gathering.declaration()
        folders = below[:_MOST_FOLDERS]
    return None


def _entries(root: Path, folder: str) -> tuple[list[str], list[str]]:
    """The folders in a folder, and its files of requirements, the main one first."""
    folders, names = [], []
    prefix = "" if folder == "." else f"{folder}/"
    try:
        with os.scandir(root / folder) as entries:
            for _, entry in zip(range(_MOST_ENTRIES), entries, strict=False):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                elif entry.is_file(follow_symlinks=False):
                    names.append(entry.name)
    except OSError:
        return [], []
    found = [name for name in names if _REQUIREMENTS.fullmatch(name)]
    if prefix.endswith("requirements/"):
        found += [name for name in names if name.endswith(".txt") and name not in found]
    # a file that was compiled from another replaces it
    found = [name for name in found if not (name.endswith(".in") and f"{name[:-3]}.txt" in found)]
    files = [prefix + name for name in sorted(found, key=lambda name: (len(name), name))]
    if "requirements" in folders:
        files += _entries(root, f"{prefix}requirements")[1]
    kept = sorted(name for name in folders if not name.startswith(".") and name not in _LEFT_OUT)
    return [prefix + name for name in kept], files
