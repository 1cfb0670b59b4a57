"""A submission's pytest settings: default arguments, and which files hold tests."""

import re
import shlex
from collections.abc import Iterator, Sequence
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from itertools import islice
from pathlib import Path

from grader import reading
from grader.collect.code.find_app import pytest_options

_USUAL = ("test_*.py", "*_test.py")
_MOST_PATTERNS = 20
_TEST = re.compile(r"^(?:async )?def test_\w{1,200}\(", re.MULTILINE)
_CASE = re.compile(r"^class \w{1,200}\([^)\n]{0,200}TestCase\)", re.MULTILINE)
_METHOD = re.compile(r"^[ \t]{1,20}(?:async )?def test", re.MULTILINE)


def _configured(folder: Path, name: str) -> list[str]:
    """The words of one setting, from the first file that has it."""
    given = pytest_options(folder).get(name)
    if isinstance(given, list):
        return [word for word in given if isinstance(word, str)]
    if isinstance(given, str):
        return _words(given)
    for file, section in (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        parser = ConfigParser(interpolation=None)
        try:
            parser.read_string(reading.read_text(folder / file, reading.MAX_TOML))
        except (ConfigParserError, reading.Unreadable):
            continue
        if found := parser.get(section, name, fallback=""):
            return _words(found)
    return []


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


def settings_without(folder: Path, unknown: Sequence[str]) -> tuple[str, ...]:
    """Arguments that put the configured `addopts` in force without those that pytest does not know here."""
    if not unknown:
        return ()
    left: list[str] = []
    is_value = False  # of an option that was left out
    for word in _configured(folder, "addopts"):
        if word in unknown:
            is_value = word.startswith("-") and "=" not in word
        elif is_value and not word.startswith("-") and not (folder / word).exists():
            is_value = False
        else:
            is_value = False
            left.append(word)
    return ("-o", f"addopts={shlex.join(left)}")


def has_tests(root: Path) -> bool:
    """Whether a file is there that pytest, as it is configured in any folder, takes for one of tests."""
    return any(True for pattern in _patterns(root) for _ in root.rglob(pattern))


def plainly_named(root: Path) -> tuple[str, ...]:
    """Files that pytest takes for tests once they are named to it: of the plainest name, with tests of pytest's or unittest's."""
    found = []
    for pattern in ("test.py", "tests.py"):
        for file in islice(sorted(root.rglob(pattern)), _MOST_PATTERNS):
            try:
                text = reading.read_text(file, reading.MAX_PYTHON)
            except reading.Unreadable:
                continue
            if _TEST.search(text) or (_CASE.search(text) and _METHOD.search(text)):
                found.append(file.relative_to(root).as_posix())
    return tuple(found)


def _patterns(root: Path) -> Iterator[str]:
    yield from _USUAL
    for name in ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg"):
        for file in list(root.rglob(name))[:_MOST_PATTERNS]:
            for pattern in _configured(file.parent, "python_files")[:_MOST_PATTERNS]:
                if "/" not in pattern and ".." not in pattern:
                    yield pattern
