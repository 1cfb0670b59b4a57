"""How the author runs the tests: read from a CI step, a Makefile, tox, nox or a script.

Nothing here is run. What is found becomes arguments of pytest, in the folder where the author calls it; what the tests need
beside pytest (databases, containers) is not started.
"""

import re
import shlex
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from grader import reading
from grader.collect.code.ci_files import ci_files
from grader.collect.code.django_suite import DjangoSuite, asked_of_django

_LARGEST = 256 * 1024  # bytes of a file that is read
_MOST_LINES = 4_000
_MOST_FILES = 40
_DEEPEST = 5  # scripts that call scripts
_LOCAL = (
    "Makefile",
    "makefile",
    "justfile",
    "tox.ini",
    "noxfile.py",
    "run.sh",
    "test.sh",
    "run_tests.sh",
    "runtests.sh",
)
_SCRIPTS = (
    "scripts/*test*",
    "bin/*test*",
    "script/test*",
    "*/Makefile",
    "*/tox.ini",
    "*/run.sh",
    "*/*test*.sh",
)
_ASSIGNMENT = re.compile(r"^([A-Za-z_]\w{0,100})=(.*)$", re.DOTALL)
_SEPARATORS = re.compile(r"&&|\|\||;|\||\n")
_OF_YAML = re.compile(r"^\s*-?\s*(?:run|script|command|sh|commands)\s*:\s*[|>]?[-+]?\s*")
_WORKING = re.compile(r"^\s*working-directory\s*:\s*[\"']?([\w./-]{1,200})")
_RECIPE = re.compile(r"^([\w.-]{1,80})\s*:(?!=)")
# what a command is called through, with the options that these take a value for
_THROUGH = {
    "poetry": ("run",), "uv": ("run",), "pipenv": ("run",), "pdm": ("run",), "hatch": ("run",), "rye": ("run",),
    "pixi": ("run",), "env": (), "time": (), "nice": (), "sudo": (), "exec": (), "xvfb-run": (), "coverage": ("run",),
    "doppler": ("run",), "dotenv": ("run",), "@": (),
}  # fmt: skip
_PYTHON = re.compile(r"^(?:.*/)?python[\d.]*$")
_PYTEST = re.compile(r"^(?:.*/)?(?:pytest|py\.test)$")
_WITH_VALUE = frozenset(
    {"-m", "-k", "--ignore", "--ignore-glob", "--deselect", "--import-mode", "-o", "-c", "--override-ini"}
)
_PATHS = frozenset({"--ignore", "-c", "--deselect"})
_OF_REPORTS = frozenset(("--cov", "--cov-report", "--cov-config", "--junit-xml", "--maxfail", "-n"))
_NOT_SET = frozenset(
    ("PATH", "HOME", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD", "LD_LIBRARY_PATH", "AWS_PROFILE",
     "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
)  # fmt: skip
_FUNCTION = re.compile(r"^(?:function\s+)?([\w:.-]{1,80})\s*(?:\(\)\s*)?\{\s*$")
_ALL_WORDS = re.compile(r"\"?\$(?:@|\{@(?:\}|:-\"?([^\"}]{0,200})\"?\}))\"?")
_IN_A_FOLDER = re.compile(r"^\$(?:\w{1,80}|\{\w{1,80}\})/+(?=.)")  # mostly that of the script
_UNKNOWN = re.compile(r"[$`{}<>]")


@dataclass(frozen=True)
class AuthorRun:
    """One call of pytest.

    Attributes:
        source: the file where it was found, such as "Makefile"; empty if none says how.
        folder: where it is called, relative to the submission.
        arguments: those that choose tests.
        variables: what is set for it.
        django: what Django's runner does first, where that runs the tests.
    """

    source: str = ""
    folder: str = "."
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    django: DjangoSuite | None = None


@dataclass(frozen=True)
class _Place:
    """Where a line of a script is read: its file, the folder that it has gone to, what it has set, and its functions."""

    source: str
    folder: str = "."
    variables: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    depth: int = 0


def leads_to_tests(root: Path, file: Path) -> bool:
    """Whether a CI configuration leads to a call of pytest, through however many scripts."""
    name = file.relative_to(root).as_posix()
    return next(_calls(root, name, _Place(name), ""), None) is not None


def author_run(root: Path) -> AuthorRun:
    """The first call of pytest that the submission's CI leads to; else its Makefile, tox, nox or scripts; else none."""
    of_ci = ci_files(root)
    for files in (of_ci, _files(root, _LOCAL), _files(root, _SCRIPTS)):
        for file in files[:_MOST_FILES]:
            name = file.relative_to(root).as_posix()
            folder = "." if files is of_ci else PurePosixPath(name).parent.as_posix()
            if name.startswith(("scripts/", "bin/", "script/")):
                folder = "."
            found = next(_calls(root, name, _Place(name, folder), _target_of(name)), None)
            if found is not None:
                return found
    return AuthorRun()


def _files(root: Path, patterns: Sequence[str]) -> list[Path]:
    return [file for pattern in patterns for file in sorted(root.glob(pattern)) if file.is_file()]


def _target_of(name: str) -> str:
    return "test" if PurePosixPath(name).name in ("Makefile", "makefile", "justfile") else ""


def _calls(root: Path, name: str, place: _Place, target: str) -> Iterator[AuthorRun]:
    """Each call of pytest that a file leads to. `target`: of a Makefile, the rule that is made."""
    if place.depth > _DEEPEST:
        return
    try:
        text = reading.read_text(root / name, _LARGEST)
    except reading.Unreadable:
        return
    lines = text.replace("\\\n", " ").splitlines()[:_MOST_LINES]
    is_make = name.endswith(("Makefile", "makefile", "justfile"))
    if is_make:
        lines = list(_recipe(lines, target))
    elif not name.endswith((".yml", ".yaml", ".ini", ".py")):
        functions, top = _functions(lines)
        place = replace(place, functions=functions)
        lines = _filled(_chosen(functions, top, target), ())
    elif name.endswith("noxfile.py"):
        lines = [" ".join(_strings(line)) for line in lines if "session.run" in line]
    usual = place
    for number, line in enumerate(lines):
        if name.endswith((".yml", ".yaml")):
            if re.match(r"^\s*-\s", line):  # another step begins where the job does
                place = replace(usual, folder=_working(lines, number) or usual.folder)
            line = _OF_YAML.sub("", line)
        line = re.sub(r"^\s*commands\s*=\s*", "", line).split(" #")[0].strip().lstrip("@-")
        for part in _SEPARATORS.split(line):
            before = place
            place = yield from _command(root, part.strip(), place)
            if is_make and part is _SEPARATORS.split(line)[-1]:
                place = before if before is usual else usual  # each line of a recipe has a shell of its own


def _functions(lines: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The functions of a shell script, and the lines outside them."""
    functions: dict[str, list[str]] = {}
    top: list[str] = []
    into = top
    for line in lines:
        if match := _FUNCTION.match(line):
            into = functions.setdefault(match[1], [])
        elif line.startswith("}"):
            into = top
        else:
            into.append(line)
    return functions, top


def _chosen(functions: Mapping[str, Sequence[str]], top: Sequence[str], target: str) -> list[str]:
    """What a script does when it is called with a word, or with none: a function of that name, or one that tests."""
    if target in functions:
        return list(functions[target])
    if not functions or any("pytest" in line for line in top):
        return list(top)
    testing = sorted((name for name in functions if "test" in name), key=lambda name: (name != "test", name))
    calls = [name for name in testing if any("pytest" in line for line in functions[name])]
    return list(functions[(calls or testing)[0]]) if testing else list(top)


def _filled(lines: Sequence[str], words: Sequence[str]) -> list[str]:
    """The lines of a function with what it was called with."""
    given = shlex.join(words)
    return [_ALL_WORDS.sub(lambda match: given or match[1] or "", line) for line in lines]


def _working(lines: Sequence[str], number: int) -> str:
    """The folder that a step of a workflow names."""
    indent = len(lines[number]) - len(lines[number].lstrip())
    for line in lines[number : number + 40]:
        if found := _WORKING.match(line):
            return found[1]
        if line is not lines[number] and line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
    return ""


def _recipe(lines: Sequence[str], target: str) -> Iterator[str]:
    """The commands of a rule, and of the first rule that is named like it if there is none of that very name."""
    rules = {match[1] for line in lines if (match := _RECIPE.match(line))}
    if target not in rules:
        target = next((rule for rule in sorted(rules) if "test" in rule), "")
    inside = False
    for line in lines:
        if match := _RECIPE.match(line):
            inside = match[1] == target
        elif inside and line[:1] in (" ", "\t"):
            yield line.strip()


def _strings(line: str) -> list[str]:
    return [match[1] or match[2] for match in re.finditer(r"\"([^\"]{0,300})\"|'([^']{0,300})'", line)]


def _command(root: Path, command: str, place: _Place) -> Generator[AuthorRun, None, _Place]:
    """What one command leads to; the place in which the next one is read."""
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        words = command.split()
    variables = dict(place.variables)
    if words[:1] == ["export"]:
        words = words[1:]
    while words and (set_ := _ASSIGNMENT.match(words[0])):
        if set_[1] not in _NOT_SET and not _UNKNOWN.search(set_[2]):
            variables[set_[1]] = set_[2][:1_000]
        words = words[1:]
    if not words:
        return replace(place, variables=variables)
    if words[0] == "cd" and len(words) > 1:
        folder = _joined(place.folder, words[1])
        return replace(place, folder=folder) if (root / folder).is_dir() else place
    words = _without_wrappers(words)
    at = replace(place, variables=variables, depth=place.depth + 1)
    call = next((number for number, word in enumerate(words) if _PYTEST.match(word)), None)
    in_container = words[0] in ("docker", "docker-compose", "podman", "podman-compose")
    if call is not None and (call == 0 or in_container):
        yield AuthorRun(
            place.source, place.folder, tuple(_kept(root, place.folder, words[call + 1 :])), variables
        )
    elif words[0] in place.functions and place.depth < _DEEPEST:
        for line in _filled(place.functions[words[0]], words[1:]):
            for part in _SEPARATORS.split(line.split(" #")[0]):
                at = yield from _command(root, part.strip(), at)
    elif words[:1] == ["unittest"]:
        yield AuthorRun(
            place.source, place.folder, tuple(_of_unittest(root, place.folder, words[1:])), variables
        )
    elif of_django := asked_of_django(root, place.folder, words):
        yield AuthorRun(place.source, place.folder, of_django[1], variables, of_django[0])
    elif words[:1] in (["make"], ["just"]):
        rule = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "test")
        for makefile in ("Makefile", "makefile", "justfile"):
            yield from _calls(root, _joined(place.folder, makefile), at, rule)
    elif words[:1] == ["tox"]:
        yield from _calls(root, _joined(place.folder, "tox.ini"), at, "")
    elif words[:1] == ["nox"]:
        yield from _calls(root, _joined(place.folder, "noxfile.py"), at, "")
    else:
        of_shell = words[0].rpartition("/")[2] in ("bash", "sh", "zsh", "source", ".")
        named = (word for word in words[1:] if not word.startswith("-"))
        script = next(named, "") if of_shell else words[0]
        name = _joined(place.folder, script)
        if re.search(r"/|\.sh$", script) and (root / name).is_file() and not name.endswith(".py"):
            after = words[words.index(script) + 1 :]
            yield from _calls(root, name, at, next(iter(after), ""))
    return place


def _without_wrappers(words: list[str]) -> list[str]:
    """A command without what it is called through: `poetry run`, `python -m`, `coverage run -m`."""
    while words:
        first = words[0]
        if first in _THROUGH and words[1 : 1 + len(_THROUGH[first])] == list(_THROUGH[first]):
            words = words[1 + len(_THROUGH[first]) :]
        elif _PYTHON.match(first) and words[1:2] == ["-m"]:
            words = words[2:]
        elif (
            first in ("-m", "--")
            or (first.startswith("--") and any(map(_PYTEST.match, words)))
            or _ASSIGNMENT.match(first)
        ):
            words = words[1:]
        else:
            return words
    return ["true"]


def _kept(root: Path, folder: str, words: Sequence[str]) -> Iterator[str]:
    """The arguments that choose tests; how they are reported, measured or spread is of no concern here."""
    waiting = list(words)
    while waiting:
        word = _IN_A_FOLDER.sub("", waiting.pop(0))
        name, given, value = word.partition("=")
        if name in _WITH_VALUE:
            value = value if given else (waiting.pop(0) if waiting else "")
            is_there = name not in _PATHS or _is_there(root, folder, value)
            if value and not _UNKNOWN.search(value) and is_there:
                yield from (
                    (name, value)
                    if name.startswith("-") and not name.startswith("--")
                    else (f"{name}={value}",)
                )
        elif word in _OF_REPORTS:
            del waiting[:1]
        elif not word.startswith("-") and not _UNKNOWN.search(word) and _is_there(root, folder, word):
            yield word


def _of_unittest(root: Path, folder: str, words: Sequence[str]) -> Iterator[str]:
    """unittest's arguments as pytest's: https://docs.python.org/3/library/unittest.html#command-line-interface."""
    waiting = [word for word in words if word != "discover"]
    while waiting:
        word = waiting.pop(0)
        name, _, value = word.partition("=")
        if name in ("-s", "--start-directory", "-p", "--pattern", "-t", "--top-level-directory", "-k"):
            value = value or (waiting.pop(0) if waiting else "")
            if name in ("-s", "--start-directory") and _is_there(root, folder, value):
                yield value
            elif name in ("-p", "--pattern") and re.fullmatch(r"[\w.*?-]{1,100}", value):
                yield from ("-o", f"python_files={value}")
        elif not word.startswith("-"):
            path = word if "/" in word else word.replace(".", "/")
            yield from (each for each in (path, f"{path}.py") if _is_there(root, folder, each))


def _is_there(root: Path, folder: str, word: str) -> bool:
    path = (root / folder / word.partition("::")[0]).resolve()
    return path.is_relative_to(root.resolve()) and path.exists()


def _joined(folder: str, name: str) -> str:
    """A path in the submission; parts that lead up are followed, but never out of it."""
    parts: list[str] = []
    for part in PurePosixPath(folder, name.removeprefix("/")).parts:
        if part == "..":
            parts[-1:] = []
        elif part != ".":
            parts.append(part)
    return "/".join(parts) or "."
