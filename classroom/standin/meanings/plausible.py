"""What is plausible of a value that nobody gave: numbers by the name of their field, and numbers that are written as words."""

import re
from collections.abc import Mapping
from typing import Any

from classroom.standin.meanings.words import STOP_WORDS, meanings, parts_of, word_set, words_of

_WRITTEN = [
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
_VALUES = {word: str(number) for number, word in enumerate(_WRITTEN, 2)}
_WORD = re.compile(rf"\b(?:{'|'.join(_WRITTEN)})\b", re.IGNORECASE)
# fields that are graded: where the prompt names a scale, they are on it
GRADED = word_set("stars star rating score grade mark rank level")

# what a field may be by its name: from, to, and whether it has two decimals
_USUAL: tuple[tuple[frozenset[str], float, float], ...] = (
    (word_set("stars star rating"), 1, 5),
    (word_set("confidence probability likelihood ratio share"), 0, 1),
    (word_set("percent percentage"), 0, 100),
    (word_set("score grade"), 0, 10),
    (word_set("age"), 18, 80),
    (word_set("year"), 2020, 2026),
    (word_set("month"), 1, 12),
    (word_set("hour"), 0, 23),
    (word_set("temperature"), 5, 30),
    (word_set("latitude"), -60, 70),
    (word_set("longitude"), -180, 180),
    (word_set("price cost amount total"), 5, 100),
    (word_set("days nights weeks guests people count number quantity"), 1, 10),
)
_DENIALS = word_set("no not without never don doesn didn isn aren won cannot")
_BEFORE = 4  # words before what is denied
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def with_digits(prompt: str) -> str:
    """A prompt whose written numbers, from two to twenty, are digits. "One" is seldom a number."""
    return _WORD.sub(lambda found: _VALUES[found[0].casefold()], prompt)


def add_bounds(name: str, field: Mapping[str, Any]) -> Mapping[str, Any]:
    """A number's schema with the bounds that its name suggests; one that has bounds of its own keeps them alone."""
    if any(field.get(bound) is not None for bound in _BOUNDS):
        return field
    parts = set(parts_of(name))
    low, high = next(((low, high) for names, low, high in _USUAL if parts & names), (0, 100))
    return {**field, "minimum": low, "maximum": high}


def scale(name: str, prompt: str) -> tuple[int, int] | None:
    """The scale that a prompt names for a graded field, such as "from 1 to 5 stars"; None if it names none."""
    if not set(parts_of(name)) & GRADED:
        return None
    found = re.search(r"(?<![\d.])(\d{1,3})\s?(?:to|and|-|–)\s?(\d{1,3})(?![\d.])", prompt)
    if not found or int(found[1]) >= int(found[2]):
        return None
    return int(found[1]), int(found[2])


def flag(name: str, prompt: str) -> bool | None:
    """Whether a prompt speaks of what a flag is named for, and does not deny it; None if it says nothing of it."""
    about = meanings(part for part in parts_of(name) if part not in STOP_WORDS)
    words = words_of(prompt)
    if not about or not about <= meanings(words):
        return None
    places = [place for place, word in enumerate(words) if meanings([word]) & about]
    return not any(_DENIALS & set(words[max(0, place - _BEFORE) : place]) for place in places)
