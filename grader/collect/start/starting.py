"""How to start an app: its variables and folder, and what to change when a start fails.

A person who starts somebody's app reads what it says, sets the variable that it asks for, or goes to the folder that it
needs, and tries again. So does this: it never changes code, and gives up when nothing new can be tried.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from grader.collect.code import accounts
from grader.collect.code.accounts import Account
from grader.collect.code.deployment import read_deployment
from grader.collect.code.env_files import EnvFiles, read_env_files
from grader.collect.code.guards import Guard, read_guards
from grader.collect.code.meanings import (
    Places,
    guess_value,
    in_place_of_a_server,
    leads_to_a_stand_in,
    shared_secret,
    sure,
)
from grader.collect.code.reaching import Reach
from grader.collect.code.variables import Variable, read_variables
from grader.collect.exchange.presenting import Presented, satisfy_guards
from grader.collect.start.start_failure import Frame, StartFailure

MOST_STARTS = 12
_PATH = re.compile(r"['\"]([\w.][\w./ -]{0,200})['\"]")
_OPENED = re.compile(
    r"(?:directory\s*=|open\(|Path\(|FileResponse\(|Templates\(|StaticFiles\(|env_file\s*=|read_csv\()\s*f?['\"](\w[\w./-]{0,200})['\"]"
)
_ASYNCHRONOUS = re.compile(r"create_async_engine|asyncpg|aiosqlite|AsyncEngine")
_DJANGO = re.compile(r"\bINSTALLED_APPS\b")
_NO_HOSTS = re.compile(r"ALLOWED_HOSTS\s*=\s*\[\s*\]")
_MISSING = re.compile(r"No module named '([\w.]+)'")
_NO_FOLDER = re.compile(
    r"[Dd]irectory:? ['\"](?P<folder>[\w.][\w./ -]{0,200})['\"] does not exist"
)  # Starlette's words
_NO_FILE = ("FileNotFoundError", "NotADirectoryError", "TemplateNotFound")


@dataclass
class StartPlan:
    """One way to start an app, changed after each failed try.

    `environment`: beside the contract's. `unknown`: variables that a start needs and that nothing here can guess.
    `deployed`: those of `environment` without which it may start as well: what the author's container sets and no code of
    the submission reads, and files in the place of a server. `guards`: comparisons of the app's own with what callers bring; `shared`: what satisfies them, by
    variable. `env_files`: files with variables that the code reads. `files`: the modules that the app leads to. `folders`: empty ones
    that the app expects, and that are made for it.
    """

    root: Path
    target: str
    pythonpath: tuple[Path, ...]
    cwd: Path
    places: Places
    own: Mapping[str, str]
    variables: Mapping[str, Variable] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    unknown: list[Variable] = field(default_factory=list)
    deployed: frozenset[str] = frozenset()
    guards: tuple[Guard, ...] = ()
    shared: Mapping[str, str] = field(default_factory=dict)
    env_files: EnvFiles = field(default_factory=EnvFiles)
    files: frozenset[str] = frozenset()
    folders: tuple[Path, ...] = ()
    _reach: Reach | None = None
    _tried_folders: set[Path] = field(default_factory=set)

    def revise(self, failure: StartFailure | None) -> bool:
        """Change what the failure asks for; False if there is nothing else to try."""
        if failure is None or not failure.exception:
            return False  # what hangs asks for nothing
        return (
            self._add_folder_of_module(failure)
            or self._change_folder(failure)
            or self._make_folder(failure)
            or self._add_variables(failure)
            or self._leave_out_deployed()
        )

    def presented(self, document: Mapping[str, Any]) -> Presented:
        """What goes with every request, so that the guards let it in."""
        return satisfy_guards(self.guards, self.shared, document)

    def shown_accounts(self) -> list[Account]:
        """Names and passwords that its variables and its code show."""
        return [
            *accounts.of_variables(self.variables, {**self.own, **self.environment}),
            *accounts.of_code(self.root, self.files),
        ]

    def missing_module(self, failure: StartFailure) -> tuple[str, bool] | None:
        """A module that is not there: its name, and whether it would be the submission's own."""
        match = _MISSING.search(failure.message) if failure.exception == "ModuleNotFoundError" else None
        return (match[1], self.reach.is_own(match[1])) if match else None

    @property
    def has_other_database(self) -> bool:
        """Whether a file was offered in the place of the database that the code expects."""
        return self.places.database in self.environment.values()

    @property
    def reach(self) -> Reach:
        """The submission's modules."""
        if self._reach is None:
            self._reach = Reach(self.root)
        return self._reach

    def _add_folder_of_module(self, failure: StartFailure) -> bool:
        missing = self.missing_module(failure)
        if missing is None or not missing[1]:
            return False
        for name in self.reach.folders_of(missing[0]):
            folder = self.root / name
            if folder not in self.pythonpath:
                self.pythonpath = (*self.pythonpath, folder)
                return True
        return False

    def _change_folder(self, failure: StartFailure) -> bool:
        """To where a file is that was not found."""
        if failure.exception not in _NO_FILE and "does not exist" not in failure.message:
            return False
        self._tried_folders.add(self.cwd)
        for path in _PATH.findall(failure.message):
            for folder in _folders(self.root, self.pythonpath):
                if folder not in self._tried_folders and (folder / path).exists():
                    self.cwd = folder
                    return True
        return False

    def _make_folder(self, failure: StartFailure) -> bool:
        """An empty one that it begins with, which git can't keep: its author has it, and its container mounts it."""
        missing = _NO_FOLDER.search(failure.message)
        if missing is None:
            return False
        folder = Path(os.path.normpath(self.cwd / missing["folder"]))
        if folder in self.folders or not folder.is_relative_to(self.root) or os.path.lexists(folder):
            return False
        self.folders = (*self.folders, folder)
        return True

    def _leave_out_deployed(self) -> bool:
        """What is set for a library in a container may be of no use outside one."""
        left_out, self.deployed = self.deployed, frozenset()
        for name in left_out:
            del self.environment[name]
        return bool(left_out)

    def _add_variables(self, failure: StartFailure) -> bool:
        """Those that the failure names, or else those that its lines read; all that are needed, if it names none."""
        missing = [
            one
            for name, one in self.variables.items()
            if name not in self.environment and name not in self.own
        ]
        for wanted in (
            _named_in(missing, failure.message),
            _read_at(missing, failure.own),
            [one for one in missing if one.needed],
        ):
            added = False
            for one in wanted:
                value = guess_value(one, self.places)
                if value is None:
                    if one not in self.unknown:
                        self.unknown.append(one)
                elif self.environment.get(one.name) != value:
                    self.environment[one.name] = value
                    added = True
            if added:
                return True
        return False


def plan(
    root: Path,
    target: str,
    pythonpath: tuple[Path, ...],
    file: str | None,
    folder: str,
    places: Places,
    own: Mapping[str, str],
    *,
    guarded: bool = True,
) -> StartPlan:
    """The first way to start an app.

    Args:
        root: the submission.
        target: `module:attribute`.
        pythonpath: the folders to import from.
        file: of the app's module, relative to `root`; None if it is not known.
        folder: where the manifest has it run, relative to `root`; "." lets the code decide.
        places: where the stand-ins are.
        own: the variables that are set in any case.
        guarded: whether to satisfy guards of the app's own; not where the manifest says what to send.
    """
    made = StartPlan(root, target, pythonpath, root / folder, places, own)
    files = made.files = made.reach.files_of(root / file) if file else frozenset[str]()
    if made.reach.mentions(files, _ASYNCHRONOUS):
        made.places = replace(places, database=places.database.replace("sqlite:", "sqlite+aiosqlite:", 1))
    deployment = read_deployment(root, file)
    shown = {**deployment.examples, **deployment.container}
    made.variables = {
        name: one if one.example else replace(one, example=shown.get(name, ""))
        for name, one in read_variables(root, files).items()
    }
    if folder == "." and file:
        made.cwd = _likely_folder(root, pythonpath, (root / file).parent, files)
    for name, one in made.variables.items():
        value = sure(one, made.places)
        if value is not None and name not in own and not (_is_azure(one) and _has_plain_key(made.variables)):
            made.environment[name] = value
    if guarded:
        _satisfy_guards(made, files)
    made.env_files = read_env_files(root, files)
    unread = {
        name: value
        for name, value in deployment.container.items()
        if name not in made.variables and name not in own and not leads_to_a_stand_in(name, made.places)
    }
    files_for_servers = {
        name: value
        for name, one in made.variables.items()
        if name not in made.environment
        and name not in own
        and (value := in_place_of_a_server(one, made.places))
    }
    shown_on = _debugging(made, files)
    made.environment |= unread | files_for_servers | shown_on
    made.deployed = frozenset(unread | files_for_servers | shown_on)
    return made


def _debugging(made: StartPlan, files: frozenset[str]) -> dict[str, str]:
    """What a Django project needs to answer at all, though it starts without: its secret, and debugging where it names no host.

    Its author has both in a file that git leaves out; an example of the submission's says what is in there, if there is one.
    """
    is_django = made.reach.mentions(files, _DJANGO)
    names_no_host = made.reach.mentions(files, _NO_HOSTS)
    found = {}
    for name, one in made.variables.items():
        if is_django and one.identifier == "SECRET_KEY" and one.needed and name not in made.own:
            found[name] = guess_value(one, made.places) or name
        if names_no_host and "DEBUG" in f"{name} {one.identifier}".upper():
            if one.example.lower() in ("on", "true", "1", "yes"):
                found[name] = one.example
            elif is_django and not one.example:
                found[name] = "1" if one.kind.startswith("int") else "True"
    return found


def _satisfy_guards(made: StartPlan, files: frozenset[str]) -> None:
    """Set the variables that callers have to know; one with a default keeps it."""
    shared: dict[str, str] = {}
    guards = read_guards(made.root, sorted(files), made.variables)
    for name in (guard.variable for guard in guards):
        one = made.variables[name]
        values = shared_secret(one, made.places)
        if values is None or name in made.environment:
            continue
        if name in made.own:
            shared[name] = made.own[name]
        elif one.default:
            shared[name] = one.default.partition(",")[0].strip()
        else:
            made.environment[name], shared[name] = values
    made.guards, made.shared = guards, shared


def _is_azure(variable: Variable) -> bool:
    return "AZURE" in variable.name.upper() and not variable.needed


def _has_plain_key(variables: Mapping[str, Variable]) -> bool:
    return "OPENAI_API_KEY" in variables


def _folders(root: Path, pythonpath: Iterable[Path]) -> Iterable[Path]:
    yield from dict.fromkeys((root, *(each for each in pythonpath if each.is_relative_to(root))))


def _likely_folder(root: Path, pythonpath: tuple[Path, ...], own: Path, files: frozenset[str]) -> Path:
    """The folder from which most of the files are there that the code opens by a relative name; the top, if none is."""
    named: set[str] = set()
    for file in files:
        try:
            named |= set(_OPENED.findall((root / file).read_text(encoding="utf-8", errors="replace")))
        except OSError:
            continue
    best, most = root, 0
    # where several have them, it is the one that the app is imported from: its author goes there
    bases = (each for each in pythonpath if each.is_relative_to(root) and each.name != "src")
    for folder in dict.fromkeys((*bases, *_folders(root, pythonpath), own)):
        there = sum((folder / name).exists() for name in named if ".." not in PurePosixPath(name).parts)
        if there > most:
            best, most = folder, there
    return best


def _named_in(variables: Iterable[Variable], message: str) -> list[Variable]:
    """The variables whose name, or the name of whose field, is a word of a message."""
    words = set(re.findall(r"\w+", message))
    fields = {line.strip() for line in message.splitlines() if re.fullmatch(r"[\w.]+", line.strip())}
    fields |= {each.rpartition(".")[2] for each in fields}
    return [one for one in variables if one.name in words or (one.identifier and one.identifier in fields)]


def _read_at(variables: Iterable[Variable], frames: tuple[Frame, ...]) -> list[Variable]:
    """The variables that the failing line reads, or whose value it uses; the innermost line that has any."""
    listed = list(variables)
    for frame in reversed(frames):
        words = set(re.findall(r"\w+", frame.source))
        found = [
            one
            for one in listed
            if one.name in words
            or (one.identifier and one.identifier in words)
            or (one.file == frame.file and one.line == frame.line)
        ]
        if found:
            return found
    return []
