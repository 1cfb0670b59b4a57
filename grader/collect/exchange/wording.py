"""Writes prompts and file names as people would, and recognises them later.

A prompt is put together from lists of words by chance that can't be foreseen; the words that were drawn are its mark.
Nothing in it is the grader's own: no fixed word, no fixed shape.
"""

import html
import re
import secrets
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import TypeVar
from urllib.parse import unquote

from grader.collect.exchange.vocabulary import FOREIGN, LISTS, PLAIN, SENTENCES
from grader.evidence import Kind

_Any = TypeVar("_Any")
_chance = secrets.SystemRandom()
SHORT = 60  # characters of an ordinary prompt: fewer than any app forbids that takes sentences
_FROM_LONG = 12  # words by which a long text is recognised, spread over its whole length
# letters and digits between the first and the last word of a short prompt, for each word: more than any template puts there,
# and too few for a text that holds every word that there is
_ROOM = 60
_DECOYS = 12
_BLOCK = 20_000  # characters after which a long text repeats itself


@dataclass(frozen=True)
class Words:
    """A text to send. `mark`: the words by which it is recognised, in their order, with spaces between."""

    text: str
    mark: str


def normal(text: str) -> str:
    """Letters and digits alone, without accents, in small letters: what templates, wrapping and case leave as it is."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text).casefold()))


def carries(text: str, mark: str) -> bool:
    """Whether the words of a mark are in a text, in their order; written plainly, or escaped for JSON, HTML or a URL."""
    return bool(mark) and any(holds(normal(form), mark) for form in _forms(text))


def holds(normalised: str, mark: str) -> bool:
    """As `carries`, for a text that is normal already.

    The words of a short prompt have to stand together: a text in which all words of our lists stand would carry any prompt.
    """
    words = [word for each in mark.split() if (word := normal(each))]
    if not words:
        return False
    # a long text is recognised by words that are far apart
    room = len(normalised) if len(words) >= _FROM_LONG else _ROOM * len(words)
    begin = normalised.find(words[0])
    while begin >= 0:
        if _follow(normalised, words[1:], begin + len(words[0]), begin + room + len("".join(words))):
            return True
        if len(words) >= _FROM_LONG:
            return False  # if they don't follow the first occurrence, they follow no later one
        begin = normalised.find(words[0], begin + 1)
    return False


def carries_anything(text: str, mark: str) -> bool:
    """Whether a text holds any words that might have been sent in place of a mark's: then it shows nothing of the prompt.

    Words of the same lists are tried that were not sent. Earlier prompts in a conversation hold a few of them by chance.
    """
    if len(normal(mark)) < 3:
        return False  # a letter or two stand in every text
    return all(carries(text, _decoy(mark)) for _ in range(_DECOYS))


def _decoy(mark: str) -> str:
    """Words like those of a mark, but others."""
    return " ".join(_another(word) for word in mark.split())


def _another(word: str) -> str:
    if word.isdecimal():
        return str(_chance.randrange(10 ** (len(word) - 1), 10 ** len(word)))
    for names in LISTS.values():
        if word in names:
            return _chance.choice([each for each in names if each != word])
    for at in range(3, len(word) - 2):  # two put together
        if word[:at] in LISTS["object"] and word[at:] in LISTS["animal"]:
            return _another(word[:at]) + _another(word[at:])
    return letters(len(word))


def _follow(text: str, words: Sequence[str], at: int, end: int) -> bool:
    """Whether words are in a part of a text, in their order."""
    for word in words:
        found = text.find(word, at, end)
        if found < 0:
            return False
        at = found + len(word)
    return True


def _forms(text: str) -> list[str]:
    forms = [text]
    if "\\u" in text:
        forms.append(re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text))
    if "&" in text:
        forms.append(html.unescape(text))
    if "%" in text:
        forms.append(unquote(text))
    return forms


def plain() -> Words:
    """An ordinary short prompt: small letters and spaces, at most `SHORT` characters."""
    return next(
        words for words in iter(lambda: _filled(_chance.choice(PLAIN)), None) if len(words.text) <= SHORT
    )


def sentence() -> Words:
    """An ordinary prompt with capitals, digits and punctuation."""
    return _filled(_chance.choice(SENTENCES))


def foreign(kind: Kind) -> Words:
    """A short prompt in another language. Each kind has its own, so that one app is always asked in the same."""
    template, lists = FOREIGN[kind]
    drawn = [_chance.choice(words) for words in lists]
    number = _number()
    return Words(template.format(*drawn, number=number), " ".join([*drawn, number]))


def few(count: int) -> Words:
    """That many words and no more."""
    names = ("adjective", "animal", "object", "place")
    drawn = [_chance.choice(LISTS[names[-count:][index]]) for index in range(count)]
    return Words(" ".join(drawn), " ".join(drawn))


def one_word(longest: int | None = None) -> str:
    """A single word in small letters: two put together, or only one where there is no room."""
    room = 99 if longest is None else longest
    pairs = (_chance.choice(LISTS["object"]) + _chance.choice(LISTS["animal"]) for _ in range(40))
    if pair := next((each for each in pairs if len(each) <= room), ""):
        return pair
    short = (word for word in _shuffled([*LISTS["animal"], *LISTS["object"]]) if len(word) <= room)
    return next(short, "") or letters(room)


def letters(count: int) -> str:
    """Letters where not even a word fits."""
    return "".join(_chance.choice("bcdfghklmnprstw") for _ in range(max(1, count)))


def exactly(length: int, admits: Callable[[str], bool] = lambda text: True) -> Words:
    """A text of exactly that many characters, made of what people write and of what the input admits.

    Args:
        length: in characters.
        admits: whether the input's pattern lets a text through; tried on sentences, then on plainer and plainer words.
    """
    styles: tuple[tuple[Callable[[], Words], str], ...] = (
        (sentence, " "),
        (plain, " "),
        (lambda: few(1), ""),
    )
    made = (_cut(_several(make, glue, min(length, _BLOCK)), length) for make, glue in styles)
    usual = next(made)
    if admits(usual.text):
        return usual
    return next((words for words in made if admits(words.text)), usual)


def _several(make: Callable[[], Words], glue: str, length: int) -> list[tuple[str, str]]:
    """Texts and their marks, until there are enough characters; each text ends with what is put between."""
    out, total = [], 0
    while total < length:
        words = make()
        out.append((words.text + glue, words.mark))
        total += len(words.text) + len(glue)
    return out


def _cut(parts: Sequence[tuple[str, str]], length: int) -> Words:
    text, marks = "", []
    for part, mark in parts:
        if len(text) + len(part) <= length:
            marks.extend(mark.split())
        text += part
    repeated = (text * (1 + length // max(1, len(text))))[:length]
    if repeated.endswith(" "):
        repeated = repeated[:-1] + "s"
    if not marks:  # not even one part has room: the text itself has to do
        return Words(repeated, repeated)
    step = max(1, len(marks) // _FROM_LONG)
    return Words(repeated, " ".join(marks[::-1][::step][::-1]))


def blank() -> str:
    """Spaces alone."""
    return " " * _chance.randint(2, 7)


def stem() -> str:
    """A file name that no file had before, without its extension: small letters, digits and hyphens."""
    words = [_chance.choice(LISTS[name]) for name in ("adjective", _chance.choice(("animal", "object")))]
    return "-".join([*words, str(_chance.randint(1000, 9999))])


def folder() -> str:
    """A folder's name: one word."""
    return _chance.choice(LISTS["place"])


def one_of(choices: Sequence[str]) -> str:
    """One of several, by chance."""
    return _chance.choice(choices)


def in_any_order(count: int) -> list[int]:
    """The numbers from 0 up to `count`, in an order that can't be foreseen."""
    return _shuffled(range(count))


def _shuffled(values: Sequence[_Any]) -> list[_Any]:
    return _chance.sample(list(values), len(values))


def _number() -> str:
    return str(_chance.randint(11, 989))


def _filled(template: str) -> Words:
    drawn: list[str] = []
    text = ""
    for literal, slot, _, _ in Formatter().parse(template):
        text += literal
        if slot:
            drawn.append(_drawn(slot, drawn))
            text += drawn[-1]
    return Words(text, " ".join(drawn))


def _drawn(slot: str, before: Sequence[str]) -> str:
    if slot == "number":
        return _number()
    if slot == "year":
        return str(_chance.randint(1871, 2024))
    return next(word for word in iter(lambda: _chance.choice(LISTS[slot]), "") if word not in before)
