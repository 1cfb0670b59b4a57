"""Explains a failed start: the learner's own failure, or what the grader could not provide."""

import platform
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement

from grader import environments
from grader.collect.code.later_python import absent_from_library, unparsed
from grader.collect.code.left_out import find_gitignore
from grader.collect.code.services import REFUSED, SERVICES, UNREACHABLE, missing_sign_in
from grader.collect.code.variables import Variable
from grader.collect.start.start_failure import Frame, StartFailure
from grader.collect.start.starting import StartPlan
from grader.environments import choosing, undeclared
from grader.evidence import StartVerdict
from grader.inside import policy

_HOST = re.compile(
    r"host='([\w.-]+)'|https?://([\w.-]+)|host name \"([\w.-]+)\"|Failed to resolve '([\w.-]+)'"
)
_OF_DATABASES = frozenset(
    {
        "sqlalchemy",
        "sqlmodel",
        "aiosqlite",
        "psycopg",
        "psycopg2",
        "psycopg_pool",
        "asyncpg",
        "tortoise",
        "databases",
    }
    | {"pymysql", "MySQLdb", "aiomysql", "dj_database_url", "peewee"}
)
_WITHOUT = (
    "To have it graded, let it start without {}: connect when it is first used, or take the address from a variable "
    "for which SQLite or memory will do as well, and set it under [tool.lab.env]."
)
_IF_IT_HAS = "If the Python that you use has it, name that version as requires-python in pyproject.toml; if none has, correct the import."
_NOT_FOUND = re.compile(r"No module named '([A-Za-z_][\w.]{0,100})'")
_MOST_MISSING = 20
_ABSOLUTE = re.compile(r"'(/[\w.][^']{0,200})'")
_OURS = (policy.WORK, policy.TEMPORARY, policy.HOME)
_OF_VERSIONS = ("TypeError", "ImportError", "AttributeError", "PydanticUserError", "PydanticImportError")
_PACKAGE = re.compile(r"/site-packages/([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Reason:
    """Why an app did not start, and whose matter it is; `advice`: what to do about it."""

    verdict: StartVerdict
    text: str
    advice: tuple[str, ...] = ()


def explain(
    failure: StartFailure | None, plan: StartPlan, python: Path, lab_python: Path, app: str | None
) -> Reason:
    """The reason for a start that failed for good.

    Args:
        failure: what the log showed.
        plan: the last way in which it was tried.
        python: what it ran with.
        lab_python: the interpreter with the lab's own packages.
        app: the file of its module, relative to the submission.
    """
    if failure is None:
        return Reason("failed", "The app ended while starting. It printed nothing.")
    begin = "did not start" if failure.exception else "did not answer in time"
    sentence = f"The app {begin}: {failure.sentence}"
    return (
        _about_database(failure, plan)
        or _about_module(failure, plan, python == lab_python, app)
        or _of_any(_about_service, failure)
        or _of_any(_about_network, failure)
        or _about_stand_in(failure)
        or _of_any(_about_place, failure)
        or _about_variables(failure, plan)
        or _about_python(failure, plan.root, app)
        or Reason("failed", sentence, _about_versions(failure))
    )


def _about_versions(failure: StartFailure) -> tuple[str, ...]:
    """Advice where packages raise over each other's code, as versions do that do not fit together."""
    met = list(dict.fromkeys(_packages(failure)))
    if failure.exception not in _OF_VERSIONS or not met or failure.frames[-1].own:
        return ()
    return (
        f"The exception comes from inside packages ({', '.join(met[-3:])}), not from your code: the versions that are installed "
        "today may not fit together. Raise the version that you pin, or pin those that it ran with (pip freeze shows them).",
    )


def _about_module(failure: StartFailure, plan: StartPlan, with_lab: bool, app: str | None) -> Reason | None:
    missing = plan.missing_module(failure)
    if missing is None:
        return None
    name, is_own = missing
    where = _place(failure.own)
    if is_own:
        return Reason(
            "failed",
            f"{where} imports {name}, and the submission's own code has no such module.",
            (
                f"Add the file {name.replace('.', '/')}.py, or correct the import; "
                "if it is in a folder that imports do not see, name that folder: [tool.lab] pythonpath.",
            ),
        )
    package = name.partition(".")[0]
    if (ignored := find_gitignore(plan.root, f"{package}.py")) is not None:
        return Reason(
            "failed",
            f"{where} imports {package}, which was not handed in: {ignored} leaves {package}.py out.",
            (
                "Read what it holds, such as a key, from variables of the environment; the grader sets those that your code reads.",
            ),
        )
    declared = _declares(plan.root, package, app)
    if declared and with_lab:
        return Reason(
            "error",
            f"{where} imports {name}. The submission declares it, and ran with the lab's own packages, which do not have it.",
        )
    if declared:
        return Reason(
            "error",
            f"{where} imports {name}. The submission declares it, and the grader could not install it as declared.",
        )
    by = _packages(failure)[-1:] if failure.frames and not failure.frames[-1].own else []
    sentence = f"{where} leads to {by[0]}, which imports {name}" if by else f"{where} imports {name}"
    return Reason(
        "failed",
        f"{sentence}, and no file of the submission declares the package that has it.",
        (
            f"Add the package of the module {package} to {_declaring(plan.root, app)}. If {package} is a file of your own, "
            "it was not handed in: git may ignore it. What it holds, such as a key, belongs into variables of the environment.",
        ),
    )


def find_uninstalled(root: Path, app: str | None, output: str) -> tuple[str, ...]:
    """The modules that some output says are missing, although the submission declares a package that may have them.

    What is printed is a claim: `packages_there.absent` says which of them are not installed.
    """
    names = dict.fromkeys(name.partition(".")[0] for name in _NOT_FOUND.findall(output))
    return tuple(name for name in list(names)[:_MOST_MISSING] if _declares(root, name, app))


def _declaring(root: Path, app: str | None) -> str:
    """The file in which the submission declares packages, the nearest to its app; two names of it, if there is none."""
    folder = (root / app).parent if app else root
    for place in (folder, *folder.parents):
        for name in ("requirements.txt", "pyproject.toml", "Pipfile"):
            if (place / name).is_file():
                return (place / name).relative_to(root).as_posix()
        if place == root:
            break
    return "requirements.txt or pyproject.toml"


def _declares(root: Path, module: str, app: str | None) -> bool:
    near = PurePosixPath(app).parent.as_posix() if app else "."
    declaration = environments.read_declaration(root, near)
    if declaration is None:  # what its author wrote down to type counts as well
        names = [name for name, _ in undeclared.named(root)]
    else:
        names = [Requirement(text).name for text in declaration.requirements]
    return any(choosing.may_be_imported(name, [module], names) for name in names)


def _about_database(failure: StartFailure, plan: StartPlan) -> Reason | None:
    """A database that a file can't replace: its driver reads no such address, or the tables need what SQLite has not."""
    if not plan.has_other_database:
        return None
    shown = {name for one in (failure, *failure.others) for name in _packages(one)}
    missing = plan.missing_module(failure)
    if not (shown & _OF_DATABASES or (missing and missing[0] in _OF_DATABASES)):
        return None
    return Reason(
        "not_run",
        f"The app needs a database server, such as PostgreSQL, to start: SQLite, which the grader has, did not do "
        f"({failure.sentence})",
        (_WITHOUT.format("its database server"),),
    )


def _of_any(about: Callable[[StartFailure], Reason | None], failure: StartFailure) -> Reason | None:
    """The reason that an exception gives, or one of those that led to it."""
    found = (about(one) for one in (failure, *failure.others))
    return next((reason for reason in found if reason is not None), None)


def _packages(failure: StartFailure) -> list[str]:
    return [match[1] for frame in failure.frames if (match := _PACKAGE.search(frame.file))]


def _about_service(failure: StartFailure) -> Reason | None:
    """A service that a client library of its could not reach."""
    if sign_in := missing_sign_in(_text_of(failure)):
        return Reason(
            "not_run",
            f"The app needs {sign_in} to start, and the grader has none ({failure.sentence})",
            (_WITHOUT.format(sign_in),),
        )
    library = next((name for name in reversed(_packages(failure)) if name in SERVICES), None)
    if library is None or not (
        not failure.exception or REFUSED.search(_text_of(failure)) or UNREACHABLE.search(_text_of(failure))
    ):
        return None
    service = SERVICES[library]
    return Reason(
        "not_run",
        f"The app needs {service} to start, and the grader has none ({failure.sentence})",
        (_WITHOUT.format(service),),
    )


def _text_of(failure: StartFailure) -> str:
    return f"{failure.exception} {failure.message}"


def _about_network(failure: StartFailure) -> Reason | None:
    text = _text_of(failure)
    if not UNREACHABLE.search(text):
        return None
    hosts = [next(filter(None, groups)) for groups in _HOST.findall(text)]
    outside = [host for host in hosts if not host.startswith(("127.", "localhost"))]
    if not outside and "127.0.0.1" in text:
        return None
    what = outside[0] if outside else "a host of the network"
    return Reason(
        "not_run",
        f"The app asks for {what} while it starts, and it is graded without a network ({failure.sentence})",
        (
            "To have it graded, ask for that only when a request needs it, or keep what it fetches in the submission.",
        ),
    )


def _about_place(failure: StartFailure) -> Reason | None:
    """A file or a folder at a place of a container's, or of another machine's."""
    if failure.exception not in ("FileNotFoundError", "PermissionError", "OSError", "NotADirectoryError"):
        return None
    place = next((each for each in _ABSOLUTE.findall(failure.message) if not each.startswith(_OURS)), None)
    if place is None:
        return None
    return Reason(
        "not_run",
        f"The app needs {place} to start, which is there in its container or on its author's machine only ({failure.sentence})",
        (
            f"To have it graded, begin at the folder of your code, such as Path(__file__).parent, in the place of {place}.",
        ),
    )


def _about_stand_in(failure: StartFailure) -> Reason | None:
    """A part of OpenAI's API that the stand-in does not have."""
    if "openai" not in _packages(failure) or "Invalid URL" not in failure.message:
        return None
    return Reason(
        "error",
        f"The app asks OpenAI while it starts for something that the grader's stand-in does not have ({failure.sentence})",
    )


def _about_variables(failure: StartFailure, plan: StartPlan) -> Reason | None:
    """Variables that the app needs and that could not be guessed, or were guessed in vain."""
    text = _text_of(failure) + " ".join(frame.source for frame in failure.own[-1:])
    words = set(re.findall(r"\w+", text))
    given = [plan.variables[name] for name in plan.environment if name in plan.variables]
    concerned = [
        *plan.unknown,
        *(one for one in given if one.name in words or (one.identifier and one.identifier in words)),
    ]
    if not concerned:
        return None
    first = list(dict.fromkeys(concerned))[:5]
    named = ", ".join(f"{one.name} ({one.file}, line {one.line})" for one in first)
    return Reason(
        "not_run",
        f"The app needs variables that the grader can't guess: {named}. {failure.sentence}",
        ("Write their values into pyproject.toml:\n[tool.lab.env]\n" + "\n".join(map(_line, first)),),
    )


def _line(variable: Variable) -> str:
    return f'{variable.name} = "…"   # {variable.file}, line {variable.line}'


def _about_python(failure: StartFailure, root: Path, app: str | None) -> Reason | None:
    if failure.exception == "SyntaxError" and failure.own:
        trouble = unparsed(root, failure.own[-1].file)
        if trouble is not None and trouble.version:
            return Reason("error", trouble.sentence, (trouble.advice,))
    if failure.exception == "ImportError" and (absent := absent_from_library(failure.message)):
        return Reason("error", f"{absent} {failure.sentence}", (_IF_IT_HAS,))
    near = PurePosixPath(app).parent.as_posix() if app else "."
    declaration = environments.read_declaration(root, near)
    if declaration is None or not choosing.other_python(declaration):
        return None
    if failure.exception not in (
        "SyntaxError",
        "ImportError",
        "AttributeError",
        "TypeError",
        "ModuleNotFoundError",
    ):
        return None
    return Reason(
        "error",
        f"The submission asks for Python {declaration.python}, and this grader runs on {platform.python_version()}: "
        f"{failure.sentence}",
    )


def _place(own: Sequence[Frame]) -> str:
    return f"{own[-1].file}, line {own[-1].line}," if own else "The app"
