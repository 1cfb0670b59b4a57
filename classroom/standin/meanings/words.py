"""Normalises words of names and prompts for comparison."""

import re
from collections.abc import Iterable

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_WORD = re.compile(r"[^\W_]+")
_SUFFIXES = ("ations", "ation", "ators", "ator", "ates", "ating", "ated", "ate", "ings", "ing", "ions", "ion")
_ENDINGS = (*_SUFFIXES, "ies", "ed", "es", "er", "or", "y", "e", "s")
_SHORTEST_STEM = 3


def word_set(text: str) -> frozenset[str]:
    """The words of a text that lists them."""
    return frozenset(text.split())


# Words that say little of a subject, in a prompt or a description
STOP_WORDS = word_set(
    "a about an and any are as at be by call called can current currently do does for from function get give "
    "given has have how i if in information into is it its let make me my name of on one or out please "
    "provide provided result return returns set show so some tell than that the their them then there these "
    "they this to tool use used user using value want was we what when where which who will with would you "
    "your"
)

# Words that ask for the same thing; each group counts as one word
_SYNONYMS = (
    ("weather", "forecast", "rain", "sunny", "snow", "temperature", "umbrella"),
    ("add", "plus", "sum"),
    ("subtract", "minus"),
    ("multiply", "times", "product"),
    ("divide", "divided", "quotient"),
    ("mail", "email"),
    ("price", "cost", "quote"),
    ("stock", "share", "ticker"),
    ("search", "google", "browse", "lookup"),
    ("time", "clock", "hour"),
    ("population", "people", "inhabitants"),
    ("definition", "define", "dictionary", "meaning"),
    ("picture", "image", "draw", "photo"),
    ("children", "child", "kids", "kid"),
)


def parts_of(name: str) -> list[str]:
    """The words of a name in snake_case, kebab-case or camelCase, in small letters."""
    return [part.casefold() for part in _PART.findall(name)]


def words_of(text: str) -> list[str]:
    """The words of a text, in small letters."""
    return [word.casefold() for word in _WORD.findall(text)]


def stem(word: str) -> str:
    """A word without its ending: "numbers" and "number", "calculator" and "calculate" are the same."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


_GROUPS = {stem(word): group[0] for group in _SYNONYMS for word in group}


def meanings(words: Iterable[str]) -> frozenset[str]:
    """What words mean: their stems, with one stem for words that ask for the same thing."""
    stems = [stem(word) for word in words]
    return frozenset(_GROUPS.get(each, each) for each in stems)
