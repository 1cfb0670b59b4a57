"""The Python of an assignment's folder: its criteria, and the checks of its notebooks' exercises.

The instructor wrote it, and it is trusted. It is imported where it is read; nothing is written beside it.
"""

import hashlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from grader.criteria import BY_ID, SECTIONS, Criterion
from grader.errors import AssignmentError

if TYPE_CHECKING:
    from classroom.exercises.exercise import Exercise

CRITERIA, CHECKS = "criteria", "checks.py"


def criteria(folder: Path) -> tuple[Criterion, ...]:
    """The criteria of `criteria/*.py`, each module's `CRITERIA`, in the order of the modules' names.

    Raises:
        AssignmentError: a module can't be imported, has no criteria, or one that has another's identifier or needs
            one that doesn't exist.
    """
    place = folder / CRITERIA
    files = sorted(file for file in place.glob("*.py") if not file.name.startswith("_"))
    found: list[Criterion] = []
    with _package(place) as name:
        for file in files:
            module = _imported(f"{name}.{file.stem}", file)
            declared = getattr(module, "CRITERIA", None)
            if declared is None:
                continue  # what other modules share
            if not isinstance(declared, tuple) or not all(isinstance(each, Criterion) for each in declared):
                raise AssignmentError(
                    f"{file}: CRITERIA is not a tuple of criteria. End the module with: CRITERIA = section.criteria"
                )
            found += declared
    _check(found, place)
    return tuple(found)


def exercises(folder: Path) -> Mapping[str, "Exercise"]:
    """The exercises of `checks.py` in a folder of notebooks, by identifier; none if there is no such file.

    Raises:
        AssignmentError: it can't be imported, or has no table of exercises.
    """
    file = folder / CHECKS
    if not file.is_file():
        return {}
    # here: without exercises, a command does without the stand-ins that are behind this
    from classroom.exercises import beside

    try:
        return beside.load(file)
    except beside.ChecksError as error:
        raise AssignmentError(f"{file}: {error}.") from error
    except Exception as error:  # as of a module of criteria
        raise _broken(file, error) from error


def _check(found: list[Criterion], place: Path) -> None:
    if not found:
        raise AssignmentError(f"{place} has no criteria. See docs/authoring.md, step 3.")
    known = set(BY_ID)
    for criterion in found:
        if criterion.id in known:
            owner = "the lab" if criterion.id in BY_ID else "this assignment"
            raise AssignmentError(f"{place}: {owner} has a criterion {criterion.id!r} already.")
        if criterion.section in SECTIONS:
            raise AssignmentError(
                f"{place}: {criterion.id!r} is in the lab's section {criterion.section!r}: give yours another name."
            )
        unknown = next((need for need in criterion.needs if need not in known), None)
        if unknown is not None:
            raise AssignmentError(
                f"{place}: {criterion.id!r} needs {unknown!r}, which is not declared before it."
            )
        known.add(criterion.id)


@contextmanager
def _package(place: Path) -> Iterator[str]:
    """A package of a folder, for as long as its modules are imported: they may import each other by a dot."""
    name = f"assignment_{hashlib.sha256(str(place).encode()).hexdigest()[:16]}"
    package = ModuleType(name)
    package.__path__ = [str(place)]
    sys.modules[name] = package
    importlib.invalidate_caches()
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield name
    finally:
        sys.dont_write_bytecode = before
        for each in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
            del sys.modules[each]


def _imported(name: str, file: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # one sentence reports whatever an instructor's module does wrong
        raise _broken(file, error) from error


def _broken(file: Path, error: Exception) -> AssignmentError:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    where = f", line {line}" if line else ""
    return AssignmentError(f"{file}{where} can't be imported: {type(error).__name__}: {error}")
