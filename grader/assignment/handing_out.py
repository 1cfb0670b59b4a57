"""The learners' copy of an assignment: its skeleton, and its notebooks with their checks. Answers stay at home."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.assignment.assignment import Assignment
from grader.errors import AssignmentError
from grader.files import write

_LEFT_OUT = frozenset({"__pycache__", ".pytest_cache", ".ipynb_checkpoints", ".venv", ".DS_Store"})


@dataclass(frozen=True)
class HandedOut:
    """Paths below the copy. `kept`: those that were there already, and are not as the assignment has them."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def hand_out(assignment: Assignment, destination: Path) -> HandedOut:
    """Write the learners' copy into a folder. What is there stays as it is.

    Raises:
        AssignmentError: the assignment gives learners nothing, or the copy would lie in the assignment itself.
    """
    folder = assignment.folder
    if folder is None or not (assignment.declared.skeleton or assignment.declared.notebooks):
        raise AssignmentError(
            f"{assignment.name} gives learners nothing: its assignment.toml names neither skeleton nor notebooks."
        )
    if destination.resolve().is_relative_to(folder.resolve()):
        raise AssignmentError(f"{destination} lies in the assignment itself: name a folder elsewhere.")
    written, kept = [], []
    for name, file in _given(assignment, folder):
        target = destination / name
        content = file.read_bytes()
        if target.is_symlink() or target.exists():
            if target.is_symlink() or not target.is_file() or target.read_bytes() != content:
                kept.append(name)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        write(target, content)
        written.append(name)
    return HandedOut(tuple(written), tuple(kept))


def _given(assignment: Assignment, folder: Path) -> Iterator[tuple[str, Path]]:
    """The skeleton's files at the top, the notebooks in a folder of theirs."""
    for part, top in ((assignment.declared.skeleton, ""), (assignment.declared.notebooks, "notebooks/")):
        place = folder / part if part else None
        for file in sorted(place.rglob("*")) if place else ():
            inside = file.relative_to(place or file)
            if file.is_file() and not file.is_symlink() and not _LEFT_OUT.intersection(inside.parts):
                yield f"{top}{inside.as_posix()}", file
