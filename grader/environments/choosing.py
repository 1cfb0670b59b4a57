"""Chooses a submission's packages when no option does: the lab's if they satisfy its declaration, otherwise its own.

Pure reading of the submission and of this interpreter's own packages: it belongs into the worker.
"""

import functools
import platform
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from importlib import metadata
from itertools import islice
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from grader import reading
from grader.environments import classroom
from grader.environments.declaration import MOST_IGNORED, Declaration, canonical, declare, readable

_MOST_FILES = 2_000
_LEAST_NAME = 5  # letters of a part of a package's name that may be a module's
_EARLIEST, _LONG_AGO = date(2015, 1, 1), timedelta(days=120)
_IMPORT = re.compile(r"^[ \t]*(?:import[ \t]+([\w., \t]+)|from[ \t]+(\w+)[\w.]*[ \t]+import)", re.MULTILINE)
_FIXTURES = re.compile(r"\b(?:openai_mock|s3_mock|s3_bucket)\b")
_TEST = re.compile(
    r"(?:^|/)(?:(?:conftest|test_[^/]*|[^/]*_test)\.py$|tests?/)"
)  # fixtures are beside the tests
_MOST_NOTEBOOKS = 60
# what a suite may need although nothing imports it
_RUNS_TESTS = re.compile(r"pytest(?:-.*)?|coverage|tox|nox|respx|responses")
_UNBUILT = re.compile(
    r"(?<![\w-])([a-z0-9][a-z0-9._-]{0,98}?)(?:[=<>~!][^\s]*)? ha(?:s|ve) no (?:usable )?wheels"
)
_TYPES_ALONE = re.compile(r"types-.*|.*-stubs")
# the same modules, under the name of a package that has wheels
NEAREST = "it ran with a later version that has one."
_WITH_WHEELS = {"psycopg2": "psycopg2-binary"}


def find_imports(root: Path, files: Iterable[str] | None = None) -> frozenset[str]:
    """The top-level names that modules of a submission import; `classroom` also where a suite uses its fixtures.

    `files`: which modules, relative to `root`, beside its tests and notebooks; all of them if it is left out.
    """
    wanted = None if files is None else frozenset(files)
    found: set[str] = set()
    for file in islice(root.rglob("*.py"), _MOST_FILES):
        name = file.relative_to(root).as_posix()
        if wanted is not None and name not in wanted and not _TEST.search(name):
            continue
        try:
            text = reading.read_bytes(file, reading.MAX_PYTHON).decode("utf-8", "replace")
        except reading.Unreadable:
            continue
        found |= _names_imported(text)
        if _FIXTURES.search(text):
            found.add("classroom")
    for file in islice(root.rglob("*.ipynb"), _MOST_NOTEBOOKS):
        found |= _names_imported(_code_of_notebook(file))
    return frozenset(found)


def _names_imported(text: str) -> set[str]:
    found: set[str] = set()
    for plain, source in _IMPORT.findall(text):
        names = [source] if source else [part.split()[0] for part in plain.split(",") if part.split()]
        found.update(each.partition(".")[0] for each in names)
    return found


def _code_of_notebook(file: Path) -> str:
    """The code cells of a notebook, one after the other; nothing if it can't be read."""
    try:
        notebook = reading.parse_json(reading.read_bytes(file, reading.MAX_JSON))
    except reading.Unreadable:
        return ""
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    sources = [
        cell.get("source")
        for cell in (cells if isinstance(cells, list) else [])
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]
    return "\n".join(
        "".join(str(line) for line in source) if isinstance(source, list) else str(source)
        for source in sources
    )


def may_be_imported(package: str, modules: Iterable[str], others: Iterable[str] = ()) -> bool:
    """Whether one of some modules may be a package's: it has the package's name, or one that is known to be its.

    `others`: the names of packages that are asked for as well; a module of such a name is theirs.
    """
    plain = re.sub(r"^python-|^py-?(?=\w{3})|-python$|-binary$|\d$", "", package).replace("-", "")
    names = {plain, package.replace("-", "")}
    first, *rest = package.split("-")
    if first not in others:
        names.add(first)  # one of many that share a namespace, such as google-…
    # what extends another package is often named after both, such as django-…
    names.update(part for part in rest if len(part) >= _LEAST_NAME and part not in others)
    listed = list(modules)
    if any(module.lower().replace("_", "") in names for module in listed):
        return True
    return any(package in owners().get(module, ()) for module in listed)


@functools.cache
def owners() -> dict[str, frozenset[str]]:
    """Of this interpreter's modules, the packages that they belong to."""
    listed = metadata.packages_distributions()
    return {module: frozenset(map(canonicalize_name, packages)) for module, packages in listed.items()}


_FOR_DEVELOPERS = re.compile(r"(?i)dev|test|doc|lint|type|ci|build|release|bench")  # in the name of an extra


@functools.cache
def _loaded_by(package: str, depth: int = 2) -> frozenset[str]:
    """The packages that one may load although nobody imports them by name: those of its extras, and of what it needs.

    As far as this interpreter has the package: what FastAPI reads forms with is in its extra "all".
    """
    try:
        wanted = [Requirement(text) for text in metadata.requires(package) or ()]
    except (metadata.PackageNotFoundError, InvalidRequirement, ValueError):
        return frozenset()
    found: set[str] = set()
    for each in wanted:
        extra = re.search(r"extra == ['\"]([^'\"]+)", str(each.marker or ""))
        if extra is None and depth > 0:
            found |= _loaded_by(str(canonicalize_name(each.name)), depth - 1)
        elif extra is not None and not _FOR_DEVELOPERS.search(extra[1]):
            found.add(str(canonicalize_name(each.name)))
    return frozenset(found)


def trim(declaration: Declaration, modules: frozenset[str]) -> Declaration:
    """A declaration without what only its developers need: formatters, linters, documentation.

    Another Python than this one is noted, and tried all the same: most code runs.
    """
    others = _names(declaration)
    loaded = frozenset[str]().union(*(_loaded_by(name) for name in others - set(declaration.optional)))
    idle = [
        name
        for name in declaration.optional
        if not (
            _RUNS_TESTS.fullmatch(name)
            or name == classroom.NAME
            or name in loaded
            or may_be_imported(name, modules, others)
        )
        or _TYPES_ALONE.fullmatch(name)
    ]
    kept = declaration.without(idle, "only its developers need it.") if idle else declaration
    ignored = list(kept.ignored)
    if other_python(declaration):
        ignored.insert(
            0, f"It asks for Python {declaration.python}; it ran with {platform.python_version()}."
        )
    requirements = list(kept.requirements)
    optional = set(kept.optional)
    if "classroom" in modules:
        requirements.append(classroom.NAME)
    if "asyncpg" in _names(declaration):
        requirements.append("aiosqlite")  # where a file has to do for the database
        optional.add("aiosqlite")
    if any("redis" in name for name in _names(declaration)):
        requirements.append("fakeredis[lua]")  # one in memory does for the server
        optional.add("fakeredis")
    return declare(requirements, None, ignored, optional, declaration.limits)


def _names(declaration: Declaration) -> frozenset[str]:
    return frozenset(str(canonicalize_name(Requirement(text).name)) for text in declaration.requirements)


def other_python(declaration: Declaration) -> bool:
    """Whether it asks for another Python than the one that is here."""
    return declaration.python is not None and not SpecifierSet(declaration.python).contains(
        platform.python_version(), prereleases=True
    )


def as_of(declaration: Declaration, day: date | None) -> Declaration:
    """A declaration with the versions that its author could have had on the day of the last commit, where that is long ago.

    What a declaration leaves open was no question to its author; since then, packages changed that need each other.
    """
    if day is None or not _EARLIEST <= day <= date.today() - _LONG_AGO:
        return declaration
    before = (day + timedelta(days=2)).isoformat()
    note = f"Versions that were published after its last commit ({day.isoformat()}) are left out where others fit."
    return declaration.model_copy(
        update={"before": before, "ignored": (*declaration.ignored, note)[:MOST_IGNORED]}
    )


def find_unsatisfied(declaration: Declaration) -> tuple[str, ...]:
    """What of a declaration this interpreter's own packages do not satisfy."""
    return tuple(text for text in declaration.applying() if not _is_satisfied(Requirement(text), set()))


def _is_satisfied(requirement: Requirement, seen: set[str]) -> bool:
    name = canonicalize_name(requirement.name)
    if name == classroom.NAME:
        return True
    try:
        found = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        return False
    if not requirement.specifier.contains(found.version, prereleases=True):
        return False
    key = f"{name}[{','.join(sorted(requirement.extras))}]"
    if key in seen or not requirement.extras:
        return True
    seen.add(key)
    return all(_is_satisfied(each, seen) for each in _of_extras(found, requirement.extras))


def _of_extras(found: metadata.Distribution, extras: Iterable[str]) -> Iterator[Requirement]:
    """What the extras of an installed package ask for here."""
    for text in found.requires or ():
        try:
            each = Requirement(text)
        except InvalidRequirement:
            continue
        if each.marker and any(
            each.marker.evaluate({"extra": extra}) and not each.marker.evaluate({"extra": ""})
            for extra in extras
        ):
            yield each


def revise(declaration: Declaration, sentence: str, modules: frozenset[str]) -> Declaration | None:
    """Another declaration where the resolver found none that fits, in its own words; None if there is none.

    A package that the resolver complains of is left to the resolver, if nothing imports it: a list that another
    machine froze has packages that only that machine needs. One without wheels gives way to its twin that has some, or to
    a later version.
    """
    names = _names(declaration)
    named = {name for name in names if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", sentence)}
    for name in named & _WITH_WHEELS.keys():
        twin = [
            text.replace(name, _WITH_WHEELS[name], 1)
            for text in declaration.requirements
            if canonicalize_name(Requirement(text).name) == name
        ]
        without = declaration.without([name], f"{_WITH_WHEELS[name]} is the same, as a wheel.")
        return declare(
            [*without.requirements, *twin], None, without.ignored, without.optional, without.limits
        ).model_copy(update={"before": declaration.before, "absent": declaration.absent})
    idle = sorted(name for name in named if not may_be_imported(name, modules, names))
    if idle:
        return declaration.without(idle, readable("it does not fit here, and nothing imports it."))
    return _relaxed(declaration, {name for name in named if _has_no_wheel(name, sentence)})


def without_unbuilt(declaration: Declaration, sentence: str, modules: frozenset[str]) -> Declaration | None:
    """The same without packages that have no wheels, whoever asks for them; None if there is none that nothing imports.

    Most work does without the one that somebody else asks for; where it does not, the start will say so.
    """
    others = _names(declaration)
    found = {str(canonicalize_name(name)) for name in _UNBUILT.findall(sentence)} - {*declaration.absent}
    named = {name for name in found if not may_be_imported(name, modules, others)}
    if not named:
        return None
    left = declaration.without(named & _names(declaration), "it has no wheel, and the grader builds nothing.")
    return left.model_copy(update={"absent": tuple(sorted({*declaration.absent, *named}))})


def _has_no_wheel(name: str, sentence: str) -> bool:
    return (
        re.search(
            rf"(?<![\w-]){re.escape(name)}(?:[=<>~!][^\s]*)? ha(?:s|ve) no (?:usable )?wheels", sentence
        )
        is not None
    )


def _relaxed(declaration: Declaration, names: set[str]) -> Declaration | None:
    """With a later version, within the same first number, of packages whose version has no wheel."""
    kept, notes = [], []
    for text in declaration.requirements:
        asked = Requirement(text)
        least = _least(asked.specifier) if canonicalize_name(asked.name) in names else None
        if least is not None:
            later = SpecifierSet(f">={least},<{least.major + 1}")
            if later != asked.specifier:
                notes.append(f"{asked.name} has no wheel for {asked.specifier}: {NEAREST}")
                asked.specifier = later
        kept.append(canonical(str(asked)))
    if not notes:
        return None
    return declare(
        kept, None, [*notes, *declaration.ignored], declaration.optional, declaration.limits
    ).model_copy(update={"before": declaration.before, "absent": declaration.absent})


def _least(specifier: SpecifierSet) -> Version | None:
    """The version that a requirement begins with; None if it does not say."""
    found = [
        Version(each.version)
        for each in specifier
        if each.operator in ("==", "~=", ">=") and "*" not in each.version
    ]
    return min(found, default=None)
