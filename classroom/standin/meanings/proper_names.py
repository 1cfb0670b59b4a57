"""Names that a prompt holds: of places, people and things, by their capital letters and what stands around them."""

import re
from functools import lru_cache

from classroom.standin.meanings.words import word_set

_NAME_OF_WORDS = (
    r"[^\W\d_a-z][\w'’-]*(?: (?:de|la|of|the|del|van|von) [^\W\d_a-z][\w'’-]*| [^\W\d_a-z][\w'’-]*)*"
)
_PROPER = re.compile(rf"(?<![\w.])({_NAME_OF_WORDS})")
_PLACE = rf"({_NAME_OF_WORDS}(?:,\s[A-Z]{{2}}\b)?)"  # "Boston, MA" is one
_AFTER = re.compile(rf"\b(?:in|at|for|to|from|of|near|around|into)\s+(?:the\s+)?{_PLACE}")
_IN = re.compile(rf"\b(?:in|at|near|around|into)\s+(?:the\s+)?({_NAME_OF_WORDS})")
_LISTED = re.compile(rf"\s*(?:,\s*(?:and\s+)?|and\s+|or\s+){_PLACE}")
# what begins a sentence, and is no name for all its capital letter
_OPENERS = word_set(
    "a add an and are ask at book buy calculate call can check convert could create do does draw find for "
    "get give hello hi how i i'd i'll i'm if in is let list look make multiply my no on order play please "
    "keep rate read remind reply save search send set store show tell thanks thank the then translate use what what's when where "
    "which who why will with would write yes you"
)
# the same by what stands around it: "Name a city", "Observation:"
_ORDERED = re.compile(
    r"\s*:|\s+(?:an?|the|this|that|these|those|my|your|our|me|us|it|some|any|each|every|all|one|two|three|four|five|ten|\d+)\b"
)
_FORMS = word_set("json yaml xml csv html markdown sql")  # what an answer is written in, and no place


def places(prompt: str) -> tuple[str, ...]:
    """Names that are those of places; all names, if none is."""
    return find_placed(prompt) or proper(prompt)


@lru_cache(maxsize=16)
def find_placed(prompt: str) -> tuple[str, ...]:
    """Names after "in", "for" and the like, and those that are listed with them."""
    out: list[str] = []
    for match in _AFTER.finditer(prompt):
        if match[1].casefold() in _FORMS:
            continue
        out.append(match[1])
        rest = prompt[match.end() :]
        while more := _LISTED.match(rest):
            out.append(more[1])
            rest = rest[more.end() :]
    return tuple(dict.fromkeys(out))


@lru_cache(maxsize=16)
def proper(prompt: str) -> tuple[str, ...]:
    """Words with a capital letter that don't merely begin a sentence."""
    out = []
    for match in _PROPER.finditer(prompt):
        words = match[1].split()
        while words and words[0].casefold() in _OPENERS:
            words = words[1:]
        if words == [match[1]] and _begins(prompt, match.start()) and _ORDERED.match(prompt, match.end()):
            continue
        if words and words[0].casefold() not in _FORMS:
            out.append(" ".join(words).removesuffix("'s").removesuffix("’s"))
    return tuple(dict.fromkeys(out))


def _begins(prompt: str, at: int) -> bool:
    """Whether a sentence or a line begins there."""
    before = prompt[max(0, at - 8) : at].rstrip(" \t\"'“‘(")
    return not before or before[-1] in ".!?:\n"


@lru_cache(maxsize=16)
def find_unplaced(prompt: str) -> tuple[str, ...]:
    """Names of which the prompt does not say that something is there: not France in "a city in France"."""
    places = {match[1] for match in _IN.finditer(prompt)}
    return tuple(name for name in proper(prompt) if name not in places)
