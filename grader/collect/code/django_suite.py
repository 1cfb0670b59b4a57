"""How the tests of a Django project are run by `manage.py test`: https://docs.djangoproject.com/en/5.2/topics/testing/overview/."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath

from grader import reading
from grader.collect.code.app_files import is_test

_SCRIPTS = ("manage.py", "django-admin", "django")
_SETTINGS = re.compile(r"DJANGO_SETTINGS_MODULE[\"']\s*,\s*[\"']([\w.]{1,200})[\"']")
_PATTERN = "test*.py"  # of Django's own runner
_ITS_CASES = re.compile(r"^\s*(?:from|import)\s+(?:django\.test|rest_framework\.test)\b", re.MULTILINE)
# a project that prepares Django for pytest by itself is run by pytest
_PREPARED = re.compile(r"DJANGO_SETTINGS_MODULE|django\.setup\(|settings\.configure\(|pytest_django")
_PYTESTS = ("conftest.py", "pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini")
_WITH_VALUE = frozenset(["-v", "--verbosity", "-t", "--top-level-directory", "--testrunner", "--pythonpath"])
_LARGEST = 256 * 1024  # bytes of a file that is read
_MOST_FILES = 200


@dataclass(frozen=True)
class DjangoSuite:
    """What Django's runner is given.

    Attributes:
        settings: the module of its settings; empty if a variable names it.
        tags: the tests that carry one of these alone, where there are any.
        excluded: not those that carry one of these.
    """

    settings: str = ""
    tags: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


def asked_of_django(
    root: Path, folder: str, words: Sequence[str]
) -> tuple[DjangoSuite, tuple[str, ...]] | None:
    """A command that has Django run tests, and what pytest is given to choose the same; None if the command is another."""
    named = next((number for number, word in enumerate(words) if _is_script(word)), None)
    if named is None or words[named + 1 : named + 2] != ["test"]:
        return None
    script = root / folder / words[named]
    given: dict[str, list[str]] = {"--settings": [], "--tag": [], "--exclude-tag": []}
    chosen = ["-o", f"python_files={_PATTERN}"]
    waiting = list(words[named + 2 :])
    while waiting:
        name, has_value, value = waiting.pop(0).partition("=")
        if name in given or name in _WITH_VALUE or name in ("-k", "-p", "--pattern"):
            value = value if has_value else (waiting.pop(0) if waiting else "")
        if name in given:
            given[name].append(value)
        elif name == "-k":
            chosen += [name, value]
        elif name in ("-p", "--pattern") and re.fullmatch(r"[\w.*?-]{1,100}", value):
            chosen[1] = f"python_files={value}"
        elif not name.startswith("-"):
            chosen += islice(_label(root / folder, name), 1)
    settings = (given["--settings"] or [_settings_of(script)])[0]
    return DjangoSuite(settings, tuple(given["--tag"]), tuple(given["--exclude-tag"])), tuple(chosen)


def usual_suite(root: Path) -> tuple[DjangoSuite, str, tuple[str, ...]] | None:
    """How the tests of a project are run that says nothing of it: the suite, the folder of its `manage.py`, and pytest's arguments.

    None if no test is made with Django's cases, or if pytest is prepared for them.
    """
    script = next(iter([*sorted(root.glob("manage.py")), *sorted(root.glob("*/manage.py"))]), None)
    if script is None or not _settings_of(script):
        return None
    tests = (file for file in root.rglob("*.py") if is_test(file.relative_to(root).as_posix()))
    prepared = (file for name in _PYTESTS for file in root.rglob(name))
    if not _any(tests, _ITS_CASES) or _any(prepared, _PREPARED):
        return None
    folder = script.parent.relative_to(root).as_posix()
    return DjangoSuite(_settings_of(script)), folder, ("-o", f"python_files={_PATTERN}")


def _is_script(word: str) -> bool:
    return PurePosixPath(word).name in _SCRIPTS


def _any(files: Iterator[Path], pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(_text(file)) for file in islice(files, _MOST_FILES))


def _text(file: Path) -> str:
    try:
        return reading.read_text(file, _LARGEST)
    except reading.Unreadable:
        return ""


def _settings_of(script: Path) -> str:
    found = _SETTINGS.search(_text(script)) if script.name == "manage.py" else None
    return found[1] if found else ""


def _label(folder: Path, label: str) -> Iterator[str]:
    """The file or folder that a label of tests names: `shop`, `shop.tests.Orders`, `shop/`."""
    parts = label.rstrip("/").split("/" if "/" in label else ".")
    for length in range(len(parts), 0, -1):
        path = "/".join(parts[:length])
        for each, rest in ((f"{path}.py", parts[length:]), (path, [])):
            place = (folder / each).resolve()
            if place.is_relative_to(folder.resolve()) and place.exists():
                yield "::".join([each, *rest])
