"""Files of requirements as pip reads them: names and versions are taken, options and paths are noted and ignored.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import posixpath
import re
from collections.abc import Callable, Iterator

from grader.environments.gathering import Gathering, quote, within

_MOST_LINES = 3_000
_OPTION = re.compile(r"(--[a-z][a-z-]*|-[A-Za-z])(?:\s*=\s*|\s*)(.*)", re.DOTALL)
_OPTIONS_OF_ONE = re.compile(r"\s--?[a-z]")
_INCLUDES = {"-r": "requirements", "--requirement": "requirements", "-c": "limits", "--constraint": "limits"}
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz")
_LOCAL = (".", "/", "~", "\\")

# names of files whose packages an app does without
_FOR_DEVELOPERS = re.compile(
    r"(?:^|[-_./])(?:dev|devel|development|tests?|testing|lint|linting|docs?|ci|optional|notebooks?|extras?)(?:[-_./]|$)",
    re.IGNORECASE,
)

Project = Callable[[str], None]


def read_requirements(gathering: Gathering, path: str, project: Project, *, limits: bool = False) -> None:
    """Take the requirements of a file, and of those that it includes from inside the submission.

    Args:
        gathering: what takes them.
        path: of the file, relative to the submission.
        project: reads what a project in a folder of the submission declares.
        limits: whether the file only limits versions of what is asked for elsewhere.
    """
    text = gathering.read(path)
    if text is None:
        return
    with gathering.beside(bool(_FOR_DEVELOPERS.search(path))):
        _read_lines(gathering, path, text, project, limits=limits)


def _read_lines(gathering: Gathering, path: str, text: str, project: Project, *, limits: bool) -> None:
    hashes = False
    for number, line in _lines(text):
        where = f"{path}, line {number}"
        if number > _MOST_LINES:
            gathering.ignore(path, f"what follows line {_MOST_LINES} is ignored.")
            break
        if line.startswith("-"):
            _follow_option(gathering, line, path, where, project)
            continue
        if options := _OPTIONS_OF_ONE.search(line):
            hashes = hashes or "--hash" in line[options.start() :]
            line = line[: options.start()]
        _take(gathering, line.strip(), path, where, project, limits)
    if hashes:
        gathering.ignore(path, "its hashes are ignored; those of the grader's index are checked.")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that say something, continued ones as one, without comments; each with the number of its first."""
    held, first = "", 0
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        first = first or number
        if raw.endswith("\\") and len(held) < 100_000:
            held += raw[:-1] + " "
            continue
        line = re.sub(r"(?:^|(?<=\s))#.*", "", held + raw).strip()
        if line:
            yield first, line
        held, first = "", 0


def _follow_option(gathering: Gathering, line: str, path: str, where: str, project: Project) -> None:
    gathering.declares = True
    match = _OPTION.match(line)
    name, value = (match[1], match[2].strip()) if match else ("the option", "")
    if name in _INCLUDES:
        inner = within(posixpath.dirname(path), value)
        if inner is None or not gathering.holds(inner):
            gathering.ignore(where, f"{name} is ignored: it names no file of the submission.")
            return
        read_requirements(gathering, inner, project, limits=_INCLUDES[name] == "limits")
    elif name in ("-e", "--editable"):
        _visit(gathering, value, path, where, project)
    else:  # its value may be a secret: it isn't quoted
        gathering.ignore(where, f"{name} is ignored; the grader chooses where packages come from.")


def _visit(gathering: Gathering, value: str, path: str, where: str, project: Project) -> None:
    """Read what a project inside the submission declares; its code is not installed."""
    gathering.declares = True
    inner = within(posixpath.dirname(path), value.partition("[")[0])
    if inner is not None and gathering.holds(inner, folder=True):
        gathering.ignore(where, f"{quote(value)} is not installed; only what it declares is read.")
        project(inner)
    else:
        gathering.ignore(where, f"{quote(value)} is ignored: only packages of the index are installed.")


def _take(gathering: Gathering, line: str, path: str, where: str, project: Project, limits: bool) -> None:
    bare = line.partition(";")[0].strip()
    is_place = line.startswith(_LOCAL) or ("://" in line and "@" not in line.partition("://")[0])
    if is_place or (bare.lower().endswith(_ARCHIVES) and "@" not in bare):
        _visit(gathering, bare, path, where, project)
    elif limits:
        _limit(gathering, line, where)
    else:
        gathering.add(line, where)


def _limit(gathering: Gathering, line: str, where: str) -> None:
    """A constraint counts for a package that is asked for by name."""
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]{0,98}", line)
    name = re.sub(r"[-_.]+", "-", match[0]).lower() if match else ""
    if name in gathering.wanted:
        gathering.add(line, where)
    else:
        gathering.ignore(where, f"{quote(line)} is ignored: nothing before it asks for that package.")
