"""Generates texts that match a regular expression, within bounds.

A pattern is anybody's: one that asks for a billion letters, or for a billion choices, is answered with itself.
"""

import random
import re
import string
import warnings
from collections.abc import Callable, Iterable, Mapping
from re import _constants, _parser  # the only reader of the syntax there is
from typing import Any

_LONGEST_PATTERN = 2_000
_LONGEST = 10_000  # characters of what is made
_MOST_STEPS = 50_000
_USUAL = (8, 24)  # repetitions, where the pattern leaves them open
_LETTERS = string.ascii_lowercase
_PRINTABLE = string.ascii_letters + string.digits + string.punctuation + " "
_CATEGORIES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_NOT_DIGIT": string.ascii_letters,
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": string.ascii_letters + string.digits,
    "CATEGORY_WORD": string.ascii_letters + string.digits,
    "CATEGORY_NOT_WORD": "-.,;:!? ",
}
_MEMBERS: Mapping[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_WORD": lambda char: char.isalnum() or char == "_",
}


class _TooMuch(Exception):
    """The bounds are reached."""


def invent_match(pattern: str, chance: random.Random) -> str:
    """A string that a regular expression matches; the pattern itself if it can't be read, or asks for too much."""
    if len(pattern) > _LONGEST_PATTERN:
        return pattern
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = _parser.parse(pattern)
        return _Maker(chance).all(parsed)
    except (re.error, ValueError, OverflowError, RecursionError, IndexError, _TooMuch):
        return pattern


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._groups: dict[int, str] = {}
        self._steps = self._length = 0

    def all(self, parsed: Iterable[Any]) -> str:
        return "".join(self._one(op, value) for op, value in parsed)

    def _spend(self, steps: int, characters: int = 0) -> None:
        self._steps += steps
        self._length += characters
        if self._steps > _MOST_STEPS or self._length > _LONGEST:
            raise _TooMuch

    def _one(self, op: Any, value: Any) -> str:
        self._spend(1)
        match str(op):
            case "LITERAL":
                return self._char(chr(value))
            case "NOT_LITERAL":
                return self._char(self._other([(_constants.LITERAL, value)]))
            case "ANY":
                return self._char(self._chance.choice(_LETTERS))
            case "IN":
                return self._char(self._of(value))
            case "BRANCH":
                return self.all(self._chance.choice(value[1]))
            case "SUBPATTERN":
                made = self.all(value[-1])
                if value[0] is not None:
                    self._groups[value[0]] = made
                return made
            case "ATOMIC_GROUP":
                return self.all(value)
            case "ASSERT":  # what must come next comes next; what must stand before is not known
                return self.all(value[1]) if value[0] > 0 else ""
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeat(*value)
            case "GROUPREF":
                made = self._groups.get(value, "")
                self._spend(0, len(made))
                return made
            case _:  # a place, such as the beginning, or what must not follow
                return ""

    def _char(self, char: str) -> str:
        self._spend(0, 1)
        if "\ud800" <= char <= "\udfff":  # half of a pair, which no text holds
            raise _TooMuch
        return char

    def _repeat(self, least: int, most: int, parsed: Iterable[Any]) -> str:
        low = min(most, max(least, _USUAL[0]))
        high = min(most, max(least, _USUAL[1]))
        times = self._chance.randint(low, high)
        parts = list(parsed)
        out = []
        for _ in range(times):
            self._spend(1)
            out.append(self.all(parts))
        return "".join(out)

    def _of(self, members: list[tuple[Any, Any]]) -> str:
        """One character of a class."""
        self._spend(len(members))
        if str(members[0][0]) == "NEGATE":
            return self._other(members[1:])
        # words before signs: a name of dots and slashes alone is seldom what was meant
        op, value = self._chance.choice([each for each in members if _is_wordy(*each)] or members)
        match str(op):
            case "RANGE":
                low, high = max(value[0], 0x20), min(value[1], 0x7E)
                return chr(self._chance.randint(*((low, high) if low <= high else value)))
            case "CATEGORY":
                return self._chance.choice(_CATEGORIES[str(value)])
            case _:
                return chr(value)

    def _other(self, members: list[tuple[Any, Any]]) -> str:
        """A character that is none of a class."""
        self._spend(len(members) * 10)
        left = [char for char in _PRINTABLE if not any(_is_member(char, *each) for each in members)]
        if not left:
            raise _TooMuch
        return self._chance.choice(left)


def _is_wordy(op: Any, value: Any) -> bool:
    if str(op) == "CATEGORY":
        return str(value) in ("CATEGORY_WORD", "CATEGORY_DIGIT")
    return str(op) == "RANGE" and chr(value[0]).isalnum()


def _is_member(char: str, op: Any, value: Any) -> bool:
    match str(op):
        case "RANGE":
            return bool(value[0] <= ord(char) <= value[1])
        case "CATEGORY":
            name = str(value)
            return _MEMBERS[name.replace("NOT_", "")](char) != ("NOT_" in name)
        case _:
            return bool(ord(char) == value)
