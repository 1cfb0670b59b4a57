"""Versions as Poetry and Pipenv write them, as ranges that every installer knows.

https://python-poetry.org/docs/dependency-specification/
"""

import re

from packaging.version import InvalidVersion, Version

from grader.environments.declaration import Unusable, canonical_versions

_LONGEST = 200
_CARET_OR_TILDE = re.compile(r"([\^~])(?!=)\s*([A-Za-z0-9.!+_-]+)")


def ranges(text: str) -> str:
    """Canonical version ranges of a constraint such as `^1.2`, `~1.2`, `1.2.*`, `>=1,<3`, `1.2` or `*`.

    Raises:
        Unusable: it is none, or one of several alternatives (`||`), which a range can't say.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        raise Unusable("its versions are too long to be any")
    if "|" in text:
        raise Unusable("its versions are alternatives, which are no range")
    if text in ("", "*"):
        return ""
    clauses = [_range(clause) for clause in re.split(r"\s*,\s*|(?<=[0-9*])\s+(?=[<>=!~^])", text)]
    return canonical_versions(",".join(clause for clause in clauses if clause))


def _range(clause: str) -> str:
    clause = clause.strip()
    if clause in ("", "*"):
        return ""
    if match := _CARET_OR_TILDE.fullmatch(clause):
        return _between(match[1], match[2])
    if clause[0].isdigit():
        return f"=={clause}"
    if clause[0] == "=" and clause[1:2] != "=":
        return f"={clause}"
    return clause.replace(" ", "")


def _between(sign: str, text: str) -> str:
    """`^`: up to the next change of the first part that is not 0. `~`: up to the next minor version."""
    try:
        version = Version(text)
    except InvalidVersion:
        raise Unusable("its versions are not ranges that packages have") from None
    parts = list(version.release)
    if sign == "~":
        place = min(1, len(parts) - 1)
    else:
        place = next((index for index, part in enumerate(parts) if part), len(parts) - 1)
    upper = [*parts[:place], parts[place] + 1]
    return f">={version},<{'.'.join(map(str, upper))}"


def python_marker(constraint: str) -> str:
    """The marker that says for which versions of Python a requirement is meant; empty for all.

    Raises:
        Unusable: the constraint is none.
    """
    clauses = ranges(constraint)
    return " and ".join(_clause_marker(clause) for clause in clauses.split(",")) if clauses else ""


def _clause_marker(clause: str) -> str:
    match = re.fullmatch(r"([~=!<>]+)(.+)", clause)
    if match is None:
        raise Unusable("its versions of Python are none")
    name = "python_version" if match[2].endswith(".*") else "python_full_version"
    return f'{name} {match[1]} "{match[2]}"'
