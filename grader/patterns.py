"""Regular expressions of a submission's, matched in a time that grows with the text alone.

Python's own engine tries every way to match, which can take for ever; RE2 never does. It has neither lookaheads nor long
repetitions, so that the commonest of them are put in its terms; of the rest nothing is known.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import re2

_LONGEST_PATTERN = 4_000
_LONGEST_TEXT = 100_000
_OPTIONS = re2.Options()
_OPTIONS.max_mem = 4 * 1024 * 1024
_OPTIONS.log_errors = False
# RE2 counts to 1,000; texts that are matched here are seldom longer
_END = re.compile(r"(?<!\\)\\Z")
_LONG_REPETITION = re.compile(r"(?<!\\)\{(\d{1,4}),(\d{4,12})\}")


class _Linear:
    """One pattern in RE2's terms: what must be found, and what must and must not follow its beginning."""

    def __init__(self, pattern: str) -> None:
        ahead, rest = _leading_lookaheads(pattern)
        if ahead and _has_branches(rest):
            raise ValueError("the lookaheads belong to one branch alone")
        self._ahead = [(_compile(f"^(?:{inner})"), wanted) for inner, wanted in ahead]
        self._rest = _compile(rest)

    def fits(self, text: str) -> bool:
        return all((each.search(text) is not None) == wanted for each, wanted in self._ahead) and (
            self._rest.search(text) is not None
        )


def fits(pattern: object, text: str) -> bool | None:
    """Whether a pattern is found in a text, as JSON Schema's `pattern` asks; None if that can't be known in bounded time."""
    if not isinstance(pattern, str) or len(text) > _LONGEST_TEXT:
        return None
    linear = _linear(pattern)
    if linear is None:
        return None
    try:
        return linear.fits(text)
    except (re2.error, ValueError):
        return None


@lru_cache(maxsize=256)
def _linear(pattern: str) -> _Linear | None:
    if len(pattern) > _LONGEST_PATTERN:
        return None
    try:
        return _Linear(_LONG_REPETITION.sub(_shorten, pattern))
    except (re2.error, ValueError, OverflowError):
        return None


def _shorten(match: re.Match[str]) -> str:
    least, most = int(match[1]), int(match[2])
    return f"{{{least},}}" if most > 1000 >= least else match[0]


def _compile(pattern: str) -> "re2._Regexp":
    # as Python and ECMAScript read them: RE2 knows \Z by another name
    return re2.compile(_END.sub(r"\\z", pattern), _OPTIONS)


def _leading_lookaheads(pattern: str) -> tuple[list[tuple[str, bool]], str]:
    """The lookaheads behind a leading `^`, each with whether it must match, and the pattern without them."""
    found: list[tuple[str, bool]] = []
    if not pattern.startswith("^"):
        return found, pattern
    rest = pattern[1:]
    while rest.startswith(("(?!", "(?=")):
        end = _closing(rest)
        if end is None:
            break
        found.append((rest[3:end], rest[2] == "="))
        rest = rest[end + 1 :]
    return found, f"^{rest}"


def _closing(text: str) -> int | None:
    """Where the group that a text begins with is closed."""
    return next((at for at, char, depth in _structure(text) if char == ")" and depth == 0), None)


def _has_branches(text: str) -> bool:
    return any(char == "|" and depth == 0 for _, char, depth in _structure(text))


def _structure(text: str) -> Iterator[tuple[int, str, int]]:
    """The brackets and bars of a pattern that are no literals: where, which, and how many groups are open after it."""
    depth, at = 0, 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "[":
            at += 2 if text[at + 1 : at + 2] in ("]", "^") else 1
            at += text[at : at + 1] == "]"
            while at < len(text) and text[at] != "]":
                at += 2 if text[at] == "\\" else 1
        elif char in "()|":
            depth += (char == "(") - (char == ")")
            yield at, char, depth
        at += 1
