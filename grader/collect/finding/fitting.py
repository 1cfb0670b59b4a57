"""Texts that fit a schema: words that can be recognised later, and file names."""

import random
from collections.abc import Mapping
from typing import Any

from classroom.standin.generation.patterns import invent_match
from grader import patterns
from grader.collect.exchange import wording
from grader.collect.exchange.wording import Words
from grader.evidence import KINDS

_LONGEST_BOUND = 10_000_000  # characters: more than any request to an app or to OpenAI holds
_LONGEST_PADDED = 100_000  # characters; an input that asks for more gets what its pattern makes
_MOST_TRIES = 20  # of making words for a pattern


def admits(schema: Mapping[str, Any], text: str) -> bool:
    """Whether a schema's pattern and lengths let a text through; a pattern that can't be read lets through any."""
    pattern, longest, shortest = (
        schema.get("pattern"),
        _length(schema, "maxLength"),
        _length(schema, "minLength"),
    )
    if longest is not None and len(text) > longest:
        return False
    if shortest is not None and len(text) < shortest:
        return False
    return not isinstance(pattern, str) or patterns.fits(pattern, text) is not False


def file_name(extension: str, schema: Mapping[str, Any], folder: str = "") -> str:
    """A path that no file had before, as a schema takes it; in a folder, or without extension, only if it must be.

    Args:
        extension: without the dot; empty for none.
        schema: the input's.
        folder: a folder to put it into, if the schema takes it so.
    """
    end = f".{extension}" if extension else ""
    stem, place = wording.stem(), folder or wording.folder()
    letters = wording.one_word()
    longest = _length(schema, "maxLength")
    short = letters if longest is None else wording.one_word(longest - len(end))
    names = (stem, stem.replace("-", "_"), letters, short)
    capital = tuple(written for name in (letters, short) for written in (name.capitalize(), name.upper()))
    tries = [f"{name}{end}" for name in (*names, *capital)] + [*names, *capital]
    tries += [f"{place}/{name}{end}" for name in names] + [f"{place}/{name}" for name in names]
    if folder:
        tries.insert(0, f"{folder}/{stem}{end}")
    return next((name for name in tries if admits(schema, name)), f"{stem}{end}")


def stem_of(name: str) -> str:
    """A file's name without folder and extension: its mark."""
    last = name.rpartition("/")[2]
    return last.rpartition(".")[0] or last


def _length(schema: Mapping[str, Any], name: str) -> int | None:
    """A bound on a text's length, if it is one; what no request could ever reach is none."""
    bound = schema.get(name)
    fits = isinstance(bound, int) and not isinstance(bound, bool) and 0 <= bound <= _LONGEST_BOUND
    return bound if fits else None


def fit(schema: Mapping[str, Any], first: Words | None = None) -> Words:
    """Words that a schema takes, and the mark by which they are known again.

    Args:
        schema: the input's.
        first: what to send if the schema takes it. Otherwise a prompt if possible; where a pattern or a short limit leaves
            no room for one, fewer words, one word, capitals, another script; where not even that fits, what the pattern makes.
    """
    shortest = _length(schema, "minLength") or 0
    room = _length(schema, "maxLength")
    tries = [*([first] if first else []), wording.plain(), wording.few(3), wording.few(2)]
    if 0 < shortest <= _LONGEST_PADDED:
        tries.append(wording.exactly(min(shortest + wording.SHORT, room or _LONGEST_PADDED)))
    word, other = wording.one_word(room), wording.one_word(room)
    tries += [Words(written, written) for written in (word, word.capitalize(), word.upper())]
    tries += [Words(written, written) for written in (f"{word.capitalize()} {other}", f"{word}-{other}")]
    tries += [wording.sentence(), *(wording.foreign(kind) for kind in KINDS)]
    fitting = next((words for words in tries if admits(schema, words.text)), None)
    pattern = schema.get("pattern")
    if fitting is None and isinstance(pattern, str):
        made = _made(pattern)
        if made:
            return Words(made, made)
    return fitting or tries[0]


def _made(pattern: str) -> str:
    """Words that a pattern makes; none if what is made doesn't fit it after all."""
    chance = random.SystemRandom()
    tries = (invent_match(pattern, chance) for _ in range(_MOST_TRIES))
    return next((made for made in tries if patterns.fits(pattern, made)), "")
