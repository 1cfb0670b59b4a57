"""What a submission needs of a later Python than the grader's: its grammar, or a name of its standard library.

A module that no Python parses is named with the line and what is wrong there.

The grader runs a submission with its own Python. What only a later one reads is the grader's limit, and no mistake.
"""

import ast
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grader import reading

_MOST_FILES = 2_000
_LONGEST = 200  # characters of a problem
_DEEPEST = 20  # formatted strings within formatted strings
_STRING = re.compile(r"(?i)(?P<prefix>[rbuft]{0,2})(?P<quote>'''|\"\"\"|'|\")")
_NAME = re.compile(r"\w+")
_PARAMETERS = r"\[(?:[^\[\]]|\[[^\[\]]*\])*\]"  # with brackets inside them, once
_OURS = ".".join(map(str, sys.version_info[:2]))
_OPENING, _CLOSING = "([{", ")]}"
_CONVERSION = re.compile(r"\s*![rsa]\s*(?=[:}])")
# what later versions added to the grammar, and how an earlier one would be given the same
# (https://docs.python.org/3/whatsnew/): type statements and parameters (PEP 695), `except` without parentheses (PEP 758)
_REWRITES = (
    ("3.12", re.compile(r"^([ \t]*)type[ \t]+(\w+[ \t]*)(\[[^\n=]*\][ \t]*)?=", re.M), r"\1\2="),
    ("3.12", re.compile(rf"\b((?:def|class)[ \t]+\w+)[ \t]*{_PARAMETERS}(?=[ \t]*[(:])"), r"\1"),
    (
        "3.14",
        re.compile(r"^([ \t]*except\*?[ \t]+)([\w.]+(?:[ \t]*,[ \t]*[\w.]+)+)[ \t]*:", re.M),
        r"\1(\2):",
    ),
)
_NOT_IN_LIBRARY = re.compile(r"cannot import name '(\w{1,100})' from '([\w.]{1,100})'")
_FORMATTED, _TEMPLATE = (
    "3.12",
    "3.14",
)  # any quotes within formatted strings (PEP 701); template strings (PEP 750)


@dataclass(frozen=True)
class Unparsed:
    """A module that this Python can't parse.

    Args:
        file: relative to the submission.
        line: the first that can't be parsed.
        problem: what this Python says of it.
        version: the Python that reads it, such as "3.12"; None if none does.
    """

    file: str
    line: int
    problem: str
    version: str | None

    @property
    def sentence(self) -> str:
        """Where it is, and whose matter."""
        if self.version is None:
            return f"{self.file}, line {self.line}, is not Python: {self.problem}."
        return f"{self.file}, line {self.line}, is written for Python {self.version} or later, and this grader runs on {_OURS}."

    @property
    def advice(self) -> str:
        """What its author can do."""
        if self.version is None:
            return (
                f"python -m py_compile {self.file} shows the place; it prints nothing once the file is right."
            )
        return f"To have it graded here, write that line in a way that Python {_OURS} reads, too."


def unparsed(root: Path, name: str) -> Unparsed | None:
    """What keeps this Python from parsing a module, given relative to the submission; None if nothing does."""
    try:
        text = reading.read_text(root / name, reading.MAX_PYTHON)
    except reading.Unreadable:
        return None
    trouble = _trouble(text)
    if trouble is None:
        return None
    return Unparsed(name, trouble.lineno or 1, trouble.msg[:_LONGEST], version_for(text))


def written_for_later(root: Path) -> Iterator[Unparsed]:
    """The submission's modules that a later Python parses."""
    for file in sorted(root.rglob("*.py"))[:_MOST_FILES]:
        found = unparsed(root, file.relative_to(root).as_posix())
        if found is not None and found.version is not None:
            yield found


def absent_from_library(message: str) -> str | None:
    """A sentence about a name that this Python's standard library does not have and a later one may; None if that is not it.

    Args:
        message: what an ImportError says.
    """
    match = _NOT_IN_LIBRARY.search(message)
    if match is None or match[2].partition(".")[0] not in sys.stdlib_module_names:
        return None
    return f"Python {_OURS}, which this grader runs on, has no {match[1]} in {match[2]}; a later one may."


def version_for(text: str) -> str | None:
    """The version of Python that reads a text which this one can't; None if this one can, or none does."""
    if _trouble(text) is None:
        return None
    versions: set[str] = set()
    try:
        plain = _without_formatted(text, versions, _DEEPEST)
    except _NotPython:
        return None
    for version, pattern, replacement in _REWRITES:
        if _trouble(plain) is None:
            break
        rewritten = pattern.sub(replacement, plain)
        if rewritten != plain:
            versions.add(version)
            plain = rewritten
    later = [each for each in versions if _number(each) > sys.version_info[:2]]
    return max(later, key=_number) if later and _trouble(plain) is None else None


def _number(version: str) -> tuple[int, int]:
    major, minor = version.split(".")
    return int(major), int(minor)


def _trouble(text: str) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError):
        return None  # not for its grammar
    return None


class _NotPython(ValueError):
    """A string that no Python reads."""


def _without_formatted(text: str, versions: set[str], depth: int) -> str:
    """A text with plain strings in the place of formatted ones, whose expressions are checked by themselves."""
    if not depth:
        raise _NotPython
    parts: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "#":
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            at, part = end, text[at:end]
        elif match := _STRING.match(text, at):
            at, part = _string(text, match, versions, depth)
        else:
            name = _NAME.match(text, at)
            end = name.end() if name else at + 1
            at, part = end, text[at:end]
        parts.append(part)
    return "".join(parts)


def _string(text: str, match: re.Match[str], versions: set[str], depth: int) -> tuple[int, str]:
    """Where a string ends, and what is written in its place."""
    prefix, quote = match["prefix"].lower(), match["quote"]
    if not {"f", "t"} & set(prefix):
        end = _end_of_plain(text, match.end(), quote)
        return end, text[match.start() : end]
    expressions: list[str] = []
    end = _literal(text, match.end(), quote, expressions, depth)
    original = text[match.start() : end]
    for expression in expressions:
        if _trouble(f"({_without_formatted(expression, versions, depth - 1)}\n)") is not None:
            raise _NotPython
    if "t" in prefix:
        versions.add(_TEMPLATE)
    elif _trouble(f"({original}\n)") is not None:
        versions.add(_FORMATTED)
    return end, '"""' + "\n" * original.count("\n") + '"""'


def _end_of_plain(text: str, at: int, quote: str) -> int:
    while at < len(text):
        if text.startswith(quote, at):
            return at + len(quote)
        if text[at] == "\n" and len(quote) == 1:
            break
        at += 2 if text[at] == "\\" else 1
    raise _NotPython


def _literal(text: str, at: int, quote: str, expressions: list[str], depth: int) -> int:
    """Read a formatted string up to its end, and collect its expressions."""
    while at < len(text):
        if text.startswith(quote, at):
            return at + len(quote)
        if text.startswith(("{{", "}}"), at):
            at += 2
        elif text[at] == "{":
            at = _field(text, at + 1, quote, expressions, depth)
        elif text[at] == "}" or (text[at] == "\n" and len(quote) == 1):
            break
        else:
            at += 2 if text[at] == "\\" else 1
    raise _NotPython


def _field(text: str, at: int, quote: str, expressions: list[str], depth: int) -> int:
    """Read one `{expression!r:format}` up to its end."""
    if not depth:
        raise _NotPython
    at = _expression(text, at, expressions, depth)
    if conversion := _CONVERSION.match(text, at):
        at = conversion.end()
    if text.startswith(":", at):
        at += 1
        while at < len(text) and text[at] != "}":
            if text.startswith(quote, at) or text[at] == "\n":
                raise _NotPython
            at = _field(text, at + 1, quote, expressions, depth - 1) if text[at] == "{" else at + 1
    if not text.startswith("}", at):
        raise _NotPython
    return at + 1


def _expression(text: str, start: int, expressions: list[str], depth: int) -> int:
    """Read an expression up to what ends it: `}`, `:` or a conversion that is in no bracket of its own."""
    at, open_brackets = start, 0
    while at < len(text):
        letter = text[at]
        if not open_brackets and (letter in ":}" or _CONVERSION.match(text, at)):
            expressions.append(
                re.sub(r"(?<![=!<>])=\s*$", "", text[start:at])
            )  # `{value=}` shows its own text
            return at
        if letter == "#":
            at = text.find("\n", at)
            if at < 0:
                break
        elif match := _STRING.match(text, at):
            is_formatted = {"f", "t"} & set(match["prefix"].lower())
            read = _literal(text, match.end(), match["quote"], [], depth - 1) if is_formatted and depth else 0
            at = read or _end_of_plain(text, match.end(), match["quote"])
        elif name := _NAME.match(text, at):
            at = name.end()
        else:
            open_brackets += (letter in _OPENING) - (letter in _CLOSING)
            at += 1
    raise _NotPython
