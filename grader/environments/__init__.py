"""The Python that a submission runs with: the lab's own, or one built from what the submission declares.

`read_declaration` reads the submission's files, in a sandbox. `build` gets names and versions alone, from outside; it never sees
the submission, and installs wheels of the machine's index.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Literal

from grader.environments import choosing, undeclared
from grader.environments.building import Built, build, cache
from grader.environments.declaration import Declaration
from grader.environments.reading import read_declaration
from grader.environments.resolving import Unsolvable
from grader.errors import EnvironmentUnavailable, SubmissionError

__all__ = [
    "Built",
    "Choice",
    "Chosen",
    "Declaration",
    "EnvironmentUnavailable",
    "Unsolvable",
    "build",
    "cache",
    "choose",
    "python_for",
    "read_declaration",
]

Choice = Literal["auto", "lab", "submission"]
Builds = Callable[[Declaration], Built]

_MOST_TRIES = 24  # declarations of one submission that the resolver is asked about


@dataclass(frozen=True)
class Chosen:
    """What a submission runs with. `built`: None for the lab's own packages; `declaration`: what was built, then."""

    python: Path
    built: Built | None = None
    declaration: Declaration | None = None


def python_for(root: Path) -> Path:
    """The Python of the environment that a submission declares, built if it is not there yet.

    Raises:
        SubmissionError: it declares nothing.
        EnvironmentUnavailable: what it declares can't be had here.
    """
    return choose(root, "submission", build).python


def choose(
    root: Path,
    choice: Choice,
    builds: Builds,
    app: str | None = None,
    files: Iterable[str] | None = None,
    committed: Callable[[], date | None] = lambda: None,
) -> Chosen:
    """The packages that a submission runs with.

    Args:
        root: the submission, which is read: it belongs into the worker.
        choice: "auto" takes the lab's if they satisfy what the submission declares.
        builds: makes the environment of a declaration, elsewhere.
        app: the file of its app, relative to `root`.
        files: the modules that the app leads to; all, if it is left out.
        committed: the day of the last commit, if there is one; asked for where packages are built.

    Raises:
        SubmissionError: its own packages were asked for, and it declares none.
        EnvironmentUnavailable: what it declares can't be had here.
    """
    if choice == "lab":
        return Chosen(Path(sys.executable))
    declaration = read_declaration(root, PurePosixPath(app).parent.as_posix() if app else ".")
    if choice == "submission":
        if declaration is None:
            raise SubmissionError(
                "--env submission needs a pyproject.toml with dependencies, or a requirements.txt, in the submission."
            )
        return _as_built(builds(declaration), declaration)
    if declaration is None:
        return _assumed(root, choosing.find_imports(root, files), builds, committed)
    modules = choosing.find_imports(root, files)
    declaration = undeclared.also_named(root, modules, declaration)
    if not choosing.find_unsatisfied(declaration):
        return Chosen(Path(sys.executable))
    wanted = choosing.trim(declaration, modules)
    if not choosing.find_unsatisfied(wanted):
        return Chosen(Path(sys.executable), declaration=wanted)
    return _built_somehow(choosing.as_of(wanted, committed()), modules, builds)


def _assumed(
    root: Path, modules: frozenset[str], builds: Builds, committed: Callable[[], date | None]
) -> Chosen:
    """What the code of a submission that declares nothing imports; the lab's packages where that can't be had."""
    assumed = undeclared.assumed(root, modules)
    if assumed is None:
        return Chosen(Path(sys.executable))
    wanted = choosing.as_of(assumed, committed())
    if not wanted.before and not choosing.find_unsatisfied(wanted):
        return Chosen(Path(sys.executable))
    try:
        return _built_somehow(wanted, modules, builds)
    except EnvironmentUnavailable:
        return Chosen(Path(sys.executable))


def _built_somehow(wanted: Declaration, modules: frozenset[str], builds: Builds) -> Chosen:
    for _ in range(_MOST_TRIES):
        try:
            return _as_built(builds(wanted), wanted)
        except Unsolvable as error:
            other = choosing.revise(wanted, str(error), modules)
            if other is None or other == wanted:
                other = choosing.without_unbuilt(wanted, str(error), modules)
            if other is None:
                raise
            wanted = other
    return _as_built(builds(wanted), wanted)


def _as_built(built: Built, declaration: Declaration) -> Chosen:
    return Chosen(built.python, built, declaration)
